"""The leads board: people by lead status, where lead status is used (L1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.board import Asked, Column, Part, fill
from crm.filters import Filters
from crm.models import Company, CompanyCategory, Contact, Sale
from crm.text import as_pk
from crm.who import changed_it
from leads.models import Lead, LeadStatus, LeadStatusChange


@dataclass(slots=True)
class LeadsBoard:
    """What the page shows."""

    columns: list[Column]
    targets: list[Column]  # where a card can be moved to, also while one column is shown alone
    count: int
    is_used: bool  # whether any category has lead status enabled

    @property
    def leads(self) -> list[Lead]:
        """Everybody who is shown."""
        return [lead for column in self.columns for lead in column.cards]

    @property
    def contacts(self) -> list[Contact]:
        """The same, as contacts."""
        return [lead.contact for lead in self.leads]


def _found(filters: Filters, enabled: Iterable[int]) -> QuerySet[Lead]:
    """The leads that the filters ask for, at companies of these categories, which use lead status."""
    leads = Lead.objects.filter(contact__archived_at=None, contact__company__archived_at=None, contact__company__category__in=enabled)
    if filters.q.strip():
        people, at = Contact.objects.search(filters.q), Company.objects.search(filters.q)
        leads = leads.filter(Q(contact__in=people.order_by().values("pk")) | Q(contact__company__in=at.order_by().values("pk")))
    return filters.narrow(leads)


def leads_board(filters: Filters, asked: Asked) -> LeadsBoard:
    """Who has been longest without a change comes first. Three statements, and one for each status that somebody has, however many they are."""
    enabled = {category.pk: category for category in CompanyCategory.objects.filter(lead_status_enabled=True)}
    leads = _found(filters, enabled)
    parts: dict[int, list[Part]] = defaultdict(list)
    for row in leads.order_by().values("status", "contact__company__category").annotate(n=Count("pk")):
        parts[row["status"]].append(Part(enabled[row["contact__company__category"]], row["n"]))
    columns = [_column(status, parts[status.pk]) for status in LeadStatus.objects.active() | LeadStatus.objects.filter(pk__in=list(parts))]
    shown = asked.only(columns)
    for column in shown:
        query = leads.filter(status=as_pk(column.key.removeprefix("status-"))).select_related("contact__company__category", "contact__company__our_contact")
        fill(column, query, order="updated_at", asked=asked)  # a lead is only written when its status changes
    return LeadsBoard(shown, [one for one in columns if one.value], sum(column.count for column in columns), bool(enabled))


def _column(status: LeadStatus, parts: list[Part]) -> Column:
    deleted = status.archived_at is not None
    ordered = sorted(parts, key=lambda part: (part.category.position, part.category.pk))
    together = sum(part.number for part in parts)
    return Column(f"status-{status.pk}", status.name, "" if deleted else str(status.pk), is_deleted=deleted, count=together, parts=ordered)


def open_sums(contacts: Sequence[Contact]) -> dict[int, list[tuple[str, Decimal]]]:
    """What the open sales with each of these people are worth, in each currency. One statement."""
    return Sale.objects.open().filter(contact__in=contacts).sums_by("contact")


def overtaken(lead: Lead | None, contact: Contact, seen_lead_status: str) -> str:
    """Why somebody whom the page showed with the status `seen_lead_status` (a key) is not moved; empty where they may be. `contact` is locked."""
    if not seen_lead_status or (lead and str(lead.status_id) == seen_lead_status):
        return ""
    last = LeadStatusChange.objects.filter(contact=contact).select_related("by").first()
    who = changed_it(last.by, last.at) if last else ""
    return _("{person} was not moved: the lead status is {status} now. {who}").format(person=contact, status=lead.status if lead else _("none"), who=who)


def age(lead: Lead) -> int:
    """Days since the last change of the status."""
    return (timezone.localdate() - timezone.localtime(lead.updated_at).date()).days
