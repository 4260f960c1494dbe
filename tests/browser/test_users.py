"""Inviting somebody until they are in, and letting somebody go, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from crm.actor import acting_as
from crm.models import CompanyCategory, User
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory, UserFactory, rule
from workflow.models import CategoryDecision, HandOver


def test_s5_somebody_is_invited_opens_the_link_chooses_a_password_and_is_in(page: Page, browser: Browser, live_server, maja, problems):
    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}/settings/users/")
    page.click("#invite")
    expect(page.locator("#id_first_name")).to_be_focused()
    page.keyboard.type("Ida")
    page.fill("#id_last_name", "Østergaard")
    page.fill("#id_email", "IDA@havn.example")
    page.select_option("#id_language", "da")
    page.click("#save-user")
    link = page.input_value("#the-link")
    assert link.startswith(f"{live_server.url}/welcome/")
    page.click("#copy-link")  # copied, or at least selected for Ctrl+C
    assert page.evaluate("document.getElementById('the-link').selectionEnd") == len(link)

    context = browser.new_context()
    theirs = context.new_page()
    theirs.goto(link)
    expect(theirs.locator("h1")).to_have_text("Velkommen til Havn")
    expect(theirs.locator("#id_email")).to_have_value("ida@havn.example")
    theirs.fill("#id_new_password1", "kort")
    theirs.fill("#id_new_password2", "kort")
    theirs.keyboard.press("Enter")
    expect(theirs.locator("#form-alert")).to_be_focused()
    theirs.fill("#id_new_password1", "a long sentence 7")
    theirs.fill("#id_new_password2", "a long sentence 7")
    theirs.keyboard.press("Enter")
    theirs.wait_for_url(f"{live_server.url}/")
    expect(theirs.locator("h1")).to_contain_text("Ida")
    theirs.goto(link)
    expect(theirs.locator("h1")).to_have_text(re.compile("virker ikke længere|no longer works"))
    context.close()

    page.click("main .btn--primary")
    expect(page.locator("#results")).to_contain_text("ida@havn.example")


def test_s5_q3_somebody_with_waiting_suggestions_is_deactivated(page: Page, browser: Browser, live_server, maja, problems):
    jonas, signe = UserFactory(email="jonas@havn.example", first_name="Jonas", last_name="Krogh"), UserFactory(first_name="Signe", last_name="Bach")
    rule("sale_won", CompanyCategory.objects.get(name="Customer"), ask=True)
    with acting_as(jonas):
        SaleFactory(company=CompanyFactory(our_contact=jonas), status="won")
    context = browser.new_context()
    theirs = context.new_page()
    log_in(theirs, live_server.url, jonas)

    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}/settings/users/")
    page.click(f"#user-{jonas.pk}")
    page.click("#go-deactivate")
    expect(page.locator("#user-leaves")).to_contain_text("1 suggestion that waits for an answer passes on")
    expect(page.locator("#user-leaves")).to_contain_text("our contact for 1 company")
    page.select_option("#id_companies_to", str(signe.pk))
    page.click("#deactivate")
    page.wait_for_url(f"{live_server.url}/settings/users/")
    expect(page.locator("#results")).not_to_contain_text("Jonas Krogh")
    page.check("#show-left")
    expect(page.locator("#results")).to_contain_text("Jonas Krogh")
    assert "all=1" in page.url

    theirs.reload()
    expect(theirs.locator("#id_username")).to_be_visible()
    context.close()
    assert CategoryDecision.objects.waiting().get().asked_of == signe
    assert (HandOver.objects.get().from_user, HandOver.objects.get().by) == (jonas, maja)

    page.click(f"#user-{jonas.pk}")
    page.click("#reactivate")
    expect(page.locator("main .chip").first).not_to_have_text("Deactivated")
    assert User.objects.get(pk=jonas.pk).is_active


def test_w0_the_help_opens_by_keyboard_and_the_log_is_filtered_in_place(page: Page, live_server, maja, problems):
    rule("sale_won", CompanyCategory.objects.get(name="Customer"))
    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}/settings/log/")
    page.locator(".help summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".help dl")).to_be_visible()
    page.select_option("#screen-filter", "lead-categorization")
    page.wait_for_url("**screen=lead-categorization**")
    expect(page.locator("#results")).to_contain_text("Set category to: Customer")
    page.fill("#to-filter", "2020-01-01")
    expect(page.locator("#results")).to_contain_text("No changes match these filters")
    page.go_back()
    expect(page.locator("#results")).to_contain_text("Set category to: Customer")
    expect(page.locator("#to-filter")).to_have_value("")
