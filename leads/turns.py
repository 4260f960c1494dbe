"""Whose turn it is (I4). Pure: no database, whole numbers only.

Everybody walks along one road. `turn` of a distribution is how far the round has come, `turn` of a seat where it gets its next lead;
a lead moves its seat on by a step, which is shorter the more the seat weighs. Who stands furthest back is next. Who was away, paused or
is new starts where the round is: what went by meanwhile is not made up for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import lcm
from typing import Protocol

HEAVIEST = 10  # weight of a seat
ROAD = lcm(*range(1, HEAVIEST + 1))  # 2520: each weight divides it, so nothing is ever rounded


class Seat(Protocol):
    """What is looked at of a seat."""

    pk: int
    turn: int
    weight: int


def step(weight: int) -> int:
    """How far a lead moves a seat of this weight (1 to 10)."""
    return ROAD // weight


def place(seat_turn: int, turn: int) -> int:
    """Where a seat stands while the round is at `turn`: never behind it."""
    return max(seat_turn, turn)


def next_seat[AnySeat: Seat](seats: Iterable[AnySeat], turn: int) -> AnySeat | None:
    """Who is next among these, who are all available; of equals the one with the lowest key. None where there is nobody."""
    return min(seats, key=lambda seat: (place(seat.turn, turn), seat.pk), default=None)


def after(seat: Seat, turn: int) -> tuple[int, int]:
    """Where the round, and this seat, stand once it has got a lead."""
    here = place(seat.turn, turn)
    return here, here + step(seat.weight)


def reweighed(seat_turn: int, turn: int, weight: int) -> int:
    """Where a seat stands whose weight becomes this: it waits for at most one of its new steps."""
    return min(seat_turn, turn + step(weight))


def returning(seat_turn: int, turn: int, weight: int) -> int:
    """Where a seat stands that had been taken away and is put back: where it was, but never behind the round, nor too far ahead of it."""
    return reweighed(place(seat_turn, turn), turn, weight)


class _Walker:
    def __init__(self, seat: Seat) -> None:
        self.seat, self.pk, self.turn, self.weight = seat, seat.pk, seat.turn, seat.weight


def next_seats[AnySeat: Seat](seats: Iterable[AnySeat], turn: int, number: int) -> list[AnySeat]:
    """Who gets the next leads, so many, if nothing changes. The seats stay as they are."""
    walkers: Sequence[_Walker] = [_Walker(seat) for seat in seats]
    found: list[AnySeat] = []
    while len(found) < number and (walker := next_seat(walkers, turn)):
        turn, walker.turn = after(walker, turn)
        found.append(walker.seat)  # type: ignore[arg-type]
    return found
