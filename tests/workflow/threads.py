"""Two people at the same moment, in real threads, each with a connection of their own (A6)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections, transaction

PATIENCE = 20  # seconds, after which something hangs


def _closing(work: Callable[[], object]) -> object:
    try:
        return work()
    finally:
        connections.close_all()


def at_once(*works: Callable[[], object]) -> list[object]:
    """Do these at the same moment; return their results, or raise what one of them raised."""
    barrier = threading.Barrier(len(works), timeout=PATIENCE)

    def start(work: Callable[[], object]) -> object:
        barrier.wait()
        return _closing(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(start, work) for work in works]]


@contextmanager
def meanwhile(work: Callable[[], object], *, then: Callable[[], object] | None = None, roll_back: bool = False, must_wait: bool = True):
    """Start `work` in another connection once the body has run, and end the body's transaction when `work` waits for it.

    `then` is what a third person does while `work` waits: it is done, or waits as well, before the body's transaction ends.
    """
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            yield
            other = pool.submit(_closing, work)
            waited = somebody_waits(other.done)
            third = pool.submit(_closing, then) if then else other
            somebody_waits(third.done, how_many=2 if then else 1)
            transaction.set_rollback(roll_back)
        other.result(PATIENCE)
        third.result(PATIENCE)
    assert waited or not must_wait, "the two did not meet: this test shows nothing"


def somebody_waits(too_late: Callable[[], bool], *, how_many: int = 1) -> bool:
    """Whether somebody waits for a lock before it is `too_late`; waits for that itself. In our database: other tests run on the same server."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not too_late():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction the first look would stay the last
            cursor.execute("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()")
            if cursor.fetchone()[0] >= how_many:
                return True
        time.sleep(0.01)
    return False
