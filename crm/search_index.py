"""Finding records by any part of a word without reading a million of them.

`search_text` holds what a record is found by. Beside it lies an index of its runs of three letters, kept by triggers, so that raw
SQL keeps it too: on PostgreSQL a table with a pg_trgm index, on SQLite an FTS5 table. Of its own, not an index on the column:
PostgreSQL writes every index of a row again for each change of category or status.

The index only says where to look; the queryset still compares every word (`RecordQuerySet.search()`). So a search without an
index finds the same, only slower: docs/decisions/0014-a-million-rows.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder

from crm.sql import among, is_postgresql, keys

TABLES = ("crm_company", "crm_contact", "crm_sale")
FEW = 5_000  # more than these are found soonest by going through the list in its order
SIZE = 3  # letters of a run
MOST_RUNS = 32  # of a very long word: the rest is compared anyway
MOST_TERMS = 200
SINCE = ("crm", "0008_search_and_list_indexes")

POSTGRESQL = (
    "CREATE TABLE {t}_search (id bigint PRIMARY KEY, text text NOT NULL)",
    "INSERT INTO {t}_search SELECT id, search_text FROM {t}",
    "CREATE INDEX {t}_search_runs ON {t}_search USING gin (text gin_trgm_ops)",
    """CREATE FUNCTION {t}_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN INSERT INTO {t}_search SELECT id, search_text FROM new_rows;
      ELSIF TG_OP = 'UPDATE' THEN UPDATE {t}_search SET text = NEW.search_text WHERE id = OLD.id;
      ELSIF TG_OP = 'DELETE' THEN DELETE FROM {t}_search s USING old_rows o WHERE s.id = o.id;
      ELSE DELETE FROM {t}_search;
      END IF;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER {t}_search_insert AFTER INSERT ON {t} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {t}_search_follow()""",
    """CREATE TRIGGER {t}_search_update AFTER UPDATE OF search_text ON {t}
    FOR EACH ROW WHEN (OLD.search_text IS DISTINCT FROM NEW.search_text) EXECUTE FUNCTION {t}_search_follow()""",
    """CREATE TRIGGER {t}_search_delete AFTER DELETE ON {t} REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {t}_search_follow()""",
    "CREATE TRIGGER {t}_search_truncate AFTER TRUNCATE ON {t} FOR EACH STATEMENT EXECUTE FUNCTION {t}_search_follow()",
)
WITHOUT_POSTGRESQL = (
    "DROP TABLE IF EXISTS {t}_search",
    "DROP FUNCTION IF EXISTS {t}_search_follow() CASCADE",
)
# Two spaces at the end, so that every letter begins a run: so one or two letters are found as the beginning of a run.
SQLITE = (
    "CREATE VIRTUAL TABLE {t}_search USING fts5(text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1')",
    "CREATE VIRTUAL TABLE {t}_search_terms USING fts5vocab({t}_search, 'row')",
    "INSERT INTO {t}_search (rowid, text) SELECT id, search_text || '  ' FROM {t}",
    "INSERT INTO {t}_search ({t}_search) VALUES ('optimize')",
    """CREATE TRIGGER {t}_search_insert AFTER INSERT ON {t} BEGIN
      INSERT INTO {t}_search (rowid, text) VALUES (new.id, new.search_text || '  ');
    END""",
    """CREATE TRIGGER {t}_search_update AFTER UPDATE OF search_text ON {t} WHEN old.search_text <> new.search_text BEGIN
      INSERT INTO {t}_search ({t}_search, rowid, text) VALUES ('delete', old.id, old.search_text || '  ');
      INSERT INTO {t}_search (rowid, text) VALUES (new.id, new.search_text || '  ');
    END""",
    """CREATE TRIGGER {t}_search_delete AFTER DELETE ON {t} BEGIN
      INSERT INTO {t}_search ({t}_search, rowid, text) VALUES ('delete', old.id, old.search_text || '  ');
    END""",
)
WITHOUT_SQLITE = (
    "DROP TRIGGER IF EXISTS {t}_search_insert",
    "DROP TRIGGER IF EXISTS {t}_search_update",
    "DROP TRIGGER IF EXISTS {t}_search_delete",
    "DROP TABLE IF EXISTS {t}_search_terms",
    "DROP TABLE IF EXISTS {t}_search",
)
# What each table of records has, and how to count what there is of it. A function of PostgreSQL takes its triggers along when it goes.
PARTS = {
    "postgresql": ("{t}_search", "{t}_search_runs", "{t}_search_insert", "{t}_search_update", "{t}_search_delete", "{t}_search_truncate"),
    "sqlite": ("{t}_search", "{t}_search_terms", "{t}_search_insert", "{t}_search_update", "{t}_search_delete"),
}
COUNT_PARTS = {
    "postgresql": """SELECT count(*) FROM unnest(%s::text[]) part WHERE to_regclass(part) IS NOT NULL
      OR EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = part AND tgrelid = to_regclass(substring(part FROM '(.*)_search_')))""",
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name IN (SELECT value FROM json_each(%s))",
}
_installed: set[str] = set()  # where it has been seen


# ------------------------------------------------------------------------------------------------------- making it
def install(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Make the index of all three tables, from what they hold now. Seconds for 100,000 records.

    False where the database cannot have one (PostgreSQL: nobody may create the extension pg_trgm; SQLite without FTS5): then
    searching reads every row, and nothing is left behind.
    """
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            if is_postgresql(using):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for statement in _for_each_table((*_without(using), *(POSTGRESQL if is_postgresql(using) else SQLITE))):
                cursor.execute(statement)
    except DatabaseError:
        _installed.discard(using)
        return False
    return True


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the index away. The extension stays: others may use it."""
    _installed.discard(using)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for statement in _for_each_table(_without(using)):
            cursor.execute(statement)


def is_whole(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether nothing of it is missing, at any table. Django makes a table of SQLite anew to change it, and its triggers go with the old one.

    One statement.
    """
    parts = list(_for_each_table(PARTS[connections[using].vendor]))
    with connections[using].cursor() as cursor:
        cursor.execute(COUNT_PARTS[connections[using].vendor], [parts if is_postgresql(using) else json.dumps(parts)])
        return cursor.fetchone()[0] == len(parts)


def repair(sender: Any, using: str, **kwargs: Any) -> None:
    """After every `migrate`: make the index where it is not whole, or where the extension has come since."""
    if sender.label == "crm" and SINCE in MigrationRecorder(connections[using]).applied_migrations() and not is_whole(using):
        install(using)


def _without(using: str) -> Sequence[str]:
    return WITHOUT_POSTGRESQL if is_postgresql(using) else WITHOUT_SQLITE


def _for_each_table(statements: Sequence[str]) -> Iterator[str]:
    return (statement.format(t=table) for table in TABLES for statement in statements)


# --------------------------------------------------------------------------------------------------------- using it
def find(table: str, words: Sequence[str], using: str = DEFAULT_DB_ALIAS) -> list[int] | None:
    """The keys of the records of `table` that hold every one of these folded words.

    None where they are more than 5,000, or where the index is not whole. Archived records are among them. One statement; on SQLite one
    more where no word has three letters. PostgreSQL then reads through its search table, once instead of the records twice.
    """
    if not words or not _is_installed(using):
        return None
    probe = _probe_postgresql(table, words) if is_postgresql(using) else _probe_sqlite(table, words, using)
    if probe is None:  # the letters are too common
        return None
    with connections[using].cursor() as cursor:
        cursor.execute(*probe)
        found = [pk for (pk,) in cursor.fetchall()]
    return found if len(found) <= FEW else None


def _is_installed(using: str) -> bool:
    """Asked of the database until it is whole: an index that nothing keeps would hide what has been written since."""
    if using not in _installed and is_whole(using):
        _installed.add(using)
    return using in _installed


def _like(word: str) -> str:
    return "%" + word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def _probe_postgresql(table: str, words: Sequence[str]) -> tuple[str, list[str]]:
    held = " AND ".join(["text LIKE %s"] * len(words))
    return f"SELECT id FROM {table}_search WHERE {held} LIMIT {FEW + 1}", [_like(word) for word in words]


def _probe_sqlite(table: str, words: Sequence[str], using: str) -> tuple[str, list[str]] | None:
    """The index names those which hold every run somewhere; the text itself is then compared, until there are too many."""
    runs = {word[start : start + SIZE] for word in words for start in range(len(word) - SIZE + 1)}
    if runs:
        match = " AND ".join(map(_quoted, sorted(runs)[:MOST_RUNS]))
    else:
        begun = _terms(table, max(words, key=len), using)
        if begun is None:
            return None
        match = " OR ".join(map(_quoted, begun)) or '""'
    held = " AND ".join(["t.search_text LIKE %s ESCAPE '\\'"] * len(words))
    text = f"SELECT t.id FROM {table}_search CROSS JOIN {table} t ON t.id = {table}_search.rowid WHERE {table}_search MATCH %s AND {held} LIMIT {FEW + 1}"
    return text, [match, *map(_like, words)]


def _terms(table: str, begin: str, using: str) -> list[str] | None:
    """The runs that begin with this; None where one of them alone is too common, or they are too many."""
    after = begin[:-1] + chr(ord(begin[-1]) + 1) if ord(begin[-1]) < 0x10FFFF else "\U0010ffff\U0010ffff"
    after = after.replace("\ud800", "\ue000")  # between the two lie halves of letters, which no database takes
    found: list[str] = []
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT term, doc FROM {table}_search_terms WHERE term >= %s AND term < %s", [begin, after])
        while row := cursor.fetchone():  # not all at once: counting a common one takes long
            if row[1] > FEW or len(found) == MOST_TERMS:
                return None
            found.append(row[0])
    return found


def _quoted(run: str) -> str:
    return '"' + run.replace('"', '""') + '"'


@models.BigAutoField.register_lookup
class Among(models.Lookup):
    """`pk__among`: as `pk__in`, for thousands of keys, which travel as one parameter."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        return among(left, connection.alias), [*params, keys(self.rhs, connection.alias)]
