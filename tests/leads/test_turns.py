"""Whose turn it is (I4): the pure part, for any seats."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import turns


@dataclass
class Seat:
    pk: int
    turn: int = 0
    weight: int = 1


class Round:
    """Leads that come in one after the other."""

    def __init__(self, weights: list[int]) -> None:
        self.turn, self.seats = 0, [Seat(pk, weight=weight) for pk, weight in enumerate(weights, start=1)]
        self.got: Counter[int] = Counter()

    def lead(self, away: frozenset[int] | set[int] = frozenset()) -> int | None:
        seat = turns.next_seat([seat for seat in self.seats if seat.pk not in away], self.turn)
        if seat is None:
            return None
        self.turn, seat.turn = turns.after(seat, self.turn)
        self.got[seat.pk] += 1
        return seat.pk


WEIGHTS = st.lists(st.integers(1, turns.HEAVIEST), min_size=1, max_size=8)


@given(st.integers(1, 9), st.integers(0, 200))
def test_i4_equal_seats_never_differ_by_more_than_one(people, leads):
    playing = Round([1] * people)
    for _ in range(leads):
        playing.lead()
        counts = [playing.got[seat.pk] for seat in playing.seats]
        assert max(counts) - min(counts) <= 1


@given(WEIGHTS, st.integers(0, 200))
def test_i4_everybody_is_within_one_step_of_their_share_at_any_moment(weights, leads):
    playing = Round(weights)
    for _ in range(leads):
        playing.lead()
        for one in playing.seats:
            for other in playing.seats:
                far = playing.got[one.pk] * turns.step(one.weight) - playing.got[other.pk] * turns.step(other.weight)
                assert abs(far) <= max(turns.step(one.weight), turns.step(other.weight))


@given(WEIGHTS)
def test_i4_after_a_whole_round_everybody_got_exactly_their_weight(weights):
    playing = Round(weights)
    for _ in range(sum(weights)):
        playing.lead()
    assert [playing.got[seat.pk] for seat in playing.seats] == weights


@given(st.integers(2, 6), st.lists(st.sets(st.integers(1, 6)), max_size=150))
def test_i4_equal_seats_that_were_there_all_the_time_stay_even_whoever_else_comes_and_goes(people, absences):
    playing = Round([1] * people)
    for away in absences:
        playing.lead(away - {1, 2})
        assert abs(playing.got[1] - playing.got[2]) <= 1


@given(st.integers(1, 50), st.integers(1, turns.HEAVIEST))
def test_i4_whoever_comes_back_does_not_catch_up(missed, weight):
    playing = Round([1, 1, weight])
    for _ in range(missed):
        playing.lead(away={3})
    first_round = [playing.lead() for _ in range(2 + weight)]
    assert first_round.count(3) <= weight + 1
    assert {1, 2} <= set(first_round) | {playing.lead()}


@given(WEIGHTS, st.integers(0, 40), st.integers(0, 30))
def test_i4_the_order_that_is_shown_is_the_one_that_comes(weights, before, number):
    playing = Round(weights)
    for _ in range(before):
        playing.lead()
    told = [seat.pk for seat in turns.next_seats(playing.seats, playing.turn, number)]
    assert told == [playing.lead() for _ in range(number)]


@given(st.integers(1, turns.HEAVIEST), st.integers(1, turns.HEAVIEST), st.integers(0, 30))
def test_i4_whose_weight_changes_waits_for_at_most_one_of_their_new_steps(old, new, leads):
    playing = Round([old, 3])
    for _ in range(leads):
        playing.lead()
    seat = playing.seats[0]
    seat.weight, seat.turn = new, turns.reweighed(seat.turn, playing.turn, new)
    assert seat.turn - playing.turn <= turns.step(new)


def test_i4_nobody_is_next_where_nobody_is_there():
    assert turns.next_seat([], 0) is None
    assert turns.next_seats([], 0, 5) == []


@pytest.mark.parametrize("weight", range(1, turns.HEAVIEST + 1))
def test_i4_no_weight_is_ever_rounded(weight):
    assert turns.step(weight) * weight == turns.ROAD
