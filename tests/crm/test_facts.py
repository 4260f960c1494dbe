"""The values of a card, edited where they stand: 422, 409 when a colleague was faster, and nothing but that value is written."""

from __future__ import annotations

import json
import re

import pytest

from crm.actor import acting_as
from crm.facts import SUBJECTS
from crm.models import Company, Contact, Sale
from leads.models import Lead
from tests.browsers import HTMX
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory

pytestmark = pytest.mark.django_db


def seen(client, record, fact):
    """What the form of this fact has seen."""
    return client.get(f"{record.get_absolute_url()}facts/{fact}/", headers=HTMX).context["form"]["seen"].value()


def save(client, record, fact, headers=HTMX, **values):
    """Save a fact, knowing what is there unless `seen` says otherwise."""
    values.setdefault("seen", seen(client, record, fact))
    return client.post(f"{record.get_absolute_url()}facts/{fact}/", values, headers=headers)


ALL = [(model, fact.key) for model, subject in SUBJECTS.items() for fact in subject.facts]


@pytest.mark.parametrize(("model", "fact"), ALL)
def test_every_fact_of_a_card_opens_in_place_with_focus_and_on_a_page_of_its_own(jonas, model, fact):
    record = {Company: CompanyFactory, Contact: ContactFactory, Sale: SaleFactory}[model]()
    url = f"{record.get_absolute_url()}facts/{fact}/"
    assert f'href="{url}"' in jonas.get(record.get_absolute_url()).content.decode()
    fragment, page = jonas.get(url, headers=HTMX).content.decode(), jonas.get(url).content.decode()
    assert fragment.count("autofocus") == 1
    assert fragment.strip().startswith("<div")
    assert "<h1" in page


@pytest.mark.parametrize(
    ("fact", "values", "saved"),
    [
        ("name", {"name": "Fjordbo A/S"}, {"name": "Fjordbo A/S", "search_text": "fjordbo a/s vejle"}),
        ("phone", {"phone": ""}, {"phone": ""}),
        ("website", {"website": "https://fjordbo.example"}, {"website": "https://fjordbo.example"}),
        ("address", {"address": "Havnegade 14", "postcode": "7100", "city": "Kolding"}, {"city": "Kolding", "postcode": "7100", "phone": "75"}),
    ],
)
def test_one_value_is_saved_the_rest_stays_and_the_page_follows(jonas, salesperson, fact, values, saved):
    company = CompanyFactory(name="Fjordbo", phone="75", business="Roofs")
    response = save(jonas, company, fact, **values)
    assert response.status_code == 200
    assert f'id="fact-{fact}"' in response.content.decode()
    assert json.loads(response["HX-Trigger-After-Settle"]).keys() == {"page:changed"}
    company.refresh_from_db()
    assert {name: getattr(company, name) for name in saved} == saved
    assert (company.business, company.updated_by, company.category_version) == ("Roofs", salesperson, 1)


def test_without_javascript_the_card_comes_back_and_says_what_was_saved(jonas):
    company = CompanyFactory()
    response = jonas.post(f"/companies/{company.pk}/facts/phone/", {"phone": "75", "seen": seen(jonas, company, "phone")}, follow=True)
    assert response.redirect_chain == [(company.get_absolute_url(), 302)]
    assert f"Telephone of {company}: 75" in response.content.decode()


@pytest.mark.parametrize(
    ("fact", "values"),
    [
        ("name", {"name": " "}), ("name", {"name": "x" * 201}), ("name", {}), ("website", {"website": "javascript:alert(1)"}),
        ("our-contact", {"our_contact": "x"}), ("our-contact", {"our_contact": "999999"}), ("phone", {"phone": "\x00"}),
    ],
)  # fmt: skip
def test_a_wrong_value_of_a_company_is_a_422_with_the_form(jonas, fact, values):
    company = CompanyFactory(name="Fjordbo")
    response = save(jonas, company, fact, **values)
    assert response.status_code == 422
    assert "field__error" in response.content.decode()
    assert Company.objects.get().name == "Fjordbo"


@pytest.mark.parametrize(
    ("fact", "values"),
    [
        ("title", {"title": ""}), ("amount", {"amount": "1,2,3", "currency": "DKK"}), ("amount", {"amount": "-1", "currency": "DKK"}),
        ("amount", {"amount": "1", "currency": "XYZ"}), ("expected-close", {"expected_close": "31.12"}), ("owner", {"owner": "x"}),
        ("contact", {"contact": "x"}),
    ],
)  # fmt: skip
def test_a_wrong_value_of_a_sale_is_a_422_with_the_form(jonas, fact, values):
    assert save(jonas, SaleFactory(), fact, **values).status_code == 422
    assert Sale.objects.get().amount == 860_000


@pytest.mark.parametrize(("language", "limit"), [("en", "Enter an amount below 1,000,000,000,000"), ("da", "Indtast et beløb under 1.000.000.000.000")])
@pytest.mark.parametrize("amount", ["999999999999999", "1000000000000"])
def test_s1_an_amount_that_is_too_large_is_said_once_in_plain_words_under_one_label(jonas, salesperson, amount, language, limit):
    salesperson.language = language
    salesperson.save()
    html = save(jonas, SaleFactory(), "amount", amount=amount, currency="DKK").content.decode()
    assert (html.count(limit), html.count("field__error"), html.count("digits")) == (1, 1, 0)
    assert html.count('class="field__label"') == 1  # the currency's: the amount's is the name of the value


@pytest.mark.parametrize("amount", ["-99999999999999999", "1.234", "999999999999.999"])
def test_s1_whatever_is_wrong_with_an_amount_is_said_once(jonas, amount):
    response = save(jonas, SaleFactory(), "amount", amount=amount, currency="DKK")
    assert (response.status_code, response.content.decode().count("field__error")) == (422, 1)


def test_s1_the_largest_amount_is_saved(jonas):
    assert save(jonas, SaleFactory(), "amount", amount="999999999999.99", currency="DKK").status_code == 200


def test_s1_the_contact_of_a_sale_is_one_of_its_company(jonas):
    sale, stranger = SaleFactory(), ContactFactory()
    assert save(jonas, sale, "contact", contact=stranger.pk).status_code == 422
    contact = ContactFactory(company=sale.company)
    assert save(jonas, sale, "contact", contact=contact.pk).status_code == 200
    assert Sale.objects.get().contact == contact


def test_amounts_are_read_and_shown_as_the_user_writes_them(jonas, salesperson):
    salesperson.language = "da"
    salesperson.save()
    response = save(jonas, SaleFactory(), "amount", amount="1.234,50", currency="dkk")
    assert response.status_code == 200
    assert "1.234,50" in response.content.decode()
    assert str(Sale.objects.get().amount) == "1234.50"


def test_a_fact_that_does_not_exist_is_a_404_and_so_is_a_record_that_does_not(jonas):
    company = CompanyFactory()
    urls = [f"/companies/{company.pk}/facts/category/", f"/companies/{company.pk}/facts/seen/", "/companies/999999/facts/phone/"]
    assert [jonas.get(url).status_code for url in urls] == [404, 404, 404]


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain form"])
def test_a_colleague_who_was_faster_is_a_409_with_both_values_and_the_second_save_goes_through(jonas, colleague, headers):
    company = CompanyFactory(phone="1")
    before = seen(jonas, company, "phone")
    plain(Company).filter(pk=company.pk).update(phone="2", updated_by=colleague, updated_at="2027-01-01T12:00Z")
    response = save(jonas, company, "phone", headers, phone="3", seen=before)
    html = response.content.decode()
    assert response.status_code == 409
    assert 'value="3"' in html
    assert "Telephone: 2" in html
    assert "Signe Bach saved this" in html
    assert Company.objects.get().phone == "2"
    assert save(jonas, company, "phone", headers, phone="3", seen=response.context["form"]["seen"].value()).status_code in (200, 302)
    assert Company.objects.get().phone == "3"


def test_what_a_colleague_changed_elsewhere_is_no_conflict(jonas):
    company = CompanyFactory(phone="1", city="Vejle")
    before = seen(jonas, company, "phone")
    Company.objects.filter(pk=company.pk).update(city="Kolding")
    assert save(jonas, company, "phone", phone="3", seen=before).status_code == 200
    assert Company.objects.values_list("phone", "city").get() == ("3", "Kolding")


# ------------------------------------------------------------------ Undo
def undo_of(response):
    """What the Undo of the toast sends."""
    form = response.content.decode().split('class="toast"')[1]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


@pytest.mark.parametrize(
    ("make", "fact", "values", "before"),
    [
        (CompanyFactory, "phone", {"phone": "75"}, {"phone": ""}),
        (CompanyFactory, "address", {"address": "Havnegade 14", "postcode": "7100", "city": "Kolding"}, {"address": "", "city": "Vejle"}),
        (ContactFactory, "name", {"first_name": "Ida", "last_name": "Bo"}, {"first_name": "Torben", "last_name": "Friis"}),
        (SaleFactory, "amount", {"amount": "1,234.50", "currency": "EUR"}, {"amount": 860_000, "currency": "DKK"}),
        (SaleFactory, "expected-close", {"expected_close": "2027-03-01"}, {"expected_close": None}),
    ],
)
def test_a_value_saved_in_place_is_said_and_has_an_undo(jonas, make, fact, values, before):
    record = make()
    response = save(jonas, record, fact, **values)
    assert " of " in response.content.decode().split('class="toast"')[1]
    back = jonas.post(f"{record.get_absolute_url()}facts/{fact}/", undo_of(response), headers=HTMX)
    assert (back.status_code, "Undone." in back.content.decode()) == (200, True)
    record = type(record).objects.get(pk=record.pk)
    assert {name: getattr(record, name) for name in before} == before


def test_an_undo_in_place_goes_back_to_nobody_and_to_somebody(jonas, salesperson, colleague):
    company = CompanyFactory(our_contact=colleague)
    response = save(jonas, company, "our-contact", our_contact=salesperson.pk)
    jonas.post(f"{company.get_absolute_url()}facts/our-contact/", undo_of(response), headers=HTMX)
    assert Company.objects.get().our_contact == colleague


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain form"])
def test_what_somebody_changed_since_is_not_undone(jonas, headers):
    company = CompanyFactory(phone="1")
    sent = undo_of(save(jonas, company, "phone", phone="2"))
    Company.objects.update(phone="3")
    response = jonas.post(f"{company.get_absolute_url()}facts/phone/", sent, headers=headers, follow=True)
    assert f"Telephone of {company} could not be put back. It is now: 3." in response.content.decode()
    assert response.status_code == (409 if headers else 200)
    assert Company.objects.get().phone == "3"


def test_what_cannot_be_chosen_any_more_is_not_put_back_and_that_is_said(jonas, salesperson, colleague):
    company = CompanyFactory(our_contact=colleague)
    sent = undo_of(save(jonas, company, "our-contact", our_contact=salesperson.pk))
    type(colleague).objects.filter(pk=colleague.pk).update(is_active=False)
    response = jonas.post(f"{company.get_absolute_url()}facts/our-contact/", sent, headers=HTMX)
    assert "could not be put back" in response.content.decode()
    assert Company.objects.get().our_contact == salesperson


# -------------------------------------------------- to another company (L5)
def _move(client, contact, to):
    """Through the card, and what its toast says."""
    response = save(client, contact, "company", company=to.pk)
    assert response.status_code == 200
    return response.content.decode()


def test_l5_a_contact_who_moves_keeps_status_and_history_and_the_toast_says_what_became_of_it(jonas, category):
    contact = ContactFactory()
    customer, lead = CompanyFactory(name="Brørup", category=category["Customer"]), CompanyFactory(name="Ærø")
    SaleFactory(company=contact.company, contact=contact)
    said = _move(jonas, contact, customer)
    assert "Torben Friis is now at Brørup. 1 sale stays with Fjordbo" in said
    assert "The lead status Open is kept, but hidden: Customer does not use lead status." in said
    said = _move(jonas, contact, lead)
    assert "Torben Friis is now at Ærø. The lead status here is Open." in said
    assert "The lead status is still Open." in _move(jonas, contact, CompanyFactory())
    assert (Lead.objects.get().status.name, contact.lead_status_changes.count()) == ("Open", 1)


def test_l3_a_contact_who_comes_without_a_status_gets_the_default_and_the_toast_says_so(jonas, category):
    contact = ContactFactory(company=CompanyFactory(category=category["Customer"]))
    assert "The lead status here is Open." in _move(jonas, contact, CompanyFactory())


def test_l5_the_full_form_says_the_same(jonas, category):
    from crm.forms.records import ContactForm

    contact, to = ContactFactory(), CompanyFactory(name="Brørup", category=category["Customer"])
    fields = {"first_name": "Torben", "last_name": "Friis", "company": to.pk, "seen": ContactForm(instance=contact)["seen"].value()}
    assert "is now at Brørup. The lead status Open is kept, but hidden" in jonas.post(f"/contacts/{contact.pk}/edit/", fields, follow=True).content.decode()


# ------------------------------------------ a sale in two tabs (S2)
@pytest.mark.parametrize(("verb", "shown"), [("won", "open"), ("stall", "open"), ("lost", "open"), ("reopen", "won")])
def test_a_sale_that_a_colleague_has_closed_otherwise_meanwhile_is_a_409_and_keeps_their_date_and_reason(jonas, colleague, verb, shown):
    sale = SaleFactory(status=shown)
    with acting_as(colleague):
        theirs = "lost" if verb != "lost" else "won"
        sale.status, sale.reason_note = theirs, "Too dear"
        sale.save()
    response = jonas.post(f"/sales/{sale.pk}/{verb}/", {"seen_status": shown, "closed_on": "2026-01-05", "reopen_on": "2099-01-05"}, headers=HTMX)
    assert response.status_code == 409
    assert "Signe Bach changed it. Nothing was saved." in response.content.decode()
    assert Sale.objects.values_list("status", "reason_note").get() == (theirs, "Too dear")


def test_the_undo_of_a_sale_just_won_reopens_it(jonas):
    sale = SaleFactory()
    response = jonas.post(f"/sales/{sale.pk}/won/", {"seen_status": "open"}, headers=HTMX)
    assert f'action="/sales/{sale.pk}/reopen/"' in response.content.decode()
    assert jonas.post(f"/sales/{sale.pk}/won/", {"seen_status": "open"}, headers=HTMX).status_code == 200  # a double click
    assert jonas.post(f"/sales/{sale.pk}/reopen/", headers=HTMX).status_code == 200
    assert Sale.objects.get().status == "open"
