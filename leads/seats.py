"""What administrators do with distributions and their seats (I4). Each verb is atomic, and kept in the settings log.

Each locks the distribution and raises its version, so that a turn that is being claimed at this moment is claimed again from what is
true then. Nothing here goes by that version: it rises with every lead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F

from crm.models import SettingsChange, User
from crm.sql import nobody_at_work
from leads import turns
from leads.distribution import default_distribution, who_can_get
from leads.models import Distribution, DistributionSeat, LeadForm

AREA, SEATS_AREA = "distribution", "distribution-seats"  # of the settings log
KEPT = ("only_unassigned", "fallback_id")


class SeatChanged(Exception):
    """Another administrator was faster: `seat` is as it is now, or gone."""

    def __init__(self, seat: DistributionSeat | None = None) -> None:
        super().__init__(seat)
        self.seat = seat


class CannotTakePart(Exception):
    """This user has a seat already, or may not edit companies any more."""


@contextmanager
def changing(distribution_id: int) -> Iterator[Distribution]:
    """The distribution, locked, for a change of it or its seats. Raises Distribution.DoesNotExist. Two statements."""
    with transaction.atomic():
        distribution = Distribution.objects.select_for_update(no_key=True).get(pk=distribution_id)
        Distribution.objects.filter(pk=distribution_id).update(version=F("version") + 1)
        distribution.version += 1
        yield distribution


def add_seat(distribution_id: int, *, user: User, weight: int = 1, turn: int = 0, is_paused: bool = False) -> DistributionSeat:
    """Let this user take part from the present turn on. Raises Distribution.DoesNotExist, or CannotTakePart.

    `turn` and `is_paused`: as the seat was, where its removal is undone. Nobody gets a lead earlier by being removed and put back.
    """
    with changing(distribution_id) as distribution:
        if distribution.seats.filter(user=user).exists() or not who_can_get().filter(pk=user.pk).exists():
            raise CannotTakePart
        seat = DistributionSeat.objects.create(
            distribution=distribution, user=user, weight=weight, is_paused=is_paused, turn=turns.returning(turn, distribution.turn, weight)
        )
        _log(seat, before={}, after={"user": user.pk, "weight": weight})
        if is_paused:
            _log(seat, before={"is_paused": False}, after={"is_paused": True})
        return seat


def reweigh(seat_id: int, weight: int, *, seen: int | None = None) -> DistributionSeat:
    """Give a seat another weight; it then waits for at most one of its new steps. Raises SeatChanged unless the weight is `seen`."""
    with _seat(seat_id) as seat:
        before = seat.weight
        if seen not in (None, before) and weight != before:
            raise SeatChanged(seat)
        seat.turn, seat.weight = turns.reweighed(seat.turn, seat.distribution.turn, weight), weight
        seat.save(update_fields=["turn", "weight"])
        _log(seat, before={"weight": before}, after={"weight": weight})
        return seat


def set_paused(seat_id: int, paused: bool) -> DistributionSeat:
    """Pass a seat over until it is resumed; it does not catch up then. Raises SeatChanged where it is so already."""
    with _seat(seat_id) as seat:
        if seat.is_paused == paused:
            raise SeatChanged(seat)
        seat.is_paused = paused
        seat.save(update_fields=["is_paused"])
        _log(seat, before={"is_paused": not paused}, after={"is_paused": paused})
        return seat


def remove_seat(seat_id: int) -> DistributionSeat:
    """Let somebody take part no more; what they were given stays. Returns what they had. Raises SeatChanged where it is gone."""
    with _seat(seat_id) as seat:
        _log(seat, before={"takes_part": True}, after={"takes_part": False})
        DistributionSeat.objects.filter(pk=seat.pk).delete()
        return seat


@contextmanager
def _seat(seat_id: int) -> Iterator[DistributionSeat]:
    """The seat, with its distribution locked. Raises SeatChanged where it is gone."""
    found = DistributionSeat.objects.filter(pk=seat_id).values_list("distribution_id", flat=True).first()
    try:
        with changing(found or 0) as distribution:
            seat = DistributionSeat.objects.select_related("user").get(pk=seat_id)
            seat.distribution = distribution
            yield seat
    except (Distribution.DoesNotExist, DistributionSeat.DoesNotExist):
        raise SeatChanged from None


def _log(seat: DistributionSeat, *, before: dict[str, Any], after: dict[str, Any]) -> None:
    form = seat.distribution.form
    item = f"{seat.user} ({form})" if form else str(seat.user)
    SettingsChange.record(area=SEATS_AREA, item=item, item_id=seat.pk, before=before, after=after)


def kept(distribution: Distribution) -> dict[str, Any]:
    """What the settings log keeps of a distribution."""
    return {name.removesuffix("_id"): getattr(distribution, name) for name in KEPT}


def log_settings(distribution: Distribution, *, before: dict[str, Any]) -> None:
    """Keep what was changed of how it works."""
    SettingsChange.record(area=AREA, item=str(distribution), item_id=distribution.pk, before=before, after=kept(distribution))


@transaction.atomic
def make_own(form: LeadForm, *, like: Distribution | None = None) -> Distribution:
    """Give a form a distribution of its own, which begins as a copy of that one, else the default one, seats included. Doing it twice makes one."""
    model = like or default_distribution()
    own, is_new = Distribution.objects.get_or_create(form=form, defaults={name: getattr(model, name) for name in KEPT})
    if is_new:
        seats = [DistributionSeat(distribution=own, user_id=seat.user_id, weight=seat.weight, is_paused=seat.is_paused) for seat in model.seats.all()]
        DistributionSeat.objects.bulk_create(seats)
        after = {**kept(own), "takes_part": [seat.user_id for seat in seats], "is_own": True}
        SettingsChange.record(area=AREA, item=str(form), item_id=own.pk, before={"is_own": False}, after=after)
    return own


@transaction.atomic
def drop_own(distribution: Distribution) -> None:
    """Back to the default one, for what comes in from now on. What was given stays. Doing it twice drops once."""
    if distribution.form_id is None:
        raise ValueError("The default distribution stays.")
    nobody_at_work("crm_company")  # nobody is giving an inquiry by it at this moment
    if Distribution.objects.filter(pk=distribution.pk).delete()[0]:
        SettingsChange.record(area=AREA, item=str(distribution.form), item_id=distribution.pk, before={"is_own": True}, after={"is_own": False})
