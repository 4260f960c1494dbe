"""What the database asks to be done again is done again, whole, and says what it has to say once (A6)."""

from __future__ import annotations

import pytest
from django.db import OperationalError, transaction
from django.urls import reverse

from crm.models import Sale
from crm.retrying import TRIES, can_repeat, is_passing, retrying
from tests.factories import SaleFactory


class Deadlock(Exception):
    """As the driver raises it."""

    sqlstate = "40P01"


def deadlock():
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("crm.retrying.time.sleep", lambda _seconds: None)


@pytest.mark.parametrize("error", [deadlock(), OperationalError("database is locked")])
def test_work_is_repeated_until_it_succeeds(transactional_db, error):
    tries = []

    def work():
        tries.append(can_repeat())
        if len(tries) < 3:
            raise error
        return "done"

    assert retrying(work) == "done"
    assert tries == [True, True, True]


def test_the_last_try_raises_and_knows_that_it_is_the_last(transactional_db):
    tries = []

    def work():
        tries.append(can_repeat())
        raise deadlock()

    with pytest.raises(OperationalError):
        retrying(work)
    assert tries == [True] * (TRIES - 1) + [False]
    assert not can_repeat()


@pytest.mark.parametrize("error", [ValueError("x"), OperationalError("the server is gone")])
def test_what_would_fail_again_is_not_repeated(transactional_db, error):
    tries = []

    def work():
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        retrying(work)
    assert (len(tries), is_passing(error)) == (1, False)


def test_inside_a_transaction_nothing_can_be_repeated(transactional_db):
    tries = []

    def work():
        tries.append(can_repeat())
        raise deadlock()

    with pytest.raises(OperationalError), transaction.atomic():
        retrying(work)
    assert tries == [False]


@pytest.mark.django_db(transaction=True)
def test_a_view_that_met_a_deadlock_does_its_work_once_and_says_so_once(client, salesperson, monkeypatch):
    sale = SaleFactory()
    client.force_login(salesperson)
    win, tries = Sale.win, []

    def unlucky(self):
        win(self)
        tries.append(1)
        if len(tries) == 1:
            raise deadlock()

    monkeypatch.setattr(Sale, "win", unlucky)
    response = client.post(reverse("crm:sale-won", args=[sale.pk]), headers={"HX-Request": "true"})
    assert (response.status_code, len(tries)) == (200, 2)
    assert response.content.decode().count("is won.") == 1
    assert list(sale.transitions.values_list("to_status", flat=True)) == ["won", "open"]
