"""Boards: columns of cards, each showing its first few, and what the address says of them (`templates/ui/board.html`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet

from crm.http import Request
from crm.models import CompanyCategory
from crm.paging import in_calendar
from crm.text import as_pk

SIZE = 25  # cards of a column, and how many *Show more* adds
MOST = 500  # cards of a column in one answer


class Part(NamedTuple):
    """How many cards of a column belong to a category."""

    category: CompanyCategory
    number: int


@dataclass(slots=True)
class Column:
    """A column. `key` names it in the page and in the address; a card comes here by sending `value` (empty: none can)."""

    key: str
    name: str
    value: str = ""
    icon: str = ""
    is_deleted: bool = False
    count: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    cards: list[Any] = field(default_factory=list)
    shown: int = 0  # cards in the page, those before `cards` included
    more: str = ""  # the cursor after the last card; empty: that was all
    url: str = ""  # where all of them are listed


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: one `column` alone, its cards `after` a cursor (`before` are shown already), and how many of each."""

    column: str
    after: str
    before: int
    shown: dict[str, int]

    @classmethod
    def of(cls, request: Request) -> Asked:
        """Read it; what makes no sense is ignored."""
        shown: dict[str, int] = {}
        for text in request.GET.getlist("show")[:100]:
            key, _colon, number = text.rpartition(":")
            shown[key] = max(shown.get(key, SIZE), min(as_pk(number), MOST))
        column = request.GET.get("column", "")
        after = request.GET.get("after", "") if column else ""
        return cls(column, after, min(as_pk(request.GET.get("shown")), 10**6) if after else 0, shown)

    def only(self, columns: Iterable[Column]) -> list[Column]:
        """The column that is asked for, if there is such a one, else all."""
        columns = list(columns)
        return [column for column in columns if column.key == self.column] or columns


def fill(column: Column, query: QuerySet, *, order: str, asked: Asked) -> None:
    """Give the column its first cards, ordered by the column `order` (without a value: last), then key. One statement; none where it is empty."""
    if not column.count:
        return
    size = asked.shown.get(column.key, SIZE)
    if asked.after and asked.column == column.key:
        query, size = query.filter(_beyond(asked.after, query.model._meta.get_field(order))), SIZE
    rows = list(query.order_by(F(order).asc(nulls_last=True), "pk")[: size + 1])
    column.cards = rows[:size]
    column.shown = asked.before + len(column.cards)
    column.more = _cursor(column.cards[-1], order) if len(rows) > size else ""


def _cursor(row: Any, order: str) -> str:
    value = getattr(row, order)
    return f"{value.isoformat() if value else ''}~{row.pk}"


def _beyond(cursor: str, field: models.Field) -> Q:
    """What comes after the cursor; a mangled one is no condition, which shows the first cards."""
    text, _tilde, key = cursor.rpartition("~")
    try:
        value = field.to_python(text) if text and "\0" not in text else None
        in_calendar(value)
    except (ValidationError, OverflowError):
        return Q()
    if not as_pk(key) or (text and value is None):
        return Q()
    if value is None:
        return Q((field.name, None), pk__gt=as_pk(key))
    return Q((f"{field.name}__gt", value)) | Q((field.name, value), pk__gt=as_pk(key)) | (Q((field.name, None)) if field.null else Q())


def went_on(request: Request, asked: Asked) -> bool:
    """Whether this answers *Show more*: then the first new card takes focus."""
    return bool(asked.after and request.htmx and request.htmx.target != "board")
