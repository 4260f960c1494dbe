"""Numbers as people write them, in both languages; keys stay as they are."""

from __future__ import annotations

import json

import pytest
from django.template import engines
from django.utils import translation

from crm.models import Company, User
from crm.numbers import CappedNumber, Number
from crm.paging import count_capped
from tests.factories import CompanyFactory

TEMPLATE = "{{ n|number }} {% blocktranslate count n=n|number %}{{ n }} result{% plural %}{{ n }} results{% endblocktranslate %} {{ n }}"


@pytest.mark.parametrize(("language", "shown"), [("en", "1,234"), ("da", "1.234")])
def test_a_number_is_grouped_only_where_a_template_asks_for_it(language, shown):
    with translation.override(language):
        first, counted, _word, plain = engines["django"].from_string(TEMPLATE).render({"n": 1234}).split()
    assert (first, counted, plain) == (shown, shown, "1234")


def test_a_number_is_an_int_like_any_other():
    with translation.override("da"):
        assert f"{Number(1_234_567)} salg" == "1.234.567 salg"
        assert f"{Number(7)}" == str(Number(7)) == "7"
    assert f"{Number(1234):d}" == "1234"
    assert json.dumps([Number(1234)]) == "[1234]"
    assert (Number(3) + 1, Number(3) == 3, Number(0) or "none") == (4, True, "none")


@pytest.mark.parametrize(("language", "shown"), [("en", "1,000+"), ("da", "1.000+")])
def test_what_was_not_counted_to_the_end_says_so(language, shown):
    with translation.override(language):
        assert [str(CappedNumber(n)) for n in (48, 1000, 1001)] == ["48", shown.rstrip("+"), shown]


@pytest.mark.django_db
def test_the_list_of_companies_says_1000_or_more_in_the_users_language(client, salesperson):
    CompanyFactory()
    Company.objects.bulk_create([Company(name=f"Firm {number}") for number in range(1005)])
    client.force_login(salesperson)
    assert count_capped(Company.objects.all()) == 1001
    for language, shown in (("en", "1,000+"), ("da", "1.000+")):
        User.objects.update(language=language)
        html = client.get("/companies/").content.decode()
        assert html.count(shown) >= 3
        assert ">1001" not in html
