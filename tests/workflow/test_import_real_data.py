"""The proof on real data: what an import leaves behind equals a plain replay of the CSV file, row by row, with no code of Havn's.

The data set is not part of the project; where its folder is missing these tests are skipped.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from crm.models import Company, Sale
from tests.factories import UserFactory, rule
from workflow.models import Batch, CategoryDecision, Trigger

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "crm-sales-opportunities"
ACCOUNTS, PIPELINE = DATA / "accounts.csv", DATA / "sales_pipeline.csv"
UNTIL = dt.date(2017, 3, 10)  # by then 71 accounts have won, two have only lost and twelve have nothing
NO_CATEGORY_YET = "Lead"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not PIPELINE.exists(), reason="the data set is not at ../shared/data/crm-sales-opportunities"),
    pytest.mark.usefixtures("true_ledger"),
]


COMPANY_OPTIONS = ("--map", "name=account", "--map", "business=sector", "--map", "country=office_location", "--key", "account")
SALE_OPTIONS = (
    *("--map", "title=product", "--map", "company=account", "--map", "status=deal_stage", "--map", "amount=close_value", "--map", "closed_on=close_date"),
    *("--value", "status.open=Prospecting", "--value", "status.open=Engaging", "--value", "title.GTX Pro=GTXPro", "--default", "currency=USD"),
    *("--date-format", "%d-%m-%y", "--key", "opportunity_id", "--order-by", "closed_on"),
)

# ---------------------------------------------------------------------- the replay: the csv module and the rules in words


def _rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a file with their line; none of these files has a line break inside a cell."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{**row, "line": line} for line, row in enumerate(csv.DictReader(file), start=2)]


def _day(text: str) -> dt.date | None:
    day, month, year = text.split("-") if text else ("", "", "")
    return dt.date(2000 + int(year), int(month), int(day)) if text else None


def _in_order_of_closing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["close_date"] == "", _day(row["close_date"]) or dt.date.max, row["line"]))


def _replay(accounts: list[str], rows: list[dict[str, Any]]) -> tuple[dict[str, str], dict[str, list[tuple[Any, ...]]]]:
    """Won -> Customer, lost -> Lost opportunity, one row after the other: where each account ends, and each decision on the way."""
    category = dict.fromkeys(accounts, NO_CATEGORY_YET)
    version = dict.fromkeys(accounts, 1)
    decisions = {account: [("created", None, "changed", "", None, NO_CATEGORY_YET, 1)] for account in accounts}
    target = {"Won": ("sale_won", "Customer"), "Lost": ("sale_lost", "Lost opportunity")}
    for row in rows:
        account = row["account"]
        if not account or row["deal_stage"] not in target:
            continue
        trigger, wanted = target[row["deal_stage"]]
        before = category[account]
        if before == "Customer":
            decision = ("skipped", "not_potential", before, None, None)
        elif before == wanted:
            decision = ("skipped", "already_there", before, None, None)
        else:
            category[account], version[account] = wanted, version[account] + 1
            decision = ("changed", "", before, wanted, version[account])
        decisions[account].append((trigger, row["opportunity_id"], *decision))
    return category, decisions


# ---------------------------------------------------------------------------------------------------- what Havn has


def _categories() -> dict[str, str]:
    return dict(Company.objects.values_list("name", "category__name"))


def _decisions() -> dict[str, list[tuple[Any, ...]]]:
    columns = ("trigger", "sale__external_key", "outcome", "skip_reason", "from_category__name", "to_category__name", "applied_version")
    found = defaultdict(list)
    for name, *decision in CategoryDecision.objects.order_by("pk").values_list("company__name", *columns):
        found[name].append(tuple(decision))
    return dict(found)


def _sales() -> dict[str, tuple[Any, ...]]:
    columns = (
        "external_key",
        "title",
        "company__name",
        "status",
        "amount",
        "currency",
        "closed_on",
        "owner__first_name",
        "owner__last_name",
        "external_source",
    )
    return {key: tuple(rest) for key, *rest in Sale.objects.values_list(*columns)}


def _error_lines(path: Path) -> list[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["line"], row["refused because"], row["opportunity_id"]) for row in csv.DictReader(file)]


@pytest.fixture(autouse=True)
def _rules(category: Any) -> None:
    rule(Trigger.SALE_WON, category["Customer"])
    rule(Trigger.SALE_LOST, category["Lost opportunity"])


# ------------------------------------------------------------------------------------------------------------- tests


def test_the_whole_file_leaves_the_categories_and_decisions_of_a_plain_replay(tmp_path, capsys):
    errors = tmp_path / "errors.csv"
    accounts, rows = [row["account"] for row in _rows(ACCOUNTS)], _rows(PIPELINE)
    for agent in sorted({row["sales_agent"] for row in rows}):
        first, last = agent.split(" ", 1)
        UserFactory(first_name=first, last_name=last, groups=[])
    call_command("import_companies", str(ACCOUNTS), *COMPANY_OPTIONS)
    call_command("import_sales", str(PIPELINE), *SALE_OPTIONS, "--map", "owner=sales_agent", "--errors", str(errors))
    assert "8,800 rows. 8,800 sales imported, 0 already imported, 0 refused." in capsys.readouterr().out
    assert _error_lines(errors) == []

    category, decisions = _replay(accounts, _in_order_of_closing(rows))
    assert _categories() == category
    assert _decisions() == decisions
    assert CategoryDecision.objects.count() == sum(map(len, decisions.values())) == 85 + sum(bool(row["account"] and row["close_date"]) for row in rows)
    assert Batch.objects.filter(kind="import").count() == 2  # one for each run

    status = {"Won": "won", "Lost": "lost", "Prospecting": "open", "Engaging": "open"}
    assert _sales() == {
        row["opportunity_id"]: (
            *(row["product"].replace("GTXPro", "GTX Pro"), row["account"] or None, status[row["deal_stage"]], Decimal(row["close_value"] or 0), "USD"),
            *(_day(row["close_date"]), *row["sales_agent"].split(" ", 1), "sales_pipeline"),
        )
        for row in rows
    }
    assert Sale.objects.filter(company=None).count() == 1425


def test_a_second_run_imports_nothing_twice_and_decides_nothing_again(tmp_path, capsys):
    part = _write(tmp_path / "part.csv", [row["line"] for row in _rows(PIPELINE)[:600]])
    whole = _write(tmp_path / "whole.csv", [row["line"] for row in _rows(PIPELINE)[:900]])
    for path, imported, already in ((part, 600, 0), (part, 0, 600), (whole, 300, 600)):
        call_command("import_sales", str(path), *SALE_OPTIONS, "--source", "pipeline", "--create-companies")
        assert f"{imported} sales imported, {already} already imported, 0 refused." in capsys.readouterr().out
    closed = [row for row in _rows(PIPELINE)[:900] if row["account"] and row["close_date"]]
    assert Sale.objects.count() == 900
    assert CategoryDecision.objects.exclude(sale=None).count() == len(closed)


def test_up_to_a_date_some_accounts_have_no_win_and_rows_of_unknown_accounts_are_refused(tmp_path, capsys):
    errors = tmp_path / "errors.csv"
    accounts = [row["account"] for row in _rows(ACCOUNTS)]
    unknown = accounts[3::20]
    known = [account for account in accounts if account not in unknown]
    rows = [row for row in _rows(PIPELINE) if row["close_date"] and _day(row["close_date"]) <= UNTIL]
    path = _write(tmp_path / "until.csv", [row["line"] for row in rows])
    rows = _rows(path)  # with their lines in the shortened file

    call_command(
        "import_companies",
        str(_write(tmp_path / "accounts.csv", [row["line"] for row in _rows(ACCOUNTS) if row["account"] in known], of=ACCOUNTS)),
        *COMPANY_OPTIONS,
    )
    call_command("import_sales", str(path), *SALE_OPTIONS, "--errors", str(errors))

    refused = [row for row in rows if row["account"] in unknown]
    assert len(refused) > 5
    assert f"{len(rows)} rows. {len(rows) - len(refused)} sales imported, 0 already imported, {len(refused)} refused." in capsys.readouterr().out
    reason = "No company named “{}” (--create-companies would create it)"
    assert _error_lines(errors) == [(str(row["line"]), reason.format(row["account"]), row["opportunity_id"]) for row in refused]
    assert set(_sales()) == {row["opportunity_id"] for row in rows} - {row["opportunity_id"] for row in refused}

    category, decisions = _replay(known, _in_order_of_closing([row for row in rows if row not in refused]))
    assert set(category.values()) == {"Lead", "Lost opportunity", "Customer"}  # some without anything, some with losses only
    assert _categories() == category
    assert _decisions() == decisions
    assert CategoryDecision.objects.count() == sum(map(len, decisions.values()))


def test_with_rules_skipped_every_decision_says_so_and_no_company_moves(tmp_path):
    rows = [row for row in _rows(PIPELINE) if row["close_date"] and _day(row["close_date"]) <= UNTIL]
    call_command("import_companies", str(ACCOUNTS), *COMPANY_OPTIONS)
    call_command("import_sales", str(_write(tmp_path / "until.csv", [row["line"] for row in rows])), *SALE_OPTIONS, "--rules", "skip")
    assert set(_categories().values()) == {NO_CATEGORY_YET}
    found = CategoryDecision.objects.exclude(sale=None)
    assert set(found.values_list("outcome", "skip_reason")) == {("skipped", "rules_not_run")}
    assert found.count() == sum(bool(row["account"]) for row in rows)


def _write(path: Path, lines: list[int], *, of: Path = PIPELINE) -> Path:
    """A file with the header and these lines of another, in its order."""
    whole = of.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([whole[0], *(whole[line - 1] for line in lines)]), encoding="utf-8", newline="")
    return path
