"""A10: the number of an applied change is its place in the history, not the moment its question was asked."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, Sale
from tests.factories import CompanyFactory, SaleFactory, rule
from workflow import decisions
from workflow.history import history_of
from workflow.models import CategoryDecision, Outcome, Trigger

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(category, salesperson):
    """A question that has waited while a colleague changed the category by hand."""
    rule(Trigger.SALE_WON, category["Customer"], ask=True)
    sale = SaleFactory()
    with acting_as(salesperson):
        sale.status = Sale.Status.WON
        sale.save()
        company = Company.objects.get(pk=sale.company_id)
        company.category = category["Opportunity"]
        company.save()
    return CategoryDecision.objects.waiting().get()


def _shown(company):
    return [(entry.outcome, entry.applied_version) for entry in history_of(company, most=10)]


def test_a10_a_question_answered_late_stands_where_it_was_answered(asked, salesperson):
    decisions.accept(asked.pk, by=salesperson, seen_version=2)
    assert _shown(asked.company) == [("accepted", 3), ("changed", 2), ("changed", 1)]


def test_a10_a_clock_that_went_backwards_does_not_turn_the_history_round(asked, salesperson):
    decisions.accept(asked.pk, by=salesperson, seen_version=2)
    CategoryDecision.objects.filter(pk=asked.pk).update(decided_at=timezone.now() - timezone.timedelta(days=1))
    assert [number for _outcome, number in _shown(asked.company)] == [3, 2, 1]


def test_a_kept_category_stands_between_the_changes_around_it(asked, salesperson, category):
    decisions.keep(asked.pk, by=salesperson, seen_version=2)
    company = Company.objects.get(pk=asked.company_id)
    company.category = category["Partner"]
    company.save()
    assert _shown(company) == [("changed", 3), (Outcome.KEPT, None), ("changed", 2), ("changed", 1)]


def test_a_company_without_a_rule_shows_that_it_was_created():
    assert _shown(CompanyFactory()) == [("changed", 1)]
