"""A real Chromium against a real server. Text is asserted in the language the test names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, expect

from crm.models import User
from tests.browsers import browser as browser_without_screen
from tests.conftest import Names
from tests.factories import rule
from tests.workflow.rules_form import URL as RULES

expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong

# What a browser and htmx say of an answer that is an error, or never came: the tests that ask for one look at what the page says of it.
REFUSED = ("Failed to load resource", "Response Status Error Code", "htmx:afterRequest", "htmx:sendError", "htmx:sendAbort", "htmx:timeout")

SKIPPED = "Transition was"  # aborted, skipped: the change of page is shown at once then

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            if CHROMIUM is None and not os.environ.get("CI"):  # under CI a missing browser is a failure
                item.add_marker(pytest.mark.skip(reason="Chromium is missing (Debian: apt-get install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(autouse=True)
def _windows_are_closed(browser: Browser) -> Iterator[None]:
    """Also those that a test opened for somebody else: they would go on asking a server that serves the next test."""
    yield
    for context in browser.contexts:
        context.close()


@pytest.fixture
def problems(context: BrowserContext) -> Iterator[list[str]]:
    """What the browser complained about: scripts, and the content security policy. Empty at the end of every test."""
    found: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: None if str(error).startswith(SKIPPED) else found.append(str(error)))
        page.on("console", lambda message: found.append(message.text) if message.type == "error" and not message.text.startswith(REFUSED) else None)

    for page in context.pages:  # the test's own page may have been opened before this
        listen(page)
    context.on("page", listen)
    yield found
    assert found == []


@pytest.fixture
def speak(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Our own catalogue, for what the page must say."""
    language = getattr(request, "param", "en")

    def say(text: str) -> str:
        with translation.override(language):
            return translation.gettext(text)

    say.language = language  # type: ignore[attr-defined]
    return say


@pytest.fixture
def maja(administrator: User) -> User:
    """Here herself: her browser is a real one."""
    return administrator


@pytest.fixture
def jonas(salesperson: User) -> User:
    """Himself."""
    return salesperson


@pytest.fixture
def signe(colleague: User) -> User:
    """Herself."""
    return colleague


@pytest.fixture
def karen(other_administrator: User) -> User:
    """Herself."""
    return other_administrator


@pytest.fixture
def rules(page: Page, live_server: Any, maja: User, category: Names, problems: list[str]) -> Page:
    """The four rules in Maja's browser; the first one is on."""
    rule("sale_won", category["Customer"])
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + RULES)
    return page


def log_in(page: Page, address: str, user: User) -> None:
    """With the session of somebody who has just logged in, on the page where that leads."""
    cookie = browser_without_screen(user).cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address, "httpOnly": True, "sameSite": "Lax"}])
    page.goto(f"{address}/")


def log_in_by_hand(page: Page, address: str, user: User) -> None:
    """Through the login page, as everybody does."""
    page.goto(f"{address}/login/")
    page.fill("#id_username", user.email)
    page.fill("#id_password", "demo")
    page.click("form.fields button[type=submit]")
    page.wait_for_url(f"{address}/")
