"""Who guesses passwords has to wait: after five attempts from one address at one account, a quarter of an hour.

The count is in the database, so that all processes share it. It is kept for address and account together: nobody can lock somebody
else out from another place, and an account that does not exist answers like one that does.
"""

from __future__ import annotations

import datetime as dt
from math import ceil
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac

from crm.models import LoginAttempts

LIMIT = 5
WAIT = dt.timedelta(minutes=15)


def claim(account: str, request: Any) -> int:
    """Count one attempt. Returns 0 where it may go on, else the minutes to wait; waiting is not counted. Two or three statements."""
    key, now = _key(account, request), timezone.now()
    mine = LoginAttempts.objects.filter(key=key)
    over = When(last_at__lte=now - WAIT, then=Value(1))
    free = mine.filter(count__lt=LIMIT) | mine.filter(last_at__lte=now - WAIT)
    if free.update(count=Case(over, default=F("count") + 1), last_at=now):
        return 0
    last_at = mine.values_list("last_at", flat=True).first()
    if last_at is not None:
        return max(1, ceil((last_at + WAIT - now) / dt.timedelta(minutes=1)))
    LoginAttempts.objects.filter(last_at__lte=now - WAIT).delete()  # the table stays small
    try:
        with transaction.atomic():
            LoginAttempts.objects.create(key=key, count=1, last_at=now)
    except IntegrityError:  # two first attempts at the same moment
        return claim(account, request)
    return 0


def forget(account: str, request: Any) -> None:
    """Start anew: it was the right password. One statement."""
    LoginAttempts.objects.filter(key=_key(account, request)).delete()


def _key(account: str, request: Any) -> str:
    return salted_hmac("crm.throttle", f"{account.strip().lower()} {address_of(request)}", algorithm="sha256").hexdigest()


def address_of(request: Any) -> str:
    """The visitor's network address. Behind a proxy that is what the proxy itself has added, the last one; the others anybody can write."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if request and settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or (request.META.get("REMOTE_ADDR", "") if request else "")
