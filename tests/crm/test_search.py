"""Search over companies, contacts and sales: what is found, in which order, for whom, and at what cost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from django.utils.html import escape

from crm.models import Company
from crm.search import search
from crm.templatetags.ui import marked
from crm.text import hits
from tests.browsers import HTMX
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


def _names(groups):
    return {group.kind.key: [hit.name for hit in group.hits] for group in groups}


def test_every_word_has_to_occur_in_any_order_whatever_the_case_and_letters(salesperson):
    company = CompanyFactory(name="Ærø Skibsbyg A/S", city="Ærøskøbing", registration_number="12345678")
    contact = ContactFactory(company=company, first_name="Åse", last_name="Østergaard", email="aase@aeroe.example")
    SaleFactory(title="Ærøfærgen, nyt dæk", company=company)
    assert _names(search("ærø", user=salesperson)) == {"companies": [company.name], "sales": ["Ærøfærgen, nyt dæk"]}
    assert _names(search("  SKIBSBYG   ærøsk", user=salesperson))["companies"] == [company.name]
    assert _names(search("12345678", user=salesperson))["companies"] == [company.name]
    assert _names(search("AASE@", user=salesperson)) == {"contacts": [contact.name]}
    assert search("ærø nowhere", user=salesperson) == search("  ", user=salesperson) == search("\0", user=salesperson) == []


def test_what_begins_with_it_comes_first_and_what_is_archived_last(salesperson):
    for name in ("Nordhavn Is", "Havn Syd", "Havn Nord"):
        CompanyFactory(name=name)
    CompanyFactory(name="Havn Gammel", archived_at=timezone.now())
    assert _names(search("havn", user=salesperson))["companies"] == ["Havn Nord", "Havn Syd", "Nordhavn Is", "Havn Gammel"]


def test_five_of_each_kind_are_shown_and_the_rest_is_behind_see_all(jonas):
    for number in range(6):
        CompanyFactory(name=f"Havn {number}", city="")
    html = jonas.get("/search/", {"q": "havn"}).content.decode()
    assert html.count('href="/companies/?q=havn"') == 1
    assert "Havn</mark> 4" in html
    assert "Havn</mark> 5" not in html
    assert 'href="/companies/?q=havn"' not in jonas.get("/search/", {"q": "havn 1"}).content.decode()


@pytest.mark.parametrize("size", [1, 60])
def test_each_kind_costs_two_statements_however_many_there_are(salesperson, size, django_assert_num_queries):
    """The index first, which says whether there are few enough to go by it, then those to show."""
    company = CompanyFactory(name="Havn", city="")
    for _number in range(size):
        SaleFactory(title="Havn", company=ContactFactory(first_name="Havn", company=company).company)
    search("havn", user=salesperson)  # what a process and a user remember does not count
    with django_assert_num_queries(6 if size == 60 else 7):  # few sales are called so: those of the companies are asked for
        assert len(search("havn", user=salesperson)) == 3


def test_sales_are_found_by_their_company_too_after_those_that_are_called_so(salesperson, jonas):
    company = CompanyFactory(name="Ærø Skibsbyg")
    SaleFactory(title="New roof", company=company, archived_at=timezone.now())
    SaleFactory(title="Ærøfærgen")
    for number in range(5):
        SaleFactory(title=f"Roof {number}", company=company)
    group = next(group for group in search("ærø", user=salesperson) if group.kind.key == "sales")
    assert ([hit.name for hit in group.hits], group.more) == (["Ærøfærgen", "Roof 4", "Roof 3", "Roof 2", "Roof 1"], True)
    html = jonas.get("/search/", {"q": "ærø"}).content.decode()
    assert 'href="/sales/?q=%C3%A6r%C3%B8"' in html
    assert "Roof 0" in jonas.get("/sales/", {"q": "ærø"}).content.decode()


def test_only_kinds_that_the_user_may_see_are_searched(client, django_assert_num_queries):
    SaleFactory(title="Havn", company=CompanyFactory(name="Havn"))
    user = UserFactory(groups=[])
    user.user_permissions.add(Permission.objects.get(codename="view_sale"))
    assert list(_names(search("havn", user=user))) == ["sales"]
    client.force_login(UserFactory(groups=[]))
    assert "No results" in client.get("/search/?q=havn").content.decode()


def test_the_box_gets_options_that_are_links_and_the_number_of_results_is_announced(jonas):
    company = CompanyFactory(name="<b>Havn</b>", archived_at=timezone.now())
    response = jonas.get("/search/", {"q": "havn"}, headers=HTMX)
    html = response.content.decode()
    assert f'role="option" aria-selected="false" tabindex="-1" href="{company.get_absolute_url()}"' in html
    assert "&lt;b&gt;<mark>Havn</mark>&lt;/b&gt;" in html
    assert "Archived" in html
    assert '"announce": {"value": "1 result"}' in response["HX-Trigger"]
    nothing = jonas.get("/search/", {"q": "<script>ø"}, headers=HTMX)
    assert "&lt;script&gt;ø" in nothing.content.decode()
    assert nothing["HX-Trigger"].isascii()
    assert "HX-Trigger" not in jonas.get("/search/", headers=HTMX)


def test_hits_are_marked_in_whole_letters_and_safely():
    assert hits("Ærø Is", ["ær"]) == [("Ær", True), ("ø Is", False)]
    assert hits("Straße", ["ss"]) == [("Stra", False), ("ß", True), ("e", False)]
    assert hits("A\N{COMBINING RING ABOVE}se", ["å"]) == [("Å", True), ("se", False)]
    assert hits("aaa", ["aa", "a"]) == [("aaa", True)]
    assert hits("x", [""]) == [("x", False)]
    assert hits("", ["x"]) == []
    assert marked('<a href="x">', "href <") == "<mark>&lt;</mark>a <mark>href</mark>=&quot;x&quot;&gt;"
    assert marked("<i>", "") == escape("<i>")


@pytest.mark.parametrize("q", ["%", "_", "'", '"', "\\", "a" * 5000, "a " * 5000, "🙂", "\udcff"])
def test_no_text_is_too_odd_to_search_for(jonas, q):
    CompanyFactory(name="Havn")
    assert jonas.get("/search/", {"q": q.encode("utf-8", "surrogateescape")}).status_code == 200


def test_the_page_of_results_has_the_text_in_its_box_and_title(jonas):
    Company.objects.all().delete()
    html = jonas.get("/search/", {"q": 'ø"x'}).content.decode()
    assert "<title>Search: ø&quot;x · Havn</title>" in html
    assert html.count('value="ø&quot;x"') == 2  # of the top bar, and of a phone
