"""From a file's bytes to rows of cells that know their line in the file."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crm.imports.errors import ImportFileError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
DEFAULT_ENCODING = "utf-8-sig"  # UTF-8, with or without a byte order mark


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `line` is where it begins in the file, counted as an editor counts; `problem` says why it cannot be read."""

    line: int
    cells: list[str]
    problem: str = ""


class Table:
    """A CSV file that has been read and found whole: `headers`, `count` rows, and the rows by iterating (as often as wanted)."""

    def __init__(self, text: str, *, name: str, encoding: str, delimiter: str) -> None:
        self.name, self.encoding, self.delimiter = name, encoding, delimiter
        self._text = text
        rows = self._rows()
        header = next(rows, None)
        if header is None:
            raise ImportFileError(f"{name} is empty.")
        if header.problem:
            raise ImportFileError(f"{name}, line {header.line}: {header.problem}")
        self.headers = [cell.strip() for cell in header.cells]
        self.count = sum(1 for _row in rows)  # also finds a quote that is never closed, before anything is imported

    def __iter__(self) -> Iterator[Row]:
        rows = self._rows()
        next(rows)
        for row in rows:
            yield row if row.problem else self._fitted(row)

    def _fitted(self, row: Row) -> Row:
        """The row with as many cells as there are headers; empty ones at the end may be too many, but none may be missing."""
        wanted, found = len(self.headers), len(row.cells)
        if found < wanted or any(row.cells[wanted:]):
            return Row(row.line, row.cells, f"{found} cells where the header has {wanted}")
        return Row(row.line, row.cells[:wanted])

    def _rows(self) -> Iterator[Row]:
        """All rows, the header first. Lines without any text are no rows."""
        lines = _Lines(self._text)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            start = reader.line_num + 1
            lines.taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if str(error) == "unexpected end of data":
                    raise ImportFileError(f"{self.name}: a quote that begins in line {start} is never closed. Nothing was imported.") from None
                yield Row(start, ["".join(lines.taken).strip()], "the quotes do not match (a quote inside quotes is written twice)")
                continue
            if any(cell.strip() for cell in cells):
                yield Row(start, cells)


class _Lines:
    """The lines of a text as csv wants them, and which of them the last row took: a damaged row is reported as it stood."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        return line


def read_table(path: Path, *, encoding: str = DEFAULT_ENCODING, delimiter: str = "") -> Table:
    """Read a CSV file; without `delimiter` it is found out. The whole text is held in memory, the rows are not.

    Raises ImportFileError when the file cannot be read, is not in this encoding, is empty, or ends inside quotes. All of
    that is known before the first row is given out.
    """
    if delimiter and (len(delimiter) != 1 or delimiter in '"\r\n '):
        raise ImportFileError(f"--delimiter is one character (, or ; or tab), not “{delimiter}”.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImportFileError(f"Cannot read {path}: {error.strerror or error}.") from None
    text = _decode(data, path.name, encoding)
    # The text is in memory already, so a long cell costs nothing more; a limit would cut a row in two.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    return Table(text, name=path.name, encoding=encoding, delimiter=delimiter or _find_delimiter(text))


def _decode(data: bytes, name: str, encoding: str) -> str:
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
        text.encode()  # some codecs make halves of characters, which no database takes
    except LookupError:
        raise ImportFileError(f"There is no encoding called “{encoding}”. Usual ones: utf-8, windows-1252, iso-8859-1, utf-16.") from None
    except UnicodeError as error:
        raise ImportFileError(_wrong_encoding(data, name, encoding, error)) from None
    if "\0" in text.partition("\n")[0]:
        raise ImportFileError(f"{name} is not in {_plain(encoding)}: its first line has NUL characters. Try --encoding utf-16, or utf-16-le.")
    return text


def _wrong_encoding(data: bytes, name: str, encoding: str, error: UnicodeError) -> str:
    """Where it went wrong, and what to try."""
    place = ""
    if isinstance(error, UnicodeDecodeError):
        before = error.object[: error.start]
        place = f": line {before.count(b'\n') + 1}, byte {len(before) - (before.rfind(b'\n') + 1) + 1} is {error.object[error.start]:#04x}"
    if data[:2] == b"PK":
        return f"{name} is not a CSV file but a spreadsheet or an archive. Save it as CSV first. Nothing was imported."
    advice = "windows-1252 (what Excel often writes)" if _plain(encoding) == "utf-8" else "utf-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        advice = "utf-16"
    return f"{name} is not in {_plain(encoding)}{place}. Nothing was imported. Try --encoding {advice}."


def _plain(encoding: str) -> str:
    return codecs.lookup(encoding).name.removesuffix("-sig")


def _find_delimiter(text: str) -> str:
    """The character that cuts the header into most cells.

    Not csv.Sniffer: it looks at the rows too, and a file of free texts with commas leads it astray. Headers hold none.
    """
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter))))
