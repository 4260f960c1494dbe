"""The cards with the keyboard: a value edited in place, notes and follow-ups, archive and Undo (S5)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from crm.models import Company, FollowUp, Note
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory, UserFactory


@pytest.fixture
def card(transactional_db, page, live_server, speak, problems):
    """Jonas looks at the card of Fjordbo."""
    jonas = UserFactory(email="jonas@havn.example", first_name="Jonas", last_name="Krogh", language=speak.language)
    company = CompanyFactory(name="Fjordbo", phone="75 00 00 00", our_contact=jonas)
    SaleFactory(company=company, title="Solar roof")
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + company.get_absolute_url())
    return page


def test_a_value_is_edited_with_the_keyboard_and_what_is_being_typed_survives_a_refresh_and_a_colleague(card):
    card.focus("#edit-phone")
    card.keyboard.press("Enter")
    expect(card.locator("#phone_phone")).to_be_focused()
    card.keyboard.type("1")
    card.keyboard.press("Escape")
    expect(card.locator("#edit-phone")).to_be_focused()
    expect(card.locator("#edit-phone")).to_contain_text("75 00 00 00")

    card.keyboard.press("Enter")
    expect(card.locator("#phone_phone")).to_be_focused()
    card.fill("#phone_phone", "75 11 11 11")
    card.keyboard.press("Enter")
    expect(card.locator("a[href='tel:75 11 11 11']")).to_be_visible()  # the rest of the page follows
    expect(card.locator("#edit-phone")).to_be_focused()
    expect(card.locator("#live")).to_contain_text("75 11 11 11")

    card.focus("#edit-business")
    card.keyboard.press("Enter")
    card.fill("#business_business", "Solar cells")
    Company.objects.update(business="Roofs")  # a colleague
    card.evaluate("document.body.dispatchEvent(new Event('page:changed'))")
    expect(card.locator("#business_business")).to_have_value("Solar cells")
    card.wait_for_timeout(300)
    expect(card.locator("#business_business")).to_be_focused()
    card.keyboard.press("Enter")
    expect(card.locator("#fact-business")).to_contain_text("Roofs")
    assert Company.objects.get().business == "Roofs"
    card.focus("#business_business")
    card.keyboard.press("Enter")
    expect(card.locator("#edit-business")).to_have_text("Solar cells")
    expect(card.locator("#edit-business")).to_be_focused()


def test_a_note_and_a_follow_up_are_written_done_and_planned_again_and_a_half_written_note_is_not_lost(card):
    card.fill("#note_text", "Wants to see a reference")
    card.keyboard.press("Control+Enter")
    expect(card.locator("#note-list")).to_contain_text("Wants to see a reference")
    expect(card.locator("#note_text")).to_have_value("")
    expect(card.locator("#note_text")).to_be_focused()
    card.keyboard.type("Half a thought")

    card.click("#plan-summary")
    card.fill("#plan_text", "Call about the offer")
    card.click("#plan-form .segmented label:has-text('Tomorrow')")
    card.keyboard.press("Enter")
    expect(card.locator(".follow-up")).to_contain_text("Tomorrow")
    expect(card.locator("#note_text")).to_have_value("Half a thought")
    expect(card.locator("#plan-box")).not_to_have_attribute("open", "")

    card.click(".follow-up [aria-label^=Done]")
    expect(card.locator(".follow-up")).to_have_count(0)
    expect(card.locator("#plan-summary")).to_be_focused()
    expect(card.locator("#plan-summary")).to_contain_text("Plan the next one")
    card.click("#toasts [data-undo]")
    expect(card.locator(".follow-up")).to_have_count(1)

    card.reload()
    expect(card.locator("#note_text")).to_have_value("Half a thought")
    card.context.clear_cookies(name="sessionid")  # logged out meanwhile
    card.click("#note-save")
    expect(card.locator("#toasts")).to_contain_text("You have been logged out")
    expect(card.locator("#note_text")).to_have_value("Half a thought")
    assert Note.objects.count() == FollowUp.objects.count() == 1

    card.goto(card.url)
    card.fill("#id_username", "jonas@havn.example")
    card.fill("#id_password", "demo")
    card.click("form.fields button[type=submit]")
    expect(card.locator("#note_text")).to_have_value("Half a thought")
    card.click("#note-save")
    expect(card.locator("#note-list li")).to_have_count(2)
    card.reload()
    expect(card.locator("#note_text")).to_have_value("")

    card.click("#note-list li:first-child [data-edit]")
    expect(card.locator("#note-list textarea")).to_be_focused()
    card.keyboard.press("End")
    card.keyboard.type(", finished")
    card.keyboard.press("Control+Enter")
    expect(card.locator("#note-list")).to_contain_text("Half a thought, finished")
    expect(card.locator("#note-list li:first-child [data-edit]")).to_be_focused()


def test_s5_a_company_is_archived_and_brought_back_with_undo(card):
    card.click("#more")
    expect(card.locator("#archive")).to_contain_text("1 open sale stays")
    card.click("#archive")
    expect(card.locator("#archived")).to_be_visible()
    expect(card.locator("#edit-phone")).to_have_count(0)
    card.click("#toasts [data-undo]")
    expect(card.locator("#archived")).to_have_count(0)
    expect(card.locator("#more")).to_be_visible()
