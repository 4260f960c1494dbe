"""Meetings that once ended badly: each is the smallest reproduction of something two people did to each other (A6, A8, L3, Q4)."""

from __future__ import annotations

import csv

import pytest
from django.db import connection

from crm.models import Company, Sale
from leads.models import Lead
from tests.conftest import on_postgresql
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import latest, where
from tests.workflow.processes import do, each, rounds
from tests.workflow.truth import assert_everything_is_true
from workflow.again import retry
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db(transaction=True)


# ------------------------------------------------------------ 1: stale instances
@pytest.mark.parametrize("status", ["open", "stalled"])
def test_s2_a_stale_sale_that_a_colleague_has_won_can_be_given_another_status(status):
    """IntegrityError, sale_closed_has_date: the date it must lose equals what this instance remembers, so it is not written."""
    sale = SaleFactory(status="stalled" if status == "open" else "open")
    stale = Sale.objects.get(pk=sale.pk)
    Sale.objects.get(pk=sale.pk).win()
    stale.status = status
    stale.save()
    assert Sale.objects.get().closed_on is None


def test_s2_a_stale_sale_that_a_colleague_has_reopened_can_be_won():
    """IntegrityError, sale_closed_has_date: today's date equals what this instance remembers."""
    sale = SaleFactory(status="won")
    stale = Sale.objects.get(pk=sale.pk)
    Sale.objects.get(pk=sale.pk).reopen()
    stale.status = "lost"
    stale.save()
    assert Sale.objects.get().closed_on


# ---------------------------------------- 2: what a category means, meanwhile (Q4)
@on_postgresql
def test_q4_no_question_waits_when_its_category_leaves_the_group_while_it_is_asked(people, category):
    """The administrator's look for questions misses one that is not committed; the engine's look at the group is older."""
    rule("sale_won", category["Customer"], ask=True)
    people.meet(do("win", sale=SaleFactory()), do("edit_category", category=category["Lead"], group_id="lost"), must_wait=False)
    assert_everything_is_true()


# ------------------------------------------------- 3: default lead statuses (L3)
@on_postgresql
@pytest.mark.parametrize("contact_moves", [False, True], ids=["its company enters it", "the contact comes"])
def test_l3_a_contact_gets_the_default_where_its_category_is_being_given_lead_status(people, category, contact_moves):
    contact = ContactFactory(company=CompanyFactory(category=category["Customer"]))
    target = category["Lost opportunity"]
    if contact_moves:
        comes = do("move_contact", contact=contact, company=CompanyFactory(category=target))
    else:
        comes = do("categorise", company=contact.company, category=target)
    people.meet(comes, do("edit_category", category=target, lead_status_enabled=True), must_wait=False)
    assert Lead.objects.filter(contact=contact).exists()


@on_postgresql
def test_l3_a_contact_that_moves_while_its_old_company_enters_such_a_category_is_given_one_default(people, category):
    """IntegrityError, leads_lead_pkey, for whoever moved the company."""
    contact = ContactFactory(company=CompanyFactory(category=category["Customer"]))
    old = contact.company
    people.meet(do("move_contact", contact=contact, company=CompanyFactory()), do("categorise", company=old, category=category["Lead"]))
    assert Lead.objects.filter(contact=contact).exists()


@on_postgresql
def test_l3_a_company_that_moves_while_its_category_is_given_lead_status_gets_its_defaults_once(people, category):
    """IntegrityError, leads_lead_pkey, for whoever came second."""
    contact = ContactFactory(company=CompanyFactory(category=category["Lost opportunity"]))
    people.meet(
        do("edit_category", category=category["Lost opportunity"], lead_status_enabled=True),
        do("categorise", company=contact.company, category=category["Lead"]),
    )
    assert Lead.objects.filter(contact=contact).exists()


@on_postgresql
@pytest.mark.parametrize("ruled", [False, True])
def test_l3_a_first_lead_status_saved_while_the_company_enters_such_a_category_costs_nobody_their_save(people, category, status, ruled):
    """Without a rule an IntegrityError for whoever moved the company; with rule 4 a deadlock: lead, company; company, lead."""
    if ruled:
        rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory(company=CompanyFactory(category=category["Customer"]))
    for _ in rounds(10 if ruled else 1):
        plain(Lead).delete()
        plain(Company).update(category=category["Customer"])
        people.at_once(do("first_lead", contact=contact, status=status["Qualified"]), do("categorise", company=contact.company, category=category["Lead"]))
    assert Lead.objects.filter(contact=contact).exists()


# ----------------------------------------------------- 4: decisions without their company's lock
@on_postgresql
@pytest.mark.parametrize("attempt", range(5))  # whom the database chooses is chance; the engine begins again, `_retire()` does not
def test_q4_a_batch_that_asks_and_a_batch_that_ends_questions_do_not_wait_for_each_other(people, category, attempt):
    """Deadlock: the engine replaces questions in one order; `_retire()` ends them, without their companies' locks, in another.

    The third only makes both stop half-way, so that they meet.
    """
    rule("sale_won", category["Customer"], ask=True)
    companies = CompanyFactory.create_batch(200)
    old = Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in reversed(companies))
    new = Sale.objects.bulk_create(Sale(title="x", company=company) for company in companies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    middle, mine, theirs = people(3)
    middle.prepare(do("lock_decision", decision=latest(company=companies[100])), hold_after=1)
    mine.prepare(do("update", sales=[sale.pk for sale in old], status="open"))
    theirs.prepare(do("update", sales=[sale.pk for sale in new], status="won"))
    middle.go()
    middle.hear("held")
    for person in (theirs, mine):
        assert people.waits(person)
    middle.go()
    for person in (middle, mine, theirs):
        person.finish()


@on_postgresql
def test_a8_two_transactions_that_wait_for_each_other_leave_a_decision_for_each_sale(people, category, administrator):
    """As in test_process_storms.py, but nobody repeats the whole transaction: each sale is won, and what failed can be retried (A7)."""
    rule("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(2)
    (a, b), (c, d) = [SaleFactory.create_batch(2, company=company) for company in companies]
    first, second = people(2)
    for person, task in ((first, each(do("win", sale=a), do("win", sale=c))), (second, each(do("win", sale=d), do("win", sale=b)))):
        person.prepare(task, hold_after=1)
        person.go()
        person.hear("held")
    first.go()
    second.go()
    for person in (first, second):
        person.finish()
    assert CategoryDecision.objects.filter(trigger="sale_won").count() == 4
    for failed in CategoryDecision.objects.failed():
        retry(failed.pk, by=administrator)
    assert not CategoryDecision.objects.failed().exists()
    assert [where(company) for company in companies] == ["Customer", "Customer"]


@on_postgresql
def test_q3_who_is_asked_does_not_depend_on_when_the_rule_began_to_ask(people, category, salesperson):
    """Asked of nobody (the administrators): `may_ask` is from before the wait, and with it who is asked."""
    won, sale = rule("sale_won", category["Customer"]), SaleFactory()
    holder, seller, boss = people(3)
    holder.prepare(do("categorise", company=sale.company, category=category["Opportunity"]), hold_after=1)
    seller.prepare(do("win", sale=sale).with_options(by=salesperson.pk))
    boss.prepare(do("set_rule", rule=won, ask_user=True))
    holder.go()
    holder.hear("held")
    assert people.waits(seller)
    boss.go()
    boss.finish()
    holder.go()
    holder.finish()
    seller.finish()
    assert latest(sale=sale).asked_of == salesperson


@on_postgresql
@pytest.mark.parametrize("order", [1, -1])
def test_q5_nobody_is_asked_again_because_of_a_sale_that_is_being_reopened(people, category, administrator, order):
    """`ask_again()` locks the company and not the sale, so it sees the sale as it was; the reopening does not see the new question."""
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory()
    sale.win()
    question = latest(sale=sale)
    people.at_once(do("keep", decision=question, seen=1).with_options(by=administrator.pk))
    tasks = [do("ask_again", decision=question).with_options(by=administrator.pk), do("reopen", sale=sale)]
    people.meet(*tasks[::order], must_wait=False)
    assert_everything_is_true(always_on=("sale_won",))


@on_postgresql
@pytest.mark.parametrize("edit", [{"name": "Cold", "group_id": "lost"}, {"name": "Lost again", "lead_status_enabled": True}], ids=["group", "lead status"])
def test_a6_renaming_and_regrouping_a_category_while_a_company_enters_it_costs_nobody_their_save(people, category, edit):
    """Deadlock at commit: the category (renamed), then the table of companies; the company, then its foreign key's category."""
    target = category["Lost opportunity"]
    people.meet(do("categorise", company=CompanyFactory(), category=target), do("edit_category", category=target, **edit))


# ------------------------------------------------------------------ 5: imports
def _file(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["key", "title", "company", "status"], *rows])
    return str(path)


@on_postgresql
def test_two_imports_of_the_same_keys_in_opposite_order_both_get_to_the_end(people, tmp_path):
    """Deadlock on the key: "The database stopped it". Companies are locked in order, sales without a company are not."""
    rows = [[f"k{number}", f"Sale {number}", "", "open"] for number in range(1000)]
    files = [_file(tmp_path / f"{name}.csv", found) for name, found in (("up", rows), ("down", rows[::-1]))]
    people.at_once(*[do("import_sales", path=path, options=["--key", "key", "--source", "old"]) for path in files])
    assert Sale.objects.filter(external_source="old").count() == 1000
