"""Undo, ask again, retry, and a whole batch taken back: the page follows, and focus is never lost (A7, A9)."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from crm.actor import acting_as, working
from crm.models import Company, Sale, User
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory, rule
from tests.workflow.ledger import latest, numbers
from workflow import decisions
from workflow.models import Batch, CategoryDecision, Trigger


@pytest.fixture
def fjordbo(transactional_db, category) -> Company:
    return CompanyFactory(name="Fjordbo A/S", category=category["Opportunity"])


@pytest.fixture
def sale(fjordbo: Company, category) -> Sale:
    """Open, at Fjordbo; whose company becomes a customer when it is won."""
    rule(Trigger.SALE_WON, category["Customer"])
    return SaleFactory(company=fjordbo, title="Solar roof")


@pytest.fixture
def moved(jonas: User, sale: Sale) -> CategoryDecision:
    """Fjordbo has just become a customer."""
    with acting_as(jonas):
        sale.status = Sale.Status.WON
        sale.save()
    return latest()


def _tab_to(page: Page, wanted: str) -> None:
    """Press Tab until something that matches has focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab never reached {wanted}")


def _wait_for(page: Page, held: list[Route]) -> None:
    """Until a request that we hold back has come."""
    for _ in range(500):
        if held:
            return
        page.wait_for_timeout(10)
    raise AssertionError("The request never came")


def test_a9_a_change_is_undone_from_the_card_by_keyboard_and_the_page_follows(page: Page, live_server, jonas, sale, problems):
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + sale.company.get_absolute_url())
    page.evaluate("window.sameDocument = true")
    _tab_to(page, f"#won-{sale.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#category-chip")).to_contain_text("Customer")
    change = latest()
    expect(page.locator(f"#undo-{change.pk}")).to_be_visible()

    _tab_to(page, f"#undo-{change.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#category-chip")).to_contain_text("Opportunity")
    expect(page.locator("#history li").first).to_contain_text("Undone by Jonas Krogh")
    expect(page.locator("#toasts")).to_contain_text("Undone. Fjordbo A/S is Opportunity again.")
    expect(page.locator("#category-chip")).to_be_focused()
    expect(page.locator(f"#undo-{change.pk}")).to_have_count(0)
    assert page.evaluate("window.sameDocument")
    assert numbers(sale.company) == [1, 2, 3]


def test_a9_from_the_history_page_focus_goes_to_its_title(page: Page, live_server, jonas, moved, problems):
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/companies/{moved.company_id}/history/")
    page.focus(f"#undo-{moved.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#history li").first).to_contain_text("Undone by Jonas Krogh")
    expect(page.locator("#page-title")).to_be_focused()


def test_a9_what_was_undone_in_another_tab_is_refused_and_said(context: BrowserContext, live_server, jonas, moved, problems):
    first, second = context.new_page(), context.new_page()
    log_in(first, live_server.url, jonas)
    for tab in (first, second):
        tab.goto(live_server.url + moved.company.get_absolute_url())
    first.click(f"#undo-{moved.pk}")
    expect(first.locator("#category-chip")).to_contain_text("Opportunity")
    second.focus(f"#undo-{moved.pk}")
    second.keyboard.press("Enter")
    expect(second.locator("#toasts .is-error")).to_contain_text("Fjordbo A/S has changed again: it is now Opportunity. Nothing was undone.")
    expect(second.locator("#category-chip")).to_contain_text("Opportunity")
    expect(second.locator("#category-chip")).to_be_focused()
    assert numbers(moved.company) == [1, 2, 3]


def test_a9_a_double_click_undoes_once(page: Page, live_server, jonas, moved, problems):
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + moved.company.get_absolute_url())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.dblclick(f"#undo-{moved.pk}")
    expect(page.locator("#category-chip")).to_contain_text("Opportunity")
    expect(page.locator("#toasts")).to_contain_text("Undone. Fjordbo A/S is Opportunity again.")
    expect(page.locator("#toasts .is-error")).to_have_count(0)
    assert len(sent) == 1
    assert numbers(moved.company) == [1, 2, 3]


def test_a9_asking_again_opens_the_dialog_and_accepting_moves_the_company(page: Page, live_server, jonas, fjordbo, problems, category):
    rule(Trigger.SALE_WON, category["Customer"], ask=True)
    with acting_as(jonas):
        SaleFactory(company=fjordbo, title="Solar roof", status="won")
    kept = decisions.keep(latest().pk, by=jonas, seen_version=1).decision
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + fjordbo.get_absolute_url())
    page.focus(f"#ask-again-{kept.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-accept")).to_be_focused()
    expect(page.locator("dialog#confirm-dialog")).to_contain_text("The sale “Solar roof” was won.")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#category-chip")).to_contain_text("Customer")
    expect(page.locator("#history li").first).to_contain_text("Confirmed by Jonas Krogh")
    expect(page.locator("#page-title")).to_be_focused()  # "Ask again" is gone


def _batch(user: User, count: int, category) -> Batch:
    """A bulk edit that made this many companies customers."""
    rule(Trigger.SALE_WON, category["Customer"])
    sales = [SaleFactory(company=CompanyFactory(category=category["Opportunity"])) for _ in range(count)]
    with working(user=user, kind="bulk"):
        Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status="won")
    return Batch.objects.get()


def test_a9_a_batch_is_undone_part_after_part_while_the_page_says_how_far_it_is(page: Page, live_server, maja, monkeypatch, category, problems):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    batch = _batch(maja, 5, category)
    held: list[Route] = []
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + batch.get_absolute_url())
    parts: list[str] = []

    def hold_the_second(route: Route) -> None:
        parts.append(route.request.url)
        held.append(route) if len(parts) == 2 else route.continue_()

    page.route("**/undo/", hold_the_second)
    page.focus("#undo-batch")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Take 5 companies back to the category they had before?")
    page.keyboard.press("Escape")
    expect(page.locator("#undo-batch")).to_be_focused()
    assert parts == []

    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#undo-state")).to_contain_text("2 companies are back, 3 to go")
    expect(page.get_by_role("progressbar", name="Undoing")).to_have_attribute("value", "2")
    expect(page.locator("#page-title")).to_be_focused()
    _tab_to(page, "#batch-part a")  # people go on working meanwhile
    there = page.evaluate("document.activeElement.href")
    _wait_for(page, held)
    held[0].continue_()
    expect(page.locator("#toasts")).to_contain_text("Undone for 5 companies")
    expect(page.locator("#undo-state")).to_contain_text("5 companies are back already")
    expect(page.locator("#undo-batch")).to_have_count(0)
    expect(page.locator("#batch-part .chip", has_text="Undone")).to_have_count(5)
    assert len(parts) == 3
    assert page.evaluate("document.activeElement.href") == there
    assert set(Company.objects.values_list("category__name", flat=True)) == {"Opportunity"}


@pytest.fixture
def failures(monkeypatch, jonas: User, category) -> list[CategoryDecision]:
    """The rule failed at two companies, and works again."""
    rule(Trigger.SALE_WON, category["Customer"])

    def broken(*args, **kwargs):
        raise RuntimeError("the rule is broken")

    with monkeypatch.context() as patch, acting_as(jonas):
        patch.setattr("workflow.verdicts.write", broken)
        for name in ("Fjordbo A/S", "Havgaard Logistik"):
            SaleFactory(company=CompanyFactory(name=name), status="won")
    return list(CategoryDecision.objects.failed().order_by("pk"))


def test_a7_failed_rules_are_retried_one_after_the_other_by_keyboard(page: Page, live_server, maja, failures, problems):
    older, newer = failures
    log_in(page, live_server.url, maja)
    expect(page.locator("#failed-rules")).to_contain_text("2 rules failed")
    page.click("#see-failed")
    page.focus(f"#retry-{newer.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Havgaard Logistik: Retried by Maja Lindholm, and changed automatically")
    expect(page.locator(f"#retry-{newer.pk}")).to_have_count(0)
    expect(page.locator("#failed-rules")).to_contain_text("1 rule failed")
    expect(page.locator(f"#retry-{older.pk}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("No rule has failed")).to_be_visible()
    expect(page.locator("#failed-rules")).to_have_count(0)
    expect(page.locator("#page-title")).to_be_focused()
    assert set(Company.objects.values_list("category__name", flat=True)) == {"Customer"}


def test_a7_all_failed_rules_are_retried_at_once(page: Page, live_server, maja, failures, problems):
    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}/settings/workflow/failures/")
    page.click("#retry-all")
    expect(page.locator("#toasts")).to_contain_text("2 rules retried")
    expect(page.get_by_text("No rule has failed")).to_be_visible()
    expect(page.locator("#failed-rules")).to_have_count(0)
    assert set(Company.objects.values_list("category__name", flat=True)) == {"Customer"}


def test_what_changes_while_the_page_is_refreshed_is_shown_too(page: Page, live_server, jonas, fjordbo, problems):
    first, second = SaleFactory.create_batch(2, company=fjordbo)
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + fjordbo.get_absolute_url())
    held: list[Route] = []
    page.route(f"**{fjordbo.get_absolute_url()}", lambda route: route.continue_() if held else held.append(route))
    page.click(f"#won-{first.pk}")
    _wait_for(page, held)
    answer = held[0].fetch()  # what the card looks like now
    with page.expect_response("**/won/"):
        page.click(f"#won-{second.pk}")
    held[0].fulfill(response=answer)
    expect(page.locator(f"#won-{first.pk}")).to_have_count(0)
    expect(page.locator(f"#won-{second.pk}")).to_have_count(0)
