"""On a phone: one row of buttons, folded filters, menus that stay on the screen, addresses that are broken where one would."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, UserFactory


@pytest.fixture
def phone(page: Page, live_server, transactional_db, problems) -> Page:
    """Jonas's phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    log_in(page, live_server.url, UserFactory(email="jonas@havn.example", first_name="Jonas", last_name="Krogh"))
    return page


def _look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png")


def _on_screen(page: Page, selector: str) -> None:
    box = page.locator(selector).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_the_main_buttons_of_a_sale_stand_together_and_the_others_are_in_its_menu(phone: Page, live_server):
    sale = SaleFactory(title="Solar roof", stage=StageFactory(), expected_close="2026-01-05")
    phone.goto(f"{live_server.url}{sale.get_absolute_url()}")
    assert phone.locator(".page__actions").bounding_box()["height"] < 100
    expect(phone.locator("#stall-btn")).to_be_hidden()
    _look(phone, "sale")
    phone.click("#more")
    _on_screen(phone, "#record-menu")
    _look(phone, "sale-menu")
    phone.click("#stall-more")
    expect(phone.locator("#step-dialog")).to_contain_text("Stalled until when?")
    phone.click("#step-dialog .dialog__foot [data-close]")
    phone.set_viewport_size({"width": 1280, "height": 800})
    expect(phone.locator("#stall-btn")).to_be_visible()
    phone.click("#more")
    expect(phone.locator("#edit-more")).to_be_hidden()
    expect(phone.locator("#archive")).to_be_visible()
    _look(phone, "sale-wide")


def test_the_filters_are_folded_behind_a_button_that_says_how_many_are_set(phone: Page, live_server):
    SaleFactory(title="Solar roof", expected_close="2026-01-05")
    SaleFactory(title="Heat pump", status="won")
    phone.goto(f"{live_server.url}/sales/?status=open")
    expect(phone.locator("#filters-fold")).to_contain_text("1")
    expect(phone.locator("#filter-status")).to_be_hidden()
    expect(phone.locator("#in-all")).to_have_text("1 of 2")
    _look(phone, "sales")
    phone.click("#filters-fold")
    expect(phone.locator("#filters-fold")).to_have_attribute("aria-expanded", "true")
    phone.click("#filter-status")
    _on_screen(phone, "#choices-status")
    _look(phone, "sales-filter")
    phone.uncheck("#choices-status [value=open]")
    expect(phone.locator("#in-all")).to_have_text("2 in all")
    expect(phone.locator("#filters-fold .count")).to_be_hidden()
    phone.set_viewport_size({"width": 1280, "height": 800})
    expect(phone.locator("#filters-fold")).to_be_hidden()
    expect(phone.locator("#filter-status")).to_be_visible()
    phone.keyboard.press("Escape")
    _look(phone, "sales-wide")


def test_the_menu_of_the_lead_status_stays_on_the_screen_and_the_address_is_broken_behind_its_at(phone: Page, live_server):
    contact = ContactFactory(
        company=CompanyFactory(), first_name="Maximiliane-Charlotte", last_name="Østergaard", email="maximiliane.oestergaard@fjordbo.example"
    )
    phone.goto(f"{live_server.url}{contact.get_absolute_url()}")
    assert phone.locator("wbr").count() >= 3
    phone.click(f"#status-{contact.pk}")
    expect(phone.locator(f"#status-menu-{contact.pk}")).to_be_visible()
    _on_screen(phone, f"#status-menu-{contact.pk}")
    _look(phone, "contact")
    phone.keyboard.press("Escape")
    for button, menu in (("#new-button", "#new-menu"), ("#user-button", "#user-menu")):
        phone.click(button)
        _on_screen(phone, menu)
        phone.keyboard.press("Escape")
    phone.goto(f"{live_server.url}/sales/board/")
    _look(phone, "board")
