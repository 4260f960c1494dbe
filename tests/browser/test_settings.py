"""Lead categorization and the lists, as an administrator uses them."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from crm.models import CompanyCategory
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, ContactFactory
from tests.workflow.rules_form import URL as RULES
from workflow.models import AutomationRule, Trigger, WorkflowSettings

CATEGORIES = "/settings/lists/company-categories/"


def test_w2_the_bar_says_what_is_missing_and_leads_there(rules: Page):
    save = rules.locator("#rules-save")
    expect(save).to_be_disabled()
    rules.focus("#r2")
    rules.keyboard.press("Space")
    expect(rules.locator("#r2-cat")).to_be_visible()
    expect(rules.locator(".when--invalid")).to_contain_text("Update category when a sale is lost")
    rules.click("[data-first-missing]")
    expect(rules.locator("#r2-cat")).to_be_focused()
    rules.keyboard.press("Tab")
    expect(rules.locator("#r2-cat-err")).to_be_visible()
    expect(save).to_be_disabled()
    rules.select_option("#r2-cat", label="Lost opportunity")
    expect(save).to_be_enabled()
    rules.uncheck("#r2")
    rules.select_option("#r2-cat", index=0, force=True)
    expect(save).to_be_disabled()  # as it was


def test_w2_saving_by_keyboard_keeps_the_place_and_cancel_throws_away(rules: Page):
    rules.check("#r2")
    rules.select_option("#r2-cat", label="Lost opportunity")
    rules.focus("#r2-ask")
    rules.keyboard.press("Control+s")
    expect(rules.locator(".when--clean")).to_contain_text("Saved at")
    expect(rules.locator("#r2-ask")).to_be_focused()
    assert AutomationRule.objects.get(trigger=Trigger.SALE_LOST).is_enabled
    rules.uncheck("#r1")
    rules.click("#rules-cancel")
    expect(rules.locator("#r1")).to_be_checked()
    expect(rules.locator("#rules-save")).to_be_disabled()
    expect(rules.locator("#rules-cancel")).to_be_focused()
    assert WorkflowSettings.objects.get().version == 2


def test_w2_the_server_refuses_what_the_page_would_not_have_let_through(rules: Page):
    rules.check("#r3")
    rules.evaluate("document.querySelector('#rules-save').disabled = false")
    rules.click("#rules-save")
    expect(rules.locator("#form-alert")).to_be_focused()
    expect(rules.locator("#form-alert")).to_contain_text("Select a category, or turn the rule off")
    expect(rules.locator("#r3")).to_be_checked()
    assert not AutomationRule.objects.filter(trigger=Trigger.SALE_REGISTERED).exists()


def test_leaving_with_unsaved_changes_asks_first(rules: Page):
    rules.uncheck("#r1")
    rules.click("nav a[href='/settings/lists/company-categories/']")
    expect(rules.locator("dialog")).to_contain_text("Leave without saving?")
    rules.keyboard.press("Escape")
    expect(rules.locator("dialog")).to_have_count(0)
    expect(rules.locator("#r1")).not_to_be_checked()
    assert rules.url.endswith(RULES)


def test_w3_the_second_administrator_is_told_and_decides(rules: Page, browser: Browser, live_server, karen):
    other = browser.new_context().new_page()
    log_in(other, live_server.url, karen)
    other.goto(live_server.url + RULES)
    other.check("#r1-ask")
    other.click("#rules-save")
    expect(other.locator(".when--clean")).to_contain_text("Saved at")
    rules.select_option("#r1-cat", label="Partner")
    rules.click("#rules-save")
    expect(rules.locator("#form-conflict")).to_contain_text("Karen Holst saved these settings")
    expect(rules.locator(".rule__theirs")).to_contain_text("asks first")
    expect(rules.locator("#r1-cat")).to_have_value(str(CompanyCategory.objects.get(name="Partner").pk))
    rules.click("#rules-save")
    expect(rules.locator(".when--clean")).to_contain_text("Saved at")
    assert AutomationRule.objects.get().target_category.name == "Partner"


def test_c3_a_category_leaves_the_group_and_lead_status_goes_with_it(page: Page, live_server, maja, problems):
    lead = CompanyCategory.objects.get(name="Opportunity")
    ContactFactory(company=CompanyFactory(category=lead))
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + CATEGORIES)
    page.click(f"#item-{lead.pk}")
    dialog = page.locator("#item-dialog")
    expect(dialog.locator("#id_name")).to_be_focused()
    expect(dialog).to_contain_text("the lead status of 1 contact")
    page.select_option("#id_group", "customer")
    expect(page.locator("#id_lead_status_enabled")).to_have_count(0)
    page.select_option("#id_group", "lost")  # only looking, at one group after another
    page.select_option("#id_group", "potential_customer")
    expect(page.locator("#id_lead_status_enabled")).to_be_checked()
    page.uncheck("#id_lead_status_enabled")
    page.select_option("#id_group", "customer")
    expect(page.locator("#id_lead_status_enabled")).to_have_count(0)
    page.select_option("#id_group", "potential_customer")
    expect(page.locator("#id_lead_status_enabled")).not_to_be_checked()
    page.select_option("#id_group", "customer")
    expect(page.locator("#id_lead_status_enabled")).to_have_count(0)
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Opportunity saved")
    expect(page.locator(f"#item-{lead.pk}")).to_be_focused()
    lead.refresh_from_db()
    assert (lead.group_id, lead.lead_status_enabled) == ("customer", False)


def test_c2_a_name_that_is_taken_is_said_at_the_field_and_nothing_typed_is_lost(page: Page, live_server, maja, problems):
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + CATEGORIES)
    page.click("#add-item")
    page.fill("#id_name", "cUSTOMER")
    page.fill("#id_description", "Again")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="OK").click()
    expect(page.locator("#id_name_error")).to_be_visible()
    expect(page.locator("#id_name")).to_be_focused()
    expect(page.locator("#id_description")).to_have_value("Again")
    page.fill("#id_name", "Supplier")
    page.get_by_role("button", name="OK").click()
    expect(page.locator("#items")).to_contain_text("Supplier")
