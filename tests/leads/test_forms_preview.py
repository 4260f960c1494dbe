"""The preview of a lead form, and the buttons of its editor that save nothing (I1)."""

from __future__ import annotations

import re

import pytest

from leads.models import LeadForm
from tests.browsers import HTMX, NOT_AN_ID, events
from tests.factories import LeadFormFactory
from tests.leads.editor import NEW, PREVIEW, at, sent

pytestmark = pytest.mark.django_db


def typed(maja, form=None, **values):
    return {**sent(maja.get(at(form) if form else NEW).content.decode(), **values), "form": form.pk if form else ""}


def preview(maja, form=None, **values):
    response = maja.post(PREVIEW, typed(maja, form, **values), headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_i1_the_preview_shows_what_is_typed_in_the_language_of_the_form_and_saves_nothing(maja):
    form = LeadFormFactory(title="Sol", fields=["email"])
    before = LeadForm.objects.values().get()
    html = preview(maja, form, title="Vind <b>", language="da", asks__phone__on="on", asks__email__label="Din post", button="Afsted", text="Kom nu")
    assert "Vind &lt;b&gt;" in html
    for word in ("Din post", "Telefon", "Afsted", "Kom nu", 'lang="da"', "inert"):
        assert word in html
    assert LeadForm.objects.values().get() == before
    assert form.fields.count() == 1


def test_i1_the_preview_is_the_public_page_s_own_template(maja):
    form = LeadFormFactory()
    shown = re.search(r'<div class="form-grid">(.*)<div class="wide"><span', preview(maja, form), re.DOTALL)[1]
    public = maja.get(f"/forms/{form.slug}/").content.decode()
    for part in re.findall(r'<label class="field__label".*?</label>', shown, re.DOTALL):
        assert part in public


def test_i1_what_is_not_right_yet_is_shown_as_far_as_it_is(maja):
    html = preview(maja, title="", sites="*", category="x", language="xx", asks__order="own_1", asks__own_1__kind="choice")
    assert 'id="preview-shown"' in html
    assert "Own field 1" in html


def test_i1_the_preview_follows_the_address_beside_the_field(maja):
    form = LeadFormFactory(slug="sol")
    html = preview(maja, form, slug="Ny Sol")
    assert 'id="form-address" hx-swap-oob="true"' in html
    assert "Its page: http://testserver/forms/ny-sol/" in html
    assert 'id="form-moves"' in html
    assert "/forms/koer-paa-sol/" in preview(maja, title="Kør på sol")


@pytest.mark.parametrize("key", NOT_AN_ID)
def test_i1_a_preview_of_a_form_that_is_not_there_is_that_of_a_new_one(maja, key):
    assert maja.post(PREVIEW, {**typed(maja, title="Sol"), "form": key}).status_code == 200
    assert maja.post(PREVIEW, {"form": key}, headers=HTMX).status_code == 200


def test_i1_without_javascript_a_button_shows_the_preview_with_everything_as_typed(maja):
    form = LeadFormFactory(title="Sol")
    html = maja.post(at(form), {**typed(maja, form, title="Vind", sites="*"), "preview": "1"}).content.decode()
    assert '<p class="preview__title">Vind</p>' in html
    assert 'value="Vind"' in html
    assert "field__error" not in html
    assert "data-dirty" in html
    assert LeadForm.objects.get().title == "Sol"


def order(html):
    return re.search(r'name="asks-order" value="([^"]*)"', html)[1]


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain form"])
@pytest.mark.parametrize(
    ("button", "expected", "focus"),
    [
        ({"ask-up": "email"}, "company,first_name,email,last_name,phone,message", "#asks-email-up"),
        ({"ask-down": "email"}, "company,first_name,last_name,phone,email,message", "#asks-email-down"),
        ({"ask-up": "company"}, "company,first_name,last_name,email,phone,message", "#asks-company-up"),
        ({"ask-down": "message"}, "company,first_name,last_name,email,phone,message", "#asks-message-down"),
        ({"ask-add": "own"}, "company,first_name,last_name,email,phone,message,own_1", "#asks-own_1-label"),
        ({"ask-up": "nonsense"}, "company,first_name,last_name,email,phone,message", ""),
        ({"ask-remove": "email"}, "company,first_name,last_name,email,phone,message", ""),
    ],
)
def test_i1_fields_are_moved_and_added_in_the_form_as_typed_and_nothing_is_saved(maja, headers, button, expected, focus):
    form = LeadFormFactory()
    before = form.asks
    response = maja.post(at(form), {**typed(maja, form, title="", asks__email__label="Post"), **button}, headers=headers)
    html = response.content.decode()
    assert response.status_code == 200
    assert order(html) == expected
    assert 'value="Post"' in html
    assert "field__error" not in html
    assert LeadForm.objects.get().asks == before
    if headers:
        told = events(response)
        assert told.get("focus:on", {}).get("value", "") == focus
        assert told["input"]["target"] == "#asks"
        assert "<h1" not in html


def test_i1_an_own_field_is_removed_and_its_key_is_free_again(maja):
    form = LeadFormFactory(fields=["email"])
    form.fields.create(key="own_1", kind="text", label="Tag", position=5)
    form.fields.create(key="own_2", kind="text", label="Gulv", position=6)
    response = maja.post(at(form), {**typed(maja, form), "ask-remove": "own_1"}, headers=HTMX)
    assert order(response.content.decode()).split(",")[:2] == ["email", "own_2"]
    assert events(response)["announce"]["value"] == "Tag removed. It counts when you save."
    again = {**typed(maja, form, asks__order="email,own_2"), "ask-add": "own"}
    assert order(maja.post(at(form), again, headers=HTMX).content.decode()).endswith("own_1")
    assert form.fields.count() == 3


def test_i1_the_fields_of_a_new_form_are_moved_too(maja):
    response = maja.post(NEW, {**typed(maja), "ask-up": "email"}, headers=HTMX)
    assert order(response.content.decode()) == "company,first_name,email,last_name,phone,message"


def test_i1_a_fourth_own_field_is_not_added(maja):
    form = LeadFormFactory(fields=["email"])
    for n in (1, 2, 3):
        form.fields.create(key=f"own_{n}", kind="text", label=str(n), position=n)
    html = maja.post(at(form), {**typed(maja, form), "ask-add": "own"}, headers=HTMX).content.decode()
    assert order(html).count("own_") == 3
