"""What tests read from the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from crm.models import Company
from tests.crm.writes import plain
from workflow.checks import check
from workflow.models import CategoryDecision


def by_rules(company: Company | None = None) -> list[tuple[str, str, str]]:
    """What rules decided, oldest first: (trigger, outcome, reason)."""
    decisions = CategoryDecision.objects.exclude(rule=None).order_by("pk")
    if company is not None:
        decisions = decisions.filter(company=company)
    return list(decisions.values_list("trigger", "outcome", "skip_reason"))


def latest(**conditions: Any) -> CategoryDecision:
    """The newest decision of a rule."""
    return CategoryDecision.objects.exclude(rule=None).filter(**conditions).latest("pk")


def where(company: Company) -> str:
    """The name of the category that the database says the company has."""
    return Company.objects.values_list("category__name", flat=True).get(pk=company.pk)


def place(company: Company, category: Any) -> None:
    """Put a company into a category past everything that would notice."""
    plain(Company).filter(pk=company.pk).update(category=category)


def keep(decision: CategoryDecision) -> None:
    """As if somebody had answered *keep*."""
    plain(CategoryDecision).filter(pk=decision.pk).update(outcome="kept", decided_at=timezone.now())


def numbers(company: Company) -> list[int]:
    """The numbers of the applied changes, oldest first."""
    return list(company.decisions.exclude(applied_version=None).order_by("pk").values_list("applied_version", flat=True))


def assert_ledger_is_true() -> None:
    """Nothing that check_ledger compares disagrees. Without its margin: in a test everything happens within a minute."""
    assert [sentence for finding in check(margin=dt.timedelta(0)).findings for sentence in finding.sentences] == []
