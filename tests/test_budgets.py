"""Lists, cards, boards and the inbox ask the database as often with 10 companies as with 1,000."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.test import Client

from benchmarks import crowd, data, pages
from tests.budgets import assert_costs_the_same

pytestmark = pytest.mark.django_db
EMPTY_AT_10 = {"companies, mine", "search, two words", "search, two letters", "pipeline"}  # a column without a card is not asked for: test_pipeline.py


def test_every_page_asks_the_database_as_often_with_10_companies_as_with_1000():
    client = Client()
    client.force_login(data.actor())

    def addresses():
        found = {}
        for what, where in [page for group in pages.PAGES.values() for page in group.items()]:
            if what not in EMPTY_AT_10:
                with suppress(pages.Missing):
                    found[what] = where(client)
        return found

    costs = assert_costs_the_same(client, addresses, crowd.fill)
    assert {"companies, first page", "companies, 5,000 rows in", "a company's card", "confirmations"} <= costs.keys()
    assert max(costs.values()) < 40
