"""W5: the filtered rule history as a file, whatever its length."""

from __future__ import annotations

import csv
import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.actor import acting_as, working
from crm.models import Company, CompanyCategory
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import latest
from workflow import decisions
from workflow.models import AutomationRule, Batch, CategoryDecision
from workflow.rule_history_csv import CHUNK, in_chunks

pytestmark = pytest.mark.django_db

URL = "/settings/workflow/rule-history/"
HEADER = {
    "en": "Time,Number,Company,Outcome,Reason,Rule,Cause,Explanation,From category,Suggested category,To category,"
    "Caused by,Asked of,Decided by,Decided at,Batch",
    "da": "Tidspunkt;Nummer;Firma;Udfald;Årsag;Regel;Udløst af;Forklaring;Fra kategori;Foreslået kategori;Til kategori;"
    "Forårsaget af;Spurgt;Besluttet af;Besluttet den;Samling",
}  # fmt: skip


def table(client, delimiter=",", **query):
    """The file, as a spreadsheet reads it: rows by the header's names."""
    response = client.get(URL, {"format": "csv", **query})
    assert response.status_code == 200
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter))


def many(count):
    """Decisions of everything a row can name."""
    company, sale = CompanyFactory(), SaleFactory(company=None)
    won = AutomationRule.objects.first() or rule("sale_won", CompanyCategory.objects.get(name="Customer"))
    values = {"company": company, "sale": sale, "trigger": "sale_won", "rule": won, "from_category": company.category, "decided_at": timezone.now()}
    CategoryDecision.objects.bulk_create(
        (CategoryDecision(outcome="skipped", skip_reason="already_there", suggested_category=company.category, **values) for _number in range(count)),
        batch_size=1_000,
    )


def test_w5_every_column_says_what_it_is_called(maja, category, salesperson, administrator, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory(company=CompanyFactory(name="Fjordbo"))
    with working(user=salesperson, kind="bulk"):
        contact.lead.status = status["Qualified"]
        contact.lead.save()
    decisions.accept(latest().pk, by=administrator, seen_version=1)
    made = latest()
    (row,) = table(maja, outcome="accepted")
    times = [timezone.localtime(moment).isoformat(timespec="seconds") for moment in (made.created_at, made.decided_at)]
    assert list(row.values()) == [
        times[0], "2", "Fjordbo", "Accepted", "", "Update category when a lead status is set to Qualified",
        "Lead status for Torben Friis was set to Qualified.",
        "Confirmed by Maja Lindholm. It was suggested because lead status for Torben Friis was set to Qualified.",
        "Lead", "Customer", "Customer", "Jonas Krogh", "Jonas Krogh", "Maja Lindholm", times[1], f"Bulk edit {Batch.objects.get().pk}",
    ]  # fmt: skip
    assert times[0][-6] in "+-"


@pytest.mark.parametrize(("language", "delimiter"), [("en", ","), ("da", ";")])
def test_w5_it_speaks_the_users_language_and_is_named_after_today(maja, administrator, language, delimiter):
    administrator.language = language
    administrator.save()
    with acting_as(administrator):
        CompanyFactory(name="Ærø Skibsbyg")
    response = maja.get(URL, {"format": "csv"})
    text = response.getvalue().decode()
    assert text.startswith(f"\ufeff{HEADER[language]}\r\n")
    name = {"en": "rule-history", "da": "regelhistorik"}[language]
    assert response["Content-Disposition"] == f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"
    (row,) = csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True), delimiter=delimiter)
    assert {"en": "Created by Maja Lindholm.", "da": "Oprettet af Maja Lindholm."}[language] in row.values()


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+45 75", "-1", "@SUM(1)"])
def test_w5_a_company_that_is_named_like_a_formula_is_text(maja, name):
    CompanyFactory(name=name)
    (row,) = table(maja)
    assert row["Company"] == f"'{name}"


def test_w5_why_it_was_skipped_or_failed_stands_in_its_own_column(maja, category):
    won = rule("sale_won", category["Customer"])
    SaleFactory(company=CompanyFactory(category=category["Partner"]), status="won")
    assert [row["Reason"] for row in table(maja, outcome="skipped")] == ["Not a potential customer"]
    CategoryDecision.objects.create(
        company=Company.objects.first(), sale=SaleFactory(), trigger="sale_won", rule=won, outcome="failed", error="Oops", decided_at=timezone.now()
    )
    (row,) = table(maja, outcome="failed")
    assert row["Reason"] == "Oops"
    assert row["Explanation"].endswith("Technical reason: Oops")


def test_w5_it_holds_what_the_page_is_filtered_to_the_newest_first(maja, category):
    names = ["Fjordbo", "Havgaard", "Fjordby"]
    for name in names:
        CompanyFactory(name=name)
    assert [row["Company"] for row in table(maja)] == list(reversed(names))
    assert [row["Company"] for row in table(maja, company="fjord", page="nonsense")] == ["Fjordby", "Fjordbo"]
    html = maja.get(URL, {"company": "fjord"}).content.decode()
    assert 'href="?company=fjord&amp;format=csv"' in html


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_w5_no_row_is_lost_or_told_twice_where_a_chunk_ends(maja, count):
    many(count)
    rows = table(maja, outcome="skipped")
    assert len(rows) == count


def test_w5_what_is_decided_while_the_file_is_sent_is_not_in_it():
    many(CHUNK + 10)
    chunks = in_chunks(CategoryDecision.objects.filter(outcome="skipped"), language="en")
    told = next(chunks) + next(chunks)
    many(5)
    assert len((told + "".join(chunks)).splitlines()) == 1 + CHUNK + 10


def test_w5_five_thousand_rows_cost_one_statement_for_each_chunk(maja):
    many(1_000)
    for count in (1_000, 5_000):
        many(count - CategoryDecision.objects.filter(outcome="skipped").count())
        with CaptureQueriesContext(connection) as captured:
            response = maja.get(URL, {"format": "csv", "outcome": "skipped"})
            before = len(captured)
            rows = sum(chunk.count(b"\r\n") for chunk in response.streaming_content)
        assert rows == count + 1
        assert len(captured) - before == count // CHUNK + 1  # the last one finds nothing more


def test_w5_memory_does_not_grow_with_the_file():
    many(2_500)
    peaks, lines = [], 0
    chunks = in_chunks(CategoryDecision.objects.filter(outcome="skipped"), language="en")
    tracemalloc.start()
    for number, chunk in enumerate(chunks):
        lines += chunk.count("\n")
        if number == 2:  # the first two chunks of rows
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert lines == 2_501
    assert peaks[1] < 1.3 * peaks[0]
