"""An inquiry that was added to the wrong company is split off and put back; spam that was none comes out of the folder (I3, I5)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.models import Company
from leads.intake import Touch
from leads.models import Inquiry
from tests.browser.conftest import log_in
from tests.factories import ContactFactory
from tests.leads.inquiries import received


@pytest.fixture
def inquiry(transactional_db) -> Inquiry:
    """Added to Bakkely by its domain, which the café next door shares."""
    ContactFactory(email="bo@bakkely.example", company__name="Bakkely Gartneri")
    return received(first_name="Gerda", last_name="Lauge", email="gerda@bakkely.example", message="Ring til mig", first=Touch(utm_source="google"))


def test_i3_not_the_same_is_asked_in_a_dialog_and_taken_back_from_its_message(page: Page, live_server, jonas, inquiry, problems):
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + inquiry.get_absolute_url())
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#why")).to_contain_text("Bakkely Gartneri was chosen because its people or its website are at bakkely.example.")
    page.click("#split")
    dialog = page.locator("#split-dialog")
    expect(dialog).to_contain_text("Another company")
    dialog.get_by_role("button", name="Split").click()
    expect(dialog).to_contain_text("Write what the company is called")
    expect(page.locator("#id_company_name")).to_be_focused()
    page.fill("#id_company_name", "Gerdas Café")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#inquiry-card")).to_contain_text("Back to Gerda Lauge, Bakkely Gartneri")
    expect(page.locator("#page-title")).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text("Gerda Lauge is now at Gerdas Café")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#split")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Gerdas Café is archived.")
    assert page.evaluate("window.sameDocument")
    assert Company.objects.get(name="Gerdas Café").archived_at


def test_i5_not_spam_receives_it_and_the_list_and_the_navigation_follow(page: Page, live_server, jonas, inquiry, problems):
    caught = received(first_name="Asta", last_name="Hjorth", email="asta@bakkely.example", spam=Inquiry.SpamReason.TOO_FAST)
    Inquiry.objects.filter(pk=inquiry.pk).update(owner=jonas)
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/inquiries/?view=spam")
    expect(page.locator("#nav-count-inquiries")).to_contain_text("1")
    page.click(f"#not-spam-{caught.pk}")
    expect(page.locator("#results")).to_contain_text("No spam")
    expect(page.locator("#toasts")).to_contain_text("was added to Bakkely Gartneri")
    page.locator("#views").get_by_role("link", name="All").click()
    page.get_by_role("link", name="Asta Hjorth").first.click()
    page.click("#handled")
    expect(page.locator("#handled")).to_contain_text("Not handled")
    expect(page.locator("#handled")).to_be_focused()
    page.click("#spam")
    page.locator("#spam-dialog").get_by_role("button", name="Move to spam").click()
    expect(page.locator("#spam-dialog")).to_have_count(0)
    expect(page.locator(f"#not-spam-{caught.pk}")).to_be_visible()
    page.go_back()
    expect(page.locator("#results")).to_be_visible()


def test_i3_an_inquiry_is_split_without_scripts_too(browser, live_server, jonas, inquiry):
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}{inquiry.get_absolute_url()}split/")
    page.check("input[name=what][value=company]")
    page.fill("#id_company_name", "Gerdas Café")
    page.get_by_role("button", name="Split").click()
    expect(page.locator("#why")).to_contain_text("Gerdas Café was made a company of its own by hand.")
