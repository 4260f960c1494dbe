"""Settings, Lead forms: making and editing one (I1)."""

from __future__ import annotations

import html as markup
import re

import pytest

from leads.models import Distribution, DistributionSeat, LeadForm
from tests.factories import LeadFormFactory, UserFactory
from tests.leads.editor import NEW, at, logged, save, sent

pytestmark = pytest.mark.django_db


def saved() -> LeadForm:
    return LeadForm.objects.latest("pk")


def test_i1_a_new_form_gets_an_address_from_its_title_and_asks_what_most_forms_ask(maja, administrator):
    response = save(maja, title="Kør på sol")
    form = saved()
    assert (response.status_code, response.url) == (302, at(form))
    assert (form.title, form.slug, form.is_on, form.version, form.consent_version) == ("Kør på sol", "koer-paa-sol", True, 1, 1)
    assert [(ask.key, ask.is_required) for ask in form.asks] == [
        ("company", False), ("first_name", True), ("last_name", False), ("email", True), ("phone", False), ("message", False),
    ]  # fmt: skip
    assert (form.category.is_default, form.lead_status, form.updated_by) == (True, None, administrator)
    before, after = logged(form)
    assert before == {}
    assert (after["title"], after["asks"][0], after["distributed_by"]) == ("Kør på sol", "company", "default")


def test_i1_a_double_click_makes_one_form(maja):
    typed = sent(maja.get(NEW).content.decode(), title="Sol")
    assert [maja.post(NEW, typed).url, maja.post(NEW, typed).url] == [at(saved())] * 2
    assert LeadForm.objects.count() == 1


def test_i1_an_address_that_a_title_suggests_is_given_a_number_where_it_is_taken(maja):
    LeadFormFactory(slug="sol")
    save(maja, title="Sol")
    assert saved().slug == "sol-2"
    save(maja, title="☀")
    assert saved().slug == "form"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"title": " "}, "Enter a title"),
        ({"slug": "sol"}, "“Sol” already has this address"),
        ({"slug": "gammel"}, "A deleted form has this address"),
        ({"slug": "☀"}, "Use letters from a to z"),
        ({"category": "987654"}, "no longer in the list"),
        ({"category": "x"}, "no longer in the list"),
        ({"lead_status": "987654"}, "no longer in the list"),
        ({"thanks_url": "http://example.dk/tak"}, "http is only for trying it out"),
        ({"thanks_url": "ftp://example.dk/"}, "The address must begin with https"),
        ({"thanks_url": "javascript:alert(1)"}, "Enter an address such as"),
        ({"privacy_url": "example.dk"}, "Enter an address such as"),
        ({"sites": "https://*.example.dk"}, "Name each site"),
        ({"sites": "https://example.dk/kontakt"}, "without a page: https://example.dk"),
        ({"language": "xx"}, "xx is not one of the available choices"),
        ({"distributed_by": "nobody"}, "nobody is not one of the available choices"),
        ({"asks__email__on": None, "asks__phone__on": None}, "without one of them nobody can be answered"),
        ({"asks__email__label": "x" * 121}, "Email address: No more than 120 characters"),
        ({"title": "x" * 121}, "at most 120 characters"),
        ({"title": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_i1_what_cannot_be_saved_is_refused_with_what_to_do_and_what_was_typed_stays(maja, values, says):
    LeadFormFactory(slug="sol", title="Sol")
    LeadFormFactory(slug="gammel", is_on=False, archived_at="2026-01-01T00:00Z")
    response = save(maja, **{"title": "Min formular", "text": "Skriv til os", **values})
    page = markup.unescape(response.content.decode())
    assert response.status_code == 422
    assert says in page
    assert "Skriv til os" in page
    assert LeadForm.objects.count() == 2


@pytest.mark.parametrize("wrong", ["", "email", "email,email,nonsense", "own_1,own_2,own_3,own_4", "\0", "," * 5000])
def test_i1_a_form_that_names_its_fields_in_an_odd_way_is_read_as_far_as_it_makes_sense(maja, wrong):
    response = save(maja, title="Sol", asks__order=wrong)
    assert response.status_code in (302, 422)
    html = response.content.decode() if response.status_code == 422 else maja.get(response.url).content.decode()
    order = re.search(r'name="asks-order" value="([^"]*)"', html)[1].split(",")
    assert set(order) >= {"company", "first_name", "last_name", "email", "phone", "message"}
    assert len(order) == len(set(order))


def test_i1_fields_are_switched_off_required_reworded_and_ordered(maja):
    form = LeadFormFactory(fields=["company", "email"])
    save(
        maja,
        form,
        asks__order="email,phone,company,first_name,last_name,message",
        asks__company__on=None,
        asks__phone__on="on",
        asks__phone__label="  Mobil  nr. ",
    )
    form.refresh_from_db()
    assert [(ask.key, ask.label, ask.is_required) for ask in form.asks] == [("email", "", True), ("phone", "Mobil nr.", False)]
    before, after = logged(form)
    assert (before["asks"], after["asks"], after["questions"]) == (["company", "email"], ["email", "phone"], ["Mobil nr."])


def test_i1_up_to_three_own_fields_of_text_choice_and_checkbox(maja):
    form = LeadFormFactory(fields=["email"])
    own = {
        "asks__order": "email,own_2,own_1,own_3",
        "asks__own_1__label": "Roof", "asks__own_1__kind": "choice", "asks__own_1__choices": "Flat\r\n\r\n  Steep \r\nFlat", "asks__own_1__required": "on",
        "asks__own_2__label": "How big", "asks__own_2__kind": "text", "asks__own_2__choices": "is not one",
        "asks__own_3__label": "I own it", "asks__own_3__kind": "checkbox",
    }  # fmt: skip
    assert save(maja, form, **own).status_code == 302
    assert [tuple(ask) for ask in form.asks] == [
        ("email", "", "", "", True),
        ("own_2", "text", "How big", "", False),
        ("own_1", "choice", "Roof", "Flat\nSteep", True),
        ("own_3", "checkbox", "I own it", "", False),
    ]
    html = maja.get(at(form)).content.decode()
    assert "A form can have three fields of its own." in html
    assert 'id="asks-add"' not in html


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"kind": "text"}, "Write the question"),
        ({"kind": "choice", "label": "Roof", "choices": "Flat"}, "Write at least two different choices"),
        ({"kind": "choice", "label": "Roof", "choices": "\n".join(map(str, range(51)))}, "These are too many"),
        ({"kind": "choice", "label": "Roof", "choices": "a" * 256 + "\nb"}, "or too long"),
    ],
)
def test_i1_an_own_field_that_is_not_complete_is_refused_at_its_place(maja, own, says):
    form = LeadFormFactory(fields=["email"])
    response = save(maja, form, asks__order="email,own_1", **{f"asks__own_1__{name}": value for name, value in own.items()})
    html = response.content.decode()
    assert response.status_code == 422
    assert says in html
    assert re.search(r'id="asks-own_1-(label|choices)"[^>]*aria-invalid="true"', html)


def test_i1_two_own_fields_may_not_ask_the_same(maja):
    form = LeadFormFactory(fields=["email"])
    response = save(maja, form, asks__order="email,own_1,own_2", asks__own_1__label="Roof", asks__own_2__label="ROOF")
    assert response.status_code == 422
    assert "Two fields of your own ask the same" in response.content.decode()


def test_i1_another_consent_text_is_another_version_and_the_same_one_is_not(maja):
    form = LeadFormFactory(consent_text="You may\nwrite to me.")
    assert "This is version 1 of the text" in maja.get(at(form)).content.decode()
    save(maja, form, consent_text="You may\r\nwrite to me. ", title="Renamed")
    form.refresh_from_db()
    assert (form.title, form.consent_version, form.version) == ("Renamed", 1, 2)
    save(maja, form, consent_text="You may call me.")
    form.refresh_from_db()
    assert (form.consent_text, form.consent_version) == ("You may call me.", 2)
    before, after = logged(form)
    assert (before, after) == (
        {"consent_text": "You may\nwrite to me.", "consent_version": 1}, {"consent_text": "You may call me.", "consent_version": 2},
    )  # fmt: skip
    assert "Version of the consent" in maja.get("/settings/log/").content.decode()


def test_i1_saving_what_is_there_changes_nothing(maja):
    form = LeadFormFactory(text="To\nlinjer", sites="https://example.dk\nhttps://b.dk", thanks_url="https://example.dk/tak")
    before = LeadForm.objects.values().get()
    assert save(maja, form).status_code == 302
    assert LeadForm.objects.values().get() == before


def test_i1_addresses_and_sites_are_kept_as_browsers_write_them(maja):
    form = LeadFormFactory()
    save(maja, form, slug="Min Nye Adresse", thanks_url="https://EXAMPLE.dk/Tak", sites="WWW.Example.dk\nhttp://localhost:8001/")
    form.refresh_from_db()
    assert (form.slug, form.thanks_url, form.origins) == ("min-nye-adresse", "https://example.dk/Tak", ["https://www.example.dk", "http://localhost:8001"])


def test_i1_only_categories_with_lead_status_are_offered_and_one_that_has_lost_it_stays_with_a_warning(maja, category):
    form = LeadFormFactory(category=category["Opportunity"])
    html = maja.get(at(form)).content.decode()
    offered = set(re.findall(r'<option value="\d+"[^>]*>([^<]+)</option>', re.search(r'<select name="category".*?</select>', html, re.DOTALL)[0]))
    assert offered == {"Lead", "Marketing qualified lead", "Opportunity"}
    type(form.category).objects.filter(pk=form.category_id).update(lead_status_enabled=False)
    html = maja.get(at(form)).content.decode()
    assert "Opportunity no longer has lead status enabled" in html
    assert "Lead status is off" in maja.get("/settings/lead-forms/").content.decode()
    assert save(maja, form, title="Still saved").status_code == 302
    assert save(maja, form, category=category["Customer"].pk).status_code == 422


def test_i1_without_any_such_category_the_editor_says_where_to_go(maja, category):
    type(category["Lead"]).objects.update(lead_status_enabled=False)
    html = maja.get(NEW).content.decode()
    assert "No category has lead status enabled" in html
    assert save(maja, title="Sol").status_code == 422


def test_i1_a_distribution_of_its_own_begins_as_the_default_one_and_goes_with_its_seats(maja):
    form, user, other = LeadFormFactory(), UserFactory(), UserFactory()
    default = Distribution.objects.create(only_unassigned=False, fallback=other)
    DistributionSeat.objects.create(distribution=default, user=user, weight=3, is_paused=True, turn=99, given=7)
    save(maja, form, distributed_by="own")
    own = Distribution.objects.get(form=form)
    assert (own.only_unassigned, own.fallback, own.turn) == (False, other, 0)
    assert list(own.seats.values_list("user", "weight", "is_paused", "turn", "given")) == [(user.pk, 3, True, 0, 0)]
    assert logged(form) == ({"distributed_by": "default"}, {"distributed_by": "own"})
    own.seats.update(weight=5)
    save(maja, form, title="Renamed")
    assert own.seats.get().weight == 5
    save(maja, form, distributed_by="default")
    assert list(Distribution.objects.all()) == [default]
    assert default.seats.count() == 1


def test_i1_without_a_default_distribution_its_own_begins_empty(maja):
    form = LeadFormFactory()
    save(maja, form, distributed_by="own")
    assert Distribution.objects.get(form=form).seats.count() == 0


def test_i1_the_snippets_name_the_form_and_its_fields_and_are_text_on_the_page(maja):
    form = LeadFormFactory(slug="sol", fields=["company", "email", "message"], consent_text='Ja </textarea><script>alert(1)</script>"')
    html = maja.get(at(form)).content.decode()
    assert "<script>alert" not in html
    snippet, own = (markup.unescape(re.search(rf'<textarea[^>]*id="{name}"[^>]*>(.*?)</textarea>', html, re.DOTALL)[1]) for name in ("snippet", "snippet-own"))
    script, without_scripts = snippet.split("\n")
    assert script == '<script src="http://testserver/forms/embed.js" data-form="sol" data-title="Talk to us about solar" async></script>'
    assert without_scripts == '<noscript><a href="http://testserver/forms/sol/">Talk to us about solar</a></noscript>'
    assert '<input type="email" name="email" autocomplete="email" required>' in own
    assert re.findall(r'name="(\w+)"', own) == ["company", "email", "message", "consent"]
    assert '<form data-havn-form="sol" method="post" action="http://testserver/forms/sol/">' in own
    assert "Ja &lt;/textarea&gt;" in own
    assert 'value="http://testserver/forms/sol/"' in html
    assert "No site may show it yet" in html


def test_i1_changing_the_address_warns_before_and_leads_to_the_new_one_after(maja):
    form = LeadFormFactory(slug="sol")
    typed = sent(maja.get(at(form)).content.decode(), slug="vind")
    html = maja.post(at(form), {**typed, "preview": "1"}).content.decode()
    assert "http://testserver/forms/sol/ stop working when you save" in html
    assert "Its page: http://testserver/forms/vind/" in html
    save(maja, form, slug="vind")
    assert [maja.get(f"/forms/{slug}/").status_code for slug in ("vind", "sol")] == [200, 404]


def test_i1_who_took_the_address_between_look_and_save_is_met_in_plain_words(maja, monkeypatch):
    LeadFormFactory(slug="sol")
    monkeypatch.setattr("leads.forms.lead_forms.LeadFormForm.clean_slug", lambda _form: "sol")
    monkeypatch.setattr(LeadForm, "validate_unique", lambda _form, **_options: None)
    response = save(maja, title="Sol")
    assert response.status_code == 422
    assert "Another form already has this address" in response.content.decode()


@pytest.mark.parametrize("key", ["", "x", "6f2f7a52-3c1a-4b1e-9a52-0d7c8d1b6a11"])
def test_i1_a_new_form_is_saved_whatever_its_one_time_key_is(maja, key):
    response = save(maja, title="Sol", request_id=key)
    assert response.status_code in (302, 422)
