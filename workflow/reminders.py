"""The daily reminder of suggestions that have waited for long (Q2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from crm.models import User
from crm.models.rights import EDIT_COMPANY
from crm.notifications import notify
from crm.paging import count_capped
from workflow import inbox
from workflow.models import CategoryDecision
from workflow.notifications import ABOUT_MANY, REMINDER

NAMED = 10  # suggestions that a reminder leads to one by one


@dataclass(frozen=True, slots=True)
class Reminder:
    """What has waited for one person, the oldest first; `count` is capped, `oldest` are the first ten."""

    user: User
    count: int
    oldest: list[CategoryDecision]
    days: int

    def send(self) -> bool:
        """Tell this person, unless they were reminded today: also where two do this at the same moment. Three statements."""
        facts = {"count": int(self.count), "days": self.days, "oldest": [decision.pk for decision in self.oldest]}
        once = f"{REMINDER}:{timezone.localdate().isoformat()}"
        return bool(notify(REMINDER, [self.user.pk], subject_id=ABOUT_MANY, facts=facts, once=once))


def reminders(*, days: int = inbox.LONG) -> Iterator[Reminder]:
    """Everybody for whom suggestions have waited longer than so many days, as their inbox sees it. At most six statements for each person."""
    if not inbox.waiting_long(inbox.waiting_for_anyone(), days=days).exists():
        return
    for user in User.objects.who_may(EDIT_COMPANY):
        long = inbox.waiting_long(inbox.waiting_for(user), days=days)
        if count := count_capped(long):
            yield Reminder(user, count, list(long.select_related("company").order_by("created_at", "pk")[:NAMED]), days)
