"""Making a lead form, with its preview, until the snippet is copied; and what is done with it in the list (I1)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from leads.models import LeadForm
from tests.browser.conftest import log_in
from tests.factories import LeadFormFactory
from tests.leads.editor import inquiry

LIST = "/settings/lead-forms/"


@pytest.fixture
def at_forms(page: Page, live_server, maja, problems) -> Page:
    log_in(page, live_server.url, maja)
    page.goto(live_server.url + LIST)
    return page


def test_i1_a_form_is_made_seen_saved_copied_and_filled_in(at_forms: Page, live_server, browser: Browser):
    page = at_forms
    page.click("#add-first")
    expect(page.locator("#id_title")).to_be_focused()
    page.keyboard.type("Kør på sol")
    preview = page.locator("#preview-shown")
    expect(preview.locator(".preview__title")).to_have_text("Kør på sol")
    expect(page.locator("#form-address")).to_contain_text("/forms/koer-paa-sol/")
    page.select_option("#id_language", "da")
    expect(preview).to_contain_text("Fornavn")

    page.click("#asks-add")
    expect(page.locator("#asks-own_1-label")).to_be_focused()
    page.keyboard.type("Tagets størrelse")
    expect(page.locator("#asks-own_1-choices")).to_be_hidden()
    page.select_option("#asks-own_1-kind", "choice")
    page.fill("#asks-own_1-choices", "Stort\nLille")
    expect(preview.locator("select")).to_contain_text("Lille")
    page.focus("#asks-own_1-up")
    for place in ("6", "5"):
        page.keyboard.press("Enter")
        expect(page.locator("#live")).to_contain_text(f"moved to place {place} of 7")
        expect(page.locator("#asks-own_1-up")).to_be_focused()
    expect(page.locator("#asks-own_1-label")).to_have_value("Tagets størrelse")
    page.uncheck("#asks-company-on")
    expect(preview).not_to_contain_text("Firma")
    expect(page.locator("#asks-company-hint")).to_be_visible()
    assert LeadForm.objects.count() == 0

    page.click(".nav__head a")  # somebody is in the middle of it
    page.click("dialog .btn--primary")
    page.click("#save-form")
    expect(page.locator("h1")).to_have_text("Kør på sol")
    snippet = page.input_value("#snippet")
    assert snippet.startswith(f'<script src="{live_server.url}/forms/embed.js" data-form="koer-paa-sol" ')
    page.click("#copy-snippet")
    assert page.evaluate("document.getElementById('snippet').selectionEnd") == len(snippet)

    visitor = browser.new_context().new_page()
    visitor.goto(page.input_value("#public-url"))
    expect(visitor.locator("h1")).to_have_text("Kør på sol")
    expect(visitor.locator("form")).to_contain_text("Tagets størrelse")
    assert [ask.choices for ask in LeadForm.objects.get().asks if ask.key == "own_1"] == ["Stort\nLille"]


def test_i1_what_was_refused_is_pointed_at_and_leaving_it_is_asked(at_forms: Page):
    page = at_forms
    page.click("#add-first")
    page.fill("#id_title", "Sol")
    page.uncheck("#asks-email-on")
    page.uncheck("#asks-phone-on")
    page.keyboard.press("Control+End")
    page.click("#save-form")
    expect(page.locator("#form-alert")).to_be_focused()
    page.click("#form-alert a")
    expect(page).to_have_url(re.compile("#asks$"))
    page.check("#asks-email-on")
    page.click("#save-form")
    expect(page.locator("#embed")).to_be_visible()


def test_i1_without_scripts_the_buttons_answer_with_the_page_as_typed(live_server, browser: Browser, maja):
    form = LeadFormFactory(title="Sol")
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, maja)
    page.goto(f"{live_server.url}{LIST}{form.pk}/")
    page.fill("#id_title", "Vind")
    page.click("#asks-add")
    expect(page.locator("#id_title")).to_have_value("Vind")
    page.fill("#asks-own_1-label", "Hvor stort?")
    page.click("#see-preview")
    expect(page.locator("#preview-shown")).to_contain_text("Hvor stort?")
    assert form.fields.count() == 6
    page.click("#save-form")
    expect(page.locator("h1")).to_have_text("Vind")
    assert form.fields.count() == 7


def test_i1_in_the_list_a_form_is_switched_copied_deleted_and_restored(at_forms: Page):
    form = LeadFormFactory(title="Sol")
    inquiry(form)
    page = at_forms
    page.reload()
    page.focus(f"#switch-{form.pk}")
    page.keyboard.press("Enter")
    expect(page.locator(f"#switch-{form.pk}")).to_contain_text("Switch on")
    expect(page.locator(f"#switch-{form.pk}")).to_be_focused()
    page.click("[data-undo]")
    expect(page.locator(f"#switch-{form.pk}")).to_contain_text("Switch off")

    page.click(f"#more-{form.pk}")
    page.click(f"#duplicate-{form.pk}")
    expect(page.locator("h1")).to_have_text("Copy of Sol")
    page.go_back()

    page.click(f"#more-{form.pk}")
    page.click(f"#delete-{form.pk}")
    expect(page.locator("dialog")).to_contain_text("It has 1 inquiry.")
    expect(page.locator("dialog [value=keep]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f"#more-{form.pk}")).to_be_focused()
    page.keyboard.press("Enter")
    page.click(f"#delete-{form.pk}")
    page.click("#delete-it")
    expect(page.locator("dialog .field__error")).to_contain_text("Say what becomes of the inquiries")
    page.click("dialog .choice:first-child")
    page.click("#delete-it")
    expect(page.locator(f"#form-{form.pk}")).to_have_count(0)
    expect(page.locator("#page-title")).to_be_focused()

    page.check("#deleted")
    page.click(f"#restore-{form.pk}")
    expect(page.locator(f"#form-{form.pk}")).to_be_focused()
    assert LeadForm.objects.get(pk=form.pk).archived_at is None
