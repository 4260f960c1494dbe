"""Rule 4's rows, the save bar, and two administrators, in a browser (A1, W2, W3)."""

from __future__ import annotations

import random
import re
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from crm.models import CompanyCategory
from leads.models import LeadStatus
from tests.browser.conftest import log_in
from tests.factories import UserFactory, rule
from tests.workflow.rules_form import URL as RULES
from tests.workflow.rules_form import rows_saved
from workflow.forms import RulesForm
from workflow.models import AutomationRule


@pytest.fixture
def maja(administrator):
    rule("sale_won", CompanyCategory.objects.get(name="Customer"))
    for name, target in (("Qualified", "Opportunity"), ("Disqualified", "Other")):
        rule("lead_status_set", CompanyCategory.objects.get(name=target), lead_status=LeadStatus.objects.get(name=name))
    return administrator


@pytest.fixture
def rules(page: Page, live_server, maja, problems) -> Page:
    """Rule 1 and rule 4 are on; rule 4 has two lead statuses."""
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + RULES)
    return page


@pytest.fixture
def karens(browser: Browser, live_server, rules, karen) -> Page:
    """The same screen, open in the other administrator's browser."""
    page = browser.new_context().new_page()
    log_in(page, live_server.url, karen)
    page.goto(live_server.url + RULES)
    return page


def _choose(page: Page, field: str, label: str) -> None:
    page.select_option(field, label=label)


def _save(page: Page) -> None:
    page.click("#rules-save")
    expect(page.locator(".when--clean")).to_contain_text("Saved at")


# ------------------------------------------------------------------ by keyboard
def test_a1_a_row_is_added_filled_saved_and_taken_out_by_keyboard(rules: Page):
    rules.focus("#r4-add")
    rules.keyboard.press("Enter")
    expect(rules.locator("#r4-3-st")).to_be_focused()
    expect(rules.locator("#rules-save")).to_be_disabled()
    expect(rules.locator("#r4-3-st-err")).to_be_hidden()  # not red before somebody has been there
    rules.keyboard.type("Re-n")
    rules.keyboard.press("Tab")
    expect(rules.locator("#r4-3-cat")).to_be_focused()
    rules.keyboard.type("Lost opp")
    expect(rules.locator("#rules-save")).to_be_enabled()
    rules.keyboard.press("Control+s")
    expect(rules.locator(".when--clean")).to_contain_text("Saved at")
    assert ("Re-nurture", "Lost opportunity", False, True) in rows_saved()
    rules.focus("#r4-1-remove")
    rules.keyboard.press("Space")
    expect(rules.locator("#r4-2-remove")).to_be_focused()
    expect(rules.locator("#r4-1")).to_have_count(0)
    expect(rules.locator(".when--dirty")).to_be_visible()
    assert len(rows_saved()) == 3  # nothing is saved before Save
    rules.keyboard.press("Control+s")
    expect(rules.locator(".when--clean")).to_contain_text("Saved at")
    assert [name for name, *_rest in rows_saved()] == ["Disqualified", "Re-nurture"]


def test_enter_in_a_checkbox_saves_and_adds_no_row(rules: Page):
    rules.focus("#r4-1-ask")
    rules.keyboard.press("Space")
    rules.keyboard.press("Enter")
    expect(rules.locator(".when--clean")).to_contain_text("Saved at")
    expect(rules.locator("[data-row]")).to_have_count(2)
    assert rows_saved()[0] == ("Qualified", "Opportunity", True, True)


def test_w2_a_row_added_and_taken_out_again_is_no_change(rules: Page):
    rules.click("#r4-add")
    expect(rules.locator("#r4-3-st")).to_be_focused()
    rules.click("#r4-3-remove")
    expect(rules.locator(".when--clean")).to_be_visible()
    expect(rules.locator("#rules-save")).to_be_disabled()
    assert rules.get_attribute("#rules-form", "data-dirty") is None


def test_w2_what_was_typed_elsewhere_is_still_there_when_a_row_is_added(rules: Page):
    rules.check("#r1-ask")
    _choose(rules, "#r4-1-cat", "Partner")
    rules.click("#r4-add")
    expect(rules.locator("#r4-3-st")).to_be_focused()
    expect(rules.locator("#r1-ask")).to_be_checked()
    expect(rules.locator("#r4-1-cat option:checked")).to_have_text("Partner")
    rules.click("#rules-cancel")
    expect(rules.locator("[data-row]")).to_have_count(2)
    expect(rules.locator("#r1-ask")).not_to_be_checked()
    expect(rules.locator(".when--clean")).to_be_visible()


def test_w2_the_same_lead_status_twice_is_said_at_once_and_the_bar_leads_there(rules: Page):
    _choose(rules, "#r4-2-st", "Qualified")
    expect(rules.locator("#r4-2-st-err")).to_contain_text("There is a rule for this lead status already")
    expect(rules.locator(".when--invalid")).to_contain_text("To save, choose each lead status only once:")
    expect(rules.locator("#rules-save")).to_be_disabled()
    rules.uncheck("#r4")  # off, and the mistake stays in sight
    expect(rules.locator("#r4-2-st")).to_be_visible()
    rules.click("[data-first-missing]")
    expect(rules.locator("#r4-2-st")).to_be_focused()
    _choose(rules, "#r4-2-st", "Contacting")
    expect(rules.locator("#r4-2-st-err")).to_be_hidden()
    expect(rules.locator("#rules-save")).to_be_enabled()
    _save(rules)
    assert rows_saved() == [("Contacting", "Other", False, False), ("Qualified", "Opportunity", False, False)]


def test_w2_a_deleted_target_asks_for_another_one(rules: Page):
    CompanyCategory.objects.filter(name="Other").update(archived_at=timezone.now())
    rules.reload()
    expect(rules.locator("#r4-2-cat option:checked")).to_have_text("Other (deleted)")
    expect(rules.locator("#r4-2-cat-err")).to_contain_text("This category has been deleted. Select another one.")
    expect(rules.locator("[data-missing=cat-empty]")).to_be_visible()
    expect(rules.locator("[data-first-missing]")).to_have_text("Update category when a lead status is set to Disqualified")
    _choose(rules, "#r4-2-cat", "Partner")
    expect(rules.locator("#r4-2-cat-err")).to_be_hidden()
    _save(rules)
    assert rows_saved()[1][1] == "Partner"


@pytest.mark.parametrize("target", ["#r4-3-ask", "#r4-3-try"])
def test_w2_one_click_is_enough_after_an_empty_row(rules: Page, target):
    """The red sentence comes after the click: before, it would push away what is being clicked."""
    rules.click("#r4-add")
    expect(rules.locator("#r4-3-st")).to_be_focused()
    box = rules.locator(target).bounding_box()
    rules.mouse.move(box["x"] + box["width"] / 2, box["y"] + 3)  # near the top, where a moved one is no longer
    rules.mouse.down()
    rules.wait_for_timeout(100)  # as long as a finger takes
    rules.mouse.up()
    if target == "#r4-3-ask":
        expect(rules.locator(target)).to_be_checked()
    else:
        expect(rules.locator("dialog[open]")).to_be_visible()
    expect(rules.locator("#r4-3-st-err")).to_be_visible()


# --------------------------------------------------------- without JavaScript
def test_a1_rows_work_without_javascript(browser: Browser, live_server, maja):
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + RULES)
    page.check("#r1-ask")
    page.click("#r4-add")
    expect(page.locator("#r4-3-st")).to_be_focused()
    expect(page.locator("#r1-ask")).to_be_checked()
    page.select_option("#r4-3-st", label="Open")
    page.click("#rules-save")
    expect(page.locator("#form-alert")).to_contain_text("When a lead status is set to Open: Select a category, or turn the rule off")
    page.select_option("#r4-3-cat", label="Partner")
    page.click("#r4-1-remove")
    expect(page.locator("[data-row]")).to_have_count(2)
    page.click("#rules-save")
    expect(page.locator("#toasts")).to_contain_text("Settings saved")
    assert rows_saved() == [("Open", "Partner", False, True), ("Disqualified", "Other", False, True)]
    assert AutomationRule.objects.get(trigger="sale_won").ask_user


# ------------------------------------------------------- page and server agree
STATE = """() => {
  const bar = document.querySelector(".savebar"), form = document.querySelector("#rules-form");
  const words = [...bar.querySelectorAll("[data-missing]")].find((el) => !el.hidden);
  return {
    state: bar.dataset.state, id: bar.querySelector("[data-first-missing]").hash.slice(1), key: words?.dataset.missing,
    title: bar.querySelector("[data-first-missing]").textContent, sent: [...new FormData(form)],
  };
}"""
SET = """(values) => {
  for (const [id, value] of Object.entries(values)) {
    const el = document.getElementById(id);
    if (el.type === "checkbox") el.checked = value; else el.value = value;
    el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""


@pytest.mark.parametrize("seed", [1, 2])
def test_w2_the_page_and_the_server_find_the_same_missing(rules: Page, seed):
    """Random states of the form, with deleted items in them: what the page does not let through, the server refuses, for the same reason."""
    CompanyCategory.objects.filter(name__in=["Other", "Customer"]).update(archived_at=timezone.now())
    LeadStatus.objects.filter(name="Disqualified").update(archived_at=timezone.now())
    rules.reload()
    for number in (3, 4):
        rules.click("#r4-add")
        _choose(rules, f"#r4-{number}-st", "Open")
    options = rules.evaluate("Object.fromEntries([...document.querySelectorAll('#rules-form select')].map((s) => [s.id, [...s.options].map((o) => o.value)]))")
    boxes = rules.evaluate("[...document.querySelectorAll('#rules-form [type=checkbox]')].map((b) => b.id)")
    dice, seen = random.Random(seed), set[str]()
    for _ in range(60):
        values = {field: "" if dice.random() < 0.3 else dice.choice(some) for field, some in options.items()}
        rules.evaluate(SET, {**values, **{box: dice.random() < 0.3 for box in boxes}})
        shown = rules.evaluate(STATE)
        form = RulesForm(QueryDict(urlencode([tuple(pair) for pair in shown["sent"]])))
        missing = form.first_missing
        assert (shown["state"] != "invalid") == form.is_valid(), shown
        if missing:
            assert (shown["id"], shown["key"]) == (missing["gap"].id, missing["key"]), shown
        seen |= {gap.kind for gap in form.gaps()} or {"nothing"}
    assert seen == {"nothing", "empty", "deleted", "twice"}


# ------------------------------------------------------------ two administrators
def test_w3_a_conflict_shows_both_versions_and_the_saved_one_can_be_used(rules: Page, karens: Page):
    _choose(karens, "#r4-1-cat", "Marketing qualified lead")
    karens.check("#r4-1-ask")
    _save(karens)
    _choose(rules, "#r4-1-cat", "Partner")
    rules.click("#rules-save")
    expect(rules.locator("#form-conflict")).to_be_focused()
    expect(rules.locator("#form-conflict")).to_contain_text("Karen Holst saved these settings")
    expect(rules.locator("#r4-1 .rule__theirs")).to_have_text(re.compile(r"Saved by Karen Holst:\s+Qualified, Marketing qualified lead, asks first"))
    expect(rules.locator("#r4-1-cat option:checked")).to_have_text("Partner")
    expect(rules.locator("#rules-save")).to_be_enabled()
    rules.click("#use-saved")
    expect(rules.locator("#form-conflict")).to_have_count(0)
    expect(rules.locator("#r4-1-cat option:checked")).to_have_text("Marketing qualified lead")
    expect(rules.locator("#r4-1-ask")).to_be_checked()
    expect(rules.locator("#rules-save")).to_be_disabled()
    assert rows_saved()[0] == ("Qualified", "Marketing qualified lead", True, True)


def test_w3_a_row_that_karen_took_out_can_be_kept_by_saving_again(rules: Page, karens: Page):
    karens.click("#r4-2-remove")
    expect(karens.locator("[data-row]")).to_have_count(1)
    karens.click("#r4-add")
    _choose(karens, "#r4-2-st", "Contacting")
    _choose(karens, "#r4-2-cat", "Opportunity")
    _save(karens)
    rules.check("#r4-2-ask")
    rules.click("#rules-save")
    expect(rules.locator("#r4-2 .rule__theirs")).to_contain_text("removed")
    expect(rules.locator("[data-row]")).to_have_count(3)  # the row she added is here too
    _save(rules)
    assert rows_saved() == [
        ("Contacting", "Opportunity", False, True), ("Qualified", "Opportunity", False, True), ("Disqualified", "Other", True, True),
    ]  # fmt: skip


def test_w3_a_rule_changed_in_the_admin_meanwhile_is_told_too(rules: Page, browser: Browser, live_server):
    root = UserFactory(email="root@havn.example", first_name="Rasmus", last_name="Dam", is_staff=True, is_superuser=True)
    office = browser.new_context().new_page()
    log_in(office, live_server.url, root)
    won = AutomationRule.objects.get(trigger="sale_won")
    office.goto(f"{live_server.url}/admin/workflow/automationrule/{won.pk}/change/")
    office.check("#id_ask_user")
    office.click("input[name=_save]")
    expect(office.locator(".messagelist")).to_be_visible()
    _choose(rules, "#r1-cat", "Partner")
    rules.click("#rules-save")
    expect(rules.locator("#form-conflict")).to_contain_text("Rasmus Dam saved these settings")
    _save(rules)
    won.refresh_from_db()
    assert (won.target_category.name, won.ask_user) == ("Partner", False)
