"""The companies list and the card over HTTP: find, filter, page, create, edit, and change a category by hand."""

from __future__ import annotations

import base64
import json
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Company, CompanyCategory, Sale
from leads.models import Lead
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, UserFactory, rule
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
NOT_AN_ID = ["", "x", "-1", "0", "1.5", "²", "٣", "99999999999999999999999", "1 or 1=1", "\x00"]  # "²".isdigit(), but it is no number


@pytest.fixture
def jonas(client, salesperson):
    """The salesperson's browser."""
    client.force_login(salesperson)
    return client


def shown(response):
    """The names on this page of the list, in its order."""
    return [row.name for row in response.context["found"].rows]


def statements(client, url):
    """How many statements a page costs; asked once before, so that what is remembered per process does not count."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# ------------------------------------------------------------------------ find
@pytest.mark.parametrize("q", ["ærø", "ÆRØ", "  Ærø   skibsbyg ", "skibs ærø", "Ærø", "marstal", "12345678"])
def test_the_list_is_searched_by_every_word_whatever_its_case_and_with_aeoeaa(jonas, q):
    CompanyFactory(name="Ærø Skibsbyg", city="Marstal", registration_number="12345678")
    CompanyFactory(name="Åby Tømrer", city="Aarhus")
    assert shown(jonas.get("/companies/", {"q": q})) == ["Ærø Skibsbyg"]


@pytest.mark.parametrize("q", ["100%", "_", "a_b", "\\"])
def test_signs_that_mean_something_to_a_database_are_only_signs(jonas, q):
    CompanyFactory(name="Hundrede")
    CompanyFactory(name=f"Alt {q} A/S")
    assert shown(jonas.get("/companies/", {"q": q})) == [f"Alt {q} A/S"]


def test_a_search_that_finds_nothing_offers_to_show_all(jonas):
    CompanyFactory()
    assert "No companies match these filters" in jonas.get("/companies/", {"q": "zzz"}).content.decode()


def test_an_empty_database_offers_to_make_the_first_company(jonas):
    assert "No companies yet" in jonas.get("/companies/").content.decode()


def test_the_category_filter_shows_those_that_have_it(jonas, category):
    CompanyFactory(name="Lead A/S")
    CompanyFactory(name="Kunde A/S", category=category["Customer"])
    assert shown(jonas.get("/companies/", {"category": category["Customer"].pk})) == ["Kunde A/S"]


@pytest.mark.parametrize(
    ("view", "names"), [("", ["A lead", "B customer", "C partner"]), ("mine", ["C partner"]), ("potential", ["A lead"]), ("customers", ["B customer"]), ("nonsense", ["A lead", "B customer", "C partner"])]
)  # fmt: skip
def test_the_views_show_what_they_say_and_count_it(jonas, salesperson, category, view, names):
    CompanyFactory(name="A lead")
    CompanyFactory(name="B customer", category=category["Customer"])
    CompanyFactory(name="C partner", category=category["Partner"], our_contact=salesperson)
    CompanyFactory(name="D archived", our_contact=salesperson, archived_at="2026-01-01T00:00Z")
    response = jonas.get("/companies/", {"view": view})
    assert shown(response) == names
    assert {tab["key"]: tab["count"] for tab in response.context["views"]} == {"": 3, "mine": 1, "potential": 1, "customers": 1}


@pytest.mark.parametrize(("sort", "names"), [("", ["A", "B", "C"]), ("name", ["A", "B", "C"]), ("changed", ["A", "C", "B"]), ("amount", ["A", "B", "C"])])
def test_the_list_is_sorted_by_name_or_by_the_latest_change(jonas, sort, names):
    made = {name: CompanyFactory(name=name) for name in "BCA"}
    for minute, name in enumerate("BCA"):
        plain(Company).filter(pk=made[name].pk).update(updated_at=f"2026-01-01T12:0{minute}Z")
    assert shown(jonas.get("/companies/", {"sort": sort})) == names


def test_a_row_says_what_the_open_sales_are_worth(jonas):
    company = CompanyFactory()
    SaleFactory.create_batch(2, company=company, amount=1_000)
    SaleFactory(company=company, amount=500, status="won")
    SaleFactory(company=company, amount=70, archived_at="2026-01-01T00:00Z")
    assert "DKK 2,000" in jonas.get("/companies/").content.decode()


# ------------------------------------------------------------------------ page
def _walk(client, direction, **query):
    """Follow *Next* or *Previous* to the end; the names of each page."""
    pages = []
    for _step in range(10):
        response = client.get("/companies/", query)
        pages.append(shown(response))
        query["page"] = getattr(response.context["found"], direction)
        if not query["page"]:
            return pages, query
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(
    "names", [[f"Firma {n:03}" for n in range(60)], ["Samme navn"] * 60, ["A"] * 20 + ["B"] * 20 + ["Ø"] * 20], ids=["different", "equal", "some"]
)
@pytest.mark.parametrize("sort", ["name", "changed"])
def test_paging_shows_every_company_once_forwards_and_the_same_pages_backwards(jonas, names, sort):
    Company.objects.bulk_create(Company(name=name) for name in names)
    forwards = []
    query = {"sort": sort}
    while True:
        response = jonas.get("/companies/", query)
        found = response.context["found"]
        forwards.append([row.pk for row in found.rows])
        if not found.next:
            break
        query["page"] = found.next
    backwards = [forwards[-1]]
    while found.previous:
        found = jonas.get("/companies/", {"sort": sort, "page": found.previous}).context["found"]
        backwards.append([row.pk for row in found.rows])
        assert found.next
    assert [len(page) for page in forwards] == [25, 25, 10]
    assert sorted(pk for page in forwards for pk in page) == sorted(Company.objects.values_list("pk", flat=True))
    assert backwards[::-1] == forwards


def test_the_pager_keeps_the_filter(jonas):
    Company.objects.bulk_create(Company(name=f"Firma {n}") for n in range(30))
    Company.objects.bulk_create(Company(name=f"Andet {n}") for n in range(30))
    link = re.search(r'id="pager-next" href="([^"]+)"', jonas.get("/companies/", {"q": "firma"}).content.decode())[1]
    assert all(name.startswith("Firma") for name in shown(jonas.get("/companies/" + link.replace("&amp;", "&"))))


def _cursor(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


MANGLED = {
    "no base64": "???", "not ASCII": "æøå", "cut off": "WyJhZn", "no JSON": "aGVq", "a number": _cursor(7), "too short": _cursor(["after"]), "another kind": _cursor(["beside", "A", 1]),
    "no id": _cursor(["after", "A", "x"]), "an endless id": _cursor(["after", "A", float("inf")]), "a huge id": _cursor(["after", "A", 10**30]), "no value": _cursor(["after", None, 1]),
    "a list": _cursor(["after", [1], 1]), "an object": _cursor(["after", {"a": 1}, 1]), "a NUL": _cursor(["after", "a\x00b", 1]), "true": _cursor(["before", True, 1]),
}  # fmt: skip


@pytest.mark.parametrize("address", ["/companies/?sort=name", "/companies/?sort=changed", "/contacts/?", "/sales/?"])
@pytest.mark.parametrize("cursor", MANGLED.values(), ids=MANGLED.keys())
def test_a_mangled_link_shows_a_page_and_never_fails(jonas, address, cursor):
    SaleFactory(contact=ContactFactory())
    path, query = address.split("?")
    response = jonas.get(path, {**dict(pair.split("=") for pair in query.split("&") if pair), "page": cursor})
    assert response.status_code == 200


@pytest.mark.parametrize("key", ["q", "view", "sort", "category"])
@pytest.mark.parametrize("value", NOT_AN_ID)
def test_whatever_stands_in_the_address_of_the_list_it_never_fails(jonas, key, value):
    CompanyFactory()
    assert jonas.get("/companies/", {key: value}).status_code == 200


# -------------------------------------------------------------------- budgets
def _many(size):
    stage = StageFactory()
    for number in range(size):
        company = CompanyFactory(our_contact=UserFactory())
        contact = ContactFactory(company=company)
        SaleFactory(company=company, contact=contact, stage=stage, owner=company.our_contact, status=("won", "open")[number % 2])


@pytest.mark.parametrize("address", ["/companies/", "/contacts/", "/sales/", "/"])
def test_a_list_of_25_costs_as_many_statements_as_a_list_of_5(jonas, address):
    """House rule 4."""
    _many(5)
    few = statements(jonas, address)
    _many(20)
    assert statements(jonas, address) == few
    assert few <= 20


def test_the_card_of_a_big_company_costs_as_many_statements_as_that_of_a_small_one(jonas, category):
    """House rule 4; with history, contacts, sales and a question."""
    rule("sale_won", category["Customer"], ask=True)
    company, stage = CompanyFactory(our_contact=UserFactory()), StageFactory()
    costs = []
    for size in (2, 20):
        for _number in range(size):
            contact = ContactFactory(company=company)
            SaleFactory(company=company, contact=contact, stage=stage)
        SaleFactory(company=company, status="won")
        for name in ("Opportunity", "Lead", "Marketing qualified lead"):
            Company.objects.get(pk=company.pk).decisions.count()
            Company.objects.filter(pk=company.pk).update(category=category[name])
        costs.append(statements(jonas, company.get_absolute_url()))
    assert costs[0] == costs[1] <= 25


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
    jonas.post("/companies/new/", _fields())
    assert Company.objects.count() == 2


def test_a_form_that_was_refused_first_can_be_sent_again(jonas):
    fields = _fields(name="")
    assert f'value="{fields["request_id"]}"' in jonas.post("/companies/new/", fields).content.decode()
    assert jonas.post("/companies/new/", {**fields, "name": "Fjordbo"}).status_code == 302
    assert Company.objects.count() == 1


def _edit(company, **values):
    return {"name": company.name, "city": company.city, "seen": company.updated_at.isoformat(), **values}


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
