"""Sales: S1, S2 and S4, whichever way they are written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, Sale, SaleReason, SaleTransition
from tests.crm.watching import loaded
from tests.crm.writes import CHANGES, CREATIONS, change, create, plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
LAST_WEEK = dt.date(2026, 1, 12)
CLOSED = ["won", "lost"]
NOT_CLOSED = ["open", "stalled"]


# ---------------------------------------------------------------------- S1
def test_s1_a_new_sale_is_open_and_needs_only_a_title():
    sale = Sale(title="Solar roof")
    sale.full_clean()
    sale.save()
    assert (loaded(sale).status, loaded(sale).company, loaded(sale).amount) == ("open", None, 0)


@pytest.mark.parametrize("status", CLOSED)
@pytest.mark.parametrize("how", CREATIONS)
def test_s1_a_sale_created_as_closed_is_closed_today(how, status):
    assert loaded(create(how, Sale, title="Solar roof", status=status)).closed_on == timezone.localdate()


@pytest.mark.parametrize("status", CLOSED)
@pytest.mark.parametrize("how", CHANGES)
def test_s1_a_sale_that_is_closed_is_closed_today(how, status):
    sale = SaleFactory()
    change(how, sale, status=status)
    assert loaded(sale).closed_on == timezone.localdate()


@pytest.mark.parametrize("how", CHANGES)
def test_s1_another_closing_date_may_be_given(how):
    sale = SaleFactory()
    change(how, sale, status="won", closed_on=LAST_WEEK)
    assert loaded(sale).closed_on == LAST_WEEK


@pytest.mark.parametrize("how", CHANGES)
def test_s1_saving_a_closed_sale_again_keeps_its_closing_date(how):
    sale = SaleFactory(status="won", closed_on=LAST_WEEK)
    change(how, sale, status="won", title="Solar roof, both halls")
    assert loaded(sale).closed_on == LAST_WEEK


@pytest.mark.parametrize("how", CHANGES)
def test_s1_the_closing_date_of_a_closed_sale_can_be_changed(how):
    sale = SaleFactory(status="won")
    change(how, sale, closed_on=LAST_WEEK)
    assert loaded(sale).closed_on == LAST_WEEK


@pytest.mark.parametrize(("status", "closed_on"), [(status, LAST_WEEK) for status in NOT_CLOSED] + [(status, None) for status in CLOSED])
def test_s1_the_database_holds_a_closing_date_exactly_for_closed_sales(status, closed_on):
    SaleFactory()
    with pytest.raises(IntegrityError):
        plain(Sale).update(status=status, closed_on=closed_on)


@pytest.mark.parametrize("values", [{"status": "maybe"}, {"amount": -1}])
def test_s1_the_database_holds_no_unknown_status_and_no_negative_amount(values):
    SaleFactory()
    with pytest.raises(IntegrityError):
        plain(Sale).update(**values)


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("status", ["won", "lost", "open"])
def test_s1_a_stalled_sale_takes_a_reopen_date_and_loses_it_when_it_goes_on(how, status):
    sale = SaleFactory()
    change(how, sale, status="stalled", reopen_on=LAST_WEEK)
    assert (loaded(sale).reopen_on, loaded(sale).closed_on) == (LAST_WEEK, None)
    change(how, sale, status=status)
    assert loaded(sale).reopen_on is None


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("status", CLOSED)
def test_s1_a_closed_sale_takes_a_reason(how, status):
    sale, reason = SaleFactory(), SaleReason.objects.filter(applies_to=status).first()
    change(how, sale, status=status, reason=reason, reason_note="At last")
    assert (loaded(sale).reason, loaded(sale).reason_note) == (reason, "At last")


def test_s1_the_contact_of_a_sale_works_at_its_company():
    elsewhere = ContactFactory()
    sale = SaleFactory()
    sale.contact = elsewhere
    with pytest.raises(ValidationError) as refused:
        sale.full_clean()
    assert list(refused.value.message_dict) == ["contact"]
    sale.contact = ContactFactory(company=sale.company)
    sale.full_clean()


@pytest.mark.parametrize("currency", ["dkk", "DK", "D1K", "Kroner"])
def test_s1_a_currency_is_three_letters(currency):
    with pytest.raises(ValidationError) as refused:
        Sale(title="Solar roof", currency=currency).full_clean()
    assert list(refused.value.message_dict) == ["currency"]


# ---------------------------------------------------------------------- S2
@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("was", CLOSED)
@pytest.mark.parametrize("becomes", NOT_CLOSED)
def test_s2_a_sale_that_is_no_longer_closed_loses_its_closing_date_and_reason(how, was, becomes):
    sale = SaleFactory(status=was, reason=SaleReason.objects.first(), reason_note="Too dear")
    change(how, sale, status=becomes)
    stored = loaded(sale)
    assert (stored.status, stored.closed_on, stored.reason, stored.reason_note) == (becomes, None, None, "")


@pytest.mark.parametrize("how", CHANGES)
def test_s2_reopening_runs_no_rule(how, category):
    from tests.factories import rule

    sale = SaleFactory(status="won")
    for trigger in ("sale_won", "sale_lost", "sale_registered"):
        rule(trigger, category["Customer"])
    change(how, sale, status="open")
    assert Company.objects.get().category == category["Lead"]
    assert not CategoryDecision.objects.exclude(rule=None).exists()


# ---------------------------------------------------------------------- S4
def _kept(sale):
    return [(kept.from_status, kept.to_status, kept.from_company_id, kept.to_company_id, kept.by) for kept in sale.transitions.order_by("pk")]


@pytest.mark.parametrize("how", CREATIONS)
def test_s4_the_beginning_of_a_sale_is_kept(how, salesperson):
    company = CompanyFactory()
    with acting_as(salesperson):
        sale = create(how, Sale, title="Solar roof", company=company, status="won")
    assert _kept(sale) == [("", "won", None, company.pk, salesperson)]


@pytest.mark.parametrize("how", CHANGES)
def test_s4_every_transition_is_kept_with_from_to_who_and_when(how, salesperson, colleague):
    sale, company = SaleFactory(), CompanyFactory()
    started = timezone.now()
    with acting_as(salesperson):
        change(how, sale, status="won")
    with acting_as(colleague):
        change(how, sale, company=company)
    change(how, sale, status="open", company=None)
    first = sale.company_id
    assert _kept(sale)[1:] == [
        ("open", "won", first, first, salesperson),
        ("won", "won", first, company.pk, colleague),
        ("won", "open", company.pk, None, None),
    ]
    assert all(started <= kept.at <= timezone.now() for kept in sale.transitions.all()[:3])


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("values", [{"title": "Solar roof, both halls"}, {"status": "open"}, {"amount": 1}])
def test_s4_what_is_no_transition_is_not_kept_as_one(how, values):
    sale = SaleFactory()
    change(how, sale, **values)
    assert len(_kept(sale)) == 1


@pytest.mark.parametrize("how", CHANGES)
def test_s4_each_sale_of_a_batch_keeps_its_own_transition(how):
    sales = SaleFactory.create_batch(3)
    change(how, *sales, status="lost")
    assert sorted(SaleTransition.objects.filter(to_status="lost").values_list("sale", flat=True)) == [sale.pk for sale in sales]


# ---------------------------------------------------------------------- S5
@pytest.mark.parametrize("factory", [CompanyFactory, ContactFactory, SaleFactory])
@pytest.mark.parametrize("how", CHANGES)
def test_s5_a_record_is_archived_and_brought_back(factory, how):
    record = factory()
    change(how, record, archived_at=timezone.now())
    assert not type(record).objects.current().filter(pk=record.pk).exists()
    change(how, record, archived_at=None)
    assert type(record).objects.current().filter(pk=record.pk).exists()


def test_s2_winning_that_was_rolled_back_is_done_when_it_is_repeated():
    sale = Sale.objects.get(pk=SaleFactory().pk)
    with transaction.atomic():
        sale.win()
        transaction.set_rollback(True)
    sale.win()
    assert Sale.objects.get().status == "won"
