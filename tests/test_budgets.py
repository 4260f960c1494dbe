"""Lists, cards, boards and the inbox ask the database as often with 10 companies as with 1,000."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.test import Client
from django.utils import timezone

from benchmarks import crowd, data, pages
from crm.models import Company, Sale
from crm.text import fold
from tests.budgets import assert_costs_the_same
from tests.crm.writes import plain

pytestmark = pytest.mark.django_db


def _fill(companies):
    """Also of ten companies one is mine and one is found by every word, and every column of the pipeline has a card: what is empty asks less."""
    crowd.fill(companies)
    name, city, today = "Østerenergi Tømrer ApS", "Skagen", timezone.localdate()
    plain(Company).filter(pk=1).update(our_contact=data.actor())
    plain(Company).filter(pk=2).update(name=name, city=city, search_text=fold(f"{name} {city}"))
    for pk, status in enumerate(Sale.CLOSED, start=9):
        plain(Sale).filter(pk=pk).update(status=status, closed_on=today)


def test_every_page_asks_the_database_as_often_with_10_companies_as_with_1000():
    client = Client()
    client.force_login(data.actor())

    def addresses():
        found = {}
        for what, where in [page for group in pages.PAGES.values() for page in group.items()]:
            with suppress(pages.Missing):
                found[what] = where(client)
        return found

    costs = assert_costs_the_same(client, addresses, _fill)
    assert {"companies, first page", "companies, 5,000 rows in", "a company's card", "confirmations"} <= costs.keys()
    assert max(costs.values()) <= 28  # a company's card
