"""The pipeline: open sales by stage, and what was won and lost this month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from crm.board import Asked, Column, fill
from crm.filters import Filters
from crm.list_filters import CLOSED, THIS_MONTH
from crm.models import Sale, SaleStage
from crm.text import as_pk
from crm.who import changed_it

NO_STAGE = "none"
NEWEST = 3  # of what was won or lost: both columns must be in sight, for a card to be dropped there


@dataclass(slots=True)
class Pipeline:
    """What the page shows. `won` and `lost` are of this month; stalled sales are only counted."""

    columns: list[Column]
    targets: list[Column]  # where a card can be moved to, also while one column is shown alone
    closed: list[Column] = field(default_factory=list)
    count: int = 0
    sums: list[tuple[str, Decimal]] = field(default_factory=list)
    stalled: int = 0

    @property
    def all_columns(self) -> list[Column]:
        """Stages, then won and lost."""
        return [*self.columns, *self.closed]

    @property
    def cards(self) -> list[Sale]:
        """Every sale that is shown."""
        return [sale for column in self.all_columns for sale in column.cards]


def pipeline(filters: Filters, asked: Asked) -> Pipeline:
    """The board. Four statements, and one for each column that has sales, however many there are."""
    everything = filters.narrow(Sale.objects.current().found_by(filters.q), but="closes")  # which is about open sales
    sales = everything.filter(filters.condition("closes"), status=Sale.Status.OPEN)
    totals, sums = sales.totals_by("stage")
    columns = _stages(totals, sums)
    ended = everything.filter(CLOSED[THIS_MONTH][1](), status__in=Sale.CLOSED)
    of_status, worth = ended.totals_by("status")
    ends = [_end(status, of_status[status], worth[status], _closed_url(filters, status)) for status in Sale.CLOSED]
    targets = [column for column in columns if column.value]
    shown = [column.key for column in asked.only([*columns, *ends])]
    columns, ends = [one for one in columns if one.key in shown], [one for one in ends if one.key in shown]
    for column in columns:
        stage = None if column.key == NO_STAGE else as_pk(column.key.removeprefix("stage-"))
        fill(column, sales.filter(stage=stage).select_related("company", "owner"), order="expected_close", asked=asked)
    for column in ends:
        if column.count:
            newest = ended.filter(status=column.key).select_related("company", "owner").order_by("-closed_on", "-pk")
            column.cards = list(newest[:NEWEST])
    return Pipeline(columns, targets, ends, sum(totals.values()), _together(sums.values()), everything.filter(status=Sale.Status.STALLED).count())


def _closed_url(filters: Filters, status: str) -> str:
    """The list of exactly those of these sales that were won or lost this month."""
    asked = {"status": status, "closed": THIS_MONTH, "sort": "closed", "q": filters.q.strip()}
    kept = {name: filters.values(name) for name in ("owner", "category")}
    return f"{reverse('crm:sales')}?{urlencode({**{name: value for name, value in asked.items() if value}, **kept}, doseq=True)}"


def _together(sums: Iterable[list[tuple[str, Decimal]]]) -> list[tuple[str, Decimal]]:
    """The sums of several columns as one; amounts of two currencies are never added."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for of_one in sums:
        for currency, amount in of_one:
            found[currency] += amount
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _stages(counts: dict[Any, int], sums: dict[Any, list[tuple[str, Decimal]]]) -> list[Column]:
    """A column for each stage, a deleted one while open sales have it; before them those without a stage, if there are such."""
    columns = [Column(NO_STAGE, _("No stage"), NO_STAGE, count=counts[None], sums=sums[None])] if counts[None] else []
    for stage in SaleStage.objects.active() | SaleStage.objects.filter(pk__in=[pk for pk in counts if pk]):
        deleted = stage.archived_at is not None
        columns.append(
            Column(f"stage-{stage.pk}", stage.name, "" if deleted else str(stage.pk), is_deleted=deleted, count=counts[stage.pk], sums=sums[stage.pk])
        )
    return columns


def _end(status: str, count: int, sums: list[tuple[str, Decimal]], url: str) -> Column:
    won = status == Sale.Status.WON
    name = _("Won in {month}") if won else _("Lost in {month}")
    return Column(status, name.format(month=date_format(timezone.localdate(), "F")), icon="trophy" if won else "x-circle", count=count, sums=sums, url=url)


def overtaken(sale: Sale, seen_stage: str) -> str:
    """Why a sale that the page showed open in the stage `seen_stage` is not moved; empty where it may be. `sale` is locked, and not archived."""
    if not seen_stage or (sale.status == Sale.Status.OPEN and seen_stage == str(sale.stage_id or NO_STAGE)):
        return ""
    where = (sale.stage or _("No stage")) if sale.status == Sale.Status.OPEN else sale.get_status_display()
    who = changed_it(sale.updated_by, sale.updated_at)
    return _("{sale} was not moved: it is in {stage} now. {who}").format(sale=sale, stage=where, who=who)
