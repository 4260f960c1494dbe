"""Rule 4 has a row for each lead status (A1): adding, removing, bringing back; what a browser would never send (W2)."""

from __future__ import annotations

import json
import re

import pytest
from django.utils import timezone

from crm.models import SettingsChange
from leads.models import LeadStatus
from tests.browsers import HTMX
from tests.budgets import statements
from tests.factories import rule
from tests.workflow.rules_form import URL, as_sent, fields_of, keys_of, rows_saved, save, untouched, version
from workflow.models import AutomationRule, WorkflowSettings

pytestmark = pytest.mark.django_db


def _error(html: str, field: str) -> str:
    words = re.search(rf'id="{field}-err"(?! hidden)[^>]*>.*?</p>', html, re.DOTALL)
    return re.search(r'<span data-kind="\w+">([^<]+)</span>', words[0])[1] if words else ""


# ----------------------------------------------------------------------- saved
def test_a1_each_lead_status_has_its_own_target_and_its_own_choice_of_asking(maja, row):
    assert save(maja, r4_enabled="on", rows=[row("Qualified", "Opportunity"), row("Re-nurture", "Lost opportunity", ask="on")]).status_code == 200
    assert rows_saved() == [("Qualified", "Opportunity", False, True), ("Re-nurture", "Lost opportunity", True, True)]
    assert WorkflowSettings.objects.get().lead_status_rules_on
    assert untouched(maja)["r4-rows"] == "1,2"


def test_a1_one_switch_is_for_all_rows_and_a_row_that_is_off_is_kept(maja, two, row):
    rows = [row("Qualified", "Opportunity"), row("Disqualified", "Other")]
    for on in ({}, {"r4_enabled": "on"}):
        assert save(maja, rows=rows, **on).status_code == 200
        assert rows_saved() == [("Qualified", "Opportunity", False, bool(on)), ("Disqualified", "Other", False, bool(on))]
        assert WorkflowSettings.objects.get().lead_status_rules_on == bool(on)
    assert AutomationRule.objects.count() == 2


def test_a1_the_switch_of_a_row_in_the_admin_is_that_of_all(maja, administrator, two):
    administrator.is_staff = True
    administrator.save()
    AutomationRule.objects.create(trigger="lead_status_set", lead_status=LeadStatus.objects.get(name="Open"))
    sent = {"trigger": "lead_status_set", "lead_status": two[0].lead_status_id, "target_category": two[0].target_category_id}
    for on in ({}, {"is_enabled": "on"}):
        assert maja.post(f"/admin/workflow/automationrule/{two[0].pk}/change/", {**sent, **on}).status_code == 302
        assert {name: is_on for name, *_rest, is_on in rows_saved()} == {"Qualified": bool(on), "Disqualified": bool(on), "Open": False}
        assert WorkflowSettings.objects.get().lead_status_rules_on == bool(on)


def test_a1_a_row_that_is_taken_out_is_archived_and_comes_back_as_the_same_rule(maja, two, row):
    """The same rule, so that what people have declined stays declined (Q5)."""
    save(maja, r4_enabled="on", rows=[row("Qualified", "Opportunity")])
    gone = AutomationRule.objects.get(pk=two[1].pk)
    assert (gone.is_enabled, bool(gone.archived_at)) == (False, True)
    assert SettingsChange.objects.filter(item_id=gone.pk).first().after == {"is_enabled": False, "archived": True}
    save(maja, r4_enabled="on", rows=[row("Qualified", "Opportunity"), row("Disqualified", "Partner", ask="on")])
    assert rows_saved() == [("Qualified", "Opportunity", False, True), ("Disqualified", "Partner", True, True)]
    assert AutomationRule.objects.get(lead_status__name="Disqualified") == gone


def test_a1_of_two_archived_rules_the_latest_comes_back(maja, two, row):
    old = AutomationRule.objects.create(trigger="lead_status_set", lead_status=LeadStatus.objects.get(name="Open"), archived_at=timezone.now())
    new = AutomationRule.objects.create(trigger="lead_status_set", lead_status=LeadStatus.objects.get(name="Open"), archived_at=timezone.now())
    save(maja, r4_enabled="on", rows=[row("Open", "Partner")])
    assert AutomationRule.objects.get(archived_at=None) == new != old


def test_a1_two_rows_may_exchange_their_lead_statuses_in_one_save(maja, two, row):
    assert save(maja, r4_enabled="on", rows=[row("Disqualified", "Opportunity"), row("Qualified", "Other")]).status_code == 200
    assert rows_saved() == [("Qualified", "Other", False, True), ("Disqualified", "Opportunity", False, True)]
    assert AutomationRule.objects.count() == 2


def test_a1_another_lead_status_in_a_row_is_another_rule(maja, two, row):
    """What the rule did for the old lead status stays with it."""
    save(maja, r4_enabled="on", rows=[row("Contacting", "Opportunity"), row("Disqualified", "Other")])
    assert AutomationRule.objects.get(pk=two[0].pk).archived_at
    assert rows_saved() == [("Contacting", "Opportunity", False, True), ("Disqualified", "Other", False, True)]


def test_w1_a_row_half_filled_while_the_rule_is_off_is_kept_and_a_blank_one_is_none(maja, row, category):
    assert save(maja, rows=[{"category": category["Partner"].pk}, {}, row("Qualified", "Customer")]).status_code == 200
    assert set(rows_saved()) == {(None, "Partner", False, False), ("Qualified", "Customer", False, False)}
    assert save(maja, rows=[{}]).status_code == 200
    assert (rows_saved(), untouched(maja)["r4-rows"]) == ([], "1")


def test_the_version_moves_only_when_a_row_changed(maja, two, row):
    rows = [row("Disqualified", "Other"), row("Qualified", "Opportunity")]
    save(maja, r4_enabled="on", rows=rows)
    assert version() == 1
    save(maja, r4_enabled="on", rows=rows[:1])
    assert version() == 2


# ------------------------------------------------------------------ W2: refused
@pytest.mark.parametrize("on", [{"r4_enabled": "on"}, {}], ids=["on", "off"])
def test_a1_a_lead_status_that_has_a_row_already_is_refused_with_the_words_at_the_field(maja, row, on):
    response = save(maja, rows=[row("Qualified", "Customer"), row("Qualified", "Partner")], **on)
    html = response.content.decode()
    assert response.status_code == 422
    assert _error(html, "r4-2-st") == "There is a rule for this lead status already"
    assert _error(html, "r4-1-st") == ""
    assert 'href="#r4-2-st"' in html
    assert not AutomationRule.objects.exists()


def test_w2_a_blank_row_is_incomplete_while_the_rule_is_on(maja, row):
    response = save(maja, r4_enabled="on", rows=[row("Qualified", "Customer"), {}])
    html = response.content.decode()
    assert response.status_code == 422
    assert _error(html, "r4-2-st") == "Select a lead status, or turn the rule off"
    assert _error(html, "r4-2-cat") == "Select a category, or turn the rule off"
    assert not AutomationRule.objects.exists()


def test_w2_two_rows_without_a_lead_status_cannot_be_told_apart_even_while_off(maja, category):
    response = save(maja, rows=[{"category": category["Partner"].pk}, {"category": category["Other"].pk}])
    assert response.status_code == 422
    assert [field for field, _words in response.context["form"].errors] == ["r4-2-st"]


@pytest.mark.parametrize("value", ["x", "²", "-1", "0", "99999999999999999999999", "\x00", "999999"])
@pytest.mark.parametrize("field", ["status", "category"])
@pytest.mark.parametrize("on", [{"r4_enabled": "on"}, {}], ids=["on", "off"])
def test_w2_an_unknown_item_in_a_row_is_a_422_and_the_rest_is_as_typed(maja, category, row, field, value, on):
    response = save(maja, rows=[row("Contacting", "Partner", ask="on"), {**row("Qualified", "Customer"), field: value}], **on)
    html = response.content.decode()
    assert response.status_code == 422
    assert fields_of(html)["r4-1-category"] == str(category["Partner"].pk)
    assert fields_of(html)["r4-1-ask"] == "on"
    assert not AutomationRule.objects.exists()


@pytest.mark.parametrize("keys", ["", "x", "0", "-1", "1,1", "²", ",".join(["9" * 30] * 3), "\x00"])
def test_keys_of_rows_that_no_page_made_are_no_rows(maja, keys):
    assert maja.post(URL, {"version": 1, "r4-rows": keys}, headers=HTMX).status_code == 200
    assert not AutomationRule.objects.exists()


def test_the_key_of_a_row_reaches_no_rule_of_another_trigger(maja, category, row):
    """A row is known by its lead status: its key only says which fields belong together."""
    won = rule("sale_won", category["Customer"])
    sent = {**untouched(maja), "r4-enabled": "on", "r4-rows": str(won.pk), f"r4-{won.pk}-category": category["Partner"].pk}
    assert maja.post(URL, {**sent, f"r4-{won.pk}-status": row("Open", "Other")["status"]}, headers=HTMX).status_code == 200
    won.refresh_from_db()
    assert (won.trigger, won.target_category.name, won.lead_status) == ("sale_won", "Customer", None)


def test_ten_thousand_rows_are_a_422_with_the_first_of_them(maja, row, two):
    sent = as_sent(r4_enabled="on", rows=[row("Contacting", "Partner")])
    response = maja.post(URL, {**sent, "r4-rows": ",".join(map(str, range(1, 10_001)))}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 422
    assert "There can be at most 200 lead statuses here. The rest was left out." in html
    assert len(keys_of(html).split(",")) == 200
    assert len(rows_saved()) == 2


def test_ten_thousand_fields_are_refused_by_django_and_nothing_is_saved(maja):
    assert maja.post(URL, {f"r4-{number}-status": "1" for number in range(10_000)}).status_code == 400


def test_a_form_that_names_no_rows_touches_none(maja, two, category):
    assert save(maja, r4_enabled="on", r1_enabled="on", r1_category=category["Customer"].pk).status_code == 200
    assert [name for name, *_rest in rows_saved()] == ["Qualified", "Disqualified"]


def test_the_page_costs_the_same_however_many_rows_there_are(maja, category, two):
    few = statements(maja, URL)
    for number in range(30):
        rule("lead_status_set", category["Other"], lead_status=LeadStatus.objects.create(name=f"Step {number}"))
    assert statements(maja, URL) == few


# -------------------------------------------------------------- adding and removing
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["fragment", "page"])
def test_a1_a_row_is_added_to_the_form_as_typed_and_nothing_is_saved(maja, two, category, headers):
    sent = {**untouched(maja), "r4-1-category": category["Partner"].pk, "r1-enabled": "on", "add-row": "1"}
    response = maja.post(URL, sent, headers=headers)
    html = response.content.decode()
    assert response.status_code == 200
    typed = fields_of(html)
    assert (keys_of(html), typed["r4-1-category"], typed["r4-3-status"], typed["r1-enabled"]) == ("1,2,3", str(category["Partner"].pk), "", "on")
    assert "form-alert" not in html
    assert "data-save" in html
    assert 'class="savebar" data-state="invalid"' in html
    if headers:
        assert '"#r4-3-st"' in response["HX-Trigger-After-Settle"]
    assert re.search(r'<select[^>]*id="r4-3-st"[^>]* autofocus', html)
    assert (version(), len(rows_saved())) == (1, 2)


def test_a1_there_is_never_more_than_one_blank_row(maja, two):
    typed = fields_of(maja.post(URL, {**untouched(maja), "add-row": "1"}, headers=HTMX).content.decode())
    again = maja.post(URL, {**typed, "add-row": "1"}, headers=HTMX)
    assert keys_of(again.content.decode()) == "1,2,3"
    assert '"#r4-3-st"' in again["HX-Trigger-After-Settle"]


def test_w0_what_the_buttons_of_the_rows_did_is_announced(maja, two):
    def said(fields):
        return json.loads(maja.post(URL, fields, headers=HTMX)["HX-Trigger-After-Settle"]).get("announce", {}).get("value")

    added = {**untouched(maja), "add-row": "1"}
    typed = fields_of(maja.post(URL, added, headers=HTMX).content.decode())
    assert said(added) is None  # focus goes into the new row, and says that
    assert said({**typed, "add-row": "1"}) == "Fill in this row first"
    assert said({**typed, "remove-row": "1"}) == "Qualified removed. It counts when you save."
    assert said({**typed, "remove-row": "3"}) == "Row 3 removed. It counts when you save."
    assert "Fill in this row first" in maja.post(URL, {**typed, "add-row": "1"}).content.decode()


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["fragment", "page"])
@pytest.mark.parametrize(("key", "left", "focus"), [("1", "2,3", "r4-2-remove"), ("3", "1,2", "r4-2-remove"), ("2", "1,3", "r4-3-remove")])
def test_a1_a_row_is_taken_out_of_the_form_and_focus_goes_to_the_next(maja, category, status, two, key, left, focus, headers):
    rule("lead_status_set", category["Partner"], lead_status=status["Re-nurture"])
    response = maja.post(URL, {**untouched(maja), "remove-row": key}, headers=headers)
    html = response.content.decode()
    assert (response.status_code, keys_of(html)) == (200, left)
    assert re.search(rf'<button[^>]*id="{focus}"[^>]* autofocus', html)
    assert len(rows_saved()) == 3


def test_a1_without_rows_there_is_a_blank_one_and_it_cannot_be_taken_out(maja, two):
    typed = untouched(maja)
    for key in ("1", "2"):
        html = maja.post(URL, {**typed, "remove-row": key}, headers=HTMX).content.decode()
        typed = fields_of(html)
    assert keys_of(html) == "1"
    assert "remove-row" not in html
    assert len(rows_saved()) == 2


@pytest.mark.parametrize("key", ["", "x", "99", "²", "9" * 30])
def test_taking_out_a_row_that_is_not_there_does_nothing(maja, two, key):
    response = maja.post(URL, {**untouched(maja), "remove-row": key}, headers=HTMX)
    assert (response.status_code, keys_of(response.content.decode())) == (200, "1,2")


def test_every_button_that_takes_a_row_out_has_a_name(maja, two):
    typed = {**untouched(maja), "add-row": "1"}
    html = maja.post(URL, typed, headers=HTMX).content.decode()
    assert re.findall(r'name="remove-row"[^>]*aria-label="([^"]+)"', html) == ["Remove Qualified", "Remove Disqualified", "Remove row 3"]
