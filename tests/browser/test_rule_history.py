"""Rule history and what rules did lately, as an administrator uses them (W4, W5)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from crm.actor import acting_as
from crm.models import CompanyCategory
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory, rule
from workflow.models import Trigger

URL = "/settings/workflow/rule-history/"


@pytest.fixture
def past(maja) -> None:
    """Two companies were created, one sale was won; it was at a partner, whom no rule moves."""
    rule(Trigger.SALE_WON, CompanyCategory.objects.get(name="Customer"))
    with acting_as(maja):
        CompanyFactory(name="Ærø Skibsbyg")
        partner = CompanyFactory(name="Fjordbo A/S", category=CompanyCategory.objects.get(name="Partner"))
        SaleFactory(company=partner, title="Solar roof", status="won")


@pytest.fixture
def history(page: Page, live_server, maja, past, problems) -> Page:
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + URL)
    return page


def _rows(page: Page):
    return page.locator("#rule-history tbody tr")


def test_w5_filters_work_at_once_keep_focus_and_the_back_button_leads_back(history: Page):
    expect(_rows(history)).to_have_count(3)
    history.evaluate("window.sameDocument = true")
    history.focus("#history-outcome")
    history.select_option("#history-outcome", "skipped")
    expect(_rows(history)).to_have_count(1)
    expect(_rows(history)).to_contain_text("Skipped: Fjordbo A/S is Partner, and rules only move potential customers.")
    expect(history).to_have_url(re.compile("outcome=skipped"))
    expect(history.locator("#history-outcome")).to_be_focused()
    assert history.evaluate("window.sameDocument")
    history.fill("#history-company", "ærø")
    expect(history.get_by_text("No decisions match these filters")).to_be_visible()
    history.go_back()
    expect(_rows(history)).to_have_count(1)
    expect(history.locator("#history-outcome")).to_have_value("skipped")
    expect(history.locator("#history-company")).to_have_value("")
    history.go_back()
    expect(_rows(history)).to_have_count(3)
    expect(history.locator("#history-outcome")).to_have_value("")


def test_w5_dates_appear_when_they_are_asked_for(history: Page):
    first = history.locator("#history-from")
    expect(first).to_be_hidden()
    history.select_option("#history-period", "dates")
    expect(first).to_be_visible()
    first.fill("2999-01-01")
    first.blur()
    expect(history.get_by_text("No decisions match these filters")).to_be_visible()
    history.click("#clear-filters")
    expect(_rows(history)).to_have_count(3)


def test_w5_the_file_holds_what_the_page_shows_after_filtering(history: Page):
    history.select_option("#history-rule", "sale_won")
    expect(_rows(history)).to_have_count(1)
    with history.expect_download() as download:
        history.click("#history-csv")
    assert re.fullmatch(r"rule-history-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Fjordbo A/S,Skipped,Not a potential customer" in lines[1]


def test_w4_a_count_leads_to_those_decisions_and_a_row_back_to_its_rule(history: Page):
    history.get_by_role("link", name="Lead categorization").click()
    history.get_by_role("link", name="1 skipped").click()
    expect(_rows(history)).to_have_count(1)
    expect(history.locator("#history-rule")).to_have_value("sale_won")
    expect(history.locator("#history-period")).to_have_value("30")
    history.get_by_role("link", name="Update category when a sale is won").click()
    expect(history).to_have_url(re.compile("lead-categorization/#r1$"))
    expect(history.locator("#r1")).to_be_in_viewport()


def test_w5_without_javascript_the_filters_have_a_button(browser: Browser, live_server, maja, past):
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + URL)
    page.fill("#history-company", "ærø")
    page.click("#history-filters noscript button, #history-filters button")
    expect(_rows(page)).to_have_count(1)
    expect(page.locator("#history-company")).to_have_value("ærø")
    page.select_option("#history-period", "dates")
    expect(page.locator("#history-from")).to_be_visible()
