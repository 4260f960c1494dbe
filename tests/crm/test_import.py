"""Importing companies and sales from CSV files: what is understood, what is refused, and how it is said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import CommandError
from django.utils import timezone

from crm.models import Company, Sale
from tests.crm.importing import refused
from tests.factories import CompanyFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("true_ledger")]


# ------------------------------------------------------------------------------------------------------------ reading


def test_a_header_equal_to_a_fields_name_needs_no_map(write, sales):
    out = sales(write("TITLE,Amount,Closed_On,status\nRoof,1200.50,2026-03-01,won\n"))
    sale = Sale.objects.get()
    assert (sale.title, sale.amount, sale.status, sale.closed_on, sale.company) == ("Roof", Decimal("1200.50"), "won", dt.date(2026, 3, 1), None)
    assert out == "old.csv: 1 rows. 1 sales imported, 0 already imported, 0 refused.\n"


def test_columns_dates_and_values_are_mapped(write, sales):
    CompanyFactory(name="Ærø Tømrer ApS")
    path = write("Navn;Kunde;Trin;Lukket;Beløb\nTag;ærø  TØMRER aps;Vandt;31-12-17;1.234,50\nPort;;I gang;;\n")
    sales(
        *(path, "--map", "title=Navn", "--map", "company=kunde", "--map", "status=Trin", "--map", "closed_on=Lukket", "--map", "amount=Beløb"),
        *(
            "--date-format",
            "%d-%m-%y",
            "--decimal-comma",
            "--value",
            "status.won=VANDT",
            "--value",
            "status.open=I gang",
            "--value",
            "status.open=Ny",
            "--default",
            "currency=eur",
        ),
    )
    won, open_ = Sale.objects.order_by("pk")
    assert (won.title, won.company.name, won.status, won.closed_on, won.amount, won.currency) == (
        "Tag",
        "Ærø Tømrer ApS",
        "won",
        dt.date(2017, 12, 31),
        Decimal("1234.50"),
        "EUR",
    )
    assert (open_.title, open_.company, open_.status, open_.closed_on, open_.amount) == ("Port", None, "open", None, 0)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_out_from_the_header(write, sales, delimiter):
    sales(write(f"title{delimiter}description\nRoof{delimiter}a; b\n" if delimiter != ";" else "title;description\nRoof;a, b, c\n"))
    assert Sale.objects.get().title == "Roof"


def test_the_delimiter_can_be_said(write, sales):
    sales(write("title|description\nRoof|flat\n"), "--delimiter", "|")
    assert Sale.objects.get().description == "flat"


@pytest.mark.parametrize(
    ("encoding", "options"), [("utf-8", ()), ("utf-8-sig", ()), ("windows-1252", ("--encoding", "windows-1252")), ("utf-16", ("--encoding", "utf-16"))]
)
def test_an_encoding_is_read_and_a_refused_row_is_written_in_it(write, companies, tmp_path, encoding, options):
    errors = tmp_path / "errors.csv"
    companies(write("name,city\nSmørrebrød A/S,Ærøskøbing\n,Århus\n".encode(encoding)), *options, "--errors", errors)
    assert Company.objects.get().city == "Ærøskøbing"
    assert "3,name: This field cannot be blank.,,Århus" in errors.read_text(encoding=encoding)


def test_a_quoted_line_break_does_not_shift_the_line_numbers(write, sales, tmp_path):
    errors = tmp_path / "errors.csv"
    out = sales(write('title,description,status\nRoof,"first\nsecond\r\nthird",open\n\n,,\nGate,"x\ny",Wonn\nDoor,z,Wonn\n'), "--errors", errors)
    assert Sale.objects.get().description == "first\nsecond\r\nthird"
    assert [(row["line"], row["title"], row["description"]) for row in refused(errors)] == [("7", "Gate", "x\ny"), ("9", "Door", "z")]
    assert "old.csv: 3 rows. 1 sales imported, 0 already imported, 2 refused." in out


# ------------------------------------------------------------------------------------------------------ refused rows


def test_every_refused_row_has_its_line_its_reason_and_its_cells(write, sales, tmp_path):
    archived = CompanyFactory(name="Gone A/S")
    Company.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    CompanyFactory(name="Twin")
    CompanyFactory(name="TWIN")
    UserFactory.create_batch(2, first_name="Karen", last_name="Holst")
    errors = tmp_path / "errors.csv"
    header = "title,company,status,amount,closed_on,owner,currency"
    rows = [
        ("Fine,,won,1,2026-01-31,,", ""),
        ("Roof,,Wonn,1,,,", "status: Unknown status “Wonn”. Known: open, won, lost, stalled"),
        ("Roof,,open,12;50,,,", "amount: “12;50” is not an amount written like 1,234.50"),
        ("Roof,,open,-5,,,", "amount: Enter an amount of 0 or more"),
        ("Roof,,open,1.234,,,", "amount: Ensure that there are no more than 2 decimal places."),
        ("Roof,,won,1,31-01-26,,", "closed_on: “31-01-26” is not a date written like 2026-11-30"),
        ("Roof,Nowhere,open,1,,,", "No company named “Nowhere” (--create-companies would create it)"),
        ("Roof,Gone a/s,open,1,,,", "The company “Gone a/s” is archived; bring it back first"),
        ("Roof,twin,open,1,,,", "2 companies are named “twin”; which one is meant cannot be known"),
        ("Roof,,open,1,,karen holst,", "owner: The user “karen holst” is ambiguous: 2 are called that"),
        ("Roof,,open,1,,Nobody,DK", "owner: Unknown user “Nobody”. Known: Karen Holst, Karen Holst"),
        ("Roof,,open,1,,,DK", "currency: Enter three letters, such as DKK"),
        (",,open,1,,,", "title: This field cannot be blank."),
        ("Roof,,Wonn,x,,,", "status: Unknown status “Wonn”. Known: open, won, lost, stalled; amount: “x” is not an amount written like 1,234.50"),
        ("Ro\0of,,open,1,,,", "title: holds a NUL character"),
        ("Roof,,open", "3 cells where the header has 7"),
        ("Roof,,open,1,,,,more", "8 cells where the header has 7"),
        ("Fine too,,open,1,,,,,", ""),
    ]
    out = sales(write("\n".join([header, *(row for row, _reason in rows)])), "--errors", errors)
    assert list(Sale.objects.order_by("pk").values_list("title", flat=True)) == ["Fine", "Fine too"]
    expected = [(str(line), reason) for line, (_row, reason) in enumerate(rows, start=2) if reason]
    found = refused(errors)
    assert [(row["line"], row["refused because"]) for row in found] == expected
    assert (found[0]["title"], found[0]["status"], found[0]["amount"]) == ("Roof", "Wonn", "1")
    assert f"The refused rows are in {errors}, with line and reason." in out


def test_a_row_with_quotes_that_do_not_match_is_refused_alone(write, sales, tmp_path):
    errors = tmp_path / "errors.csv"
    sales(write('title,description\n"The "big" roof",x\nGate,y\n'), "--errors", errors)
    assert Sale.objects.get().title == "Gate"
    row = refused(errors)[0]
    assert (row["line"], row["refused because"]) == ("2", "the quotes do not match (a quote inside quotes is written twice)")
    assert row["title"] == '"The "big" roof",x'


def test_without_an_errors_file_the_first_ten_refused_rows_are_printed(write, sales):
    out = sales(write("title,status\n" + "Roof,Wonn\n" * 12))
    assert "  line 2: status: Unknown status “Wonn”. Known: open, won, lost, stalled\n" in out
    assert "  line 11: " in out
    assert "line 12: " not in out
    assert "  ... and 2 more. --errors FILE writes every refused row to a file" in out


def test_mended_rows_are_imported_from_the_errors_file_itself(write, sales, tmp_path):
    errors, source = tmp_path / "errors.csv", ("--key", "id", "--source", "old", "--map", "title=Name")
    out = sales(write("id,Name,status,reason\n1,Roof,lost,Price\n2,Gate,lots,Price\n"), *source, "--errors", errors)
    assert "import that file with the same options and --source old" in out
    mended = tmp_path / "mended.csv"
    mended.write_text(errors.read_text(encoding="utf-8-sig").replace("lots", "lost"))
    out = sales(mended, *source, "--errors", errors)
    assert "1 sales imported, 0 already imported, 0 refused" in out
    assert set(Sale.objects.values_list("title", "status", "reason__name", "external_source", "external_key")) == {
        ("Roof", "lost", "Price", "old", "1"),
        ("Gate", "lost", "Price", "old", "2"),
    }
    assert errors.read_text(encoding="utf-8-sig").splitlines() == ["line,refused because,id,Name,status,reason"]


# --------------------------------------------------------------------------------------------------- unusable files


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"", (), "old.csv is empty."),
        (b"\n\n", (), "old.csv is empty."),
        (
            "title,city\nRoof,Vejle\nGate,Århus\n".encode("windows-1252"),
            (),
            "old.csv is not in utf-8: line 3, byte 6 is 0xc5. Nothing was imported. Try --encoding windows-1252",
        ),
        ("title\nRoof\n".encode("utf-16"), (), "Try --encoding utf-16."),
        ("title\nRoof\n".encode("utf-16-le"), (), "Try --encoding utf-16, or utf-16-le."),
        ("title\nÅ\n".encode(), ("--encoding", "ascii"), "is not in ascii: line 2, byte 1 is 0xc3. Nothing was imported. Try --encoding utf-8."),
        (b"PK\x03\x04\xff\xff", (), "not a CSV file but a spreadsheet or an archive"),
        (b"title\nRoof\n", ("--encoding", "klingon"), "There is no encoding called “klingon”"),
        (b"title\nRoof\n", ("--encoding", "rot13"), "There is no encoding called “rot13”"),
        (b'title,city\nRoof,"Vejle\nGate,Vejle\n', (), "a quote that begins in line 2 is never closed. Nothing was imported."),
        (b"name,city\nRoof,Vejle\n", (), "No column for title. Name it with --map title=Header. The file's columns: name, city."),
        (b"name:city\nRoof:Vejle\n", (), "The file's columns: name:city. (Only one? Then try --delimiter.)"),
        (b"name,city\nRoof,Vejle\n", ("--map", "title=Titel"), "The file has no column “Titel” (--map title=Titel). The file's columns: name, city."),
        (b"title,title\nRoof,Vejle\n", (), "The file has 2 columns called “title”"),
        (b"title\nRoof\n", ("--map", "colour=title"), "there is no field “colour”. Fields: title, company, contact, status"),
        (b"title\nRoof\n", ("--map", "title"), "--map title is not understood. Write it like --map field=Header."),
        (b"title,b\nRoof,x\n", ("--map", "title=title", "--map", "title=b"), "title is mapped already, to “title”"),
        (b"title\nRoof\n", ("--key", "id"), "The file has no column “id” (--key id)"),
        (b"title,a,b\nRoof,1,2\n", ("--key", "a", "--map", "external_key=b"), "--key a and --map external_key=b name two columns"),
        (b"title,status\nRoof,Won\n", ("--value", "status=Won"), "--value status=Won is not understood. Write it like --value status.won=Won."),
        (b"title,status\nRoof,Won\n", ("--value", "status.winn=Won"), "--value for status: Unknown status “winn”. Known: open, won, lost, stalled"),
        (b"title\nRoof\n", ("--value", "status.won=Won"), "no column is read as status"),
        (b"title\nRoof\n", ("--default", "status=Won!"), "--default for status: Unknown status “Won!”"),
        (b"title\nRoof\n", ("--default", "company"), "--default company is not understood"),
        (b"title,closed_on\nRoof,\n", ("--date-format", "%Y-%m-%d %Q"), "--date-format %Y-%m-%d %Q is not understood"),
        (b"title,closed_on\nRoof,\n", ("--date-format", "%d-%m"), "--date-format %d-%m does not say day, month and year"),
        (b"title\nRoof\n", ("--order-by", "closed_on"), "--order-by closed_on: no column is read as that. Columns are read as: title."),
        (b"title\nRoof\n", ("--delimiter", "::"), "--delimiter is one character"),
        (b"title\nRoof\n", ("--user", "nobody@havn.example"), "--user nobody@havn.example: nobody has this email address."),
        (b"title\nRoof\n", ("--source", "x" * 41), "is longer than 40 characters"),
    ],
)
def test_a_file_or_option_that_cannot_be_used_is_one_clear_message_and_nothing_is_imported(write, sales, tmp_path, content, arguments, message):
    errors = tmp_path / "errors.csv"
    errors.write_text("of an earlier run")
    with pytest.raises(CommandError) as raised:
        sales(write(content), "--errors", errors, *arguments)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert Sale.objects.count() == 0
    assert errors.read_text() == "of an earlier run"


def test_a_missing_file_a_folder_and_an_unwritable_errors_file_are_said(write, sales, tmp_path):
    path = write("title\nRoof\n")
    for arguments, message in [
        ((tmp_path / "missing.csv",), "missing.csv: No such file or directory."),
        ((tmp_path,), "Is a directory."),
        ((path, "--errors", tmp_path / "none" / "errors.csv"), "errors.csv: No such file or directory. Nothing was imported."),
        ((path, "--errors", path), "--errors names the file that is imported. Give it another name."),
    ]:
        with pytest.raises(CommandError) as raised:
            sales(*arguments)
        assert message in str(raised.value)
    assert Sale.objects.count() == 0
    assert path.read_text() == "title\nRoof\n"
