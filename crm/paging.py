"""Keyset paging: next and previous in a millisecond at a million rows; no page numbers, no OFFSET."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet

from crm.text import as_pk

SIZE = 25
CAP = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursors beside them (empty: nothing there). `total` is capped at 1,000."""

    rows: list[Any]
    next: str
    previous: str
    total: int

    @property
    def total_text(self) -> str:
        """48, or 1000+."""
        return f"{CAP}+" if self.total > CAP else str(self.total)


def _encode(kind: str, row: Any, field: str) -> str:
    value = getattr(row, field)
    text = json.dumps([kind, value.isoformat() if hasattr(value, "isoformat") else value, row.pk])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, field: models.Field) -> tuple[str, Any, int] | None:
    """Where a link says to go on; None for a mangled one, which shows the first page."""
    try:
        kind, value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        text = isinstance(value, str) and "\0" not in value
        value = field.to_python(value) if text else as_pk(value) or None  # the latter for a key
    except (ValueError, TypeError, ValidationError):
        return None
    return (kind, value, pk) if kind in ("after", "before") and value is not None and as_pk(pk) else None


def paginate(query: QuerySet, *, field: str, descending: bool, cursor: str, size: int = SIZE) -> Page:
    """One page of `query` in the order of `field` (NOT NULL, indexed with the id) and id. Two statements."""
    total = count_capped(query)
    at = _decode(cursor, query.model._meta.get_field(field))
    backwards = bool(at and at[0] == "before")
    down = descending != backwards
    if at:
        side = "lte" if down else "gte"
        query = query.filter(**{f"{field}__{side}": at[1]}).exclude(**{field: at[1], "pk__gte" if down else "pk__lte": at[2]})
    sign = "-" if down else ""
    rows = list(query.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, bool(at))
    return Page(
        rows,
        _encode("after", rows[-1], field) if rows and has_next else "",
        _encode("before", rows[0], field) if rows and has_previous else "",
        total,
    )


def count_capped(query: QuerySet) -> int:
    """How many rows, but never counting beyond 1,001."""
    return query.order_by()[: CAP + 1].count()
