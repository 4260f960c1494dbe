"""Companies over HTTP: create, edit, and change a category by hand."""

from __future__ import annotations

import re
import uuid

import pytest

from crm.forms.records import CompanyForm
from crm.models import Company, CompanyCategory, Sale
from crm.text import fold
from leads.models import Lead
from tests.browsers import HTMX, NOT_AN_ID
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, UserFactory
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


def shown(response):
    """The names on this page of the list, in its order."""
    return [row.name for row in response.context["found"].rows]


# --------------------------------------------------------------- create, edit
def _fields(**values):
    return {"name": "Fjordbo Entreprise A/S", "category": CompanyCategory.objects.get(is_default=True).pk, "request_id": str(uuid.uuid4()), **values}


def test_a_company_is_created_with_the_category_the_form_says_and_the_ledger_knows_by_whom(jonas, salesperson, category):
    response = jonas.post("/companies/new/", _fields(category=category["Opportunity"].pk, our_contact=salesperson.pk, city="Vejle"), follow=True)
    company = Company.objects.get()
    assert response.redirect_chain == [(company.get_absolute_url(), 302)]
    assert "Fjordbo Entreprise A/S created" in response.content.decode()
    assert (company.category, company.our_contact, company.city, company.updated_by) == (category["Opportunity"], salesperson, "Vejle", salesperson)
    assert CategoryDecision.objects.values_list("trigger", "caused_by", "applied_version").get() == ("created", salesperson.pk, 1)


def test_c8_the_form_offers_the_default_category_and_me_as_our_contact(jonas, category, salesperson):
    form = jonas.get("/companies/new/").context["form"]
    assert (form["category"].value(), form["our_contact"].value()) == (category["Lead"].pk, salesperson.pk)


@pytest.mark.parametrize(
    "values",
    [{"name": ""}, {"name": "x" * 201}, {"website": "javascript:alert(1)"}, {"category": ""}, {"our_contact": "x"}, {"request_id": "x"}, {"name": "a\x00"}],
)
def test_an_invalid_company_is_a_422_that_keeps_what_was_typed(jonas, values):
    response = jonas.post("/companies/new/", _fields(business="Solceller på tag", **values))
    assert response.status_code == 422
    assert 'value="Solceller på tag"' in response.content.decode()
    assert 'id="form-alert"' in response.content.decode()
    assert not Company.objects.exists()


def test_c4_a_deleted_category_is_not_offered_and_refused(jonas, category):
    CompanyCategory.objects.filter(name="Partner").update(archived_at="2026-01-01T00:00Z")
    assert "Partner" not in [str(item) for item in jonas.get("/companies/new/").context["form"].fields["category"].queryset]
    assert jonas.post("/companies/new/", _fields(category=category["Partner"].pk)).status_code == 422


def test_the_same_form_sent_twice_creates_one_company_and_leads_to_it(jonas):
    fields = _fields()
    first, second = jonas.post("/companies/new/", fields), jonas.post("/companies/new/", fields)
    company = Company.objects.get()
    assert first["Location"] == second["Location"] == company.get_absolute_url()
    jonas.post("/companies/new/", {**_fields(), "twins_seen": fold(company.name)})
    assert Company.objects.count() == 2


def test_a_form_that_was_refused_first_can_be_sent_again(jonas):
    fields = _fields(name="")
    assert f'value="{fields["request_id"]}"' in jonas.post("/companies/new/", fields).content.decode()
    assert jonas.post("/companies/new/", {**fields, "name": "Fjordbo"}).status_code == 302
    assert Company.objects.count() == 1


def _edit(company, **values):
    return {"name": company.name, "city": company.city, "seen": CompanyForm(instance=company)["seen"].value(), **values}


def test_a_company_is_edited_and_its_category_stays(jonas, category):
    company = CompanyFactory(category=category["Opportunity"])
    assert (
        jonas.post(f"/companies/{company.pk}/edit/", _edit(company, name="Fjordbo", category=category["Customer"].pk))["Location"] == company.get_absolute_url()
    )
    company.refresh_from_db()
    assert (company.name, company.category.name) == ("Fjordbo", "Opportunity")


def test_a_colleague_who_was_faster_is_a_409_that_keeps_what_was_typed_and_the_second_save_goes_through(jonas, colleague):
    company = CompanyFactory(name="Fjordbo")
    fields = _edit(company, name="Fjordbo A/S", city="Kolding")
    plain(Company).filter(pk=company.pk).update(city="Horsens", updated_by=colleague, updated_at="2027-01-01T12:00Z")
    response = jonas.post(f"/companies/{company.pk}/edit/", fields)
    html = response.content.decode()
    assert response.status_code == 409
    assert 'value="Fjordbo A/S"' in html
    assert 'value="Kolding"' in html
    assert "Signe Bach saved this while you were editing" in html
    assert "Town: Horsens" in html
    seen = re.search(r'name="seen" value="([^"]+)"', html)[1]
    assert Company.objects.get().city == "Horsens"
    assert jonas.post(f"/companies/{company.pk}/edit/", {**fields, "seen": seen}).status_code == 302
    assert Company.objects.values_list("name", "city").get() == ("Fjordbo A/S", "Kolding")


def test_a_colleague_who_saved_just_the_same_is_no_conflict(jonas):
    company = CompanyFactory(name="Fjordbo")
    fields = _edit(company, city="Kolding")
    plain(Company).filter(pk=company.pk).update(city="Kolding", updated_at="2027-01-01T12:00Z")
    assert jonas.post(f"/companies/{company.pk}/edit/", fields).status_code == 302


@pytest.mark.parametrize("seen", ["", "x", "2026-99-99"])
def test_a_form_that_does_not_know_what_it_has_seen_asks_before_it_overwrites(jonas, seen):
    company = CompanyFactory(name="Fjordbo")
    assert jonas.post(f"/companies/{company.pk}/edit/", _edit(company, name="Other", seen=seen)).status_code == 409


def test_our_contact_who_has_left_stays_chosen_but_is_offered_to_nobody_else(jonas):
    left = UserFactory(is_active=False, first_name="Viggo")
    company = CompanyFactory(our_contact=left)
    assert "Viggo Holst" in jonas.get(f"/companies/{company.pk}/edit/").content.decode()
    assert "Viggo Holst" not in jonas.get("/companies/new/").content.decode()


# ------------------------------------------------------------ category by hand
def _set(client, company, category, version=1, headers=None, **values):
    return client.post(
        f"/companies/{company.pk}/category/", {"category": getattr(category, "pk", category), "version": version, **values}, headers=headers or {}
    )


@pytest.mark.parametrize("name", ["Opportunity", "Customer", "Partner", "Former customer", "Other"])
def test_c7_a_category_is_changed_by_hand_to_any_and_recorded(jonas, salesperson, category, name):
    company = CompanyFactory()
    response = _set(jonas, company, category[name], headers=HTMX)
    assert (response.status_code, response["HX-Reswap"]) == (200, "none")
    assert f"{company} is now {name}" in response.content.decode()
    assert "page:changed" in response["HX-Trigger-After-Settle"]
    decision = company.decisions.latest("pk")
    assert (decision.trigger, decision.outcome, decision.to_category.name, decision.decided_by, decision.applied_version) == (
        "manual",
        "changed",
        name,
        salesperson,
        2,
    )


def test_c7_without_javascript_the_card_comes_back_and_says_it(jonas, category):
    company = CompanyFactory()
    response = jonas.post(f"/companies/{company.pk}/category/", {"category": category["Customer"].pk, "version": 1}, follow=True)
    assert response.redirect_chain == [(company.get_absolute_url(), 302)]
    assert f"{company} is now Customer" in response.content.decode()


@pytest.mark.parametrize("version", ["1", "", "x", "²", "99999999999999999999999"])
def test_a10_a_stale_version_is_a_409_and_changes_nothing(jonas, category, version):
    company = CompanyFactory()
    Company.objects.filter(pk=company.pk).update(category=category["Opportunity"])
    response = _set(jonas, company, category["Customer"], version, headers=HTMX)
    assert response.status_code == 409
    assert "it is now Opportunity. Nothing was saved" in response.content.decode()
    assert Company.objects.get().category == category["Opportunity"]
    assert company.decisions.count() == 2


@pytest.mark.parametrize("chosen", NOT_AN_ID)
def test_c4_what_is_no_category_is_a_422_and_changes_nothing(jonas, chosen):
    company = CompanyFactory()
    assert _set(jonas, company, chosen, headers=HTMX).status_code == 422
    assert Company.objects.get().category.name == "Lead"


def test_c4_a_deleted_category_is_a_422_that_says_so(jonas, category):
    company = CompanyFactory()
    CompanyCategory.objects.filter(name="Partner").update(archived_at="2026-01-01T00:00Z")
    response = _set(jonas, company, category["Partner"], headers=HTMX)
    assert response.status_code == 422
    assert "This category has been deleted. Choose another one." in response.content.decode()


def test_choosing_the_present_category_records_nothing(jonas, category):
    company = CompanyFactory()
    assert _set(jonas, company, category["Lead"], headers=HTMX).status_code == 200
    assert (Company.objects.get().category_version, company.decisions.count()) == (1, 1)


def test_c4_a_deleted_category_that_a_company_has_is_still_shown_on_its_card(jonas, category):
    company = CompanyFactory(category=category["Partner"])
    CompanyCategory.objects.filter(name="Partner").update(archived_at="2026-01-01T00:00Z")
    response = jonas.get(company.get_absolute_url())
    assert category["Partner"] in response.context["categories"]
    assert "Category: Partner" in response.content.decode()


def test_l1_the_card_hides_lead_status_where_the_category_does_not_use_it_and_says_that_it_is_kept(jonas, category):
    contact = ContactFactory()
    url = contact.company.get_absolute_url()
    assert f'id="status-{contact.pk}"' in jonas.get(url).content.decode()
    _set(jonas, contact.company, category["Customer"])
    html = jonas.get(url).content.decode()
    assert f'id="status-{contact.pk}"' not in html
    assert "Lead status is not used for companies in Customer. Earlier values are kept." in html
    assert Lead.objects.filter(contact=contact).exists()


def test_l1_the_list_hides_the_counts_where_the_category_does_not_use_lead_status(jonas, category):
    ContactFactory(company=CompanyFactory())
    assert "1 Open" in jonas.get("/companies/").content.decode()
    Company.objects.update(category=category["Customer"])
    assert "1 Open" not in jonas.get("/companies/").content.decode()


def test_s5_an_archived_company_keeps_its_card_but_leaves_the_list(jonas):
    company = CompanyFactory(archived_at="2026-01-01T00:00Z")
    Sale.objects.create(title="Kept", company=company)
    assert shown(jonas.get("/companies/")) == []
    assert "Kept" in jonas.get(company.get_absolute_url()).content.decode()


def test_what_only_a_colleague_changed_stays_and_what_only_i_changed_is_saved(jonas):
    """Two people with one form open, at different fields: both keep their work, and nobody is asked."""
    company = CompanyFactory(name="Fjordbo", city="Vejle", phone="1")
    fields = _edit(company, phone="2")
    Company.objects.filter(pk=company.pk).update(city="Kolding")
    assert jonas.post(f"/companies/{company.pk}/edit/", fields).status_code == 302
    company.refresh_from_db()
    assert (company.city, company.phone) == ("Kolding", "2")
