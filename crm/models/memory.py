"""What an instance knows of its row: the cheap filter that spares most saves a look at the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

from django.db import connections, transaction

Values = dict[str, Any]


class Write:
    """Columns that were written, or read back, in a transaction that was open at that time."""

    __slots__ = ("is_committed", "on_commit", "values")

    def __init__(self, values: Values, on_commit: Callable[[], None]) -> None:
        self.values, self.on_commit, self.is_committed = values, on_commit, False


class Memory:
    """The columns as last loaded or committed, and the writes of a transaction that is still open.

    A write that was rolled back is forgotten, so that repeating the save repeats everything that follows from it. Django drops
    the on-commit callbacks of what it rolls back; whether ours is still in line is how we know.
    """

    __slots__ = ("committed", "open")

    def __init__(self, committed: Values | None = None) -> None:
        self.committed = committed
        self.open: list[Write] = []

    def __copy__(self) -> Self:
        twin = type(self)(self.committed)
        twin.open = list(self.open)
        return twin

    def __reduce__(self) -> tuple[type[Memory], tuple[Values | None]]:
        return Memory, (self.committed,)  # a pickled instance is in no transaction

    def known(self, using: str) -> Values | None:
        """The columns as this instance last saw or wrote them; None when it never did. No statement."""
        if not self.open:
            return self.committed
        in_line = {id(entry[1]) for entry in connections[using].run_on_commit}
        still_open = []
        for write in self.open:
            if write.is_committed:
                self.committed = {**(self.committed or {}), **write.values}
            elif id(write.on_commit) in in_line:
                still_open.append(write)
        self.open = still_open
        if not still_open:
            return self.committed
        known = dict(self.committed or {})
        for write in still_open:
            known |= write.values
        return known


def remember(written: Iterable[tuple[Memory, Values]], using: str) -> None:
    """These columns were written, in one statement, or read back: known for good once the transaction commits."""
    writes: list[Write] = []

    def commit() -> None:
        for write in writes:
            write.is_committed = True

    for memory, values in written:
        write = Write(values, commit)
        memory.open.append(write)
        writes.append(write)
    transaction.on_commit(commit, using=using)
