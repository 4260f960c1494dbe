"""The lists as people use them: filters, sort and Back; many rows at once, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from crm.models import Company, CompanyCategory
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory


def names(page):
    """The companies shown, in order."""
    return page.locator("#results tbody th a").all_inner_texts()


def test_filters_sort_and_back_are_all_in_the_address(page, live_server, salesperson, category, problems):
    for name, group in (("Aarø", "Lead"), ("Brønnum", "Partner"), ("Ceres", "Customer")):
        CompanyFactory(name=name, category=category[group])
    log_in(page, live_server.url, salesperson)
    page.goto(f"{live_server.url}/companies/")
    page.click("#filter-category")
    page.locator("#choices-category").get_by_label("Lead", exact=True).check()
    expect(page.locator("#chips")).to_contain_text("Category: Lead")
    page.locator("#choices-category").get_by_label("Partner", exact=True).check()  # the popover stays open
    expect(page.locator("#chips")).to_contain_text("Category: Partner")
    page.keyboard.press("Escape")
    expect(page.locator("#filter-category")).to_be_focused()
    expect(page.locator("#views a").nth(1)).to_have_attribute("href", re.compile("category="))
    page.click("#sort-name")
    expect(page.locator("th[aria-sort=descending]")).to_be_visible()
    assert names(page) == ["Brønnum", "Aarø"]
    page.go_back()
    expect(page.locator("th[aria-sort=ascending]")).to_be_visible()
    assert names(page) == ["Aarø", "Brønnum"]
    page.go_back()
    expect(page.locator("#results tbody th")).to_have_count(1)
    assert page.locator("#choices-category input:checked").count() == 1
    page.reload()
    assert names(page) == ["Aarø"]
    page.click("#chips a >> nth=0")
    expect(page.locator("#results tbody th")).to_have_count(3)


def test_many_rows_are_changed_by_keyboard(page, live_server, salesperson, category, problems):
    for name in ("Aarø", "Brønnum", "Ceres"):
        CompanyFactory(name=name)
    log_in(page, live_server.url, salesperson)
    page.goto(f"{live_server.url}/companies/")
    page.focus("#pick-all")
    page.keyboard.press("Space")
    expect(page.locator("#live")).to_have_text("3 selected")
    expect(page.locator("#filters")).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#bulk-clear")).to_be_focused()
    page.keyboard.press("Enter")  # Clear: the bar goes, and focus stays at the rows
    expect(page.locator("#filters")).to_be_visible()
    expect(page.locator("#pick-all")).to_be_focused()
    page.focus("[name=pick] >> nth=0")
    page.keyboard.press("Space")
    page.focus("[name=pick] >> nth=1")
    page.keyboard.press("Space")
    expect(page.locator("#bulk-count")).to_have_text("2 selected")
    gone = Company.objects.get(name="Brønnum")
    Company.objects.filter(pk=gone.pk).update(category=CompanyCategory.objects.get(name="Other"))  # a colleague
    page.focus("#bulk-category")
    page.keyboard.press("Enter")
    expect(page.locator("#step-form select")).to_be_focused()
    page.keyboard.type("Partner")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#bulk-told")).to_contain_text("It has changed meanwhile: it is now Other.")
    expect(page.locator("#step-dialog")).to_have_count(0)
    expect(page.locator("#filters")).to_be_visible()
    expect(page.locator("#page-title")).to_be_focused()
    expect(page.locator("#results tbody tr").first).to_contain_text("Partner")
    page.click("[data-undo]")
    expect(page.locator("#results tbody tr").first).to_contain_text("Lead")
    expect(page.locator("#bulk-told")).to_be_empty()  # what it said is not so any more


def test_what_is_ticked_stays_ticked_when_one_row_is_won(page, live_server, salesperson, problems):
    sales = [SaleFactory(title=title) for title in ("Aa", "Bb", "Cc")]
    log_in(page, live_server.url, salesperson)
    page.goto(f"{live_server.url}/sales/")
    page.check(f"#pick-{sales[0].pk}")
    page.check(f"#pick-{sales[1].pk}")
    with page.expect_response(lambda response: response.request.method == "GET" and "/sales/" in response.url):
        page.evaluate("pk => document.querySelector(`form[action='/sales/${pk}/won/']`).requestSubmit()", sales[2].pk)
    expect(page.locator("#toasts")).to_contain_text("is won.")
    expect(page.locator(f"#pick-{sales[0].pk}")).to_be_checked()
    expect(page.locator(f"#pick-{sales[1].pk}")).to_be_checked()
    expect(page.locator("#bulk-count")).to_have_text("2 selected")
    expect(page.locator("#filters")).to_be_hidden()
    page.click("#bulk-clear")
    expect(page.locator("#filters")).to_be_visible()


@pytest.mark.parametrize("goes", [False, True], ids=["Escape", "the dialog is gone"])
def test_what_a_slow_bulk_edit_did_is_told_with_its_undo_whatever_happens_to_its_dialog(page, live_server, salesperson, category, problems, goes):
    companies = [CompanyFactory(name=name) for name in ("Aarø", "Brønnum")]
    CompanyFactory(name="Ceres", category=category["Partner"])
    log_in(page, live_server.url, salesperson)
    page.goto(f"{live_server.url}/companies/")
    slow: list[Route] = []
    page.route("**/bulk/category/", lambda route: slow.append(route) if route.request.method == "POST" else route.continue_())
    page.check("#pick-all")
    page.click("#bulk-category")
    page.select_option("dialog select", label="Partner")
    page.click("dialog [type=submit]")
    page.wait_for_timeout(100)
    page.keyboard.press("Escape")  # held back: what is on its way would be done all the same
    page.click("dialog [data-close]", force=True)
    expect(page.locator("dialog")).to_be_visible()
    if goes:
        page.evaluate("document.querySelector('dialog').remove()")
    slow[0].continue_()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("2 companies are now Partner.")
    expect(page.locator("#bulk-told")).to_contain_text("Already so: 1 company")
    expect(page.locator("#results :is([name=pick]:checked)")).to_have_count(0)
    page.click("#toasts [data-undo]")
    expect(page.locator("#toasts")).to_contain_text("Undone for 2 companies.")
    assert {Company.objects.get(pk=one.pk).category.name for one in companies} == {"Lead"}
    missed = ["htmx:oobErrorNoTarget, #toasts", "htmx:oobErrorNoTarget, #bulk-told"] if goes else []  # htmx says so, and then they are found
    assert problems == missed
    problems.clear()


def test_rows_that_something_else_has_styled_are_refreshed_without_a_complaint(page, live_server, salesperson, problems):
    """An extension of the browser, say: htmx would copy its inline styles to the new rows, and the content security policy forbids that."""
    CompanyFactory(name="Aarø")
    log_in(page, live_server.url, salesperson)
    page.goto(f"{live_server.url}/companies/")
    page.evaluate("document.querySelectorAll('#results [id]').forEach((el) => { el.style.outline = '1px solid'; })")
    with page.expect_response(lambda response: response.url.endswith("/companies/")):
        page.evaluate("document.body.dispatchEvent(new Event('page:changed'))")
    expect(page.locator("#results [style]")).to_have_count(0)
    expect(page.locator("#results tbody a")).to_have_text("Aarø")
