"""What the page about a distribution shows: who is next and why, who is passed over, and who got how much lately (I4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import User
from leads import turns
from leads.distribution import who_can_get
from leads.models import Assignment, Distribution, DistributionSeat

NEXT = 5  # of the order that are shown
LATELY = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Row:
    """A seat, why it is passed over (empty: it is not), and what its user was given in 30 days: in all, and in turn."""

    seat: DistributionSeat
    why_not: str
    lately: int
    in_turn: int

    @property
    def user(self) -> User:
        """Whose seat it is."""
        return self.seat.user


@dataclass(frozen=True, slots=True)
class Rota:
    """One distribution as it stands."""

    distribution: Distribution
    rows: list[Row]
    order: list[User]  # who gets the next leads
    fallback: User | None  # who gets them where nobody is available, if they can

    @property
    def available(self) -> list[Row]:
        """Who takes part at this moment."""
        return [row for row in self.rows if not row.why_not]

    @property
    def passed_over(self) -> list[Row]:
        """Who does not, each with the reason."""
        return [row for row in self.rows if row.why_not]

    @property
    def why(self) -> str:
        """Why the first in the order is next."""
        if len(self.available) < 2:
            return _("Nobody else is available.") if self.available else ""
        places = {row.seat.pk: turns.place(row.seat.turn, self.distribution.turn) for row in self.available}
        first = min(self.available, key=lambda row: (places[row.seat.pk], row.seat.pk))
        equal = [str(row.user) for row in self.available if row is not first and places[row.seat.pk] == places[first.seat.pk]]
        if equal:
            return _("{name} is level with {others}, and was added first.").format(name=first.user, others=", ".join(equal))
        return _("{name} is furthest behind in this round, by weight.").format(name=first.user)


def rota_of(distribution: Distribution) -> Rota:
    """How it stands. Four statements, however many seats there are."""
    seats = list(distribution.seats.select_related("user"))
    editors = set(who_can_get().filter(pk__in=[*(seat.user_id for seat in seats), distribution.fallback_id or 0]).values_list("pk", flat=True))
    lately = _given_lately(distribution)
    rows = [Row(seat, _why_not(seat, editors), *lately.get(seat.user_id, (0, 0))) for seat in seats]
    order = turns.next_seats([row.seat for row in rows if not row.why_not], distribution.turn, NEXT)
    fallback = distribution.fallback if distribution.fallback_id in editors else None
    return Rota(distribution, rows, [seat.user for seat in order], fallback)


def _why_not(seat: DistributionSeat, editors: set[int]) -> str:
    """In words; the same conditions as `DistributionSeat.objects.available()`."""
    if not seat.user.is_active:
        return _("Deactivated")
    if seat.user_id not in editors:
        return _("May not edit companies")
    if seat.is_paused:
        return _("Paused")
    return "" if seat.user.is_available else _("Away")


def _given_lately(distribution: Distribution) -> dict[int, tuple[int, int]]:
    """How many each user was given in 30 days: in all, and because it was their turn."""
    given = Assignment.objects.filter(distribution=distribution, at__gte=timezone.now() - LATELY, to_user__isnull=False).order_by()
    counted = given.values("to_user").annotate(n=Count("pk"), turn=Count("pk", filter=Q(reason=Assignment.Reason.TURN)))
    return {row["to_user"]: (row["n"], row["turn"]) for row in counted}
