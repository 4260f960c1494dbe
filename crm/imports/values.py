"""From a text to a value: each reader is called with a text that is not empty, and raises RefusedError in plain words."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from crm.imports.errors import ImportFileError, RefusedError
from crm.text import fold

Reader = Callable[[str], Any]
ISO_DATE = "%Y-%m-%d"
LISTED = 12  # more known values than this are not listed in a reason

# Thousands in groups of three or not at all, so that 12,50 is refused rather than read as 1250.
WITH_POINT = re.compile(r"[-+]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
WITH_COMMA = re.compile(r"[-+]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?")


def plain(text: str) -> str:
    """The text as it is."""
    return text


def upper(text: str) -> str:
    """A code that is written in capitals, such as a currency."""
    return text.upper()


def web_address(text: str) -> str:
    """An address typed without https:// gets it, as in the forms."""
    return text if "://" in text else f"https://{text}"


def dates(form: str = ISO_DATE) -> Reader:
    """A reader of dates written like `form` (the directives of Python's strptime). Raises ImportFileError for one that is none."""
    day = dt.date(2026, 11, 30)
    example = day.strftime(form)
    if example in (other.strftime(form) for other in (day.replace(year=2025), day.replace(month=10), day.replace(day=29))):
        raise ImportFileError(f"--date-format {form} does not say day, month and year. Write it like %d-%m-%Y (%y is a year of two digits).")
    try:
        dt.datetime.strptime(example, form)
    except ValueError as error:
        raise ImportFileError(f"--date-format {form} is not understood: {error}. Write it like %d-%m-%Y (%y is a year of two digits).") from None

    def read(text: str) -> dt.date:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            raise RefusedError(f"“{text}” is not a date written like {example}") from None

    return read


def moments(form: str = ISO_DATE) -> Reader:
    """A reader of a day written like `form`, or of a moment written 2026-11-30 14:05, which is local unless it names its zone."""
    days = dates(form)

    def read(text: str) -> dt.datetime:
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            at = dt.datetime.combine(days(text), dt.time())
        return at if at.tzinfo else timezone.make_aware(at)

    return read


def amounts(*, decimal_comma: bool = False) -> Reader:
    """A reader of 1234.50 and 1,234.50; with `decimal_comma` of 1234,50 and 1.234,50."""
    pattern, thousands, point = (WITH_COMMA, ".", ",") if decimal_comma else (WITH_POINT, ",", ".")

    def read(text: str) -> Decimal:
        text = re.sub(r"\s", "", text)
        if not pattern.fullmatch(text):
            raise RefusedError(f"“{text}” is not an amount written like {'1.234,50' if decimal_comma else '1,234.50'}")
        return Decimal(text.replace(thousands, "").replace(point, "."))

    return read


class Choice:
    """One of a few values, by its key or its label. `choices` are (key, label)."""

    def __init__(self, what: str, choices: Iterable[tuple[str, Any]]) -> None:
        self.what = what
        choices = list(choices)
        self.keys = [key for key, _label in choices]
        self.known = {fold(text): key for key, label in choices for text in (str(label), key)}

    def __call__(self, text: str) -> str:
        try:
            return self.known[fold(text)]
        except KeyError:
            raise RefusedError(f"Unknown {self.what} “{text}”. Known: {', '.join(self.keys)}") from None


class Names:
    """Rows of the database found by a name, whatever its case. `pairs` are (name, primary key); one row may have several names."""

    def __init__(self, what: str, pairs: Iterable[tuple[str, int]]) -> None:
        self.what = what
        self.known: dict[str, set[int]] = defaultdict(set)
        self.names: dict[int, str] = {}
        for name, pk in pairs:
            if fold(name):
                self.known[fold(name)].add(pk)
                self.names.setdefault(pk, name)

    def __call__(self, text: str) -> int:
        found = self.known.get(fold(text))
        if not found:
            listed = f". Known: {', '.join(self.names.values())}" if 0 < len(self.names) <= LISTED else ""
            raise RefusedError(f"Unknown {self.what} “{text}”{listed}")
        if len(found) > 1:
            raise RefusedError(f"The {self.what} “{text}” is ambiguous: {len(found)} are called that")
        return next(iter(found))
