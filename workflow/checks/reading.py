"""What the checks have in common: what they know before they look, and how they say what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import DatabaseError, connection, transaction
from django.db.models import BigIntegerField, Model, QuerySet, Value
from django.db.models.functions import Coalesce

from workflow.checks.periods import RuleLog


class Part(NamedTuple):
    """What one statement found: how many, and the first of them in words."""

    total: int
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What every check needs: how much to say, what the settings log says of rules, and the names of the few."""

    limit: int
    log: RuleLog
    categories: dict[int, str]
    statuses: dict[int, str]

    def category(self, pk: int | None) -> str:
        """A category in words."""
        return "nothing" if pk is None else self.categories.get(pk, f"category {pk}, which does not exist")

    def status(self, pk: int | None) -> str:
        """A lead status in words."""
        return "nothing" if pk is None else self.statuses.get(pk, f"lead status {pk}, which does not exist")

    def ask(self, query: QuerySet, say: Callable[[Any], str]) -> Part:
        """The first rows in words, and how many there are: one statement, another where there are more than are said."""
        rows = list(query[: self.limit + 1])
        total = len(rows) if len(rows) <= self.limit else query.count()
        return Part(total, [say(row) for row in rows[: self.limit]])


def company(name: str | None, pk: int) -> str:
    """A company in words."""
    return f"{name} (company {pk})" if name is not None else f"Company {pk}, which does not exist"


def key(expression: Any) -> Coalesce:
    """A key that may be null, as 0, which no row has: so that two of them can be compared."""
    return Coalesce(expression, Value(0), output_field=BigIntegerField())


def let_planner_know(*models: type[Model]) -> None:
    """Have PostgreSQL count these tables anew: what has just been restored or imported it takes for empty, and compares every row
    with every other. A statement, under a second; nothing where it may not, on a standby, or in a transaction."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(model._meta.db_table for model in models)}")


@contextmanager
def one_moment() -> Iterator[None]:
    """Every statement inside sees the database as it was at one moment, and holds nobody up. In a transaction: as that one sees it."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        sqlite: Any = connection
        sqlite.ensure_connection()
        mode, sqlite.transaction_mode = sqlite.transaction_mode, "DEFERRED"  # IMMEDIATE would make every writer wait
        try:
            with transaction.atomic():
                yield
        finally:
            sqlite.transaction_mode = mode
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
