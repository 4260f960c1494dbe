"""Lead forms as visitors meet them: on our page, in a frame and from a form of a site's own, on another origin (I1, I2, I3, I5)."""

from __future__ import annotations

import datetime as dt
import importlib.util
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect

from leads import limits
from leads.models import Inquiry, LeadForm, Visit
from tests.factories import LeadFormFactory
from tests.leads.visiting import LISE

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "demo_site.py"
LINK = "?utm_source=newsletter&utm_medium=email&utm_campaign=spring-roofs&email=secret@x.example"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """A test types faster than a person."""
    monkeypatch.setattr(limits, "FASTEST", dt.timedelta(0))


@pytest.fixture
def site(live_server):
    """The address of the demo company's website, with the form `solar` of the Havn under test."""
    spec = importlib.util.spec_from_file_location("demo_site", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.Site(0, live_server.url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def solar(transactional_db):
    """The form, without a site yet."""
    return LeadFormFactory(slug="solar", fields=["company", "first_name", "email", "message"])


@pytest.fixture
def shown(solar, site):
    """The website may show it."""
    LeadForm.objects.filter(pk=solar.pk).update(sites=site)
    return solar


def fill(place, **changes):
    for name, value in ({**LISE, "first_name": "Lise Bakke"} | changes).items():
        if name not in ("consent", "last_name"):
            place.locator(f"[name={name}]").fill(value)
    place.locator("[name=consent]").check()


# ------------------------------------------------------------ our own page
def test_i1_mistakes_are_said_with_the_focus_on_them_and_then_it_is_sent(page, live_server, solar, problems):
    page.goto(f"{live_server.url}/forms/solar/{LINK}")
    expect(page.locator("[name=email]")).to_have_value("")
    fill(page, email="lise@bakkely")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert").first).to_be_focused()
    page.get_by_role("link", name="Enter an email address in the form name@company.dk").click()
    expect(page.locator("[name=email]")).to_be_focused()
    assert page.locator("[name=email]").evaluate("(input) => document.getElementById(input.getAttribute('aria-describedby')).textContent").strip()
    page.locator("[name=email]").fill("lise@bakkely.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.reload()
    assert Inquiry.objects.get().email == "lise@bakkely.example"
    assert Visit.objects.filter(utm_campaign="spring-roofs").count() == 2
    assert page.context.cookies() == []


def test_i3_a_double_click_makes_one_inquiry_and_who_goes_back_finds_what_they_typed(page, live_server, solar, problems):
    page.goto(f"{live_server.url}/forms/solar/")
    fill(page)
    page.get_by_role("button", name="Send").dblclick()
    page.wait_for_url("**/thanks/")
    assert Inquiry.objects.count() == 1
    page.go_back()
    expect(page.locator("[name=company]")).to_have_value("Bakkely Gartneri")
    page.locator("[name=message]").fill("And a carport")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/thanks/")
    assert set(Inquiry.objects.values_list("message", flat=True)) == {LISE["message"], "And a carport"}


def test_i3_without_a_connection_nothing_typed_is_lost(page, live_server, solar):
    page.goto(f"{live_server.url}/forms/solar/")
    fill(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("No connection. What you typed is still here.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/thanks/")
    assert Inquiry.objects.get().message == LISE["message"]


# ------------------------------------------------------------ in a frame
def test_i1_a_site_shows_the_form_with_one_script_tag_and_its_links_are_kept_apart(page, site, shown, problems):
    page.goto(f"{site}/{LINK}")  # the first touch is another page
    page.goto(f"{site}/frame.html?utm_source=google")
    form = page.frame_locator("iframe")
    height = page.locator("iframe").bounding_box()["height"]
    fill(form, email="x")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert").first).to_be_focused()
    page.wait_for_function("(was) => document.querySelector('iframe').getBoundingClientRect().height > was", arg=height)
    assert page.locator("iframe").get_attribute("title") == "Talk to us about solar · Havn"
    form.locator("[name=email]").fill(LISE["email"])
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("heading", name="Thank you")).to_be_visible()
    page.wait_for_function("() => document.querySelector('iframe').getBoundingClientRect().height < 250")
    first, sent = Visit.objects.order_by("touch")
    assert (first.utm_source, first.utm_campaign, first.landing_page) == ("newsletter", "spring-roofs", f"{site}/")
    assert (sent.utm_source, sent.utm_campaign, sent.landing_page) == ("google", "", f"{site}/frame.html")
    assert page.context.cookies() == []
    kept = page.evaluate("() => JSON.stringify([localStorage, sessionStorage])")
    assert "lise" not in kept.lower()
    assert "secret" not in kept


def test_i1_the_page_around_the_frame_goes_on_to_their_own_page(page, site, shown, problems):
    LeadForm.objects.filter(pk=shown.pk).update(thanks_url=f"{site}/index.html")
    page.goto(f"{site}/frame.html")
    form = page.frame_locator("iframe")
    fill(form)
    form.get_by_role("button", name="Send").click()
    page.wait_for_url(f"{site}/index.html")
    assert Inquiry.objects.count() == 1


def test_i5_another_site_shows_nothing(page, site, solar):
    page.goto(f"{site}/frame.html")
    page.wait_for_load_state("networkidle")
    assert page.frame_locator("iframe").locator("[name=email]").count() == 0


# ------------------------------------------------------------ a form of their own
def test_i1_their_own_form_says_what_is_wrong_beside_the_fields_and_is_sent(page, site, shown, problems):
    page.goto(f"{site}/own.html{LINK}")
    fill(page, email="lise@bakkely")  # good enough for the browser
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[name=email]")).to_be_focused()
    expect(page.locator("#email + .havn-error")).to_have_text("Enter an email address in the form name@company.dk")
    expect(page.locator("[name=email]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=email]").fill(LISE["email"])
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_text("Thank you. We have received what you sent")).to_be_focused()
    inquiry = Inquiry.objects.get()
    assert (inquiry.name, inquiry.consent, inquiry.state) == ("Lise Bakke", True, "received")
    assert inquiry.visits.get(touch="sent").utm_source == "newsletter"
    assert page.context.cookies() == []


def test_i3_their_own_form_is_sent_again_after_the_network_was_lost_and_is_one_inquiry(page, site, shown):
    lost = []

    def lose(route):
        if len(lost) < 2:
            lost.append(route.fetch().status)  # it arrived; the answer did not
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/forms/solar/send/", lose)
    page.goto(f"{site}/own.html")
    fill(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("No connection. What you typed is still here. We keep trying to send it.")).to_be_visible()
    expect(page.get_by_text("Thank you. We have received what you sent")).to_be_visible()
    assert lost == [200, 200]
    assert Inquiry.objects.count() == 1


def test_i2_a_browser_that_keeps_nothing_sends_what_this_page_knows(page, site, shown, problems):
    page.add_init_script("for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new Error('denied'); } })")
    page.goto(f"{site}/own.html?utm_source=google")
    fill(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. We have received what you sent")).to_be_visible()
    assert set(Visit.objects.values_list("utm_source", flat=True)) == {"google"}


@pytest.mark.parametrize("why", ["no scripts", "site not allowed"])
def test_i1_their_own_form_always_leads_somewhere(browser, site, shown, monkeypatch, why):
    monkeypatch.setattr(limits, "FASTEST_AGAIN", dt.timedelta(0))
    if why == "site not allowed":
        LeadForm.objects.filter(pk=shown.pk).update(sites="")
    context = browser.new_context(java_script_enabled=why != "no scripts")
    page = context.new_page()
    page.goto(f"{site}/own.html")
    fill(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Look at what you typed, then send it.")).to_be_visible()
    expect(page.locator("[name=company]")).to_have_value("Bakkely Gartneri")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Inquiry.objects.get().state == "received"
    assert context.cookies() == []
