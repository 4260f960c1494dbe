"""Statements written by hand, for the few places that every save passes, or thousands of rows.

Elsewhere the ORM is clearer. What is here reads the same on PostgreSQL and SQLite, and takes any number of rows as one
parameter, so that its text never changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections, models

CHUNK = 2_000  # rows for each statement: bounds one statement, not what one batch may hold


def is_postgresql(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Which of the two dialects to speak."""
    return connections[using].vendor == "postgresql"


def among(column: str, using: str = DEFAULT_DB_ALIAS) -> str:
    """The condition that `column` is one of the keys in a parameter made by `keys()`."""
    return f"{column} = ANY(%s::bigint[])" if is_postgresql(using) else f"{column} IN (SELECT value FROM json_each(%s))"


def keys(values: Iterable[int], using: str = DEFAULT_DB_ALIAS) -> str:
    """Primary keys as one parameter."""
    return array(list(values)) if is_postgresql(using) else json.dumps(list(values))


def array(values: Sequence[Any]) -> str:
    """Numbers or texts as PostgreSQL writes an array: ten times as fast as having each value adapted."""
    if all(type(value) is int for value in values):
        return "{" + ",".join(map(str, values)) + "}"
    return "{" + ",".join("NULL" if value is None else _quoted(value) for value in values) + "}"


def _quoted(value: Any) -> str:
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def moment(value: Any, using: str = DEFAULT_DB_ALIAS) -> Any:
    """A time as a parameter."""
    return connections[using].ops.adapt_datetimefield_value(value)


def nobody_at_work(*tables: str, using: str = DEFAULT_DB_ALIAS) -> None:
    """Wait until nobody is writing any row of these tables, and let nobody begin before this transaction ends; reading goes on.

    For a rare act of an administrator that must see what everybody else has just done. Name the tables in the order of all
    locks: contacts, sales, companies. A statement for each on PostgreSQL; SQLite has one writer at a time anyway.
    """
    if is_postgresql(using):
        with connections[using].cursor() as cursor:
            for table in tables:
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")


def insert_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], using: str = DEFAULT_DB_ALIAS) -> None:
    """Insert `rows`, whose values are those of the columns `names`, without making instances. One statement for 2,000 rows.

    For models without defaults or signals that matter; the database's constraints hold as always.
    """
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    into = f"INSERT INTO {model._meta.db_table} ({', '.join(field.column for field in fields)})"
    with connections[using].cursor() as cursor:
        if len(rows) == 1:  # as every save does it: nothing to put together
            one = [moment(value, using) if hasattr(value, "utcoffset") else value for value in rows[0]]
            cursor.execute(f"{into} VALUES ({', '.join(['%s'] * len(one))})", one)
            return
        for part in batched(rows, CHUNK):
            source, params = _source(fields, part, using)
            cursor.execute(f"{into} {source}", params)


def _source(fields: Sequence[Any], rows: Sequence[Sequence[Any]], using: str) -> tuple[str, list[Any]]:
    """Rows as something to insert from, column by column: what is the same in all of them once, the rest as arrays."""
    same: list[Any] = []
    chosen: list[str] = []
    varying: list[tuple[Any, str, Sequence[Any]]] = []
    for place, (field, column) in enumerate(zip(fields, zip(*rows, strict=True), strict=True)):
        value = column[0]
        if column.count(value) == len(column):
            same.append(moment(value, using) if hasattr(value, "utcoffset") else value)
            chosen.append(f"%s::{_type(field, using)}" if is_postgresql(using) else "%s")
        else:
            values = [moment(one, using) for one in column] if hasattr(value, "utcoffset") and not is_postgresql(using) else column
            chosen.append(f"c{place}" if is_postgresql(using) else f"json_extract(value, '$[{len(varying)}]')")
            varying.append((field, f"c{place}", values))
    if not varying:
        often = f"generate_series(1, {len(rows)})" if is_postgresql(using) else f"json_each('{json.dumps([0] * len(rows))}')"
        return f"SELECT {', '.join(chosen)} FROM {often}", same
    if not is_postgresql(using):
        return f"SELECT {', '.join(chosen)} FROM json_each(%s)", [*same, json.dumps([*zip(*(column for _field, _name, column in varying), strict=True)])]
    arrays = ", ".join(f"%s::{_type(field, using)}[]" for field, _name, _column in varying)
    source = f"unnest({arrays}) AS t({', '.join(name for _field, name, _column in varying)})"
    return f"SELECT {', '.join(chosen)} FROM {source}", [*same, *(array(column) for _field, _name, column in varying)]


def _type(field: Any, using: str) -> str:
    return field.rel_db_type(connections[using]) if field.is_relation else field.db_type(connections[using])


class Prepared:
    """A statement that PostgreSQL plans once for each connection: for one whose planning takes longer than running it.

    Where connections are not kept from one transaction to the next (a pooler in transaction mode) the server does not know it;
    that error (see `forget()`) ends preparing for this process, and from then on the statement is sent as it is.
    """

    UNKNOWN = ("26000", "42P05")  # no such prepared statement; there is one already
    keeps = True
    _known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()

    def __init__(self, name: str, types: Sequence[str], text: str) -> None:
        """`text` has a `%s` for each of `types`, which are PostgreSQL's."""
        self.name, self.types, self.text = name, types, text
        numbered = text
        for number in range(1, len(types) + 1):
            numbered = numbered.replace("%s", f"${number}", 1)
        self._prepare = f"PREPARE {name} ({', '.join(types)}) AS {numbered}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def execute(self, cursor: Any, params: Sequence[Any]) -> None:
        """Run it. The first time on a connection costs a round trip more."""
        connection = cursor.db
        if connection.vendor != "postgresql" or not Prepared.keeps:
            cursor.execute(self.text, params)
            return
        known = self._known.setdefault(connection.connection, set())
        if self.name not in known:
            with connection.wrap_database_errors:
                connection.connection.execute(self._prepare)
            known.add(self.name)
        cursor.execute(self._execute, params)

    @classmethod
    def forget(cls, error: BaseException) -> bool:
        """Whether `error` says that this server does not keep prepared statements; then none is prepared from now on."""
        if getattr(error.__cause__, "sqlstate", "") in cls.UNKNOWN:
            cls.keeps = False
            return True
        return False
