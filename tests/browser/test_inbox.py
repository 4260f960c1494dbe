"""The inbox, handing over, and the overview, by mouse and by keyboard (Q2, Q6)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page, Route, expect

from crm.models import Sale
from tests.browser.conftest import log_in
from tests.browser.test_accessibility import look
from tests.factories import CompanyFactory, ContactFactory, SaleFactory
from tests.workflow.questions import ask, outcomes
from workflow import decisions, handing
from workflow.models import CategoryDecision, HandOver, Outcome


@pytest.fixture
def asked(asking, jonas) -> list[CategoryDecision]:
    """Jonas is asked about three companies; Firma C was asked about last, and is on top."""
    return ask(jonas, "Firma A", "Firma B", "Firma C", our_contact=jonas)


def test_q6_what_is_ticked_is_accepted_at_once_and_undone_at_once(page: Page, live_server, jonas, asked, problems):
    a, b, c = asked
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/confirmations/")
    page.click("#accept-selected")
    expect(page.locator("#toasts .is-error")).to_contain_text("Choose at least one suggestion.")
    page.focus("#choose-all")
    page.keyboard.press("Space")
    expect(page.locator("[data-chosen]")).to_have_text("3")
    page.uncheck(f"#chosen-{c.pk}")
    expect(page.locator("[data-chosen]")).to_have_text("2")
    page.wait_for_function("document.querySelector('#choose-all').indeterminate")
    page.focus("#accept-selected")
    page.keyboard.press("Enter")
    expect(page.locator("#inbox > li")).to_have_count(1)
    expect(page.locator("#page-title")).to_be_focused()  # the bar is gone
    expect(page.locator("#toasts")).to_contain_text("2 companies have a new category.")
    assert outcomes(asked) == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.WAITING]
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator("#toasts")).to_contain_text("Undone for 2 companies. The same sales and lead statuses will not move them again.")
    assert {decision.company.category.name for decision in CategoryDecision.objects.filter(pk__in=[a.pk, b.pk])} == {"Lead"}


def test_what_is_ticked_stays_ticked_when_another_row_is_answered(page: Page, live_server, jonas, asked, problems):
    a, b, c = asked
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/confirmations/")
    page.check(f"#chosen-{a.pk}")
    page.click(f"#keep-{c.pk}")
    expect(page.locator(f"#ask-{c.pk}")).to_have_count(0)
    expect(page.locator(f"#chosen-{a.pk}")).to_be_checked()
    expect(page.locator(f"#chosen-{b.pk}")).not_to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("1")


def test_a_question_is_handed_over_by_keyboard_the_colleague_sees_by_whom_and_it_is_taken_back(browser: Browser, live_server, jonas, signe, asked):
    a = asked[0]
    page = browser.new_context().new_page()
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + a.company.get_absolute_url())
    page.focus("#review")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-accept")).to_be_focused()
    page.focus("#confirm-hand-over")
    page.keyboard.press("Enter")  # in the same dialog
    expect(page.locator("#id_to")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("dialog .field__error").first).to_contain_text("Choose a colleague")
    page.click("#hand-over-back")  # to the question, and here again
    expect(page.locator("#answer-accept")).to_be_focused()
    page.click("#confirm-hand-over")
    page.select_option("#id_to", label="Signe Bach")
    page.fill("#id_note", "You met them at the fair")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#pending")).to_contain_text("Signe Bach has been asked.")
    expect(page.locator("#toasts")).to_contain_text("Firma A was handed to Signe Bach")

    hers = browser.new_context().new_page()
    log_in(hers, live_server.url, signe)
    hers.goto(f"{live_server.url}/confirmations/")
    expect(hers.locator(f"#ask-{a.pk}")).to_contain_text("Jonas Krogh handed this to you.")
    expect(hers.locator(f"#ask-{a.pk}")).to_contain_text("You met them at the fair")

    page.locator("#toasts").get_by_role("button", name="Take back").click()
    expect(page.locator("#toasts")).to_contain_text("1 suggestion was taken back")
    expect(page.locator("#review")).to_be_visible()
    hers.click(f"#accept-{a.pk}")
    expect(hers.locator("#toasts .is-error")).to_contain_text("Jonas Krogh has taken back the question about Firma A.")
    expect(hers.locator(f"#ask-{a.pk}")).to_have_count(0)
    assert [(one.from_user, one.to_user) for one in HandOver.objects.order_by("pk")] == [(jonas, signe), (signe, jonas)]


def test_the_overview_follows_what_is_decided_and_reopened_on_it(page: Page, live_server, jonas, asked, problems):
    CategoryDecision.objects.filter(pk__in=[one.pk for one in asked[1:]]).update(asked_of=None)
    stalled = SaleFactory(title="Wind", company=None, owner=jonas, status="stalled", reopen_on="2026-01-05")
    log_in(page, live_server.url, jonas)
    page.focus(f"#decide-{asked[0].pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-accept")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#waiting-h")).to_have_count(0)
    expect(page.locator(".day__quiet")).to_contain_text("No confirmations wait for you.")
    expect(page.locator("#page-title")).to_be_focused()
    page.focus(f"#reopen-{stalled.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#stalled-h")).to_have_count(0)
    expect(page.locator("#pipeline-h")).to_contain_text("1")
    assert Sale.objects.get(pk=stalled.pk).status == "open"


def test_the_inbox_its_dialogs_and_a_full_overview_are_accessible_and_fit(browser: Browser, live_server, jonas, signe, asked):
    signe.groups.add(Group.objects.get(name="Administrator"))
    for decision in asked:
        handing.hand_over(decision.pk, to=signe, by=jonas, note="You met them at the fair")
    CategoryDecision.objects.filter(pk=asked[0].pk).update(created_at="2026-01-05T10:00Z")
    ContactFactory(company=CompanyFactory(our_contact=signe))
    SaleFactory(owner=signe, expected_close="2026-01-05")
    SaleFactory(owner=signe, status="stalled", reopen_on="2026-01-05")
    decisions.keep(asked[1].pk, by=signe, seen_version=1)
    page = browser.new_context(bypass_csp=True, reduced_motion="reduce").new_page()
    log_in(page, live_server.url, signe)
    found = look(page, "/")
    page.goto(f"{live_server.url}/confirmations/?tab=everyone")
    page.check(f"#chosen-{asked[0].pk}")
    found += look(page, "a ticked row")
    ids = f"{asked[0].pk},{asked[2].pk}"
    page.evaluate("url => document.body.dispatchEvent(new CustomEvent('dialog:open', {detail: {url}, bubbles: true}))", f"/confirmations/?dialog=1&ids={ids}")
    expect(page.locator("#confirm-dialog select").first).to_be_focused()
    found += look(page, "several")
    assert found == []


@pytest.mark.parametrize("works", [True, False], ids=["answered", "network lost"])
def test_what_an_answer_says_is_not_lost_when_the_page_was_being_fetched_again_meanwhile(page: Page, live_server, jonas, asked, problems, works):
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/confirmations/")
    fetches: list[Route] = []
    answers: list[Route] = []
    page.route("**/confirmations/", lambda route: fetches.append(route) if not fetches else route.continue_())
    page.route("**/confirmations/answers/", lambda route: answers.append(route))  # noqa: PLW0108  (Playwright marks the function)
    page.check(f"#chosen-{asked[0].pk}")
    page.evaluate("document.body.dispatchEvent(new Event('page:changed'))")  # as another answer does
    page.wait_for_timeout(100)
    page.click("#accept-selected")
    page.wait_for_timeout(100)
    with page.expect_response("**/confirmations/"):
        fetches[0].continue_()
    page.wait_for_timeout(200)
    answers[0].continue_() if works else answers[0].abort()
    expect(page.locator("#toasts")).to_contain_text("Firma A" if works else "No connection.")
    if works:
        expect(page.locator("#inbox > li")).to_have_count(2)
