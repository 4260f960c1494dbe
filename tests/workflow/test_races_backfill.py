"""A rule is applied to existing companies while others work, or by two administrators at once. Real threads, each with its own connection."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.models import Company
from tests.conftest import on_postgresql
from tests.crm.writes import change
from tests.factories import ContactFactory, SaleFactory, rule
from tests.workflow.ledger import where
from tests.workflow.threads import at_once, meanwhile
from workflow.backfill import begin, go_on
from workflow.models import AutomationRule, Backfill, CategoryDecision
from workflow.preview import Draft
from workflow.undo import undo_batch

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql, pytest.mark.usefixtures("true_ledger")]


@pytest.fixture
def begun(category, administrator):
    """A rule for won sales that has been begun to be applied to what was won before it was on."""

    def begun(*, sales=4, **options) -> Backfill:
        for _number in range(sales):
            SaleFactory(status="won")
        acting = rule("sale_won", category["Customer"], **options)
        return begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator)

    return begun


def _outcomes(job):
    return sorted(CategoryDecision.objects.filter(batch=job.batch).values_list("outcome", flat=True))


def test_two_tabs_that_go_on_at_once_do_each_company_once(begun, administrator):
    job = begun(sales=6)
    at_once(*[lambda: go_on(job.batch, by=administrator, most=2) for _tab in range(3)])
    assert _outcomes(job) == ["changed"] * 6
    assert Backfill.objects.get().ended_at


def test_two_administrators_who_apply_the_same_rule_at_once_move_each_company_once(begun, administrator, category):
    first = begun()
    second = begin(Draft.of(first.rule), since=first.since, by=administrator)
    at_once(*[lambda job=job: go_on(job.batch, by=administrator) for job in (first, second)])
    assert sorted(_outcomes(first) + _outcomes(second)) == ["changed"] * 4  # the second one found nothing left to do
    assert Company.objects.filter(category=category["Customer"], category_version=2).count() == 4


def test_a_sale_that_is_reopened_meanwhile_asks_nothing_q4(begun, administrator):
    job = begun(sales=1, ask=True)
    sale = Company.objects.get().sales.get()
    with meanwhile(lambda: go_on(job.batch, by=administrator)):
        sale.reopen()
    assert not CategoryDecision.objects.waiting().exists()


def test_a_sale_that_is_reopened_just_afterwards_takes_the_question_with_it_q4(begun, administrator):
    job = begun(sales=1, ask=True)
    sale = Company.objects.get().sales.get()
    with meanwhile(sale.reopen):
        go_on(job.batch, by=administrator)
    assert _outcomes(job) == ["obsolete"]


def test_a_lead_status_that_moves_on_meanwhile_asks_nothing_q4(administrator, category, status):
    lead = ContactFactory().lead
    change("save", lead, status=status["Qualified"])
    acting = rule("lead_status_set", category["Opportunity"], ask=True, lead_status=status["Qualified"])
    job = begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    with meanwhile(lambda: go_on(job.batch, by=administrator)):
        change("save", lead, status=status["Contacting"])
    assert not CategoryDecision.objects.waiting().exists()


def test_a_company_that_somebody_moves_meanwhile_is_judged_where_it_arrives_a2(begun, administrator, category):
    job = begun(sales=1)
    company = Company.objects.get()
    with meanwhile(lambda: go_on(job.batch, by=administrator)):
        change("save", company, category=category["Partner"])
    assert _outcomes(job) == ["skipped"]
    assert where(company) == "Partner"


def test_a_rule_that_is_switched_off_meanwhile_moves_nobody(begun, administrator):
    job = begun()
    with meanwhile(lambda: go_on(job.batch, by=administrator)):
        AutomationRule.objects.update(is_enabled=False)
    assert _outcomes(job) == []
    assert Backfill.objects.get().stopped


def test_undoing_while_it_is_being_applied_leaves_nobody_moved(begun, administrator, category):
    job = begun(sales=6)
    go_on(job.batch, by=administrator, most=2)
    at_once(lambda: go_on(job.batch, by=administrator, most=2), lambda: undo_batch(job.batch, by=administrator))
    undo_batch(job.batch, by=administrator)
    assert go_on(job.batch, by=administrator).ended_at
    assert not Company.objects.filter(category=category["Customer"]).exists()
