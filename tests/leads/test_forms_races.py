"""Lead forms and what others do at the same moment. Real threads, each with its own connection."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm import lists
from crm.models import CompanyCategory
from leads import lead_forms
from leads.models import Distribution, LeadForm
from tests.browsers import browser
from tests.conftest import on_postgresql
from tests.factories import LeadFormFactory, UserFactory
from tests.leads.editor import NEW, at, inquiry, save, sent
from tests.workflow.threads import at_once, meanwhile

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def delete_category(category, other=None):
    try:
        lists.delete_item(model=CompanyCategory, pk=category.pk, area="company-categories", replacement=other and other.pk)
    except lists.CannotDelete as refused:
        return type(refused).__name__
    return ""


def test_c4_a_category_that_is_just_being_named_by_a_form_is_not_deleted(maja, category):
    form, said = LeadFormFactory(category=category["Lead"]), []
    with meanwhile(lambda: said.append(delete_category(category["Opportunity"]))):
        assert save(maja, form, category=category["Opportunity"].pk).status_code == 302
    assert (said, LeadForm.objects.get().category, category["Opportunity"].archived_at) == (["InUse"], category["Opportunity"], None)


def test_c4_a_category_that_is_just_being_deleted_cannot_be_named(maja, category):
    form, said = LeadFormFactory(category=category["Lead"]), []
    typed = sent(maja.get(at(form)).content.decode(), category=category["Opportunity"].pk)
    with meanwhile(lambda: said.append(maja.post(at(form), typed).status_code)):
        assert delete_category(category["Opportunity"]) == ""
    assert (said, LeadForm.objects.get().category) == ([422], category["Lead"])


def test_c4_a_copy_that_is_just_being_made_moves_on_too(category):
    form = LeadFormFactory(category=category["Opportunity"])
    with meanwhile(lambda: delete_category(category["Opportunity"], category["Lead"])):
        lead_forms.duplicate(form.pk)
    assert set(LeadForm.objects.values_list("category__name", flat=True)) == {"Lead"}
    assert LeadForm.objects.count() == 2


def test_i1_two_administrators_who_save_at_once_are_one_after_the_other(administrator, other_administrator):
    form = LeadFormFactory(title="Sol", text="Skriv")
    pages = []
    for who, typed in ((administrator, {"title": "Vind"}), (other_administrator, {"title": "Vand"})):
        client = browser(who)
        pages.append((client, sent(client.get(at(form)).content.decode(), **typed)))
    found = at_once(*[lambda client=client, typed=typed: client.post(at(form), typed).status_code for client, typed in pages])
    assert sorted(found) == [302, 409]
    assert LeadForm.objects.get().version == 2


def test_i1_an_address_that_two_take_at_once_is_given_once(administrator, other_administrator):
    pages = []
    for who in (administrator, other_administrator):
        client = browser(who)
        pages.append((client, sent(client.get(NEW).content.decode(), title="Sol", slug="sol")))
    found = at_once(*[lambda client=client, typed=typed: client.post(NEW, typed).status_code for client, typed in pages])
    assert sorted(found) == [302, 422]
    assert LeadForm.objects.count() == 1


def test_i1_twice_the_same_click_at_once_makes_one_form_and_one_copy(administrator):
    client = browser(administrator)
    typed = sent(client.get(NEW).content.decode(), title="Sol")
    assert at_once(*[lambda: client.post(NEW, typed).status_code] * 2) == [302, 302]
    form = LeadForm.objects.get()
    key = "0b8e7c0e-6f0b-4c39-9a52-6f2a4d1f6f10"
    assert at_once(*[lambda: client.post(at(form, "duplicate"), {"request_id": key}).status_code] * 2) == [302, 302]
    assert LeadForm.objects.count() == 2


def test_i1_what_comes_in_while_a_form_is_deleted_is_erased_with_the_rest():
    form = LeadFormFactory()
    with meanwhile(lambda: lead_forms.delete(form.pk, erase=True)):
        made = inquiry(form)
    made.refresh_from_db()
    assert (made.email, made.erased_at is not None, made.visits.count()) == ("", True, 0)


def test_i1_a_distribution_of_its_own_is_made_once():
    form = LeadFormFactory()
    Distribution.objects.create(fallback=UserFactory())

    def own():
        with lead_forms.transaction.atomic():
            return lead_forms.save(lead_forms.locked(form.pk), asks=form.asks, distributed_by="own")

    assert sorted(at_once(own, own)) == [False, True]
    assert Distribution.objects.filter(form=form, fallback__isnull=False).count() == 1


def test_i1_deleting_twice_at_once_deletes_once():
    form = LeadFormFactory()

    def delete():
        try:
            return lead_forms.delete(form.pk, erase=False)[1]
        except lead_forms.FormDeleted:
            return "gone"

    assert sorted(map(str, at_once(delete, delete))) == ["0", "gone"]
    assert LeadForm.objects.get().archived_at <= timezone.now()
