"""Do it again when the database asks for it: after a deadlock, or when SQLite was locked for too long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextvars import ContextVar

from django.db import OperationalError, connection

TRIES = 5
PAUSE = 0.05  # seconds, doubled each time, a random part of it: two who met must not meet again
PASSING = ("40P01", "40001", "55P03")  # deadlock, serialization failure, lock not available

_repeats: ContextVar[int] = ContextVar("repeats", default=0)  # how often the unit of work around us can still be repeated


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed when it is done again."""
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", "") in PASSING or "database is locked" in str(error) or "table is locked" in str(error)


def can_repeat() -> bool:
    """Whether somebody around us repeats the whole unit of work, and has tries left."""
    return _repeats.get() > 0


def retrying[Result](work: Callable[[], Result], *, tries: int = TRIES) -> Result:
    """Call `work`, which opens its own transaction; repeat it, after a pause, where the database gave up for a passing reason.

    Everything `work` does must be in that transaction, or harmless when done twice. Inside another transaction nothing can be
    repeated: then `work` is simply called. Raises what the last try raised.
    """
    if connection.in_atomic_block:
        return work()
    for left in range(tries - 1, -1, -1):
        token = _repeats.set(left)
        try:
            return work()
        except OperationalError as error:
            if not left or not is_passing(error):
                raise
        finally:
            _repeats.reset(token)
        time.sleep(random.uniform(0, PAUSE * 2 ** (tries - left)))
    raise AssertionError("unreachable")
