"""Who tries something too often has to wait: guessing passwords, or filling in a public form.

The count is in the database, so that all processes share it. It is kept for the network address and the thing together: nobody can lock
somebody else out from another place, and an account that does not exist answers like one that does.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac

from crm.models import Attempts

LONGEST = dt.timedelta(minutes=15)  # no limit is; what is older is over
AT_ONCE = 500  # rows that are over, removed by whoever adds one


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` of something within a time. Where it `rolls`, each one that is counted starts the time anew."""

    name: str
    count: int
    within: dt.timedelta
    rolls: bool = False


LOGIN = Limit("login", 5, LONGEST, rolls=True)


def claim(limit: Limit, *what: object) -> int:
    """Count one attempt at `what`. Returns 0 where it may go on, else the seconds to wait; waiting is not counted. Two to four statements."""
    key, now = _key(limit, what), timezone.now()
    mine = Attempts.objects.filter(key=key)
    over = {"since__lte": now - limit.within}
    since = now if limit.rolls else Case(When(**over, then=Value(now)), default=F("since"))
    free = mine.filter(count__lt=limit.count) | mine.filter(**over)
    if free.update(count=Case(When(**over, then=Value(1)), default=F("count") + 1), since=since):
        return 0
    counted = mine.values_list("since", flat=True).first()
    if counted is not None:
        return max(1, ceil((counted + limit.within - now).total_seconds()))
    _forget_what_is_over(now)
    try:
        with transaction.atomic():
            Attempts.objects.create(key=key, count=1, since=now)
    except IntegrityError:  # two first attempts at the same moment
        return claim(limit, *what)
    return 0


def forget(limit: Limit, *what: object) -> None:
    """Start anew: it was the right password. One statement."""
    Attempts.objects.filter(key=_key(limit, what)).delete()


def _forget_what_is_over(now: dt.datetime) -> None:
    """The table stays small. Two who do this at once leave one another's rows alone, instead of waiting for each other in a circle."""
    with transaction.atomic():
        old = Attempts.objects.filter(since__lte=now - LONGEST)
        if connection.features.has_select_for_update_skip_locked:
            old = old.select_for_update(skip_locked=True)
        Attempts.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()


def _key(limit: Limit, what: tuple[object, ...]) -> str:
    return salted_hmac("crm.throttle", " ".join([limit.name, *map(str, what)]), algorithm="sha256").hexdigest()


def network_of(request: Any) -> str:
    """Where a visitor is, for counting: their network address; of version 6 the network of one connection, which has billions of them.

    Without the port that some proxies write behind it. What is no address is counted as it is.
    """
    host = _bare(address_of(request))
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv4Address):
        return host
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))


def _bare(address: str) -> str:
    """`address` without port and brackets: 203.0.113.9:5678, [2001:db8::1]:443."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def address_of(request: Any) -> str:
    """The visitor's network address. Behind a proxy that is what the proxy itself has added, the last one; the others anybody can write."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if request and settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or (request.META.get("REMOTE_ADDR", "") if request else "")
