"""Suggestions: who is asked (Q3), and when they stop making sense (Q4)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Sale, User
from leads.models import Lead
from tests.crm.writes import CHANGES, CREATIONS, change, create, plain, roll_back
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from tests.workflow.ledger import by_rules, latest, where
from workflow import inbox
from workflow.explain import explain
from workflow.models import AutomationRule, CategoryDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(category):
    """A sale was won, and whether the company should become a customer waits for an answer."""
    rule("sale_won", category["Customer"], ask=True)
    SaleFactory(status="won")
    return latest(outcome="waiting")


def _outcome(decision):
    decision.refresh_from_db()
    return decision.outcome


# ---------------------------------------------------------------------- Q3
def test_q3_the_person_who_caused_it_is_asked(category, salesperson, colleague):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(company=CompanyFactory(our_contact=colleague), status="won")
    assert latest().asked_of == salesperson
    assert (inbox.waiting_for(salesperson).count(), inbox.waiting_for(colleague).count()) == (1, 0)


def _may_not_edit():
    return UserFactory(groups=[])


def _deactivated():
    return UserFactory(is_active=False)


@pytest.mark.parametrize("actor", [_may_not_edit, _deactivated, lambda: None], ids=["may not edit", "deactivated", "the system"])
def test_q3_else_our_contact_is_asked(category, colleague, actor):
    rule("sale_won", category["Customer"], ask=True)
    user = actor()
    with acting_as(user):
        SaleFactory(company=CompanyFactory(our_contact=colleague), status="won")
    assert (latest().asked_of, latest().caused_by) == (colleague, user)


@pytest.mark.parametrize("responsible", [lambda: None, _deactivated], ids=["nobody", "deactivated"])
def test_q3_else_the_administrators_are_asked(category, administrator, salesperson, responsible):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(_may_not_edit()):
        SaleFactory(company=CompanyFactory(our_contact=responsible()), status="won")
    assert latest().asked_of is None
    assert list(inbox.waiting_for(administrator)) == [latest()]
    assert not inbox.waiting_for(salesperson).exists()


def test_q3_each_company_of_a_batch_asks_its_own_person(category, salesperson, colleague):
    rule("sale_won", category["Customer"], ask=True)
    companies = [CompanyFactory(our_contact=user) for user in (salesperson, colleague, None)]
    Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
    assert list(CategoryDecision.objects.waiting().order_by("company").values_list("asked_of", flat=True)) == [salesperson.pk, colleague.pk, None]


def test_q3_the_suggestion_of_somebody_who_leaves_goes_to_the_administrators(category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(status="won")
    assert not inbox.waiting_for(administrator).exists()
    User.objects.filter(pk=salesperson.pk).update(is_active=False)
    assert list(inbox.waiting_for(administrator)) == [latest()]


# ------------------------------------------------------------ Q4: replaced
@pytest.mark.parametrize("how", CREATIONS)
def test_q4_a_newer_suggestion_replaces_the_one_that_waits(asked, how):
    create(how, Sale, title="Another roof", company=asked.company, status="won")
    assert _outcome(asked) == "replaced"
    assert (asked.decided_by, asked.decided_at is None) == (None, False)
    assert CategoryDecision.objects.waiting().get(company=asked.company).sale.title == "Another roof"


def test_q4_a_newer_suggestion_of_another_rule_replaces_it_too(asked, category, status):
    contact = ContactFactory(company=asked.company)
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"], ask=True)
    change("save", contact.lead, status=status["Qualified"])
    assert _outcome(asked) == "replaced"
    assert CategoryDecision.objects.waiting().get().suggested_category == category["Partner"]


def test_q4_a_rule_that_asks_but_is_skipped_replaces_nothing(asked, category):
    rule("sale_lost", asked.from_category, ask=True)
    SaleFactory(company=asked.company, status="lost")
    assert by_rules()[-1] == ("sale_lost", "skipped", "already_there")
    assert _outcome(asked) == "waiting"


def test_q4_a_question_for_one_company_replaces_none_of_another(asked):
    SaleFactory(status="won")
    assert _outcome(asked) == "waiting"
    assert CategoryDecision.objects.waiting().count() == 2


def test_q4_a_silent_rule_replaces_nothing_although_another_of_its_kind_asks(asked, category, status):
    contact = ContactFactory(company=asked.company)
    rule("lead_status_set", category["Opportunity"], lead_status=status["Contacting"])
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"], ask=True)
    change("save", contact.lead, status=status["Contacting"])
    assert where(asked.company) == "Opportunity"
    assert _outcome(asked) == "waiting"


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
    assert _outcome(asked) == "waiting"


# ------------------------------------------------------------ Q4: obsolete
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "dialog"])
def test_q4_whoever_moves_a_category_is_told_beforehand_how_many_suggestions_become_obsolete(client, administrator, asked, headers):
    """The number is what happens; a form that was refused says it still."""
    client.force_login(administrator)
    url = f"/settings/lists/company-categories/{asked.from_category_id}/"
    told = "1 suggestion that waits for an answer becomes obsolete."
    response = client.get(url, headers=headers)
    assert told in response.content.decode()
    form = response.context["form"]
    moved = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)} | {"group": "partner"}
    assert told in client.post(url, {**moved, "name": ""}, headers=headers).content.decode()
    client.post(url, moved, headers=headers)
    assert _outcome(asked) == "obsolete"
    assert told not in client.get(url, headers=headers).content.decode()


def test_a2_whoever_edits_the_last_category_of_potential_customer_is_told_that_no_rule_could_run(client, administrator, category):
    client.force_login(administrator)
    url = f"/settings/lists/company-categories/{category['Lead'].pk}/"
    assert "category-ends" not in client.get(url).content.decode()  # nothing waits, and there are others
    CompanyCategory.objects.filter(group="potential_customer").exclude(pk=category["Lead"].pk).update(group="partner", lead_status_enabled=False)
    assert "No category belongs to Potential customer, so no rule can run." in client.get(url).content.decode()
    assert "category-ends" not in client.get(f"/settings/lists/company-categories/{category['Partner'].pk}/").content.decode()


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", ["Partner", "Former customer", "Other", "Customer"])
def test_q4_it_is_obsolete_when_the_company_leaves_the_group(asked, category, how, name):
    change(how, asked.company, category=category[name])
    assert _outcome(asked) == "obsolete"
    assert (asked.decided_by, asked.decided_at is None, asked.to_category) == (None, False, None)


@pytest.mark.parametrize("how", CHANGES)
def test_q4_it_is_obsolete_when_the_company_reaches_the_suggested_category_in_another_way(category, how):
    rule("sale_won", category["Opportunity"], ask=True)
    sale = SaleFactory(status="won")
    change(how, sale.company, category=category["Opportunity"])
    assert latest().outcome == "obsolete"


@pytest.mark.parametrize(("target", "expected"), [("Partner", "obsolete"), ("Customer", "obsolete"), ("Opportunity", "waiting")])
def test_q4_it_is_obsolete_when_a_rule_takes_the_company_out_of_the_group(asked, category, target, expected):
    rule("sale_lost", category[target])
    SaleFactory(company=asked.company, status="lost")
    assert where(asked.company) == target
    assert _outcome(asked) == expected


def test_q4_it_is_obsolete_when_the_category_itself_leaves_the_group(asked, category):
    item = category["Lead"]
    item.group_id, item.lead_status_enabled = "other", False
    item.save()
    assert _outcome(asked) == "obsolete"


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
    assert _outcome(asked) == "obsolete"
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
    assert _outcome(decision) == "obsolete"


def test_q4_a_sale_won_again_after_it_was_reopened_asks_again(asked):
    change("save", asked.sale, status="open")
    change("save", asked.sale, status="won")
    assert _outcome(asked) == "obsolete"
    assert CategoryDecision.objects.waiting().get().sale == asked.sale


def test_q4_a_sale_that_moves_asks_about_the_company_it_comes_to(asked):
    company = CompanyFactory()
    change("save", asked.sale, company=company)
    assert CategoryDecision.objects.waiting().get().company == company


@pytest.mark.parametrize("how", CHANGES)
def test_q4_a_sale_that_is_lost_after_all_asks_what_the_rule_for_lost_asks(asked, category, how):
    rule("sale_lost", category["Other"], ask=True)
    change(how, asked.sale, status="lost")
    assert _outcome(asked) in {"obsolete", "replaced"}
    assert CategoryDecision.objects.waiting().get().suggested_category == category["Other"]


def test_q4_what_ended_stays_ended_when_the_sale_comes_back(asked):
    change("save", asked.sale, archived_at=timezone.now())
    change("save", asked.sale, archived_at=None)
    assert _outcome(asked) == "obsolete"


# ------------------------------------------------------- Q4: and not otherwise
@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", ["Marketing qualified lead", "Opportunity", "Lost opportunity"])
def test_q4_any_other_change_of_category_leaves_it_waiting(asked, category, how, name):
    change(how, asked.company, category=category[name])
    assert _outcome(asked) == "waiting"
    assert asked.decided_at is None


@pytest.mark.parametrize("how", CHANGES)
def test_q4_a_change_of_the_sale_that_does_not_matter_leaves_it_waiting(asked, how, salesperson):
    change(how, asked.sale, title="Solar roof, both halls", amount=1, owner=salesperson, closed_on=timezone.localdate())
    change(how, asked.sale, status="won")
    assert _outcome(asked) == "waiting"


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
    assert _outcome(asked) == "waiting"


def test_q4_switching_the_rule_off_leaves_it_valid(asked):
    AutomationRule.objects.update(is_enabled=False)
    change("save", asked.company, name="Fjordbo A/S")
    assert _outcome(asked) == "waiting"


def test_q4_an_answered_question_never_becomes_obsolete(asked, category):
    plain(CategoryDecision).filter(pk=asked.pk).update(outcome="kept", decided_at=timezone.now())
    change("save", asked.sale, status="open")
    change("save", asked.company, category=category["Partner"])
    assert _outcome(asked) == "kept"


def test_q4_what_was_rolled_back_ends_nothing(asked, category):
    roll_back(lambda: Company.objects.update(category=category["Partner"]))
    roll_back(lambda: Sale.objects.update(status="open"))
    assert _outcome(asked) == "waiting"


def test_q4_a_question_of_one_company_does_not_end_with_that_of_another_in_one_batch(asked, category):
    other = SaleFactory(status="won")
    sales = [Sale.objects.get(pk=asked.sale_id), Sale.objects.get(pk=other.pk)]
    sales[0].status, sales[1].title = "open", "Renamed"
    Sale.objects.bulk_update(sales, ["status", "title"])
    assert _outcome(asked) == "obsolete"
    assert CategoryDecision.objects.waiting().get().sale == other


# ------------------------------------------------------- who may edit, at that moment (Q3), and archived at once (Q4)
def test_q3_our_contact_who_may_not_edit_companies_is_passed_over(category, administrator):
    rule("sale_won", category["Customer"], ask=True)
    SaleFactory(company=CompanyFactory(our_contact=_may_not_edit()), status="won")
    assert latest().asked_of is None
    assert list(inbox.waiting_for(administrator)) == [latest()]


@pytest.mark.parametrize("how", ["own permission", "superuser"])
def test_q3_our_contact_who_may_edit_without_being_in_a_group_is_asked(category, how):
    rule("sale_won", category["Customer"], ask=True)
    user = UserFactory(groups=[], is_superuser=how == "superuser")
    if how == "own permission":
        user.user_permissions.set(Permission.objects.filter(codename="change_company"))
    SaleFactory(company=CompanyFactory(our_contact=user), status="won")
    assert latest().asked_of == user


def test_q3_rights_are_those_of_the_moment_of_asking_not_those_a_request_read_before(category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    assert salesperson.may_edit_companies  # remembered by this instance from now on
    change("save", User.objects.get(pk=salesperson.pk), is_active=False)
    with acting_as(salesperson):
        SaleFactory(status="won")
    assert (latest().asked_of, latest().caused_by) == (None, salesperson)


def test_q4_a_sale_created_won_and_archived_at_once_asks_nobody_and_leaves_the_question_before_it(category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory()
    with acting_as(salesperson):
        SaleFactory(company=company, status="won")
        asked = latest()
        Sale.objects.create(title="Old", company=company, status="won", archived_at=timezone.now())
    assert _outcome(asked) == "waiting"
    assert (latest().outcome, latest().skip_reason) == ("skipped", "sale_archived")
    assert "the sale is archived, so nobody is asked" in explain(latest()).result


def test_q4_of_two_sales_in_one_save_the_one_that_is_not_archived_asks(category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory()
    with acting_as(salesperson):
        Sale.objects.bulk_create(
            [Sale(title="Old", company=company, status="won", archived_at=timezone.now()), Sale(title="New", company=company, status="won")]
        )
    assert CategoryDecision.objects.waiting().get().sale.title == "New"
