"""I4: leads that come in through many processes at once are spread evenly, and none stays behind."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db.models import Q

from leads import turns
from leads.distribution import default_distribution
from leads.models import Assignment, Distribution, DistributionSeat, Inquiry
from leads.seats import set_paused
from tests.conftest import on_postgresql
from tests.factories import LeadFormFactory
from tests.leads.seats import many_inquiries, seat
from tests.workflow.processes import do, each

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, LEADS, PARTS = 8, 2_000, 5


def assert_turns_are_consistent():
    """What the seats, the distribution and the assignments say of one another."""
    given = Counter(Assignment.objects.filter(reason="turn").values_list("to_user", flat=True))
    for one in DistributionSeat.objects.select_related("distribution"):
        assert one.given == given[one.user_id]
        assert one.turn <= one.distribution.turn + turns.step(one.weight)
    assert Distribution.objects.get().version >= sum(given.values())
    assert not Inquiry.objects.filter(Q(owner=None) | Q(state="spam")).exists()
    assert Assignment.objects.count() == Inquiry.objects.count()


def shares():
    return list(DistributionSeat.objects.order_by("pk").values_list("given", flat=True))


def leads(form, number, **more):
    return [do("receive_leads", form=form, number=number // PEOPLE, who=f"p{n}", **more) for n in range(PEOPLE)]


@on_postgresql
def test_i4_two_thousand_leads_from_eight_processes_are_spread_evenly_and_none_is_left(people):
    """A tenth of them through the form; the others are there already, so that the test does not take minutes."""
    for _ in range(3):
        seat()
    form, before = LeadFormFactory(), people.deadlocks()
    waiting = many_inquiries(form, LEADS - LEADS // 10)
    fill_in = leads(form, LEADS // 10)
    given = [[do("assign_leads", inquiries=waiting[n + PEOPLE * part :: PEOPLE * PARTS]) for part in range(PARTS)] for n in range(PEOPLE)]
    done = people.at_once(*[each(*given[n], fill_in[n]) for n in range(PEOPLE)])
    assert sum(sum(one.results) for one in done) == LEADS == Inquiry.objects.count()
    assert max(shares()) - min(shares()) <= 1
    assert sum(shares()) == LEADS
    assert_turns_are_consistent()
    assert people.deadlocks() == before


@pytest.mark.parametrize("roll_back_every", [0, 3])
def test_i4_seats_that_weigh_1_2_and_3_are_within_one_step_also_when_requests_fail_in_between(people, roll_back_every):
    seats = [seat(weight=weight) for weight in (1, 2, 3)]
    done = people.at_once(*leads(LeadFormFactory(), 96, roll_back_every=roll_back_every))
    kept = sum(one.result for one in done)
    assert kept == Inquiry.objects.count() == sum(shares()) == (96 if not roll_back_every else 96 - 8 * 4)
    reached = [given * turns.step(one.weight) for given, one in zip(shares(), seats, strict=True)]
    assert max(reached) - min(reached) <= turns.step(1)
    assert_turns_are_consistent()


def test_i4_whoever_is_paused_while_leads_arrive_does_not_catch_up_afterwards(people):
    first, second, third = [seat() for _ in range(3)]
    form = LeadFormFactory()
    people.at_once(*leads(form, 48), do("pause_seat", seat=third))
    assert abs(shares()[0] - shares()[1]) <= 1
    missed = shares()[2]
    set_paused(third.pk, False)
    people.at_once(*[do("receive_leads", form=form, number=3, who=f"q{n}") for n in range(PEOPLE)])
    assert abs(shares()[0] - shares()[1]) <= 1
    assert shares()[2] - missed in (8, 9)  # its share of 24, no more
    assert_turns_are_consistent()
    assert default_distribution().turn > 0
    assert first.turn == second.turn == 0  # as they began: nobody gave these instances anything
