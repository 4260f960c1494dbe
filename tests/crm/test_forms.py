"""What forms make of what people type: amounts in their language, dates that can be, and what a silent rule did."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from crm.forms.base import AmountField
from crm.models import Sale
from leads.models import Lead
from tests.browsers import HTMX
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from workflow.models import CategoryDecision


@pytest.mark.parametrize(
    ("language", "typed", "amount"),
    [
        ("en", "1,234.50", "1234.50"),
        ("en", "1234.5", "1234.5"),
        ("da", "1.234,50", "1234.50"),
        ("da", "1234,5", "1234.5"),
        ("da", "1 250", "1250"),
        ("en", "", None),
    ],
)
def test_s1_an_amount_is_read_in_the_language_of_the_reader(language, typed, amount):
    with translation.override(language):
        assert AmountField(required=False, max_digits=14, decimal_places=2).clean(typed) == (Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("language", "typed"), [("en", "1234,50"), ("da", "1234.50"), ("en", "12e3"), ("en", "-"), ("en", "twelve"), ("en", "NaN"), ("en", "1٢")]
)
def test_s1_an_amount_that_is_unclear_is_refused_and_never_guessed_at(language, typed):
    with translation.override(language), pytest.raises(ValidationError, match="1.234.50" if language == "en" else "1.234,50"):
        AmountField(required=False, max_digits=14, decimal_places=2).clean(typed)


@pytest.mark.parametrize("language", ["en", "da"])
def test_s1_an_amount_that_is_shown_is_the_amount_that_is_saved(client, salesperson, language):
    salesperson.language = language
    salesperson.save()
    client.force_login(salesperson)
    sale = SaleFactory(amount=Decimal("860000.50"))
    form = client.get(f"/sales/{sale.pk}/edit/").context["form"]
    with translation.override(language):
        sent = {name: form[name].value() or "" for name in form.fields}
    assert client.post(f"/sales/{sale.pk}/edit/", {**sent, "title": "Renamed"}).status_code == 302
    assert Sale.objects.values_list("title", "amount").get() == ("Renamed", Decimal("860000.50"))


@pytest.mark.parametrize(("verb", "field", "days"), [("lost", "closed_on", 1), ("stall", "reopen_on", 0)])
def test_s1_a_date_that_cannot_be_is_a_422(client, salesperson, verb, field, days):
    client.force_login(salesperson)
    sale = SaleFactory()
    day = timezone.localdate() + timezone.timedelta(days=days)
    assert client.post(f"/sales/{sale.pk}/{verb}/", {field: day.isoformat()}).status_code == 422
    assert Sale.objects.get().status == "open"


def test_a_rule_that_moves_a_company_in_silence_is_said_in_the_same_breath(client, salesperson, category, status):
    rule("sale_won", category["Customer"])
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    client.force_login(salesperson)
    company = CompanyFactory(name="Fjordbo")
    lead = Lead.objects.get(contact=ContactFactory(company=company, first_name="Torben"))
    html = client.post(f"/contacts/{lead.pk}/lead-status/", {"status": status["Qualified"].pk}, headers=HTMX).content.decode()
    assert "Lead status of Torben Friis is now Qualified. Fjordbo is now Opportunity." in html
    html = client.post(f"/sales/{SaleFactory(company=company).pk}/won/", headers=HTMX).content.decode()
    assert " of Fjordbo is won. Fjordbo is now Customer." in html


def test_a_form_on_a_page_of_its_own_leads_on_when_it_is_saved(client, administrator):
    client.force_login(administrator)
    url = "/settings/lists/lead-statuses/new/"
    sent = {"name": "Waiting", "meaning": "open", "colour": "grey"}
    alone = client.post(url, sent, headers={**HTMX, "HX-Current-URL": f"http://testserver{url}"})
    assert alone["HX-Redirect"] == "/settings/lists/lead-statuses/"
    dialog = client.post(url, {**sent, "name": "Later"}, headers={**HTMX, "HX-Current-URL": "http://testserver/settings/lists/lead-statuses/"})
    assert "HX-Redirect" not in dialog


def test_all_that_is_shown_in_the_inbox_can_be_accepted_at_once(client, salesperson, category):
    rule("sale_won", category["Customer"], ask=True)
    client.force_login(salesperson)
    for _ in range(2):
        client.post(f"/sales/{SaleFactory().pk}/won/")
    html = client.get("/confirmations/").content.decode()
    assert 'id="choose-all"' in html
    ids = list(CategoryDecision.objects.waiting().values_list("pk", flat=True))
    sent = {"ids": ",".join(map(str, ids)), "all": "accept", **{f"seen-{pk}": 1 for pk in ids}}
    assert client.post("/confirmations/answers/", sent, headers={**HTMX, "HX-Target": "modal"}).status_code == 200
    assert set(CategoryDecision.objects.filter(pk__in=ids).values_list("outcome", flat=True)) == {"accepted"}
