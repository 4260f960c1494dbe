"""Keyset paging: next and previous in a millisecond at a million rows; no page numbers, no OFFSET.

Rows without a value in the sort column come last, whichever way the list is sorted. They are asked for apart: so a plain index of
the column and the id serves both directions, and no comparison meets NULL.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet

from crm.numbers import CappedNumber
from crm.text import as_pk

SIZE = 25


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursors beside them (empty: nothing there). `total` is capped at 1,000."""

    rows: list[Any]
    next: str
    previous: str
    total: int

    @property
    def total_text(self) -> str:
        """48, or 1,000+."""
        return str(CappedNumber(self.total))


class Place(NamedTuple):
    """Where a link says to go on: behind or before the row with these sort values (all None: one without a value) and this key."""

    kind: str
    values: list[Any]
    pk: int

    @property
    def is_null(self) -> bool:
        """Whether that row has no value."""
        return self.values[0] is None


class Order:
    """The columns a list is sorted by; the id decides among equals. Only the first may be missing, and then all are."""

    def __init__(self, model: type[models.Model], names: Sequence[str]) -> None:
        self.names = names
        self.fields: list[models.Field] = []
        self.null_at = ""  # what is NULL where the value is missing: the column, or the relation on the way to it
        for index, name in enumerate(names):
            steps = list(_steps(model, name))
            self.fields.append(steps[-1][1])
            if index == 0:
                self.null_at = next((path for path, field in steps if field.null), "")
        if self.null_at and not all(f"{name}__".startswith(f"{self.null_at}__") for name in names):
            raise ValueError(f"A list cannot be sorted by {names}: where {self.null_at} is missing, the others are not.")

    def cursor(self, kind: str, row: Any) -> str:
        """The text of a link to what is behind or before `row`."""
        values = [_plain(_value(row, name)) for name in self.names]
        text = json.dumps([kind, *values, row.pk])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def place(self, cursor: str) -> Place | None:
        """Where a link says to go on; None for a mangled one, which shows the first page."""
        try:
            kind, *values, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if kind not in ("after", "before") or len(values) != len(self.fields) or not as_pk(pk):
                return None
            if self.null_at and all(value is None for value in values):
                return Place(kind, values, pk)
            return Place(kind, [_read(field, value) for field, value in zip(self.fields, values, strict=True)], pk)
        except (ValueError, TypeError, OverflowError, ValidationError):
            return None


def _steps(model: type[models.Model], name: str) -> Iterator[tuple[str, models.Field]]:
    """The fields on the way to this one, each with its path."""
    path: list[str] = []
    for part in name.split("__"):
        path.append(part)
        field: Any = model._meta.get_field(part)
        yield "__".join(path), field
        model = field.related_model or model


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


def _plain(value: Any) -> Any:
    """As JSON has it; numbers that are not whole as text, so that none is rounded."""
    if value is None or isinstance(value, int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _read(field: models.Field, value: Any) -> Any:
    """A value of a link as the column has it. Raises ValueError, OverflowError or ValidationError for what no row can have."""
    if isinstance(value, str):
        value.encode()  # half a character, which no database takes
    elif not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(value)
    if "\0" in str(value):
        raise ValueError(value)
    value = field.to_python(value)
    if value is None:
        raise ValueError(value)
    field.run_validators(value)
    if isinstance(field, models.ForeignKey) and not as_pk(value):
        raise ValueError(value)
    in_calendar(value)
    return value


def in_calendar(value: Any) -> None:
    """Raise OverflowError for a time at either end of the calendar that is beyond it in UTC: no row has it, and not every database takes it."""
    if isinstance(value, dt.datetime):
        value.astimezone(dt.UTC)


def paginate(query: QuerySet, *, field: str | Sequence[str], descending: bool, cursor: str, size: int = SIZE) -> Page:
    """One page of `query` in the order of `field` and id; rows without a value come last.

    `field` is a column, or several, of the model or of one it points to (then select that), best indexed with the id. Two statements;
    three where a page ends with rows without a value.
    """
    total = count_capped(query)
    order = Order(query.model, (field,) if isinstance(field, str) else field)
    at = order.place(cursor)
    backwards = bool(at and at.kind == "before")
    rows = _rows(query, order, at, descending=descending, backwards=backwards, size=size + 1 if at else min(size + 1, total))
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, bool(at))
    return Page(
        rows,
        order.cursor("after", rows[-1]) if rows and has_next else "",
        order.cursor("before", rows[0]) if rows and has_previous else "",
        total,
    )


def _rows(query: QuerySet, order: Order, at: Place | None, *, descending: bool, backwards: bool, size: int) -> list[Any]:
    """The first rows beyond `at`: of those with a value, then of those without; the other way round when going back."""
    down = descending != backwards
    parts = [False, True] if order.null_at else [False]
    if backwards:
        parts.reverse()
    if at:
        parts = parts[parts.index(at.is_null) :]
    found: list[Any] = []
    for is_null in parts:
        columns = ["pk"] if is_null else [*order.names, "pk"]
        part = query.filter(**{f"{order.null_at}__isnull": is_null}) if order.null_at else query
        if at and is_null == at.is_null:
            part = part.filter(_beyond(columns, [at.pk] if is_null else [*at.values, at.pk], down=down))
        found += part.order_by(*[f"-{name}" if down else name for name in columns])[: size - len(found)]
        if len(found) >= size:
            break
    return found


def _beyond(columns: Sequence[str], values: Sequence[Any], *, down: bool) -> Q:
    """Rows that come later than these values. The range of the first column stands for itself, so that an index can begin there."""
    strictly, at_least = ("lt", "lte") if down else ("gt", "gte")
    later, equal = Q(), Q()
    for name, value in zip(columns, values, strict=True):
        later |= equal & Q(**{f"{name}__{strictly}": value})
        equal &= Q(**{name: value})
    return later if len(columns) == 1 else Q(**{f"{columns[0]}__{at_least}": values[0]}) & later


def count_capped(query: QuerySet) -> CappedNumber:
    """How many rows, but never counting beyond 1,001, which is shown as 1,000+."""
    return CappedNumber(query.order_by()[: CappedNumber.CAP + 1].count())
