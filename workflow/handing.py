"""What waits for somebody who leaves passes on (Q3): who had it, who has it now, and who did that is kept."""

from __future__ import annotations

from collections.abc import Collection
from itertools import batched

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from crm.actor import current_actor
from crm.models import User
from crm.models.rights import EDIT_COMPANY
from crm.sql import CHUNK, insert_rows, nobody_at_work
from workflow.models import CategoryDecision, DecisionQuerySet, HandOver


def waiting_of(user_ids: Collection[int]) -> DecisionQuerySet:
    """The suggestions that wait for these users."""
    return CategoryDecision.objects.waiting().filter(asked_of__in=user_ids)


@transaction.atomic
def pass_on(user_ids: Collection[int]) -> None:
    """Ask each company's our contact instead, if they may edit companies, else the administrators.

    The users must have lost their rights already. With nobody at work on companies, as questions are asked and answered there:
    one that is being asked is waited for, what was answered meanwhile stays answered. Two statements, and four for each 2,000
    suggestions.
    """
    nobody_at_work("crm_company")
    held = dict(waiting_of(user_ids).order_by("pk").values_list("pk", "asked_of_id"))
    new = User.objects.who_may(EDIT_COMPANY).filter(companies=OuterRef("company_id")).order_by().values("pk")[:1]
    now, actor = timezone.now(), current_actor()
    for part in batched(held, CHUNK):
        mine = waiting_of(user_ids).filter(pk__in=part)
        mine.update(asked_of=Subquery(new))
        given = CategoryDecision.objects.filter(pk__in=part).order_by("pk").values_list("pk", "asked_of_id")
        rows = [(pk, held[pk], to, actor.pk if actor else None, now) for pk, to in given]
        insert_rows(HandOver, ("decision", "from_user", "to_user", "by", "at"), rows)
