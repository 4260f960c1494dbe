"""Seats, giving an inquiry on, and erasing a person, in a real browser (I4, S5)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from crm.models import Contact
from leads.distribution import assign
from leads.models import Assignment, DistributionSeat, Inquiry
from tests.browser.conftest import log_in
from tests.factories import UserFactory
from tests.leads.seats import an_inquiry, seat


@pytest.fixture
def people(maja):
    """Jonas and Signe, who take part."""
    return [seat(UserFactory(first_name=first, last_name=last)) for first, last in (("Jonas", "Krogh"), ("Signe", "Bach"))]


def test_i4_somebody_is_added_weighed_paused_and_removed_without_leaving_the_page(page: Page, live_server, maja, people, problems):
    UserFactory(first_name="Karen", last_name="Holst")
    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}/settings/distribution/")
    page.click("#add-seat")
    expect(page.locator("#id_user")).to_be_focused()
    page.locator("#seat-form button[type=submit]").click()
    expect(page.locator("#seat-form .field__error")).to_contain_text("Choose somebody")
    page.select_option("#id_user", label="Karen Holst")
    page.select_option("#id_weight", "2")
    page.locator("#seat-form button[type=submit]").click()
    expect(page.locator("#seat-dialog")).to_have_count(0)
    new = DistributionSeat.objects.get(user__first_name="Karen")
    expect(page.locator("#add-seat")).to_be_focused()
    expect(page.locator("#next-order li")).to_have_text(["Jonas Krogh", "Signe Bach", "Karen Holst", "Karen Holst", "Jonas Krogh"])

    page.locator(f"#weight-{new.pk}").focus()
    page.select_option(f"#weight-{new.pk}", "1")
    expect(page.locator("#toasts")).to_contain_text("Karen Holst has weight 1 now")
    expect(page.locator(f"#weight-{new.pk}")).to_be_focused()

    jonas = people[0]
    page.click(f"#pause-{jonas.pk}")
    expect(page.locator("#passed-over")).to_contain_text("Jonas Krogh: Paused")
    expect(page.locator(f"#pause-{jonas.pk}")).to_be_focused()
    page.click("#toasts button:has-text('Undo')")
    expect(page.locator("#passed-over")).to_have_count(0)

    page.click(f"#remove-{jonas.pk}")
    expect(page.locator(f"#seat-{jonas.pk}")).to_have_count(0)
    expect(page.locator(f"#seat-{people[1].pk}")).to_be_focused()
    page.click("#toasts button:has-text('Undo')")
    expect(page.locator("#distribution")).to_contain_text(re.compile("Jonas Krogh.*In turn", re.DOTALL))


def test_i4_an_inquiry_is_given_on_and_taken_back(page: Page, live_server, maja, people, problems):
    inquiry = an_inquiry()
    assign(inquiry)
    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}/inquiries/{inquiry.pk}/reassign/?next=/settings/distribution/")
    expect(page.locator("#id_to")).to_be_focused()
    page.select_option("#id_to", label="Signe Bach")
    expect(page.locator("#id_our_contact")).to_be_checked()
    page.locator("#reassign-form button[type=submit]").click()
    page.wait_for_url(f"{live_server.url}/settings/distribution/")
    expect(page.locator("#toasts")).to_contain_text("Lise Bakke was given to Signe Bach")
    expect(page.locator("#distribution")).to_contain_text("Given by hand")
    page.click("#toasts button:has-text('Undo')")
    expect(page.locator("#toasts")).to_contain_text("Lise Bakke is with Jonas Krogh again")
    assert Assignment.objects.count() == 3
    assert Inquiry.objects.get().owner == Inquiry.objects.get().company.our_contact == people[0].user


def test_s5_a_person_is_handed_out_and_erased(page: Page, live_server, maja, problems):
    contact = an_inquiry().contact
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + contact.get_absolute_url())
    page.click("#more")
    with page.expect_download() as download:
        page.click("#export")
    assert download.value.suggested_filename == f"havn-person-{contact.pk}.json"
    if not page.locator("#erase").is_visible():
        page.click("#more")
    page.click("#erase")
    expect(page.locator("#erase-dialog[open]")).to_contain_text("What was typed into 1 inquiry")
    page.keyboard.press("Escape")
    expect(page.locator("#erase-dialog")).to_have_count(0)
    page.click("#more")
    page.click("#erase")
    page.locator("#erase-form button[type=submit]").click()
    expect(page.locator("#erase-form .field__error")).to_contain_text("Tick this to go on")
    page.check("#id_understood")
    page.locator("#erase-form button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("Erased person")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("#archived")).to_contain_text("Nothing is kept of who this was")
    assert Contact.objects.get(pk=contact.pk).erased_at
