"""The lists of Settings by keyboard and mouse: order, delete, replace, restore (C2, C4, C8)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from crm.models import CompanyCategory, SaleStage
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, rule
from tests.workflow.ledger import assert_ledger_is_true, where
from workflow.models import AutomationRule

CATEGORIES, STAGES = "/settings/lists/company-categories/", "/settings/lists/sale-stages/"


@pytest.fixture
def maja(page: Page, live_server, administrator, problems) -> Page:
    """An administrator's browser."""
    log_in(page, live_server.url, administrator)
    return page


def item(name: str) -> CompanyCategory:
    return CompanyCategory.objects.get(name=name)


def test_items_are_ordered_by_keyboard_and_focus_stays_on_the_arrow(maja: Page, live_server):
    maja.goto(live_server.url + STAGES)
    proposal = SaleStage.objects.get(name="Proposal")
    names = maja.locator("tbody th a")
    expect(names).to_have_text(["Qualification", "Needs analysis", "Proposal", "Negotiation"])
    maja.focus(f"#up-{proposal.pk}")
    maja.keyboard.press("Enter")
    expect(names).to_have_text(["Qualification", "Proposal", "Needs analysis", "Negotiation"])
    expect(maja.locator("#live")).to_have_text("Proposal moved to place 2 of 4")
    expect(maja.locator(f"#up-{proposal.pk}")).to_be_focused()
    maja.keyboard.press("Enter")
    expect(names).to_have_text(["Proposal", "Qualification", "Needs analysis", "Negotiation"])
    expect(maja.locator(f"#up-{proposal.pk}")).to_be_focused()
    expect(maja.locator(f"#up-{proposal.pk}")).to_have_attribute("aria-disabled", "true")
    maja.keyboard.press("Enter")  # at the top: it stays, and says so
    expect(maja.locator("#live")).to_have_text("Proposal moved to place 1 of 4")
    expect(maja.locator(f"#up-{proposal.pk}")).to_be_focused()


def _names() -> list[str]:
    return list(CompanyCategory.objects.active().order_by("position").values_list("name", flat=True))


def _moved(names: list[str], name: str, places: int) -> list[str]:
    at = names.index(name)
    rest = [one for one in names if one != name]
    return [*rest[: at + places], name, *rest[at + places :]]


@pytest.mark.parametrize("pause", [0, 60, 120])
def test_every_quick_press_of_an_arrow_counts_and_the_page_stays(maja: Page, live_server, pause):
    before, last = _names(), item(_names()[-1])
    maja.goto(live_server.url + CATEGORIES)
    maja.evaluate("window.sameDocument = true")
    maja.focus(f"#up-{last.pk}")
    for _press in range(5):
        maja.keyboard.press("Enter")
        maja.wait_for_timeout(pause)
    expect(maja.locator("tbody th a")).to_have_text(_moved(before, last.name, -5))
    expect(maja.locator(f"#up-{last.pk}")).to_be_focused()
    assert maja.evaluate("window.sameDocument")
    assert _names() == _moved(before, last.name, -5)


def test_presses_on_a_slow_network_wait_for_their_turn_and_none_is_lost(maja: Page, live_server):
    before, second = _names(), item(_names()[1])
    maja.goto(live_server.url + CATEGORIES)
    slow: list[Route] = []
    maja.route("**/move/", lambda route: route.continue_() if slow else slow.append(route))
    box = maja.locator(f"#down-{second.pk}").bounding_box()
    for _press in range(3):
        maja.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        maja.wait_for_timeout(100)
    slow[0].continue_()
    expect(maja.locator("tbody th a")).to_have_text(_moved(before, second.name, 3))


@pytest.mark.parametrize("pause", [60, 250, 500])
def test_clicks_in_the_same_place_move_the_same_item_on_and_no_other_back(maja: Page, live_server, pause):
    before, second = _names(), item(_names()[1])
    maja.goto(live_server.url + CATEGORIES)
    box = maja.locator(f"#down-{second.pk}").bounding_box()
    for _click in range(3):
        maja.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        maja.wait_for_timeout(pause)
    expect(maja.locator("tbody th a")).to_have_text(_moved(before, second.name, 3))
    maja.click(f"#up-{second.pk}")  # elsewhere: what is there is meant
    expect(maja.locator("tbody th a")).to_have_text(_moved(before, second.name, 2))


def test_c4_an_item_in_use_is_replaced_and_the_message_says_what_moved(maja: Page, live_server):
    rule("sale_won", item("Partner"))
    company = CompanyFactory(category=item("Partner"))
    partner, after = item("Partner"), item("Former customer")
    maja.goto(live_server.url + CATEGORIES)
    maja.click(f"#delete-{partner.pk}")
    dialog = maja.locator("#delete-dialog")
    expect(dialog).to_contain_text("1 rule: Sale won")
    expect(dialog).to_contain_text("1 company")
    expect(dialog.locator("select")).to_be_focused()
    maja.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_contain_text("Choose what to replace it with")
    expect(dialog.locator("select")).to_be_focused()
    maja.select_option("#id_replacement", label="Other")
    maja.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(maja.locator("#toasts")).to_contain_text("Partner deleted. 1 rule now uses Other. 1 company is now Other.")
    expect(maja.locator(f"#item-{partner.pk}")).to_have_count(0)
    expect(maja.locator(f"#item-{after.pk}")).to_be_focused()
    assert (where(company), AutomationRule.objects.get().target_category.name) == ("Other", "Other")
    assert_ledger_is_true()


def test_c4_a_deleted_item_is_shown_and_restored(maja: Page, live_server):
    partner = item("Partner")
    maja.goto(live_server.url + CATEGORIES)
    maja.focus(f"#delete-{partner.pk}")
    maja.keyboard.press("Enter")
    expect(maja.locator("#delete-dialog")).to_contain_text("Nothing uses it.")
    expect(maja.get_by_role("button", name="Cancel")).to_be_focused()
    maja.keyboard.press("Escape")
    expect(maja.locator(f"#delete-{partner.pk}")).to_be_focused()
    maja.keyboard.press("Enter")
    maja.get_by_role("button", name="Delete", exact=True).click()
    expect(maja.locator("#toasts")).to_contain_text("Partner deleted.")
    maja.check("#deleted")
    expect(maja.locator(f"#restore-{partner.pk}")).to_be_visible()
    expect(maja.locator("#deleted")).to_be_focused()
    expect(maja).to_have_url(re.compile(r"\?deleted=1$"))
    maja.reload()
    maja.click(f"#restore-{partner.pk}")
    expect(maja.locator(f"a#item-{partner.pk}")).to_be_focused()
    expect(maja.locator("#toasts")).to_contain_text("Partner restored")


def test_c8_another_default_is_chosen_where_the_old_one_cannot_be_deleted(maja: Page, live_server):
    lead, opportunity = item("Lead"), item("Opportunity")
    maja.goto(live_server.url + CATEGORIES)
    maja.click(f"#delete-{lead.pk}")
    expect(maja.locator("#delete-dialog")).to_contain_text("New companies get Lead, so it cannot be deleted.")
    maja.select_option("#new-default", label="Opportunity")
    maja.get_by_role("button", name="Make default").click()
    expect(maja.locator("#toasts")).to_contain_text("Opportunity is now the default")
    expect(maja.locator("tr", has=maja.locator(f"#item-{opportunity.pk}"))).to_contain_text("New companies")
    expect(maja.locator(f"#delete-{lead.pk}")).to_be_focused()
    maja.keyboard.press("Enter")
    expect(maja.locator("#delete-dialog")).to_contain_text("Delete “Lead”?")
