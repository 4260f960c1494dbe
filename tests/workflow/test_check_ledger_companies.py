"""check_ledger: what it finds about companies, the numbers of their changes (A10), and what waits for them (Q4)."""

from __future__ import annotations

import pytest
from django.db import connection

from crm.models import Company, CompanyCategory, Sale
from leads.models import Lead
from tests.crm.writes import change, plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.drift import forget, found, raw
from tests.workflow.ledger import assert_ledger_is_true, latest
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


# ----------------------------------------------------------- where companies stand
def test_a_category_that_was_written_past_the_ledger_is_found(category):
    rule("sale_won", category["Customer"])
    company = SaleFactory(status="won").company
    plain(Company).filter(pk=company.pk).update(category=category["Partner"])
    who = f"{company.name} (company {company.pk})"
    assert found() == {"category": [f"{who} is Partner with number 2; expected: Customer with number 2, as its last applied decision says."]}


def test_a10_a_number_that_was_written_past_the_ledger_is_found():
    company = CompanyFactory()
    raw("UPDATE crm_company SET category_version = 7")
    who = f"{company.name} (company {company.pk})"
    assert found() == {"category": [f"{who} is Lead with number 7; expected: Lead with number 1, as its last applied decision says."]}


def test_a8_a_company_that_nothing_tells_of_is_found():
    company = CompanyFactory()
    forget(company.decisions.get())
    expected = "is Lead with number 1, but no decision made it so; expected: one for each change, from its creation on."
    assert found() == {"category": [f"{company.name} (company {company.pk}) {expected}"]}


# ------------------------------------------------------------------------ numbers


@pytest.mark.parametrize(("number", "follower", "before"), [(2, 3, 1), (1, 2, 0)])
def test_a10_a_number_that_is_missing_is_found(moved_twice, number, follower, before):
    last = moved_twice.decisions.get(applied_version=follower)
    forget(moved_twice.decisions.get(applied_version=number))
    expected = f"change number {follower} (decision {last.pk}) follows number {before}; expected: number {number}."
    assert found() == {"number": [f"{moved_twice.name} (company {moved_twice.pk}): {expected}"]}


@pytest.mark.parametrize(("number", "start", "expected"), [(3, "Other", "Opportunity"), (3, None, "Opportunity"), (1, "Other", "nothing"), (2, None, "Lead")])
def test_a10_a_change_that_does_not_start_where_the_one_before_it_ended_is_found(moved_twice, category, number, start, expected):
    wrong = moved_twice.decisions.get(applied_version=number)
    plain(CategoryDecision).filter(pk=wrong.pk).update(from_category=start and category[start])
    told = f"change number {number} (decision {wrong.pk}) starts from {start or 'nothing'}; expected: {expected}, where the one before it ended."
    assert found() == {"number": [f"{moved_twice.name} (company {moved_twice.pk}): {told}"]}


def test_a10_companies_are_told_apart(category):
    """Two histories that would make one good one."""
    first, second = CompanyFactory.create_batch(2)
    change("save", first, category=category["Opportunity"])
    with_gap = first.decisions.get(applied_version=1)
    forget(second.decisions.get())
    plain(CategoryDecision).filter(pk=with_gap.pk).update(company=second)
    assert list(found()) == ["number"]


# ------------------------------------------------------------------------ waiting
def _vain(decision, why):
    """The sentence about a suggestion that waits in vain."""
    whose, what = f"{decision.company.name} (company {decision.company.pk})", decision.suggested_category.name
    return [f"{whose}: the suggestion {what} (decision {decision.pk}) waits although {why}; expected: obsolete."]


def test_q4_two_that_wait_for_one_company_are_found(asked, broken):
    if connection.vendor == "postgresql":
        connection.check_constraints()  # the index cannot go while constraints are still to be checked
    raw("DROP INDEX one_waiting_per_company")
    raw(
        "INSERT INTO workflow_categorydecision (company_id, trigger, outcome, skip_reason, error, suggested_category_id, created_at)"
        " SELECT company_id, trigger, outcome, skip_reason, error, suggested_category_id, created_at FROM workflow_categorydecision WHERE id = %s",
        asked.pk,
    )
    last = CategoryDecision.objects.latest("pk").pk
    expected = f"2 suggestions wait, the first is decision {asked.pk}, the last {last}; expected: at most one."
    assert found()["waits twice"] == [f"{asked.company.name} (company {asked.company.pk}): {expected}"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("Partner", "the company is Partner, which is no potential customer"), ("Customer", "the company is Customer, which is no potential customer")],
)
def test_q4_one_that_waits_for_a_company_that_left_the_group_is_found(asked, category, name, why):
    plain(Company).update(category=category[name])
    assert found()["waits in vain"] == _vain(asked, why)


def test_q4_one_that_waits_for_a_category_that_left_the_group_is_found(asked, category):
    plain(CompanyCategory).filter(name="Lead").update(group="other", lead_status_enabled=False)
    assert found() == {"waits in vain": _vain(asked, "the company is Lead, which is no potential customer")}


def test_q4_one_that_waits_although_the_company_is_there_already_is_found(category):
    rule("sale_won", category["Opportunity"], ask=True)
    SaleFactory(status="won")
    plain(Company).update(category=category["Opportunity"])
    assert found()["waits in vain"] == _vain(latest(), "the company is Opportunity already")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"archived_at": "2026-01-01T00:00Z"}, "the sale “Solar roof” is archived"),
        ({"company": None}, "the sale “Solar roof” is not the company’s any more"),
        ({"company": "another"}, "the sale “Solar roof” is not the company’s any more"),
        ({"status": "open", "closed_on": None}, "the sale “Solar roof” is not won any more"),
        ({"status": "lost"}, "the sale “Solar roof” is not won any more"),
    ],
    ids=["archived", "no company", "another company", "reopened", "lost"],
)
def test_q4_one_that_waits_for_a_sale_that_is_no_longer_a_reason_is_found(asked, values, why):
    another = CompanyFactory()
    plain(Sale).update(**{name: another if value == "another" else value for name, value in values.items()})
    assert found()["waits in vain"] == _vain(asked, why)


def test_q4_one_that_waits_for_a_lost_sale_that_was_won_after_all_is_found(category):
    rule("sale_lost", category["Lost opportunity"], ask=True)
    SaleFactory(status="lost", title="Solar roof")
    plain(Sale).update(status="won")
    assert found()["waits in vain"] == _vain(latest(), "the sale “Solar roof” is not lost any more")


@pytest.mark.parametrize("gone", [False, True], ids=["another", "none"])
def test_q4_one_that_waits_for_a_lead_status_that_has_moved_on_is_found(category, status, gone):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    assert_ledger_is_true()
    plain(Lead).filter(pk=contact.pk).delete() if gone else plain(Lead).update(status=status["Open"])
    assert found()["waits in vain"] == _vain(latest(), "the lead status of Torben Friis has moved on")
