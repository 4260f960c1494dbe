"""Suggestions that wait: who is told, and when they stop making sense (Q2, Q4)."""

from __future__ import annotations

from collections.abc import Collection
from contextvars import ContextVar
from functools import partial
from itertools import batched

from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from crm.models import Sale, User
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.models.companies import lock_companies
from crm.retrying import retrying
from crm.sql import CHUNK, insert_rows
from workflow import notifications
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
    _retire(waiting_in(category_ids).filter(NO_POTENTIAL))


def waiting_in(category_ids: Collection[int]) -> QuerySet[CategoryDecision]:
    """What waits for companies in these categories: obsolete, once these have left Potential customer."""
    return CategoryDecision.objects.filter(company__category__in=category_ids, outcome=Outcome.WAITING)


def retire_for_sales(sale_ids: Collection[int]) -> None:
    """End what waits because of sales that were reopened, archived, moved to another company, or closed the other way."""
    _retire(CategoryDecision.objects.filter(SALE_ARCHIVED | SALE_ELSEWHERE | NOT_WON | NOT_LOST, sale_id__in=sale_ids))


def retire_for_contacts(contact_ids: Collection[int]) -> None:
    """End what waits because of lead statuses that have moved on."""
    _retire(CategoryDecision.objects.filter(STATUS_MOVED_ON, contact_id__in=contact_ids))


def withdraw(query: QuerySet[CategoryDecision], *, by: User) -> None:
    """End all of these that wait, 2,000 in a transaction: `by` takes the questions back, and the ledger says so."""
    while pks := list(query.filter(outcome=Outcome.WAITING).order_by("company").values_list("pk", flat=True)[:CHUNK]):
        retrying(lambda part=pks: transaction.atomic(_retire)(CategoryDecision.objects.filter(pk__in=part), by=by))  # type: ignore[misc]


COPIED = ("company", "trigger", "rule", "sale", "contact", "lead_status", "batch", "suggested_category", "caused_by", "asked_of")


def move_to(waiting: QuerySet[CategoryDecision], **new: models.Model) -> int:
    """Let waiting suggestions name another list item (C4): each ends as *replaced*, and one with the same cause waits instead.

    `new` is `suggested_category` or `lead_status`. Where the company is in that category already, or it was declined for this cause
    before (Q5), the old one is *obsolete* and none follows. Returns how many wait again. Call it with nobody at work on companies;
    five statements for each 2,000.
    """
    moved, pks = 0, list(waiting.order_by("pk").values_list("pk", flat=True))
    for part in batched(pks, CHUNK):
        found = list(CategoryDecision.objects.waiting().filter(pk__in=part).select_related("company"))
        lock_companies({decision.company_id for decision in found})
        for decision in found:
            for name, item in new.items():
                setattr(decision, name, item)
        gone = _declined(found) | {one.pk for one in found if one.company.category_id == one.suggested_category_id}
        now, going = timezone.now(), [one for one in found if one.pk not in gone]
        for outcome, ending in ((Outcome.OBSOLETE, gone), (Outcome.REPLACED, {one.pk for one in going})):
            if ending:
                CategoryDecision.objects.filter(pk__in=ending, outcome=Outcome.WAITING).update(outcome=outcome, decided_at=now)
        rows = [
            (*(getattr(one, f"{name}_id") if name != "trigger" else one.trigger for name in COPIED), one.company.category_id, Outcome.WAITING, "", "", now)
            for one in going
        ]
        if rows:
            insert_rows(CategoryDecision, (*COPIED, "from_category", "outcome", "skip_reason", "error", "created_at"), rows)
        moved += len(rows)
    return moved


def _declined(suggestions: Collection[CategoryDecision]) -> set[int]:
    """Those whose cause, rule and category were declined before (Q5). One statement."""
    names = ("company_id", "rule_id", "suggested_category_id", "sale_id", "contact_id", "lead_status_id")
    declined = CategoryDecision.objects.filter(outcome__in=(Outcome.KEPT, Outcome.UNDONE), company__in={one.company_id for one in suggestions})
    before = set(declined.values_list(*names))
    return {one.pk for one in suggestions if tuple(getattr(one, name) for name in names) in before}


def _retire(query: QuerySet[CategoryDecision], *, by: User | None = None) -> None:
    """End these under the locks of their companies, as whoever asks and answers does. One statement where nothing waits, four where something does.

    The update looks only at its own columns, so that an answer given meanwhile stands.
    """
    found = list(query.filter(outcome=Outcome.WAITING).values_list("pk", "company_id"))
    if found:
        lock_companies({company for _pk, company in found})
        pks = [pk for pk, _company in found]
        CategoryDecision.objects.filter(pk__in=pks, outcome=Outcome.WAITING).update(outcome=Outcome.OBSOLETE, decided_by=by, decided_at=timezone.now())
        notifications.over(pks)
