"""W5: Rule history shows all decisions, newest first, filtered by rule, outcome, company, person and period."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.utils import timezone

from crm.actor import acting_as
from crm.models import User
from tests.browsers import HTMX
from tests.budgets import statements
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from tests.sizes import know_sizes
from tests.workflow.ledger import latest
from workflow import decisions
from workflow.models import AutomationRule, CategoryDecision, Outcome, SkipReason
from workflow.undo import undo

pytestmark = pytest.mark.django_db

URL = "/settings/workflow/rule-history/"


@pytest.fixture
def rules(category, status):
    """Won asks, Registered does not, and two lead statuses."""
    return {
        "won": rule("sale_won", category["Customer"], ask=True),
        "registered": rule("sale_registered", category["Opportunity"]),
        "qualified": rule("lead_status_set", category["Marketing qualified lead"], lead_status=status["Qualified"]),
        "disqualified": rule("lead_status_set", category["Other"], lead_status=status["Disqualified"]),
    }


@pytest.fixture
def past(rules, salesperson, colleague, status):
    """What happened at two companies: one of everything that a salesperson causes."""
    fjordbo, havgaard = CompanyFactory(name="Fjordbo A/S"), CompanyFactory(name="Ærø Havgaard")
    with acting_as(salesperson):
        SaleFactory(company=fjordbo, title="Solar roof")  # registered: changed
        SaleFactory(company=fjordbo, title="Heat pump", status="won")  # asks; registered is there already
        decisions.keep(latest(outcome="waiting").pk, by=salesperson, seen_version=2)
    with acting_as(colleague):
        contact = ContactFactory(company=havgaard, first_name="Lise", last_name="Bakke")
        contact.lead.status = status["Qualified"]
        contact.lead.save()
    undo(latest(contact=contact).pk, by=colleague)
    return fjordbo, havgaard


def shown(client, **query):
    """(company, trigger, outcome) of the rows on the page."""
    response = client.get(URL, {name.rstrip("_"): value for name, value in query.items()})
    assert response.status_code == 200
    return [(row.company.name.split()[0], row.trigger, row.outcome) for row in response.context["found"].rows]


def ignored(client, **query):
    """Which filters the page says it left out."""
    found = re.search(r"Not understood, and left out: (.*?)\.<", client.get(URL, {name.rstrip("_"): value for name, value in query.items()}).content.decode())
    return found[1].split(", ") if found else []


FJORDBO = [
    ("Fjordbo", "sale_registered", "skipped"),
    ("Fjordbo", "sale_won", "kept"),
    ("Fjordbo", "sale_registered", "changed"),
]


# ----------------------------------------------------------------------- shown
def test_w5_every_decision_is_shown_the_newest_first(maja, past):
    moves = [("Ærø", "undo", "undone"), ("Ærø", "lead_status_set", "changed")]
    made = [("Ærø", "created", "changed"), ("Fjordbo", "created", "changed")]
    assert shown(maja)[:2] == moves
    assert sorted(shown(maja)) == sorted([*moves, *FJORDBO, *made])
    assert shown(maja)[-2:] == made


def test_w5_a_row_is_a_sentence_with_links_to_company_cause_and_rule(maja, past, rules):
    html = maja.get(URL, {"outcome": "kept"}).content.decode()
    kept = CategoryDecision.objects.get(outcome="kept")
    assert "Jonas Krogh declined Customer, which was suggested because the sale “Heat pump” was won." in html
    for address in (kept.company.get_absolute_url(), kept.sale.get_absolute_url(), "/settings/workflow/lead-categorization/#r1"):
        assert f'href="{address}"' in html
    html = maja.get(URL, {"outcome": "changed", "rule": "lead_status_set"}).content.decode()
    assert f'href="{latest(trigger="lead_status_set").contact.get_absolute_url()}"' in html
    assert "Update category when a lead status is set to Qualified" in html
    assert "Undone since" in html


def test_a8_every_outcome_and_every_reason_has_a_row_in_both_languages(maja, administrator, rules, category):
    company, sale = CompanyFactory(name="Fjordbo"), SaleFactory()
    values = {"company": company, "sale": sale, "trigger": "sale_won", "rule": rules["won"], "from_category": category["Lead"]}
    for number, outcome in enumerate(Outcome.values, start=100):
        applied = {"applied_version": number, "to_category": category["Customer"]} if outcome in ("changed", "accepted", "chose_other", "undone") else {}
        decided = {} if outcome == "waiting" else {"decided_at": timezone.now()}
        for reason in SkipReason.values if outcome == "skipped" else [""]:
            CategoryDecision.objects.create(outcome=outcome, skip_reason=reason, suggested_category=category["Customer"], **values, **applied, **decided)
    for language in ("en", "da"):
        administrator.language = language
        administrator.save()
        html = maja.get(URL, {"company": "fjordbo", "rule": "sale_won"}).content.decode()
        assert html.count('<tr id="decision-') == len(Outcome) - 1 + len(SkipReason)
        assert "None" not in re.sub(r"<[^>]*>", "", html)


def test_w5_a_failure_shows_its_technical_reason_smaller(maja, rules):
    CategoryDecision.objects.create(
        company=CompanyFactory(), sale=SaleFactory(), trigger="sale_won", rule=rules["won"], outcome="failed", decided_at=timezone.now(), error="Oops: <b>"
    )
    html = maja.get(URL, {"outcome": "failed"}).content.decode()
    assert '<small class="technical">Technical reason: Oops: &lt;b&gt;</small>' in html


def test_w5_it_is_the_second_tab_of_workflow(maja):
    tabs = re.search(r'<nav class="tabs".*?</nav>', maja.get(URL).content.decode(), re.DOTALL)[0]
    assert re.findall(r"<a [^>]*>([^<]+)<", tabs)[:2] == ["Lead categorization", "Rule history"]
    assert f'href="{URL}" aria-current="page"' in tabs


def test_an_empty_ledger_says_what_will_be_here_and_one_without_matches_offers_to_clear_the_filters(maja):
    assert "No decisions yet" in maja.get(URL).content.decode()
    CompanyFactory()
    html = maja.get(URL, {"outcome": "failed"}).content.decode()
    assert "No decisions match these filters" in html
    assert f'id="clear-filters" href="{URL}"' in html


# -------------------------------------------------------------------- filtered
def test_w5_by_rule_and_by_each_lead_status_of_the_fourth(maja, past, rules):
    assert sorted(shown(maja, rule="sale_registered")) == [("Fjordbo", "sale_registered", "changed"), ("Fjordbo", "sale_registered", "skipped")]
    by_status = [("Ærø", "undo", "undone"), ("Ærø", "lead_status_set", "changed")]  # an undo names the rule that it undid
    assert shown(maja, rule="lead_status_set") == shown(maja, rule=rules["qualified"].pk) == by_status
    assert shown(maja, rule=rules["disqualified"].pk) == []
    assert shown(maja, rule="sale_lost") == []  # a rule that was never made
    assert shown(maja, rule=rules["won"].pk) == shown(maja, rule="sale_won") == [("Fjordbo", "sale_won", "kept")]


def test_w5_a_removed_rule_can_be_chosen_as_long_as_there_are_decisions_of_it(maja, past, rules):
    AutomationRule.objects.filter(trigger="lead_status_set").update(is_enabled=False, archived_at=timezone.now())
    html = maja.get(URL).content.decode()
    removed = re.search(r'<optgroup label="Removed rules">(.*?)</optgroup>', html, re.DOTALL)[1]
    assert re.findall(r'value="(\d+)"', removed) == [str(rules["qualified"].pk)]
    assert "(removed)" in html
    assert len(shown(maja, rule=rules["qualified"].pk)) == len(shown(maja, rule="lead_status_set")) == 2


@pytest.mark.parametrize("kind", ["created", "manual", "undo"])
def test_w5_by_what_no_rule_did(maja, past, category, kind):
    past[0].category = category["Partner"]
    past[0].save()
    assert {trigger for _company, trigger, _outcome in shown(maja, rule=kind)} == {kind}


@pytest.mark.parametrize(("outcome", "count"), [("changed", 4), ("skipped", 1), ("skipped:already_there", 1), ("skipped:not_potential", 0), ("kept", 1)])
def test_w5_by_outcome_and_reason(maja, past, outcome, count):
    assert len(shown(maja, outcome=outcome)) == count


@pytest.mark.parametrize(("name", "companies"), [("fjord", {"Fjordbo"}), ("ÆRØ hav", {"Ærø"}), ("  havgaard ", {"Ærø"}), ("%", set())])
def test_w5_by_company_whatever_the_case(maja, past, name, companies):
    assert {row[0] for row in shown(maja, company=name)} == companies


def test_w5_by_person_who_caused_decided_or_was_asked(maja, past, administrator, salesperson, colleague):
    assert {row[0] for row in shown(maja, person=colleague.pk)} == {"Ærø"}
    assert sorted(shown(maja, person=salesperson.pk)) == sorted(FJORDBO)
    assert shown(maja, person=administrator.pk) == []
    plain(CategoryDecision).filter(outcome="kept").update(decided_by=administrator)
    plain(CategoryDecision).filter(outcome="skipped").update(asked_of=administrator)
    assert {row[2] for row in shown(maja, person=administrator.pk)} == {"kept", "skipped"}


def test_w5_a_person_who_left_can_still_be_chosen(maja, past, salesperson):
    plain(User).filter(pk=salesperson.pk).update(is_active=False)
    assert "Jonas Krogh (deactivated)</option>" in maja.get(URL).content.decode()
    assert len(shown(maja, person=salesperson.pk)) == 3


def _aged(days):
    """Decisions this many whole days old, in the middle of the day."""
    noon = timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time(12)))
    company = CompanyFactory(name=f"D{days}")
    plain(CategoryDecision).filter(company=company).update(created_at=noon - dt.timedelta(days=days))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"period": "7"}, {"D0", "D7"}),
        ({"period": "30"}, {"D0", "D7", "D30"}),
        ({"period": "90"}, {"D0", "D7", "D30", "D31"}),
        ({"period": ""}, {"D0", "D7", "D30", "D31", "D200"}),
        ({"period": "dates", "from_": 31, "to": 7}, {"D7", "D30", "D31"}),
        ({"from_": 30, "to": 30}, {"D30"}),
        ({"to": 30}, {"D30", "D31", "D200"}),
        ({"period": "30", "from_": 200, "to": 200}, {"D0", "D7", "D30"}),  # dates that stayed in the form count for nothing
    ],
)
def test_w5_by_period(maja, query, names):
    for days in (0, 7, 30, 31, 200):
        _aged(days)
    day = {name: (timezone.localdate() - dt.timedelta(days=value)).isoformat() if isinstance(value, int) else value for name, value in query.items()}
    assert {row[0] for row in shown(maja, **day)} == names


def test_w5_filters_hold_together_and_stand_in_the_form(maja, past, salesperson):
    query = {"rule": "sale_registered", "outcome": "skipped:already_there", "company": "fjord", "person": salesperson.pk, "period": "7"}
    assert shown(maja, **query) == [("Fjordbo", "sale_registered", "skipped")]
    html = maja.get(URL, query).content.decode()
    assert len(re.findall(r"<option[^>]* selected", html)) == 4
    assert 'name="company" maxlength="200" value="fjord"' in html


def test_w0_that_nothing_matches_is_announced(maja):
    html = maja.get(URL, {"company": "nobody"}, headers=HTMX).content.decode()
    assert re.search(r'role="status"><h3>No decisions match these filters', html)


# ------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"rule": "nonsense"}, ["Rule"]),
        ({"rule": "99999999999999999999999"}, ["Rule"]),
        ({"rule": "²"}, ["Rule"]),
        ({"outcome": "skipped:nonsense", "period": "31"}, ["Outcome", "Period"]),
        ({"person": "0"}, ["Person"]),
        ({"person": "1 or 1=1"}, ["Person"]),
        ({"company": "\x00"}, ["Company"]),
        ({"company": "x" * 201}, ["Company"]),
        ({"from": "yesterday"}, ["From"]),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ["From", "To"]),
        ({"from": "2026-02-30"}, ["From"]),
        ({"page": "nonsense"}, []),
        ({"unknown": "x"}, []),
    ],
)
def test_w5_an_unknown_filter_is_left_out_and_said(maja, query, names):
    CompanyFactory()
    assert ignored(maja, **query) == names
    if names != ["From"] and "from" not in query:
        assert len(shown(maja, **query)) == 1
    html = maja.get(URL, query).content.decode()
    assert "aria-invalid" not in html
    assert maja.get(URL, query, headers=HTMX).status_code == 200
    assert maja.get(URL, {**query, "format": "csv"}).status_code == 200


def test_w5_a_period_that_ends_before_it_begins_stays_as_typed_and_is_said(maja):
    CompanyFactory()
    query = {"from": "2026-02-02", "to": "2026-02-01"}
    assert (ignored(maja, **query), shown(maja, **query)) == ([], [])
    html = maja.get(URL, query).content.decode()
    assert "The period ends before it begins. Change From or To." in html
    assert ('value="2026-02-02"' in html, 'value="2026-02-01"' in html) == (True, True)
    assert maja.get(URL, {**query, "format": "csv"}).status_code == 200
    assert "ends before" not in maja.get(URL, {**query, "period": "7"}).content.decode()  # then the dates count for nothing


def test_nobody_else_gets_in_not_even_for_the_file(client, salesperson):
    client.force_login(salesperson)
    assert client.get(URL).status_code == client.get(URL, {"format": "csv"}).status_code == 403


# ---------------------------------------------------------------- long ledgers
def _many(count, **values):
    company = CompanyFactory()
    skipped = {"trigger": "sale_won", "outcome": "skipped", "skip_reason": "already_there", "from_category": company.category, "decided_at": timezone.now()}
    CategoryDecision.objects.bulk_create(CategoryDecision(company=company, **skipped, **values) for _number in range(count))


def test_w5_previous_and_next_lead_through_everything_once_and_back(maja, rules):
    _many(60, rule=rules["won"], sale=SaleFactory())
    first = maja.get(URL, {"outcome": "skipped"})
    seen, response = [], first
    while True:
        seen += [row.pk for row in response.context["found"].rows]
        if not response.context["found"].next:
            break
        response = maja.get(URL, {"outcome": "skipped", "page": response.context["found"].next})
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 60
    back = maja.get(URL, {"outcome": "skipped", "page": response.context["found"].previous})
    assert [row.pk for row in back.context["found"].rows] == seen[25:50]
    assert "outcome=skipped&amp;page=" in first.content.decode()


def test_w5_more_than_a_thousand_are_counted_as_such(maja):
    _many(1_001)
    assert '<span class="count">1,000+</span>' in maja.get(URL).content.decode()


def test_w5_a_long_ledger_costs_no_more_statements_than_a_short_one(maja, rules, administrator, status):
    """A company costs three more, and "f" a fourth on SQLite: which runs begin with it, where the index has it, which companies these are."""
    contact, costs = ContactFactory(), []
    names = {"contact": contact, "lead_status": status["Qualified"], "rule": rules["qualified"], "caused_by": administrator, "asked_of": administrator}
    for count, users in ((10, 1), (990, 30)):
        _many(count, **names)
        UserFactory.create_batch(users)
        know_sizes()
        for query in ("", f"?rule=lead_status_set&company=f&person={administrator.pk}&period=7"):
            costs.append(statements(maja, URL + query))
    assert costs == [12, 15 if connection.vendor == "sqlite" else 14] * 2
