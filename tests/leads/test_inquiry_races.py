"""Inquiries that several people are at work on at the same moment (I3, I4, I5). Real threads, each with its own connection."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm.lists import delete_item
from crm.models import CompanyCategory, User
from crm.models.companies import lock_companies, lock_contacts
from leads import corrections, spam
from leads.models import Inquiry, LeadForm
from tests.browsers import HTMX
from tests.conftest import on_postgresql
from tests.factories import ContactFactory, LeadFormFactory
from tests.leads.inquiries import received
from tests.workflow.threads import meanwhile

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def is_free(inquiry: Inquiry) -> None:
    """Whether nobody has locked it; raises OperationalError if somebody has."""
    with transaction.atomic():
        Inquiry.objects.select_for_update(nowait=True).get(pk=inquiry.pk)


def test_i5_old_spam_is_deleted_around_what_somebody_says_is_no_spam(salesperson: User) -> None:
    long_ago = timezone.now() - dt.timedelta(days=40)
    kept, other = received(spam="trap", at=long_ago), received(spam="trap", at=long_ago)
    deleted: list[int] = []
    with meanwhile(lambda: deleted.append(spam.delete_old()), must_wait=False):
        corrections.move_out_of_spam(kept, by=salesperson)
    assert deleted == [1]
    assert list(Inquiry.objects.all()) == [kept]
    assert not Inquiry.objects.filter(pk=other.pk).exists()


def test_i5_what_was_just_deleted_with_old_spam_is_not_found(jonas: Client) -> None:
    gone = received(spam="trap", at=timezone.now() - dt.timedelta(days=40))
    answers: list[int] = []
    with meanwhile(lambda: answers.append(jonas.post(f"/inquiries/{gone.pk}/not-spam/").status_code)):
        spam.delete_old()
    assert answers == [404]


def test_c4_whoever_replaces_a_forms_category_waits_for_the_inquiry_that_is_coming_in() -> None:
    """C4, I3: no company is left in a category that was deleted meanwhile."""
    old, other = CompanyCategory.objects.get(name="Opportunity"), CompanyCategory.objects.get(name="Marketing qualified lead")
    form = LeadFormFactory(category=old)
    with meanwhile(lambda: delete_item(model=CompanyCategory, pk=old.pk, area="company-categories", replacement=other.pk)):
        found = received(form)
    found.company.refresh_from_db()
    assert (found.company.category, LeadForm.objects.get().category) == (other, other)


@pytest.mark.parametrize("verb", ["split", "spam", "unsplit", "not-spam"])
def test_i4_whoever_waits_for_the_company_does_not_hold_the_inquiry(jonas: Client, salesperson: User, verb: str) -> None:
    """I3, I4: giving on, correcting and erasing go in one order, so that none waits for the other in a circle."""
    form = LeadFormFactory()
    received(form)
    inquiry = received(form)
    company = inquiry.company_id
    if verb == "unsplit":
        corrections.split(inquiry, company_name="", by=salesperson)
    if verb == "not-spam":
        corrections.move_to_spam(inquiry, by=salesperson)
    answers: list[int] = []
    with meanwhile(lambda: answers.append(jonas.post(f"/inquiries/{inquiry.pk}/{verb}/", {"what": "person"}).status_code), then=lambda: is_free(inquiry)):
        lock_companies([company])
    assert answers == [302]


def test_i5_whoever_waits_for_the_contact_does_not_hold_what_the_trap_caught(jonas: Client) -> None:
    """I5, S5: erasing a person has the contact, and comes to this inquiry last."""
    known, caught, answers = ContactFactory(email="lise@bakkely.dk"), received(spam="trap"), []
    with meanwhile(lambda: answers.append(jonas.post(f"/inquiries/{caught.pk}/not-spam/").status_code), then=lambda: is_free(caught)):
        lock_contacts([known.pk])
    caught.refresh_from_db()
    assert (answers, caught.contact) == ([302], known)


def test_i3_what_a_colleague_has_just_split_off_is_not_split_again(jonas: Client, salesperson: User) -> None:
    form, answers = LeadFormFactory(), []
    received(form)
    inquiry = received(form)
    with meanwhile(lambda: answers.append(jonas.post(f"/inquiries/{inquiry.pk}/split/", {"what": "person"}, headers=HTMX).status_code)):
        corrections.split(inquiry, company_name="", by=salesperson)
    assert answers == [409]
    assert inquiry.changes.filter(kind="split").count() == 1


def test_i5_an_inquiry_whose_contact_is_just_archived_is_not_given_back_to_it(jonas: Client, salesperson: User) -> None:
    """I5, S5: seen before the wait, looked at again after it."""
    inquiry, answers = received(email="", phone="1"), []
    contact = inquiry.contact
    corrections.move_to_spam(inquiry, by=salesperson)
    with meanwhile(lambda: answers.append(jonas.post(f"/inquiries/{inquiry.pk}/not-spam/", headers=HTMX).status_code)):
        contact.archived_at = timezone.now()
        contact.save()
    assert answers == [409]
    assert Inquiry.objects.get(pk=inquiry.pk).is_spam
