"""check_ledger: a good ledger passes after whatever happens, and costs the same however long it is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.actor import acting_as, working
from crm.models import Company, Sale, SaleTransition
from tests.crm.writes import change, plain, roll_back
from tests.factories import CompanyFactory, ContactFactory, SaleFactory
from tests.workflow.drift import rule_of_yesterday, run
from tests.workflow.ledger import assert_ledger_is_true, latest
from workflow import decisions
from workflow.again import ask_again, retry
from workflow.checks import check
from workflow.models import AutomationRule, CategoryDecision
from workflow.undo import undo

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------ a good ledger
def _live(category, status, salesperson, many):
    """Whatever may happen to a company, `many` times, with three rules on since yesterday."""
    with acting_as(salesperson):
        for _ in range(many):
            sale, contact = SaleFactory(), ContactFactory()
            change("save", sale, status="won")
            change("save", sale, status="open")
            change("update", sale, status="won")
            change("save", contact.lead, status=status["Qualified"])
            change("save", contact.lead, status=status["Contacting"])
            change("save", contact, company=CompanyFactory())
            for answer in (decisions.accept, decisions.keep):
                asked = latest(company=SaleFactory(status="lost").company)
                answer(asked.pk, by=salesperson, seen_version=1)
            other = latest(company=SaleFactory(status="lost").company)
            decisions.choose(other.pk, category["Other"], by=salesperson, seen_version=1)
            change("save", other.sale, company=CompanyFactory())
            change("save", SaleFactory(status="lost"), archived_at=timezone.now())
            change("bulk_update", *CompanyFactory.create_batch(2), category=category["Partner"])
            company = CompanyFactory()
            Sale.objects.bulk_create(Sale(title="x", company=company, status=closed) for closed in ("won", "lost", "open"))
            roll_back(lambda: SaleFactory(status="won"))
            with working(kind="import", run_rules=False):
                SaleFactory(status="won")


@pytest.fixture
def life(category, status, salesperson):
    rule_of_yesterday("sale_won", category["Customer"])
    rule_of_yesterday("sale_lost", category["Lost opportunity"], ask=True)
    rule_of_yesterday("sale_registered", category["Opportunity"])
    AutomationRule.objects.filter(trigger="sale_registered").update(is_enabled=False)
    for name in ("Qualified", "Open"):
        rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status[name])
    return lambda many=1: _live(category, status, salesperson, many)


def test_a_good_ledger_agrees_after_all_that_may_happen(life, capsys):
    life(2)
    assert CategoryDecision.objects.values("outcome").distinct().count() >= 6
    assert_ledger_is_true()
    counts = (Company.objects.count(), CategoryDecision.objects.count(), SaleTransition.objects.count())
    assert run(capsys=capsys) == "Checked {} companies, {} decisions, {} sale transitions: everything agrees.\n".format(*counts)


def test_a7_a9_undoing_asking_again_and_retrying_leave_a_good_ledger(category, salesperson, administrator):
    rule_of_yesterday("sale_won", category["Customer"])
    rule_of_yesterday("sale_lost", category["Other"], ask=True)
    SaleFactory(status="won")
    undo(undo(latest().pk, by=salesperson).pk, by=salesperson)
    with acting_as(salesperson):
        SaleFactory(status="lost")
    decisions.keep(latest().pk, by=salesperson, seen_version=1)
    again = ask_again(latest().pk, by=salesperson)
    assert check().findings == check().notes == []
    decisions.accept(again.pk, by=salesperson, seen_version=1)
    SaleFactory(status="won", company=CompanyFactory(category=category["Partner"]))
    plain(CategoryDecision).filter(pk=latest().pk).update(outcome="failed", skip_reason="", error="boom")
    assert [note.total for note in check().notes] == [1]
    retry(latest().pk, by=administrator)
    assert check().findings == check().notes == []
    assert CategoryDecision.objects.filter(outcome="undone").count() == CategoryDecision.objects.exclude(retries=None).count() == 2


def test_an_empty_database_agrees(capsys):
    assert run(capsys=capsys) == "Checked 0 companies, 0 decisions, 0 sale transitions: everything agrees.\n"


def test_what_is_checked_costs_the_same_for_1_and_50_companies(life):
    life()
    costs = []
    for companies in (Company.objects.count(), 50):
        CompanyFactory.create_batch(companies - Company.objects.count())
        with CaptureQueriesContext(connection) as captured:
            assert check().findings == []
        costs.append(len(captured))
    life(3)
    with CaptureQueriesContext(connection) as captured:
        assert check().findings == []
    assert costs == [len(captured)] * 2
    assert len(captured) < 50


def test_what_is_found_costs_the_same_for_1_and_15_companies(category):
    rule_of_yesterday("sale_won", category["Customer"])
    companies = [SaleFactory(status="won").company for _ in range(15)]
    costs = []
    for wrong in (companies[:1], companies):
        plain(CategoryDecision).filter(company__in=wrong, trigger="sale_won")._raw_delete("default")
        with CaptureQueriesContext(connection) as captured:
            assert {finding.kind: finding.total for finding in check().findings} == {"category": len(wrong), "no decision of a sale": len(wrong)}
        costs.append(len(captured))
    assert costs[0] == costs[1]
