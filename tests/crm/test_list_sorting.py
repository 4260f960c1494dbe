"""The order of companies, contacts and sales, and turning their pages: every record once, forwards and backwards."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.models import Company, CompanyCategory, Contact, Sale
from tests.crm.lists import shown, there_and_back
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_head_says_how_the_list_is_sorted_and_a_second_click_turns_it_round(jonas, four):
    html = jonas.get("/companies/?q=").content.decode()
    assert '<th scope="col" class="" aria-sort="ascending"><span class="row"><a id="sort-name" href="?q=&amp;sort=-name">' in html
    html = jonas.get("/companies/?sort=-name").content.decode()
    assert '<th scope="col" class="" aria-sort="descending"><span class="row"><a id="sort-name" href="?sort=name">' in html
    assert html.count("aria-sort") == 1


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("-name", "CBA"),
        ("category", "ABC"),
        ("-category", "CBA"),
        ("town", "CBA"),
        ("-town", "ABC"),
        ("our_contact", "ABC"),
        ("-our_contact", "BAC"),
        ("x", "ABC"),
    ],
)
def test_companies_are_sorted_by_their_columns_and_those_of_nobody_come_last(jonas, four, sort, names):
    assert shown(jonas.get("/companies/", {"sort": sort})) == list(names)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["Anna Holm", "Bo Friis"]),
        ("last_name", ["Bo Friis", "Anna Holm"]),
        ("company", ["Bo Friis", "Anna Holm"]),
        ("-company", ["Anna Holm", "Bo Friis"]),
    ],
)
def test_contacts_are_sorted_by_either_name_or_by_company(jonas, sort, names):
    ContactFactory(first_name="Bo", last_name="Friis", company=CompanyFactory(name="Aa"))
    ContactFactory(first_name="Anna", last_name="Holm", company=CompanyFactory(name="Bb"))
    assert shown(jonas.get("/contacts/", {"sort": sort})) == names


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        *(("title", "ABC"), ("-title", "CBA"), ("amount", "CAB"), ("-amount", "BAC"), ("expected_close", "BAC"), ("-expected_close", "ABC")),
        *(("closed", "CAB"), ("-closed", "CAB"), ("company", "ACB"), ("-company", "CAB")),
    ],
)
def test_sales_are_sorted_by_their_columns_and_those_without_a_value_come_last(jonas, sort, titles):
    a = SaleFactory(title="A", amount=20, expected_close=dt.date(2026, 3, 2), company=CompanyFactory(name="Aa"))
    b = SaleFactory(title="B", amount="3.50", expected_close=dt.date(2026, 3, 1), company=None)
    SaleFactory(title="C", amount=100, company=CompanyFactory(name="Cc"), status="won", closed_on=dt.date(2026, 1, 1))
    if sort.removeprefix("-") == "closed":  # of those without a date the larger key comes first, or last
        titles = "CBA" if sort == "closed" else titles
    assert a.pk < b.pk
    assert shown(jonas.get("/sales/", {"sort": sort})) == list(titles)


SORTS = [
    *(("/companies/", key) for key in ("name", "category", "town", "our_contact", "changed")),
    *(("/contacts/", key) for key in ("first_name", "last_name", "company", "changed")),
    *(("/sales/", key) for key in ("title", "company", "amount", "expected_close", "closed", "changed")),
]


@pytest.fixture
def sixty(category):
    """Sixty of each, with equal values, empty ones, and missing ones."""
    people = [UserFactory(first_name=name) for name in ("Anna", "Bo", "Bo")]
    categories = list(CompanyCategory.objects.all()[:3])
    companies = Company.objects.bulk_create(
        Company(name=f"Firma {n % 7}", city=["", "Vejle", "Ærø"][n % 3], category=categories[n % 3], our_contact=[None, *people][n % 4]) for n in range(60)
    )
    contacts = Contact.objects.bulk_create(Contact(first_name=f"P{n % 5}", last_name=["", "Friis"][n % 2], company=companies[n % 30]) for n in range(60))
    day = dt.date(2026, 1, 1)
    Sale.objects.bulk_create(
        Sale(
            title=f"Salg {n % 9}", company=[None, companies[n % 20]][n % 2], amount=["0", "10.50", "9000000000"][n % 3], status=["open", "won"][n % 2],
            expected_close=[None, day, day + dt.timedelta(n)][n % 3], contact=None, closed_on=day + dt.timedelta(n % 4) if n % 2 else None,
        )
        for n in range(60)
    )  # fmt: skip
    now = timezone.now()
    for model in (Company, Contact, Sale):
        for row in plain(model).all()[:40]:
            plain(model).filter(pk=row.pk).update(updated_at=now - dt.timedelta(minutes=row.pk % 6))
    return contacts


@pytest.mark.parametrize("back", ["", "-"], ids=["", "reversed"])
@pytest.mark.parametrize(("path", "sort"), SORTS)
def test_paging_shows_every_record_once_forwards_and_the_same_pages_backwards_in_every_sort(jonas, sixty, path, sort, back):
    forwards, backwards = there_and_back(jonas, path, {"sort": f"{back}{sort}"})
    keys = [pk for page in forwards for pk in page]
    assert [len(page) for page in forwards] == [25, 25, 10]
    assert len(set(keys)) == 60
    assert backwards == forwards


@pytest.mark.parametrize("sort", ["expected_close", "-expected_close", "company", "amount"])
def test_a_row_that_moves_while_somebody_turns_the_pages_breaks_nothing(jonas, sixty, sort):
    """It may be seen twice or not at all; every other is seen once, and there is an end."""
    first = jonas.get("/sales/", {"sort": sort}).context["found"]
    moving = first.rows[-1]  # the next page begins behind it
    plain(Sale).filter(pk=moving.pk).update(expected_close=None, company=None, amount=5)
    keys, page = [row.pk for row in first.rows], first.next
    while page:
        found = jonas.get("/sales/", {"sort": sort, "page": page}).context["found"]
        keys += [row.pk for row in found.rows]
        page = found.next
        assert len(keys) < 200
    others = [pk for pk in keys if pk != moving.pk]
    assert len(others) == len(set(others)) == 59
