"""From a row to a record that its model accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import ForeignKey

from crm.actor import current_actor
from crm.imports.errors import ImportFileError, RefusedError
from crm.imports.plan import KEY, Plan
from crm.imports.reading import Row
from crm.imports.values import ISO_DATE, Reader
from crm.models.companies import Record


@dataclass(frozen=True, slots=True)
class Settings:
    """How this import reads and what it is called."""

    source: str  # the other system; a key is unique within it
    date_format: str = ISO_DATE
    decimal_comma: bool = False
    create_companies: bool = False


@dataclass(slots=True)
class Prepared:
    """A row that may be written. `company` is the company's name as typed, empty without one."""

    row: Row
    values: dict[str, Any]
    record: Any = None  # made of the values, and checked
    company: str = ""
    creates_company: bool = False
    notes: list[str] = field(default_factory=list)  # what a person may want to know of, counted in the summary


class Importer:
    """What one kind of record needs. Subclasses name their fields, how each is read, and how rows are written."""

    model: ClassVar[type[Any]]  # a Record, or another model with `external_source` and `external_key`
    plural: ClassVar[str]
    url_name: ClassVar[str] = ""  # of the list where its records are seen
    fields: ClassVar[tuple[str, ...]]
    required: ClassVar[tuple[str, ...]]
    apart: ClassVar[tuple[str, ...]] = ()  # fields that `complete()` reads, since they depend on others
    elsewhere: ClassVar[tuple[str, ...]] = ()  # fields that are no columns of the model
    chunk: ClassVar[int] = 0  # rows per transaction, where they are fewer than usual

    def __init__(self, plan: Plan, settings: Settings) -> None:
        """Load what rows are looked up in: one statement for each list. Raises ImportFileError for values nobody could mean."""
        self.plan, self.settings = plan, settings
        self.readers: dict[str, Reader] = {name: self.reader(name) for name in plan.fields() if name not in self.apart and name != KEY}
        self._check_wishes()
        self._seen: dict[str, int] = {}  # key -> line of the file
        columns = [name for name in self.fields if name not in self.elsewhere]
        relations = {name for name in columns if isinstance(self.model._meta.get_field(name), ForeignKey)}
        self.attnames = {name: f"{name}_id" if name in relations else name for name in self.fields}
        checked = {*plan.fields(), *self.required} - relations  # relations were looked up, so they need no statement for each row
        self._unchecked = [found.name for found in self.model._meta.concrete_fields if found.name not in checked]

    def reader(self, name: str) -> Reader:
        """How the texts of this field are read."""
        raise NotImplementedError

    def complete(self, prepared: Prepared) -> None:
        """Fill what depends on several fields. Raises RefusedError."""

    def records(self, rows: Sequence[Prepared]) -> list[Any]:
        """A new record for each row; those of a try that was rolled back are new again."""
        records = [row.record or self.model(**row.values) for row in rows]
        for record in records:
            record.pk, record._state.adding = None, True
        return records

    def create(self, rows: Sequence[Prepared]) -> int:
        """Write these rows as one save (A4), all or none. Returns how many companies had to be created for them."""
        raise NotImplementedError

    def keep(self) -> None:
        """What was created is committed."""

    def forget(self) -> None:
        """What was created since the last `keep()` was rolled back."""

    def lock(self, rows: Sequence[Prepared]) -> None:
        """Lock what writing these rows will touch, in the order in which everybody locks it, so that nobody waits in a circle."""

    def prepare(self, row: Row) -> Prepared | None:
        """The row, read and checked by the model; None when an earlier run imported it. Sends no statement. Raises RefusedError."""
        problem = row.problem or self._unstorable(row)
        if problem:
            raise RefusedError(problem)
        key = self._key(row)
        if key and key in self.keys:
            return None
        prepared = Prepared(row, self._read(row))
        prepared.values |= {"external_source": self.settings.source, KEY: key, **self._written_by()}
        self.complete(prepared)
        prepared.record = self.model(**{name: value for name, value in prepared.values.items() if name not in self.elsewhere})
        try:
            prepared.record.clean_fields(exclude=self._unchecked)
        except ValidationError as error:
            raise RefusedError("; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())) from None
        return prepared

    def _written_by(self) -> dict[str, Any]:
        actor = current_actor()
        return {"updated_by_id": actor.pk if actor else None} if issubclass(self.model, Record) else {}

    @cached_property
    def keys(self) -> set[str]:
        """The keys that have been imported from this source. One statement."""
        if KEY not in self.plan.columns:
            return set()
        return set(self.model._default_manager.filter(external_source=self.settings.source).exclude(external_key="").values_list(KEY, flat=True))

    def has(self, prepared: Prepared) -> bool:
        """Whether somebody else has imported this row meanwhile. One statement."""
        key = prepared.values[KEY]
        return bool(key) and self.model._default_manager.filter(external_source=self.settings.source, external_key=key).exists()

    def _unstorable(self, row: Row) -> str:
        """PostgreSQL takes every character but this one."""
        return next((f"{name}: holds a NUL character" for name, place in self.plan.columns.items() if "\0" in row.cells[place]), "")

    def _key(self, row: Row) -> str:
        if KEY not in self.plan.columns:
            return ""
        key = self.plan.text(KEY, row.cells)
        if not key:
            raise RefusedError("no key, so a second run would import the row again")
        first = self._seen.setdefault(key, row.line)
        if first != row.line:
            raise RefusedError(f"the key “{key}” stands in line {first} already")
        return key

    def _read(self, row: Row) -> dict[str, Any]:
        values, reasons = {}, []
        for name, read in self.readers.items():
            try:
                if text := self.plan.text(name, row.cells):
                    values[self.attnames[name]] = read(text)
            except RefusedError as refused:
                reasons.append(f"{name}: {refused}")
        if reasons:
            raise RefusedError("; ".join(reasons))
        return values

    def _check_wishes(self) -> None:
        """Refuse a constant or a meaning that no row could use, before every row is refused because of it."""
        texts = [("--default", name, text) for name, text in self.plan.defaults.items()]
        texts += [("--value", name, meaning) for name, meanings in self.plan.meanings.items() for meaning in meanings.values()]
        for option, name, text in texts:
            try:
                if text and name in self.readers:
                    self.readers[name](text)
            except RefusedError as refused:
                raise ImportFileError(f"{option} for {name}: {refused}") from None
