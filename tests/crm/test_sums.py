"""What sales are worth, in each currency for itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm.models import Sale
from crm.templatetags.ui import amounts
from tests.factories import SaleFactory

pytestmark = pytest.mark.django_db


def _sales():
    for amount, currency, status in ((100, "DKK", "open"), (50, "DKK", "won"), (400, "EUR", "open"), (7, "DKK", "open")):
        SaleFactory(amount=amount, currency=currency, status=status)


def test_amounts_of_two_currencies_are_never_added():
    _sales()
    assert Sale.objects.sums() == [("EUR", Decimal(400)), ("DKK", Decimal(157))]
    assert Sale.objects.open().sums() == [("EUR", Decimal(400)), ("DKK", Decimal(107))]
    assert Sale.objects.none().sums() == []


def test_sums_of_each_status_take_one_statement(django_assert_num_queries):
    _sales()
    with django_assert_num_queries(1):
        found = Sale.objects.sums_by("status")
    assert found == {"open": [("EUR", Decimal(400)), ("DKK", Decimal(107))], "won": [("DKK", Decimal(50))]}


def test_several_currencies_are_shown_side_by_side():
    assert amounts([("EUR", Decimal(400)), ("DKK", Decimal("107.50"))]) == '<span class="nowrap">EUR 400</span> + <span class="nowrap">DKK 107.50</span>'
    assert "–" in amounts([])
