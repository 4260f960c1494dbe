"""The confirmation dialog when something else happens meanwhile: another tab, a slow network, a session that ends, a newer question."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from crm.actor import acting_as
from crm.models import Company, CompanyCategory
from tests.browser.conftest import log_in
from tests.factories import SaleFactory, UserFactory
from tests.workflow.ledger import where
from tests.workflow.questions import ask, outcome, outcomes
from workflow.models import CategoryDecision, Outcome


@pytest.fixture
def asked(jonas, asking, category) -> CategoryDecision:
    """Whether Fjordbo, an Opportunity, becomes a Customer."""
    return ask(jonas, "Fjordbo A/S", category=category["Opportunity"])[0]


def _review(page: Page, live_server, decision: CategoryDecision) -> None:
    page.goto(live_server.url + decision.company.get_absolute_url())
    page.click("#review")
    expect(page.locator("#answer-accept, dialog .notice--warning").first).to_be_focused()


def test_q4_the_second_of_two_tabs_says_that_it_is_answered_already(context: BrowserContext, live_server, jonas, asked, problems):
    first, second = context.new_page(), context.new_page()
    log_in(first, live_server.url, jonas)
    for tab in (first, second):
        _review(tab, live_server, asked)
    first.keyboard.press("Enter")
    expect(first.locator("dialog")).to_have_count(0)
    second.bring_to_front()
    second.keyboard.press("Enter")
    expect(second.locator("#confirm-t")).to_be_focused()
    expect(second.locator("dialog")).to_contain_text("Jonas Krogh has already answered: Fjordbo A/S is Customer.")
    second.keyboard.press("Tab")
    second.keyboard.press("Enter")
    expect(second.locator("#category-chip")).to_contain_text("Customer")
    assert CategoryDecision.objects.filter(company=asked.company, outcome=Outcome.ACCEPTED).count() == 1


def test_a_slow_network_makes_the_button_busy_and_neither_clicks_nor_enter_send_a_second_answer(page: Page, live_server, jonas, asked, problems):
    log_in(page, live_server.url, jonas)
    held: list[Route] = []
    page.route("**/confirmations/*/", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    _review(page, live_server, asked)
    confirm = page.locator("dialog button[type=submit]")
    confirm.dblclick()
    expect(confirm).to_have_attribute("aria-busy", "true")
    confirm.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
    box = confirm.bounding_box()
    page.mouse.click(box["x"] + 10, box["y"] + 10)
    expect(page.locator("dialog")).to_be_visible()
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#category-chip")).to_contain_text("Customer")
    assert len(held) == 1


def test_q2_a_session_that_ended_loses_nothing_log_in_in_another_tab_and_confirm(browser: Browser, live_server, jonas, asked):
    context = browser.new_context()
    page = context.new_page()
    log_in(page, live_server.url, jonas)
    _review(page, live_server, asked)
    Session.objects.all().delete()
    page.keyboard.press("Enter")
    toast = page.locator("dialog .toast.is-error")
    expect(toast).to_contain_text("You have been logged out. What you typed is still here.")
    with context.expect_page() as opened:
        toast.get_by_role("link", name="Log in again").click()
    other = opened.value
    other.fill("#id_username", jonas.email)
    other.fill("#id_password", "demo")
    other.click("form.fields button[type=submit]")
    other.wait_for_url(f"{live_server.url}/")
    expect(other.locator("#waiting-h")).to_contain_text("1")  # whoever closes the browser instead finds it here
    page.bring_to_front()
    page.click("dialog button[type=submit]")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#category-chip")).to_contain_text("Customer")
    context.close()


def test_q4_a_newer_question_follows_in_the_same_dialog(page: Page, live_server, jonas, asked, problems):
    log_in(page, live_server.url, jonas)
    _review(page, live_server, asked)
    with acting_as(jonas):
        SaleFactory(company=asked.company, title="Charging points", status="won")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_contain_text("A newer suggestion has replaced this one.")
    page.focus("#show-newer")
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-d")).to_contain_text("Charging points")
    expect(page.locator("#answer-accept")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#category-chip")).to_contain_text("Customer")


def test_c4_a_suggested_category_that_was_deleted_leaves_the_two_other_answers_and_nothing_chosen(page: Page, live_server, jonas, asked, problems):
    log_in(page, live_server.url, jonas)
    _review(page, live_server, asked)
    CompanyCategory.objects.filter(name="Customer").update(archived_at=timezone.now())
    page.keyboard.press("Enter")
    warning = page.locator("dialog .notice--warning")
    expect(warning).to_contain_text("The suggested category Customer has been deleted.")
    expect(warning).to_be_focused()
    expect(page.locator("dialog [name=answer]")).to_have_count(2)
    expect(page.locator("dialog [name=answer]:checked")).to_have_count(0)
    page.check("dialog [value=keep]")
    page.click("dialog button[type=submit]")
    expect(page.locator("dialog")).to_have_count(0)
    assert (outcome(asked), where(asked.company)) == ("kept", "Opportunity")


def test_q4_whoever_may_no_longer_answer_is_told_in_the_dialog_and_nothing_changes(page: Page, live_server, jonas, asked, problems):
    log_in(page, live_server.url, jonas)
    _review(page, live_server, asked)
    jonas.groups.clear()
    page.keyboard.press("Enter")
    expect(page.locator("dialog .toast.is-error")).to_contain_text("You do not have access to do this.")
    page.click("dialog .dialog__foot [data-later]")
    expect(page.locator("dialog")).to_have_count(0)
    assert (outcome(asked), where(asked.company)) == ("waiting", "Opportunity")


# ------------------------------------------------- a list of several, Q6
def _open_list(page: Page, decisions: list[CategoryDecision]) -> None:
    """As the answer to a bulk action makes it open."""
    url = "/confirmations/?dialog=1&ids=" + ",".join(str(decision.pk) for decision in decisions)
    page.evaluate("url => document.body.dispatchEvent(new CustomEvent('dialog:open', {detail: {url}, bubbles: true}))", url)
    expect(page.locator(f"#answer-{decisions[0].pk}")).to_be_focused()


def test_q6_the_list_of_several_is_answered_by_keyboard_on_a_phone_and_what_could_not_be_done_is_asked_again(
    page: Page, live_server, jonas, asking, category, problems
):
    decisions = ask(jonas, *(f"Firma {letter}" for letter in "ABCDEFGH"), category=category["Opportunity"])
    page.set_viewport_size({"width": 390, "height": 700})
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/confirmations/")
    _open_list(page, decisions)
    body, confirm = page.locator("dialog .dialog__body"), page.get_by_role("button", name="Confirm", exact=True)
    assert body.evaluate("el => el.scrollHeight > el.clientHeight")  # the list scrolls, the buttons stay
    expect(confirm).to_be_in_viewport()
    page.keyboard.press("C")  # Change to Customer
    expect(page.locator(f"#answer-{decisions[0].pk}")).to_have_value("accept")
    page.select_option(f"#answer-{decisions[1].pk}", "keep")
    page.select_option(f"#answer-{decisions[2].pk}", "accept")
    with acting_as(UserFactory(first_name="Signe", last_name="Bach")):
        Company.objects.filter(pk=decisions[2].company_id).update(category=category["Marketing qualified lead"])
    confirm.click()
    warning = page.locator("#several-problems")
    expect(warning).to_be_focused()
    expect(warning).to_contain_text("1 company has a new category. 1 stays as it is.")
    third = page.locator(f"#answer-{decisions[2].pk}")
    expect(third).to_have_attribute("aria-invalid", "true")
    expect(third).to_have_value("")
    expect(page.locator(f"#problem-{decisions[2].pk}")).to_contain_text("The category has changed meanwhile. Please choose again.")
    expect(page.locator("#tab-count-confirmations")).to_contain_text("6")
    third.select_option("accept")
    confirm.click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#inbox > li")).to_have_count(5)
    expect(page.locator("#toasts")).to_contain_text("Firma C is now Customer")
    assert outcomes(decisions[:4]) == ["accepted", "kept", "accepted", "waiting"]


def test_q6_without_an_answer_there_is_nothing_to_confirm_and_escape_leaves_all_of_them_waiting(page: Page, live_server, jonas, asking, category, problems):
    decisions = ask(jonas, "Firma A", "Firma B", category=category["Opportunity"])
    log_in(page, live_server.url, jonas)
    _open_list(page, decisions)
    confirm = page.get_by_role("button", name="Confirm", exact=True)
    expect(confirm).to_be_disabled()
    page.locator("dialog select").first.select_option("keep")
    expect(confirm).to_be_enabled()
    page.locator("dialog select").first.select_option("")
    expect(confirm).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("Saved for later under Confirmations")
    assert CategoryDecision.objects.waiting().count() == 2


def test_q6_without_javascript_several_are_answered_at_once_and_what_could_not_be_done_is_a_page(browser: Browser, live_server, jonas, asking, category):
    first, second = ask(jonas, "Firma A", "Firma B", category=category["Opportunity"])
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/confirmations/")
    Company.objects.filter(pk=second.company_id).update(category=category["Marketing qualified lead"])
    for decision in (first, second):
        page.check(f"#chosen-{decision.pk}")
    page.click("#accept-selected")
    expect(page.locator("#several-problems")).to_contain_text("Firma A is now Customer")
    page.select_option(f"#answer-{second.pk}", "keep")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Firma B stays Marketing qualified lead")
    assert outcomes([first, second]) == ["accepted", "kept"]
    context.close()
