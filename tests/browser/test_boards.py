"""Both boards by mouse, menu and keyboard: nothing moves before the server agrees, and focus stays with the card (S2, L4, Q1)."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from crm.actor import acting_as
from crm.models import CompanyCategory, Sale, SaleStage
from leads.defaults import set_lead_status
from leads.models import Lead, LeadStatus
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, rule
from workflow.models import Trigger


@pytest.fixture
def stages(transactional_db) -> list[SaleStage]:
    """Three stages, and no others."""
    SaleStage.objects.all().delete()
    return [StageFactory(name=name, position=at) for at, name in enumerate(["Offer", "Proposal", "Handshake"])]


def _in(page: Page, column: str):
    """The cards of a column."""
    return page.locator(f"#col-{column} .deal")


def _drag(page: Page, card: str, column: str) -> None:
    page.drag_and_drop(f"#{card} h3", f"#col-{column} header")


def test_a_sale_is_moved_by_mouse_by_menu_and_by_keyboard_alike(problems, page: Page, live_server, jonas, stages):
    one, two, three = (f"stage-{stage.pk}" for stage in stages)
    sale = SaleFactory(title="Solar roof", stage=stages[0])
    SaleFactory(title="Heat pump", stage=stages[1])
    card, menu = f"card-{sale.pk}", page.locator(f"#card-{sale.pk}-menu")
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")
    page.evaluate("window.sameDocument = true")

    _drag(page, card, one)  # on its own column: nothing is asked
    _drag(page, card, two)
    expect(_in(page, two)).to_have_count(2)
    expect(_in(page, one)).to_have_count(0)
    expect(page.locator(f"#col-{two} .count")).to_have_text("2")
    expect(page.locator("#toasts")).to_contain_text("Solar roof moved to Proposal")
    expect(page.locator("#live")).to_contain_text("Solar roof moved to Proposal")

    page.click("#toasts [data-undo]")  # back, from the toast
    expect(_in(page, one)).to_have_count(1)

    menu.click()
    page.click(f"#to-{sale.pk}-{three}")
    expect(_in(page, three)).to_have_count(1)
    expect(menu).to_be_focused()

    page.keyboard.press("Shift+ArrowLeft")
    expect(_in(page, two)).to_have_count(2)
    expect(menu).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")  # quick: done in turn, each from where the one before leads
    page.keyboard.press("Shift+ArrowRight")
    expect(_in(page, three)).to_have_count(1)
    expect(menu).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")  # there is no further stage, and winning is no arrow's work
    expect(page.locator(".deal[aria-busy]")).to_have_count(0)
    assert page.evaluate("window.sameDocument")
    assert Sale.objects.values_list("stage", "status").get(pk=sale.pk) == (stages[2].pk, "open")


def test_won_and_lost_are_places_to_drop_a_card_and_a_rule_that_asks_opens_its_dialog(problems, page: Page, live_server, jonas, stages):
    rule(Trigger.SALE_WON, CompanyCategory.objects.get(name="Customer"), ask=True)
    won, lost = (SaleFactory(title=title, stage=stages[0], company=CompanyFactory(name="Fjordbo A/S")) for title in ("Solar roof", "Heat pump"))
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")

    _drag(page, f"card-{won.pk}", "won")
    expect(page.locator("dialog#confirm-dialog")).to_contain_text("The sale “Solar roof” was won.")
    expect(_in(page, "won")).to_have_count(1)
    page.locator("dialog#confirm-dialog [data-close]").first.click()  # decide later: the card says so, and opens it again
    page.click(f"#card-{won.pk} .chip.tone-blue")
    expect(page.locator("#answer-accept")).to_be_visible()
    page.locator("dialog button[type=submit]").last.click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(f"#card-{won.pk} .chip.tone-blue")).to_have_count(0)

    _drag(page, f"card-{lost.pk}", "lost")
    expect(page.locator("#step-dialog")).to_contain_text("Why was the sale lost?")
    expect(_in(page, "lost")).to_have_count(0)  # not before it is saved
    page.click("#step-dialog .btn--primary")
    expect(_in(page, "lost")).to_have_count(1)
    assert set(Sale.objects.values_list("title", "status")) == {("Solar roof", "won"), ("Heat pump", "lost")}


def test_what_a_colleague_moved_meanwhile_or_no_connection_took_stays_and_says_why(problems, context: BrowserContext, live_server, jonas, signe, stages):
    one, two, three = (f"stage-{stage.pk}" for stage in stages)
    sale = SaleFactory(title="Solar roof", stage=stages[0])
    page = context.new_page()
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")

    def offline(route: Route) -> None:
        route.abort()

    page.route("**/stage/", offline)
    _drag(page, f"card-{sale.pk}", two)
    expect(page.locator("#toasts .is-error")).to_contain_text("No connection. Nothing was saved.")
    expect(_in(page, one)).to_have_count(1)
    expect(page.locator(".deal[aria-busy]")).to_have_count(0)
    page.unroute("**/stage/", offline)
    problems.clear()  # the browser has said that there was no connection
    page.click("#toasts [data-retry]")
    expect(_in(page, two)).to_have_count(1)

    with acting_as(signe):
        Sale.objects.filter(pk=sale.pk).update(stage=stages[0])
    page.focus(f"#card-{sale.pk}-menu")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#toasts .is-error")).to_contain_text("Solar roof was not moved: it is in Offer now. Signe Bach changed it.")
    expect(_in(page, one)).to_have_count(1)  # where it really is
    expect(_in(page, three)).to_have_count(0)
    expect(page.locator(f"#card-{sale.pk}-menu")).to_be_focused()


def test_l4_a_lead_is_moved_by_mouse_by_menu_and_by_keyboard_and_leaves_with_its_company(problems, page: Page, live_server, jonas, signe):
    status = {one.name: one for one in LeadStatus.objects.all()}
    key = {name: f"status-{one.pk}" for name, one in status.items()}
    rule(Trigger.LEAD_STATUS_SET, CompanyCategory.objects.get(name="Customer"), lead_status=status["Disqualified"])
    rule(Trigger.LEAD_STATUS_SET, CompanyCategory.objects.get(name="Opportunity"), lead_status=status["Qualified"], ask=True)
    ane = ContactFactory(first_name="Ane", last_name="Friis", company=CompanyFactory(name="Fjordbo A/S"))
    bo = ContactFactory(first_name="Bo", last_name="Riis", company=ane.company)
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/leads/")

    _drag(page, f"card-{ane.pk}", key["Contacting"])
    expect(_in(page, key["Contacting"])).to_have_count(1)
    page.focus(f"#card-{ane.pk}-menu")
    page.keyboard.press("Shift+ArrowRight")  # a rule asks
    expect(page.locator("dialog#confirm-dialog")).to_contain_text("Lead status for Ane Friis was set to Qualified.")
    expect(_in(page, key["Qualified"])).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(f"#card-{ane.pk}-menu")).to_be_focused()
    expect(page.locator(f"#card-{ane.pk} .chip.tone-blue").last).to_contain_text("Confirm")

    with acting_as(signe):
        set_lead_status(contact=bo, status=status["Re-nurture"])
    page.click(f"#card-{bo.pk}-menu")
    page.click(f"#to-{bo.pk}-{key['Contacting']}")
    expect(page.locator("#toasts .is-error")).to_contain_text("Bo Riis was not moved: the lead status is Re-nurture now. Signe Bach changed it.")
    expect(_in(page, key["Re-nurture"])).to_have_count(1)

    page.focus(f"#card-{bo.pk}-menu")
    page.keyboard.press("Shift+ArrowLeft")  # a rule acts: the company leaves lead status, and both cards leave the board
    expect(page.locator("#toasts")).to_contain_text("Fjordbo A/S is now Customer.")
    expect(page.locator("#toasts [data-undo]")).to_have_text("Undo the category")
    expect(page.locator(".deal")).to_have_count(0)
    expect(page.locator("#page-title")).to_be_focused()
    assert Lead.objects.get(contact=bo).status == status["Disqualified"]


def test_what_show_more_has_shown_and_where_the_board_stands_survive_a_move(problems, page: Page, live_server, jonas, stages):
    one, two = (f"stage-{stage.pk}" for stage in stages[:2])
    SaleFactory.create_batch(30, stage=stages[0], company=CompanyFactory(), expected_close="2031-01-01")
    sale = SaleFactory(stage=stages[0], title="The last")
    page.set_viewport_size({"width": 390, "height": 800})
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")
    expect(_in(page, one)).to_have_count(25)
    page.click(f"#more-{one}")
    expect(_in(page, one)).to_have_count(31)
    assert page.evaluate("document.activeElement.closest('.deal') !== null")
    page.click(f"#card-{sale.pk}-menu")
    page.click(f"#to-{sale.pk}-{two}")
    expect(_in(page, two)).to_have_count(1)
    expect(_in(page, one)).to_have_count(30)


def test_a_card_that_goes_beyond_what_its_column_shows_leads_to_show_more(problems, page: Page, live_server, jonas, stages):
    _one, two = (f"stage-{stage.pk}" for stage in stages[:2])
    SaleFactory.create_batch(26, stage=stages[1], company=CompanyFactory(), expected_close="2031-01-01")
    sale = SaleFactory(stage=stages[0], title="The last")
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")
    page.focus(f"#card-{sale.pk}-menu")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#live")).to_contain_text("The last moved to Proposal")
    expect(page.locator(f"#more-{two}")).to_be_focused()
    expect(page.locator(f"#more-{two}")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(f"#card-{sale.pk}")).to_be_visible()


def test_the_heads_of_the_columns_stay_in_sight_and_dragging_leaves_no_ring(problems, page: Page, live_server, jonas, stages):
    one, two = (f"stage-{stage.pk}" for stage in stages[:2])
    sales = SaleFactory.create_batch(20, stage=stages[0], company=CompanyFactory(), expected_close="2031-01-01")
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")
    page.locator(f"#card-{sales[-1].pk}").scroll_into_view_if_needed()
    expect(page.locator(f"#col-{one} header")).to_be_in_viewport()
    _drag(page, f"card-{sales[-1].pk}", two)
    expect(_in(page, two)).to_have_count(1)
    expect(page.locator(f"#col-{one} header")).to_be_in_viewport()
    assert page.evaluate("getComputedStyle(document.getElementById('board')).outlineStyle") == "none"


def test_a_menu_is_walked_through_with_the_arrow_keys(problems, page: Page, live_server, jonas, stages):
    sale = SaleFactory(stage=stages[0])
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/board/")

    def at(text):
        expect(page.locator(":focus")).to_contain_text(text)

    page.focus("#new-button")
    page.keyboard.press("ArrowDown")
    at("Company")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    at("Sale")
    page.keyboard.press("ArrowDown")
    at("Company")
    page.keyboard.press("End")
    at("Sale")
    page.keyboard.press("Home")
    at("Company")
    page.keyboard.press("Escape")
    expect(page.locator("#new-menu")).to_be_hidden()
    expect(page.locator("#new-button")).to_be_focused()

    page.focus("#user-button")
    page.keyboard.press("ArrowUp")
    at("Log out")
    page.keyboard.press("Escape")
    page.focus(f"#card-{sale.pk}-menu")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    at("Offer")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("moved to Proposal")
    expect(page.locator(f"#card-{sale.pk}-menu")).to_be_focused()
