"""Two administrators at the rules: the second to save is told who changed what, keeps their own input, and decides (W3)."""

from __future__ import annotations

import re

import pytest

from tests.browsers import HTMX
from tests.factories import rule
from tests.workflow.rules_form import save, saved, version
from workflow.models import AutomationRule, WorkflowSettings

pytestmark = pytest.mark.django_db


def _karen_saves(karen, **values):
    assert save(karen, **values).status_code == 200


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["fragment", "page"])
def test_w3_the_second_to_save_is_told_what_the_first_saved_keeps_their_input_and_decides(maja, karen, category, customer, headers):
    _karen_saves(karen, r1_enabled="on", r1_category=customer, r2_enabled="on", r2_category=customer, r2_ask="on")
    mine = {"r1_enabled": "on", "r1_category": category["Partner"].pk, "r1_ask": "on", "r2_enabled": "on", "r2_category": customer, "r2_ask": "on"}
    response = save(maja, headers, seen=1, **mine)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Karen Holst saved these settings" in html
    assert html.count("Saved by Karen Holst:") == 1
    theirs = re.sub(r"<[^>]+>|\s+", " ", re.search(r'class="rule__theirs">(.*?)</p>', html, re.DOTALL)[1])
    assert "Customer" in theirs
    assert "without asking" in theirs
    assert f'value="{category["Partner"].pk}" selected' in html
    assert saved() == (True, "Customer", False, None)
    newest = re.search(r'name="version" value="(\d+)"', html)[1]
    assert newest == "2"
    assert save(maja, headers, seen=newest, **mine).status_code == (200 if headers else 302)
    assert (saved(), version()) == ((True, "Partner", True, None), 3)


def test_w3_theirs_may_be_off(maja, karen, customer):
    save(maja, r1_enabled="on", r1_category=customer)
    _karen_saves(karen, r1_category=customer)
    response = save(maja, seen=2, r1_enabled="on", r1_category=customer, r1_ask="on")
    assert response.status_code == 409
    assert re.search(r"Saved by Karen Holst: Off", re.sub(r"\s+", " ", response.content.decode()))


def test_w3_two_who_want_the_same_do_not_meet(maja, karen, customer):
    _karen_saves(karen, r1_enabled="on", r1_category=customer)
    assert save(maja, seen=1, r1_enabled="on", r1_category=customer).status_code == 200
    assert version() == 2


@pytest.mark.parametrize("seen", ["", "x", "²", "-1", "99999999999999999999999"])
def test_w3_a_form_that_does_not_know_what_it_saw_overwrites_nothing(maja, category, customer, seen):
    save(maja, r1_enabled="on", r1_category=customer)
    assert save(maja, seen=seen, r1_enabled="on", r1_category=category["Partner"].pk).status_code == 409
    assert saved() == (True, "Customer", False, None)


def test_w2_an_incomplete_form_is_told_that_first(maja, karen, customer):
    _karen_saves(karen, r1_enabled="on", r1_category=customer)
    assert save(maja, seen=1, r2_enabled="on").status_code == 422


def test_w3_a_rule_changed_in_the_admin_is_noticed_by_an_administrator_who_has_the_screen_open(maja, administrator, category, customer):
    """Otherwise the next Save there would put back the old value unseen."""
    administrator.is_staff = True
    administrator.save()
    saved_rule = rule("sale_won", category["Customer"])
    seen = WorkflowSettings.objects.get().version
    sent = {"trigger": "sale_won", "target_category": category["Partner"].pk, "is_enabled": "on"}
    assert maja.post(f"/admin/workflow/automationrule/{saved_rule.pk}/change/", sent).status_code == 302
    assert AutomationRule.objects.get().target_category == category["Partner"]
    assert save(maja, seen=seen, r1_enabled="on", r1_category=customer).status_code == 409


def test_w3_two_who_changed_different_rules_are_not_asked_and_both_keep_their_work(maja, karen, category, customer):
    """Each page says what it has shown of every rule: only what both changed is a conflict."""
    html = maja.get("/settings/workflow/lead-categorization/").content.decode()
    shown = dict(re.findall(r'name="(r\d-seen)" value="([^"]+)"', html))
    _karen_saves(karen, r1_enabled="on", r1_category=customer)
    sent = {"version": 1, **shown, "r2-enabled": "on", "r2-category": category["Lost opportunity"].pk}
    assert maja.post("/settings/workflow/lead-categorization/", sent, headers=HTMX).status_code == 200
    assert dict(AutomationRule.objects.filter(is_enabled=True).values_list("trigger", "target_category__name")) == {
        "sale_won": "Customer",
        "sale_lost": "Lost opportunity",
    }


def test_w3_a_form_that_was_refused_first_still_knows_what_it_had_seen(maja, karen, category, customer):
    """The 422 must not carry the newest version: putting the mistake right would overwrite the colleague unnoticed."""
    page = maja.get("/settings/workflow/lead-categorization/").content.decode()
    shown = dict(re.findall(r'name="(r\d-seen)" value="([^"]+)"', page))
    _karen_saves(karen, r1_enabled="on", r1_category=customer)
    refused = maja.post("/settings/workflow/lead-categorization/", {"version": 1, **shown, "r1-enabled": "on"}, headers=HTMX)
    assert refused.status_code == 422
    again = dict(re.findall(r'name="(version|r\d-seen)" value="([^"]+)"', refused.content.decode()))
    assert again == {"version": "1", **shown}
    sent = {**again, "r1-enabled": "on", "r1-category": category["Partner"].pk}
    assert maja.post("/settings/workflow/lead-categorization/", sent, headers=HTMX).status_code == 409
    assert saved() == (True, "Customer", False, None)
