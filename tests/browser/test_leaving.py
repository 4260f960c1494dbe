"""Unsaved rules are not lost by leaving: our dialog inside Havn, the browser's own for what is not ours to ask about."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import CompanyCategory
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, ContactFactory
from tests.workflow.rules_form import URL as RULES
from workflow.models import AutomationRule

SETUP = "/settings/workflow/setup/"


@pytest.fixture
def rules(rules: Page) -> Page:
    """The first rule is on; it has been switched off on the page, and not saved."""
    rules.click("#r1")
    return rules


def _stays(page: Page) -> None:
    """Our dialog asks; staying is what Enter and Escape mean."""
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("Leave without saving?")
    expect(dialog.get_by_role("button", name="Stay on the page")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#r1")).not_to_be_checked()
    assert page.url.endswith(RULES)


def test_a_link_asks_and_leaving_saves_nothing(rules: Page):
    rules.click("nav.tabs a:has-text('Failed rules')")
    _stays(rules)
    expect(rules.locator("nav.tabs a:has-text('Failed rules')")).to_be_focused()
    rules.click("nav.tabs a:has-text('Failed rules')")
    rules.locator("dialog[open]").get_by_role("button", name="Leave without saving").click()
    rules.wait_for_url("**/failures/")
    assert AutomationRule.objects.get().is_enabled


def test_a_link_within_the_page_does_not_ask(rules: Page):
    rules.check("#r2")
    rules.click("[data-first-missing]")
    expect(rules.locator("dialog[open]")).to_have_count(0)
    expect(rules.locator("#r2-cat")).to_be_focused()


@pytest.mark.parametrize(("button", "then"), [("Log out", "**/login/**"), ("Dansk", f"**{RULES}")])
def test_logging_out_and_the_language_menu_ask_too_and_focus_comes_back(rules: Page, button, then):
    rules.click("[popovertarget=user-menu]")
    rules.get_by_role("button", name=button, exact=True).click()
    _stays(rules)
    expect(rules.locator("[popovertarget=user-menu]")).to_be_focused()
    rules.click("[popovertarget=user-menu]")
    rules.get_by_role("button", name=button, exact=True).click()
    rules.locator("dialog[open]").get_by_role("button", name="Leave without saving").click()
    rules.wait_for_url(then)
    expect(rules.locator("html")).to_have_attribute("lang", "da" if button == "Dansk" else "en")
    assert AutomationRule.objects.get().is_enabled


def test_the_search_asks_too(rules: Page):
    rules.fill("#q", "Fjordbo")
    rules.keyboard.press("Enter")
    _stays(rules)


@pytest.mark.parametrize("leaving", ["history.back()", "location.reload()"])
def test_back_and_reload_are_the_browsers_to_ask_about(rules: Page, leaving):
    with rules.expect_event("dialog") as asked:
        rules.once("dialog", lambda dialog: dialog.dismiss())
        rules.evaluate(f"setTimeout(() => {leaving})")
    assert asked.value.type == "beforeunload"
    expect(rules.locator("#r1")).not_to_be_checked()
    assert rules.url.endswith(RULES)


def test_closing_the_tab_is_the_browsers_to_ask_about(rules: Page):
    with rules.expect_event("dialog") as asked:
        rules.once("dialog", lambda dialog: dialog.accept())
        rules.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"


@pytest.mark.parametrize("undo", ["#r1", "#rules-cancel", "#rules-save"])
def test_nothing_asks_once_the_change_is_taken_back_cancelled_or_saved(rules: Page, undo):
    rules.click(undo)
    expect(rules.locator(".when--clean")).to_be_visible()
    rules.click("nav.tabs a:has-text('Failed rules')")
    rules.wait_for_url("**/failures/")
    assert AutomationRule.objects.get().is_enabled == (undo != "#rules-save")


def test_who_left_and_goes_back_sees_what_is_saved(rules: Page):
    """Not what the browser remembers of the form: that would look saved."""
    rules.click("nav.tabs a:has-text('Failed rules')")
    rules.locator("dialog[open]").get_by_role("button", name="Leave without saving").click()
    rules.wait_for_url("**/failures/")
    rules.go_back()
    rules.wait_for_url(f"**{RULES}")
    expect(rules.locator("#r1")).to_be_checked()
    expect(rules.locator(".when--clean")).to_be_visible()


# ----------------------------------------------------------------- setting up (C6)
def test_c6_the_summary_follows_what_is_chosen_and_apply_does_it(rules: Page, live_server):
    lead, opportunity = (CompanyCategory.objects.get(name=name) for name in ("Lead", "Opportunity"))
    ContactFactory.create_batch(2, company=CompanyFactory(category=lead))
    rules.click("#rules-cancel")
    expect(rules.locator(".when--clean")).to_be_visible()
    rules.click("a:has-text('Set up categories')")
    summary = rules.locator("#setup-summary")
    expect(summary).to_contain_text("Nothing changes.")
    rules.focus(f"#c{lead.pk}-group")
    rules.select_option(f"#c{lead.pk}-group", "customer")
    expect(rules.locator(f"#c{lead.pk}-lead")).to_be_hidden()
    expect(summary).to_contain_text("The lead status of 2 contacts is hidden. The values are kept.")
    expect(rules.locator(f"#c{lead.pk}-group")).to_be_focused()
    rules.uncheck(f"#c{opportunity.pk}-lead")
    expect(summary).to_contain_text("Opportunity: lead status off")
    rules.click("a:has-text('Back to CRM')")
    expect(rules.locator("dialog[open]")).to_contain_text("Leave without saving?")
    rules.keyboard.press("Escape")
    rules.click("#setup-apply")
    rules.wait_for_url(f"**{RULES}")
    expect(rules.locator("#toasts")).to_contain_text("The categories are set up")
    lead.refresh_from_db()
    assert (lead.group_id, lead.lead_status_enabled) == ("customer", False)


def test_c6_setting_up_works_without_javascript(browser, live_server, rules: Page, karen):
    lead = CompanyCategory.objects.get(name="Lead")
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, karen)
    page.goto(live_server.url + SETUP)
    page.select_option(f"#c{lead.pk}-group", "partner")
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.locator("#setup-summary")).to_contain_text("Lead: Potential customer")
    page.click("#setup-apply")
    page.wait_for_url(f"**{RULES}")
    lead.refresh_from_db()
    assert lead.group_id == "partner"


def test_the_form_of_a_list_item_on_a_page_of_its_own_asks_too_and_saving_does_not(rules: Page, live_server):
    lead = CompanyCategory.objects.get(name="Lead")
    url = f"{live_server.url}/settings/lists/company-categories/{lead.pk}/"
    rules.check("#r1")  # as it was saved: nothing to lose here
    rules.goto(url)
    rules.fill("#id_name", "Customer")
    rules.get_by_role("button", name="OK").click()
    expect(rules.locator("#id_name_error")).to_be_visible()  # the form that came back still knows
    rules.click("nav a:has-text('Users')")
    expect(rules.locator("dialog[open]")).to_contain_text("Leave without saving?")
    rules.keyboard.press("Escape")
    rules.fill("#id_name", "Prospect")
    rules.get_by_role("button", name="OK").click()
    expect(rules.locator("#toasts")).to_contain_text("Prospect saved")
    assert rules.url.endswith("/settings/lists/company-categories/")
    rules.goto(url)
    rules.fill("#id_name", "Lead")
    rules.get_by_role("link", name="Cancel").click()
    rules.wait_for_url("**/settings/lists/company-categories/")
    lead.refresh_from_db()
    assert lead.name == "Prospect"
