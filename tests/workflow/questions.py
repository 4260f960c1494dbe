"""Questions that wait for an answer: how they come up, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crm.actor import working
from crm.models import Sale, User
from tests.factories import CompanyFactory
from workflow.models import CategoryDecision


def ask(user: User | None, *names: str, kind: str = "", **values: Any) -> list[CategoryDecision]:
    """Questions for this user, by name: in one batch, of this kind, a sale is won at each of these new companies. `values` are the companies'."""
    companies = [CompanyFactory(name=name, **values) for name in names]
    with working(user=user, kind=kind):
        Sale.objects.bulk_create(Sale(title=f"Sale at {company}", company=company, status="won") for company in companies)
    return list(CategoryDecision.objects.waiting().filter(company__in=companies).order_by("company__name"))


def outcome(decision: CategoryDecision) -> str:
    """How it stands in the database; afterwards the decision in hand says so too."""
    decision.refresh_from_db()
    return decision.outcome


def outcomes(decisions: Iterable[CategoryDecision]) -> list[str]:
    """How each of them stands in the database."""
    return [outcome(decision) for decision in decisions]


def whom(decision: CategoryDecision) -> User | None:
    """Whom the database says it is asked of."""
    return CategoryDecision.objects.get(pk=decision.pk).asked_of
