"""What rules do: A1 to A5, whichever way the cause is written."""

from __future__ import annotations

import pytest

from crm.models import Company, CompanyCategory, Sale
from leads.models import Lead
from tests.crm.writes import CHANGES, CREATIONS, change, create
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, keep, latest, place, where
from workflow.models import AutomationRule, CategoryDecision, Trigger

pytestmark = pytest.mark.django_db
CATEGORIES = ["Marketing qualified lead", "Opportunity", "Lost opportunity", "Customer", "Partner", "Former customer", "Other"]
SALE_TRIGGERS = {"sale_won": "won", "sale_lost": "lost"}
MOVED = [("changed", "")]


def _without_status(category):
    """A contact that has no lead status although the company's category uses it."""
    contact = ContactFactory(company=CompanyFactory(category=category["Customer"]))
    place(contact.company, category["Lead"])
    return contact


# ---------------------------------------------------------------------- A1
@pytest.mark.parametrize("target", CATEGORIES)
@pytest.mark.parametrize("trigger", [*SALE_TRIGGERS, "sale_registered", "lead_status_set"])
def test_a1_a_rule_that_is_on_moves_the_company_to_any_category(category, status, trigger, target):
    named = {"lead_status": status["Qualified"]} if trigger == "lead_status_set" else {}
    rule(trigger, category[target], **named)
    contact = ContactFactory()
    if named:
        change("save", contact.lead, status=status["Qualified"])
    else:
        SaleFactory(company=contact.company, status=SALE_TRIGGERS.get(trigger, "open"))
    assert where(contact.company) == target
    assert by_rules() == [(trigger, "changed", "")]


@pytest.mark.parametrize("trigger", Trigger.values)
def test_a1_a_rule_that_is_off_does_nothing_and_leaves_no_decision(category, status, trigger):
    named = {"lead_status": status["Qualified"]} if trigger == "lead_status_set" else {}
    rule(trigger, category["Customer"], **named)
    AutomationRule.objects.update(is_enabled=False)
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    for closed in ("won", "lost"):
        SaleFactory(company=contact.company, status=closed)
    assert (where(contact.company), by_rules()) == ("Lead", [])


@pytest.mark.parametrize("trigger", [*SALE_TRIGGERS, "sale_registered", "lead_status_set"])
def test_a1_a_rule_that_asks_leaves_the_company_where_it_is(category, status, trigger):
    named = {"lead_status": status["Qualified"]} if trigger == "lead_status_set" else {}
    rule(trigger, category["Customer"], ask=True, **named)
    contact = ContactFactory()
    if named:
        change("save", contact.lead, status=status["Qualified"])
    else:
        SaleFactory(company=contact.company, status=SALE_TRIGGERS.get(trigger, "open"))
    assert (where(contact.company), by_rules()) == ("Lead", [(trigger, "waiting", "")])


@pytest.mark.parametrize(
    ("name", "expected", "outcome"),
    [("Contacting", "Opportunity", "changed"), ("Qualified", "Lead", "waiting"), ("Re-nurture", "Other", "changed"), ("Disqualified", "Lead", None)],
)
def test_a1_rule_4_has_a_target_and_a_choice_of_asking_for_each_lead_status(category, status, name, expected, outcome):
    rule("lead_status_set", category["Opportunity"], lead_status=status["Contacting"])
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    rule("lead_status_set", category["Other"], lead_status=status["Re-nurture"])
    contact = ContactFactory()
    change("save", contact.lead, status=status[name])
    assert where(contact.company) == expected
    assert by_rules() == ([("lead_status_set", outcome, "")] if outcome else [])


# ---------------------------------------------------------------------- A2
@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("name", ["Customer", "Partner", "Former customer", "Other"])
@pytest.mark.parametrize("closed", ["won", "lost", "open"])
def test_a2_a_customer_is_never_turned_back_into_a_lead(category, closed, name, ask):
    for trigger in (*SALE_TRIGGERS, "sale_registered"):
        rule(trigger, category["Lead"], ask=ask)
    company = CompanyFactory(category=category[name])
    SaleFactory(company=company, status=closed)
    assert where(company) == name
    assert {(outcome, reason) for _trigger, outcome, reason in by_rules()} == {("skipped", "not_potential")}


def test_a2_a_company_without_lead_status_but_potential_is_moved_by_sales_and_not_by_rule_4(category, status):
    rule("sale_won", category["Customer"])
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"])
    contact = ContactFactory()
    change("save", contact.company, category=category["Lost opportunity"])
    change("save", contact.lead, status=status["Qualified"])
    assert where(contact.company) == "Lost opportunity"
    SaleFactory(company=contact.company, status="won")
    assert where(contact.company) == "Customer"
    assert by_rules() == [("lead_status_set", "skipped", "lead_status_off"), ("sale_won", "changed", "")]


def test_a2_c1_what_counts_is_the_group_and_not_the_name(category):
    rule("sale_won", category["Partner"])
    named_customer, named_lead = category["Lead"], category["Customer"]
    CompanyCategory.objects.filter(pk=named_lead.pk).update(name="A customer")
    CompanyCategory.objects.filter(pk=named_customer.pk).update(name="Customer")
    CompanyCategory.objects.filter(pk=named_lead.pk).update(name="Lead")
    potential, customer = CompanyFactory(category=named_customer), CompanyFactory(category=named_lead)
    for company in (potential, customer):
        SaleFactory(company=company, status="won")
    assert (where(potential), where(customer)) == ("Partner", "Lead")


def test_a2_a_category_that_has_left_the_group_is_judged_by_where_it_is_now(category):
    rule("sale_won", category["Partner"])
    company = CompanyFactory(category=category["Lost opportunity"])
    item = category["Lost opportunity"]
    item.group_id = "lost"
    item.save()
    SaleFactory(company=company, status="won")
    assert (where(company), by_rules()) == ("Lost opportunity", [("sale_won", "skipped", "not_potential")])


# ---------------------------------------------------------------------- A3
@pytest.mark.parametrize("how", CHANGES)
def test_a3_saving_a_won_sale_again_does_nothing(category, how):
    sale = SaleFactory(status="won")
    rule("sale_won", category["Customer"])
    change(how, sale, status="won", title="Solar roof, both halls")
    assert (where(sale.company), by_rules()) == ("Lead", [])


@pytest.mark.parametrize("how", CREATIONS)
@pytest.mark.parametrize("closed", ["won", "lost"])
def test_a3_a_sale_created_as_closed_is_both_closed_and_registered(category, how, closed):
    rule(f"sale_{closed}", category["Customer"])
    rule("sale_registered", category["Opportunity"])
    company = CompanyFactory()
    create(how, Sale, title="Solar roof", company=company, status=closed)
    assert where(company) == "Customer"
    assert by_rules() == [(f"sale_{closed}", "changed", ""), ("sale_registered", "skipped", "other_cause")]


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("first", [None, "another company"])
@pytest.mark.parametrize(("closed", "expected"), [("open", "Opportunity"), ("won", "Customer"), ("lost", "Other")])
def test_a3_a_sale_is_registered_and_closed_with_the_company_it_comes_to(category, how, first, closed, expected):
    sale = SaleFactory(status=closed, company=CompanyFactory() if first else None)
    rule("sale_registered", category["Opportunity"])
    rule("sale_won", category["Customer"])
    rule("sale_lost", category["Other"])
    company = CompanyFactory()
    change(how, sale, company=company)
    assert where(company) == expected
    if first:
        assert where(sale.company) == "Lead"


def test_a3_a_sale_without_a_company_moves_nobody(category):
    rule("sale_won", category["Customer"])
    rule("sale_registered", category["Customer"])
    SaleFactory(company=None, status="won")
    assert by_rules() == []


# ---------------------------------------------------------------------- A4
def test_a4_of_several_won_sales_the_lowest_number_acts(category):
    sales = SaleFactory.create_batch(3, company=CompanyFactory())
    rule("sale_won", category["Customer"])
    Sale.objects.order_by("-pk").update(status="won")
    assert list(CategoryDecision.objects.exclude(rule=None).order_by("sale").values_list("sale", "outcome", "skip_reason")) == [
        (sales[0].pk, "changed", ""),
        (sales[1].pk, "skipped", "other_cause"),
        (sales[2].pk, "skipped", "other_cause"),
    ]


@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("statuses", [("open", "lost", "won"), ("won", "lost", "open"), ("lost", "won", "open")])
def test_a4_won_comes_before_lost_before_registered_whatever_the_order_of_the_sales(category, statuses, ask):
    for trigger, target in (("sale_won", "Customer"), ("sale_lost", "Other"), ("sale_registered", "Opportunity")):
        rule(trigger, category[target], ask=ask)
    company = CompanyFactory()
    Sale.objects.bulk_create(Sale(title=status, company=company, status=status) for status in statuses)
    acted = latest(outcome="waiting" if ask else "changed")
    assert (acted.trigger, acted.suggested_category.name) == ("sale_won", "Customer")
    assert where(company) == ("Lead" if ask else "Customer")
    others = [(trigger, outcome, reason) for trigger, outcome, reason in by_rules() if outcome == "skipped"]
    assert sorted(others) == [("sale_lost", "skipped", "other_cause"), *[("sale_registered", "skipped", "other_cause")] * 3]


def test_a4_lost_comes_before_registered(category):
    rule("sale_registered", category["Opportunity"])
    rule("sale_lost", category["Other"])
    sale = SaleFactory(status="lost")
    assert where(sale.company) == "Other"


def test_a4_a_cause_that_is_skipped_does_not_stand_in_the_way_of_the_next(category):
    company = CompanyFactory()
    rule("sale_won", category["Customer"], ask=True)
    declined = SaleFactory(company=company, status="won")
    keep(latest())
    change("save", declined, status="open")
    fresh = SaleFactory(company=company)
    change("update", declined, fresh, status="won")
    assert latest(sale=fresh).outcome == "waiting"
    assert latest(sale=declined).skip_reason == "already_declined"


def test_a4_a_company_of_a_batch_does_not_stand_in_the_way_of_another(category):
    rule("sale_won", category["Customer"])
    customer = CompanyFactory(category=category["Partner"])
    companies = [customer, *CompanyFactory.create_batch(3)]
    Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
    assert [where(company) for company in companies] == ["Partner", "Customer", "Customer", "Customer"]


def test_a4_of_several_lead_statuses_set_at_once_the_lowest_contact_acts(category, status):
    company = CompanyFactory()
    contacts = ContactFactory.create_batch(3, company=company)
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    Lead.objects.order_by("-pk").update(status=status["Qualified"])
    assert list(CategoryDecision.objects.exclude(rule=None).order_by("contact").values_list("contact", "skip_reason")) == [
        (contacts[0].pk, ""),
        (contacts[1].pk, "other_cause"),
        (contacts[2].pk, "other_cause"),
    ]


def test_a4_the_effect_of_a_rule_never_triggers_another(category, status):
    rule("sale_won", category["Opportunity"])
    rule("lead_status_set", category["Customer"], lead_status=status["Open"])
    contact = ContactFactory(company=CompanyFactory(category=category["Lost opportunity"]))
    SaleFactory(company=contact.company, status="won")
    assert Lead.objects.get(contact=contact).status == status["Open"]
    assert (where(contact.company), by_rules()) == ("Opportunity", [("sale_won", "changed", "")])


def test_a4_two_saves_may_move_a_company_twice(category):
    rule("sale_registered", category["Opportunity"])
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    assert where(sale.company) == "Opportunity"
    change("save", sale, status="won")
    assert where(sale.company) == "Customer"


# ---------------------------------------------------------------------- A5
@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("trigger", SALE_TRIGGERS)
def test_a5_every_way_of_closing_a_sale_runs_the_same_rule(category, how, trigger):
    sale = SaleFactory()
    rule(trigger, category["Customer"])
    change(how, sale, status=SALE_TRIGGERS[trigger])
    assert (where(sale.company), by_rules()) == ("Customer", [(trigger, "changed", "")])


@pytest.mark.parametrize("how", CREATIONS)
def test_a5_every_way_of_creating_a_sale_registers_it(category, how):
    rule("sale_registered", category["Opportunity"])
    company = CompanyFactory()
    create(how, Sale, title="Solar roof", company=company)
    assert (where(company), by_rules()) == ("Opportunity", [("sale_registered", "changed", "")])


@pytest.mark.parametrize("how", CHANGES)
def test_a5_every_way_of_setting_a_lead_status_runs_rule_4(category, status, how):
    contact = ContactFactory()
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    change(how, contact.lead, status=status["Qualified"])
    change(how, contact.lead, status=status["Qualified"])
    assert (where(contact.company), by_rules()) == ("Customer", [("lead_status_set", "changed", "")])


@pytest.mark.parametrize("how", CREATIONS)
def test_a5_every_way_of_giving_a_first_lead_status_runs_rule_4(category, status, how):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = _without_status(category)
    create(how, Lead, contact=contact, status=status["Qualified"])
    assert (where(contact.company), by_rules()) == ("Customer", [("lead_status_set", "changed", "")])


def test_a5_an_update_through_a_company_runs_the_rules(category):
    company = CompanyFactory()
    SaleFactory.create_batch(2, company=company)
    rule("sale_won", category["Customer"])
    company.sales.update(status="won")
    assert where(company) == "Customer"
    assert Company.objects.get(pk=company.pk).category_version == 2
