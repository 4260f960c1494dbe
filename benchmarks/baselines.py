"""The same tables as plain Django models: what a project without Havn's code would have."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from itertools import batched
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from crm.models import Company, SaleStage, User


def _to(model: str) -> models.ForeignKey:
    return models.ForeignKey(model, models.DO_NOTHING, null=True, related_name="+")


class PlainSale(models.Model):
    """A sale. Every column of `crm_sale`, nothing else."""

    title = models.CharField(max_length=200)
    company = _to("crm.Company")
    contact = _to("crm.Contact")
    status = models.CharField(max_length=10, default="open")
    stage = _to("crm.SaleStage")
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, default="DKK")
    owner = _to(settings.AUTH_USER_MODEL)
    expected_close = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    reopen_on = models.DateField(null=True)
    reason = _to("crm.SaleReason")
    reason_note = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)
    external_source = models.CharField(max_length=40, blank=True)
    external_key = models.CharField(max_length=100, blank=True)
    search_text = models.TextField(default="")
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = _to(settings.AUTH_USER_MODEL)

    class Meta:
        app_label = "benchmarks"  # not an installed app: no migration, no content type, and no relation seen from the other side
        managed = False
        db_table = "crm_sale"

    def __str__(self) -> str:
        return self.title


class PlainTransition(models.Model):
    """A row of the history of sales, as a plain project that keeps one would write it."""

    sale = models.ForeignKey(PlainSale, models.DO_NOTHING, related_name="+")
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10)
    from_company = _to("crm.Company")
    to_company = _to("crm.Company")
    at = models.DateTimeField(default=timezone.now)
    by = _to(settings.AUTH_USER_MODEL)

    class Meta:
        app_label = "benchmarks"
        managed = False
        db_table = "crm_saletransition"

    def __str__(self) -> str:
        return f"{self.from_status} > {self.to_status}"


def save_won(pk: int, by: int) -> None:
    """Win one sale the way plain Django does."""
    sale = PlainSale.objects.get(pk=pk)
    sale.status, sale.closed_on, sale.updated_by_id = "won", timezone.localdate(), by
    sale.save()


def save_won_with_history(pk: int, by: int) -> None:
    """The same, locked and with its row of history, in one transaction."""
    with transaction.atomic():
        sale = PlainSale.objects.select_for_update(no_key=True).get(pk=pk)
        before = sale.status
        sale.status, sale.closed_on, sale.updated_by_id = "won", timezone.localdate(), by
        sale.save()
        PlainTransition.objects.create(sale=sale, from_status=before, to_status="won", from_company_id=sale.company_id, to_company_id=sale.company_id, by_id=by)


class Reader:
    """A script's own idea of a file: which column is what, and how a date is written."""

    def __init__(self, columns: Mapping[str, str], *, statuses: Mapping[str, str], titles: Mapping[str, str], date_format: str, currency: str) -> None:
        self.columns, self.statuses, self.titles, self.date_format, self.currency = columns, statuses, titles, date_format, currency
        self.companies = dict(Company.objects.values_list("name", "pk"))
        self.stages = dict(SaleStage.objects.values_list("name", "pk"))
        self.people = {f"{first} {last}": pk for pk, first, last in User.objects.values_list("pk", "first_name", "last_name")}

    def values(self, row: Mapping[str, str], *, source: str, by: int) -> dict[str, Any]:
        """The values of a sale."""
        cell = {name: row[header] for name, header in self.columns.items()}
        return {
            "title": self.titles.get(cell["title"], cell["title"]),
            "company_id": self.companies[cell["company"]] if cell["company"] else None,
            "status": self.statuses.get(cell["status"], cell["status"].lower()),
            "stage_id": self.stages[cell["stage"]] if cell.get("stage") else None,
            "amount": Decimal(cell["amount"] or 0),
            "currency": cell.get("currency") or self.currency,
            "owner_id": self.people[cell["owner"]] if cell["owner"] else None,
            "expected_close": self._date(cell.get("expected_close", "")),
            "closed_on": self._date(cell["closed_on"]),
            "external_source": source,
            "external_key": cell["external_key"],
            "updated_by_id": by,
        }

    def _date(self, text: str) -> dt.date | None:
        return dt.datetime.strptime(text, self.date_format).date() if text else None


def import_file(path: Path, model: type[models.Model], reader: Reader, *, by: int) -> None:
    """Read a CSV file and create its sales, 1,000 for each transaction. `model` is PlainSale, or Havn's Sale."""
    with path.open(encoding="utf-8", newline="") as file:
        for rows in batched(csv.DictReader(file), 1_000, strict=False):
            with transaction.atomic():
                model._default_manager.bulk_create([model(**reader.values(row, source=path.stem, by=by)) for row in rows], batch_size=1_000)
