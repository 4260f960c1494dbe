"""A file for a spreadsheet holds no formula, whatever people have typed."""

from __future__ import annotations

import csv

import pytest
from django.utils import translation

from crm.csv_safe import BOM, as_csv, download, safe


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_is_text(start):
    assert safe(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(("value", "cell"), [(None, ""), ("", ""), (7, "7"), ("Ærø", "Ærø"), ("a=1", "a=1"), ("'=1", "'=1")])
def test_any_other_cell_stands_as_it_is(value, cell):
    assert safe(value) == cell


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("da", ";")])
def test_a_file_is_delimited_as_excel_reads_it_in_that_language(language, delimiter):
    rows = [["a,b", "c;d", 'e"f', "g\nh", None], ["=1", 2, "", "Å", "x"]]
    with translation.override(language):
        text = as_csv(rows)
    assert list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter)) == [["a,b", "c;d", 'e"f', "g\nh", ""], ["'=1", "2", "", "Å", "x"]]


def test_a_download_is_utf_8_with_a_mark_for_excel_and_kept_by_no_cache():
    response = download("x.csv", iter(["Å\r\n", "Æ\r\n"]))
    assert b"".join(response.streaming_content).decode() == f"{BOM}Å\r\nÆ\r\n"
    assert (response["Content-Type"], response["Content-Disposition"]) == ("text/csv; charset=utf-8", 'attachment; filename="x.csv"')
    assert response["Cache-Control"] == "private, no-store"
