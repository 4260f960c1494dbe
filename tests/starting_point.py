"""After a test with real transactions, the database holds again what a migrated one holds.

Django's own way empties every table and has permissions, content types and groups made anew: a tenth to a third of a second for each
test. Here only the tables that hold something else than after the migrations are touched.
"""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection, transaction

Rows = list[tuple[Any, ...]]
TRIES = 4


class StartingPoint:
    """What every table holds before the first test. Read it when the migrations have run."""

    def __init__(self) -> None:
        tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - {"django_migrations"}
        with connection.cursor() as cursor:
            filled = {table: rows for table in sorted(tables) if (rows := _rows(cursor, table))}
        self.filled: dict[str, Rows] = filled
        self.empty = sorted(tables - filled.keys())

    def restore(self) -> None:
        """Delete what tests have left, and bring back what they have changed. Three statements and one for each table that was filled.

        The request of a browser that has left may hold a table and wait for another one: then it is done first.
        """
        for _try in range(TRIES):
            try:
                return self._restore()
            except OperationalError as error:
                if "deadlock" not in str(error):
                    raise
        return self._restore()

    def _restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self._wait_for_everybody(cursor)
            left = self._holding_rows(cursor)
            changed = [table for table, rows in self.filled.items() if _rows(cursor, table) != rows]
            for table in [*left, *changed]:
                cursor.execute(f"DELETE FROM {_name(table)}")
            for table in changed:
                marks = ", ".join(["%s"] * len(self.filled[table][0]))
                cursor.executemany(f"INSERT INTO {_name(table)} VALUES ({marks})", self.filled[table])

    def _wait_for_everybody(self, cursor: Any) -> None:
        """Somebody's transaction may still run, such as a request of a browser that has left: what it writes must not outlive this.

        SQLite has one writer at a time.
        """
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {', '.join(_name(table) for table in [*self.empty, *self.filled])} IN ACCESS EXCLUSIVE MODE")

    def _holding_rows(self, cursor: Any) -> list[str]:
        """Of the tables that should be empty, those that are not.."""
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_name(table)})" for table in self.empty))
        return [table for (table,) in cursor.fetchall()]


def _rows(cursor: Any, table: str) -> Rows:
    cursor.execute(f"SELECT * FROM {_name(table)} ORDER BY 1")
    return cursor.fetchall()


def _name(table: str) -> str:
    return connection.ops.quote_name(table)
