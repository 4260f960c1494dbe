"""Who is told of suggestions: that one waits for them, or that it does not any more (Q2, Q3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from crm.models import Notification, User
from crm.models.rights import MANAGE_SETTINGS
from crm.notifications import About, notify, notify_each, read_about
from workflow.models import CategoryDecision, HandOver, Outcome

SUGGESTION, REMINDER = "suggestion", "reminder"
MOST = 300  # named one by one, for the address of an inbox that shows just those
ABOUT_MANY = 0  # the subject of a notification about several; which ones is in its facts


def asked(questions: Collection[tuple[int, int | None]], *, batch_id: int | None = None) -> None:
    """Tell whoever is asked by these suggestions: key, and of whom it is asked (nobody: the administrators, Q3).

    Each person is told once, of one or of several; of a batch once, however many passes it takes. Whoever caused them is not
    told: their dialog opens by itself. At most three statements, four for a batch; none where there are none.
    """
    by_person: dict[int | None, list[int]] = defaultdict(list)
    for pk, user in questions:
        by_person[user].append(pk)
    if unasked := by_person.pop(None, []):
        for administrator in administrators():
            by_person[administrator] += unasked
    if batch_id:
        notify(SUGGESTION, by_person, subject_id=ABOUT_MANY, facts={"batch": batch_id}, once=f"{SUGGESTION}:batch:{batch_id}")
    elif by_person:
        notify_each(SUGGESTION, {user: _about(pks) for user, pks in by_person.items()})


def _about(pks: list[int], *, hand_over_id: int | None = None) -> About:
    if len(pks) == 1:
        return About(pks[0], {"hand_over": hand_over_id} if hand_over_id else {})
    return About(ABOUT_MANY, {"ids": pks[:MOST], "count": len(pks)})


def handed(hand_overs: Collection[HandOver]) -> None:
    """Whoever had these questions is not to answer them any more; whoever has them now is told once, unless they took them themselves.

    All are by the same person. At most four statements, however many there are.
    """
    over([one.decision_id for one in hand_overs])
    by_person: dict[int | None, list[HandOver]] = defaultdict(list)
    for one in hand_overs:
        by_person[one.to_user_id].append(one)
    if unasked := by_person.pop(None, []):
        for administrator in administrators():
            by_person[administrator] += unasked
    told = {user: found for user, found in by_person.items() if user != found[0].by_id}
    notify_each(SUGGESTION, {user: _about([one.decision_id for one in found], hand_over_id=found[0].pk) for user, found in told.items()})


def over(decision_ids: Collection[int]) -> None:
    """These need no answer any more. One statement."""
    read_about(SUGGESTION, decision_ids)


def replaced_at(company_ids: Collection[int]) -> None:
    """What was asked about these companies before is not to be answered any more. One statement."""
    earlier = CategoryDecision.objects.filter(company__in=company_ids, outcome=Outcome.REPLACED).order_by().values("pk")
    Notification.objects.filter(kind=SUGGESTION, subject_id__in=earlier).mark_read()


def administrators() -> list[int]:
    """Who is asked where nobody else can be (Q3). One statement."""
    return list(User.objects.who_may(MANAGE_SETTINGS).order_by("pk").values_list("pk", flat=True))
