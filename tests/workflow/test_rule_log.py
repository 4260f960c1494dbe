"""The settings log keeps every change of a rule, whichever way it is written: it knows which rules were on when."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from crm.actor import acting_as
from crm.models import CompanyCategory, SettingsChange
from leads.models import LeadStatus
from tests.budgets import sent_by
from tests.crm.writes import CHANGES, CREATIONS, change, create, plain, roll_back, settings_log
from tests.factories import UserFactory, rule
from tests.workflow.rules_form import save
from workflow.models import AutomationRule

pytestmark = pytest.mark.django_db


def _forget():
    plain(SettingsChange).delete()


# ------------------------------------------------------------- every way of writing
@pytest.mark.parametrize("how", CREATIONS)
def test_every_way_of_making_a_rule_is_kept(category, salesperson, how):
    with acting_as(salesperson):
        made = create(how, AutomationRule, trigger="sale_won", target_category=category["Customer"], is_enabled=True)
    after = {"trigger": "sale_won", "target_category_id": category["Customer"].pk, "ask_user": False, "is_enabled": True, "archived": False}
    assert settings_log() == [("lead-categorization", made.pk, {}, after)]
    kept = SettingsChange.objects.get()
    assert (kept.by, kept.item) == (salesperson, "Rule: Update category when a sale is won")


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize(
    ("values", "before", "after"),
    [
        ({"is_enabled": False}, {"is_enabled": True}, {"is_enabled": False}),
        ({"ask_user": True}, {"ask_user": False}, {"ask_user": True}),
        ({"is_enabled": False, "archived_at": "2026-03-02T09:00Z"}, {"is_enabled": True, "archived": False}, {"is_enabled": False, "archived": True}),
        ({"is_enabled": True}, None, None),
    ],
    ids=["off", "ask", "removed", "nothing"],
)
def test_every_way_of_changing_a_rule_keeps_what_differs(category, how, values, before, after):
    made = rule("sale_won", category["Customer"])
    _forget()
    change(how, made, **values)
    assert settings_log() == ([("lead-categorization", made.pk, before, after)] if after else [])


@pytest.mark.parametrize("how", CHANGES)
def test_another_category_or_lead_status_is_kept_by_its_key(category, status, how):
    made = rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    _forget()
    change(how, made, target_category=category["Partner"], lead_status=status["Contacting"])
    before = {"target_category_id": category["Customer"].pk, "lead_status_id": status["Qualified"].pk}
    assert settings_log() == [
        ("lead-categorization", made.pk, before, {"target_category_id": category["Partner"].pk, "lead_status_id": status["Contacting"].pk})
    ]


@pytest.mark.parametrize("how", ["update", "bulk_update"])
def test_one_write_of_several_rules_keeps_each_that_changed(category, how):
    off = rule("sale_lost", category["Other"])
    change("save", off, is_enabled=False)
    won, registered = rule("sale_won", category["Customer"]), rule("sale_registered", category["Opportunity"])
    _forget()
    change(how, off, won, registered, is_enabled=False)
    assert settings_log() == [("lead-categorization", made.pk, {"is_enabled": True}, {"is_enabled": False}) for made in (won, registered)]


def test_what_the_database_computes_is_kept_as_it_came_out(category):
    won, lost = rule("sale_won", category["Customer"]), rule("sale_lost", category["Other"], ask=True)
    _forget()
    AutomationRule.objects.update(ask_user=Q(trigger="sale_won"), target_category=Coalesce(F("target_category"), Value(None)))
    assert settings_log() == [
        ("lead-categorization", won.pk, {"ask_user": False}, {"ask_user": True}),
        ("lead-categorization", lost.pk, {"ask_user": True}, {"ask_user": False}),
    ]


def test_an_update_through_a_category_is_kept_too(category):
    made = rule("sale_won", category["Customer"])
    _forget()
    category["Customer"].rules.update(target_category=category["Partner"])
    assert [(item, after) for _area, item, _before, after in settings_log()] == [(made.pk, {"target_category_id": category["Partner"].pk})]


@pytest.mark.parametrize("how", CHANGES)
def test_what_was_rolled_back_is_not_kept(category, how):
    made = rule("sale_won", category["Customer"])
    _forget()
    roll_back(lambda: change(how, made, is_enabled=False))
    assert (settings_log(), AutomationRule.objects.get().is_enabled) == ([], True)


@pytest.mark.parametrize("option", ["ignore_conflicts", "update_conflicts"])
def test_a_write_whose_effect_cannot_be_known_is_refused(category, option):
    with pytest.raises(ValueError, match="settings log"):
        AutomationRule.objects.bulk_create([AutomationRule(trigger="sale_won")], **{option: True})
    assert not AutomationRule.objects.exists()


def test_a_rule_with_a_long_name_is_kept_under_as_much_of_it_as_fits(category):
    long = LeadStatus.objects.create(name="x" * 80)
    rule("lead_status_set", category["Customer"], lead_status=long)
    assert SettingsChange.objects.get().item == f"Rule: Update category when a lead status is set to {'x' * 80}"[:120]


def test_an_update_costs_the_same_however_many_rules_there_are_to_look_at(category, status):
    def off_and_on():
        AutomationRule.objects.filter(trigger="sale_won").update(is_enabled=F("ask_user"))
        AutomationRule.objects.filter(trigger="sale_won").update(is_enabled=True)

    rule("sale_won", category["Customer"])
    one = len(sent_by(off_and_on))
    for made in LeadStatus.objects.all():
        rule("lead_status_set", category["Customer"], lead_status=made)
    assert len(sent_by(off_and_on)) == one


# ------------------------------------------------------------------- the screens
def test_w1_the_form_keeps_one_record_of_each_rule_and_the_switch_of_rule_4_those_of_its_siblings(maja, administrator, category, status):
    shown = rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    sibling = rule("lead_status_set", category["Partner"], lead_status=status["Contacting"])
    _forget()
    rows = [{"status": one.lead_status_id, "category": one.target_category_id} for one in (shown, sibling)]
    save(maja, r1_enabled="on", r1_category=category["Customer"].pk, rows=rows)
    won = AutomationRule.objects.get(trigger="sale_won")
    off = ({"is_enabled": True}, {"is_enabled": False})
    assert [(item, before, after) for _area, item, before, after in settings_log() if item != won.pk] == [(shown.pk, *off), (sibling.pk, *off)]
    assert SettingsChange.objects.get(item_id=won.pk).after["is_enabled"] is True
    assert set(SettingsChange.objects.values_list("by", flat=True)) == {administrator.pk}


def test_the_admin_keeps_one_record_of_a_change(client, category):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    made = rule("sale_won", category["Customer"])
    _forget()
    client.post(f"/admin/workflow/automationrule/{made.pk}/change/", {"trigger": "sale_won", "target_category": category["Partner"].pk, "is_enabled": "on"})
    before, after = {"target_category_id": category["Customer"].pk}, {"target_category_id": category["Partner"].pk}
    assert settings_log() == [("lead-categorization", made.pk, before, after)]


def test_an_item_of_a_list_is_kept_with_its_key(maja):
    maja.post("/settings/lists/company-categories/new/", {"name": "Trial", "group": "other", "colour": "lime"})
    assert SettingsChange.objects.values_list("area", "item", "item_id").get() == ("company-categories", "Trial", CompanyCategory.objects.get(name="Trial").pk)


# --------------------------------------------------------------- older databases
def test_rules_that_the_log_does_not_know_are_known_from_the_migration_on(category, status):
    forwards = import_module("workflow.migrations.0004_known_rules").forwards
    old = rule("sale_won", category["Customer"], ask=True)
    fourth = rule("lead_status_set", category["Partner"], lead_status=status["Qualified"])
    _forget()
    new = rule("sale_lost", category["Other"])
    kept = settings_log()
    forwards(apps, None)
    forwards(apps, None)
    assert settings_log() == [
        *kept,
        *(("lead-categorization", made.pk, {}, AutomationRule.objects.get(pk=made.pk).kept()) for made in (old, fourth)),
    ]
    assert [item_id for _area, item_id, _before, _after in kept] == [new.pk]
    assert SettingsChange.objects.get(item_id=fourth.pk).item == "Rule: Update category when a lead status is set to Qualified"
