"""C4: an item is replaced that rules set or suggestions name: they go on with the other one, or end."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.lists import InUse
from crm.models import SettingsChange
from leads.models import Lead
from tests.browsers import HTMX
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, keep, latest, where
from tests.workflow.replacing import replace, waiting
from workflow import decisions
from workflow.models import RULES_AREA, AutomationRule, WorkflowSettings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("true_ledger")]


# ------------------------------------------------------------------------ rules
def test_c4_a_rule_needs_a_replacement_whether_it_is_on_or_off(maja, category):
    one = rule("sale_won", category["Partner"])
    url = f"/settings/lists/company-categories/{category['Partner'].pk}/delete/"
    for is_on in (True, False):
        AutomationRule.objects.filter(pk=one.pk).update(is_enabled=is_on)
        html = maja.get(url, headers=HTMX).content.decode()
        assert "1 rule: Sale won" in html
        assert "Nothing: they keep it" not in html
        assert maja.post(url, {"replacement": "keep"}, headers=HTMX).status_code == 422
        assert "Choose what to replace it with" in maja.post(url, {"replacement": ""}, headers=HTMX).content.decode()
        with pytest.raises(InUse):
            replace(category["Partner"], keep=True)


def test_c4_rules_move_with_their_log_and_whoever_has_them_open_is_told(administrator, maja, category):
    first, second = rule("sale_won", category["Partner"]), rule("sale_lost", category["Partner"], ask=True)
    version = WorkflowSettings.objects.get().version
    answer = maja.post(f"/settings/lists/company-categories/{category['Partner'].pk}/delete/", {"replacement": category["Other"].pk}, headers=HTMX)
    assert "Partner deleted. 2 rules now use Other." in answer.content.decode()
    assert set(AutomationRule.objects.values_list("target_category__name", flat=True)) == {"Other"}
    settings = WorkflowSettings.objects.get()
    assert (settings.version, settings.saved_by) == (version + 1, administrator)
    kept = SettingsChange.objects.filter(area=RULES_AREA).exclude(before={})
    assert {change.item_id for change in kept} == {first.pk, second.pk}
    assert all(change.after == {"target_category_id": category["Other"].pk} for change in kept)


def test_c4_rule_4_goes_on_with_the_other_lead_status(category, status):
    one = rule("lead_status_set", category["Customer"], lead_status=status["Contacting"])
    contact = ContactFactory()
    replace(status["Contacting"], status["Qualified"])
    one.refresh_from_db()
    assert (one.lead_status.name, one.is_enabled, one.archived_at) == ("Qualified", True, None)
    Lead.objects.get(contact=contact)
    lead = Lead.objects.get(contact=contact)
    lead.status = status["Qualified"]
    lead.save()
    assert where(contact.company) == "Customer"


def test_c4_where_the_other_status_has_a_rule_the_old_one_is_removed(category, status):
    old = rule("lead_status_set", category["Customer"], lead_status=status["Contacting"])
    new = rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    replace(status["Contacting"], status["Qualified"])
    old.refresh_from_db()
    assert (old.is_enabled, old.archived_at is not None, old.lead_status.name) == (False, True, "Contacting")
    assert list(AutomationRule.objects.filter(archived_at=None)) == [new]


def test_a_rule_that_was_removed_is_history_and_holds_nothing_up(category, status):
    old = rule("lead_status_set", category["Partner"], lead_status=status["Contacting"])
    AutomationRule.objects.filter(pk=old.pk).update(is_enabled=False, archived_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    replace(category["Partner"])
    assert AutomationRule.objects.get().target_category.name == "Partner"


# ------------------------------------------------------------------ suggestions
def test_c4_a_suggestion_that_waits_is_replaced_by_one_with_the_same_cause(administrator, salesperson, client, category):
    rule("sale_won", category["Partner"], ask=True)
    client.force_login(salesperson)
    sale = SaleFactory()
    client.post(f"/sales/{sale.pk}/won/")
    old = waiting().get()
    client.force_login(administrator)
    url = f"/settings/lists/company-categories/{category['Partner'].pk}/delete/"
    assert "1 suggestion that waits" in client.get(url).content.decode()
    answer = client.post(url, {"replacement": category["Other"].pk}, headers=HTMX)
    assert "1 rule now uses Other. 1 suggestion now says Other." in answer.content.decode()
    new = waiting().get()
    old.refresh_from_db()
    assert (old.outcome, old.suggested_category.name, old.decided_by) == ("replaced", "Partner", None)
    assert (new.pk > old.pk, new.suggested_category.name, new.from_category.name) == (True, "Other", "Lead")
    same = ("company", "trigger", "rule", "sale", "contact", "lead_status", "asked_of", "caused_by")
    assert [getattr(new, name) for name in same] == [getattr(old, name) for name in same]
    decisions.accept(new.pk, by=salesperson, seen_version=1)
    assert where(sale.company) == "Other"


def test_c4_a_suggestion_of_where_the_company_is_already_becomes_obsolete(category):
    rule("sale_won", category["Opportunity"], ask=True)
    sale = SaleFactory(company=CompanyFactory(category=category["Lost opportunity"]))
    sale.win()
    replace(category["Opportunity"], category["Lost opportunity"])
    assert by_rules(sale.company) == [("sale_won", "obsolete", "")]


def test_c4_a_question_about_a_company_that_moves_goes_on_while_it_makes_sense(category):
    rule("sale_won", category["Customer"], ask=True)
    stays, leaves, reaches = (SaleFactory(company=CompanyFactory(category=category["Opportunity"])) for _ in range(3))
    stays.win()
    replace(category["Opportunity"], category["Lost opportunity"])
    assert (where(stays.company), by_rules(stays.company)) == ("Lost opportunity", [("sale_won", "waiting", "")])
    leaves.win()
    replace(category["Lost opportunity"], category["Partner"])
    assert by_rules(leaves.company)[-1] == ("sale_won", "obsolete", "")
    assert where(reaches.company) == "Partner"


def test_q5_what_was_declined_before_is_not_suggested_by_replacing(category):
    one = rule("sale_won", category["Other"], ask=True)
    sale = SaleFactory()
    sale.win()
    keep(latest())
    AutomationRule.objects.filter(pk=one.pk).update(target_category=category["Partner"])
    sale.reopen()
    sale.win()
    assert waiting().get().suggested_category.name == "Partner"
    replace(category["Partner"], category["Other"])
    assert [outcome for _trigger, outcome, _reason in by_rules()] == ["kept", "obsolete"]
