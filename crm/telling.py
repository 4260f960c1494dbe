"""Notifications in words: for the bell, the list and the mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.utils.translation import gettext as _

from crm.models import Notification, User
from crm.slots import NotificationKind, Told, notification_kinds


def told_of(reader: User, notifications: Iterable[Notification]) -> dict[int, Told]:
    """What each of these says to `reader`, whose they are, in the language of the moment; by key.

    What a notification was about may be gone, or be nothing for this person any more: then it says so. Costs what each kind
    among them costs, whatever their number.
    """
    by_kind: dict[str, list[Notification]] = defaultdict(list)
    for notification in notifications:
        notification.user = reader
        by_kind[notification.kind].append(notification)
    told: dict[int, Told] = {}
    for key, found in by_kind.items():
        kind = notification_kinds.get(key)
        told |= _told(reader, kind, found) if kind else {}
        told |= {one.pk: _gone() for one in found if one.pk not in told}
    return told


def _told(reader: User, kind: NotificationKind, found: list[Notification]) -> dict[int, Told]:
    if kind.permission and not reader.has_perm(kind.permission):
        text = _("You no longer have access to what this was about.")
        return {one.pk: Told(text, is_over=True) for one in found}
    return dict(kind.tell(found))


def _gone() -> Told:
    return Told(_("What this was about is no longer there."), is_over=True)
