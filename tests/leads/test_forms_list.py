"""Settings, Lead forms: the list, and what is done with a form there (I1)."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.utils import timezone

from crm.models import Company, Contact, Notification, SettingsChange
from leads.models import Distribution, DistributionSeat, Inquiry, LeadForm, Visit
from tests.browsers import HTMX, NOT_AN_ID, both_ways, events
from tests.budgets import statements
from tests.factories import LeadFormFactory, UserFactory
from tests.leads.editor import LIST, at, inquiry, logged, sent

pytestmark = pytest.mark.django_db


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_i1_without_forms_the_list_says_how_to_begin(maja):
    assert "No lead forms yet" in text_of(maja.get(LIST))


def test_i1_the_list_shows_what_comes_in_and_who_gets_it(maja, administrator):
    form = LeadFormFactory(title="Sol", slug="sol", updated_by=administrator)
    off = LeadFormFactory(title="Vind", is_on=False)
    Distribution.objects.create(form=off)
    for days in (1, 29, 31):
        inquiry(form, received_at=timezone.now() - dt.timedelta(days=days))
    inquiry(form, spam=True)
    response = maja.get(LIST)
    rows = {row["form"].pk: row for row in response.context["rows"]}
    assert (rows[form.pk]["counts"]["lately"], rows[form.pk]["counts"]["all"], rows[form.pk]["is_own"]) == (2, 3, False)
    assert (rows[off.pk]["counts"]["all"], rows[off.pk]["is_own"]) == (0, True)
    assert f'href="/inquiries/?form={form.pk}">3<' in response.content.decode()
    text = text_of(response)
    for part in ("/forms/sol/", "Maja Lindholm", "Default distribution", "Distribution of its own", "Switch off Sol", "Switch on Vind"):
        assert part in text


def test_i1_the_list_asks_the_database_as_often_for_2_forms_as_for_20(maja):
    for _n in range(2):
        inquiry()
    few = statements(maja, LIST)
    for _n in range(18):
        inquiry()
    assert statements(maja, LIST) == few


@both_ways
def test_i1_a_form_is_switched_off_and_on_in_place_and_undo_takes_it_back(maja, headers):
    form = LeadFormFactory(title="Sol")
    assert maja.post(at(form, "switch"), {"on": "0"}, headers=headers).status_code == (200 if headers else 302)
    form.refresh_from_db()
    assert (form.is_on, form.version) == (False, 2)
    assert logged(form) == ({"is_on": True}, {"is_on": False})
    assert "Switched off" in text_of(maja.get("/settings/log/"))
    assert maja.get(f"/forms/{form.slug}/").status_code == 404
    assert maja.post(at(form, "switch"), {"on": "1"}, headers=headers).status_code == (200 if headers else 302)
    assert LeadForm.objects.get().is_on
    assert maja.get(f"/forms/{form.slug}/").status_code == 200


def test_i1_switching_offers_undo_unless_nothing_changed(maja):
    form = LeadFormFactory()
    undo = rf'action="{at(form, "switch")}".*?name="on" value="1"'
    assert re.search(undo, maja.post(at(form, "switch"), {"on": "0"}, headers=HTMX).content.decode(), re.DOTALL)
    assert not re.search(undo, maja.post(at(form, "switch"), {"on": "0"}, headers=HTMX).content.decode(), re.DOTALL)
    assert SettingsChange.objects.filter(item_id=form.pk).count() == 1


def test_i1_a_copy_has_an_address_of_its_own_is_off_and_has_everything_else(maja):
    form = LeadFormFactory(title="Sol", slug="sol", text="Skriv", sites="https://example.dk", consent_text="Ja", consent_version=4, thanks="Tak")
    form.fields.create(key="own_1", kind="choice", label="Tag", choices="Stort\nLille", position=9)
    DistributionSeat.objects.create(distribution=Distribution.objects.create(form=form, only_unassigned=False), user=UserFactory(), weight=2)
    key = str(uuid.uuid4())
    urls = {maja.post(at(form, "duplicate"), {"request_id": key}).url for _n in range(2)}
    copy = LeadForm.objects.get(title="Copy of Sol")
    assert urls == {at(copy)}
    assert (copy.slug, copy.is_on, copy.version, copy.consent_version) == ("copy-of-sol", False, 1, 1)
    assert (copy.text, copy.sites, copy.consent_text, copy.thanks, copy.category) == ("Skriv", "https://example.dk", "Ja", "Tak", form.category)
    assert copy.asks == form.asks
    assert list(copy.distribution.seats.values_list("weight", flat=True)) == [2]
    assert copy.distribution.only_unassigned is False
    assert logged(copy)[1]["title"] == "Copy of Sol"
    maja.post(at(form, "duplicate"), {"request_id": "nonsense"})
    assert LeadForm.objects.latest("pk").slug == "copy-of-sol-2"


def test_i1_a_copy_of_a_long_title_fits(maja):
    form = LeadFormFactory(title="x" * 120)
    maja.post(at(form, "duplicate"))
    copy = LeadForm.objects.latest("pk")
    assert (len(copy.title), len(copy.slug) <= 60) == (120, True)


def test_i1_deleting_says_how_many_inquiries_there_are_and_asks_what_becomes_of_them(maja):
    form = LeadFormFactory(title="Sol")
    assert "Nothing has come in through it" in text_of(maja.get(at(form, "delete")))
    for spam in (False, True):
        inquiry(form, spam=spam)
    assert "It has 2 inquiries. What becomes of them?" in text_of(maja.get(at(form, "delete"), headers=HTMX))
    response = maja.post(at(form, "delete"), {}, headers=HTMX)
    assert response.status_code == 422
    assert "Say what becomes of the inquiries" in text_of(response)
    assert maja.post(at(form, "delete"), {"inquiries": "burn"}).status_code == 422
    assert LeadForm.objects.active().exists()


@both_ways
def test_i1_a_deleted_form_is_off_keeps_its_inquiries_and_can_be_restored(maja, headers):
    form = LeadFormFactory(title="Sol")
    kept = inquiry(form)
    response = maja.post(at(form, "delete"), {"inquiries": "keep"}, headers=headers)
    assert response.status_code == (200 if headers else 302)
    form.refresh_from_db()
    assert (form.is_on, form.archived_at is not None) == (False, True)
    kept.refresh_from_db()
    assert (kept.email, kept.erased_at, kept.visits.count()) == ("lise@bakkely.example", None, 1)
    assert logged(form) == ({"archived": False}, {"archived": True})
    assert "Sol" not in text_of(maja.get(LIST)).replace("Sol deleted", "")
    assert "Restore Sol" in text_of(maja.get(f"{LIST}?deleted=1"))
    assert maja.get(f"/forms/{form.slug}/").status_code == 410
    maja.post(at(form, "restore"), headers=headers)
    maja.post(at(form, "restore"), headers=headers)
    form.refresh_from_db()
    assert (form.is_on, form.archived_at) == (False, None)
    assert SettingsChange.objects.filter(item_id=form.pk).count() == 2


def test_i1_a_form_that_is_deleted_on_a_page_of_its_own_leads_back_to_the_list(maja):
    url = at(LeadFormFactory(), "delete")
    response = maja.post(url, {"inquiries": "keep"}, headers={**HTMX, "HX-Current-URL": f"http://testserver{url}"})
    assert response.headers["HX-Redirect"] == LIST


def test_i1_removing_what_was_typed_leaves_the_contact_and_the_shape(maja, administrator):
    form = LeadFormFactory(title="Sol")
    gone, spam, other = inquiry(form), inquiry(form, spam=True), inquiry(LeadFormFactory())
    Notification.objects.create(user=administrator, kind="new-lead", subject_id=gone.pk, facts={"name": "Lise Bakke"})
    response = maja.post(at(form, "delete"), {"inquiries": "erase"})
    assert "What was typed in 2 inquiries is erased." in text_of(maja.get(response.url))
    for one in (gone, spam):
        one.refresh_from_db()
        kept = {field.name for field in Inquiry._meta.fields if getattr(one, field.attname) not in ("", None, [], False)}
        assert kept & {"company_name", "first_name", "last_name", "email", "email_key", "phone", "message", "own"} == set()
        assert one.erased_at is not None
        assert (one.consent, one.consent_text, one.consent_version) == (True, "Ja", 2)
    assert (gone.title, spam.title) == ("Lise Bakke", "Erased person")
    assert (Contact.objects.filter(first_name="Lise").count(), Company.objects.filter(name="Bakkely Gartneri").count()) == (2, 2)
    assert list(Visit.objects.values_list("inquiry", flat=True)) == [other.pk]
    assert Notification.objects.get().facts == {}
    other.refresh_from_db()
    assert other.email == "lise@bakkely.example"
    assert logged(form)[1] == {"archived": True, "erased": 2}
    assert "Inquiries whose contents were erased" in text_of(maja.get("/settings/log/"))


def test_i1_what_was_kept_can_still_be_removed_when_the_form_is_deleted(maja):
    form = LeadFormFactory(title="Sol")
    kept = inquiry(form)
    maja.post(at(form, "delete"), {"inquiries": "keep"})
    assert "Remove what was typed … Sol" in text_of(maja.get(f"{LIST}?deleted=1"))
    page = maja.get(at(form, "delete"), headers=HTMX)
    assert "Remove what was typed in “Sol”? It has 1 inquiry." in text_of(page)
    response = maja.post(at(form, "delete"), sent(page.content.decode(), "delete-form"), headers=HTMX)
    assert "What was typed in 1 inquiry is erased." in text_of(response)
    kept.refresh_from_db()
    assert kept.email == ""
    assert logged(form) == ({}, {"erased": 1})
    assert "Remove what was typed …" not in text_of(maja.get(f"{LIST}?deleted=1"))
    assert "Sol has been deleted" in text_of(maja.post(at(form, "delete"), {"inquiries": "erase"}, headers=HTMX))


@both_ways
@pytest.mark.parametrize("verb", ["switch", "duplicate", "delete", ""])
def test_i1_a_form_that_a_colleague_has_deleted_is_not_changed(maja, karen, headers, verb):
    form = LeadFormFactory(title="Sol")
    typed = sent(maja.get(at(form)).content.decode(), title="Renamed")
    karen.post(at(form, "delete"), {"inquiries": "keep"})
    before = LeadForm.objects.values().get()
    response = maja.post(at(form, verb), {"on": "1", "inquiries": "erase", **(typed if not verb else {})}, headers=headers)
    assert response.status_code == (409 if headers else 302)
    assert "Sol has been deleted. Show deleted forms to restore it." in text_of(response if headers else maja.get(response.url))
    assert LeadForm.objects.values().get() == before


def test_i1_show_deleted_says_how_many_there_are(maja):
    LeadFormFactory()
    LeadFormFactory(is_on=False, archived_at=timezone.now())
    response = maja.get(f"{LIST}?deleted=1", headers={**HTMX, "HX-Trigger": "show-deleted"})
    assert events(response)["announce"]["value"] == "2 forms"


@pytest.mark.parametrize("value", NOT_AN_ID)
def test_i1_nonsense_in_the_address_is_ignored(maja, value):
    LeadFormFactory()
    assert maja.get(LIST, {"deleted": value, "page": value}).status_code == 200


def test_i1_only_administrators_come_here(jonas, maja):
    form = LeadFormFactory()
    for verb in ("", "switch", "duplicate", "delete", "restore"):
        assert jonas.get(at(form, verb)).status_code == 403
        assert jonas.post(at(form, verb), {"on": "0"}).status_code == 403
    assert jonas.get(LIST).status_code == 403
    for url in (f"{LIST}new/", f"{LIST}preview/"):
        assert (jonas.get(url).status_code, jonas.post(url).status_code) == (403, 403)
    assert LeadForm.objects.get().is_on
    for verb in ("switch", "duplicate", "restore"):
        assert maja.get(at(form, verb)).status_code == 405
