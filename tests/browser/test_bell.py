"""The bell in a real browser: opened with keys or the mouse, its number falls, and it asks no more once logged out (I4)."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.models import Notification
from tests.browser.conftest import log_in
from tests.browser.test_accessibility import look
from tests.workflow.questions import ask

COUNT = "#bell .bell__count"


@pytest.fixture
def told(page: Page, live_server, problems, asking, jonas):
    """Jonas is told of three questions, the last of which he has read; here he is at the list of companies."""
    questions = [ask(None, name, our_contact=jonas)[0] for name in ("Fjordbo", "Brørup", "Ærø")]
    Notification.objects.filter(subject_id=questions[2].pk).update(read_at=timezone.now())
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/companies/")
    return questions


def test_with_keys_alone_the_bell_is_opened_gone_through_and_closed(page: Page, told):
    expect(page.locator(COUNT)).to_have_text("2")
    expect(page.get_by_role("button", name="Notifications, 2 unread")).to_be_visible()
    page.locator("#bell").focus()
    page.keyboard.press("Enter")
    entries = page.locator("#bell-latest a")
    expect(entries).to_have_count(3)
    expect(page.locator("#bell")).to_be_focused()
    for place in range(3):
        page.keyboard.press("ArrowDown")
        expect(entries.nth(place)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#bell-menu")).to_be_hidden()
    expect(page.locator("#bell")).to_be_focused()
    expect(entries.first).to_contain_text("Ærø")
    assert [("Unread" in text) for text in entries.all_text_contents()] == [False, True, True]


def test_an_entry_leads_to_its_question_and_after_going_back_it_is_read(page: Page, told):
    page.click("#bell")
    page.locator("#bell-latest a", has_text="Fjordbo").click()
    expect(page.get_by_role("heading", name="Change the company’s category?")).to_be_visible()
    page.go_back()
    expect(page.locator("#page-title")).to_have_text(re.compile("Companies"))
    expect(page.locator(COUNT)).to_have_text("1")
    page.click("#bell")
    expect(page.locator("#bell-latest .tell__mark")).to_have_count(1)


def test_all_are_marked_as_read_from_the_bell_and_focus_stays_there(page: Page, told):
    page.click("#bell")
    page.click("#read-all-bell")
    expect(page.locator(".toast")).to_contain_text("2 notifications marked as read")
    expect(page.locator(COUNT)).to_be_hidden()
    expect(page.locator("#bell .vh")).to_have_text("Notifications, none unread")
    expect(page.locator("#bell")).to_be_focused()
    page.click("#bell")
    expect(page.locator("#bell-latest a")).to_have_count(3)
    expect(page.locator("#read-all-bell")).to_have_count(0)


def test_answering_a_question_lets_the_number_fall_at_once(page: Page, live_server, told):
    page.goto(f"{live_server.url}/confirmations/")
    page.click(f"#accept-{told[0].pk}")
    expect(page.locator(COUNT)).to_have_text("1")


def test_in_the_list_one_is_read_and_unread_again_and_focus_stays_on_its_button(page: Page, live_server, told):
    page.goto(f"{live_server.url}/notifications/")
    button = page.locator(f"#mark-{Notification.objects.get(subject_id=told[0].pk).pk}")
    button.focus()
    for label, count in (("Mark as unread", "1"), ("Mark as read", "2")):
        page.keyboard.press("Enter")
        expect(button).to_contain_text(label)
        expect(button).to_be_focused()
        expect(page.locator(COUNT)).to_have_text(count)


def test_a_page_that_stays_open_hears_of_what_is_new_and_moves_no_focus(page: Page, live_server, told, jonas):
    page.clock.install()
    page.goto(f"{live_server.url}/companies/")
    page.locator("#q-q, .searchbox input").first.focus()
    page.keyboard.type("fjo")
    Notification.objects.create(user=jonas, kind="suggestion", subject_id=told[0].pk)
    with page.expect_response("**/notifications/count/"):
        page.clock.fast_forward(61_000)
    expect(page.locator(COUNT)).to_have_text("3")
    expect(page.locator(".searchbox input").first).to_be_focused()
    expect(page.locator("body.is-loading")).to_have_count(0)


def test_who_is_logged_out_elsewhere_is_not_asked_for_again(page: Page, live_server, told):
    page.clock.install()
    page.goto(f"{live_server.url}/companies/")
    asked = []
    page.on("response", lambda answer: asked.append(answer.status) if "/notifications/count/" in answer.url else None)
    page.context.clear_cookies()
    with page.expect_response("**/notifications/count/"):
        page.clock.fast_forward(61_000)
    page.clock.fast_forward(300_000)
    page.wait_for_timeout(300)
    assert asked == [401]


def test_on_a_phone_everything_of_the_top_bar_is_within_reach(page: Page, live_server, told):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/companies/")
    boxes = [page.locator(one).bounding_box() for one in (".topbar__mark", ".topbar__end a.only-phone", "#new-button", "#bell", "#user-button")]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert [box["x"] for box in boxes] == sorted(box["x"] for box in boxes)
    page.click("#bell")
    expect(page.locator("#bell-latest a")).to_have_count(3)
    menu = page.locator("#bell-menu").bounding_box()
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390


def test_the_open_bell_is_accessible_in_both_themes_and_widths(browser, live_server, told, jonas):
    page = browser.new_context(bypass_csp=True, reduced_motion="reduce").new_page()
    log_in(page, live_server.url, jonas)
    page.click("#bell")
    expect(page.locator("#bell-latest a")).to_have_count(3)
    assert look(page, "the bell") == []


@pytest.mark.parametrize("url", ["/notifications/", "/notifications/choices/"])
def test_without_scripts_everything_is_there_too(browser, live_server, told, jonas, url):
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + url)
    if url.endswith("choices/"):
        page.uncheck("input[name=suggestion]")
        page.click("button[name=save]")
        expect(page.locator("input[name=suggestion]")).not_to_be_checked()
        expect(page.locator(".toast")).to_contain_text("Your choices are saved.")
    else:
        page.click("#read-all-list")
        expect(page.locator(COUNT)).to_be_hidden()
        expect(page.locator(".tell__mark")).to_have_count(0)
