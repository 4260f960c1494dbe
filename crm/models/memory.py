"""What an instance knows of its row: the cheap filter that spares most saves a look at the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connections, transaction

Values = dict[str, Any]


class Memory:
    """The columns as last loaded or committed, and the writes of a transaction that is still open.

    A write that was rolled back is forgotten, so that repeating the save repeats everything that follows from it. Django drops
    the on-commit callbacks of what it rolls back; whether ours is still in line is how we know.
    """

    __slots__ = ("committed", "pending")

    def __init__(self, committed: Values | None = None) -> None:
        self.committed = committed
        self.pending: list[tuple[Callable[[], None], Values]] = []

    def __reduce__(self) -> tuple[type[Memory], tuple[Values | None]]:
        return Memory, (self.committed,)  # a pickled or copied instance is in no transaction

    def known(self, using: str) -> Values | None:
        """The columns as this instance last saw or wrote them; None when it never did. No statement."""
        if not self.pending:
            return self.committed
        in_line = {id(entry[1]) for entry in connections[using].run_on_commit}
        self.pending = [(learn, values) for learn, values in self.pending if id(learn) in in_line]
        if not self.pending:
            return self.committed
        known = dict(self.committed or {})
        for _learn, values in self.pending:
            known |= values
        return known

    def refreshed(self, values: Values) -> None:
        """These columns were read from the database."""
        self.committed = {**(self.committed or {}), **values}
        for _learn, written in self.pending:
            for name in values:
                written.pop(name, None)


def remember(written: Iterable[tuple[Memory, Values]], using: str) -> None:
    """These columns were written, in one statement; they are known for good when the transaction commits."""
    entries = list(written)

    def learn() -> None:
        for memory, values in entries:
            memory.committed = {**(memory.committed or {}), **values}
            memory.pending = [entry for entry in memory.pending if entry[0] is not learn]

    for memory, values in entries:
        memory.pending.append((learn, values))
    transaction.on_commit(learn, using=using)
