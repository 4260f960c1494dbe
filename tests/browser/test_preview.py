"""From a rule that is being considered to companies that were moved by it, and back: preview, apply, undo."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Company, CompanyCategory
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory
from tests.workflow.rules_form import URL as CATEGORIES
from workflow.models import AutomationRule, Batch, CategoryDecision


@pytest.fixture
def won(transactional_db) -> list[Company]:
    """Three companies whose sale was won before any rule was on."""
    companies = [CompanyFactory(name=name) for name in ("Fjordbo A/S", "Havgaard ApS", "Brørup Fjernvarme")]
    for company in companies:
        SaleFactory(company=company, title=f"Roof for {company}", status="won")
    return companies


@pytest.fixture
def maja(page: Page, live_server, administrator, won, problems) -> Page:
    log_in(page, live_server.url, administrator)
    page.goto(live_server.url + CATEGORIES)
    return page


def _customer() -> CompanyCategory:
    return CompanyCategory.objects.get(name="Customer")


def _names(category: str) -> set[str]:
    return set(Company.objects.filter(category__name=category).values_list("name", flat=True))


def test_a_rule_is_looked_at_before_it_is_saved_and_nothing_typed_is_lost(maja: Page):
    maja.locator("#r1").check()
    maja.locator("#r1-cat").select_option(label="Customer")
    maja.locator("#r1-try").press("Enter")
    dialog = maja.locator("#preview-dialog")
    expect(dialog).to_contain_text("It would move 3 companies")
    expect(dialog).to_contain_text("Brørup Fjernvarme")
    maja.keyboard.press("Escape")
    expect(maja.locator("#r1-try")).to_be_focused()
    expect(maja.locator("#r1-cat")).to_have_value(str(_customer().pk))
    expect(maja.locator(".savebar")).to_have_attribute("data-state", "dirty")
    assert not AutomationRule.objects.filter(is_enabled=True).exists()
    assert _names("Lead") == {"Fjordbo A/S", "Havgaard ApS", "Brørup Fjernvarme"}


def test_preview_apply_and_undo(maja: Page):
    maja.locator("#r1").check()
    maja.locator("#r1-cat").select_option(label="Customer")
    maja.locator("#rules-save").click()
    expect(maja.locator(".savebar")).to_have_attribute("data-state", "clean")
    maja.locator("#r1-try").click()
    maja.get_by_role("link", name="See all companies").click()
    expect(maja.get_by_role("heading", level=1)).to_have_text("What would this do?")

    expect(maja.locator("#preview-apply")).to_contain_text("(3)")
    maja.get_by_role("checkbox", name="Havgaard ApS").uncheck()
    expect(maja.locator("#preview-apply")).to_contain_text("(2)")
    maja.locator("#preview-apply").click()
    maja.locator("dialog[open] [data-yes]").click()
    expect(maja.get_by_text("2 companies were moved")).to_be_visible()
    assert _names("Customer") == {"Fjordbo A/S", "Brørup Fjernvarme"}

    maja.locator("#undo-batch").click()
    maja.locator("dialog[open] [data-yes]").click()
    expect(maja.get_by_text("2 companies are back already")).to_be_visible()
    assert _names("Lead") == {"Fjordbo A/S", "Havgaard ApS", "Brørup Fjernvarme"}


def test_applying_a_rule_that_asks_leads_to_one_list_q6(maja: Page):
    maja.locator("#r1").check()
    maja.locator("#r1-cat").select_option(label="Customer")
    maja.locator("#r1-ask").check()
    maja.locator("#rules-save").click()
    expect(maja.locator(".savebar")).to_have_attribute("data-state", "clean")
    maja.locator("#r1-try").click()
    maja.get_by_role("link", name="See all companies").click()
    maja.locator("#preview-apply").dblclick()
    maja.locator("dialog[open] [data-yes]").dblclick()
    maja.get_by_role("link", name="See them under Confirmations").click()
    expect(maja.locator("#inbox > li")).to_have_count(3)
    assert Batch.objects.filter(kind="backfill").count() == 1
    assert CategoryDecision.objects.waiting().count() == 3


def test_another_choice_in_the_form_is_another_address_and_back_comes_back(maja: Page):
    maja.goto(maja.url.replace(CATEGORIES, "/settings/workflow/preview/?trigger=sale_won"))
    maja.locator("#preview-category").select_option(label="Customer")
    expect(maja.locator("#preview-part")).to_contain_text("It would move 3 companies")
    maja.locator("#preview-rule").select_option(label="Update category when a sale is lost")
    expect(maja.locator("#preview-part")).to_contain_text("It would move 0 companies")
    maja.go_back()
    expect(maja.locator("#preview-part")).to_contain_text("It would move 3 companies")
    expect(maja.locator("#preview-rule")).to_have_value("sale_won")


def test_the_rules_are_tried_with_the_keyboard_a4(maja: Page, won: list[Company]):
    maja.goto(maja.url.replace(CATEGORIES, "/settings/workflow/try/"))
    AutomationRule.objects.create(trigger="sale_won", target_category=_customer(), ask_user=True, is_enabled=True)
    maja.locator("#try-q").press_sequentially("brørup")
    radio = maja.get_by_role("radio", name="Brørup Fjernvarme Lead")
    expect(radio).to_be_visible()
    expect(maja.locator("#try-q")).to_be_focused()
    maja.keyboard.press("Tab")
    maja.keyboard.press("Space")
    expect(maja.locator("#try-answers")).to_contain_text("Asks whoever does it whether Brørup Fjernvarme is to move from Lead to Customer.")
    expect(maja.locator("#try-event")).to_be_focused()  # the company that was chosen is not a choice any more
    maja.keyboard.press("ArrowDown")
    expect(maja.locator("#try-h")).to_have_text("Brørup Fjernvarme stays Lead.")
    expect(maja.locator("#try-event")).to_be_focused()
