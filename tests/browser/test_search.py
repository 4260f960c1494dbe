"""The search box and the choosers by keyboard and mouse, and what toasts offer; in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from crm.models import Company, Contact, Sale, SaleStage
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, ContactFactory, SaleFactory


@pytest.fixture
def jonas(page: Page, live_server, salesperson, problems):
    """His browser."""
    log_in(page, live_server.url, salesperson)
    page.user = salesperson
    return page


def _state(page, at):
    return page.evaluate(
        """(at) => { const field = document.getElementById(at), current = document.getElementById(field.getAttribute("aria-activedescendant"));
        return [document.activeElement === field, field.getAttribute("aria-expanded"), current && current.textContent.trim().split("\\n")[0]]; }""",
        at,
    )


def test_the_search_box_by_keyboard_and_by_mouse(jonas: Page, live_server):
    company = CompanyFactory(name="Ærø Skibsbyg", city="")
    CompanyFactory(name="Ærø Brand", city="")
    ContactFactory(first_name="Ærø", last_name="Hansen", company=company)
    jonas.keyboard.press("/")
    jonas.keyboard.type("ÆRØ", delay=20)
    expect(jonas.locator("#q-found [role=option]")).to_have_count(3)
    expect(jonas.locator("#live")).to_have_text("3 results")
    assert jonas.locator("#q-found mark").first.text_content() == "Ærø"
    assert _state(jonas, "q") == [True, "true", None]
    jonas.keyboard.press("ArrowDown")
    jonas.keyboard.press("ArrowDown")
    assert _state(jonas, "q")[2].startswith("Ærø Skibsbyg")
    jonas.keyboard.press("ArrowUp")
    jonas.keyboard.press("ArrowUp")
    assert _state(jonas, "q") == [True, "true", None]  # back in the field
    jonas.keyboard.press("ArrowUp")
    assert _state(jonas, "q")[2].startswith("Ærø Hansen")  # the last one
    jonas.keyboard.press("Escape")
    assert _state(jonas, "q") == [True, "false", None]
    expect(jonas.locator("#q")).to_have_value("ÆRØ")
    expect(jonas.locator("#q-found")).to_be_hidden()
    jonas.keyboard.press("ArrowDown")
    expect(jonas.locator("#q-found")).to_be_visible()
    with jonas.context.expect_page() as opened:
        jonas.locator("#q-found [role=option]").nth(1).click(modifiers=["Control"])
    opened.value.wait_for_url(live_server.url + company.get_absolute_url())
    opened.value.close()
    assert _state(jonas, "q")[0] is True
    jonas.keyboard.press("ArrowDown")
    jonas.keyboard.press("ArrowDown")
    jonas.keyboard.press("Enter")
    jonas.wait_for_url(live_server.url + company.get_absolute_url())
    jonas.keyboard.press("/")
    jonas.keyboard.type("nowhere")
    expect(jonas.locator("#q-found")).to_have_text(re.compile("No results for “nowhere”"))
    assert _state(jonas, "q")[1] == "false"
    jonas.keyboard.press("Enter")
    jonas.wait_for_url("**/search/?q=nowhere")
    expect(jonas.locator("#q")).to_have_value("nowhere")


def test_a_slow_answer_never_takes_the_place_of_a_newer_one(jonas: Page):
    CompanyFactory(name="Alfa", city="")
    CompanyFactory(name="Alkymi", city="")
    held = []
    jonas.route("**/search/?q=al", lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks the function)
    jonas.keyboard.press("/")
    jonas.keyboard.type("al")
    jonas.wait_for_timeout(400)
    assert len(held) == 1
    jonas.keyboard.type("ky")
    expect(jonas.locator("#q-found [role=option]")).to_have_count(1)
    held[0].continue_()
    jonas.wait_for_timeout(200)
    expect(jonas.locator("#q-found")).to_contain_text("Alkymi")
    expect(jonas.locator("#q-found")).not_to_contain_text("Alfa")
    jonas.unroute("**/search/?q=al")
    jonas.route("**/search/?q=alk", lambda route: held.append(route))  # noqa: PLW0108  (Playwright marks the function)
    jonas.keyboard.press("Backspace")
    jonas.wait_for_timeout(400)
    jonas.keyboard.press("Escape")  # what comes now is no longer wanted
    held[1].continue_()
    jonas.wait_for_timeout(200)
    expect(jonas.locator("#q-found")).to_be_hidden()


def test_a_phone_has_a_page_for_it_with_the_same_box(jonas: Page, live_server):
    company = CompanyFactory(name="Ærø Skibsbyg")
    jonas.set_viewport_size({"width": 390, "height": 800})
    jonas.goto(live_server.url)
    jonas.get_by_role("link", name="Search").click()
    jonas.wait_for_url("**/search/")
    expect(jonas.locator("#search-q")).to_be_focused()
    jonas.keyboard.type("skib")
    option = jonas.locator("#search-q-found [role=option]")
    expect(option).to_have_count(1)
    box = option.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    option.tap() if jonas.evaluate("navigator.maxTouchPoints") else option.click()
    jonas.wait_for_url(live_server.url + company.get_absolute_url())


def test_a_sales_company_is_chosen_by_a_part_of_its_name_and_its_people_follow(jonas: Page, live_server):
    company = CompanyFactory(name="Ærø Skibsbyg", city="Marstal")
    ContactFactory(company=company, first_name="Lise", last_name="Bakke")
    Company.objects.bulk_create([Company(name=f"Firm {number}") for number in range(30)])
    jonas.goto(f"{live_server.url}/sales/new/")
    jonas.click("#id_company")
    expect(jonas.locator("#id_company-found [role=option]")).to_have_count(8)
    jonas.keyboard.type("skibs")
    expect(jonas.locator("#id_company-found [role=option]")).to_have_count(1)
    jonas.keyboard.press("ArrowDown")
    jonas.keyboard.press("Enter")
    expect(jonas.locator("#id_company")).to_have_value("Ærø Skibsbyg, Marstal")
    expect(jonas.locator("#id_company-found")).to_be_hidden()
    expect(jonas.locator("#id_contact")).to_contain_text("Lise Bakke")
    jonas.click("main button[type=submit]")  # the title is missing: what was chosen stays
    expect(jonas.locator("#form-alert")).to_be_focused()
    expect(jonas.locator("#id_company")).to_have_value("Ærø Skibsbyg, Marstal")
    jonas.fill("#id_title", "Roof")
    jonas.select_option("#id_contact", label="Lise Bakke")
    jonas.click("main button[type=submit]")
    expect(jonas.locator("h1")).to_have_text("Roof")
    sale = Sale.objects.get()
    assert (sale.company, sale.contact) == (company, Contact.objects.get())
    jonas.goto(f"{live_server.url}/sales/{sale.pk}/edit/")
    jonas.fill("#id_company", "")
    jonas.keyboard.press("Tab")
    expect(jonas.locator("#id_contact option")).to_have_count(1)
    jonas.click("main button[type=submit]")
    expect(jonas.locator("h1")).to_have_text("Roof")
    sale.refresh_from_db()
    assert (sale.company, sale.contact) == (None, None)


def test_undo_in_a_toast_by_keyboard_is_announced_and_leaves_focus_on_the_page(jonas: Page, live_server):
    first, second = SaleStage.objects.order_by("position")[:2]
    sale = SaleFactory(stage=first, owner=jonas.user)
    jonas.goto(live_server.url + sale.get_absolute_url())
    jonas.evaluate("(args) => window.htmx.ajax('POST', args[0], {values: {stage: args[1]}, swap: 'none'})", [f"/sales/{sale.pk}/stage/", second.pk])
    expect(jonas.locator("#toasts .toast")).to_have_count(1)
    expect(jonas.locator("#live")).to_have_text(re.compile(r"moved to .*\. Undo is available\.$"))
    jonas.locator("[data-undo]").focus()
    jonas.keyboard.press("Enter")
    expect(jonas.locator("#toasts")).to_contain_text(f"moved to {first}")
    expect(jonas.locator("#page-title")).to_be_focused()
    sale.refresh_from_db()
    assert sale.stage == first
    Sale.objects.filter(pk=sale.pk).update(stage=None)  # a colleague: the Undo of the Undo comes too late
    jonas.locator("[data-undo]").click()
    expect(jonas.locator("#toasts [role=alert]")).to_contain_text("was not moved")


def test_a_toast_with_undo_stays_beside_an_error_and_moves_into_a_dialog(jonas: Page, live_server):
    first, second = SaleStage.objects.order_by("position")[:2]
    sale = SaleFactory(stage=first, owner=jonas.user)
    jonas.goto(live_server.url + sale.get_absolute_url())
    jonas.evaluate("(args) => window.htmx.ajax('POST', args[0], {values: {stage: args[1]}, swap: 'none'})", [f"/sales/{sale.pk}/stage/", second.pk])
    expect(jonas.locator("[data-undo]")).to_be_visible()
    jonas.locator(f"#lost-{sale.pk}, [href*='/lost/']").first.click()
    expect(jonas.locator("dialog[open] #toasts [data-undo]")).to_be_visible()
    jonas.route("**/sales/*/lost/", lambda route: route.abort())
    jonas.locator("dialog[open] button[type=submit]").click()
    expect(jonas.locator("dialog[open] .toast")).to_have_count(2)
    jonas.keyboard.press("Escape")
    expect(jonas.locator("body > #toasts [data-undo]")).to_be_visible()
