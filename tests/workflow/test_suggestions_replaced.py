"""Suggestions: a newer one replaces the one that waits for the same company, and nothing else does (Q4)."""

from __future__ import annotations

import pytest

from crm.models import Sale
from leads.models import Lead
from tests.crm.writes import CHANGES, CREATIONS, change, create
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, where
from tests.workflow.questions import outcome
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("how", CREATIONS)
def test_q4_a_newer_suggestion_replaces_the_one_that_waits(asked, how):
    create(how, Sale, title="Another roof", company=asked.company, status="won")
    assert outcome(asked) == "replaced"
    assert (asked.decided_by, asked.decided_at is None) == (None, False)
    assert CategoryDecision.objects.waiting().get(company=asked.company).sale.title == "Another roof"


def test_q4_a_newer_suggestion_of_another_rule_replaces_it_too(asked, category, status):
    contact = ContactFactory(company=asked.company)
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"], ask=True)
    change("save", contact.lead, status=status["Qualified"])
    assert outcome(asked) == "replaced"
    assert CategoryDecision.objects.waiting().get().suggested_category == category["Partner"]


@pytest.mark.parametrize("how", CHANGES)
def test_q4_a_sale_that_is_lost_after_all_asks_what_the_rule_for_lost_asks(asked, category, how):
    rule("sale_lost", category["Other"], ask=True)
    change(how, asked.sale, status="lost")
    assert outcome(asked) in {"obsolete", "replaced"}
    assert CategoryDecision.objects.waiting().get().suggested_category == category["Other"]


def test_q4_a_sale_won_again_after_it_was_reopened_asks_again(asked):
    change("save", asked.sale, status="open")
    change("save", asked.sale, status="won")
    assert outcome(asked) == "obsolete"
    assert CategoryDecision.objects.waiting().get().sale == asked.sale


def test_q4_a_sale_that_moves_asks_about_the_company_it_comes_to(asked):
    company = CompanyFactory()
    change("save", asked.sale, company=company)
    assert CategoryDecision.objects.waiting().get().company == company


def test_q4_a_rule_that_asks_but_is_skipped_replaces_nothing(asked, category):
    rule("sale_lost", asked.from_category, ask=True)
    SaleFactory(company=asked.company, status="lost")
    assert by_rules()[-1] == ("sale_lost", "skipped", "already_there")
    assert outcome(asked) == "waiting"


def test_q4_a_question_for_one_company_replaces_none_of_another(asked):
    SaleFactory(status="won")
    assert outcome(asked) == "waiting"
    assert CategoryDecision.objects.waiting().count() == 2


def test_q4_a_silent_rule_replaces_nothing_although_another_of_its_kind_asks(asked, category, status):
    contact = ContactFactory(company=asked.company)
    rule("lead_status_set", category["Opportunity"], lead_status=status["Contacting"])
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"], ask=True)
    change("save", contact.lead, status=status["Contacting"])
    assert where(asked.company) == "Opportunity"
    assert outcome(asked) == "waiting"


def test_q4_a_question_that_another_cause_of_the_save_kept_from_being_asked_replaces_nothing(asked, category, status):
    """The lower contact's rule moves the company in silence; the other one's would have asked, and is skipped (A4)."""
    silent, asking = ContactFactory.create_batch(2, company=asked.company)
    rule("lead_status_set", category["Opportunity"], lead_status=status["Contacting"])
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"], ask=True)
    leads = list(Lead.objects.filter(contact__in=[silent, asking]).order_by("pk"))
    leads[0].status, leads[1].status = status["Contacting"], status["Qualified"]
    Lead.objects.bulk_update(leads, ["status"])
    assert by_rules()[1:] == [("lead_status_set", "changed", ""), ("lead_status_set", "skipped", "other_cause")]
    assert where(asked.company) == "Opportunity"
    assert outcome(asked) == "waiting"
