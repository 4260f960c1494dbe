"""A6: what two people do at the same moment has one correct outcome. Real threads, each with its own connection."""

from __future__ import annotations

import pytest

from crm.models import Company, Contact, Sale
from crm.signals import sales_changed
from leads.models import Lead
from tests.conftest import on_postgresql
from tests.crm.writes import change, listening
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, numbers, where
from tests.workflow.threads import at_once, meanwhile, somebody_waits
from workflow import suggestions
from workflow.models import AutomationRule, CategoryDecision

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql, pytest.mark.usefixtures("true_ledger")]


def _win(sale):
    mine = Sale.objects.get(pk=sale.pk)
    mine.status = Sale.Status.WON
    mine.save()


# ----------------------------------------------------- two sales of one company
def test_a6_two_people_who_close_two_sales_of_one_company_change_it_once(category):
    rule("sale_won", category["Customer"])
    company = CompanyFactory()
    first, second = SaleFactory.create_batch(2, company=company)
    with meanwhile(lambda: _win(second)):
        _win(first)
    assert by_rules(company) == [("sale_won", "changed", ""), ("sale_won", "skipped", "not_potential")]
    assert (where(company), numbers(company), Company.objects.get().category_version) == ("Customer", [1, 2], 2)
    assert set(Sale.objects.values_list("status", flat=True)) == {"won"}


def test_a6_the_second_of_two_acts_when_the_first_is_rolled_back(category):
    rule("sale_won", category["Customer"])
    company = CompanyFactory()
    first, second = SaleFactory.create_batch(2, company=company)
    with meanwhile(lambda: _win(second), roll_back=True):
        _win(first)
    assert by_rules(company) == [("sale_won", "changed", "")]
    assert CategoryDecision.objects.get(outcome="changed", sale__isnull=False).sale == second
    assert numbers(company) == [1, 2]


def test_a6_two_rules_of_two_people_are_both_right_about_where_the_company_was(category):
    rule("sale_won", category["Opportunity"])
    rule("sale_lost", category["Other"])
    company = CompanyFactory()
    first, second = SaleFactory.create_batch(2, company=company)
    with meanwhile(lambda: change("save", second, status="lost")):
        _win(first)
    moves = list(company.decisions.order_by("applied_version").values_list("from_category__name", "to_category__name"))
    assert moves == [(None, "Lead"), ("Lead", "Opportunity"), ("Opportunity", "Other")]
    assert (where(company), numbers(company)) == ("Other", [1, 2, 3])


def test_q4_two_questions_at_once_leave_one_waiting(category):
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory()
    first, second = SaleFactory.create_batch(2, company=company)
    with meanwhile(lambda: _win(second)):
        _win(first)
    assert by_rules(company) == [("sale_won", "replaced", ""), ("sale_won", "waiting", "")]
    assert CategoryDecision.objects.waiting().get().sale == second


def test_q4_two_sales_that_change_places_between_two_companies_take_their_questions_along(category, monkeypatch):
    """A deadlock: the new company was locked for the rule, the old one only afterwards, for the question that ends there."""
    rule("sale_won", category["Customer"], ask=True)
    first, second = SaleFactory.create_batch(2, status="won")
    places, retire, met = (first.company, second.company), suggestions.retire_for_sales, []

    def retire_when_both_are_here(sale_ids):
        met.append(sale_ids)
        somebody_waits(lambda: len(met) == 2)
        retire(sale_ids)

    monkeypatch.setattr(suggestions, "retire_for_sales", retire_when_both_are_here)
    at_once(lambda: change("save", first, company=places[1]), lambda: change("save", second, company=places[0]))
    assert set(CategoryDecision.objects.waiting().values_list("sale", "company")) == {(first.pk, places[1].pk), (second.pk, places[0].pk)}


def test_a6_many_people_at_once_change_the_company_once(category):
    rule("sale_won", category["Customer"])
    company = CompanyFactory()
    sales = SaleFactory.create_batch(6, company=company)
    at_once(*[lambda sale=sale: _win(sale) for sale in sales])
    assert sorted(outcome for _trigger, outcome, _reason in by_rules(company)) == ["changed", *["skipped"] * 5]
    assert (where(company), numbers(company)) == ("Customer", [1, 2])


# ------------------------------------------------------------------- one sale
def test_a3_a_sale_that_two_people_win_at_once_is_won_once(category):
    rule("sale_won", category["Opportunity"])
    sale = SaleFactory()
    with listening(sales_changed) as heard, meanwhile(lambda: _win(sale)):
        _win(sale)
    assert [[(change.old_status, change.new_status) for change in changes] for changes in heard] == [[("open", "won")]]
    assert (by_rules(), numbers(sale.company)) == ([("sale_won", "changed", "")], [1, 2])


def test_an_update_that_had_to_wait_asks_again_which_rows_it_means():
    sale = SaleFactory()
    counts = []
    with meanwhile(lambda: counts.append(Sale.objects.filter(status="open").update(status="lost"))):
        _win(sale)
    assert (counts, Sale.objects.get().status) == ([0], "won")


def test_an_update_through_a_join_that_had_to_wait_asks_again_which_rows_it_means(category):
    sale = SaleFactory()
    counts = []

    def lose():
        query = Sale.objects.filter(status="open", company__contacts=None, company__category__group="potential_customer").distinct()
        counts.append(query.update(status="lost"))

    with meanwhile(lose):
        _win(sale)
    assert (counts, Sale.objects.get().status) == ([0], "won")


# -------------------------------------------------------------------- by hand
def test_a10_two_people_who_move_a_company_by_hand_at_once_both_have_their_number(category):
    company = CompanyFactory()
    with meanwhile(lambda: change("save", company, category=category["Partner"])):
        change("save", company, category=category["Opportunity"])
    moves = list(company.decisions.order_by("applied_version").values_list("applied_version", "from_category__name", "to_category__name"))
    assert moves == [(1, None, "Lead"), (2, "Lead", "Opportunity"), (3, "Opportunity", "Partner")]


@pytest.mark.parametrize("how", ["save", "update", "bulk_update"])
def test_a2_a_rule_judges_by_the_category_that_a_colleague_has_just_set(category, how):
    rule("sale_won", category["Opportunity"])
    sale = SaleFactory()
    with meanwhile(lambda: _win(sale)):
        change(how, sale.company, category=category["Partner"])
    assert (where(sale.company), by_rules()) == ("Partner", [("sale_won", "skipped", "not_potential")])


def test_a1_a_rule_that_is_switched_off_whilesomebody_waits_does_not_act(category):
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    with meanwhile(lambda: _win(sale)):
        change("save", sale.company, category=category["Opportunity"])
        AutomationRule.objects.update(is_enabled=False)
    assert (where(sale.company), by_rules()) == ("Opportunity", [])


# -------------------------------------------------------------------- batches
def test_a5_a_batch_and_single_saves_at_once_move_each_company_once(category):
    rule("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(8)
    sales = [SaleFactory(company=company) for company in companies for _ in range(3)]
    single = sales[::3]

    def in_batch():
        Sale.objects.exclude(pk__in=[sale.pk for sale in single]).update(status="won")

    at_once(in_batch, lambda: [_win(sale) for sale in single], lambda: [_win(sale) for sale in reversed(single)])
    assert {where(company) for company in companies} == {"Customer"}
    assert [numbers(company) for company in companies] == [[1, 2]] * 8
    assert CategoryDecision.objects.exclude(rule=None).count() == len(sales)
    assert CategoryDecision.objects.filter(outcome="skipped").count() == len(sales) - 8


@pytest.mark.parametrize("ask", [False, True])
def test_a5_two_batches_at_once_in_opposite_order_move_each_company_once(category, ask):
    rule("sale_won", category["Customer"], ask=ask)
    companies = CompanyFactory.create_batch(20)
    first = [SaleFactory(company=company) for company in companies]
    second = [SaleFactory(company=company) for company in reversed(companies)]
    at_once(*[lambda sales=sales: Sale.objects.filter(pk__in=[sale.pk for sale in sales]).order_by("-pk").update(status="won") for sales in (first, second)])
    assert [numbers(company) for company in companies] == [[1] if ask else [1, 2]] * 20
    assert CategoryDecision.objects.waiting().count() == (20 if ask else 0)
    assert CategoryDecision.objects.exclude(rule=None).count() == 40


def test_a5_two_imports_at_once_create_sales_for_the_same_companies(category):
    rule("sale_registered", category["Opportunity"])
    companies = CompanyFactory.create_batch(20)

    def create(these):
        Sale.objects.bulk_create(Sale(title="x", company=company) for company in these)

    at_once(lambda: create(companies), lambda: create(companies[::-1]))
    assert [numbers(company) for company in companies] == [[1, 2]] * 20
    assert sorted(set(by_rules())) == [("sale_registered", "changed", ""), ("sale_registered", "skipped", "already_there")]


# ----------------------------------------------------------------- lead status
def test_a6_two_lead_statuses_set_at_once_change_the_company_once(category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    company = CompanyFactory()
    first, second = ContactFactory.create_batch(2, company=company)
    with meanwhile(lambda: change("save", second.lead, status=status["Qualified"])):
        change("save", first.lead, status=status["Qualified"])
    assert by_rules(company) == [("lead_status_set", "changed", ""), ("lead_status_set", "skipped", "not_potential")]
    assert numbers(company) == [1, 2]


@pytest.mark.parametrize("how", ["save", "update", "bulk_update"])
def test_a10_a_contact_that_moves_while_its_status_is_being_set_moves_no_company_only_on_paper(category, status, how):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact, elsewhere = ContactFactory(), CompanyFactory()
    before = contact.company
    with meanwhile(lambda: change(how, contact.lead, status=status["Qualified"]), then=lambda: change("save", contact, company=elsewhere)):
        change("save", before, category=category["Opportunity"])
    for company in Company.objects.filter(pk__in=[before.pk, elsewhere.pk]):
        history = list(company.decisions.exclude(applied_version=None).order_by("applied_version").values_list("applied_version", "to_category"))
        assert [number for number, _to in history] == list(range(1, company.category_version + 1))
        assert history[-1] == (company.category_version, company.category_id)
    assert len(by_rules()) == 1


def test_l3_a_contact_created_while_its_company_enters_such_a_category_gets_the_default(category, status):
    company = CompanyFactory(category=category["Customer"])
    with meanwhile(lambda: Contact.objects.create(company_id=company.pk, first_name="Anne"), must_wait=False):
        change("save", company, category=category["Lead"])
    assert Lead.objects.get(contact__company=company).status == status["Open"]


def test_l3_a_company_that_leaves_while_a_contact_is_created_gives_it_at_most_the_default(category, status):
    company = CompanyFactory()
    with meanwhile(lambda: Contact.objects.create(company_id=company.pk, first_name="Anne"), must_wait=False):
        change("save", company, category=category["Customer"])
    assert where(company) == "Customer"
    assert set(Lead.objects.values_list("status", flat=True)) <= {status["Open"].pk}
