"""What `save()` promises: a transition is what the database says (crm/models/watch.py)."""

from __future__ import annotations

import copy
import pickle

import pytest
from django.db import transaction

from crm.models import Company, Sale
from tests.crm.watching import loaded, said, stored
from tests.crm.writes import roll_back
from tests.factories import CompanyFactory, SaleFactory

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------ rollbacks
@pytest.mark.parametrize("transactional", [pytest.param(True, marks=pytest.mark.django_db(transaction=True)), False])
def test_a3_a_save_that_was_rolled_back_is_announced_again_when_repeated(heard, transactional):
    sale = loaded(SaleFactory())
    heard.clear()
    sale.status = Sale.Status.WON
    roll_back(sale.save)
    assert stored(sale) == "open"
    sale.save()
    assert said(heard) == [[("open", "won")], [("open", "won")]]
    assert stored(sale) == "won"


def test_a_creation_that_was_rolled_back_can_be_repeated_with_the_same_instance(heard):
    sale = Sale(title="Solar roof", company=CompanyFactory(), status=Sale.Status.WON)
    roll_back(sale.save)
    sale.save()
    assert said(heard) == [[("", "won")], [("", "won")]]
    assert Sale.objects.count() == 1


def test_a_field_written_in_a_transaction_that_was_rolled_back_is_written_when_repeated():
    sale = loaded(SaleFactory(title="Before"))
    sale.title = "After"
    roll_back(sale.save)
    sale.save()
    assert loaded(sale).title == "After"


def test_a_save_that_was_rolled_back_to_a_savepoint_is_announced_again_in_the_same_transaction(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    with transaction.atomic():
        sale.title = "Solar roof, both halls"
        sale.save()
        sale.status = Sale.Status.WON
        roll_back(sale.save)
        assert stored(sale) == "open"
        sale.save()
    assert said(heard) == [[("open", "won")], [("open", "won")]]
    assert (stored(sale), loaded(sale).title) == ("won", "Solar roof, both halls")


def test_a_save_that_was_rolled_back_after_refreshing_is_announced_again_when_repeated(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    sale.status = Sale.Status.WON

    def save_and_look():
        sale.save()
        sale.refresh_from_db()

    roll_back(save_and_look)
    sale.save()
    assert (stored(sale), said(heard)) == ("won", [[("open", "won")], [("open", "won")]])


# --------------------------------------------------- one transaction, several saves
def test_a3_a_second_save_in_the_same_transaction_announces_nothing(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    with transaction.atomic():
        sale.status = Sale.Status.WON
        sale.save()
        sale.title = "Solar roof, both halls"
        sale.save()
    assert said(heard) == [[("open", "won")]]
    assert loaded(sale).title == "Solar roof, both halls"


@pytest.mark.django_db(transaction=True)
def test_a3_saving_a_won_sale_again_after_the_commit_announces_nothing(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    sale.status = Sale.Status.WON
    sale.save()
    sale.save()
    sale.title = "Solar roof, both halls"
    sale.save()
    assert said(heard) == [[("open", "won")]]


def test_a_sale_that_is_won_and_reopened_in_one_transaction_is_open_afterwards(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    with transaction.atomic():
        sale.status = Sale.Status.WON
        sale.save()
        sale.status = Sale.Status.OPEN
        sale.save()
    assert stored(sale) == "open"
    assert said(heard) == [[("open", "won")], [("won", "open")]]


def test_a_field_that_is_changed_and_changed_back_in_one_transaction_is_as_before():
    sale = loaded(SaleFactory(title="Before"))
    with transaction.atomic():
        sale.title = "After"
        sale.save()
        sale.title = "Before"
        sale.save()
    assert loaded(sale).title == "Before"


@pytest.mark.parametrize("fresh", [True, False], ids=["created in this transaction", "loaded"])
def test_an_instance_saved_earlier_in_the_transaction_does_not_reopen_a_sale_won_since(fresh, heard):
    sale = SaleFactory() if fresh else loaded(SaleFactory())
    sale.status = Sale.Status.STALLED
    sale.save()
    Sale.objects.filter(pk=sale.pk).update(status=Sale.Status.WON)
    heard.clear()
    sale.title = "Solar roof, both halls"
    sale.save()
    assert stored(sale) == "won"
    assert said(heard) == []


@pytest.mark.parametrize("fresh", [True, False], ids=["created in this transaction", "loaded"])
def test_an_instance_saved_earlier_in_the_transaction_does_not_move_its_company_back(fresh, category):
    company = CompanyFactory() if fresh else Company.objects.get(pk=CompanyFactory().pk)
    company.category = category["Opportunity"]
    company.save()
    Company.objects.filter(pk=company.pk).update(category=category["Customer"])
    company.phone = "+45 75 00 00 00"
    company.save()
    assert Company.objects.get(pk=company.pk).category == category["Customer"]


# ---------------------------------------------------------- stale instances
def test_a3_a_stale_instance_does_not_invent_a_transition(heard):
    sale = SaleFactory()
    mine, theirs = loaded(sale), loaded(sale)
    theirs.status = Sale.Status.WON
    theirs.save()
    heard.clear()
    mine.status = Sale.Status.WON
    mine.save()
    assert said(heard) == []


def test_the_transition_of_a_stale_instance_starts_where_the_database_is(heard):
    sale = SaleFactory()
    mine = loaded(sale)
    Sale.objects.filter(pk=sale.pk).update(status=Sale.Status.LOST)
    heard.clear()
    mine.status = Sale.Status.WON
    mine.save()
    assert said(heard) == [[("lost", "won")]]


def test_a_stale_instance_does_not_reopen_a_sale_that_a_colleague_won(heard):
    sale = SaleFactory()
    mine = loaded(sale)
    Sale.objects.filter(pk=sale.pk).update(status=Sale.Status.WON)
    heard.clear()
    mine.title = "Solar roof, both halls"
    mine.save()
    assert (stored(sale), loaded(sale).title, said(heard)) == ("won", "Solar roof, both halls", [])


def test_a_stale_instance_does_not_undo_what_a_colleague_wrote_in_another_field():
    sale = SaleFactory(description="")
    mine = loaded(sale)
    Sale.objects.filter(pk=sale.pk).update(description="Wants batteries too", amount=1)
    mine.title = "Solar roof, both halls"
    mine.save()
    assert (loaded(sale).description, loaded(sale).amount) == ("Wants batteries too", 1)


def test_a3_a_stale_instance_that_moves_a_sale_says_nothing_about_a_status_it_did_not_write(heard):
    sale, company = SaleFactory(), CompanyFactory()
    mine = loaded(sale)
    Sale.objects.filter(pk=sale.pk).update(status=Sale.Status.WON)
    heard.clear()
    mine.company = company
    mine.save()
    assert [(change.old_status, change.new_status, change.new_company_id) for change in heard[0]] == [("won", "won", company.pk)]
    assert stored(sale) == "won"


def test_a3_a_stale_instance_that_wins_a_sale_says_nothing_about_a_company_it_did_not_write(heard):
    sale, company = SaleFactory(), CompanyFactory()
    mine = loaded(sale)
    Sale.objects.filter(pk=sale.pk).update(company=company)
    heard.clear()
    mine.status = Sale.Status.WON
    mine.save()
    assert [(change.old_company_id, change.new_company_id) for change in heard[0]] == [(company.pk, company.pk)]
    assert loaded(sale).company == company


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda sale: pickle.loads(pickle.dumps(sale))], ids=["copy", "deepcopy", "pickle"])
def test_a_duplicate_of_an_instance_does_not_reopen_what_the_other_one_won(heard, duplicate):
    sale = loaded(SaleFactory())
    other = duplicate(sale)
    heard.clear()
    sale.status = Sale.Status.WON
    sale.save()
    other.title = "Solar roof, both halls"
    other.save()
    assert (stored(sale), loaded(sale).title) == ("won", "Solar roof, both halls")
    assert said(heard) == [[("open", "won")]]
