"""Work that is done after a commit, within the request or by a worker (docs/operations.md)."""

from __future__ import annotations

import logging
from itertools import groupby
from typing import Any

from django.core.mail import EmailMessage, mailers
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import Notification, User
from crm.site import absolute
from crm.slots import Told
from crm.telling import told_of

logger = logging.getLogger(__name__)
LONGEST_SUBJECT = 200


@task
def mail_notifications(notification_ids: list[int], root: str) -> None:
    """Mail these notifications, each in its reader's language; `root` is the address of Havn. Nobody is mailed twice.

    A server that cannot be reached raises, before any mail counts as sent: who does the task again sends them all. One mail
    that fails is logged, and not sent again: it may have arrived.
    """
    found = Notification.objects.filter(pk__in=notification_ids, mailed_at=None, user__is_active=True).select_related("user")
    mails = list(found.order_by("user_id", "pk"))
    if not mails:
        return
    with mailers.default as connection:
        for user, mine in groupby(mails, key=lambda one: one.user):
            with translation.override(user.language):
                for pk, told in told_of(user, list(mine)).items():
                    if not told.is_over:  # a worker may come late
                        _send(pk, _mail(pk, told, to=user, root=root), connection)


def _send(pk: int, mail: EmailMessage, connection: Any) -> None:
    if not Notification.objects.filter(pk=pk, mailed_at=None).update(mailed_at=timezone.now()):
        return  # somebody else is sending it
    try:
        connection.send_messages([mail])
    except Exception:
        logger.exception("Notification %d could not be mailed to %s", pk, mail.to[0])


def _mail(pk: int, told: Told, *, to: User, root: str) -> EmailMessage:
    """The mail: plain text, with a link that marks the notification as read."""
    choices = absolute(reverse("crm:notification-choices"), at=root)
    links = [f"{text}\n{absolute(url, at=root)}" for text, url in told.links]
    about = "\n".join(filter(None, [told.text, told.detail]))
    address = absolute(reverse("crm:notification", args=[pk]), at=root)
    foot = _("You choose here what Havn also sends by email:")
    text = "\n\n".join([_("Hello {name},").format(name=to.first_name or to), about, address, *links, f"-- \n{foot}\n{choices}"]) + "\n"
    headers = {"List-Unsubscribe": f"<{choices}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(" ".join(told.text.split())[:LONGEST_SUBJECT], text, to=[to.email], headers=headers)
