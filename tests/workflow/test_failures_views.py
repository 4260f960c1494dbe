"""Failed rules over HTTP (A7): who is told of them, and what a retry does and says."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.browsers import HTMX, both_ways, events, for_real
from tests.budgets import statements
from tests.workflow.changes import BATCHES, FAILURES, buttons, press, said
from tests.workflow.ledger import numbers, where
from workflow import verdicts
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


def test_a7_administrators_see_on_every_page_that_rules_failed_and_nobody_else_does(maja, jonas, onlooker, fail):
    (failed,) = fail("Fjordbo")
    card = failed.company.get_absolute_url()
    pages = ["/", "/companies/", card, failed.sale.get_absolute_url(), "/contacts/", "/sales/", "/confirmations/", FAILURES, BATCHES, "/companies/999/"]
    for page in pages:
        html = maja.get(page).content.decode()
        assert 'id="failed-rules"' in html, page
        assert "1 rule failed" in html
        assert ('id="see-failed"' in html) is (page != FAILURES)  # which is where it leads
        for other in (jonas, onlooker):
            assert "failed-rules" not in other.get(page).content.decode(), page
    for page in ("/login/", "/healthz"):
        assert "failed-rules" not in Client().get(page).content.decode()


def test_a7_the_banner_goes_when_the_rule_was_retried_also_from_a_page_that_is_open(maja, fail):
    (failed,) = fail("Fjordbo")
    pages = (FAILURES, failed.company.get_absolute_url(), f"/companies/{failed.company_id}/history/")
    for page in pages:
        assert "failed-rules" in maja.get(page, headers=HTMX).content.decode(), page
    press(maja, "retry", failed)
    for page in pages:
        html = maja.get(page, headers=HTMX).content.decode()
        assert 'id="page-top" hx-swap-oob="innerHTML"' in html, page
        assert "failed-rules" not in html, page


@both_ways
def test_a7_a_rule_is_retried_from_the_page_of_failures(maja, fail, headers):
    first, second = fail("Fjordbo", "Havgaard")
    assert buttons(maja, FAILURES) == [("retry", second.pk), ("retry", first.pk)]
    assert "The rule could not be carried out" in maja.get(FAILURES).content.decode()
    response = press(maja, "retry", second, headers, next=FAILURES)
    assert "Havgaard: Retried by Maja Lindholm, and changed automatically because the sale" in said(maja, response)
    assert (where(first.company), where(second.company)) == ("Lead", "Customer")
    assert buttons(maja, FAILURES) == [("retry", first.pk)]
    if headers:
        assert events(response)["focus:on"]["value"] == f"#retry-{first.pk}"
    press(maja, "retry", first)
    assert "No rule has failed" in maja.get(FAILURES).content.decode()


def test_a7_what_was_retried_already_is_said_and_not_done_again(maja, fail):
    (failed,) = fail("Fjordbo")
    press(maja, "retry", failed)
    response = press(maja, "retry", failed)
    assert response.status_code == 409
    assert "This was retried already." in response.content.decode()
    assert numbers(failed.company) == [1, 2]


def test_a7_only_administrators_see_failures_and_can_retry(jonas, maja, fail):
    (failed,) = fail("Fjordbo")
    history = f"/companies/{failed.company_id}/history/"
    assert buttons(maja, history) == [("retry", failed.pk)]
    assert buttons(jonas, history) == []
    assert jonas.get(FAILURES).status_code == 403
    assert press(jonas, "retry", failed).status_code == 403
    assert jonas.post("/category-changes/retry/").status_code == 403
    assert where(failed.company) == "Lead"


@both_ways
def test_a7_all_are_retried_at_once(maja, fail, headers):
    failed = fail("Fjordbo", "Havgaard", "Kattegat")
    response = maja.post("/category-changes/retry/", headers=headers)
    assert "3 rules retried" in said(maja, response)
    assert {where(decision.company) for decision in failed} == {"Customer"}
    if headers:
        assert events(response)["focus:on"]["value"] == "#page-title"  # the button is gone


def test_a7_of_all_that_are_retried_one_may_fail_again(maja, monkeypatch, fail):
    failed = fail("Fjordbo", "Havgaard", "Kattegat")
    write, bad = verdicts.write, failed[1].company_id
    monkeypatch.setattr("workflow.verdicts.write", lambda todo, *a, **k: fail.broken() if todo[0].company_id == bad else write(todo, *a, **k))
    response = maja.post("/category-changes/retry/", headers=HTMX)
    html = response.content.decode()
    assert "3 rules retried. 1 failed again." in html
    assert "is-error" in html
    assert [where(decision.company) for decision in failed] == ["Customer", "Lead", "Customer"]
    again = CategoryDecision.objects.failed().get()
    assert (again.company_id, again.retries) == (bad, failed[1])
    assert buttons(maja, FAILURES) == [("retry", again.pk)]


def test_a7_a_retry_that_fails_again_is_said_as_an_error(maja, monkeypatch, fail):
    (failed,) = fail("Fjordbo")
    monkeypatch.setattr("workflow.verdicts.write", fail.broken)
    html = press(maja, "retry", failed).content.decode()
    assert "Fjordbo: The rule could not be carried out" in html
    assert "is-error" in html


@for_real
def test_a7_a_retry_that_asks_opens_no_dialog_for_the_administrator_but_a_question_for_who_caused_it(maja, jonas, fail, salesperson):
    (failed,) = fail("Fjordbo")
    failed.rule.ask_user = True
    failed.rule.save()
    assert "dialog:open" not in events(press(maja, "retry", failed))
    assert CategoryDecision.objects.waiting().get().asked_of == salesperson


def test_many_failures_cost_no_more_statements_than_few(maja, fail):
    fail("Fjordbo", "Havgaard")
    maja.get(FAILURES)
    few = statements(maja, FAILURES)
    fail(*(f"Company {n}" for n in range(38)))
    assert statements(maja, FAILURES) == few
