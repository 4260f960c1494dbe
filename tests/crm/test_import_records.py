"""Importing companies and sales from CSV files: what each becomes, what the rules make of it, and starting again."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.imports import run as running
from crm.imports.companies import CompanyImport
from crm.imports.sales import SaleImport
from crm.models import Company, Sale, SaleReason, SaleStage
from tests.crm.importing import decisions, refused
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from workflow.models import Batch, CategoryDecision, Trigger

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("true_ledger")]


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
    assert [(row["line"], row["refused because"]) for row in refused(errors)] == expected
    sales(path, "--key", "id", "--errors", errors)
    assert [(row["line"], row["refused because"]) for row in refused(errors)] == expected
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
    assert [row[2:] for row in decisions()] == [("created", "changed", "", None, "Opportunity", 1), ("created", "changed", "", None, "Lead", 1)]
    batch = Batch.objects.get()
    assert (batch.kind, batch.user) == ("import", administrator)
    assert set(CategoryDecision.objects.values_list("batch", "caused_by")) == {(batch.pk, administrator.pk)}


def test_companies_with_an_unknown_category_a_bad_address_or_a_name_too_long_are_refused(write, companies, tmp_path):
    errors = tmp_path / "errors.csv"
    companies(write(f"name,category,website\nA,Klient,\nB,,not an address\n{'x' * 201},,\n"), "--errors", errors)
    reasons = [row["refused because"] for row in refused(errors)]
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
    assert decisions(company__name="Nyt A/S") == [
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
    assert [row[1:] for row in decisions(sale__isnull=False)] == [
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
    assert [row[1] for row in decisions(trigger="sale_registered")] == ["C", "B", "D", "A", "E"]


def test_with_rules_skipped_nothing_moves_and_every_decision_says_so(write, sales, category):
    CompanyFactory(name="Nord")
    rule(Trigger.SALE_WON, category["Customer"])
    sales(write("title,company,status\nA,Nord,won\nB,Nord,won\n"), "--rules", "skip")
    assert [row[1:5] for row in decisions(sale__isnull=False)] == [
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
        history = [[row[1:] for row in decisions(company__name=f"{how} {name}")] for how in ("replayed", "imported")]
        assert history[0] == history[1]
        assert len(history[0]) > 10
    assert Sale.objects.count() == 140


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
    assert [row["line"] for row in refused(errors)] == ["5", "12"]
    assert all(
        row["refused because"].startswith("The database refused it: ") and "sale_amount_not_negative" in row["refused because"] for row in refused(errors)
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


def test_the_statements_depend_on_how_often_a_company_moves_and_not_on_the_number_of_rows(write, sales, category):
    rule(Trigger.SALE_WON, category["Customer"])
    rule(Trigger.SALE_REGISTERED, category["Opportunity"])
    names = [company.name for company in CompanyFactory.create_batch(200)]
    statements = []
    for file, rows in (
        ("first", [(names[0], "won")]),  # the first save of a process looks for rules first
        ("few", [(name, "won") for name in names[1:3]]),
        ("many", [(name, "won") for name in names[3:]]),
        ("busy", [(CompanyFactory().name, "won")] * 200),
    ):
        path = write("title,company,status\n" + "".join(f"S,{name},{status}\n" for name, status in rows), f"{file}.csv")
        with CaptureQueriesContext(connection) as captured:
            sales(path)
        statements.append(len(captured))
    _first, few, many, busy = statements
    assert few == many
    assert few < busy <= few + 3  # all but the first are judged once more, after the company has moved
