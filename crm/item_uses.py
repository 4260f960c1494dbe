"""What of this app uses items of lists: companies their category, sales their stage and reason (C4, C5)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.actor import current_actor, working
from crm.models import Company, CompanyCategory, ListItem, Sale, SaleReason, SaleStage, move_companies
from crm.numbers import Number
from crm.signals import REPLACED
from crm.slots import ItemUse, Shown
from crm.sql import CHUNK, nobody_at_work

REPLACE = "replace"  # the kind of the batch


class RecordsWith(ItemUse):
    """Records that have an item. The column counts those that are not archived, as their own list does."""

    records: type[Any]
    field: str
    archived = "archived_at"  # from the records
    url_name: str
    parameter: str  # of that list

    def column(self, items: Sequence[ListItem]) -> dict[int, list[Shown]]:
        """A number with a link to those records. One statement."""
        rows = self.records._default_manager.filter(**{f"{self.field}__in": items}, **{self.archived: None}).order_by()
        counts = dict(rows.values(self.field).annotate(number=Count("pk")).values_list(self.field, "number"))
        return {pk: [Shown(str(Number(number)), f"{reverse(self.url_name)}?{self.parameter}={pk}")] for pk, number in counts.items()}

    def count(self, item: ListItem) -> int:
        """All of them, archived or not: they all move."""
        return self.records._default_manager.filter(**{self.field: item}).count()

    def describe(self, item: ListItem, number: int) -> str:
        """12 companies, 2 of them archived."""
        archived = self.records._default_manager.filter(**{self.field: item, f"{self.archived}__isnull": False}).count()
        return _t("{what}, {n} of them archived").format(what=self.say(number), n=archived) if archived else self.say(number)


class CompaniesOfCategory(RecordsWith):
    """Companies stand in a category."""

    model, position, label = CompanyCategory, 30, _("Companies")
    records, field, url_name, parameter = Company, "category", "crm:companies", "category"

    def say(self, number: int) -> str:
        """12 companies."""
        return ngettext("{n} company", "{n} companies", number).format(n=Number(number))

    def hold(self) -> None:
        """Whoever is moving a company into the category at this moment is waited for."""
        nobody_at_work("crm_company")

    def replace(self, item: Any, other: Any) -> int:
        """Each with its decision, together in a batch that can be undone (A9). About eight statements for 2,000 companies."""
        pks = list(Company.objects.filter(category=item).order_by("pk").values_list("pk", flat=True))
        with working(user=current_actor(), kind=REPLACE):
            for part in batched(pks, CHUNK):
                move_companies(dict.fromkeys(part, other.pk), origin=REPLACED)
        return len(pks)

    def told(self, number: int, other: ListItem) -> str:
        """12 companies are now Other."""
        return ngettext("{n} company is now {name}.", "{n} companies are now {name}.", number).format(n=Number(number), name=other)


class SalesWith(RecordsWith):
    """Sales name an item that says something about them and moves nothing."""

    position, label, records, url_name = 20, _("Sales"), Sale, "crm:sales"

    def say(self, number: int) -> str:
        """12 sales."""
        return ngettext("{n} sale", "{n} sales", number).format(n=Number(number))

    def hold(self) -> None:
        """Whoever is choosing the item for a sale at this moment is waited for."""
        nobody_at_work("crm_sale")

    def replace(self, item: ListItem, other: ListItem) -> int:
        """One statement."""
        return Sale.objects.filter(**{self.field: item}).update(**{self.field: other})


class SalesInStage(SalesWith):
    """Sales are in a stage."""

    model, field, parameter = SaleStage, "stage", "stage"

    def told(self, number: int, other: ListItem) -> str:
        """12 sales are now in Proposal."""
        return ngettext("{n} sale is now in {name}.", "{n} sales are now in {name}.", number).format(n=Number(number), name=other)


class SalesWithReason(SalesWith):
    """Sales were won or lost for a reason."""

    model, field, parameter = SaleReason, "reason", "reason"

    def told(self, number: int, other: ListItem) -> str:
        """12 sales now have the reason Price."""
        return ngettext("{n} sale now has the reason {name}.", "{n} sales now have the reason {name}.", number).format(n=Number(number), name=other)
