"""What is counted for public forms is counted once for all processes (I5)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.models import Attempts
from leads import limits
from tests.workflow.processes import do

pytestmark = pytest.mark.django_db(transaction=True)


def test_i5_the_limit_holds_across_processes(people):
    """Eight processes try forty times each at a limit of ten."""
    done = people.at_once(*[do("claim_often", times=40) for _process in range(8)])
    assert sum(one.result for one in done) == limits.FROM_ONE_ADDRESS.count
    assert Attempts.objects.get().count == limits.FROM_ONE_ADDRESS.count


def test_i5_rows_that_are_over_are_removed_by_several_at_once(people):
    old = timezone.now() - dt.timedelta(days=1)
    Attempts.objects.bulk_create(Attempts(key=f"{n:064}", count=1, since=old) for n in range(3000))
    people.at_once(*[do("claim_many", times=20, mark=process) for process in range(4)])
    assert not Attempts.objects.filter(since=old).exists()
    assert Attempts.objects.count() == 80
