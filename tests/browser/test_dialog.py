"""The confirmation dialog by keyboard, and when a colleague, the network or a hasty finger comes between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Sale
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, SaleFactory, UserFactory, rule
from workflow.models import CategoryDecision, Outcome, Trigger


@pytest.fixture
def sale(transactional_db):
    rule(Trigger.SALE_WON, CompanyCategory.objects.get(name="Customer"), ask=True)
    return SaleFactory(company=CompanyFactory(name="Fjordbo A/S", category=CompanyCategory.objects.get(name="Opportunity")))


@pytest.fixture
def asked(page: Page, live_server, jonas, sale, problems) -> Page:
    """The sale has just been won on its own page, and the dialog is open."""
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + sale.get_absolute_url())
    page.focus("#won-btn")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-accept")).to_be_focused()
    return page


def _category() -> str:
    return Company.objects.get().category.name


def test_focus_stays_in_the_dialog_and_goes_back_to_the_page(asked: Page):
    for _ in range(12):
        asked.keyboard.press("Tab")
        assert asked.evaluate("document.querySelector('dialog').contains(document.activeElement) || document.activeElement === document.body")
    asked.keyboard.press("Escape")
    expect(asked.locator("dialog")).to_have_count(0)
    expect(asked.locator("#page-title")).to_be_focused()  # "Mark as won" is gone
    expect(asked.locator("#toasts")).to_contain_text("Saved for later under Confirmations")
    assert (_category(), CategoryDecision.objects.get(trigger=Trigger.SALE_WON).outcome) == ("Opportunity", Outcome.WAITING)


def test_a_category_that_a_colleague_changed_is_shown_and_a_hasty_second_enter_decides_nothing(asked: Page):
    with acting_as(UserFactory(first_name="Signe", last_name="Bach")):
        company = Company.objects.get()
        company.category = CompanyCategory.objects.get(name="Marketing qualified lead")
        company.save()
    asked.keyboard.press("Enter")
    warning = asked.locator("dialog .notice--warning")
    expect(warning).to_contain_text("Signe Bach changed the category")
    expect(warning).to_be_focused()
    expect(asked.locator("dialog [name=answer]:checked")).to_have_count(0)
    asked.keyboard.press("Enter")
    asked.click("dialog button[type=submit]")
    expect(asked.locator("#answer-err")).to_be_visible()
    assert _category() == "Marketing qualified lead"
    asked.check("#answer-accept")
    asked.keyboard.press("Enter")
    expect(asked.locator("dialog")).to_have_count(0)
    expect(asked.locator("#sale-company-category")).to_contain_text("Customer")


def test_a_question_that_no_longer_applies_says_so(asked: Page):
    company = Company.objects.get()
    company.category = CompanyCategory.objects.get(name="Partner")
    company.save()
    asked.keyboard.press("Enter")
    expect(asked.locator("#confirm-t")).to_have_text("Nothing to decide any more")
    asked.click("dialog [data-close]")
    expect(asked.locator("dialog")).to_have_count(0)
    expect(asked.locator("#pending")).to_have_count(0)
    assert _category() == "Partner"


def _answers_meet(page: Page, fate: Callable[[Route], None]) -> None:
    """From now on an answer meets this fate. The dialog is fetched anew, which proves that requests are intercepted already."""
    page.route("**/confirmations/*/", lambda route: fate(route) if route.request.method == "POST" else route.continue_())
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.click("#review")
    expect(page.locator("#answer-accept")).to_be_focused()


def test_without_a_network_the_dialog_stays_and_try_again_completes_it(asked: Page):
    _answers_meet(asked, lambda route: route.abort())
    asked.keyboard.press("Enter")
    expect(asked.locator("dialog .toast.is-error")).to_contain_text("No connection")
    asked.unroute("**/confirmations/*/")
    asked.click("dialog [data-retry]")
    expect(asked.locator("dialog")).to_have_count(0)
    expect(asked.locator("#sale-company-category")).to_contain_text("Customer")


@pytest.mark.parametrize(("status", "words"), [(401, "You have been logged out"), (403, "You do not have access"), (500, "Something went wrong")])
def test_a_refused_answer_keeps_the_dialog_and_says_why(asked: Page, status: int, words: str):
    _answers_meet(asked, lambda route: route.fulfill(status=status, body="no"))
    asked.keyboard.press("Enter")
    expect(asked.locator("dialog .toast.is-error")).to_contain_text(words)
    expect(asked.locator("#answer-accept")).to_be_checked()
    assert _category() == "Opportunity"


def test_a_double_click_on_won_wins_once_and_asks_once(page: Page, live_server, jonas, sale, problems):
    log_in(page, live_server.url, jonas)
    page.goto(live_server.url + sale.company.get_absolute_url())
    page.dblclick(f"#won-{sale.pk}")
    expect(page.locator("#answer-accept")).to_be_focused()
    expect(page.locator("dialog")).to_have_count(1)
    assert Sale.objects.get().transitions.filter(to_status="won").count() == 1
    assert CategoryDecision.objects.filter(trigger=Trigger.SALE_WON).count() == 1


def test_the_inbox_answers_one_after_the_other(page: Page, live_server, jonas, sale, problems):
    with acting_as(jonas):
        for name in ("Aarø Bryghus", "Ærø Is"):
            other = SaleFactory(company=CompanyFactory(name=name))
            other.status = Sale.Status.WON
            other.save()
    first, second = CategoryDecision.objects.waiting().order_by("-pk")
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/confirmations/")
    expect(page.locator("#nav-count-confirmations")).to_contain_text("2")
    page.click(f"#accept-{first.pk}")
    expect(page.locator(f"#ask-{first.pk}")).to_have_count(0)
    expect(page.locator("#nav-count-confirmations")).to_contain_text("1")
    page.focus(f"#keep-{second.pk}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is waiting")).to_be_visible()
    assert dict(Company.objects.exclude(pk=sale.company_id).values_list("name", "category__name")) == {"Ærø Is": "Customer", "Aarø Bryghus": "Lead"}
