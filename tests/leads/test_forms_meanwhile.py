"""Two administrators at one lead form: the second to save is told who changed what, keeps their own input, and decides (I1, W3)."""

from __future__ import annotations

import html as markup
import re

import pytest

from leads.models import Distribution, LeadForm
from tests.factories import LeadFormFactory
from tests.leads.editor import at, save, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def form() -> LeadForm:
    return LeadFormFactory(title="Sol", text="Skriv", fields=["company", "email"])


def opened(client, form, **values):
    return sent(client.get(at(form)).content.decode(), **values)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", markup.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def test_w3_what_both_changed_differently_is_shown_and_saving_again_decides(maja, karen, form):
    mine = opened(maja, form, title="Solen", text="Ring")
    save(karen, form, title="Sol og vind")
    response = maja.post(at(form), mine)
    assert response.status_code == 409
    text = text_of(response)
    assert "Karen Holst" in text
    assert "Title: Sol og vind" in text
    assert 'value="Solen"' in response.content.decode()
    assert LeadForm.objects.get().title == "Sol og vind"
    again = sent(response.content.decode())
    assert (again["title"], again["text"]) == ("Solen", "Ring")
    assert maja.post(at(form), again).status_code == 302
    form.refresh_from_db()
    assert (form.title, form.text, form.version) == ("Solen", "Ring", 3)


def test_w3_what_only_the_colleague_changed_stays_as_they_saved_it(maja, karen, form):
    mine = opened(maja, form, text="Ring")
    save(karen, form, title="Vind", asks__order="email,phone,company", asks__phone__on="on", distributed_by="own", consent_text="Ny tekst")
    assert maja.post(at(form), mine).status_code == 302
    form.refresh_from_db()
    assert (form.title, form.text, form.consent_version, [ask.key for ask in form.asks]) == ("Vind", "Ring", 2, ["email", "phone", "company"])
    assert Distribution.objects.filter(form=form).exists()


def test_w3_fields_that_both_changed_are_told_in_words(maja, karen, form):
    mine = opened(maja, form, asks__phone__on="on")
    save(karen, form, asks__message__on="on", asks__message__label="Hvad så?", asks__message__required="on")
    response = maja.post(at(form), mine)
    assert response.status_code == 409
    assert "What it asks for: Company (required), Email address (required), Hvad så? (required)" in text_of(response)
    assert [ask.key for ask in form.asks] == ["company", "email", "message"]
    maja.post(at(form), sent(response.content.decode()))
    assert [ask.key for ask in LeadForm.objects.get().asks] == ["company", "email", "phone"]


def test_w3_the_same_twice_is_no_conflict(maja, karen, form):
    mine = opened(maja, form, title="Vind", asks__phone__on="on")
    save(karen, form, title="Vind", asks__phone__on="on")
    assert maja.post(at(form), mine).status_code == 302
    assert LeadForm.objects.get().version == 2


def test_w3_switching_in_the_list_meanwhile_is_kept(maja, karen, form):
    mine = opened(maja, form, title="Vind")
    karen.post(at(form, "switch"), {"on": "0"})
    assert maja.post(at(form), mine).status_code == 302
    assert (LeadForm.objects.get().title, LeadForm.objects.get().is_on) == ("Vind", False)


@pytest.mark.parametrize("seen", ["", "x", "title=0"])
def test_w3_a_page_that_does_not_know_what_it_saw_overwrites_nothing(maja, form, seen):
    assert maja.post(at(form), opened(maja, form, title="Vind", seen=seen)).status_code == 409
    assert LeadForm.objects.get().title == "Sol"
