"""The filters, views and sorts of companies, contacts and sales: the address holds it all, and nothing in it can break the page."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest

from crm.models import Company, CompanyCategory
from leads.models import Lead
from tests.browsers import HTMX
from tests.crm.lists import shown
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, UserFactory, rule

pytestmark = pytest.mark.django_db

ARCHIVED = "2026-01-01T00:00Z"


# ------------------------------------------------------------------- companies
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"our_contact": "me"}, "A"),
        ({"our_contact": "none"}, "C"),
        ({"our_contact": ["me", "none"]}, "AC"),
        ({"group": "customer"}, "B"),
        ({"group": ["customer", "partner"]}, "BC"),
        ({"open_sales": "yes"}, "B"),
        ({"open_sales": "no"}, "AC"),
        ({"open_sales": ["yes", "no"]}, "ABC"),
        ({"archived": "1"}, "D"),
        ({"group": ["customer", "partner"], "our_contact": "none"}, "C"),
        ({"group": "nonsense", "our_contact": "nonsense", "open_sales": "perhaps", "archived": "2"}, "ABC"),
        ({"group": ["nonsense", "partner"]}, "C"),
    ],
)
def test_several_values_of_a_filter_mean_any_and_several_filters_all(jonas, four, query, names):
    assert shown(jonas.get("/companies/", query)) == list(names)


def test_companies_are_found_by_several_categories_and_by_a_colleague(jonas, four, colleague, category):
    chosen = [category["Lead"].pk, category["Partner"].pk]
    assert shown(jonas.get("/companies/", {"category": chosen})) == ["A", "C"]
    assert shown(jonas.get("/companies/", {"our_contact": colleague.pk})) == ["B"]


def test_companies_with_a_waiting_suggestion_are_a_filter_and_a_view(jonas, category):
    rule("sale_won", category["Customer"], ask=True)
    SaleFactory(company=CompanyFactory(name="Asked"), status="won")
    CompanyFactory(name="Not asked")
    assert shown(jonas.get("/companies/", {"waiting": "yes"})) == ["Asked"]
    found = jonas.get("/companies/", {"view": "waiting"})
    assert shown(found) == ["Asked"]
    assert found.context["tabs"][-1]["count"] == 1


def test_a_person_who_has_left_still_filters_and_shows_their_name(jonas):
    gone = UserFactory(first_name="Ole", last_name="Gammel", is_active=False)
    CompanyFactory(name="A", our_contact=gone)
    response = jonas.get("/companies/", {"our_contact": gone.pk})
    assert shown(response) == ["A"]
    assert "Our contact: Ole Gammel" in response.content.decode()
    assert "Ole Gammel" not in jonas.get("/companies/").content.decode().split('id="results"')[0]


def test_each_chip_takes_its_own_value_out_and_keeps_the_rest(jonas, category):
    lead, partner = category["Lead"].pk, category["Partner"].pk
    response = jonas.get(f"/companies/?q=a&category={lead}&category={partner}&sort=-name&page=x")
    assert [(chip.value, chip.url) for chip in response.context["filters"].chips] == [
        ("Lead", f"?q=a&sort=-name&category={partner}"),
        ("Partner", f"?q=a&sort=-name&category={lead}"),
    ]


def test_what_is_archived_is_shown_alone_and_cannot_be_ticked(jonas, four):
    assert 'name="pick"' in jonas.get("/companies/").content.decode()
    assert 'name="pick"' not in jonas.get("/companies/", {"archived": "1"}).content.decode()


def test_a_refreshed_list_brings_its_tabs_so_that_they_keep_the_filters(jonas, four, category):
    html = jonas.get("/companies/", {"q": "b", "category": category["Customer"].pk}, headers=HTMX).content.decode()
    assert '<nav class="tabs" id="views"' in html
    assert 'hx-swap-oob="outerHTML"' in html
    assert f'href="?q=b&amp;category={category["Customer"].pk}&amp;view=mine"' in html
    assert 'id="filters"' not in html


def test_amounts_of_two_currencies_are_not_added(jonas):
    company = CompanyFactory()
    SaleFactory(company=company, amount=1_000)
    SaleFactory(company=company, amount=20, currency="EUR")
    text = re.sub(r"<[^>]+>", "", jonas.get("/companies/").content.decode())
    assert "DKK 1,000 + EUR 20 · 2" in text


# ------------------------------------------------------- what does not exist
def left_out(client, url, headers=None):
    """What the page says of values that no filter knows; nothing where the line is hidden."""
    html = client.get(url, headers=headers).content.decode()
    (attributes, text), *others = re.findall(r'<p class="notice[^"]*" id="left-out"([^>]*)>(.*?)</p>', html, flags=re.DOTALL)
    assert not others
    return "" if " hidden" in attributes else unescape(re.sub(r"<[^>]+>", "", text))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("path", ["/companies/", "/contacts/", "/sales/", "/sales/board/", "/leads/"])
def test_a_value_that_a_filter_does_not_know_is_left_out_and_said(jonas, four, path, headers):
    """The rest of the address counts; names of parameters that nobody knows, and empty values, are nothing to speak of."""
    asked = f"{path}?category="
    assert left_out(jonas, f"{asked}99999", headers) == "The filter “Category: 99999” no longer exists and was left out."
    assert left_out(jonas, f"{asked}%3Cb%3E", headers) == "The filter “Category: <b>” no longer exists and was left out."
    assert left_out(jonas, f"{asked}&nonsense=1&q=a&page=x&sort=x&view=x", headers) == ""
    assert left_out(jonas, f"{asked}%00%20", headers) == ""
    assert left_out(jonas, f"{asked}{CompanyCategory.objects.first().pk}", headers) == ""


def test_many_values_that_do_not_exist_are_one_sentence_of_bearable_length(jonas):
    text = left_out(jonas, f"/sales/?status=open&status={'x' * 500}&{'&'.join(f'stage={9000 + n}' for n in range(100))}")
    assert text.startswith(f"The filters “Status: {'x' * 39}…”, “Stage: 9000”, ")
    assert text.endswith("“Stage: 9003”, … no longer exist and were left out.")


def test_a_board_shows_everything_but_what_it_was_asked_for_and_does_not_know(jonas, salesperson, category):
    """What exists still narrows it, also a category that is deleted, which keeps its name."""
    CompanyCategory.objects.filter(pk=category["Partner"].pk).update(archived_at=ARCHIVED)
    at = CompanyFactory(name="A", category=category["Partner"])
    SaleFactory(title="Theirs", company=at), SaleFactory(title="Mine", owner=salesperson)
    html = jonas.get("/sales/board/?owner=me&category=99999&closes=never").content.decode()
    assert "Mine" in html
    assert "Theirs" not in html
    assert left_out(jonas, "/sales/board/?closes=never") == "The filter “Closes: never” no longer exists and was left out."
    html = jonas.get(f"/sales/board/?category={category['Partner'].pk}").content.decode()
    assert "Theirs" in html
    assert "Mine" not in html
    assert f'<option value="{category["Partner"].pk}" selected>Partner</option>' in html


# -------------------------------------------------------------------- contacts
def test_contacts_are_found_by_lead_status_also_where_the_category_hides_it(jonas, status, category):
    """L1: hidden where people work, but kept and searchable; a second filter tells the two apart."""
    ContactFactory(first_name="Shown", last_name="", company=CompanyFactory())
    at = CompanyFactory()
    ContactFactory(first_name="Hidden", last_name="", company=at)
    Company.objects.filter(pk=at.pk).update(category=category["Customer"])
    ContactFactory(first_name="None", last_name="", company=at)
    pk = status["Open"].pk
    asked = [{"lead_status": pk}, {"lead_status": pk, "lead_status_is": "shown"}, {"lead_status": pk, "lead_status_is": "hidden"}, {"lead_status": "none"}]
    assert [shown(jonas.get("/contacts/", query)) for query in asked] == [["Hidden", "Shown"], ["Shown"], ["Hidden"], ["None"]]


def test_companies_are_found_by_the_lead_status_of_their_people_where_it_is_shown(jonas, status, category):
    """L1."""
    for name in ("Lead", "Customer"):
        company = CompanyFactory(name=name)
        ContactFactory(company=company)
        Company.objects.filter(pk=company.pk).update(category=category[name])
    ContactFactory(company=CompanyFactory(name="Archived person"), archived_at=ARCHIVED)
    assert shown(jonas.get("/companies/", {"lead_status": status["Open"].pk})) == ["Lead"]
    assert shown(jonas.get("/companies/", {"lead_status": status["Qualified"].pk})) == []
    assert Lead.objects.count() == 3


def test_contacts_are_found_by_category_our_contact_and_company(jonas, salesperson, category):
    mine = CompanyFactory(name="Mine", our_contact=salesperson)
    ContactFactory(first_name="A", last_name="", company=mine)
    ContactFactory(first_name="B", last_name="", company=CompanyFactory(category=category["Partner"]))
    ContactFactory(first_name="C", last_name="", archived_at=ARCHIVED)
    asked = [{"our_contact": "me"}, {"category": category["Partner"].pk}, {"company": mine.pk}, {"archived": "1"}]
    assert [shown(jonas.get("/contacts/", query)) for query in asked] == [["A"], ["B"], ["A"], ["C"]]


# ----------------------------------------------------------------------- sales
def test_sales_are_found_by_status_stage_owner_category_currency_and_company(jonas, salesperson, category):
    stage = StageFactory()
    company = CompanyFactory(name="Fjordbo", category=category["Partner"])
    SaleFactory(title="A", stage=stage, owner=salesperson)
    SaleFactory(title="B", status="won", currency="EUR", company=company)
    SaleFactory(title="C", status="lost", archived_at=ARCHIVED)
    asked = {
        "A": [{"stage": stage.pk}, {"owner": "me"}, {"mine": "1"}, {"status": ["open", "lost"]}, {"view": "my-open"}, {"currency": "DKK"}],
        "B": [{"stage": "none"}, {"owner": "none"}, {"category": category["Partner"].pk}, {"currency": "EUR"}, {"company": company.pk}, {"status": "won"}],
        "C": [{"archived": "1"}],
    }
    for title, queries in asked.items():
        for query in queries:
            assert shown(jonas.get("/sales/", query)) == [title], query
    assert "Company: Fjordbo" in jonas.get("/sales/", {"company": company.pk}).content.decode()


def test_the_older_parameter_of_my_sales_becomes_a_filter_that_can_be_taken_out(jonas):
    response = jonas.get("/sales/?mine=1&status=open")
    assert [(chip.value, chip.url) for chip in response.context["filters"].chips] == [("Open", "?mine=1"), ("Me", "?status=open")]


@pytest.mark.parametrize(("said", "chips"), [("0", []), ("false", []), ("", []), ("nonsense", []), ("true", ["Me"]), ("ON", ["Me"]), ("yes", ["Me"])])
def test_the_older_parameter_counts_only_where_it_says_yes(jonas, said, chips):
    assert [chip.value for chip in jonas.get("/sales/", {"mine": said}).context["filters"].chips] == chips


@pytest.mark.parametrize(
    ("asked", "titles"), [("overdue", "A"), ("week", "B"), ("this-month", "ABC"), ("next-month", "D"), ("none", "E"), (["none", "next-month"], "DE")]
)
def test_sales_are_found_by_when_they_are_expected_to_close(jonas, monkeypatch, asked, titles):
    monkeypatch.setattr("crm.list_filters.timezone.localdate", lambda: dt.date(2026, 12, 15))
    days = {"A": dt.date(2026, 12, 1), "B": dt.date(2026, 12, 15), "C": dt.date(2026, 12, 31), "D": dt.date(2027, 1, 31), "E": None}
    for title, day in days.items():
        SaleFactory(title=title, expected_close=day)
    SaleFactory(title="F", expected_close=dt.date(2027, 2, 1))
    SaleFactory(title="G", expected_close=dt.date(2026, 11, 1), status="won")
    assert sorted(shown(jonas.get("/sales/", {"closes": asked}))) == list(titles)


@pytest.mark.parametrize(("asked", "titles"), [("this-month", "AB"), ("last-month", "CD"), (["this-month", "last-month"], "ABCD"), ("x", "ABCDEF")])
def test_sales_are_found_by_when_they_were_closed(jonas, monkeypatch, asked, titles):
    monkeypatch.setattr("crm.list_filters.timezone.localdate", lambda: dt.date(2026, 1, 15))
    days = {"A": dt.date(2026, 1, 1), "B": dt.date(2026, 1, 15), "C": dt.date(2025, 12, 31), "D": dt.date(2025, 12, 1), "E": dt.date(2025, 11, 30)}
    for title, day in days.items():
        SaleFactory(title=title, status="won", closed_on=day)
    SaleFactory(title="F")
    assert sorted(shown(jonas.get("/sales/", {"closed": asked}))) == list(titles)


def test_the_currency_is_offered_only_where_there_are_several(jonas):
    SaleFactory()
    assert 'name="currency"' not in jonas.get("/sales/").content.decode()
    SaleFactory(currency="EUR")
    assert jonas.get("/sales/").content.decode().count('name="currency"') == 2


# ------------------------------------------------- how many, and the views
@pytest.mark.parametrize(
    ("place", "query", "said"),
    [
        ("companies", {}, "3 in all"), ("companies", {"q": "Ærø"}, "1 of 3"), ("companies", {"view": "mine"}, "0 of 3"),
        ("companies", {"archived": "1"}, "1 archived"), ("companies", {"sort": "-name"}, "3 in all"),
        ("contacts", {}, "2 in all"), ("contacts", {"q": "Torben"}, "1 of 2"), ("sales", {"status": "won"}, "0 of 0"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def test_the_number_beside_the_heading_says_how_many_of_all_the_filters_leave(jonas, place, query, said, headers):
    one, two = CompanyFactory(name="Ærø"), CompanyFactory()
    CompanyFactory()
    CompanyFactory(archived_at="2026-01-01T00:00Z")
    ContactFactory(company=one)
    ContactFactory(company=two, first_name="Ida")
    assert f">{said}</span>" in jonas.get(f"/{place}/", query, headers=headers).content.decode()


def test_contacts_have_views_like_the_other_lists(jonas, salesperson, category):
    ContactFactory(first_name="Mine", last_name="", company=CompanyFactory(our_contact=salesperson))
    ContactFactory(first_name="Customer", last_name="", company=CompanyFactory(category=category["Customer"]))
    asked = [{}, {"view": "mine"}, {"view": "potential"}, {"view": "customers"}, {"view": "nonsense"}]
    found = [shown(jonas.get("/contacts/", query)) for query in asked]
    assert found == [["Customer", "Mine"], ["Mine"], ["Mine"], ["Customer"], ["Customer", "Mine"]]
    assert 'href="?view=mine"' in jonas.get("/contacts/").content.decode()
