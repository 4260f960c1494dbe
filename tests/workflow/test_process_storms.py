"""A5, A6: many processes writing at once. Nobody meets an exception but the domain's own refusals, and afterwards all is true."""

from __future__ import annotations

import csv

import pytest

from crm.models import Company, CompanyCategory, Sale
from leads.models import LeadStatus
from tests.conftest import on_postgresql
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, numbers, where
from tests.workflow.processes import do, each, rounds
from tests.workflow.truth import assert_everything_is_true
from workflow.models import AutomationRule, CategoryDecision

pytestmark = pytest.mark.django_db(transaction=True)
SALE_RULES = ("sale_won", "sale_lost", "sale_registered")


# ------------------------------------------------------------- opposite orders
@pytest.mark.parametrize("ask", [False, True])
def test_a5_a_batch_and_single_saves_in_opposite_order_hold_up_nobody(people, category, ask):
    rule("sale_won", category["Customer"], ask=ask)
    companies = CompanyFactory.create_batch(30)
    batch, mine, theirs = [[SaleFactory(company=company) for company in companies] for _ in range(3)]
    before = people.deadlocks()
    people.at_once(
        do("update", sales=[sale.pk for sale in batch], status="won"),
        each(*[do("win", sale=sale) for sale in reversed(mine)]),
        each(*[do("win", sale=sale) for sale in theirs]),
    )
    assert people.deadlocks() == before
    assert_everything_is_true(always_on=("sale_won",))
    assert [numbers(company) for company in companies] == [[1] if ask else [1, 2]] * 30
    assert {len(by_rules(company)) for company in companies} == {3}


@pytest.mark.parametrize("ask", [False, True])
def test_a5_two_batches_of_the_same_sales_win_each_once(people, category, ask):
    rule("sale_won", category["Customer"], ask=ask)
    sales = [sale.pk for sale in SaleFactory.create_batch(40)]
    (first,), (second,) = (done.results for done in people.at_once(*[do("update", sales=pks, status="won") for pks in (sales, sales[::-1])]))
    assert first == second == 40  # an update counts the rows it means, as Django's does
    assert CategoryDecision.objects.exclude(rule=None).count() == 40
    assert_everything_is_true(always_on=("sale_won",))


@on_postgresql
def test_a5_two_people_whose_transactions_wait_for_each_other_both_get_there(people, category):
    """Each has won a sale of one company, and wants one of the other's: a deadlock. One of them begins again."""
    rule("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(2)
    (a, b), (c, d) = [SaleFactory.create_batch(2, company=company) for company in companies]
    mine, theirs = each(do("win", sale=a), do("win", sale=c), retry=True), each(do("win", sale=d), do("win", sale=b), retry=True)
    first, second = people(2)
    before = people.deadlocks()
    for person, task in ((first, mine), (second, theirs)):
        person.prepare(task, hold_after=1)
        person.go()
        person.hear("held")
    first.go()
    second.go()
    assert sorted(person.finish().tries for person in (first, second)) == [1, 2]
    assert people.deadlocks() > before  # or counting them would prove nothing
    assert [numbers(company) for company in companies] == [[1, 2], [1, 2]]
    assert_everything_is_true(always_on=("sale_won",))


@on_postgresql
def test_a5_two_batches_at_the_same_companies_lock_them_in_one_order(people, category):
    """Somebody holds a company in the middle, so that both batches stop half-way with what they have locked."""
    rule("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(30)
    mine, theirs = [[SaleFactory(company=company).pk for company in order] for order in (companies, companies[::-1])]
    middle, first, second = people(3)
    before = people.deadlocks()
    middle.prepare(do("categorise", company=companies[15], category=category["Opportunity"]), hold_after=1)
    first.prepare(do("update", sales=mine, status="won"))
    second.prepare(do("update", sales=theirs, status="won"))
    middle.go()
    middle.hear("held")
    assert people.waits(first), "the two did not meet: this test shows nothing"
    assert people.waits(second), "the two did not meet: this test shows nothing"
    middle.go()
    for person in (middle, first, second):
        person.finish()
    assert people.deadlocks() == before
    assert_everything_is_true(always_on=("sale_won",))


def test_a5_transactions_with_several_sales_in_any_order_all_get_there(people, category):
    rule("sale_won", category["Opportunity"])
    rule("sale_lost", category["Customer"], ask=True)
    companies = CompanyFactory.create_batch(4)
    for number in rounds(6):
        orders = (companies, companies[::-1], [*companies[2:], *companies[:2]])
        works = [
            each(*[do("close", sale=SaleFactory(company=company), status="lost" if number % 2 else "won") for company in order], retry=True) for order in orders
        ]
        people.at_once(*works)
    assert not Sale.objects.filter(status="open").exists()
    assert_everything_is_true(always_on=("sale_won", "sale_lost"))


def test_a5_sales_created_at_the_same_companies_at_once_register_each_company_once(people, category):
    rule("sale_registered", category["Opportunity"])
    companies = [company.pk for company in CompanyFactory.create_batch(25)]
    before = people.deadlocks()
    people.at_once(*[do("create", companies=order) for order in (companies, companies[::-1], companies)])
    assert people.deadlocks() == before
    assert_everything_is_true(always_on=("sale_registered",))
    assert {tuple(sorted(outcome for _trigger, outcome, _reason in by_rules(company))) for company in Company.objects.all()} == {
        ("changed", "skipped", "skipped")
    }


# -------------------------------------------------------------------- the storm
def _storm(people, administrator, *, seed, times, always_on=("sale_won", "lead_status_set"), close=False):
    """Four people who do everything at once, and switch all rules on and off but `always_on`, of which something is expected."""
    contacts = ContactFactory.create_batch(6)
    companies = [contact.company_id for contact in contacts]
    sales = [SaleFactory(company=contact.company).pk for contact in contacts for _ in range(2)]
    world = {
        "companies": companies,
        "sales": sales,
        "contacts": [contact.pk for contact in contacts],
        "categories": [item.pk for item in CompanyCategory.objects.filter(name__in=["Lead", "Marketing qualified lead", "Opportunity", "Customer"])],
        "statuses": [item.pk for item in LeadStatus.objects.filter(name__in=["Open", "Qualified", "Contacting"])],
        "rules": list(AutomationRule.objects.exclude(trigger__in=always_on).values_list("pk", flat=True)),
    }
    tasks = [do("storm", seed=seed + number, times=times, **world).with_options(by=administrator.pk, close=close) for number in range(4)]
    return [done.result for done in people.at_once(*tasks)]


@pytest.mark.parametrize("seed", [1, 100])
@pytest.mark.parametrize("ask", [False, True])
def test_a6_whatever_people_do_at_once_nobody_meets_an_error_and_the_ledger_is_true(people, category, status, administrator, ask, seed):
    for trigger, target in zip(SALE_RULES, ("Customer", "Lost opportunity", "Opportunity"), strict=True):
        rule(trigger, category[target], ask=ask)
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"], ask=not ask)
    done = _storm(people, administrator, seed=seed, times=60)
    assert_everything_is_true(always_on=("sale_won",))
    assert sum(found.get("done", 0) for found in done) > 100  # not everything was refused
    outcomes = set(CategoryDecision.objects.exclude(rule=None).values_list("outcome", flat=True))
    assert outcomes >= {"changed", "skipped", *(["accepted", "replaced", "obsolete"] if ask else [])}


# ------------------------------------------------------- one writer at a time
def test_people_whose_connections_come_and_go_never_meet_a_locked_database(people, category):
    """As requests do: each opens the database, and closes it; the last one to close tidies up."""
    rule("sale_won", category["Customer"])
    mine = [SaleFactory.create_batch(40) for _ in range(4)]
    people.at_once(*[each(*[do("win", sale=sale) for sale in sales], close=True) for sales in mine])
    assert set(Company.objects.values_list("category__name", flat=True)) == {"Customer"}
    assert_everything_is_true(always_on=("sale_won",))


def _file(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["title", "company", "status"], *rows])
    return str(path)


def test_people_go_on_saving_while_a_long_import_runs(people, category, tmp_path):
    rule("sale_won", category["Customer"])
    rule("sale_registered", category["Opportunity"])
    companies = CompanyFactory.create_batch(300)
    path = _file(tmp_path / "sales.csv", [[f"Sale {number}", companies[number % 300].name, "won" if number % 7 else "open"] for number in range(3000)])
    mine = [[SaleFactory(company=company) for company in companies[start : start + 40]] for start in (0, 260)]
    people.at_once(do("import_sales", path=path), *[each(*[do("win", sale=sale) for sale in reversed(sales)]) for sales in mine])
    assert Sale.objects.filter(external_source="sales").count() == 3000
    assert {where(company) for company in companies} == {"Customer"}
    assert_everything_is_true(always_on=("sale_won", "sale_registered"))


@on_postgresql
def test_a6_renaming_and_regrouping_a_category_while_a_sale_is_won_there_costs_nobody_their_save(people, category):
    """A new name is a new key, for which whoever refers to the category waits at commit; the group ends the questions there."""
    rule("sale_won", category["Customer"], ask=True)
    first, second = SaleFactory.create_batch(2, company=CompanyFactory())
    first.win()
    people.meet(do("win", sale=second), do("edit_category", category=category["Lead"], name="Cold", group_id="lost"))
    assert where(first.company) == "Cold"
