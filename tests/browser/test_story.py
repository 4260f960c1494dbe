"""The whole story: a rule is switched on, a sale is won, the dialog is answered, the company has moved, and says why."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page, expect

from crm.models import Company, CompanyCategory, Contact, Sale, User
from tests.browser.conftest import log_in, log_in_by_hand
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory
from workflow.models import CategoryDecision, Outcome

OPPORTUNITY = "Opportunity"


@pytest.fixture
def maja(transactional_db, speak) -> User:
    administrators = [Group.objects.get(name="Administrator")]
    return UserFactory(email="maja@havn.example", first_name="Maja", last_name="Lindholm", language=speak.language, groups=administrators)


@pytest.fixture
def jonas(transactional_db, speak) -> User:
    return UserFactory(email="jonas@havn.example", first_name="Jonas", last_name="Krogh", language=speak.language)


@pytest.fixture
def fjordbo(transactional_db) -> Company:
    company = CompanyFactory(name="Fjordbo Entreprise A/S", category=CompanyCategory.objects.get(name=OPPORTUNITY))
    for name in ("Torben", "Anne-Mette", "Rasmus"):
        ContactFactory(company=company, first_name=name)
    SaleFactory(company=company, title="Solar roof, hall 3")
    return company


def switch_the_won_rule_on(page: Page, address: str, say) -> None:
    page.goto(f"{address}/settings/workflow/lead-categorization/")
    expect(page.get_by_role("switch", name=say("Update category when a sale is won"))).to_have_count(1)
    page.check("#r1")
    page.select_option("#r1-cat", label="Customer")
    page.check("#r1-ask")
    page.click("#rules-save")


@pytest.mark.parametrize("speak", ["en", "da"], indirect=True)
def test_an_administrator_switches_a_rule_on_and_a_salesperson_answers_the_dialog(browser: Browser, live_server, maja, jonas, fjordbo, speak, problems):
    address = live_server.url
    office = browser.new_context().new_page()
    log_in_by_hand(office, address, maja)
    office.goto(f"{address}/settings/workflow/lead-categorization/")
    expect(office.locator("#rules-save")).to_be_disabled()  # W2: nothing changed
    office.check("#r1")
    expect(office.locator("#rules-save")).to_be_disabled()  # W2: not complete, and the bar says what is missing
    expect(office.locator(".when--invalid")).to_contain_text(speak("Update category when a sale is won"))
    office.select_option("#r1-cat", label="Customer")
    office.check("#r1-ask")
    office.click("#rules-save")
    expect(office.locator(".when--clean")).to_contain_text(speak("Saved at %(time)s").split("%")[0].strip())
    expect(office.locator("#rules-save")).to_be_disabled()

    page = browser.new_context().new_page()
    log_in_by_hand(page, address, jonas)
    page.goto(f"{address}{fjordbo.get_absolute_url()}")
    expect(page.locator("#category-chip")).to_contain_text(OPPORTUNITY)
    sale = Sale.objects.get()
    page.click(f"#won-{sale.pk}")
    dialog = page.locator("dialog#confirm-dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text(speak("Change the company’s category?"))
    expect(page.locator("#answer-accept")).to_be_focused()
    sale.refresh_from_db()
    assert sale.status == Sale.Status.WON  # Q1: saved first

    page.keyboard.press("Escape")  # decide later
    expect(dialog).to_have_count(0)
    expect(page.locator("#nav-count-confirmations")).to_contain_text("1")
    expect(page.locator("#pending")).to_be_visible()
    assert CategoryDecision.objects.get(sale=sale).outcome == Outcome.WAITING

    page.click("#review")
    expect(dialog).to_be_visible()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#category-chip")).to_contain_text("Customer")
    expect(page.locator("#history li").first).to_contain_text("Jonas Krogh")
    expect(page.locator("#history li").first).to_contain_text("Solar roof, hall 3")
    expect(page.locator("#toasts")).to_contain_text("Fjordbo Entreprise A/S")
    expect(page.locator("#nav-count-confirmations")).to_be_hidden()
    assert Company.objects.get().category.name == "Customer"
    assert CategoryDecision.objects.get(sale=sale).outcome == Outcome.ACCEPTED


@pytest.mark.parametrize("speak", ["en", "da"], indirect=True)
def test_the_same_story_without_javascript(browser: Browser, live_server, maja, jonas, fjordbo, speak):
    address = live_server.url
    office = browser.new_context(java_script_enabled=False).new_page()
    log_in_by_hand(office, address, maja)
    switch_the_won_rule_on(office, address, speak)
    expect(office.locator("#toasts")).to_contain_text(speak("Settings saved"))

    page = browser.new_context(java_script_enabled=False).new_page()
    log_in_by_hand(page, address, jonas)
    page.goto(f"{address}{fjordbo.get_absolute_url()}")
    sale = Sale.objects.get()
    page.click(f"#won-{sale.pk}")
    expect(page.locator("#confirm-form")).to_be_visible()  # it opened by itself on the next page
    page.click("#confirm-form button[type=submit].btn--primary")
    expect(page.locator("#category-chip")).to_contain_text("Customer")
    expect(page.locator("#history li").first).to_contain_text("Jonas Krogh")
    assert Company.objects.get().category.name == "Customer"


def test_a_lead_status_asks_too_and_another_category_can_be_chosen(page: Page, live_server, maja, jonas, fjordbo, speak, problems):
    from leads.models import LeadStatus
    from tests.factories import rule

    rule("lead_status_set", CompanyCategory.objects.get(name="Customer"), ask=True, lead_status=LeadStatus.objects.get(name="Qualified"))
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}{fjordbo.get_absolute_url()}")
    contact = Contact.objects.get(first_name="Torben")
    page.click(f"#status-{contact.pk}")
    page.locator(f"#status-menu-{contact.pk} button").nth(2).click()  # Qualified
    dialog = page.locator("dialog#confirm-dialog")
    expect(dialog).to_contain_text("Lead status is hidden for 3 contacts")
    expect(page.locator("#answer-accept")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # "another" without a category
    expect(page.locator("#other-err")).to_be_visible()
    page.select_option("#other-cat", label="Partner")
    page.click("#confirm-form button[type=submit]")
    expect(dialog).to_have_count(0)
    expect(page.locator("#category-chip")).to_contain_text("Partner")
    expect(page.locator(f"#status-{contact.pk}")).to_have_count(0)  # L1: hidden, not lost
    assert Contact.objects.get(pk=contact.pk).lead.status.name == "Qualified"
    assert CategoryDecision.objects.get(contact=contact).outcome == Outcome.CHOSE_OTHER


def test_saving_a_plain_form_opens_the_dialog_on_the_next_page(page: Page, live_server, jonas, fjordbo, speak, problems):
    from tests.factories import rule

    rule("sale_registered", CompanyCategory.objects.get(name="Marketing qualified lead"), ask=True)
    log_in(page, live_server.url, jonas)
    page.goto(f"{live_server.url}/sales/new/?company={fjordbo.pk}")
    page.fill("#id_title", "Charging points")
    page.get_by_role("button", name="Save").click()
    dialog = page.locator("dialog#confirm-dialog")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('#confirm-dialog').matches(':modal')")
    page.check("input[value=keep]")
    page.click("#confirm-form button[type=submit]")
    expect(dialog).to_have_count(0)
    assert CategoryDecision.objects.get(trigger="sale_registered").outcome == Outcome.KEPT
    page.reload()
    expect(dialog).to_have_count(0)
