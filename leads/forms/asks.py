"""What a lead form asks for, as an administrator edits it: which fields, in which order, in which words (I1).

A row stands on the page for every standard field, ticked or not, and for each field of the form's own. What the page sends is read
again whole, so *Up*, *Down*, *Add* and *Remove* are buttons of the same form: they answer with it as typed, and save nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from leads.intake import one_line
from leads.models import LeadFormField
from leads.models.forms import LONGEST_TEXT, OWN_FIELDS, Ask

Key, Kind = LeadFormField.Key, LeadFormField.Kind
STANDARD = [key for key in Key if key not in LeadFormField.OWN]
NEW = [Ask(Key.COMPANY), Ask(Key.FIRST_NAME, is_required=True), Ask(Key.LAST_NAME), Ask(Key.EMAIL, is_required=True), Ask(Key.PHONE), Ask(Key.MESSAGE)]
LONGEST_LABEL, LONGEST_CHOICES, MOST_CHOICES = 120, 2000, 50
HINTS = {
    Key.COMPANY: _("If it is not asked, the company is found by the email address, else named after the person."),
    Key.EMAIL: _("If it is not asked, nobody is recognised: each inquiry makes a new contact."),
}


@dataclass
class Row:
    """One field as it stands on the page."""

    key: str
    is_on: bool = False
    kind: str = ""
    label: str = ""
    choices: str = ""
    is_required: bool = False
    trouble: dict[str, str] = field(default_factory=dict)  # by what is wrong: label, choices

    @property
    def is_own(self) -> bool:
        """Whether it is one of the form's own."""
        return self.key in LeadFormField.OWN

    @property
    def name(self) -> str:
        """What the row is called on the page."""
        return (self.label or str(Key(self.key).label)) if self.is_own else str(Key(self.key).label)

    @property
    def hint(self) -> Any:
        """What follows from it."""
        return HINTS.get(Key(self.key), "")

    @property
    def asked(self) -> Ask:
        """As it is saved."""
        choices = self.choices if self.kind == Kind.CHOICE else ""
        return Ask(str(self.key), str(self.kind), self.label, choices, self.is_required)


class AsksWidget(forms.Widget):
    """Reads the rows from what the page sent; they are drawn by `templates/settings/lead_form_asks.html`."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """The rows in their order. What is not named was not on the page: then it is off."""
        if isinstance(data.get(name), list):  # a colleague's, which this page has left alone
            return data[name]
        order = [key for key in data.get(f"{name}-order", "").split(",") if key in Key.values]
        return with_all([_read(data, f"{name}-{key}", key) for key in dict.fromkeys(order)])

    def id_for_label(self, id_: str) -> str:
        return "asks"


def _read(data: Any, prefix: str, key: str) -> Row:
    is_own = key in LeadFormField.OWN
    kind = data.get(f"{prefix}-kind", "")
    choices = "\n".join(dict.fromkeys(filter(None, (one_line(line, 1_000) for line in data.get(f"{prefix}-choices", "").splitlines()))))
    return Row(
        key,
        is_on=is_own or bool(data.get(f"{prefix}-on")),
        kind=(kind if kind in Kind.values and kind else Kind.TEXT) if is_own else "",
        label=one_line(data.get(f"{prefix}-label", ""), 10_000),
        choices=choices,
        is_required=bool(data.get(f"{prefix}-required")),
    )


def rows_of(asks: Sequence[Ask]) -> list[Row]:
    """The page's rows of what is saved."""
    return with_all([Row(ask.key, True, ask.kind, ask.label, ask.choices, ask.is_required) for ask in asks])


def with_all(rows: list[Row]) -> list[Row]:
    """These, and after them the standard fields that are missing, off."""
    present = {row.key for row in rows}
    return [*rows, *[Row(str(key)) for key in STANDARD if key not in present]]


def may_add(rows: Sequence[Row]) -> bool:
    """Whether there is room for another field of the form's own."""
    return sum(row.is_own for row in rows) < OWN_FIELDS


def change(rows: list[Row], verb: str, key: str) -> tuple[str, str]:
    """Do what a button of the page says: up, down, remove or add, in place. Returns what to say, and the id of what gets the focus."""
    place = next((place for place, row in enumerate(rows) if row.key == key), None)
    if verb == "add" and may_add(rows):
        key = next(str(one) for one in LeadFormField.OWN if one not in {row.key for row in rows})
        rows.append(Row(key, is_on=True, kind=Kind.TEXT))
        return _t("A field of your own was added"), f"asks-{key}-label"
    if place is None or (verb == "remove" and not rows[place].is_own):
        return "", ""
    row = rows.pop(place)
    if verb == "remove":
        after = rows[min(place, len(rows) - 1)]
        return _t("{name} removed. It counts when you save.").format(name=row.name), f"asks-{after.key}-up"
    place = min(max(place + {"up": -1, "down": 1}.get(verb, 0), 0), len(rows))
    rows.insert(place, row)
    return _t("{name} moved to place {a} of {n}").format(name=row.name, a=place + 1, n=len(rows)), f"asks-{key}-{verb}"


def check(rows: Sequence[Row]) -> list[str]:
    """What is wrong with these, in sentences; each row is told its own trouble."""
    on = [row for row in rows if row.is_on]
    found = []
    if not {Key.EMAIL, Key.PHONE} & {row.key for row in on}:
        found.append(_t("Ask for the email address or the telephone number: without one of them nobody can be answered"))
    for row in on:
        row.trouble = _trouble(row)
        found += [f"{row.name}: {text}" for text in row.trouble.values()]
    labels = [row.label.casefold() for row in on if row.is_own and row.label]
    if len(set(labels)) < len(labels):
        found.append(_t("Two fields of your own ask the same. Word one of them differently"))
    return found


def _trouble(row: Row) -> dict[str, str]:
    trouble, choices = {}, row.choices.splitlines()
    if row.is_own and not row.label:
        trouble["label"] = _t("Write the question")
    elif len(row.label) > LONGEST_LABEL:
        trouble["label"] = _t("No more than {n} characters").format(n=LONGEST_LABEL)
    if row.kind != Kind.CHOICE:
        return trouble
    if len(choices) < 2:
        trouble["choices"] = _t("Write at least two different choices, one on each line")
    elif len(choices) > MOST_CHOICES or len(row.choices) > LONGEST_CHOICES or any(len(choice) > LONGEST_TEXT for choice in choices):
        trouble["choices"] = _t("These are too many, or too long. Shorten the list")
    return trouble


class AsksField(forms.Field):
    """What a form asks for: `Row`s on the page, `Ask`s when clean."""

    widget = AsksWidget

    def clean(self, value: list[Row]) -> list[Ask]:
        """Those that are on, in their order. A form that cannot be answered is refused."""
        if problems := check(value):
            raise forms.ValidationError(problems)
        return [row.asked for row in value if row.is_on]

    def prepare_value(self, value: Any) -> list[Row]:
        return value if not value or isinstance(value[0], Row) else rows_of(value)

    def in_words(self, rows: list[Row]) -> str:
        """For whoever is told what a colleague saved."""
        words = [_t("{question} (required)").format(question=row.label or row.name) if row.is_required else row.label or row.name for row in rows if row.is_on]
        return ", ".join(words)
