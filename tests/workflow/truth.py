"""What must be true of the whole database after whatever happened, in whatever order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from crm.models import Company, Sale, SaleTransition
from leads.models import Lead, LeadStatusChange
from workflow.models import CategoryDecision, Trigger


def assert_everything_is_true(*, always_on: tuple[str, ...] = ()) -> None:
    """Histories without gaps that end where companies are, nothing waits wrongly, and each transition has what it is owed.

    `always_on` are the triggers whose rule was on all the time; the others may have been off.
    """
    for company in Company.objects.all():
        _history(company)
    _waiting()
    _transitions()
    _owed(always_on)
    assert not CategoryDecision.objects.filter(outcome="failed").exists()


def _history(company: Company) -> None:
    applied = list(company.decisions.exclude(applied_version=None).order_by("applied_version").values_list("applied_version", "from_category", "to_category"))
    assert [number for number, _from, _to in applied] == list(range(1, company.category_version + 1)), "numbers have gaps (A10)"
    assert applied[-1][2] == company.category_id, "the company is not where its last decision put it (A6)"
    assert all(before[2] == after[1] for before, after in pairwise(applied)), "a change does not begin where the one before ended"


def _waiting() -> None:
    for decision in CategoryDecision.objects.waiting().select_related("company__category", "sale", "contact__lead"):
        wrong = decision.company.category.group_id != "potential_customer" or decision.suggested_category_id == decision.company.category_id
        if sale := decision.sale:
            status = {Trigger.SALE_WON: "won", Trigger.SALE_LOST: "lost"}.get(decision.trigger, sale.status)  # type: ignore[call-overload]
            wrong |= (sale.status, sale.company_id, sale.archived_at) != (status, decision.company_id, None)
        if decision.contact:
            wrong |= decision.contact.lead.status_id != decision.lead_status_id
        assert not wrong, f"{decision} waits although it makes no sense any more (Q4)"


def _transitions() -> None:
    for kind, of, here in (
        (SaleTransition, "sale_id", dict(Sale.objects.values_list("pk", "status"))),
        (LeadStatusChange, "contact_id", dict(Lead.objects.values_list("pk", "status"))),
    ):
        seen: dict[int, Any] = {}
        for change in kind._default_manager.order_by("pk"):  # type: ignore[attr-defined]
            key = getattr(change, of)
            before, after = (change.from_status, change.to_status) if kind is SaleTransition else (change.from_status_id, change.to_status_id)
            assert (before or None) == seen.get(key), f"{change} does not begin where the one before ended (S4, L4)"
            seen[key] = after
        assert seen == here


def _owed(always_on: tuple[str, ...]) -> None:
    owed: Counter[tuple[str, int]] = Counter()
    for change in SaleTransition.objects.exclude(to_company=None):
        came = change.from_company_id != change.to_company_id
        if came or change.from_status != change.to_status:
            owed[f"sale_{change.to_status}", change.sale_id] += 1
        if came:
            owed["sale_registered", change.sale_id] += 1
    given = Counter(CategoryDecision.objects.filter(trigger__in=Trigger.values, retries=None).exclude(sale=None).values_list("trigger", "sale"))
    assert not given - owed, "a rule answered to something that did not happen (A3)"
    missing = {key for key in owed - given if key[0] in always_on}
    assert not missing, "a rule that was on left no decision (A8)"
