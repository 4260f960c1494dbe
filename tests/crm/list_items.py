"""The four lists of Settings, as the tests of their items see them."""

from __future__ import annotations

import pytest

from crm.models import Company, CompanyCategory, Sale, SaleReason, SaleStage
from leads.models import Lead, LeadStatus
from tests.browsers import HTMX
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory

CATEGORIES, STATUSES = "/settings/lists/company-categories/", "/settings/lists/lead-statuses/"
STAGES, REASONS = "/settings/lists/sale-stages/", "/settings/lists/sale-reasons/"
LISTS = {CATEGORIES: CompanyCategory, STATUSES: LeadStatus, STAGES: SaleStage, REASONS: SaleReason}
OWN = {CATEGORIES: {"group": "partner"}, STATUSES: {"meaning": "open"}, STAGES: {"probability": "40"}, REASONS: {"applies_to": "won"}}
each_list = pytest.mark.parametrize(("address", "model"), LISTS.items(), ids=["categories", "lead statuses", "stages", "reasons"])
with_default = pytest.mark.parametrize(("address", "model"), [(CATEGORIES, CompanyCategory), (STATUSES, LeadStatus)], ids=["categories", "lead statuses"])
headers = pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
TYPED = {"name": "Trial", "colour": "lime", "description": "Tries it"}


def names(model):
    """What is in the list, in its order."""
    return list(model.objects.active().order_by("position").values_list("name", flat=True))


def last(model):
    """An item that is no default."""
    return model.objects.active().order_by("position").last()


def edit(client, url, **values):
    """Send the form of an item, which remembers what it has shown."""
    return client.post(url, {**values, "seen": client.get(url).context["form"]["seen"].value()}, headers=HTMX)


def using(item):
    """A record that has the item."""
    if isinstance(item, CompanyCategory):
        return CompanyFactory(category=item)
    if isinstance(item, LeadStatus):
        contact = ContactFactory()
        Lead.objects.filter(contact=contact).update(status=item)
        return contact
    field = "stage" if isinstance(item, SaleStage) else "reason"
    sale = SaleFactory(status="lost" if field == "reason" else "open")
    plain(Sale).filter(pk=sale.pk).update(**{field: item})
    return sale


def item_of(record):
    """The item that this record has now, by name."""
    if isinstance(record, Company):
        return Company.objects.get(pk=record.pk).category.name
    if isinstance(record, Sale):
        sale = Sale.objects.get(pk=record.pk)
        return (sale.reason if sale.is_closed else sale.stage).name
    return Lead.objects.get(contact=record).status.name
