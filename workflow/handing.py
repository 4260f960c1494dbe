"""A question that is asked of somebody else: handed over by a person, or passed on because somebody leaves (Q3).

Who had it, who has it now, and who did that is kept: `HandOver`. Nobody is the administrators.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from itertools import batched
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.actor import current_actor
from crm.archiving import refuse_archived
from crm.models import User
from crm.models.rights import EDIT_COMPANY
from crm.models.users import UserQuerySet
from crm.sql import CHUNK, insert_rows, nobody_at_work
from workflow import notifications
from workflow.decisions import NothingToDecide, locked_for, locked_with_rights, nothing_left
from workflow.models import CategoryDecision, DecisionQuerySet, HandOver, Outcome
from workflow.refusal import Refusal


class CannotHandOver(Refusal):
    """This question cannot be given to that person."""


def who_can_take() -> UserQuerySet:
    """Whom a question can be handed to: active users who may edit companies."""
    return User.objects.who_may(EDIT_COMPANY)


def hand_over(decision_id: int, *, to: User, by: User, note: str = "", tells: bool = True) -> HandOver:
    """Ask `to` instead of whoever is asked now; `note` (at most 300 characters) is shown to them. Who does this to many tells them of all at once.

    Raises CategoryDecision.DoesNotExist, PermissionDenied (for whom it was asked of, and administrators), NothingToDecide where it was
    answered meanwhile, RecordArchived (S5), or CannotHandOver where `to` is asked already or may not edit companies. At most thirteen statements.
    """
    with transaction.atomic():
        decision, _locked = locked_for(decision_id, by)
        return _give(decision, to, by, note=note, tells=tells)


def take_back(hand_over_id: int, *, by: User, tells: bool = True) -> HandOver:
    """Ask whoever had it before, while it waits and nobody has handed it on. For who handed it over, and administrators. `tells` as in `hand_over()`.

    Raises HandOver.DoesNotExist, PermissionDenied, NothingToDecide, RecordArchived (S5) or CannotHandOver. At most fourteen statements.
    """
    with transaction.atomic():
        decision_id = HandOver.objects.values_list("decision_id", flat=True).get(pk=hand_over_id)
        decision, _locked = locked_with_rights(decision_id, by)
        handed = HandOver.objects.select_related("from_user", "to_user").get(pk=hand_over_id)
        if not decision.edits or not (handed.by_id == by.pk or decision.decides):
            raise PermissionDenied(_("You do not have access to do this."))
        if decision.outcome != Outcome.WAITING:
            raise NothingToDecide(decision)
        refuse_archived(decision.company)
        if HandOver.objects.filter(decision=decision, pk__gt=handed.pk).exists():
            raise CannotHandOver(_("{company} has been handed on: {name} is asked now.").format(company=decision.company, name=_name(decision.asked_of)))
        return _give(decision, handed.from_user, by, takes_back=handed, tells=tells)


def _give(decision: CategoryDecision, to: User | None, by: User, *, note: str = "", takes_back: HandOver | None = None, tells: bool) -> HandOver:
    if decision.outcome != Outcome.WAITING or nothing_left(decision):
        raise NothingToDecide(decision)
    before = decision.asked_of
    if before == to:
        raise CannotHandOver(_("{company} waits for {name} already.").format(company=decision.company, name=_name(to)))
    if to and not who_can_take().filter(pk=to.pk).exists():  # asked under the lock: who leaves waits for it, and takes the question with them
        raise CannotHandOver(_("{name} may not edit companies, so {company} cannot be handed to them.").format(name=to, company=decision.company))
    # Only its own columns are looked at: a sale that was reopened meanwhile has ended it without this lock.
    if not CategoryDecision.objects.filter(pk=decision.pk, outcome=Outcome.WAITING, asked_of=before).update(asked_of=to):
        raise NothingToDecide(CategoryDecision.objects.with_names().get(pk=decision.pk))
    handed = HandOver.objects.create(decision=decision, from_user=before, to_user=to, by=by, note=note.strip()[:300], takes_back=takes_back)
    if tells:
        notifications.handed([handed])
    return handed


def hand_overs_of(decisions: Iterable[CategoryDecision]) -> dict[int, list[HandOver]]:
    """How each of these came to whom it is asked of, the first first, by the decision's key. One statement."""
    found: dict[int, list[HandOver]] = {}
    query = HandOver.objects.filter(decision__in=[decision.pk for decision in decisions]).select_related("from_user", "to_user", "by")
    for handed in query.order_by("pk"):
        found.setdefault(handed.decision_id, []).append(handed)
    return found


class Told(NamedTuple):
    """A hand-over in words."""

    text: str
    at: dt.datetime
    note: str = ""


def tell(found: Iterable[HandOver], reader: User) -> list[Told]:
    """These as `reader` is told of them. No statement."""
    return [Told(told(handed, reader), handed.at, handed.note) for handed in found]


def can_take_back(found: Sequence[HandOver], reader: User) -> HandOver | None:
    """The last of a waiting suggestion's hand-overs, if `reader` gave it away; `take_back()` asks again under the lock. No statement."""
    last = found[-1] if found and reader.may_edit_companies else None
    if last is None or last.by_id != reader.pk or last.to_user_id == reader.pk or last.takes_back_id:
        return None
    return last if last.from_user is None or last.from_user.is_active else None


def told(handed: HandOver, reader: User | None = None) -> str:
    """A hand-over as a sentence; `reader` is *you*. No statement."""
    to = _("you") if reader and handed.to_user_id == reader.pk else _name(handed.to_user)
    start, by = _name(handed.from_user), handed.by or _("the system")
    if handed.takes_back_id:
        return capfirst(_("{by} took this back from {start}.").format(by=by, start=start))
    if handed.by_id and handed.by_id == handed.from_user_id:
        return capfirst(_("{by} handed this to {to}.").format(by=by, to=to))
    return capfirst(_("{by} handed this from {start} to {to}.").format(by=by, start=start, to=to))


def gone_from(decision: CategoryDecision, reader: User) -> str:
    """Where a question that `reader` was asked has gone since, as a sentence; empty where it was never theirs. One statement."""
    handed = hand_overs_of([decision]).get(decision.pk, [])
    if not handed or not any(reader.pk in (one.from_user_id, one.to_user_id) for one in handed):
        return ""
    last = handed[-1]
    if last.takes_back_id and last.from_user_id == reader.pk:
        return _("{name} has taken back the question about {company}.").format(name=last.by or _("Havn"), company=decision.company)
    return _("{company} has been handed on: {name} is asked now.").format(company=decision.company, name=_name(decision.asked_of))


def _name(user: User | None) -> str:
    return str(user or _("the administrators"))


def waiting_of(user_ids: Collection[int]) -> DecisionQuerySet:
    """The suggestions that wait for these users."""
    return CategoryDecision.objects.waiting().filter(asked_of__in=user_ids)


@transaction.atomic
def pass_on(user_ids: Collection[int]) -> None:
    """Ask each company's our contact instead, if they may edit companies, else the administrators.

    The users must have lost their rights already. With nobody at work on companies, as questions are asked and answered there:
    one that is being asked is waited for, what was answered meanwhile stays answered. Two statements, and four for each 2,000
    suggestions, with at most three to tell whoever is asked now.
    """
    nobody_at_work("crm_company")
    held = dict(waiting_of(user_ids).order_by("pk").values_list("pk", "asked_of_id"))
    new = who_can_take().filter(companies=OuterRef("company_id")).order_by().values("pk")[:1]
    now, actor = timezone.now(), current_actor()
    for part in batched(held, CHUNK):
        mine = waiting_of(user_ids).filter(pk__in=part)
        mine.update(asked_of=Subquery(new))
        given = list(CategoryDecision.objects.filter(pk__in=part).order_by("pk").values_list("pk", "asked_of_id"))
        rows = [(pk, held[pk], to, actor.pk if actor else None, now, "") for pk, to in given]
        insert_rows(HandOver, ("decision", "from_user", "to_user", "by", "at", "note"), rows)
        notifications.asked(given)
