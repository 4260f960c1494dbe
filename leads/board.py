"""The leads board: people by lead status, where lead status is used (L1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.board import Asked, Column, Part, Select, categories, fill, owned, owners
from crm.http import Request
from crm.models import Company, CompanyCategory, Contact, Sale, User
from crm.text import as_pk
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


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """What the board is narrowed to. Values that name nothing are ignored."""

    user: User
    q: str = ""
    owner: str = ""
    category: str = ""

    @classmethod
    def of(cls, request: Request) -> LeadFilters:
        """As the address says."""
        return cls(request.user, *(request.GET.get(name, "") for name in ("q", "owner", "category")))

    @property
    def are_set(self) -> bool:
        """Whether anything is narrowed at all."""
        return bool(self.q or self.owner or self.category)

    def selects(self) -> list[Select]:
        """What each filter offers. Two statements."""
        enabled = CompanyCategory.objects.filter(lead_status_enabled=True)
        return [
            Select("owner", _("Our contact"), owners(self.user, self.owner), self.owner),
            Select("category", _("Category"), categories(self.category, enabled), self.category),
        ]

    def narrow(self, query: QuerySet[Lead]) -> QuerySet[Lead]:
        """These leads."""
        query = owned(query, "contact__company__our_contact", self.owner, self.user)
        if as_pk(self.category):
            query = query.filter(contact__company__category=as_pk(self.category))
        if self.q.strip():
            people, at = Contact.objects.search(self.q), Company.objects.search(self.q)
            query = query.filter(Q(contact__in=people.order_by().values("pk")) | Q(contact__company__in=at.order_by().values("pk")))
        return query


def leads_board(filters: LeadFilters, asked: Asked) -> LeadsBoard:
    """Who has been longest without a change comes first. Three statements, and one for each status that somebody has, however many they are."""
    enabled = {category.pk: category for category in CompanyCategory.objects.filter(lead_status_enabled=True)}
    leads = filters.narrow(Lead.objects.filter(contact__archived_at=None, contact__company__archived_at=None, contact__company__category__in=enabled))
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
    text = _("{person} was not moved: {name} has just changed the lead status to {status}.")
    return text.format(person=contact, name=(last and last.by) or _("Somebody"), status=lead.status if lead else _("none"))


def age(lead: Lead) -> int:
    """Days since the last change of the status."""
    return (timezone.localdate() - timezone.localtime(lead.updated_at).date()).days
