"""How wide the columns of the list of sales are: its actions are whole, and its titles can be read, on every screen (S1, S2)."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from crm.models import User
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory

pytestmark = pytest.mark.usefixtures("problems")
TITLE = 224  # px: 14rem


@pytest.fixture
def salesperson_with_sales(salesperson: User) -> User:
    """Open, overdue and closed ones with long names and dates."""
    company = CompanyFactory(name="Fjordbo Entreprise og Tømrerforretning A/S")
    day = dt.date(2026, 9, 28)
    for title, status in (("Charging points for the staff car park", "open"), ("Solar roof, hall 3", "won"), ("Monitoring", "lost")):
        SaleFactory(title=title, company=company, status=status, owner=salesperson, expected_close=day, closed_on=None if status == "open" else day)
    return salesperson


@pytest.mark.parametrize("language", ["en", "da"])
def test_the_actions_of_a_sale_are_whole_and_its_title_has_room_at_every_width(page: Page, live_server, salesperson_with_sales, language):
    User.objects.filter(pk=salesperson_with_sales.pk).update(language=language)
    log_in(page, live_server.url, salesperson_with_sales)
    page.goto(f"{live_server.url}/sales/")
    expect(page.locator("tbody tr")).to_have_count(3)
    for width in (1100, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        wrap = page.locator(".table-wrap").bounding_box()
        assert wrap
        for button in page.locator(".table__act :is(a, button)").all():
            box = button.bounding_box()
            assert box, width
            assert wrap["x"] <= box["x"], width
            assert box["x"] + box["width"] <= wrap["x"] + wrap["width"], width
            assert button.evaluate("el => el.scrollWidth <= el.clientWidth"), width
        title = page.locator("tbody .c-main").first.bounding_box()
        assert title, width
        assert title["width"] >= TITLE, width
