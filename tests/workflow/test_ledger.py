"""The ledger: what the database cannot hold, and that no change of a category goes unrecorded (A6, A8, A10, C7)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Subquery, Value, When

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Sale, SaleTransition, move_companies
from tests.crm.writes import CHANGES, CREATIONS, change, create, plain, roll_back
from tests.factories import CompanyFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, numbers, where
from workflow.models import AutomationRule, Batch, CategoryDecision, WorkflowSettings

pytestmark = pytest.mark.django_db
NAMES = ["Lead", "Marketing qualified lead", "Opportunity", "Lost opportunity", "Customer", "Partner", "Former customer", "Other"]


# ------------------------------------------------------- what cannot be held
def _decision(company, **values):
    return plain(CategoryDecision).bulk_create(
        [CategoryDecision(**{"company": company, "trigger": "sale_won", "outcome": "skipped", "skip_reason": "already_there", **values})]
    )[0]


NOW = dt.datetime(2026, 1, 12, 9, tzinfo=dt.UTC)
TARGET = object()  # stands for a category
REFUSED = {
    "a waiting one that is decided": {"outcome": "waiting", "skip_reason": "", "decided_at": NOW},
    "a skipped one without a time": {"decided_at": None},
    "a kept one without a time": {"outcome": "kept", "skip_reason": "", "decided_at": None},
    "an applied one without a number": {"outcome": "changed", "skip_reason": "", "decided_at": NOW, "to_category": TARGET},
    "an applied one without a category": {"outcome": "accepted", "skip_reason": "", "decided_at": NOW, "applied_version": 9},
    "a number on one that was not applied": {"outcome": "kept", "skip_reason": "", "decided_at": NOW, "applied_version": 9},
    "a new category on one that was not applied": {"decided_at": NOW, "to_category": TARGET},
    "a skipped one without a reason": {"skip_reason": "", "decided_at": NOW},
    "a reason on one that was not skipped": {"outcome": "kept", "decided_at": NOW},
}


@pytest.mark.parametrize("values", REFUSED.values(), ids=REFUSED.keys())
def test_a8_the_database_holds_no_such_decision(category, values):
    company = CompanyFactory()
    with pytest.raises(IntegrityError):
        _decision(company, **{name: category["Customer"] if value is TARGET else value for name, value in values.items()})


def test_a8_the_database_holds_no_decider_without_a_time(salesperson):
    company = CompanyFactory()
    with pytest.raises(IntegrityError):
        _decision(company, outcome="waiting", skip_reason="", decided_by=salesperson)


def test_q4_the_database_holds_one_waiting_suggestion_for_each_company():
    first, second = CompanyFactory.create_batch(2)
    for company in (first, second):
        _decision(company, outcome="waiting", skip_reason="")
    with pytest.raises(IntegrityError):
        _decision(first, outcome="waiting", skip_reason="")


def test_a10_the_database_holds_each_number_once_for_each_company(category):
    first, second = CompanyFactory.create_batch(2)
    applied = {"outcome": "changed", "skip_reason": "", "decided_at": NOW, "to_category": category["Customer"], "applied_version": 2}
    for company in (first, second):
        _decision(company, **applied)
    with pytest.raises(IntegrityError):
        _decision(first, **applied)


@pytest.mark.parametrize("name", ["undoes", "retries"])
def test_a7_a9_the_database_holds_one_undoing_and_one_retry_of_each_decision(name):
    company = CompanyFactory()
    old = _decision(company, decided_at=NOW)
    _decision(company, decided_at=NOW, **{name: old})
    with pytest.raises(IntegrityError):
        _decision(company, decided_at=NOW, **{name: old})


INCOMPLETE = {
    "on without a category": {"trigger": "sale_won", "target_category": None, "is_enabled": True},
    "rule 4 on without a lead status": {"trigger": "lead_status_set", "is_enabled": True},
    "on although it was removed": {"trigger": "sale_won", "is_enabled": True, "archived": True},
    "a lead status for another rule": {"trigger": "sale_won", "lead_status": True},
}


@pytest.mark.parametrize("values", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_a1_the_database_holds_no_rule_that_is_on_and_incomplete(category, status, values):
    values = {"target_category": category["Customer"], **values}
    if values.pop("archived", False):
        values["archived_at"] = NOW
    if values.get("lead_status"):
        values["lead_status"] = status["Qualified"]
    with pytest.raises(IntegrityError):
        plain(AutomationRule).create(**values)


@pytest.mark.parametrize("name", [None, "Qualified"])
def test_a1_the_database_holds_one_rule_for_each_trigger_and_lead_status(category, status, name):
    values = {"trigger": "lead_status_set", "lead_status": status[name]} if name else {"trigger": "sale_won"}
    plain(AutomationRule).create(archived_at=NOW, **values)
    plain(AutomationRule).create(**values)
    with pytest.raises(IntegrityError):
        plain(AutomationRule).create(**values)


@pytest.mark.parametrize("values", [{"trigger": "sale_won"}, {"trigger": "lead_status_set"}])
def test_w1_a_rule_that_is_off_may_be_incomplete(values):
    assert plain(AutomationRule).create(**values).pk


def test_the_database_holds_one_row_of_workflow_settings_and_one_batch_for_each_token():
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkflowSettings.objects.create(pk=2)
    token = uuid.uuid4()
    Batch.objects.create(token=token, kind="import")
    with pytest.raises(IntegrityError):
        Batch.objects.create(token=token, kind="import")


# -------------------------------------------------------- created, by hand
@pytest.mark.parametrize("how", CREATIONS)
def test_a8_a_new_company_has_a_decision_that_says_so(category, how, salesperson):
    with acting_as(salesperson):
        company = create(how, Company, name="Fjordbo A/S", category=category["Opportunity"])
    decision = CategoryDecision.objects.get()
    assert (decision.company, decision.trigger, decision.outcome, decision.rule) == (company, "created", "changed", None)
    assert (decision.from_category, decision.to_category, decision.applied_version) == (None, category["Opportunity"], 1)
    assert (decision.caused_by, decision.decided_by, decision.decided_at is None) == (salesperson, salesperson, False)


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize(("first", "second"), [(first, second) for first in ("Lead", "Customer") for second in NAMES if first != second])
def test_c7_a_category_changed_by_hand_is_always_allowed_and_recorded(category, how, first, second, salesperson):
    company = CompanyFactory(category=category[first])
    with acting_as(salesperson):
        change(how, company, category=category[second])
    decision = CategoryDecision.objects.latest("pk")
    assert (decision.trigger, decision.outcome, decision.applied_version) == ("manual", "changed", 2)
    assert (decision.from_category, decision.to_category) == (category[first], category[second])
    assert (decision.caused_by, decision.decided_by) == (salesperson, salesperson)


@pytest.mark.parametrize("how", CHANGES)
def test_a8_a_save_that_leaves_the_category_as_it_is_has_no_decision(category, how):
    company = CompanyFactory()
    change(how, company, category=category["Lead"], name="Fjordbo A/S")
    assert (numbers(company), Company.objects.get().category_version) == ([1], 1)


# ---------------------------------------------------------------- numbering
def _history(company):
    decisions = company.decisions.exclude(applied_version=None).order_by("applied_version")
    return [(row.applied_version, row.from_category_id, row.to_category_id) for row in decisions]


@pytest.mark.parametrize("how", CHANGES)
def test_a10_the_changes_of_each_company_of_a_batch_are_numbered_without_gaps(category, how):
    companies = CompanyFactory.create_batch(3)
    change("save", companies[1], category=category["Partner"])
    change(how, *companies, category=category["Opportunity"])
    change(how, companies[0], companies[1], category=category["Customer"])
    assert [numbers(company) for company in companies] == [[1, 2, 3], [1, 2, 3, 4], [1, 2]]
    assert list(Company.objects.order_by("pk").values_list("category_version", flat=True)) == [3, 4, 2]


def test_a10_the_history_of_a_company_is_a_chain_whichever_way_it_was_moved(category):
    company = CompanyFactory()
    rule("sale_won", category["Opportunity"])
    change("save", company, category=category["Marketing qualified lead"])
    SaleFactory(company=company, status="won")
    for how, name in zip(CHANGES, ["Customer", "Lead", "Partner", "Lost opportunity"], strict=True):
        change(how, company, category=category[name])
    SaleFactory(company=company, status="won")
    history = _history(company)
    assert [number for number, _from, _to in history] == list(range(1, 9))
    assert [before for _number, before, _to in history[1:]] == [to for _number, _from, to in history[:-1]]
    assert Company.objects.get().category_version == 8


@pytest.mark.parametrize("expression", ["case", "subquery", "value", "f"])
@pytest.mark.parametrize("how", ["update", "bulk_update", "save"])
def test_a10_a_category_set_by_an_expression_is_numbered_and_recorded(category, how, expression):
    """`f` is the value that is there already: no change."""
    company, other = CompanyFactory.create_batch(2)
    target = category["Customer"].pk
    value = {
        "case": Case(When(Q(pk=company.pk), then=Value(target)), default=Value(category["Partner"].pk)),
        "subquery": Subquery(CompanyCategory.objects.filter(name="Customer").values("pk")[:1]),
        "value": Value(target),
        "f": F("category_id"),
    }[expression]
    if how == "update":
        Company.objects.filter(pk=company.pk).update(category=value)
    else:
        change(how, company, category_id=value)
    moved = expression != "f"
    assert where(company) == ("Customer" if moved else "Lead")
    assert _history(company)[1:] == ([(2, category["Lead"].pk, target)] if moved else [])
    assert Company.objects.get(pk=company.pk).category_version == (2 if moved else 1)
    assert numbers(other) == [1]


def test_a10_a_case_moves_each_company_of_a_batch_where_it_belongs(category):
    companies = [CompanyFactory(name=name) for name in "abc"]
    Company.objects.update(
        category=Case(
            When(name="a", then=Value(category["Customer"].pk)), When(name="b", then=Value(category["Partner"].pk)), default=Value(category["Lead"].pk)
        )
    )
    assert [(where(company), numbers(company)) for company in companies] == [("Customer", [1, 2]), ("Partner", [1, 2]), ("Lead", [1])]


@pytest.mark.parametrize("how", CREATIONS)
def test_a10_a_new_company_begins_with_number_one_whatever_it_was_given(how):
    company = create(how, Company, name="Fjordbo A/S", category_version=7)
    assert Company.objects.get(pk=company.pk).category_version == 1
    assert numbers(company) == [1]


def test_a10_a_copy_of_a_company_begins_with_number_one(category):
    company = Company.objects.get(pk=CompanyFactory().pk)
    change("save", company, category=category["Customer"])
    company.refresh_from_db()
    company.pk = None
    company.save()
    assert (company.category_version, numbers(company)) == (1, [1])


def test_a10_a_stale_company_is_numbered_from_where_the_database_is(category):
    company = CompanyFactory()
    stale = Company.objects.get(pk=company.pk)
    change("update", company, category=category["Opportunity"])
    stale.category = category["Customer"]
    stale.save()
    assert (numbers(company), stale.category_version) == ([1, 2, 3], 3)
    assert _history(company)[-1] == (3, category["Opportunity"].pk, category["Customer"].pk)


def test_a10_the_companies_of_a_category_moved_through_it_are_recorded(category):
    companies = CompanyFactory.create_batch(2)
    category["Lead"].companies.update(category=category["Partner"])
    assert [numbers(company) for company in companies] == [[1, 2], [1, 2]]


def test_a10_moving_a_company_where_it_is_changes_nothing(category):
    company = CompanyFactory()
    assert move_companies({company.pk: category["Lead"].pk}, origin="manual") == []
    assert numbers(company) == [1]


# ---------------------------------------------------------------------- A6
@pytest.mark.parametrize("ask", [False, True])
def test_a6_the_change_and_its_record_are_rolled_back_with_what_caused_them(category, ask):
    rule("sale_won", category["Customer"], ask=ask)
    sale = SaleFactory()
    for how in CHANGES:
        roll_back(lambda how=how: change(how, sale, status="won"))
    assert (where(sale.company), by_rules(), numbers(sale.company)) == ("Lead", [], [1])
    assert SaleTransition.objects.count() == 1
    change("save", sale, status="won")
    assert by_rules() == [("sale_won", "waiting" if ask else "changed", "")]


@pytest.mark.parametrize("how", CHANGES)
def test_a6_a_change_by_hand_and_its_record_are_rolled_back_together(category, how):
    company = CompanyFactory()
    roll_back(lambda: change(how, company, category=category["Customer"]))
    assert (where(company), numbers(company)) == ("Lead", [1])
    change(how, company, category=category["Partner"])
    assert numbers(company) == [1, 2]


def test_a6_a_batch_that_fails_half_way_leaves_nothing(category):
    rule("sale_won", category["Customer"])
    company = CompanyFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Sale.objects.bulk_create([Sale(title="a", company=company, status="won"), Sale(title="b", company_id=company.pk, status="won", amount=-1)])
    assert (where(company), by_rules(), Sale.objects.count()) == ("Lead", [], 0)
