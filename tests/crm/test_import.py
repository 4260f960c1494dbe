"""Importing companies and sales from CSV files: what is understood, what is refused and how it is said, and starting again."""

from __future__ import annotations

import csv
import datetime as dt
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.imports import run as running
from crm.imports.companies import CompanyImport
from crm.imports.reading import Row
from crm.imports.records import Prepared
from crm.imports.sales import SaleImport
from crm.models import Company, Sale, SaleReason, SaleStage
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from workflow.models import Batch, CategoryDecision, Trigger

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a file: text, or bytes for another encoding."""

    def write_file(content: str | bytes, name: str = "old.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def sales(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run import_sales and return what it printed."""
    return lambda *arguments: _call("import_sales", arguments, capsys)


@pytest.fixture
def companies(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run import_companies and return what it printed."""
    return lambda *arguments: _call("import_companies", arguments, capsys)


def _call(name: str, arguments: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> str:
    call_command(name, *map(str, arguments))
    printed = capsys.readouterr()
    assert printed.err == ""  # no progress bar where nobody watches
    return printed.out


def _refused(path: Path, **options: Any) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **options))


def _decisions(**filters: Any) -> list[tuple[Any, ...]]:
    found = CategoryDecision.objects.filter(**filters).order_by("pk")
    return list(
        found.values_list("company__name", "sale__title", "trigger", "outcome", "skip_reason", "from_category__name", "to_category__name", "applied_version")
    )


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
    assert [(row["line"], row["title"], row["description"]) for row in _refused(errors)] == [("7", "Gate", "x\ny"), ("9", "Door", "z")]
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
    found = _refused(errors)
    assert [(row["line"], row["refused because"]) for row in found] == expected
    assert (found[0]["title"], found[0]["status"], found[0]["amount"]) == ("Roof", "Wonn", "1")
    assert f"The refused rows are in {errors}, with line and reason." in out


def test_a_row_with_quotes_that_do_not_match_is_refused_alone(write, sales, tmp_path):
    errors = tmp_path / "errors.csv"
    sales(write('title,description\n"The "big" roof",x\nGate,y\n'), "--errors", errors)
    assert Sale.objects.get().title == "Gate"
    refused = _refused(errors)[0]
    assert (refused["line"], refused["refused because"]) == ("2", "the quotes do not match (a quote inside quotes is written twice)")
    assert refused["title"] == '"The "big" roof",x'


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


# ------------------------------------------------------------------------------------------------------------- again


def test_running_it_again_with_a_key_imports_nothing_twice_and_brings_what_is_new(write, sales):
    first = "id,title,status\n1,Roof,won\n2,Gate,Wonn\n3,Door,open\n"
    assert "2 sales imported, 0 already imported, 1 refused" in sales(write(first), "--key", "id")
    assert "0 sales imported, 2 already imported, 1 refused" in sales(write(first), "--key", "id")
    assert "2 sales imported, 2 already imported, 0 refused" in sales(write(first.replace("Wonn", "won") + "4,Wall,open\n"), "--key", "id")
    assert "4 sales imported, 0 already imported, 0 refused" in sales(write(first.replace("Wonn", "won") + "4,Wall,open\n"), "--key", "id", "--source", "other")
    assert list(Sale.objects.filter(external_source="old").order_by("external_key").values_list("external_key", "title")) == [
        *(("1", "Roof"), ("2", "Gate"), ("3", "Door"), ("4", "Wall")),
    ]


def test_the_same_key_twice_and_a_missing_key_are_refused(write, sales, tmp_path):
    errors, path = tmp_path / "errors.csv", write("id,title\n1,Roof\n,Gate\n1,Door\n")
    sales(path, "--key", "id", "--errors", errors)
    expected = [("3", "no key, so a second run would import the row again"), ("4", "the key “1” stands in line 2 already")]
    assert [(row["line"], row["refused because"]) for row in _refused(errors)] == expected
    sales(path, "--key", "id", "--errors", errors)
    assert [(row["line"], row["refused because"]) for row in _refused(errors)] == expected
    assert Sale.objects.get().title == "Roof"


def test_a_dry_run_says_what_would_happen_and_writes_nothing(write, sales):
    out = sales(write("title,company,status\nRoof,Nyt A/S,open\nGate,NYT a/s,won\nDoor,,Wonn\n"), "--create-companies", "--dry-run")
    assert "3 rows. 2 sales would be imported, 0 already imported, 1 refused." in out
    assert "1 companies would be created." in out
    assert (Sale.objects.count(), Company.objects.count(), Batch.objects.count()) == (0, 0, 0)


# ------------------------------------------------------------------------------------------------------- companies


def test_companies_come_with_category_contact_and_address_and_a_decision_each(write, companies, category, salesperson, administrator):
    out = companies(
        write(
            "Firma,Status,Ansvarlig,website,City\nVinduer A/S,opportunity,JONAS@havn.example,vinduer.example,Vejle\nDøre A/S,,Jonas Krogh,https://doere.example,\n"
        ),
        *("--map", "name=Firma", "--map", "category=Status", "--map", "our_contact=Ansvarlig", "--key", "Firma", "--user", "Maja@Havn.example"),
    )
    assert "2 companies imported" in out
    rows = Company.objects.order_by("pk").values_list(
        "name", "category__name", "our_contact", "website", "city", "external_source", "external_key", "updated_by"
    )
    assert list(rows) == [
        ("Vinduer A/S", "Opportunity", salesperson.pk, "https://vinduer.example", "Vejle", "old", "Vinduer A/S", administrator.pk),
        ("Døre A/S", "Lead", salesperson.pk, "https://doere.example", "", "old", "Døre A/S", administrator.pk),
    ]
    assert [row[2:] for row in _decisions()] == [("created", "changed", "", None, "Opportunity", 1), ("created", "changed", "", None, "Lead", 1)]
    batch = Batch.objects.get()
    assert (batch.kind, batch.user) == ("import", administrator)
    assert set(CategoryDecision.objects.values_list("batch", "caused_by")) == {(batch.pk, administrator.pk)}


def test_companies_with_an_unknown_category_a_bad_address_or_a_name_too_long_are_refused(write, companies, tmp_path):
    errors = tmp_path / "errors.csv"
    companies(write(f"name,category,website\nA,Klient,\nB,,not an address\n{'x' * 201},,\n"), "--errors", errors)
    reasons = [row["refused because"] for row in _refused(errors)]
    assert reasons[0].startswith("category: Unknown category “Klient”. Known: Lead, Marketing qualified lead, Opportunity")
    assert reasons[1:] == ["website: Enter a valid URL.", "name: Ensure this value has at most 200 characters (it has 201)."]
    assert Company.objects.count() == 0


def test_a_company_with_a_name_that_exists_is_imported_and_mentioned(write, companies):
    CompanyFactory(name="Vinduer A/S")
    assert "1 with the same name as another company." in companies(write("name\nVINDUER a/s\nDøre A/S\n"))
    assert Company.objects.count() == 3


def test_companies_that_sales_name_are_created_once_in_the_default_category(write, sales, category):
    CompanyFactory(name="Old A/S")
    rule(Trigger.SALE_WON, category["Customer"])
    out = sales(
        write("title,company,status\nRoof,Nyt A/S,open\nGate,NYT  a/s,won\nDoor,old a/s,open\nWall,Andet A/S,open\nSill,nyt A/S,lost\n"), "--create-companies"
    )
    assert "5 sales imported" in out
    assert "2 companies created." in out
    assert set(Sale.objects.values_list("title", "company__name")) == {
        ("Roof", "Nyt A/S"),
        ("Gate", "Nyt A/S"),
        ("Sill", "Nyt A/S"),
        ("Door", "Old A/S"),
        ("Wall", "Andet A/S"),
    }
    assert _decisions(company__name="Nyt A/S") == [
        ("Nyt A/S", None, "created", "changed", "", None, "Lead", 1),
        ("Nyt A/S", "Gate", "sale_won", "changed", "", "Lead", "Customer", 2),
    ]


def test_a_name_no_company_can_have_is_refused_also_when_companies_are_created(write, sales):
    out = sales(write(f"title,company\nRoof,{'x' * 201}\n"), "--create-companies")
    assert "line 2: company: Ensure this value has at most 200 characters (it has 201)." in out
    assert Company.objects.count() == 0


# ------------------------------------------------------------------------------------------------------------ sales


def test_a_contact_is_found_at_the_sales_company_only(write, sales):
    here, elsewhere = CompanyFactory(name="Here"), CompanyFactory(name="Elsewhere")
    torben = ContactFactory(company=here, email="torben@here.example")
    ContactFactory(company=elsewhere, first_name="Ida", last_name="Skov")
    out = sales(write("title,company,contact\nA,Here,Torben@here.example\nB,here,torben friis\nC,Here,Ida Skov\nD,,Torben Friis\n"))
    assert dict(Sale.objects.values_list("title", "contact")) == {"A": torben.pk, "B": torben.pk}
    assert "line 4: Unknown contact at this company “Ida Skov”. Known: torben@here.example\n" in out
    assert "line 5: Unknown contact at this company “Torben Friis”\n" in out


def test_stages_and_reasons_are_found_by_name_and_a_reason_must_fit_the_status(write, sales):
    stage, reason = SaleStage.objects.get(name="Proposal"), SaleReason.objects.get(name="Price")
    content = "title,status,stage,reason,closed_on\nA,lost,proposal,price,2026-01-01\nB,won,,Price,2026-01-01\nC,open,Won,Price,\nD,open,Sold,,\n"
    out = sales(write(content), "--value", "stage.=Won")
    assert list(Sale.objects.order_by("pk").values_list("title", "stage", "reason", "closed_on")) == [
        ("A", stage.pk, reason.pk, dt.date(2026, 1, 1)),
        ("C", None, None, None),
    ]
    assert "line 3: Unknown reason of a won sale “Price”. Known: Best solution, Known supplier\n" in out
    assert "line 5: stage: Unknown stage “Sold”. Known: Qualification, Needs analysis, Proposal, Negotiation\n" in out
    assert "1 with a closing date, reason or re-open date that their status does not keep: it was left out." in out


def test_a_closed_sale_without_a_date_gets_todays_and_the_summary_says_so(write, sales):
    out = sales(write("title,status,closed_on\nRoof,won,\nGate,lost,2026-01-01\n"))
    assert set(Sale.objects.values_list("title", "closed_on")) == {("Roof", timezone.localdate()), ("Gate", dt.date(2026, 1, 1))}
    assert "1 won or lost without a closing date: dated today." in out


# ------------------------------------------------------------------------------------------------------------ rules


def test_each_row_is_a_save_of_its_own_so_lost_before_won_moves_a_company_twice(write, sales, category):
    CompanyFactory(name="Nord")
    rule(Trigger.SALE_WON, category["Customer"])
    rule(Trigger.SALE_LOST, category["Lost opportunity"])
    sales(write("title,company,status\nA,Nord,lost\nB,Nord,lost\nC,Nord,won\nD,Nord,lost\n"))
    assert [row[1:] for row in _decisions(sale__isnull=False)] == [
        ("A", "sale_lost", "changed", "", "Lead", "Lost opportunity", 2),
        ("B", "sale_lost", "skipped", "already_there", "Lost opportunity", None, None),
        ("C", "sale_won", "changed", "", "Lost opportunity", "Customer", 3),
        ("D", "sale_lost", "skipped", "not_potential", "Customer", None, None),
    ]


def test_order_by_decides_what_comes_first_with_empty_ones_last_and_equals_as_in_the_file(write, sales, category):
    CompanyFactory(name="Nord")
    rule(Trigger.SALE_REGISTERED, category["Opportunity"])
    content = "title,company,status,closed_on\nA,Nord,open,\nB,Nord,won,2026-02-01\nC,Nord,lost,2026-01-01\nD,Nord,won,2026-02-01\nE,Nord,open,\n"
    sales(write(content), "--order-by", "closed_on")
    assert [row[1] for row in _decisions(trigger="sale_registered")] == ["C", "B", "D", "A", "E"]


def test_with_rules_skipped_nothing_moves_and_every_decision_says_so(write, sales, category):
    CompanyFactory(name="Nord")
    rule(Trigger.SALE_WON, category["Customer"])
    sales(write("title,company,status\nA,Nord,won\nB,Nord,won\n"), "--rules", "skip")
    assert [row[1:5] for row in _decisions(sale__isnull=False)] == [
        ("A", "sale_won", "skipped", "rules_not_run"),
        ("B", "sale_won", "skipped", "rules_not_run"),
    ]
    assert Company.objects.get().category.name == "Lead"


def test_one_import_is_one_batch_however_many_chunks(write, sales, category, monkeypatch):
    monkeypatch.setattr(running, "CHUNK", 2)
    rule(Trigger.SALE_WON, category["Customer"])
    sales(write("title,company,status\n" + "".join(f"{n},C{n % 3},won\n" for n in range(7))), "--create-companies")
    assert CategoryDecision.objects.filter(batch=Batch.objects.get()).count() == CategoryDecision.objects.count() == 3 + 7


@pytest.mark.parametrize("ask", [False, True])
def test_importing_leaves_the_same_history_as_saving_row_by_row(write, sales, category, monkeypatch, ask):
    monkeypatch.setattr(running, "CHUNK", 30)
    rule(Trigger.SALE_WON, category["Customer"], ask=ask)
    rule(Trigger.SALE_LOST, category["Lost opportunity"])
    rule(Trigger.SALE_REGISTERED, category["Opportunity"], ask=ask)
    chance, names = random.Random(7), "abcd"
    rows = [(f"S{n}", chance.choice(["", *names]), chance.choice(["open", "open", "lost", "lost", "won", "stalled"])) for n in range(70)]
    for name in names:
        CompanyFactory(name=f"replayed {name}")
        CompanyFactory(name=f"imported {name}")
    for title, name, status in rows:
        SaleFactory(title=title, company=Company.objects.get(name=f"replayed {name}") if name else None, status=status)
    sales(write("title,company,status\n" + "".join(f"{title},{name and f'imported {name}'},{status}\n" for title, name, status in rows)))
    for name in names:
        history = [[row[1:] for row in _decisions(company__name=f"{how} {name}")] for how in ("replayed", "imported")]
        assert history[0] == history[1]
        assert len(history[0]) > 10
    assert Sale.objects.count() == 140


def test_waves_never_hold_a_company_twice_and_keep_its_order():
    rows = [Prepared(Row(line, []), {}, company) for line, company in enumerate(["a", "A", "", "b", "", "a", "B"])]
    assert [[row.row.line for row in wave] for wave in running.waves(rows)] == [[0, 2, 3, 4], [1, 6], [5]]


# ------------------------------------------------------------------------------------- what the database refuses


def test_a_row_that_only_the_database_refuses_leaves_alone_and_takes_its_new_company_with_it(write, sales, monkeypatch, tmp_path):
    monkeypatch.setattr(Sale, "clean_fields", lambda *_args, **_kwargs: None)
    errors = tmp_path / "errors.csv"
    rows = [f"S{n},C{n},{-1 if n in (3, 10) else n}" for n in range(12)]
    out = sales(write("title,company,amount\n" + "\n".join(rows)), "--create-companies", "--errors", errors)
    assert "12 rows. 10 sales imported, 0 already imported, 2 refused." in out
    assert "10 companies created." in out
    assert set(Sale.objects.values_list("title", "company__name")) == {(f"S{n}", f"C{n}") for n in range(12) if n not in (3, 10)}
    assert set(Company.objects.values_list("name", flat=True)) == {f"C{n}" for n in range(12) if n not in (3, 10)}
    assert [row["line"] for row in _refused(errors)] == ["5", "12"]
    assert all(
        row["refused because"].startswith("The database refused it: ") and "sale_amount_not_negative" in row["refused because"] for row in _refused(errors)
    )


def test_a_row_that_somebody_else_imported_meanwhile_counts_as_already_imported(write, sales, monkeypatch):
    SaleFactory(external_source="old", external_key="2")
    monkeypatch.setattr(SaleImport, "keys", frozenset())  # as if it had come after we looked
    assert "2 sales imported, 1 already imported, 0 refused" in sales(write("id,title\n1,Roof\n2,Gate\n3,Door\n"), "--key", "id")


@pytest.mark.django_db(transaction=True)
def test_a_chunk_is_committed_before_the_next_so_an_import_that_was_stopped_continues(write, sales, monkeypatch, capsys):
    monkeypatch.setattr(running, "CHUNK", 2)
    path, create = write("id,title\n" + "".join(f"{n},S{n}\n" for n in range(7))), SaleImport.create

    def give_up(self, rows):
        if any(row.values["title"] == "S5" for row in rows):
            raise OperationalError("the server is gone\nfor good")
        return create(self, rows)

    monkeypatch.setattr(SaleImport, "create", give_up)
    with pytest.raises(CommandError) as raised:
        sales(path, "--key", "id")
    assert str(raised.value) == "The database stopped it: the server is gone. What the summary counts as imported is saved. The same command continues."
    assert "4 sales imported, 0 already imported, 0 refused" in capsys.readouterr().out
    assert set(Sale.objects.values_list("title", flat=True)) == {"S0", "S1", "S2", "S3"}
    monkeypatch.setattr(SaleImport, "create", create)
    assert "3 sales imported, 4 already imported, 0 refused" in sales(path, "--key", "id")
    assert Sale.objects.count() == 7


def test_interrupting_an_import_says_what_is_saved(write, companies, monkeypatch):
    def interrupt(self, rows):
        raise KeyboardInterrupt

    monkeypatch.setattr(CompanyImport, "create", interrupt)
    with pytest.raises(CommandError) as raised:
        companies(write("name\nNord\n"))
    assert str(raised.value) == "Stopped. What the summary counts as imported is saved. Without --key, running it again imports those rows twice."


def test_the_statements_depend_on_the_busiest_company_and_not_on_the_number_of_rows(write, sales, category):
    rule(Trigger.SALE_WON, category["Customer"])
    names = [company.name for company in CompanyFactory.create_batch(200)]
    statements = []
    for file, mentioned in (("few", names[:3]), ("many", names[3:]), ("busy", names[:1] * 3)):
        path = write("title,company,status\n" + "".join(f"S,{name},won\n" for name in mentioned), f"{file}.csv")
        with CaptureQueriesContext(connection) as captured:
            sales(path)
        statements.append(len(captured))
    few, many, busy = statements
    assert few == many < busy < 3 * few
