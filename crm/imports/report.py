"""What came of an import: the file of refused rows, and the summary."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TextIO

from crm.imports.errors import ImportFileError
from crm.imports.reading import Row, Table

LINE, REASON = "line", "refused because"  # neither is a field's name, so the file can be imported again as it is
SHOWN = 10


@dataclass(slots=True)
class Result:
    """Rows by what happened to them. With the refused ones they are the rows of the file, unless the import was stopped."""

    imported: int = 0
    already: int = 0
    companies_created: int = 0
    notes: Counter[str] = field(default_factory=Counter)


class Refusals:
    """RefusedError rows: each goes to `path` at once (if given), with its line, the reason and its own cells; the first ten are kept.

    The file has the encoding and delimiter of the one imported, so that it can be mended and imported with the same options.
    Cells stand as they were, also those that begin with "=": escaping them would change them on the way back.
    """

    def __init__(self, table: Table, path: Path | None) -> None:
        self.first: list[tuple[int, str]] = []
        self.count = 0
        self.path = path
        self._kept = [place for place, header in enumerate(table.headers) if header not in (LINE, REASON)]  # it may be such a file itself
        self._file: TextIO | None = None
        if path:
            try:
                self._file = path.open("w", encoding=table.encoding, errors="replace", newline="")
            except OSError as error:
                raise ImportFileError(f"Cannot write {path}: {error.strerror or error}. Nothing was imported.") from None
            self._writer = csv.writer(self._file, delimiter=table.delimiter)
            self._writer.writerow([LINE, REASON, *(table.headers[place] for place in self._kept)])

    def __enter__(self) -> Refusals:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    def add(self, row: Row, reason: str) -> None:
        """Keep that this row was refused."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append((row.line, reason))
        if self._file:
            cells = row.cells if row.problem else [row.cells[place] for place in self._kept]
            self._writer.writerow([row.line, reason, *cells])


def summary(table: Table, result: Result, refusals: Refusals, *, plural: str, dry_run: bool, source: str) -> Iterator[str]:
    """What came of it in plain words, line by line."""
    done = "would be imported" if dry_run else "imported"
    yield f"{table.name}: {table.count:,} rows. {result.imported:,} {plural} {done}, {result.already:,} already imported, {refusals.count:,} refused."
    if result.companies_created:
        yield f"{result.companies_created:,} companies {'would be ' if dry_run else ''}created."
    for note, count in result.notes.items():
        yield f"{count:,} {note}."
    if refusals.count and refusals.path:
        yield f"The refused rows are in {refusals.path}, with line and reason. Mend them there; import that file with the same options and --source {source}."
    elif refusals.count:
        for line, reason in refusals.first:
            yield f"  line {line}: {reason}"
        more = refusals.count - len(refusals.first)
        yield f"  {f'... and {more:,} more. ' if more else ''}--errors FILE writes every refused row to a file, with line and reason."
