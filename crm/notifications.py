"""Telling people things: under the bell at once, by e-mail after the commit, where they want that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.actor import current_actor
from crm.models import Notification, NotificationChoice, User
from crm.site import root
from crm.slots import NotificationKind, notification_kinds
from crm.tasks import mail_notifications

_mails: ContextVar[bool] = ContextVar("mails", default=True)
KEPT = 90  # days that a notification is kept after it was read


@contextmanager
def without_mail() -> Iterator[None]:
    """What people are told inside is under the bell, and nothing is mailed: it happened long ago, as in the demo."""
    token = _mails.set(False)
    try:
        yield
    finally:
        _mails.reset(token)


class About(NamedTuple):
    """What one person is told of: the subject, and what the sentence needs and the subject does not keep (it goes into JSON)."""

    subject_id: int
    facts: Mapping[str, Any]


def notify(kind: str, user_ids: Collection[int | None], *, subject_id: int, facts: Mapping[str, Any] | None = None, once: str = "") -> list[int]:
    """Tell these people one thing each. `kind` is the key of a `NotificationKind` in the slots (else KeyError). In the caller's transaction.

    Nobody is told what they did themselves, nor who is deactivated or lacks the kind's permission. With `once`, whoever was told
    something under that name is not told again, also where two do this at the same moment. Two statements, one more with `once`;
    mails are sent after the commit. Returns the keys of those who were told.
    """
    return notify_each(kind, dict.fromkeys(user_ids, About(subject_id, facts or {})), once=once)


def notify_each(kind: str, told: Mapping[int | None, About], *, once: str = "") -> list[int]:
    """As `notify()`, but each person, by their key, something of their own. As many statements."""
    found, actor = notification_kinds[kind], current_actor()
    others = told.keys() - {None, actor.pk if actor else None}
    wants = _who_wants_mail(found, others) if others else {}
    if not wants:
        return []
    now = timezone.now()
    rows = [Notification(user_id=user, kind=kind, subject_id=told[user].subject_id, facts=dict(told[user].facts), at=now, once=once) for user in wants]
    with transaction.atomic(savepoint=False):
        made = {row.user_id: row.pk for row in Notification.objects.bulk_create(rows, ignore_conflicts=bool(once))}
        if once:  # the database does not say which of them were new
            made = dict(Notification.objects.filter(user__in=wants, once=once, at=now).values_list("user", "pk"))
        mails = [pk for user, pk in made.items() if wants[user]]
        if mails and settings.MAIL_IS_SENT and _mails.get():
            transaction.on_commit(partial(mail_notifications.enqueue, notification_ids=mails, root=root()), robust=True)
    return sorted(made)


def _who_wants_mail(kind: NotificationKind, user_ids: Collection[int | None]) -> dict[int, bool]:
    """Those of these users who can be told, each with whether they want a mail, too. One statement."""
    users = User.objects.who_may(kind.permission) if kind.permission else User.objects.active()
    chosen = NotificationChoice.objects.filter(user=OuterRef("pk"), kind=kind.key).values("by_email")[:1]
    rows = users.filter(pk__in=user_ids).order_by("pk").values_list("pk", Subquery(chosen))
    return {pk: kind.by_email if by_email is None else by_email for pk, by_email in rows}


class Unread(int):
    """How many unread notifications: shown as 7, or 99+; it was not counted further."""

    CAP = 99

    def __str__(self) -> str:
        return str(int(self)) if self <= self.CAP else f"{self.CAP}+"

    @property
    def label(self) -> str:
        """What the bell is called to those who do not see it."""
        text = ngettext("Notifications, {n} unread", "Notifications, {n} unread", self)
        return text.format(n=str(self)) if self else _("Notifications, none unread")


def unread_of(user: User) -> Unread:
    """How many this user has not looked at. One statement, which an index answers."""
    return Unread(Notification.objects.filter(user=user).unread().order_by()[: Unread.CAP + 1].count())


def read_about(kind: str, subject_ids: Collection[int]) -> None:
    """What was told of these needs nobody any more. One statement."""
    Notification.objects.about(kind, subject_ids).mark_read()


def forget_old() -> int:
    """Delete what was read more than 90 days ago. Returns how many. One statement."""
    return Notification.objects.filter(read_at__lt=timezone.now() - dt.timedelta(days=KEPT)).delete()[0]
