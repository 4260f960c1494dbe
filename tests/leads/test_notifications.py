"""The new owner of a lead is told, and what that says later (I4)."""

from __future__ import annotations

import uuid

import pytest
from django.utils import translation

from crm.models import Notification, User
from crm.notifications import notify
from crm.telling import told_of
from leads.models import Inquiry
from tests.budgets import sent_by
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_lead(salesperson):
    """An inquiry that has come to Jonas, who is told."""

    def make(company="Bakkely Gartneri", **values):
        contact = ContactFactory(company=CompanyFactory(name=company), first_name="Lise", last_name="Bakke")
        inquiry = Inquiry.objects.create(form=LeadFormFactory(), key=uuid.uuid4(), contact=contact, company=contact.company, owner=salesperson, **values)
        notify("new-lead", [salesperson.pk], subject_id=inquiry.pk)
        return inquiry

    return make


def said(user, language="en"):
    """What this person is told of it now."""
    with translation.override(language):
        (one,) = told_of(user, list(Notification.objects.filter(user=user))).values()
    return one


def test_i4_the_new_owner_is_told_who_it_is_from_which_company_and_is_led_straight_there(new_lead, salesperson):
    inquiry = new_lead()
    one = said(salesperson)
    assert (one.text, one.detail, one.url) == ("New lead: Lise Bakke, Bakkely Gartneri", "Talk to us about solar", inquiry.get_absolute_url())


def test_i4_and_gets_a_mail(new_lead, salesperson, settings, mailoutbox, django_capture_on_commit_callbacks):
    settings.MAIL_IS_SENT = True
    with django_capture_on_commit_callbacks(execute=True):
        new_lead()
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [(["jonas@havn.example"], "New lead: Lise Bakke, Bakkely Gartneri")]


def test_in_danish(new_lead, salesperson):
    new_lead()
    assert said(salesperson, "da").text == "Nyt lead: Lise Bakke, Bakkely Gartneri"


def test_what_is_a_colleagues_now_or_nobodys_says_so(new_lead, salesperson, colleague):
    inquiry = new_lead()
    for owner, words in ((colleague, "It is with Signe Bach now."), (None, "It is with nobody now.")):
        Inquiry.objects.filter(pk=inquiry.pk).update(owner=owner)
        assert (said(salesperson).detail, said(salesperson).is_over) == (words, True)


def test_what_turned_out_to_be_spam_says_so(new_lead, salesperson):
    inquiry = new_lead(first_name="Lise", company_name="Bakkely")
    Inquiry.objects.filter(pk=inquiry.pk).update(state="spam", contact=None, company=None)
    assert (said(salesperson).text, said(salesperson).detail) == ("New lead: Lise, Bakkely", "It has been moved to spam.")


def test_of_whom_was_erased_no_name_is_left(new_lead, salesperson):
    inquiry = new_lead()
    Inquiry.objects.filter(pk=inquiry.pk).update(erased_at="2026-01-01T00:00Z")
    one = said(salesperson)
    assert (one.text, one.url, one.is_over) == ("New lead: the person has been erased since.", "", True)


def test_of_an_inquiry_that_is_no_more_it_says_so(new_lead, salesperson):
    inquiry = new_lead()
    Inquiry.objects.filter(pk=inquiry.pk).delete()
    assert (said(salesperson).text, said(salesperson).url) == ("What this was about is no longer there.", "")


def test_who_may_not_see_inquiries_is_not_told(new_lead, salesperson):
    salesperson.groups.clear()
    new_lead()
    assert not Notification.objects.exists()


def test_words_for_20_cost_as_much_as_for_2(new_lead, salesperson):
    costs = []
    for count in (2, 18):
        for number in range(count):
            new_lead(company=f"{count} {number}")
        reader = User.objects.get(pk=salesperson.pk)
        reader.has_perm("leads.view_inquiry")
        found = list(Notification.objects.all())
        costs.append(len(sent_by(lambda reader=reader, found=found: told_of(reader, found))))
    assert costs == [1, 1]
