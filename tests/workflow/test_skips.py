"""A8: every time an enabled rule looked at a company there is a decision that says what came of it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.actor import acting_as, working
from crm.models import Sale
from tests.crm.writes import CHANGES, change
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, keep, latest, where
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
TRIGGERS = ["sale_won", "sale_lost", "sale_registered", "lead_status_set"]


def _rule(trigger, target, status, **options):
    return rule(trigger, target, **({"lead_status": status["Qualified"]} if trigger == "lead_status_set" else {}), **options)


def _cause(trigger, contact, status):
    """Let it happen, as for the first time."""
    if trigger == "lead_status_set":
        change("save", contact.lead, status=status["Contacting"])
        change("save", contact.lead, status=status["Qualified"])
        return contact.lead
    return SaleFactory(company=contact.company, status={"sale_won": "won", "sale_lost": "lost"}.get(trigger, "open"))


def _cause_again(trigger, record, status):
    """Let the same sale or contact cause it once more."""
    if trigger == "lead_status_set":
        change("save", record, status=status["Contacting"])
        change("save", record, status=status["Qualified"])
    elif trigger == "sale_registered":
        company = record.company
        change("save", record, company=None)
        change("save", record, company=company)
    else:
        change("save", record, status="open")
        change("save", record, status=trigger.removeprefix("sale_"))


@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a8_a_company_that_is_no_potential_customer_is_skipped(category, status, trigger, ask):
    _rule(trigger, category["Lead"], status, ask=ask)
    contact = ContactFactory()
    change("save", contact.company, category=category["Customer"])
    _cause(trigger, contact, status)
    assert by_rules() == [(trigger, "skipped", "not_potential")]


@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a8_a_company_that_is_there_already_is_skipped(category, status, trigger, ask):
    _rule(trigger, category["Lead"], status, ask=ask)
    _cause(trigger, ContactFactory(), status)
    assert by_rules() == [(trigger, "skipped", "already_there")]


def test_a8_a_company_whose_category_does_not_use_lead_status_is_skipped_by_rule_4(category, status):
    _rule("lead_status_set", category["Lead"], status)
    contact = ContactFactory()
    change("save", contact.company, category=category["Lost opportunity"])
    _cause("lead_status_set", contact, status)
    assert by_rules() == [("lead_status_set", "skipped", "lead_status_off")]


@pytest.mark.parametrize("name", ["Customer", "Lead", "Lost opportunity", "Opportunity"])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a8_rules_that_an_import_does_not_run_say_so_whatever_else_would_be_the_reason(category, status, trigger, name):
    _rule(trigger, category["Lead"], status, ask=True)
    contact = ContactFactory()
    change("save", contact.company, category=category[name])
    with working(kind="import", run_rules=False):
        _cause(trigger, contact, status)
    assert by_rules() == [(trigger, "skipped", "rules_not_run")]
    assert where(contact.company) == name


@pytest.mark.parametrize("ask", [False, True])
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a8_q5_what_was_kept_is_remembered_for_the_same_cause(category, status, trigger, ask):
    on = _rule(trigger, category["Customer"], status, ask=True)
    contact = ContactFactory()
    cause = _cause(trigger, contact, status)
    keep(latest())
    type(on).objects.filter(pk=on.pk).update(ask_user=ask)
    _cause_again(trigger, cause, status)
    assert by_rules() == [(trigger, "kept", ""), (trigger, "skipped", "already_declined")]
    assert where(contact.company) == "Lead"


def test_a8_other_causes_of_the_same_save_are_skipped(category):
    company = CompanyFactory()
    rule("sale_won", category["Customer"])
    Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for _ in range(2))
    assert by_rules() == [("sale_won", "changed", ""), ("sale_won", "skipped", "other_cause")]


# ------------------------------------------------------- what a decision names
@pytest.mark.parametrize("ask", [False, True])
def test_a8_a_decision_about_a_sale_names_everything_about_it(category, salesperson, ask):
    on = rule("sale_won", category["Customer"], ask=ask)
    started = timezone.now()
    with acting_as(salesperson):
        sale = SaleFactory(status="won")
    decision = latest()
    assert (decision.company, decision.rule, decision.sale, decision.contact, decision.lead_status) == (sale.company, on, sale, None, None)
    assert (decision.from_category, decision.suggested_category) == (category["Lead"], category["Customer"])
    assert (decision.to_category, decision.applied_version) == ((None, None) if ask else (category["Customer"], 2))
    assert (decision.caused_by, decision.asked_of, decision.decided_by) == (salesperson, salesperson if ask else None, None)
    assert (decision.decided_at is None) is ask
    assert started <= decision.created_at <= timezone.now()


def test_a8_a_decision_about_a_lead_status_names_the_contact_and_the_status(category, status, salesperson):
    on = rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    with acting_as(salesperson):
        change("save", contact.lead, status=status["Qualified"])
    decision = latest()
    assert (decision.company, decision.rule, decision.sale, decision.contact, decision.lead_status) == (contact.company, on, None, contact, status["Qualified"])
    assert decision.caused_by == salesperson


def test_a8_a_skipped_decision_says_what_it_would_have_done(category, salesperson):
    rule("sale_won", category["Opportunity"])
    with acting_as(salesperson):
        sale = SaleFactory(company=CompanyFactory(category=category["Customer"]), status="won")
    decision = latest()
    assert (decision.sale, decision.from_category, decision.suggested_category, decision.to_category) == (
        sale,
        category["Customer"],
        category["Opportunity"],
        None,
    )
    assert (decision.caused_by, decision.asked_of, decision.applied_version) == (salesperson, None, None)
    assert decision.decided_at is not None


def test_a8_decisions_of_one_import_belong_to_one_batch(category, salesperson):
    rule("sale_won", category["Customer"])
    with working(user=salesperson, kind="import"):
        SaleFactory.create_batch(2, status="won")
    SaleFactory(status="won")
    kinds = [(decision.batch and decision.batch.kind) for decision in CategoryDecision.objects.order_by("pk")]
    assert kinds == ["import"] * 4 + [None] * 2
    assert CategoryDecision.objects.exclude(batch=None).values("batch").distinct().count() == 1


@pytest.mark.parametrize("how", CHANGES)
def test_a8_a_rule_without_a_transition_did_not_look_and_leaves_no_decision(category, how):
    sale = SaleFactory()
    for trigger in ("sale_won", "sale_lost", "sale_registered"):
        rule(trigger, category["Customer"])
    change(how, sale, status="stalled", title="Later")
    change(how, sale, archived_at=timezone.now())
    change(how, sale, company=None)
    assert by_rules() == []


# ---------------------------------------------------------------------- Q5
def test_q5_a_new_sale_asks_again(category):
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory(status="won")
    keep(latest())
    SaleFactory(company=sale.company, status="won")
    assert by_rules() == [("sale_won", "kept", ""), ("sale_won", "waiting", "")]


def test_q5_the_same_sale_asks_again_when_the_rule_has_another_target(category):
    on = rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory(status="won")
    keep(latest())
    type(on).objects.update(target_category=category["Partner"])
    _cause_again("sale_won", sale, None)
    assert by_rules()[-1] == ("sale_won", "waiting", "")


def test_q5_the_same_sale_asks_again_because_of_another_rule(category):
    rule("sale_won", category["Customer"], ask=True)
    rule("sale_lost", category["Customer"], ask=True)
    sale = SaleFactory(status="won")
    keep(latest())
    change("save", sale, status="lost")
    assert by_rules()[-1] == ("sale_lost", "waiting", "")


def test_q5_the_same_contact_asks_again_because_of_another_status_and_another_contact_because_of_the_same(category, status):
    for name in ("Contacting", "Qualified"):
        rule("lead_status_set", category["Customer"], lead_status=status[name], ask=True)
    contact = ContactFactory()
    other = ContactFactory(company=contact.company)
    change("save", contact.lead, status=status["Qualified"])
    keep(latest())
    change("save", contact.lead, status=status["Contacting"])
    assert latest().outcome == "waiting"
    change("save", other.lead, status=status["Qualified"])
    assert (latest().contact, latest().outcome) == (other, "waiting")


def test_q5_the_same_contact_asks_again_when_the_rule_was_given_another_status(category, status):
    on = rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    keep(latest())
    type(on).objects.update(lead_status=status["Contacting"])
    change("save", contact.lead, status=status["Contacting"])
    assert by_rules()[-1] == ("lead_status_set", "waiting", "")


@pytest.mark.parametrize("outcome", ["replaced", "obsolete"])
def test_q5_only_keep_is_remembered(category, outcome):
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory(status="won")
    CategoryDecision.objects.waiting().update(outcome=outcome, decided_at=timezone.now())
    _cause_again("sale_won", sale, None)
    assert by_rules()[-1] == ("sale_won", "waiting", "")
