"""Suggestions: they are obsolete when the sale or the lead status is no longer a reason, and else they wait (Q4)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.models import Company, Sale
from tests.crm.writes import CHANGES, change, plain, roll_back
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import latest, where
from tests.workflow.questions import outcome
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


ENDINGS = {
    "reopened": lambda: {"status": "open"},
    "stalled": lambda: {"status": "stalled"},
    "lost after all": lambda: {"status": "lost"},
    "archived": lambda: {"archived_at": timezone.now()},
    "moved to another company": lambda: {"company": CompanyFactory()},
    "left without a company": lambda: {"company": None},
}


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("values", ENDINGS.values(), ids=ENDINGS.keys())
def test_q4_it_is_obsolete_when_the_sale_is_no_longer_a_reason(asked, how, values):
    change(how, asked.sale, **values())
    assert outcome(asked) == "obsolete"
    assert asked.decided_at is not None
    assert where(asked.company) == "Lead"


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("values", [{"status": "open"}, {"status": "won"}, {"archived_at": timezone.now()}], ids=["reopened", "won after all", "archived"])
def test_q4_a_question_about_a_lost_sale_is_obsolete_when_the_sale_is_no_longer_a_reason(category, how, values):
    rule("sale_lost", category["Other"], ask=True)
    sale = SaleFactory(status="lost")
    change(how, sale, **values)
    assert latest().outcome == "obsolete"


@pytest.mark.parametrize("values", [{"archived_at": timezone.now()}, {"company": None}], ids=["archived", "left"])
def test_q4_a_question_about_a_registered_sale_is_obsolete_when_the_sale_goes(category, values):
    rule("sale_registered", category["Opportunity"], ask=True)
    sale = SaleFactory()
    change("save", sale, **values)
    assert latest().outcome == "obsolete"


@pytest.mark.parametrize("how", CHANGES)
def test_q4_it_is_obsolete_when_the_lead_status_moves_on(category, status, how):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    change(how, contact.lead, status=status["Qualified"])
    decision = latest(outcome="waiting")
    change(how, contact.lead, status=status["Disqualified"])
    assert outcome(decision) == "obsolete"


@pytest.mark.parametrize("how", CHANGES)
def test_q4_a_change_of_the_sale_that_does_not_matter_leaves_it_waiting(asked, how, salesperson):
    change(how, asked.sale, title="Solar roof, both halls", amount=1, owner=salesperson, closed_on=timezone.localdate())
    change(how, asked.sale, status="won")
    assert outcome(asked) == "waiting"


@pytest.mark.parametrize("how", CHANGES)
def test_q4_winning_a_registered_sale_leaves_its_question_waiting(category, how):
    rule("sale_registered", category["Opportunity"], ask=True)
    sale = SaleFactory()
    change(how, sale, status="won")
    assert latest().outcome == "waiting"


def test_q4_what_happens_to_other_sales_and_contacts_of_the_company_leaves_it_waiting(asked, status):
    other, contact = SaleFactory(company=asked.company), ContactFactory(company=asked.company)
    change("save", other, status="lost")
    change("save", other, archived_at=timezone.now())
    change("save", contact.lead, status=status["Qualified"])
    assert outcome(asked) == "waiting"


def test_q4_an_answered_question_never_becomes_obsolete(asked, category):
    plain(CategoryDecision).filter(pk=asked.pk).update(outcome="kept", decided_at=timezone.now())
    change("save", asked.sale, status="open")
    change("save", asked.company, category=category["Partner"])
    assert outcome(asked) == "kept"


def test_q4_what_was_rolled_back_ends_nothing(asked, category):
    roll_back(lambda: Company.objects.update(category=category["Partner"]))
    roll_back(lambda: Sale.objects.update(status="open"))
    assert outcome(asked) == "waiting"


def test_q4_a_question_of_one_company_does_not_end_with_that_of_another_in_one_batch(asked, category):
    other = SaleFactory(status="won")
    sales = [Sale.objects.get(pk=asked.sale_id), Sale.objects.get(pk=other.pk)]
    sales[0].status, sales[1].title = "open", "Renamed"
    Sale.objects.bulk_update(sales, ["status", "title"])
    assert outcome(asked) == "obsolete"
    assert CategoryDecision.objects.waiting().get().sale == other
