"""Files for spreadsheets: safe to open, readable in Excel, streamed whatever their length."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.formats import get_format

BOM = "\ufeff"  # tells Excel that it is UTF-8
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it. None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def as_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as lines of CSV, every cell safe. Where the reader's language has decimal commas, Excel expects semicolons between cells."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if get_format("DECIMAL_SEPARATOR") == "," else ",")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def download(name: str, chunks: Iterable[str]) -> StreamingHttpResponse:
    """Send `chunks` of CSV, as they are made, as the file `name`. No cache keeps it."""

    def parts() -> Iterator[str]:
        yield BOM
        yield from chunks

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingHttpResponse(parts(), content_type="text/csv; charset=utf-8", headers=headers)
