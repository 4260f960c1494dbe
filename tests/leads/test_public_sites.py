"""Lead forms on other people's sites: in a frame, and from a form of their own (I1, I5)."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from leads.models import Inquiry, LeadForm
from tests.leads.visiting import LISE, SITE, only_one, send, sent

pytestmark = pytest.mark.django_db
OURS, STRANGER = {"Origin": "http://testserver"}, {"Origin": "https://evil.example"}
ALLOWED = {"Origin": SITE}


def policy(response):
    return dict(part.split(" ", 1) for part in response["Content-Security-Policy"].split("; "))


# ------------------------------------------------------------ in a frame
def test_i5_only_its_sites_may_show_a_form_in_a_frame(solar):
    LeadForm.objects.filter(pk=solar.pk).update(sites=f"{SITE}\nhttp://localhost:8001\nhttps://x.example;script-src\nhttps://*.example")
    for address in ("/forms/solar/embed/", "/forms/solar/embed/thanks/"):
        response = Client().get(address)
        assert policy(response)["frame-ancestors"] == f"{SITE} http://localhost:8001"
        assert "X-Frame-Options" not in response
    assert policy(send(solar, to="embed/", email=""))["frame-ancestors"] == f"{SITE} http://localhost:8001"
    assert policy(Client().post("/forms/solar/embed/", b"x", content_type="text/plain"))["frame-ancestors"] == f"{SITE} http://localhost:8001"


def test_i5_the_page_itself_and_a_form_without_sites_are_in_no_frame(solar):
    LeadForm.objects.filter(pk=solar.pk).update(sites="")
    for address in ("/forms/solar/", "/forms/solar/embed/", "/forms/no/embed/", "/forms/solar/thanks/"):
        response = Client().get(address)
        assert policy(response)["frame-ancestors"] == "'none'"
        assert response["X-Frame-Options"] == "DENY"
    LeadForm.objects.filter(pk=solar.pk).update(sites=SITE)
    assert policy(Client().get("/forms/solar/"))["frame-ancestors"] == "'none'"


def test_i5_the_rest_of_the_policy_is_as_strict_as_everywhere(solar):
    strict = policy(Client().get("/login/"))
    for address in ("/forms/solar/", "/forms/solar/embed/"):
        assert {**policy(Client().get(address)), "frame-ancestors": "'none'"} == strict
    assert settings.SECURE_CSP["frame-ancestors"] == ["'none'"]  # nothing was changed in passing


def test_i1_in_a_frame_there_is_the_form_alone_and_it_stays_there(solar):
    html = Client().get("/forms/solar/embed/").content.decode()
    assert "gate__brand" not in html
    assert f'data-sites="{SITE}"' in html
    assert send(solar, to="embed/")["Location"] == "/forms/solar/embed/thanks/"
    assert only_one().state == "received"


def test_i1_a_page_of_their_own_is_gone_to_by_the_page_around_the_frame(solar):
    LeadForm.objects.filter(pk=solar.pk).update(thanks_url="https://nordsol.example/tak")
    html = Client().get(send(solar, to="embed/")["Location"]).content.decode()
    assert 'data-go="https://nordsol.example/tak"' in html
    assert '<a class="btn" href="https://nordsol.example/tak" target="_top">' in html


def test_i2_without_the_scripts_word_the_page_around_is_what_the_browser_says(solar):
    html = Client().get("/forms/solar/embed/", headers={"Referer": f"{SITE}/tag?secret=1"}).content.decode()
    assert f'name="landing_page" value="{SITE}/tag"' in html
    assert "secret" not in html


# ------------------------------------------------------------ a form of their own
@pytest.mark.parametrize("headers", [ALLOWED, OURS, {}], ids=["its site", "our own", "no browser"])
def test_i1_its_site_gets_a_key_and_sends_with_it(solar, headers):
    answer = Client().get("/forms/solar/key/", headers=headers)
    assert answer.status_code == 200
    assert answer.json().keys() == {"key", "offline", "failed"}
    assert answer.headers.get("Access-Control-Allow-Origin") == (SITE if headers is ALLOWED else None)
    assert "Origin" in answer["Vary"]
    answer = send(solar, to="send/", extra={"headers": headers})
    assert answer.json() == {"text": "Thank you. We have received what you sent, and will get back to you.", "go": ""}
    assert only_one().state == "received"


def test_i5_another_site_gets_no_key_and_cannot_send(solar):
    for answer in (Client().get("/forms/solar/key/", headers=STRANGER), send(solar, to="send/", extra={"headers": STRANGER})):
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer
    assert Client().get("/forms/solar/key/", headers={"Origin": "null"}).status_code == 403
    assert not Inquiry.objects.exists()


def test_i1_the_script_is_told_what_is_wrong_by_field(solar):
    answer = send(solar, to="send/", email="lise@", company="", extra={"headers": ALLOWED})
    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "company": ["Enter the name of your company"],
        "email": ["Enter an email address in the form name@company.dk"],
    }
    assert answer.json()["labels"] == {"company": "Company", "email": "Email address"}
    assert answer["Access-Control-Allow-Origin"] == SITE


def test_i1_without_a_key_the_script_gets_one_to_send_again_with(solar):
    answer = send(solar, to="send/", form_key=None, extra={"headers": ALLOWED})
    assert answer.status_code == 422
    assert answer.json()["key"]
    assert not Inquiry.objects.exists()


def test_i3_the_page_and_the_script_make_one_inquiry_of_one_key(solar):
    values = sent(solar)
    Client().post("/forms/solar/send/", values)
    Client().post("/forms/solar/", values)
    assert only_one().email == LISE["email"]


# ------------------------------------------------------------ the script
def test_i1_the_script_is_small_kept_by_browsers_and_free_for_any_site():
    response = Client().get("/forms/embed.js")
    text = response.content.decode()
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "max-age=3600" in response["Cache-Control"]
    assert len(response.content) < 6000
    assert "cookie" not in text
    assert not re.search(r"innerHTML|eval|document\.write|\b[A-Z][a-z]+ [a-z]+ [a-z]+\b", text)  # no markup, no sentence
    assert Client().get("/forms/embed.js", headers={"If-None-Match": response["ETag"]}).status_code == 304
