"""Import the rows of a table, in chunks that are committed one by one.

A row of the file is a save of its own: what the rules make of it is what they would have made of it alone, in the order of
the file (or of `order_by`). So the work of an import is done in turn (`working(in_turn=True)`): the engine looks at a chunk's rows
of one company one after the other, though it writes the chunk at once. A chunk costs the same statements for any number
of rows, and some more for each time that its busiest company changes category.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import batched

from django.db import DatabaseError, DataError, IntegrityError, transaction

from crm.imports.errors import ImportFileError, RefusedError
from crm.imports.reading import Row
from crm.imports.records import Importer, Prepared
from crm.imports.report import Refusals, Result
from crm.retrying import retrying
from crm.text import fold

CHUNK = 1_000  # rows per transaction: what is lost when the import is stopped, and how long others may wait

Tick = Callable[[int], object]


class StoppedError(ImportFileError):
    """The import ended before the last row. What was committed stays."""


class Run:
    """One import. `result` is true at every moment, so also when it was stopped."""

    def __init__(self, importer: Importer, *, order_by: str = "", tick: Tick) -> None:
        """`order_by` is a field that `importer` fills; `tick` is told of rows that are done. Raises ImportFileError for another field."""
        self.importer, self.order_by, self.tick = importer, order_by, tick
        self.result = Result()
        readable = [name for name in importer.plan.columns if name in importer.readers]
        if order_by and order_by not in readable:
            raise ImportFileError(f"--order-by {order_by}: no column is read as that. Columns are read as: {', '.join(readable)}.")

    def check(self, rows: Iterable[Row], refusals: Refusals) -> None:
        """Find out what would happen, and write nothing."""
        created = set()
        for prepared in self._prepared(rows, refusals):
            self._count([prepared])
            if prepared.creates_company:
                created.add(fold(prepared.company))
            self.tick(1)
        self.result.companies_created = len(created)

    def write(self, rows: Iterable[Row], refusals: Refusals) -> None:
        """Import. Raises StoppedError when the database gives up; the chunks before that are committed."""
        try:
            for chunk in batched(self._ordered(rows, refusals), self.importer.chunk or CHUNK):
                self._write_chunk(chunk, refusals)
                self.tick(len(chunk))
        except DatabaseError as error:
            raise StoppedError(f"The database stopped it: {_first_line(error)}.") from error

    def _ordered(self, rows: Iterable[Row], refusals: Refusals) -> Iterable[Prepared]:
        """Rows in the order wanted; those without a value last, equals as in the file."""
        if not self.order_by:
            return self._prepared(rows, refusals)
        name = self.importer.attnames[self.order_by]
        prepared = list(self._prepared(rows, refusals))
        for row in prepared:
            row.record = None  # made again when it is written: the whole file is in memory here
        known = [row for row in prepared if row.values.get(name) is not None]
        return [*sorted(known, key=lambda row: row.values[name]), *(row for row in prepared if row.values.get(name) is None)]

    def _prepared(self, rows: Iterable[Row], refusals: Refusals) -> Iterator[Prepared]:
        for row in rows:
            try:
                prepared = self.importer.prepare(row)
            except RefusedError as refused:
                refusals.add(row, str(refused))
            else:
                if prepared:
                    yield prepared
                    continue
                self.result.already += 1
            self.tick(1)

    def _write_chunk(self, chunk: Sequence[Prepared], refusals: Refusals) -> None:
        """One transaction, done again after a deadlock. What it did is counted once it is committed."""
        try:
            done, created, failed = retrying(lambda: self._try_chunk(chunk))
        except BaseException:
            self.importer.forget()
            raise
        self._count(done)
        self.result.companies_created += created
        for prepared, reason in failed:
            if reason:
                refusals.add(prepared.row, reason)
            else:
                self.result.already += 1

    def _try_chunk(self, chunk: Sequence[Prepared]) -> tuple[list[Prepared], int, list[tuple[Prepared, str]]]:
        self.importer.forget()  # what a try that was rolled back had created
        done: list[Prepared] = []
        failed: list[tuple[Prepared, str]] = []
        with transaction.atomic():
            self.importer.lock(chunk)
            created = self._write_rows(chunk, done, failed)
        self.importer.keep()
        return done, created, failed

    def _write_rows(self, rows: Sequence[Prepared], done: list[Prepared], failed: list[tuple[Prepared, str]]) -> int:
        """Write these rows; what the database refuses is halved until the bad row is alone, so that the others stay."""
        try:
            with transaction.atomic():
                created = self.importer.create(rows)
        except (IntegrityError, DataError) as error:
            if len(rows) > 1:
                half = len(rows) // 2
                return self._write_rows(rows[:half], done, failed) + self._write_rows(rows[half:], done, failed)
            failed.append((rows[0], "" if self.importer.has(rows[0]) else f"The database refused it: {_first_line(error)}"))
            return 0
        done += rows
        return created

    def _count(self, rows: Sequence[Prepared]) -> None:
        self.result.imported += len(rows)
        for row in rows:
            self.result.notes.update(row.notes)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
