"""References of history: to rows that are never deleted, from rows that are written by the thousand."""

from __future__ import annotations

from typing import Any

from django.db import models


class HistoryKey(models.ForeignKey):
    """A foreign key without a database constraint, and without an index of its own (docs/decisions/0005).

    History is written with keys that were read, under a lock, in the same transaction; and what it points to is archived, never
    deleted (S5). Checking each key once more was half the cost of a batch. `check_ledger` finds what raw SQL deleted.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs |= {"db_constraint": False, "db_index": False}
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs  # migrations need no class of ours
