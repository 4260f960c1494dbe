"""Choosing a company, a contact or a user: by key, or by a part of the name without scripts; never a list of everybody."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Company, Contact, Sale
from tests.browsers import HTMX
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory
from tests.sizes import know_sizes

pytestmark = pytest.mark.django_db


def _contact(**values):
    return {"first_name": "Lise", "last_name": "", "title": "", "email": "", "phone": "", **values}


def _seen(client, url):
    return re.search(r'name="seen" value="([^"]*)"', client.get(url).content.decode())[1]


def _typed(text, *, key="", label=""):
    return {"company-text": text, "company-label": label, "company": key}


def test_a_text_that_means_one_company_chooses_it_without_scripts(jonas):
    company = CompanyFactory(name="Ærø Skibsbyg", city="Marstal")
    CompanyFactory(name="Brørup Fjernvarme")
    for text in ("ærø skibsbyg", "ÆRØ", "Ærø Skibsbyg, Marstal", "marstal"):
        assert jonas.post("/contacts/new/", _contact(**_typed(text))).status_code == 302, text
    assert set(Contact.objects.values_list("company", flat=True)) == {company.pk}


def test_the_very_name_wins_over_others_that_begin_with_it(jonas):
    company = CompanyFactory(name="Havn", city="Vejle")
    CompanyFactory(name="Havn Nord")
    jonas.post("/contacts/new/", _contact(**_typed("havn")))
    assert Contact.objects.get().company == company


def test_where_several_match_the_form_offers_them_and_keeps_what_was_typed(jonas):
    north, south = CompanyFactory(name="Havn Nord"), CompanyFactory(name="Havn Syd")
    response = jonas.post("/contacts/new/", _contact(**_typed("havn")))
    html = response.content.decode()
    assert response.status_code == 422
    assert "Several match “havn”: choose one." in html
    assert 'value="havn"' in html
    offered = re.search(r'<select class="select" name="company".*?</select>', html, re.DOTALL)[0]
    assert [int(pk) for pk in re.findall(r'value="(\d+)"', offered)] == [north.pk, south.pk]
    assert jonas.post("/contacts/new/", _contact(**_typed("havn", key=south.pk, label="havn"))).status_code == 302
    assert Contact.objects.get().company == south


def test_too_many_or_none_is_said_in_plain_words(jonas):
    for number in range(30):
        CompanyFactory(name=f"Havn {number}")
    many = jonas.post("/contacts/new/", _contact(**_typed("havn"))).content.decode()
    assert "More than 25 match “havn”. Type more of the name." in many
    assert many.count("<option") == 26  # and one that is none
    assert "Nothing here is called “&lt;x&gt;”" in jonas.post("/contacts/new/", _contact(**_typed("<x>"))).content.decode()
    assert jonas.post("/contacts/new/", _contact(**_typed("a " * 5000))).status_code == 422
    assert not Contact.objects.exists()


def test_the_key_counts_while_the_text_is_as_it_was_shown_also_after_a_colleague_renamed_it(jonas):
    contact = ContactFactory(company=CompanyFactory(name="Old name", city=""))
    seen = _seen(jonas, f"/contacts/{contact.pk}/edit/")
    Company.objects.update(name="New name")
    unchanged = _typed("Old name", key=contact.company_id, label="Old name")
    assert jonas.post(f"/contacts/{contact.pk}/edit/", _contact(seen=seen, **unchanged)).status_code == 302
    contact.refresh_from_db()
    assert (contact.first_name, contact.company.name) == ("Lise", "New name")


def test_another_text_counts_for_more_than_the_key_that_was_there(jonas):
    contact, other = ContactFactory(company=CompanyFactory(name="Fjordbo", city="")), CompanyFactory(name="Hedeland Grus")
    url = f"/contacts/{contact.pk}/edit/"
    jonas.post(url, _contact(seen=_seen(jonas, url), **_typed("hedeland", key=contact.company_id, label="Fjordbo")))
    contact.refresh_from_db()
    assert contact.company == other


def test_an_optional_one_is_cleared_by_emptying_it_and_a_required_one_is_asked_for(jonas, salesperson):
    sale = SaleFactory(company=CompanyFactory(name="Fjordbo", city=""))
    url = f"/sales/{sale.pk}/edit/"
    values = {"title": "Roof", "amount": "1", "currency": "DKK", "description": "", "seen": _seen(jonas, url)}
    assert jonas.post(url, {**values, **_typed("", key=sale.company_id, label="Fjordbo")}).status_code == 302
    assert Sale.objects.get().company is None
    assert jonas.post("/contacts/new/", _contact(**_typed("", key=sale.pk, label="x"))).status_code == 422


def test_what_was_chosen_stays_when_something_else_is_wrong(jonas):
    company = CompanyFactory(name="Fjordbo", city="Vejle")
    html = jonas.post("/contacts/new/", _contact(first_name="", **_typed("Fjordbo, Vejle", key=company.pk, label="Fjordbo, Vejle"))).content.decode()
    assert f'name="company" value="{company.pk}"' in html
    assert html.count('value="Fjordbo, Vejle"') == 2


def test_a_colleagues_choice_of_what_i_left_empty_stays(jonas):
    sale, company = SaleFactory(company=None), CompanyFactory(name="Fjordbo")
    seen = _seen(jonas, f"/sales/{sale.pk}/edit/")
    sale.company = company
    sale.save()
    values = {"title": "Mine", "amount": "860000", "currency": "DKK", "description": "", "seen": seen, **_typed("")}
    assert jonas.post(f"/sales/{sale.pk}/edit/", values).status_code == 302
    sale.refresh_from_db()
    assert (sale.title, sale.company) == ("Mine", company)


def test_the_contacts_offered_are_those_of_the_company_typed_or_chosen(jonas):
    company = CompanyFactory(name="Hedeland", city="Vejle")
    lise, _else = ContactFactory(company=company, first_name="Lise"), ContactFactory(first_name="Nobody")
    for asked in (_typed("hedel"), _typed("Hedeland, Vejle", key=company.pk, label="Hedeland, Vejle"), {"company": company.pk}):
        part = jonas.get("/sales/new/", asked, headers=HTMX).content.decode()
        assert f'<option value="{lise.pk}">' in part
        assert "Nobody" not in part
    assert "Lise" not in jonas.get("/sales/new/", _typed("nothing", key=company.pk, label="Hedeland, Vejle"), headers=HTMX).content.decode()


def test_a_company_with_hundreds_of_people_has_a_chooser_instead_of_a_list(jonas):
    company = CompanyFactory()
    Contact.objects.bulk_create([Contact(company=company, first_name=f"Person {number}") for number in range(30)])
    html = jonas.get(f"/sales/new/?company={company.pk}").content.decode()
    assert f'hx-get="/choose/contacts/?company={company.pk}"' in html
    values = {"title": "Roof", "amount": "", "currency": "DKK", "description": "", "company": company.pk, "contact-text": "person 7", "contact-label": ""}
    assert jonas.post("/sales/new/", values).status_code == 302
    assert Sale.objects.get().contact.first_name == "Person 7"


def test_forms_cost_the_same_with_10_and_1000_companies(jonas):
    company = CompanyFactory()
    sale, contact = SaleFactory(company=company), ContactFactory(company=company)
    pages = ["/sales/new/", f"/sales/{sale.pk}/edit/", "/contacts/new/", f"/contacts/{contact.pk}/edit/", f"/sales/new/?company={company.pk}"]

    def look():
        found = {}
        for url in pages:
            with CaptureQueriesContext(connection) as queries:
                size = len(jonas.get(url).content)
            found[url] = (len(queries), size // 400)
        return found

    Company.objects.bulk_create([Company(name=f"Firm {number}") for number in range(9)])
    few = look()
    Company.objects.bulk_create([Company(name=f"Firm {number}") for number in range(9, 1000)])
    know_sizes()
    assert look() == few


def test_what_is_offered_fits_and_says_that_there_are_more(jonas):
    for number in range(10):
        CompanyFactory(name=f"Havn {number}", city="Ærøskøbing")
    CompanyFactory(name="Havn Gammel", archived_at=timezone.now())
    jonas.get("/choose/companies/", {"q": "havn"}, headers=HTMX)  # what a process remembers does not count
    with CaptureQueriesContext(connection) as queries:
        response = jonas.get("/choose/companies/", {"q": "havn"}, headers=HTMX)
    html = response.content.decode()
    assert html.count('role="option"') == 8
    assert "Gammel" not in html
    assert "There are more." in html
    assert 'data-label="Havn 0, Ærøskøbing"' in html
    assert "8 results" in response["HX-Trigger"]
    assert (
        len([query for query in queries if "crm_company" in query["sql"]]) == 2
    )  # the index, which says whether there are few enough to go by it, and the companies
    assert "No results" in jonas.get("/choose/companies/", {"q": "nowhere"}, headers=HTMX).content.decode()


def test_contacts_are_offered_of_the_company_and_users_who_are_active(jonas, salesperson):
    contact = ContactFactory(first_name="Lise")
    ContactFactory(first_name="Lise", company=CompanyFactory())
    assert jonas.get("/choose/contacts/", {"company": contact.company_id, "q": "lise"}, headers=HTMX).content.decode().count('role="option"') == 1
    assert jonas.get("/choose/contacts/", {"q": "lise"}, headers=HTMX).content.decode().count('role="option"') == 2
    assert jonas.get("/choose/contacts/", {"company": "x"}, headers=HTMX).content.decode().count('role="option"') == 0
    UserFactory(first_name="Åse", is_active=False)
    assert "Jonas" in jonas.get("/choose/users/", {"q": "JON"}, headers=HTMX).content.decode()
    assert "No results" in jonas.get("/choose/users/", {"q": "åse"}, headers=HTMX).content.decode()
    assert jonas.get("/choose/users/", {"q": "jon"})["Location"] == "/search/?q=jon"
