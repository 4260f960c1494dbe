"""The spam folder: what has been there for long is deleted for good (I5)."""

from __future__ import annotations

import datetime as dt
from itertools import batched

from django.db import transaction
from django.utils import timezone

from crm.sql import CHUNK
from leads.models import Inquiry
from leads.models.inquiries import InquiryQuerySet

DAYS = 30  # that an inquiry stays in the folder, at least


def old(days: int = DAYS) -> InquiryQuerySet:
    """Spam that was received before so many days, and that nobody has touched since then."""
    limit = timezone.now() - dt.timedelta(days=days)
    return Inquiry.objects.filter(state=Inquiry.State.SPAM, received_at__lt=limit).exclude(changes__at__gte=limit)


def delete_old(days: int = DAYS) -> int:
    """Delete it with its visits. Returns how many. A few statements for each 2,000.

    What somebody is at work on at this moment stays: they may be saying that it is no spam.
    """
    count = 0
    with transaction.atomic():
        for part in batched(list(old(days).order_by("pk").values_list("pk", flat=True)), CHUNK):
            mine = list(old(days).filter(pk__in=part).select_for_update(skip_locked=True).values_list("pk", flat=True))
            count += Inquiry.objects.filter(pk__in=mine).delete()[1].get("leads.Inquiry", 0)
    return count
