"""Which column of the file is which field, and what its texts mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from crm.imports.errors import ImportFileError
from crm.text import fold

KEY = "external_key"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for, as it was typed: `field=Header`, `field=value` and `field.key=Text`."""

    maps: Sequence[str] = ()
    defaults: Sequence[str] = ()
    values: Sequence[str] = ()
    key: str = ""


@dataclass(slots=True)
class Plan:
    """Where each field of a row comes from. Build it with `make_plan()`."""

    columns: dict[str, int] = field(default_factory=dict)  # field -> place of its cell
    defaults: dict[str, str] = field(default_factory=dict)  # field -> text where the cell is empty, or where there is no column
    meanings: dict[str, dict[str, str]] = field(default_factory=dict)  # field -> text of the file, folded -> text that is understood

    def fields(self) -> list[str]:
        """The fields that this import fills."""
        return list(dict.fromkeys([*self.columns, *self.defaults]))

    def text(self, name: str, cells: Sequence[str]) -> str:
        """The text for this field, translated; empty where there is none."""
        text = cells[self.columns[name]].strip() if name in self.columns else ""
        if (meanings := self.meanings.get(name)) and (folded := fold(text)) in meanings:
            return meanings[folded]
        return text or self.defaults.get(name, "")


def make_plan(headers: Sequence[str], wishes: Wishes, *, fields: Collection[str], required: Collection[str]) -> Plan:
    """Match columns with `fields`: as asked for, else by a header equal to the field's name, whatever its case.

    Raises ImportFileError for an unknown field or header, and when a `required` field has neither column nor default.
    """
    plan = Plan(_columns(headers, wishes, fields))
    for wish in wishes.defaults:
        name, equals, value = wish.partition("=")
        _known(name, fields, bool(equals), f"--default {wish}", "--default currency=DKK")
        plan.defaults[name] = value.strip()
    for wish in wishes.values:
        name, dot, rest = wish.partition(".")
        meaning, equals, text = rest.partition("=")
        _known(name, fields, bool(dot and equals), f"--value {wish}", "--value status.won=Won")
        if name not in plan.columns:
            raise ImportFileError(f"--value {wish}: no column is read as {name}. Name it with --map {name}=Header. {_list_headers(headers)}")
        plan.meanings.setdefault(name, {})[fold(text)] = meaning.strip()
    for name in required:
        if name not in plan.columns and not plan.defaults.get(name):
            raise ImportFileError(f"No column for {name}. Name it with --map {name}=Header. {_list_headers(headers)}")
    return plan


def _columns(headers: Sequence[str], wishes: Wishes, fields: Collection[str]) -> dict[str, int]:
    found = {}
    folded = [fold(header) for header in headers]
    asked = _asked(wishes, fields)
    for name in fields:
        if asked.get(name):
            found[name] = _place(asked[name], headers, f"--key {asked[name]}" if wishes.key and name == KEY else f"--map {name}={asked[name]}")
        elif name not in asked and name in folded:
            found[name] = _place(name, headers, f"a column named {name}")
    return found


def _asked(wishes: Wishes, fields: Collection[str]) -> dict[str, str]:
    """Headers by field. An empty one leaves a column out that would have been found by its name."""
    asked: dict[str, str] = {}
    for wish in wishes.maps:
        name, equals, header = wish.partition("=")
        _known(name, fields, bool(equals), f"--map {wish}", "--map field=Header")
        if name in asked:
            raise ImportFileError(f"--map {wish}: {name} is mapped already, to “{asked[name]}”.")
        asked[name] = header.strip()
    if wishes.key:
        if asked.get(KEY, wishes.key) != wishes.key:
            raise ImportFileError(f"--key {wishes.key} and --map {KEY}={asked[KEY]} name two columns. Give one of them.")
        asked[KEY] = wishes.key
    return asked


def _known(name: str, fields: Collection[str], well_formed: bool, wish: str, example: str) -> None:
    if not well_formed:
        raise ImportFileError(f"{wish} is not understood. Write it like {example}.")
    if name not in fields:
        raise ImportFileError(f"{wish}: there is no field “{name}”. Fields: {', '.join(fields)}.")


def _place(header: str, headers: Sequence[str], wish: str) -> int:
    places = [place for place, found in enumerate(headers) if fold(found) == fold(header)]
    if not places:
        raise ImportFileError(f"The file has no column “{header}” ({wish}). {_list_headers(headers)}")
    if len(places) > 1:
        raise ImportFileError(f"The file has {len(places)} columns called “{header}” ({wish}). Rename one of them.")
    return places[0]


def _list_headers(headers: Sequence[str]) -> str:
    hint = " (Only one? Then try --delimiter.)" if len(headers) == 1 else ""
    return f"The file's columns: {', '.join(header or '(no name)' for header in headers)}.{hint}"
