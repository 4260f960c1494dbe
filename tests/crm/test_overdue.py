"""What should have happened before today is marked, by an icon and in words, wherever a sale is shown (S1)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.models import FollowUp
from tests.factories import CompanyFactory, SaleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def jonas(client, salesperson):
    client.force_login(salesperson)
    return client


def day(days):
    """So many days from today."""
    return timezone.localdate() + dt.timedelta(days=days)


@pytest.mark.parametrize("where", ["list", "sale", "company"])
def test_s1_an_open_sale_that_should_have_closed_is_marked_in_words(jonas, where):
    sale = SaleFactory(expected_close=day(-3))
    html = jonas.get({"list": "/sales/", "sale": sale.get_absolute_url(), "company": sale.company.get_absolute_url()}[where]).content.decode()
    assert "3 days late" in html
    assert 'class="late' in html


@pytest.mark.parametrize(("status", "days"), [("open", 0), ("open", 5), ("won", -3), ("lost", -3), ("stalled", -3), ("open", None)])
def test_s1_a_sale_that_is_closed_stalled_or_has_time_is_not(jonas, status, days):
    sale = SaleFactory(status=status, expected_close=None if days is None else day(days))
    assert not sale.is_overdue
    assert "late" not in jonas.get("/sales/").content.decode().split("<tbody>")[1].split("</tbody>")[0]


@pytest.mark.parametrize(("days", "done", "marked"), [(-1, False, True), (0, False, False), (-1, True, False)])
def test_a_sale_with_an_overdue_follow_up_is_marked_in_the_list(jonas, salesperson, days, done, marked):
    sale = SaleFactory(company=CompanyFactory())
    FollowUp.objects.create(sale=sale, company=sale.company, text="Ring", due_on=day(days), owner=salesperson, done_at=timezone.now() if done else None)
    assert ("Follow-up overdue" in jonas.get("/sales/").content.decode()) is marked
