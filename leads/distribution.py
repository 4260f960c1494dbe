"""Giving an inquiry to somebody (I4). Whose turn it is is worked out in `leads/turns.py`.

A turn is claimed in the transaction that gives the inquiry, by a conditional UPDATE of the distribution: it goes by `version`, which
rises with every turn and every change of the seats. What is rolled back has claimed nothing. Locks: after contacts, sales and
companies, the distribution and its seats are the last.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models import F, Q

from crm.actor import current_work
from crm.models import Company, User
from crm.models.rights import EDIT_COMPANY, MANAGE_SETTINGS
from crm.notifications import notify
from leads import turns
from leads.models import Assignment, Distribution, DistributionSeat, Inquiry

Reason = Assignment.Reason
IMPORT = "import"  # how an import calls its work (`crm/imports/command.py`)
NEW_LEAD, UNASSIGNED_LEAD = "new-lead", "unassigned-lead"  # kinds of notifications


class Given(NamedTuple):
    """To whom, and why."""

    user_id: int | None
    reason: Assignment.Reason


def who_can_get() -> models.QuerySet[User]:
    """To whom an inquiry can be given: active users who may edit companies, available or not."""
    return User.objects.who_may(EDIT_COMPANY)


def distribution_of(form_id: int) -> Distribution:
    """The form's own distribution, else the default one, which is made when it is first asked for. One statement."""
    found = Distribution.objects.filter(Q(form=form_id) | Q(form=None)).order_by(F("form").asc(nulls_last=True)).first()
    return found or default_distribution()


def default_distribution() -> Distribution:
    """The one of all forms that have none of their own."""
    return Distribution.objects.get_or_create(form=None)[0]


@transaction.atomic(savepoint=False)
def assign(inquiry: Inquiry, *, by: User | None = None, keeps_our_contact: bool = False) -> Assignment:
    """Give an inquiry that has its company to who is next, in the transaction that received it.

    Sets `inquiry.owner`, and makes them *our contact* of a company that has none who can still act; they are told. Where nobody can
    be found it stays without owner, and the administrators are told. The inquiry is saved already, and the caller holds the company's
    lock. `by` is who asked for it, where somebody did; `keeps_our_contact` leaves the company as it is. Eight statements, and those of
    the notification.
    """
    distribution = distribution_of(inquiry.form_id)
    responsible = _responsible_for(inquiry)
    given = Given(responsible, Reason.RESPONSIBLE) if responsible and distribution.only_unassigned else claim(distribution)
    return hand(inquiry, given, distribution=distribution, our_contact=not (responsible or keeps_our_contact), by=by)


def _responsible_for(inquiry: Inquiry) -> int | None:
    """The company's our contact, if they can still act. Read now: a colleague may just have become it."""
    mine = Company.objects.filter(pk=inquiry.company_id or 0).values_list("our_contact", flat=True).first()
    return mine if mine and who_can_get().filter(pk=mine).exists() else None


def claim(distribution: Distribution) -> Given:
    """Take the next turn, else the fallback, else nobody. Brings `distribution` up to date. Three statements, two more when overtaken.

    Who was overtaken looks again under the lock, and is not overtaken twice.
    """
    given = _try_to_claim(distribution)
    if given is None:
        distribution.refresh_from_db(from_queryset=Distribution.objects.select_for_update(no_key=True))
        given = _try_to_claim(distribution)
    if given is None:
        raise AssertionError("A distribution changed while it was locked.")
    return given


def _try_to_claim(distribution: Distribution) -> Given | None:
    """As `claim()`; None where somebody was faster."""
    seat = turns.next_seat(DistributionSeat.objects.available().filter(distribution=distribution), distribution.turn)
    if seat is None:
        fallback = distribution.fallback_id and who_can_get().filter(pk=distribution.fallback_id).exists()
        return Given(distribution.fallback_id, Reason.FALLBACK) if fallback else Given(None, Reason.NOBODY)
    turn, seat_turn = turns.after(seat, distribution.turn)
    # Its version is all that is asked: whoever has it has seen the seats as they are, since nobody writes them without raising it.
    seen = Distribution.objects.filter(pk=distribution.pk, version=distribution.version)
    if not seen.update(version=F("version") + 1, turn=turn):
        return None
    distribution.version, distribution.turn = distribution.version + 1, turn
    DistributionSeat.objects.filter(pk=seat.pk).update(turn=seat_turn, given=F("given") + 1)
    return Given(seat.user_id, Reason.TURN)


def hand(inquiry: Inquiry, given: Given, *, distribution: Distribution | None = None, our_contact: bool, by: User | None = None) -> Assignment:
    """Write down who gets it, and tell them. `our_contact`: they become the company's. Four statements and the notification's."""
    before, inquiry.owner_id = inquiry.owner_id, given.user_id
    Inquiry.objects.filter(pk=inquiry.pk).update(owner=given.user_id)
    if our_contact and given.user_id:
        Company.objects.filter(pk=inquiry.company_id or 0).update(our_contact=given.user_id)
        if "company" in inquiry._state.fields_cache:  # the caller goes on with it
            inquiry.company.our_contact_id = given.user_id  # type: ignore[union-attr]
    rows: dict[str, Any] = {"reason": given.reason, "from_user_id": before, "to_user_id": given.user_id, "by": by}
    assignment = Assignment.objects.create(inquiry=inquiry, distribution=distribution, **rows)
    if current_work().kind == IMPORT:  # thousands at once: whoever it is run for is told when it has ended
        return assignment
    if given.user_id:
        notify(NEW_LEAD, [given.user_id], subject_id=inquiry.pk)
    elif given.reason == Reason.NOBODY:
        notify(UNASSIGNED_LEAD, list(User.objects.who_may(MANAGE_SETTINGS).values_list("pk", flat=True)), subject_id=inquiry.pk)
    return assignment
