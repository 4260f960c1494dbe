"""Many questions at once: found by company and by whom they were asked of, answered together, undone together, and how long they have waited."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Sale
from leads.models import Lead
from tests.browsers import HTMX
from tests.budgets import statements
from tests.crm.writes import plain
from tests.factories import ContactFactory
from tests.workflow.changes import said
from tests.workflow.ledger import where
from tests.workflow.questions import ask, outcomes
from workflow import decisions
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
both_ways = pytest.mark.parametrize("headers", [{**HTMX, "HX-Target": "modal"}, {}], ids=["htmx", "plain form"])


def age(decision, days):
    plain(CategoryDecision).filter(pk=decision.pk).update(created_at=timezone.now() - dt.timedelta(days=days))


def shown(client, **query):
    return [decision.company.name for decision in client.get("/confirmations/", query).context["found"].rows]


def bulk(client, answer, found, headers, **seen):
    values = {"all": answer, "chosen": [one.pk for one in found]}
    return client.post("/confirmations/answers/", values | {f"seen-{one.pk}": seen.get(one.company.name, 1) for one in found}, headers=headers)


# ---------------------------------------------------------------------- answering many
@both_ways
@pytest.mark.parametrize(("answer", "outcome"), [("accept", "accepted"), ("keep", "kept")])
def test_what_is_ticked_is_answered_and_the_rest_waits(jonas, salesperson, asking, answer, outcome, headers):
    found = ask(salesperson, "A", "B", "C")
    html = said(jonas, bulk(jonas, answer, found[:2], headers))
    assert outcomes(found) == [outcome, outcome, "waiting"]
    assert ("2 companies have a new category." if answer == "accept" else "2 stay as they are.") in html
    assert ("Undo all" in html) is (answer == "accept")


@both_ways
def test_what_was_done_has_its_undo_though_another_is_asked_again(jonas, salesperson, category, asking, headers):
    found = ask(salesperson, "A", "B", "C")
    with acting_as(salesperson):
        type(found[1].company).objects.filter(pk=found[1].company_id).update(category=category["Opportunity"])
    response = bulk(jonas, "accept", found, headers)
    html = response.content.decode()
    assert response.status_code == 409
    assert html.count("2 companies have a new category.") == 2  # where one reads on, and in the toast with Undo
    assert "The category has changed meanwhile. Please choose again." in html
    assert 'action="/confirmations/undo/"' in html
    assert f'name="ids" value="{found[0].pk},{found[2].pk}"' in html
    assert outcomes(found) == ["accepted", "waiting", "accepted"]


@both_ways
def test_a9_several_are_undone_together_and_what_has_changed_since_stays(jonas, salesperson, category, asking, headers):
    found = ask(salesperson, "A", "B", "C")
    bulk(jonas, "accept", found, headers)
    with acting_as(salesperson):
        type(found[1].company).objects.filter(pk=found[1].company_id).update(category=category["Partner"])
    html = said(jonas, jonas.post("/confirmations/undo/", {"ids": ",".join(str(one.pk) for one in found)}, headers=headers))
    assert "Undone for 2 companies." in html
    assert "B has changed again: it is now Partner. Nothing was undone." in html
    assert [where(one.company) for one in found] == ["Lead", "Partner", "Lead"]


@both_ways
def test_q4_what_a_colleague_has_answered_is_said_and_the_others_are_answered(jonas, administrator, salesperson, asking, headers):
    found = ask(salesperson, "A", "B")
    decisions.keep(found[0].pk, by=administrator, seen_version=1)
    html = said(jonas, bulk(jonas, "accept", found, headers))
    assert "Maja Lindholm has already answered: A is Lead." in html
    assert "B is now Customer" in html


@both_ways
def test_nothing_ticked_is_said_and_nothing_changes(jonas, salesperson, asking, headers):
    found = ask(salesperson, "A")
    response = bulk(jonas, "accept", [], headers)
    assert "Choose at least one suggestion." in said(jonas, response)
    assert outcomes(found) == ["waiting"]


@pytest.mark.parametrize("value", ["", "x", "²", "0", "99999999999999999999999", "\x00"])
def test_whatever_is_sent_it_never_fails(jonas, salesperson, asking, value):
    ask(salesperson, "A")
    assert jonas.post("/confirmations/answers/", {"all": "accept", "chosen": value, f"seen-{value}": value}, headers=HTMX).status_code < 500
    assert jonas.post("/confirmations/undo/", {"ids": value}, headers=HTMX).status_code < 500


# ------------------------------------------------------------------------ finding them
def test_the_inbox_is_narrowed_to_a_company_and_says_when_nothing_matches(jonas, salesperson, asking):
    ask(salesperson, "Ærø Is", "Aarø Bryghus")
    assert shown(jonas, q="ÆRØ") == ["Ærø Is"]
    assert "Nothing matches" in jonas.get("/confirmations/", {"q": "nobody"}).content.decode()
    assert "Nothing is waiting" not in jonas.get("/confirmations/", {"q": "nobody"}).content.decode()


def test_q3_an_administrator_sees_whose_they_are_and_narrows_to_one_person(maja, salesperson, colleague, asking):
    ask(salesperson, "His")
    ask(colleague, "Hers")
    ask(None, "Nobody's")
    assert shown(maja, tab="everyone", of=colleague.pk) == ["Hers"]
    assert shown(maja, tab="everyone", of="0") == ["Nobody's"]
    html = maja.get("/confirmations/", {"tab": "everyone"}).content.decode()
    assert "Asked of Signe Bach" in html
    assert "Asked of the administrators" in html


@pytest.mark.parametrize("query", [{"of": "x"}, {"of": "987654321"}, {"q": "\x00"}, {"tab": "nonsense"}, {"page": "x"}, {"batch": "²"}])
def test_filters_that_name_nothing_never_fail(maja, jonas, salesperson, asking, query):
    ask(salesperson, "A")
    for client in (maja, jonas):
        for tab in ("", "everyone", "answered"):
            assert client.get("/confirmations/", {"tab": tab, **query}).status_code == 200


def test_what_was_answered_stands_together_by_company_and_can_be_undone_there(jonas, salesperson, asking):
    (first,) = ask(salesperson, "A")
    decisions.keep(first.pk, by=salesperson, seen_version=1)
    with acting_as(salesperson):
        Sale.objects.create(title="Again", company=first.company, status="won")
    second = decisions.accept(CategoryDecision.objects.waiting().get().pk, by=salesperson, seen_version=1).decision
    html = jonas.get("/confirmations/", {"tab": "answered"}).content.decode()
    assert html.count('class="card answered"') == 1
    assert f'id="undo-{second.pk}"' in html


# --------------------------------------------------------------------- what a row tells
def test_a_row_says_what_would_be_hidden_who_caused_it_and_who_is_responsible(maja, salesperson, colleague, asking, status):
    (decision,) = ask(salesperson, "A", our_contact=colleague, city="Vejle")
    ContactFactory(company=decision.company)
    html = maja.get("/confirmations/", {"tab": "everyone"}).content.decode()
    assert Lead.objects.count() == 1
    for words in ("Lead status is hidden for 1 contact. The value is kept.", "Caused by Jonas Krogh", "Our contact: Signe Bach", "Vejle"):
        assert words in html


@pytest.mark.parametrize(
    ("days", "words"), [(0, "Asked today"), (1, "Asked yesterday"), (3, "Asked 3 days ago"), (4, "Waiting long: 4 days")], ids=["today", "yesterday", "3", "4"]
)
def test_how_long_it_has_waited_is_said_in_words_and_marked_after_three_days(jonas, salesperson, asking, days, words):
    (decision,) = ask(salesperson, "A")
    age(decision, days)
    assert words in jonas.get("/confirmations/").content.decode()
    assert ("has waited for more than three days" in jonas.get("/").content.decode()) is (days > 3)


def test_the_inbox_costs_as_many_statements_with_25_rows_as_with_2(maja, salesperson, colleague, asking):
    """House rule 4: contacts to be hidden and hand-overs included."""
    costs = []
    for names in (("A", "B"), tuple(f"Firma {n}" for n in range(30))):
        for decision in ask(salesperson, *names, our_contact=colleague):
            ContactFactory(company=decision.company)
        for tab in ("everyone", "answered"):
            costs.append(statements(maja, f"/confirmations/?tab={tab}"))
    assert costs[:2] == costs[2:]
