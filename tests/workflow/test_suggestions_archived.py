"""Suggestions: a sale that is archived is no reason to ask (Q4)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Sale
from tests.crm.writes import change
from tests.factories import CompanyFactory, SaleFactory, rule
from tests.workflow.ledger import latest
from tests.workflow.questions import outcome
from workflow.explain import explain
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


def test_q4_what_ended_stays_ended_when_the_sale_comes_back(asked):
    change("save", asked.sale, archived_at=timezone.now())
    change("save", asked.sale, archived_at=None)
    assert outcome(asked) == "obsolete"


def test_q4_a_sale_created_won_and_archived_at_once_asks_nobody_and_leaves_the_question_before_it(category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory()
    with acting_as(salesperson):
        SaleFactory(company=company, status="won")
        asked = latest()
        Sale.objects.create(title="Old", company=company, status="won", archived_at=timezone.now())
    assert outcome(asked) == "waiting"
    assert (latest().outcome, latest().skip_reason) == ("skipped", "sale_archived")
    assert "the sale is archived, so nobody is asked" in explain(latest()).result


def test_q4_of_two_sales_in_one_save_the_one_that_is_not_archived_asks(category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory()
    with acting_as(salesperson):
        Sale.objects.bulk_create(
            [Sale(title="Old", company=company, status="won", archived_at=timezone.now()), Sale(title="New", company=company, status="won")]
        )
    assert CategoryDecision.objects.waiting().get().sale.title == "New"
