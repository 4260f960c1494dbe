"""check_ledger: transitions that no rule has answered, and which rules were on when (A1, A3, A8)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.models import Sale, SaleTransition, SettingsChange
from leads.models import Lead, LeadStatusChange
from tests.crm.writes import change, plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.drift import ago, forget, found, rule_of_yesterday
from tests.workflow.ledger import latest
from workflow.models import AutomationRule, CategoryDecision

pytestmark = pytest.mark.django_db


# ------------------------------------------------------- transitions without decision


def _when():
    return f"{timezone.localtime(SaleTransition.objects.latest('pk').at):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("trigger", "values", "happened"),
    [("sale_won", {"status": "won"}, "was won"), ("sale_lost", {"status": "lost"}, "was lost"), ("sale_registered", {}, "was registered")],
)
@pytest.mark.parametrize("late", [False, True], ids=["created", "later"])
def test_a8_a_sale_without_its_decision_is_found(category, partner, trigger, values, happened, late):
    on = rule_of_yesterday(trigger, category["Customer"])
    if late:
        sale = SaleFactory(title="Solar roof", company=partner if values else None)
        change("save", sale, **(values or {"company": partner}))
    else:
        sale = SaleFactory(title="Solar roof", company=partner, **values)
    assert found() == {}
    forget(latest())
    told = f"the sale “Solar roof” (sale {sale.pk}) {happened} on {_when()} while rule {on.pk} was on; expected: a decision of that rule."
    assert found() == {"no decision of a sale": [f"{partner.name} (company {partner.pk}): {told}"]}


def test_a3_a_sale_won_twice_needs_two_decisions(category, partner):
    on = rule_of_yesterday("sale_won", category["Customer"])
    sale = SaleFactory(title="Solar roof", company=partner, status="won")
    change("save", sale, status="open")
    change("save", sale, status="won")
    assert found() == {}
    forget(latest())
    told = f"was won 2 times, last on {_when()} while rule {on.pk} was on; expected: as many decisions of that rule, found 1."
    assert found() == {"no decision of a sale": [f"{partner.name} (company {partner.pk}): the sale “Solar roof” (sale {sale.pk}) {told}"]}


@pytest.mark.parametrize("what", ["of another sale", "of another company", "of another rule", "a retry", "a backfill", "of another trigger"])
def test_a8_only_the_decision_of_that_rule_sale_and_company_counts(category, partner, what):
    rule_of_yesterday("sale_won", category["Customer"])
    lost = rule_of_yesterday("sale_lost", category["Other"])
    AutomationRule.objects.filter(pk=lost.pk).update(is_enabled=False)
    other = SaleFactory(company=CompanyFactory(category=category["Partner"]))
    sale = SaleFactory(company=partner, status="won")
    values = {
        "of another sale": {"sale": other},
        "of another company": {"company": other.company},
        "of another rule": {"rule": lost},
        "a retry": {"retries": partner.decisions.first()},
        "a backfill": {"trigger": "backfill"},
        "of another trigger": {"trigger": "sale_lost"},
    }
    plain(CategoryDecision).filter(pk=latest(sale=sale).pk).update(**values[what])
    assert list(found()) == ["no decision of a sale"]


def test_a8_sales_beside_the_one_without_its_decision_are_not_mistaken_for_it(category, partner):
    rule_of_yesterday("sale_won", category["Customer"])
    sales = SaleFactory.create_batch(5, company=partner, status="won")
    for missing in (sales[0], sales[2], sales[4]):
        forget(latest(sale=missing))
    assert [f"(sale {sale.pk})" in sentence for sale, sentence in zip(sales[::2], found()["no decision of a sale"], strict=True)] == [True] * 3


def test_a8_a_sale_moved_to_another_company_needs_a_decision_there(category, partner):
    rule_of_yesterday("sale_won", category["Customer"])
    sale = SaleFactory(status="won", company=partner)
    elsewhere = CompanyFactory(category=category["Partner"])
    change("save", sale, company=elsewhere)
    assert found() == {}
    forget(latest(company=elsewhere))
    assert [sentence.split(":")[0] for sentence in found()["no decision of a sale"]] == [f"{elsewhere.name} (company {elsewhere.pk})"]


@pytest.mark.parametrize("trigger", ["sale_won", "sale_lost", "sale_registered"])
def test_a3_what_is_no_transition_of_a_rule_needs_no_decision(category, trigger):
    rule_of_yesterday(trigger, category["Customer"])
    for sale in (SaleFactory(company=None), SaleFactory(company=None, status="won")):
        change("save", sale, status="stalled", reopen_on="2030-01-01")
    assert CategoryDecision.objects.exclude(rule=None).count() == 0
    assert found() == {}


def test_a8_a_lead_status_without_its_decision_is_found(category, status):
    on = rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    change("save", contact.lead, status=status["Contacting"])
    change("save", contact.lead, status=status["Qualified"])
    assert found() == {}
    forget(latest(outcome="skipped"))
    when = f"{timezone.localtime(LeadStatusChange.objects.latest('pk').at):%Y-%m-%d %H:%M}"
    told = f"was set to Qualified 2 times, last on {when} while rule {on.pk} was on; expected: as many decisions of that rule, found 1."
    who = f"{contact.company.name} (company {contact.company.pk})"
    assert found() == {"no decision of a lead status": [f"{who}: the lead status of Torben Friis (contact {contact.pk}) {told}"]}


def test_l3_a_default_needs_no_decision_even_of_a_rule_for_that_status(category, status):
    rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status["Open"])
    contact = ContactFactory()
    assert (LeadStatusChange.objects.get().is_automatic, found()) == (True, {})
    plain(LeadStatusChange).update(is_automatic=False)
    assert [f"(contact {contact.pk})" in sentence for sentence in found()["no decision of a lead status"]] == [True]


# ------------------------------------------------------------------- when a rule was on
@pytest.mark.parametrize(("seconds", "judged"), [(30, False), (59, False), (61, True)])
@pytest.mark.parametrize("values", [{"is_enabled": False}, {"ask_user": True}], ids=["off", "another change"])
def test_a_transition_close_to_a_change_of_the_rule_is_not_judged(category, partner, seconds, judged, values):
    on = rule_of_yesterday("sale_won", category["Customer"])
    with ago(hours=1, seconds=seconds):
        SaleFactory(company=partner, status="won")
    with ago(hours=1):
        change("save", on, **values)
    assert found() == {}
    forget(latest())
    assert list(found()) == (["no decision of a sale"] if judged else [])


@pytest.mark.parametrize(("seconds", "judged"), [(30, False), (59, False), (61, True)])
def test_a_transition_right_after_the_rule_was_switched_on_is_not_judged(category, partner, seconds, judged):
    with ago(hours=1, seconds=seconds):
        rule("sale_won", category["Customer"])
    with ago(hours=1):
        SaleFactory(company=partner, status="won")
    forget(latest())
    assert list(found()) == (["no decision of a sale"] if judged else [])
    assert list(found(margin=dt.timedelta(0))) == ["no decision of a sale"]


def test_a1_what_happened_while_the_rule_was_off_needs_no_decision(category, partner):
    on = rule_of_yesterday("sale_won", category["Customer"])
    for hours, enabled in ((20, False), (16, True), (12, False)):
        with ago(hours=hours):
            change("update", on, is_enabled=enabled)
    for hours in (30, 18, 8):
        with ago(hours=hours):
            plain(SaleTransition).filter(sale=SaleFactory(company=partner, status="open")).update(to_status="won", at=timezone.now())
    plain(Sale).update(status="won", closed_on="2026-01-01")
    assert found() == {}
    with ago(hours=14):
        plain(SaleTransition).filter(pk=SaleTransition.objects.latest("pk").pk).update(at=timezone.now())
    assert list(found()) == ["no decision of a sale"]


@pytest.mark.parametrize(("hours", "judged"), [(14, False), (8, True)])
def test_a1_rule_4_is_judged_by_the_lead_status_it_had(category, status, hours, judged):
    on = rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status["Contacting"])
    with ago(hours=10):
        change("save", on, lead_status=status["Qualified"])
    contact = ContactFactory()
    with ago(hours=hours):
        plain(LeadStatusChange).bulk_create([LeadStatusChange(contact=contact, to_status=status["Qualified"], from_status=status["Open"])])
    plain(Lead).update(status=status["Qualified"])
    assert list(found()) == (["no decision of a lead status"] if judged else [])


def test_a_rule_that_was_switched_on_past_the_log_is_found(category):
    wrong = rule("sale_won", category["Customer"])
    AutomationRule.objects.update(is_enabled=False)
    plain(AutomationRule).update(is_enabled=True, ask_user=True)
    expected = "has ask_user True, is_enabled True; expected: ask_user False, is_enabled False, as the settings log says."
    assert found() == {"rule": [f"Rule {wrong.pk} (sale_won) {expected}"]}


def test_a_rule_that_was_switched_off_past_the_log_makes_no_false_alarms(category, partner):
    wrong = rule_of_yesterday("sale_won", category["Customer"])
    plain(AutomationRule).update(is_enabled=False)
    SaleFactory(company=partner, status="won")
    assert found() == {"rule": [f"Rule {wrong.pk} (sale_won) has is_enabled False; expected: is_enabled True, as the settings log says."]}


def test_a_rule_that_the_log_does_not_know_is_found_and_not_judged(category, partner):
    unknown = rule_of_yesterday("sale_won", category["Customer"])
    SaleFactory(company=partner, status="won")
    forget(latest())
    plain(SettingsChange).delete()
    expected = "the settings log does not know it; expected: a record of each change since it was made."
    assert found() == {"rule": [f"Rule {unknown.pk} (sale_won): {expected}"]}


def test_a_rule_of_which_only_later_changes_are_known_is_judged_by_what_they_leave_unsaid(category, partner):
    on = rule_of_yesterday("sale_won", category["Customer"])
    with ago(hours=20):
        change("save", on, ask_user=True)
    with ago(hours=10):
        change("save", on, is_enabled=False)
    plain(SettingsChange).filter(pk=SettingsChange.objects.earliest("pk").pk).delete()
    for hours, expected in ((15, ["no decision of a sale"]), (22, []), (5, [])):
        sale = SaleFactory(company=partner, status="open")
        with ago(hours=hours):
            plain(SaleTransition).filter(sale=sale).update(to_status="won", at=timezone.now())
        plain(Sale).filter(pk=sale.pk).update(status="won", closed_on="2026-01-01")
        assert list(found()) == expected
        plain(SaleTransition).delete()
        plain(Sale).delete()
