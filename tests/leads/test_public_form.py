"""The page that visitors fill in (I1), and what it takes with it (I2)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from leads.forms.public import PublicForm
from leads.models import Inquiry, LeadForm, LeadFormField, Visit
from tests.crm.test_every_page import problems
from tests.factories import LeadFormFactory
from tests.leads.visiting import LISE, key_of, only_one, send, sent

pytestmark = pytest.mark.django_db


def hidden(html):
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', html))


# ------------------------------------------------------------ what it asks
def test_i1_it_asks_what_was_chosen_in_that_order_in_the_forms_language():
    form = LeadForm(language="da", consent_text="I må kontakte mig.", privacy_url="https://nordsol.example/privat")
    fields = [
        LeadFormField(key="email", is_required=True),
        LeadFormField(key="own_1", kind="choice", label="Tag?", choices="Fladt\n\nSkråt"),
        LeadFormField(key="own_2", kind="checkbox", label="Haster det?"),
        LeadFormField(key="own_3", kind="text", label="Areal"),
    ]
    with translation.override("en"):
        html = render_to_string("leads/public_fields.html", {"form": PublicForm(form, fields=fields)})
    labels = re.findall(r"<(?:label[^>]*|span)>([^<]+)", html)
    assert [label.strip() for label in labels] == ["E-mailadresse", "Tag?", "Haster det?", "Areal", "I må kontakte mig."]
    assert html.count("valgfrit") == 3
    assert re.findall(r'<option value="([^"]*)"', html) == ["", "Fladt", "Skråt"]
    assert 'href="https://nordsol.example/privat" target="_blank" rel="noopener">Sådan bruger vi dine oplysninger' in html


@pytest.mark.parametrize(
    ("keys", "halves"),
    [
        (["company", "first_name", "phone", "email", "message"], ["first_name", "phone"]),
        (["first_name", "last_name", "phone", "email"], ["first_name", "last_name"]),
        (["first_name", "email", "phone"], []),
        (["email", "first_name", "last_name"], ["first_name", "last_name"]),
    ],
)
def test_i1_short_fields_stand_in_pairs_and_a_third_one_alone(keys, halves):
    form = PublicForm(LeadForm(language="en"), fields=[LeadFormField(key=key) for key in keys])
    assert [field.name for field, is_wide in form.rows() if not is_wide] == halves


def test_i1_one_field_for_the_name_takes_the_whole_name(db):
    form = LeadFormFactory(fields=["first_name", "email"])
    send(form, first_name="Anne Marie Bakke", last_name=None)
    assert (only_one().first_name, only_one().last_name) == ("Anne Marie", "Bakke")
    assert "Your name" in Client().get(form.get_absolute_url()).content.decode()


def test_i1_somebody_must_be_answerable_where_neither_is_required():
    form = LeadForm(language="en")
    fields = [LeadFormField(key="email"), LeadFormField(key="phone")]
    assert PublicForm(form, {}, fields=fields).errors == {"email": ["Enter an email address or a telephone number, so that we can answer you"]}
    assert PublicForm(form, {"phone": "75 00 00 00"}, fields=fields).is_valid()
    assert PublicForm(form, {}, fields=fields, lenient=True).is_valid()


# ------------------------------------------------------------ filling it in
def test_i1_what_was_filled_in_is_received_and_the_visitor_thanked_on_a_page_of_its_own(solar):
    LeadForm.objects.filter(pk=solar.pk).update(thanks="We call you.\nSoon.")
    response = send(solar, phone=" 75 00 00 00")
    assert (response.status_code, response["Location"]) == (303, "/forms/solar/thanks/")
    inquiry = only_one()
    assert (inquiry.company_name, inquiry.name, inquiry.email, inquiry.phone) == ("Bakkely Gartneri", "Lise Bakke", "lise@bakkely.example", "75 00 00 00")
    assert (inquiry.message, inquiry.consent, inquiry.state) == ("Et nyt tag", True, "received")
    html = Client().get(response["Location"]).content.decode()
    assert "We call you.\nSoon." in html
    assert problems(html) == []


def test_i1_then_on_to_the_organisations_own_page_which_its_policy_names(solar):
    LeadForm.objects.filter(pk=solar.pk).update(thanks_url="https://nordsol.example/tak?x=æ")
    assert "form-action 'self' https://nordsol.example;" in Client().get("/forms/solar/")["Content-Security-Policy"]
    assert send(solar)["Location"] == "https://nordsol.example/tak?x=%C3%A6"


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "ftp://x.example/", "https://x.example;script-src *", "nonsense"])
def test_i5_a_page_that_is_none_is_not_gone_to(solar, bad):
    LeadForm.objects.filter(pk=solar.pk).update(thanks_url=bad)
    response = send(solar)
    assert response["Location"] == "/forms/solar/thanks/"
    assert bad not in Client().get("/forms/solar/")["Content-Security-Policy"]


def test_i1_what_is_wrong_is_said_first_with_links_and_nothing_typed_is_lost(solar):
    response = send(solar, email="lise@bakkely", message="Tag & <b>facade</b>", first_name="", consent=None)
    html = response.content.decode()
    assert response.status_code == 422
    assert "There are 3 problems" in html
    assert '<a href="#lf-email">Enter an email address in the form name@company.dk</a>' in html
    assert '<a href="#lf-consent">' in html
    assert 'value="lise@bakkely"' in html
    assert "Tag &amp; &lt;b&gt;facade&lt;/b&gt;</textarea>" in html
    assert html.count('aria-invalid="true"') == 3
    assert problems(html) == []
    assert not Inquiry.objects.exists()


def test_i3_the_same_page_can_be_sent_after_its_mistakes_are_mended(solar):
    key = key_of(solar)
    html = send(solar, form_key=key, email="x").content.decode()
    assert hidden(html)["form_key"] == key
    assert send(solar, form_key=key).status_code == 303


def test_i3_sent_twice_it_is_one_inquiry_and_with_other_words_a_second_one(solar):
    values = sent(solar)
    for _click in range(3):
        assert Client().post("/forms/solar/", values)["Location"] == "/forms/solar/thanks/"
    assert Inquiry.objects.count() == 1
    Client().post("/forms/solar/", {**values, "message": "Og en carport"})
    assert set(Inquiry.objects.values_list("message", flat=True)) == {"Et nyt tag", "Og en carport"}


@pytest.mark.parametrize(("language", "words"), [("en", ("Company", "Send", "Thank you")), ("da", ("Firma", "Send", "Tak"))])
def test_i1_it_speaks_the_forms_language_and_not_the_visitors(administrator, language, words):
    form = LeadFormFactory(language=language)
    other = {"en": "da", "da": "en"}[language]
    client = Client(headers={"Accept-Language": other})
    for browser in (client, Client()):
        response = browser.get(form.get_absolute_url())
        html = response.content.decode()
        assert f'<html lang="{language}">' in html
        assert response["Content-Language"] == language
        assert words[0] in html
        assert words[2] in browser.get(f"{form.get_absolute_url()}thanks/").content.decode()
        browser.force_login(administrator)


def test_i1_a_form_that_is_off_is_not_there_a_deleted_one_is_gone_and_both_say_so_kindly(solar):
    LeadForm.objects.filter(pk=solar.pk).update(is_on=False)
    for response in (Client().get("/forms/solar/"), send(solar), Client().get("/forms/solar/key/"), send(solar, to="send/")):
        assert response.status_code == 404
        assert "It does not receive anything at the moment" in response.content.decode()
    html = send(solar, message="Mit <tag>").content.decode()
    assert "What you wrote" in html
    assert "Mit &lt;tag&gt;" in html
    assert problems(html) == []
    LeadForm.objects.filter(pk=solar.pk).update(archived_at=timezone.now())
    assert [Client().get("/forms/solar/").status_code, send(solar).status_code] == [410, 410]
    response = Client().get("/forms/nowhere/")
    assert response.status_code == 404
    assert problems(response.content.decode()) == []
    assert not Inquiry.objects.exists()


def test_i1_an_inquiry_by_somebody_who_is_logged_in_is_nobodys_doing(solar, jonas, salesperson):
    send(solar, jonas)
    assert only_one().contact.lead_status_changes.get().by is None


# ------------------------------------------------------------ where from
def test_i2_without_javascript_the_server_takes_what_the_address_and_the_browser_say(solar):
    page = Client().get("/forms/solar/?utm_source=google&utm_campaign=%3Cb%3E&utm_id=7", headers={"Referer": "https://www.news.example/a?q=secret"})
    html = page.content.decode()
    values = hidden(html)
    assert (values["utm_source"], values["utm_campaign"], values["referrer"]) == ("google", "&lt;b&gt;", "www.news.example")
    assert values["landing_page"] == "http://testserver/forms/solar/"
    assert "secret" not in html
    assert "utm_id" not in html
    send(solar, **{name: values[name] for name in ("utm_source", "utm_campaign", "referrer", "landing_page")})
    first, last = Visit.objects.order_by("touch")
    assert (last.utm_source, last.referring_domain, last.landing_page) == ("google", "www.news.example", "http://testserver/forms/solar/")
    assert first.utm_source == "google"  # nothing earlier is known


def test_i2_our_own_pages_refer_nobody(solar):
    assert hidden(Client().get("/forms/solar/", headers={"Referer": "http://testserver/forms/solar/"}).content.decode())["referrer"] == ""


def test_i2_first_touch_and_the_visit_it_was_sent_in_are_kept_apart_and_cut(solar):
    at = (timezone.now() - dt.timedelta(days=9)).isoformat().replace("+00:00", "Z")
    more = {"utm_source": "g\x00\x07oogle\n" + "x" * 400, "first_utm_source": "linkedin", "first_referrer": "https://linkedin.example:8/x", "first_at": at}
    send(solar, **{**more, "utm_source": more["utm_source"].replace("\x00", "")}, landing_page="https://nordsol.example/tag?email=lise@x.example#y")
    first, last = Visit.objects.order_by("touch")
    assert (first.utm_source, first.referring_domain) == ("linkedin", "linkedin.example")
    assert abs(first.at - dt.datetime.fromisoformat(at)) < dt.timedelta(seconds=1)
    assert last.utm_source.startswith("google xxx")
    assert len(last.utm_source) == 255
    assert last.landing_page == "https://nordsol.example/tag"


@pytest.mark.parametrize("at", ["", "yesterday", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2026-01-01", "1" * 99])
def test_i2_a_moment_that_no_browser_writes_is_none(solar, at):
    assert send(solar, first_utm_source="x", first_at=at).status_code == 303


def test_i5_personal_data_is_never_taken_from_the_address(solar):
    html = Client().get("/forms/solar/?email=lise@bakkely.example&company=X9&utm_source=ok&message=hello").content.decode()
    assert "lise@" not in html
    assert "X9" not in html
    assert "hello" not in html


# ------------------------------------------------------------ from a form of their own
def test_i1_a_form_of_their_own_without_javascript_is_shown_to_be_sent(solar):
    response = send(solar, form_key=None, utm_source="own", message="<i>tag</i>")
    html = response.content.decode()
    assert response.status_code == 200
    assert "Look at what you typed, then send it." in html
    assert 'value="Bakkely Gartneri"' in html
    assert "&lt;i&gt;tag&lt;/i&gt;" in html
    assert hidden(html)["utm_source"] == "own"
    assert not Inquiry.objects.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=1.5)):  # nothing is left to type
        assert send(solar, form_key=hidden(html)["form_key"]).status_code == 303
    assert only_one().state == "received"


def test_i1_and_what_is_wrong_with_it_is_said_at_once(solar):
    response = send(solar, form_key=None, email="")
    assert (response.status_code, "Enter your email address" in response.content.decode()) == (422, True)
    assert LISE["company"] in response.content.decode()
