"""Suggestions that wait: who is told, and when they stop making sense (Q2, Q4)."""

from __future__ import annotations

from collections.abc import Collection
from contextvars import ContextVar
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from crm.models import Sale
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.models.companies import lock_companies
from crm.retrying import retrying
from crm.sql import CHUNK
from workflow.models import CategoryDecision, Outcome, Trigger

# Decisions of this request that wait, filled on commit; None outside a request.
raised: ContextVar[list[int] | None] = ContextVar("raised", default=None)


def announce(decision_ids: list[int]) -> None:
    """Tell the request that caused them, once they are committed."""
    box = raised.get()
    if decision_ids and box is not None:
        transaction.on_commit(partial(box.extend, decision_ids))


# When a suggestion makes no sense any more (Q4): conditions on a decision that waits. The rule says what caused it: one that was
# applied to existing companies has a trigger of its own.
NO_POTENTIAL = ~Q(company__category__group=POTENTIAL_CUSTOMER)
ALREADY_THERE = Q(suggested_category=F("company__category"))
SALE_ARCHIVED = Q(sale__archived_at__isnull=False)
SALE_ELSEWHERE = Q(sale__isnull=False) & (Q(sale__company=None) | ~Q(sale__company=F("company")))
NOT_WON = Q(rule__trigger=Trigger.SALE_WON) & ~Q(sale__status=Sale.Status.WON)
NOT_LOST = Q(rule__trigger=Trigger.SALE_LOST) & ~Q(sale__status=Sale.Status.LOST)
STATUS_MOVED_ON = Q(rule__trigger=Trigger.LEAD_STATUS_SET) & (Q(contact__lead=None) | ~Q(contact__lead__status=F("lead_status")))


def retire_for_companies(company_ids: Collection[int]) -> None:
    """End what waits for companies that left Potential customer or reached the suggested category another way."""
    _retire(CategoryDecision.objects.filter(NO_POTENTIAL | ALREADY_THERE, company_id__in=company_ids))


def retire_for_categories(category_ids: Collection[int]) -> None:
    """End what waits for companies whose category was moved out of Potential customer."""
    _retire(CategoryDecision.objects.filter(NO_POTENTIAL, company__category__in=category_ids))


def retire_for_sales(sale_ids: Collection[int]) -> None:
    """End what waits because of sales that were reopened, archived, moved to another company, or closed the other way."""
    _retire(CategoryDecision.objects.filter(SALE_ARCHIVED | SALE_ELSEWHERE | NOT_WON | NOT_LOST, sale_id__in=sale_ids))


def retire_for_contacts(contact_ids: Collection[int]) -> None:
    """End what waits because of lead statuses that have moved on."""
    _retire(CategoryDecision.objects.filter(STATUS_MOVED_ON, contact_id__in=contact_ids))


def withdraw(query: QuerySet[CategoryDecision]) -> None:
    """End all of these that wait, 2,000 in a transaction: whoever asked takes the questions back."""
    while pks := list(query.filter(outcome=Outcome.WAITING).order_by("company").values_list("pk", flat=True)[:CHUNK]):
        retrying(lambda part=pks: transaction.atomic(_retire)(CategoryDecision.objects.filter(pk__in=part)))  # type: ignore[misc]


def _retire(query: QuerySet[CategoryDecision]) -> None:
    """End these under the locks of their companies, as whoever asks and answers does. One statement where nothing waits, three where something does.

    The update looks only at its own columns, so that an answer given meanwhile stands.
    """
    found = list(query.filter(outcome=Outcome.WAITING).values_list("pk", "company_id"))
    if found:
        lock_companies({company for _pk, company in found})
        pks = [pk for pk, _company in found]
        CategoryDecision.objects.filter(pk__in=pks, outcome=Outcome.WAITING).update(outcome=Outcome.OBSOLETE, decided_at=timezone.now())
