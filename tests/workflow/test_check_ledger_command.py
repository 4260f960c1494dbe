"""check_ledger, the command: what it prints, what it counts, and the story of one company."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError
from django.db import connection, connections, transaction
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, Sale
from tests.browsers import for_real
from tests.conftest import on_postgresql
from tests.crm.writes import change, plain
from tests.factories import CompanyFactory, SaleFactory, rule
from tests.workflow.drift import NOBODY, ago, rule_of_yesterday, run
from tests.workflow.ledger import assert_ledger_is_true, latest, where
from workflow import decisions
from workflow.checks import READ, check
from workflow.checks.reading import one_moment
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
PATIENCE = 20  # seconds, after which something hangs


# ------------------------------------------------------------------------ the command
def test_what_is_found_is_said_and_the_exit_status_is_1(category, capsys):
    companies = CompanyFactory.create_batch(3)
    plain(Company).update(category=category["Partner"])
    with pytest.raises(CommandError) as refused:
        run("--limit", "2", capsys=capsys)
    assert refused.value.returncode == 1
    assert str(refused.value) == (
        "Checked 3 companies, 3 decisions, 0 sale transitions. Findings: category 3. docs/operations.md says what each means, and what to do."
    )
    expected = "is Partner with number 1; expected: Lead with number 1, as its last applied decision says."
    assert capsys.readouterr().out.splitlines() == [
        *(f"category: {company.name} (company {company.pk}) {expected}" for company in companies[:2]),
        "... and 1 more of this kind (category); --limit prints more.",
    ]


@pytest.mark.parametrize("many", [20, 21, 45])
def test_of_each_kind_20_are_said_and_all_are_counted(category, many):
    rule_of_yesterday("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(many)
    Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
    plain(CategoryDecision).filter(trigger="sale_won")._raw_delete("default")
    plain(CategoryDecision).update(from_category=category["Other"])
    counted = {finding.kind: (finding.total, len(finding.sentences)) for finding in check().findings}
    assert counted == dict.fromkeys(["category", "number", "no decision of a sale"], (many, 20))


@on_postgresql
@for_real
def test_the_planner_knows_the_tables_before_they_are_compared():
    CompanyFactory()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE workflow_categorydecision, leads_leadstatuschange CASCADE")  # as never looked at
        check()
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples < 0 AND oid = ANY(%s::regclass[])", [[model._meta.db_table for model in READ]])
        assert cursor.fetchall() == []


def test_a_limit_below_one_is_refused(capsys):
    with pytest.raises(CommandError, match="1 or more"):
        run("--limit", "0", capsys=capsys)


@pytest.mark.django_db(transaction=True)
def test_while_it_looks_others_go_on_and_it_sees_one_moment():
    CompanyFactory()
    may_go_on = threading.Event()

    def work():
        try:
            may_go_on.wait(PATIENCE)
            return CompanyFactory().pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(work)
        with one_moment():
            before = Company.objects.count()
            may_go_on.set()
            other.result(PATIENCE)
            during = Company.objects.count()
    assert (before, during, Company.objects.count()) == (1, 1, 2)
    with transaction.atomic():  # and afterwards everything is as it was
        CompanyFactory()
    assert_ledger_is_true()


# ----------------------------------------------------------------------- one company
@pytest.fixture
def story(category, salesperson, administrator):
    """Brønnum: created by Maja, won by Jonas, declined, moved by hand, and asked again."""
    with ago(hours=5), acting_as(administrator):
        company = CompanyFactory(name="Brønnum & Søn ApS")
        rule("sale_won", category["Customer"], ask=True)
    with ago(hours=4), acting_as(salesperson):
        SaleFactory(company=company, status="won", title="Solar roof")
    with ago(hours=3):
        decisions.keep(latest().pk, by=salesperson, seen_version=1)
    with ago(hours=2), acting_as(administrator):
        change("save", company, category=category["Opportunity"])
    with ago(hours=1), acting_as(salesperson):
        SaleFactory(company=company, status="won", title="Heat pump")
    return company


def _hours_ago(hours):
    return f"{timezone.localtime(timezone.now() - dt.timedelta(hours=hours)):%Y-%m-%d %H:%M}"


def test_the_story_of_a_company_is_told_oldest_first(story, capsys):
    told = run("--explain", str(story.pk), capsys=capsys).splitlines()
    times = [line[6:22] for line in told[1:5]]
    assert times == [_hours_ago(hours) for hours in (5, 3, 2, 1)]
    assert [line.replace(time, "TIME") for line, time in zip(told[1:5], times, strict=True)] == [
        "   1  TIME  Maja Lindholm  Created by Maja Lindholm. [- > Lead]",
        "   -  TIME  Jonas Krogh  Jonas Krogh declined Customer, which was suggested because the sale “Solar roof” was won.",
        "   2  TIME  Maja Lindholm  Changed by Maja Lindholm. [Lead > Opportunity]",
        "   -  TIME  Jonas Krogh  Waits for an answer from Jonas Krogh, because the sale “Heat pump” was won.",
    ]
    assert (told[0], told[5:]) == (
        f"Brønnum & Søn ApS (company {story.pk})",
        ["Stands at Opportunity, number 2.", "Customer? Waits for an answer from Jonas Krogh, because the sale “Heat pump” was won."],
    )


def test_the_story_follows_the_numbers_whatever_the_clock_said(moved_twice, capsys):
    for number, hours in ((1, 1), (2, 3), (3, 2)):
        with ago(hours=hours):
            plain(CategoryDecision).filter(applied_version=number).update(decided_at=timezone.now())
    told = run("--explain", str(moved_twice.pk), capsys=capsys).splitlines()
    assert [line[:4].strip() for line in told[1:4]] == ["1", "2", "3"]
    assert told[4:] == ["Stands at Partner, number 3.", "Nothing is waiting"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Jonas Krogh declined Customer, which was suggested because the sale “Solar roof” was won."),
        (("--language", "da"), "Jonas Krogh afviste Customer, som blev foreslået, fordi salget ”Solar roof” blev vundet."),
    ],
    ids=["default", "Danish"],
)
def test_the_story_is_told_in_the_language_that_is_asked_for(story, capsys, options, sentence):
    assert sentence in run("--explain", str(story.pk), *options, capsys=capsys)


@pytest.mark.parametrize("name", ["Brønnum & Søn ApS", "BRØNNUM & SØN APS", "brønnum  & søn aps "])
def test_a_company_is_found_by_its_exact_name_in_any_case(story, capsys, name):
    CompanyFactory(name="Brønnum & Søn ApS, Vejle")
    assert run("--explain", name, capsys=capsys).startswith(f"Brønnum & Søn ApS (company {story.pk})\n")


def test_of_several_with_one_name_the_id_is_asked_for(story, capsys):
    other = CompanyFactory(name="BRØNNUM & søn ApS", city="")
    with pytest.raises(CommandError) as refused:
        run("--explain", "brønnum & søn aps", capsys=capsys)
    assert str(refused.value).splitlines() == [
        "2 companies are named “brønnum & søn aps”. Give the id:",
        f"  {story.pk}  Brønnum & Søn ApS, Vejle, Opportunity",
        f"  {other.pk}  BRØNNUM & søn ApS, no town, Lead",
    ]


@pytest.mark.parametrize("wanted", ["Brønnum", str(NOBODY), "Nobody A/S"])
def test_a_company_that_is_not_there_is_said(story, capsys, wanted):
    with pytest.raises(CommandError, match=f"No company has the id or the name “{wanted}”"):
        run("--explain", wanted, capsys=capsys)


def test_a_company_that_is_named_like_a_number_is_found_when_no_id_is_like_it(capsys):
    company = CompanyFactory(name=str(NOBODY))
    assert where(company) == "Lead"
    assert run("--explain", str(NOBODY), capsys=capsys).startswith(f"{NOBODY} (company {company.pk})")
