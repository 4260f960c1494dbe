"""What would this do? A rule is tried on what has happened lately, with the engine's own guards, and nothing is written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.lists import delete_item
from crm.models import Sale, SaleTransition
from leads.models import Lead, LeadStatus, LeadStatusChange
from tests.crm.writes import change
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import keep, latest, place
from workflow.models import CategoryDecision, Trigger
from workflow.preview import Draft, answers_to, preview
from workflow.triggers import Cause

pytestmark = pytest.mark.django_db


@pytest.fixture
def would(category):
    """What a rule that nobody has saved would do to the last 30 days, or to as many as are named."""

    def would(trigger, target, *, days=30, **options):
        now = timezone.now()
        return preview(Draft(Trigger(trigger), category[target].pk, False, **options), since=now - dt.timedelta(days=days), until=now)

    return would


def _companies(found):
    return [seen.company_id for seen in found.acts]


def _long_ago(days):
    SaleTransition.objects.update(at=timezone.now() - dt.timedelta(days=days))


@pytest.mark.parametrize(("trigger", "became"), [("sale_won", "won"), ("sale_lost", "lost"), ("sale_registered", "open")])
def test_a_rule_would_move_the_companies_whose_sales_called_for_it(would, category, trigger, became):
    sale = SaleFactory()
    if became != "open":
        change("save", sale, status=became)
    found = would(trigger, "Customer")
    assert _companies(found) == [sale.company_id]
    assert found.from_categories == {category["Lead"].pk: 1}
    assert not CategoryDecision.objects.exclude(trigger="created").exists()


def test_a_rule_would_move_the_companies_whose_contacts_got_the_lead_status(would, status):
    contact, other = ContactFactory(), ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    change("save", other.lead, status=status["Contacting"])
    assert _companies(would("lead_status_set", "Opportunity", lead_status_id=status["Qualified"].pk)) == [contact.company_id]


def test_a_lead_status_that_was_replaced_in_the_list_calls_for_no_rule_c4(would, status):
    lead = ContactFactory().lead
    change("save", lead, status=status["Contacting"])
    LeadStatusChange.objects.update(at=timezone.now() - dt.timedelta(days=400))
    delete_item(model=LeadStatus, pk=status["Contacting"].pk, area="lead-statuses", replacement=status["Qualified"].pk)
    assert Lead.objects.get().status == status["Qualified"]
    assert not _companies(would("lead_status_set", "Opportunity", lead_status_id=status["Qualified"].pk))


def test_an_archived_company_is_left_alone_s5(would):
    change("save", SaleFactory(status="won").company, archived_at=timezone.now())
    assert not _companies(would("sale_won", "Customer"))


def test_a_default_that_havn_assigned_calls_for_no_rule_l3(would, status):
    ContactFactory()
    assert not _companies(would("lead_status_set", "Opportunity", lead_status_id=status["Open"].pk))


def test_what_happened_before_the_period_does_not_count(would):
    SaleFactory(status="won")
    _long_ago(31)
    assert not _companies(would("sale_won", "Customer"))
    assert len(_companies(would("sale_won", "Customer", days=90))) == 1


def test_what_has_not_stayed_so_does_not_count(would, status):
    SaleFactory(status="won").reopen()
    change("save", SaleFactory(status="won"), archived_at=timezone.now())
    change("save", SaleFactory(status="won"), company=None)
    change("save", SaleFactory(status="won"), status="lost")
    lead = ContactFactory().lead
    change("save", lead, status=status["Qualified"])
    change("save", lead, status=status["Contacting"])
    assert not _companies(would("sale_won", "Customer"))
    assert not _companies(would("lead_status_set", "Customer", lead_status_id=status["Qualified"].pk))


def test_saving_a_won_sale_again_is_no_transition_a3(would):
    sale = SaleFactory(status="won")
    _long_ago(40)
    change("save", sale, title="Another roof")
    assert not _companies(would("sale_won", "Customer"))


def test_a_company_with_two_won_sales_is_listed_once_a4(would):
    company = CompanyFactory()
    first = SaleFactory(company=company, status="won")
    SaleFactory(company=company, status="won")
    found = would("sale_won", "Customer")
    assert [(seen.company_id, seen.record_id) for seen in found.acts] == [(company.pk, first.pk)]  # the lowest number acts
    assert not found.skipped


def test_what_happened_last_comes_first(would):
    first, second = SaleFactory(), SaleFactory()
    change("save", second, status="won")
    change("save", first, status="won")
    assert _companies(would("sale_won", "Customer")) == [first.company_id, second.company_id]


def test_companies_that_it_would_not_move_are_counted_by_the_guards_reason_a2_a8(would, category):
    for name in ("Customer", "Partner", "Lost opportunity"):
        SaleFactory(company=CompanyFactory(category=category[name]), status="won")
    found = would("sale_won", "Lost opportunity")
    assert not found.acts
    assert found.skipped == {"not_potential": 2, "already_there": 1}


def test_what_was_declined_is_not_offered_again_q5(would, category):
    asking = rule("sale_won", category["Customer"], ask=True)
    SaleFactory(status="won")
    keep(latest(outcome="waiting"))
    found = would("sale_won", "Customer", rule_id=asking.pk)
    assert (found.acts, dict(found.skipped)) == ([], {"already_declined": 1})


def test_a_person_who_took_back_what_the_rule_did_is_not_overruled(would, category):
    acting = rule("sale_won", category["Opportunity"])
    sale = SaleFactory(status="won")
    place(sale.company, category["Lead"])
    found = would("sale_won", "Opportunity", rule_id=acting.pk)
    assert (found.acts, dict(found.skipped)) == ([], {"already_acted": 1})


def test_a_company_with_a_question_is_not_asked_about_twice_q4(would, category):
    rule("sale_registered", category["Opportunity"], ask=True)
    sale = SaleFactory()
    change("save", sale, status="won")
    found = would("sale_won", "Customer")
    assert (found.acts, dict(found.skipped)) == ([], {"question_waits": 1})


def test_a_preview_costs_two_statements_whatever_their_number(category, django_assert_num_queries):
    now = timezone.now()
    draft = Draft(Trigger.SALE_WON, category["Customer"].pk, False)
    for size in (1, 40):
        SaleFactory.create_batch(size, status="won")
        with django_assert_num_queries(2):
            assert preview(draft, since=now - dt.timedelta(days=30), until=timezone.now()).acts


def test_the_preview_says_what_the_engine_then_does(would, category):
    """The same sales, once previewed and once won for real."""
    places = ["Lead", "Customer", "Lost opportunity", "Partner", "Opportunity", "Other"]
    sales = [SaleFactory(company=CompanyFactory(category=category[name]), status="won") for name in places]
    expected = set(_companies(would("sale_won", "Opportunity")))
    Sale.objects.update(status="open")
    rule("sale_won", category["Opportunity"])
    Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status="won")
    assert set(CategoryDecision.objects.filter(outcome="changed", trigger="sale_won").values_list("company_id", flat=True)) == expected


def test_try_it_tells_what_each_rule_that_is_on_would_answer_a4(category):
    won, registered = rule("sale_won", category["Customer"]), rule("sale_registered", category["Opportunity"])
    company = CompanyFactory()
    seen = {one.rule_id: one for one in answers_to([Cause(Trigger.SALE_WON, company.pk, 0), Cause(Trigger.SALE_REGISTERED, company.pk, 0)])}
    assert (seen[won.pk].place, seen[registered.pk].place) == (1, 2)
    assert not CategoryDecision.objects.exclude(trigger="created").exists()


def test_try_it_with_a_lead_status_asks_the_rule_for_that_status(category, status):
    qualified = rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    rule("lead_status_set", category["Customer"], lead_status=status["Contacting"])
    company, customer = CompanyFactory(), CompanyFactory(category=category["Customer"])
    causes = [Cause(Trigger.LEAD_STATUS_SET, company.pk, 0)]
    assert [(one.rule_id, one.skip) for one in answers_to(causes, lead_status_id=status["Qualified"].pk)] == [(qualified.pk, "")]
    causes = [Cause(Trigger.LEAD_STATUS_SET, customer.pk, 0)]
    assert [(one.rule_id, one.skip) for one in answers_to(causes, lead_status_id=status["Qualified"].pk)] == [(qualified.pk, "not_potential")]
