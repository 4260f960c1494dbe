"""W4: each rule on Lead categorization says what it did in the last 30 days, and leads to those decisions."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.actor import acting_as
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.sizes import know_sizes
from tests.workflow.ledger import latest
from workflow import decisions
from workflow.activity import activity
from workflow.models import CategoryDecision
from workflow.undo import undo

pytestmark = pytest.mark.django_db

URL = "/settings/workflow/lead-categorization/"


@pytest.fixture
def won(category):
    """Rule 1: it makes customers without asking."""
    return rule("sale_won", category["Customer"])


def win(count=1, **values):
    """Sales won, each at a new company."""
    for _number in range(count):
        SaleFactory(company=CompanyFactory(**values), status="won")


def said(of):
    """What is said of a rule, without the addresses."""
    return [str(did) for did in activity()[of.pk].outcomes]


def test_w4_what_a_rule_did_is_counted_by_outcome(won, category, salesperson):
    win(3)
    win(2, category=category["Partner"])
    assert said(won) == ["3 changed", "0 waiting", "2 skipped"]
    won.ask_user = True
    won.save()
    with acting_as(salesperson):
        win(4)
    for answer in (decisions.accept, decisions.keep):
        answer(latest(outcome="waiting").pk, by=salesperson, seen_version=1)
    decisions.choose(latest(outcome="waiting").pk, category["Partner"], by=salesperson, seen_version=1)
    assert said(won) == ["3 changed", "1 waiting", "1 accepted", "1 changed to another category", "1 kept", "2 skipped"]


def test_w4_what_failed_is_said_only_where_it_did(won, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("workflow.verdicts.write", None)
        win()
    assert said(won) == ["0 changed", "0 waiting", "0 skipped", "1 failed"]


def test_w4_an_undo_is_not_what_the_rule_did(won, salesperson):
    win()
    undo(latest().pk, by=salesperson)
    assert said(won) == ["1 changed", "0 waiting", "0 skipped"]


def test_w4_what_is_older_than_thirty_days_does_not_count(won):
    win(2)
    first = CategoryDecision.objects.filter(rule=won).earliest("pk")
    plain(CategoryDecision).filter(pk=first.pk).update(created_at=timezone.now() - dt.timedelta(days=32))
    assert said(won) == ["1 changed", "0 waiting", "0 skipped"]
    plain(CategoryDecision).filter(rule=won).update(created_at=timezone.now() - dt.timedelta(days=32))
    assert activity() == {}


def test_w4_each_lead_status_counts_for_itself_and_a_removed_one_not_at_all(category, status):
    rules = {name: rule("lead_status_set", category["Other"], lead_status=status[name]) for name in ("Qualified", "Disqualified")}
    for name in ("Qualified", "Qualified", "Disqualified"):
        lead = ContactFactory().lead
        lead.status = status[name]
        lead.save()
    assert [said(made)[0] for made in rules.values()] == ["2 changed", "1 changed"]
    rules["Qualified"].is_enabled, rules["Qualified"].archived_at = False, timezone.now()
    rules["Qualified"].save()
    assert list(activity()) == [rules["Disqualified"].pk]


def test_w4_every_count_leads_to_just_those_decisions(maja, won, category, status):
    rule("lead_status_set", category["Other"], lead_status=status["Qualified"])
    win(3)
    win(2, category=category["Partner"])
    contact = ContactFactory(company=CompanyFactory())
    contact.lead.status = status["Qualified"]
    contact.lead.save()
    page = maja.get(URL).content.decode()
    links = re.findall(r'<li><a href="(/settings/workflow/rule-history/[^"]*)">(\d+) (\w+)</a></li>', page)
    assert [(count, word) for _url, count, word in links] == [("3", "changed"), ("2", "skipped"), ("1", "changed")]
    for url, count, _word in links:
        assert maja.get(html.unescape(url)).context["found"].total == int(count)


@pytest.mark.parametrize(("language", "words"), [("en", ["Last 30 days", "nothing yet"]), ("da", ["Seneste 30 dage", "intet endnu"])])
def test_w4_a_rule_that_did_nothing_says_so_also_when_it_is_off(maja, administrator, won, language, words):
    administrator.language = language
    administrator.save()
    won.is_enabled = False
    won.save()
    page = maja.get(URL).content.decode()
    assert [page.count(word) for word in words] == [1, 1]  # the other three were never saved


def test_w4_one_statement_tells_of_all_rules_however_much_they_did(won, category, status):
    for name in ("Qualified", "Disqualified", "Contacting"):
        rule("lead_status_set", category["Other"], lead_status=status[name])
    company, sale = CompanyFactory(), SaleFactory(company=None)
    for count in (10, 1_000):
        CategoryDecision.objects.bulk_create(
            CategoryDecision(company=company, sale=sale, trigger="sale_won", rule=won, outcome="kept", decided_at=timezone.now()) for _number in range(count)
        )
        know_sizes()
        with CaptureQueriesContext(connection) as captured:
            counted = activity()
        assert len(captured) == 1
        assert counted[won.pk].counts["kept"] >= count
