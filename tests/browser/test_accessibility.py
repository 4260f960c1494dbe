"""Every screen in both themes and both widths: no accessibility violation, nothing wider than the screen."""

from __future__ import annotations

import datetime as dt
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser

from crm import links
from crm.actor import acting_as, working
from crm.models import Company, CompanyCategory, FollowUp, Note, Notification, Sale, SaleStage
from leads.corrections import split as split_off
from leads.intake import Touch
from leads.models import LeadFormField, LeadStatus
from leads.seats import make_own
from tests.browser.conftest import log_in
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory, SaleFactory, rule
from tests.leads.inquiries import received
from tests.leads.seats import seat
from workflow.models import Batch, CategoryDecision, Trigger

SCRIPT = Axe().axe_script
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, "resultTypes": ["violations"]}
VIOLATIONS = """async (options) => (await axe.run(document, options)).violations
    .flatMap((rule) => rule.nodes.map((node) => [rule.id, node.html.slice(0, 160)]))"""
DRAWN = """() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))
    .then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"""


@pytest.fixture
def screens(maja, monkeypatch) -> tuple:
    """A company with everything on its card, a rule that failed, a bulk change, and the addresses to look at."""
    rule(Trigger.SALE_WON, CompanyCategory.objects.get(name="Customer"), ask=True)
    with acting_as(maja):
        company = CompanyFactory(name="Fjordbo Entreprise A/S", our_contact=maja, phone="+45 75 00 00 00", website="https://fjordbo.example")
        contact = ContactFactory(company=company, email="torben@fjordbo.example", phone="+45 75 00 00 01")
        sale = SaleFactory(company=company, owner=maja, contact=contact)
        SaleFactory(company=company, owner=maja)
        sale.status = Sale.Status.WON
        sale.save()
    Note.objects.create(company=company, contact=contact, text="Wants to see a reference", created_by=maja)
    for days, done in ((-3, None), (0, None), (1, None), (-9, timezone.now())):
        FollowUp.objects.create(company=company, sale=sale, text="Call", due_on=timezone.localdate() + dt.timedelta(days=days), owner=maja, done_at=done)
    archived = CompanyFactory(archived_at=timezone.now())
    waiting = CategoryDecision.objects.waiting().get()
    moved = CompanyFactory()
    with working(user=maja, kind="bulk"):
        Company.objects.filter(pk=moved.pk).update(category=CompanyCategory.objects.get(name="Partner"))
    with monkeypatch.context() as patch:
        patch.setattr("workflow.verdicts.write", None)
        failed = SaleFactory(company=CompanyFactory(), status=Sale.Status.WON).company
    for read_at in (None, timezone.now()):
        Notification.objects.create(user=maja, kind="suggestion", subject_id=waiting.pk, read_at=read_at)
        Notification.objects.create(user=maja, kind="import-finished", subject_id=0, read_at=read_at, facts={"file": "old.csv", "imported": 1, "refused": 2})
    for values in ({}, {"is_paused": True}):
        seat(**values)
    touch = Touch("google", "cpc", "solar-roofs", landing_page="https://fjordbo.example/solar")
    inquiry = received(email=contact.email, message="Call me", phone="+45 75 00 00 02", own=[("Which roof?", "Flat")], first=touch)
    split = received(email="anne@fjordbo.example", company="Hall")
    split_off(split, company_name="Hall", by=maja)
    spam = received(first_name="SEO", email="seo@nowhere.example", spam="trap")
    own = make_own(inquiry.form)
    batch = Batch.objects.get()
    lead_form = LeadFormFactory(title="Nordsol", consent_text="You may write to me.")
    LeadFormField.objects.create(form=lead_form, key="own_1", kind="choice", label="Roof?", choices="Flat\nPitched", position=9)
    received(lead_form)
    lead_forms = [f"/settings/lead-forms/{path}" for path in ("", "?deleted=1", "new/", f"{lead_form.pk}/", f"{lead_form.pk}/delete/")]
    deletions = [f"/settings/lists/company-categories/{CompanyCategory.objects.get(name=name).pk}/delete/" for name in ("Lead", "Customer", "Other")]
    SaleStage.objects.filter(name="Proposal").update(archived_at="2026-01-01T00:00Z")
    return maja, [
        "/", "/companies/", "/companies/?q=nothing", f"/companies/{company.pk}/", f"/companies/{company.pk}/history/", f"/companies/{company.pk}/edit/",
        "/companies/new/", f"/companies/{company.pk}/notes/", f"/companies/{company.pk}/follow-ups/", f"/companies/{company.pk}/facts/address/",
        f"/companies/{archived.pk}/", "/contacts/", f"/contacts/{contact.pk}/", "/sales/", f"/sales/{sale.pk}/", "/sales/new/", f"/sales/{sale.pk}/lost/",
        "/inquiries/", "/inquiries/?view=spam", "/inquiries/?view=unassigned&q=nowhere", "/inquiries/spam/delete/", inquiry.get_absolute_url(),
        f"{inquiry.get_absolute_url()}split/", f"{inquiry.get_absolute_url()}spam/", split.get_absolute_url(), spam.get_absolute_url(),
        "/sales/board/", "/leads/", "/sales/?mine=1&status=won", "/sales/bulk/lost/?all=1",
        "/confirmations/", f"/confirmations/{waiting.pk}/", f"/confirmations/hand-over/?ids={waiting.pk}",
        "/settings/lists/company-categories/", "/settings/lists/company-categories/new/",
        "/settings/lists/lead-statuses/", "/settings/lists/sale-stages/?deleted=1", "/settings/lists/sale-reasons/", *deletions,
        f"/contacts/?lead_status={LeadStatus.objects.get(is_default=True).pk}", "/settings/workflow/lead-categorization/",
        "/settings/workflow/setup/", "/settings/workflow/rule-history/", "/settings/workflow/rule-history/?period=dates&outcome=obsolete&rule=nonsense",
        "/settings/workflow/preview/?trigger=sale_won&days=365", "/settings/workflow/preview/?trigger=lead_status_set",
        f"/settings/workflow/try/?company={company.pk}&event=registered-won", "/settings/workflow/try/?q=a", f"/companies/{failed.pk}/history/",
        f"/companies/{moved.pk}/", "/settings/workflow/failures/", "/settings/workflow/batches/", batch.get_absolute_url(), "/nowhere/",
        "/search/?q=a", "/search/?q=nowhere", "/account/password/", "/notifications/", "/notifications/?show=unread&page=x", "/notifications/choices/",
        "/settings/users/?all=1", "/settings/users/new/", f"/settings/users/{maja.pk}/", f"/settings/users/{maja.pk}/deactivate/", "/settings/log/",
        "/settings/distribution/", f"/settings/distribution/?form={own.form_id}", f"/settings/distribution/{own.pk}/", f"/settings/distribution/{own.pk}/add/",
        f"/settings/distribution/{own.pk}/delete/", f"/inquiries/{inquiry.pk}/reassign/", f"/contacts/{inquiry.contact_id}/erase/",
        links.make_link(maja, root="/"), "/welcome/x/y/", *lead_forms,
    ]  # fmt: skip


@pytest.mark.parametrize("half", [0, 1])
def test_every_screen_is_accessible_and_fits(browser: Browser, live_server, screens, half):
    """In each width and theme: the page is the same, only the style sheets answer to them. In halves, for two browsers."""
    maja, addresses = screens
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    found = []
    page.goto(f"{live_server.url}/login/")
    found += look(page, "/login/")
    log_in(page, live_server.url, maja)
    for address in addresses[half::2]:
        page.goto(live_server.url + address)
        found += look(page, address)
    assert found == []


def test_what_visitors_meet_is_accessible_too(browser, live_server):
    """Lead forms: as they are shown, refused, to be looked at, in a frame, sent and closed (I1)."""
    form = LeadFormFactory(privacy_url="https://nordsol.example/privat", text="Tell us a little.", sites=live_server.url, language="da")
    LeadFormField.objects.create(form=form, key="own_1", kind="choice", label="Roof?", choices="Flat\nPitched")
    LeadFormField.objects.create(form=form, key="own_2", kind="checkbox", label="Soon?")
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    found = []
    for address in ("", "thanks/", "embed/", "embed/thanks/"):
        page.goto(live_server.url + form.get_absolute_url() + address)
        found += look(page, address)
        if address in ("", "embed/"):
            page.click("[type=submit]")
            page.wait_for_selector("[role=alert]:not([hidden])")
            found += look(page, f"{address} refused")
    page.goto(f"{live_server.url}/forms/nowhere/")
    assert found + look(page, "/forms/nowhere/") == []


def look(page, address):
    # Sticky bars are taken out of the way: what happens to lie under one is no fault of its size.
    page.add_style_tag(content=".tabbar,.savebar,.topbar,.bulk{position:static!important}")
    page.evaluate(SCRIPT)
    found = []
    for width, scheme in product([1440, 390], ["light", "dark"]):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(DRAWN)
        where = (address, width, scheme)
        # The themes differ in colours alone: what does not look at them has been asked in the light.
        found += [(*where, *violation) for violation in page.evaluate(VIOLATIONS, AXE if scheme == "light" else COLOURS)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [(*where, "wider than the screen", wide)] if wide > width else []
    return found
