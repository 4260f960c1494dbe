"""What is under the bell of the demo's people: everybody has looked at it lately, and was reminded yesterday."""

from __future__ import annotations

import datetime as dt

import time_machine
from django.db.models import F

from crm.models import Notification
from crm.notifications import without_mail
from workflow.reminders import reminders

LOOKED = dt.timedelta(days=3)


def look_under_the_bell(now: dt.datetime) -> None:
    """Mark as read what was told more than three days ago, and remind people as `manage.py remind` did yesterday; nothing is mailed."""
    Notification.objects.filter(at__lt=now - LOOKED).update(read_at=F("at"))
    with time_machine.travel(now - dt.timedelta(days=1), tick=False), without_mail():
        for reminder in reminders():
            reminder.send()
