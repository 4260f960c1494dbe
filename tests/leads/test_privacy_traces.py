"""What erasing finds of somebody whose records have changed since, and what is left of their inquiries (S5)."""

from __future__ import annotations

import pytest
from django.db import models
from django.urls import reverse

from crm.models import Company, Contact
from leads import lead_forms
from leads.corrections import move_out_of_spam, move_to_spam, split
from leads.explain import why
from leads.models import Inquiry, LeadForm
from leads.privacy import erase, plan
from tests.factories import CompanyFactory, LeadFormFactory
from tests.leads.inquiries import received

pytestmark = pytest.mark.django_db
HTMX, PHONE = {"HX-Request": "true"}, "+45 11 22 33 44"


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("since", ["renamed", "moved", "split", "spam"])
def test_s5_a_company_that_was_named_after_them_is_found_whatever_happened_since(maja, administrator, since):
    form = LeadFormFactory()
    received(form, email="", first_name="", phone="98 76 54 32")  # a stranger's
    inquiry = received(form, email="lise@gmail.com")
    contact, company = inquiry.contact, inquiry.company
    if since == "renamed":
        contact.last_name = "Holm"
    elif since == "moved":
        contact.company = CompanyFactory(name="Lise")
    elif since == "split":
        models.QuerySet(Inquiry).filter(pk=inquiry.pk).update(company_match="name")
        inquiry.refresh_from_db()
        split(inquiry, company_name="Bakkely", by=administrator)
    else:
        move_to_spam(inquiry, by=administrator)
        contact.company = CompanyFactory()
    contact.save()
    url = reverse("leads:contact-erase", args=[contact.pk])
    html = text_of(maja.get(url, headers=HTMX))
    assert html.count("take the name out of the company") == 1
    assert "the company “Lise Bakke”" in html
    assert maja.post(url, {"understood": "on", f"rename_{company.pk}": "on"}, headers=HTMX).status_code == 200
    company.refresh_from_db()
    assert company.name == "Erased person"


def test_s5_each_company_that_is_called_as_they_are_has_a_tick_of_its_own(maja):
    inquiry = received(email="lise@gmail.com")
    contact, first = inquiry.contact, inquiry.company
    contact.company = second = CompanyFactory(name="LISE@gmail.com ")
    contact.save()
    stranger = CompanyFactory(name="Lise Bakke")
    url = reverse("leads:contact-erase", args=[contact.pk])
    html = text_of(maja.get(url, headers=HTMX))
    assert [f'name="rename_{company.pk}"' in html for company in (first, second, stranger)] == [True, True, False]
    maja.post(url, {"understood": "on", f"rename_{second.pk}": "on", f"rename_{stranger.pk}": "on"}, headers=HTMX)
    assert [Company.objects.get(pk=company.pk).name for company in (first, second, stranger)] == ["Lise Bakke", "Erased person", "Lise Bakke"]


def test_s5_a_company_named_after_a_long_address_is_found_too():
    inquiry = received(first_name="", last_name="", email="lise@gmail.com")
    email = f"{'a' * 200}@gmail.com"
    Inquiry.objects.filter(pk=inquiry.pk).update(email=email)
    inquiry.company.name = email[:200]
    inquiry.company.save()
    assert plan(inquiry.contact).named_after == [inquiry.company]


def test_i1_inquiries_of_a_deleted_form_lose_their_keys_too():
    inquiry = received()
    key = inquiry.key
    lead_forms.delete(inquiry.form_id, erase=True)
    inquiry.refresh_from_db()
    assert inquiry.key != key


def test_i3_why_an_erased_inquiry_is_where_it_is_says_only_what_is_still_known():
    form = LeadFormFactory()
    new, known, at_domain = received(form), received(form), received(form, first_name="Bo", email="bo@bakkely.dk")
    named, spam = received(form, company="Lise Bakke", email="", first_name="Ib"), received(form, spam="trap")
    lead_forms.delete(form.pk, erase=True)
    told = {}
    for inquiry in (new, known, at_domain, named, spam):
        inquiry.refresh_from_db()
        told[inquiry.pk] = why(inquiry)
    assert told == {
        new.pk: ["New contact.", "New company."],
        known.pk: ["The email address was known.", "The contact’s company."],
        at_domain.pk: ["New contact.", "A company with this email domain was known."],
        named.pk: ["New contact.", "A company of this name was known."],
        spam.pk: ["A field that people do not see was filled in."],
    }


def test_s5_an_inquiry_that_was_moved_to_spam_by_hand_is_still_theirs(salesperson):
    by_phone, moved = received(email="", phone=PHONE, message="Ring"), received()
    for inquiry in (by_phone, moved):
        contact = inquiry.contact
        move_to_spam(inquiry, by=salesperson)
        contact.email = "lise@new.example"
        contact.save()
        erase(contact.pk)
        inquiry.refresh_from_db()
        assert (inquiry.name, inquiry.phone, inquiry.message, inquiry.search_text) == ("", "", "", "")
        assert inquiry.erased_at


def test_s5_spam_that_was_somebody_elses_last_stays(salesperson):
    first, inquiry = received(), received(LeadForm.objects.first())
    move_to_spam(inquiry, by=salesperson)
    move_out_of_spam(inquiry, by=salesperson)
    split(inquiry, company_name="", by=salesperson)
    move_to_spam(inquiry, by=salesperson)
    Contact.objects.filter(pk=first.contact_id).update(email="lise@new.example")
    erase(first.contact_id)
    inquiry.refresh_from_db()
    assert (inquiry.name, inquiry.erased_at) == ("Lise Bakke", None)
    erase(inquiry.changes.first().from_contact_id)
    inquiry.refresh_from_db()
    assert inquiry.erased_at
