"""Undo, ask again, failed rules and batches over HTTP (A7, A9): who is offered what, what a press does, and what is said."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.actor import acting_as, working
from crm.models import Company, CompanyCategory, Sale
from tests.factories import CompanyFactory, SaleFactory, UserFactory
from tests.workflow.ledger import assert_ledger_is_true, latest, numbers, where
from workflow import decisions, verdicts
from workflow.models import AutomationRule, Batch, CategoryDecision

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
FAILURES, BATCHES = "/settings/workflow/failures/", "/settings/workflow/batches/"
both_ways = pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain form"])
for_real = pytest.mark.django_db(transaction=True)  # a question is announced when it is committed


def browser(user):
    """A browser of its own for this person."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def jonas(salesperson):
    """The salesperson's browser."""
    return browser(salesperson)


@pytest.fixture
def maja(administrator):
    """The administrator's browser."""
    return browser(administrator)


@pytest.fixture
def onlooker(db):
    """The browser of somebody who may look at companies, and no more."""
    user = UserFactory(email="karen@havn.example", groups=[])
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_company", "view_contact", "view_sale"]))
    return browser(user)


def win_rule(target, *, ask=False):
    """Rule 1 is on."""
    AutomationRule.objects.update_or_create(trigger="sale_won", defaults={"target_category": target, "ask_user": ask, "is_enabled": True})


@pytest.fixture
def moved(category, salesperson):
    """Fjordbo, a customer since Jonas won a sale there."""
    win_rule(category["Customer"])
    with acting_as(salesperson):
        return SaleFactory(company=CompanyFactory(name="Fjordbo"), title="Solar roof", status="won").company


@pytest.fixture
def kept(category, salesperson):
    """Jonas was asked whether Fjordbo becomes a customer, and said no."""
    win_rule(category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(company=CompanyFactory(name="Fjordbo"), title="Solar roof", status="won")
    return decisions.keep(latest(outcome="waiting").pk, by=salesperson, seen_version=1).decision


def move(company, category, by):
    """Somebody changes the category by hand."""
    with acting_as(by):
        company = Company.objects.get(pk=company.pk)
        company.category = category
        company.save()
    return company.decisions.latest("pk")


def press(client, what, decision, headers=HTMX, **values):
    """Undo, Ask again or Retry at this decision."""
    return client.post(f"/category-changes/{decision.pk}/{what}/", values, headers=headers)


def buttons(client, page):
    """What the page offers: (verb, decision), newest first."""
    html = client.get(page).content.decode()
    return [(verb, int(pk)) for verb, pk in re.findall(r'id="(undo|ask-again|retry)-(\d+)"', html)]


def events(response):
    """What htmx is told to do when it has settled."""
    return json.loads(response.headers["HX-Trigger-After-Settle"])


def said(client, response):
    """The answer, or for a plain form the page it leads to."""
    return (client.get(response["Location"]) if response.status_code == 302 else response).content.decode()


# ------------------------------------------------------------------------ undo
@both_ways
def test_a9_the_last_change_is_undone_from_the_card_and_said(jonas, salesperson, moved, headers):
    response = press(jonas, "undo", latest(), headers, next=moved.get_absolute_url())
    assert (where(moved), numbers(moved)) == ("Lead", [1, 2, 3])
    assert moved.decisions.get(outcome="undone").decided_by == salesperson
    assert_ledger_is_true()
    if headers:
        assert (response.status_code, response["HX-Reswap"]) == (200, "none")
        assert {"page:changed", "focus:on"} <= events(response).keys()
    else:
        assert (response.status_code, response["Location"]) == (302, moved.get_absolute_url())
    assert "Undone. Fjordbo is Lead again." in said(jonas, response)


@both_ways
def test_a9_what_somebody_has_changed_since_is_refused_with_the_reason_and_nothing_changes(jonas, colleague, moved, category, headers):
    wanted = latest()
    move(moved, category["Partner"], colleague)
    response = press(jonas, "undo", wanted, headers)
    if headers:
        assert (response.status_code, response["HX-Reswap"]) == (409, "none")
        assert "page:changed" in events(response)  # the page shows what is true now
    assert "Fjordbo has changed again: it is now Partner. Nothing was undone." in said(jonas, response)
    assert (where(moved), numbers(moved)) == ("Partner", [1, 2, 3])


@both_ways
def test_a9_pressing_undo_twice_undoes_once(jonas, moved, headers):
    wanted = latest()
    press(jonas, "undo", wanted, headers)
    response = press(jonas, "undo", wanted, headers)
    assert "Nothing was undone." in said(jonas, response)
    assert (where(moved), numbers(moved)) == ("Lead", [1, 2, 3])


def test_a9_the_button_moves_to_the_undoing_which_can_be_undone(jonas, moved, salesperson):
    change = latest()
    assert buttons(jonas, moved.get_absolute_url()) == [("undo", change.pk)]
    press(jonas, "undo", change)
    undoing = moved.decisions.get(outcome="undone")
    assert buttons(jonas, moved.get_absolute_url()) == [("undo", undoing.pk)]
    press(jonas, "undo", undoing)
    assert where(moved) == "Customer"


def test_a9_only_the_last_change_can_be_undone_wherever_it_is_shown(jonas, moved, category, colleague):
    last = move(moved, category["Partner"], colleague)
    for page in (moved.get_absolute_url(), f"/companies/{moved.pk}/history/"):
        assert buttons(jonas, page) == [("undo", last.pk)]


def test_a9_that_a_company_was_created_cannot_be_undone(jonas):
    company = CompanyFactory()
    assert buttons(jonas, company.get_absolute_url()) == []
    response = press(jonas, "undo", company.decisions.get())
    assert response.status_code == 409
    assert "there is nothing to go back to" in response.content.decode()


def test_a9_nobody_without_the_right_to_edit_is_offered_anything_or_can_do_it(onlooker, moved, kept):
    for decision in (latest(outcome="changed"), kept):
        assert buttons(onlooker, decision.company.get_absolute_url()) == []
        for what in ("undo", "ask-again", "retry"):
            assert press(onlooker, what, decision).status_code == 403
    assert where(moved) == "Customer"
    assert not CategoryDecision.objects.waiting().exists()


@pytest.mark.parametrize("what", ["undo", "ask-again", "retry"])
def test_a_decision_that_does_not_exist_is_a_404_and_looking_does_nothing(maja, moved, what):
    assert maja.post(f"/category-changes/999/{what}/", headers=HTMX).status_code == 404
    assert maja.get(f"/category-changes/{latest().pk}/{what}/").status_code == 405
    assert where(moved) == "Customer"


# ------------------------------------------------------------------- ask again
@for_real
def test_a9_asking_again_opens_the_dialog(jonas, kept):
    response = press(jonas, "ask-again", kept)
    question = CategoryDecision.objects.waiting().get()
    assert (question.retries, question.sale, question.suggested_category) == (kept, kept.sale, kept.suggested_category)
    assert events(response)["dialog:open"]["url"] == f"/confirmations/{question.pk}/"
    assert jonas.get(f"/confirmations/{question.pk}/", headers=HTMX).status_code == 200


@for_real
def test_a9_after_a_plain_form_the_next_page_carries_the_dialog(jonas, kept):
    response = press(jonas, "ask-again", kept, {}, next=f"/companies/{kept.company_id}/history/")
    assert response["Location"] == f"/companies/{kept.company_id}/history/"
    html = said(jonas, response)
    assert f'action="/confirmations/{CategoryDecision.objects.waiting().get().pk}/"' in html
    assert "confirm-dialog" in html
    assert "confirm-dialog" not in jonas.get(response["Location"]).content.decode()  # once


@both_ways
def test_a9_what_makes_no_sense_any_more_is_not_asked_again_and_the_reason_said(jonas, kept, headers):
    Sale.objects.update(status="open")
    response = press(jonas, "ask-again", kept, headers)
    assert response.status_code == (409 if headers else 302)
    assert "What caused this suggestion is no longer so. Nothing was asked." in said(jonas, response)
    assert not CategoryDecision.objects.waiting().exists()


def test_a9_a_kept_one_can_be_asked_again_once_as_long_as_the_company_is_a_potential_customer(jonas, kept, category, salesperson):
    card = kept.company.get_absolute_url()
    assert buttons(jonas, card) == [("ask-again", kept.pk)]
    press(jonas, "ask-again", kept)
    assert buttons(jonas, card) == []
    again = decisions.keep(latest(outcome="waiting").pk, by=salesperson, seen_version=1).decision
    assert buttons(jonas, card) == [("ask-again", again.pk)]
    assert "This was asked again already." in said(jonas, press(jonas, "ask-again", kept))
    last = move(kept.company, category["Partner"], salesperson)
    assert buttons(jonas, card) == [("undo", last.pk)]
    assert "Not asked again: Fjordbo is Partner" in said(jonas, press(jonas, "ask-again", again))


# ---------------------------------------------------------------- failed rules
@pytest.fixture
def fail(monkeypatch, category, salesperson):
    """Win a sale at each of these new companies while the rule is broken; the failures."""
    win_rule(category["Customer"])

    def broken(*args, **kwargs):
        raise RuntimeError("the rule is broken")

    def make(*names):
        companies = [CompanyFactory(name=name) for name in names]
        with monkeypatch.context() as patch, acting_as(salesperson):
            patch.setattr("workflow.verdicts.write", broken)
            for company in companies:
                SaleFactory(company=company, status="won")
        return list(CategoryDecision.objects.failed().filter(company__in=companies).order_by("pk"))

    make.broken = broken
    return make


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
    assert "The rule failed (RuntimeError: the rule is broken)" in maja.get(FAILURES).content.decode()
    response = press(maja, "retry", second, headers, next=FAILURES)
    assert "Havgaard: Automatic, retried by Maja Lindholm: the sale" in said(maja, response)
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
    assert "Fjordbo: The rule failed" in html
    assert "is-error" in html


@for_real
def test_a7_a_retry_that_asks_opens_no_dialog_for_the_administrator_but_a_question_for_who_caused_it(maja, jonas, fail, salesperson):
    (failed,) = fail("Fjordbo")
    failed.rule.ask_user = True
    failed.rule.save()
    assert "dialog:open" not in events(press(maja, "retry", failed))
    assert CategoryDecision.objects.waiting().get().asked_of == salesperson


# --------------------------------------------------------------------- batches
@pytest.fixture
def batch(category, salesperson):
    """Jonas won a sale at five companies at once."""
    win_rule(category["Customer"])
    sales = [SaleFactory(company=CompanyFactory(name=f"Company {n}", category=category["Opportunity"])) for n in range(5)]
    with working(user=salesperson, kind="bulk"):
        Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status="won")
    return Batch.objects.get()


def categories():
    """Of all companies, by name."""
    return list(Company.objects.order_by("name").values_list("category__name", flat=True))


def undo_batch(client, batch, headers=HTMX, **more):
    """Press Undo on the page of a batch."""
    return client.post(f"{batch.get_absolute_url()}undo/", headers={**headers, **more})


def test_a9_administrators_see_imports_and_bulk_changes_but_not_each_retry(maja, jonas, batch, fail):
    for decision in fail("Fjordbo", "Havgaard"):
        press(maja, "retry", decision)
    assert Batch.objects.count() == 3
    html = maja.get(BATCHES).content.decode()
    assert re.findall(r'href="/category-changes/batches/(\d+)/"', html) == [str(batch.pk)]
    assert "Bulk edit" in html
    assert "Jonas Krogh" in html
    assert jonas.get(BATCHES).status_code == 403


def test_a9_the_page_of_a_batch_says_how_far_it_can_be_undone(maja, batch, category, colleague):
    first, second = Company.objects.order_by("name")[:2]
    move(first, category["Partner"], colleague)
    press(maja, "undo", second.decisions.latest("pk"))
    html = maja.get(batch.get_absolute_url()).content.decode()
    for sentence in (
        "3 companies can go back to the category they had before",
        "1 company stays as it is: somebody has changed its category since",
        "1 company is back already",
        "Undo for 3 companies",
    ):
        assert sentence in html
    CompanyCategory.objects.filter(name="Opportunity").update(archived_at="2026-01-01T00:00Z")
    html = maja.get(batch.get_absolute_url()).content.decode()
    assert "3 companies stay as they are: the category they had has been deleted" in html
    assert 'id="undo-batch"' not in html


def test_a9_a_batch_that_changed_nothing_says_so(maja, administrator):
    with working(user=administrator, kind="import"):
        CompanyFactory()
    html = maja.get(Batch.objects.get().get_absolute_url()).content.decode()
    assert "There is nothing to undo." in html
    assert "It changed no category." in html


def test_a9_a_batch_is_undone_in_parts_by_a_page_that_goes_on_by_itself(maja, batch, monkeypatch):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    first = undo_batch(maja, batch, **{"HX-Trigger": "undo-form"})
    html = first.content.decode()
    assert categories().count("Opportunity") == 2
    assert "2 companies are back, 3 to go" in html
    assert 'max="5" value="2"' in html
    assert re.search(r'hx-trigger="load', html)
    assert "<html" not in html
    assert events(first)["focus:on"]["value"] == "#page-title"  # the button is gone
    second = undo_batch(maja, batch)
    assert "4 companies are back, 1 to go" in second.content.decode()
    assert "HX-Trigger-After-Settle" not in second.headers  # nobody's focus is taken
    last = undo_batch(maja, batch)
    assert "Undone for 5 companies" in last.content.decode()
    assert last["HX-Reswap"] == "none"
    assert "page:changed" in events(last)
    assert categories() == ["Opportunity"] * 5
    assert_ledger_is_true()


def test_a9_without_javascript_each_part_is_a_press(maja, batch, monkeypatch):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    response = undo_batch(maja, batch, {})
    assert response["Location"] == batch.get_absolute_url()
    html = said(maja, response)
    assert "Undone for 2 companies" in html
    assert "Undo for 3 companies" in html
    assert categories().count("Opportunity") == 2


def test_a9_a_company_that_somebody_changed_since_stays_and_that_is_said(maja, batch, category, colleague, monkeypatch):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    move(Company.objects.get(name="Company 2"), category["Partner"], colleague)
    for _ in range(3):
        undo_batch(maja, batch)
    assert categories() == ["Opportunity", "Opportunity", "Partner", "Opportunity", "Opportunity"]
    html = maja.get(batch.get_absolute_url()).content.decode()
    assert "1 company stays as it is: somebody has changed its category since" in html
    assert "4 companies are back already" in html
    assert 'id="undo-batch"' not in html


def test_a9_whoever_did_it_sees_and_undoes_it_without_being_an_administrator(jonas, batch):
    card = Company.objects.get(name="Company 1").get_absolute_url()
    assert f'href="{batch.get_absolute_url()}"' in jonas.get(card).content.decode()
    html = jonas.get(batch.get_absolute_url()).content.decode()
    assert "Undo for 5 companies" in html
    assert "/settings/" not in html
    undo_batch(jonas, batch)
    assert categories() == ["Opportunity"] * 5


def test_a9_a_stranger_gets_a_403_and_no_link(colleague, batch):
    signe = browser(colleague)
    assert "/category-changes/batches/" not in signe.get(Company.objects.first().get_absolute_url()).content.decode()
    assert signe.get(batch.get_absolute_url()).status_code == 403
    assert undo_batch(signe, batch).status_code == 403
    assert categories() == ["Customer"] * 5


# -------------------------------------------------------------------- language
def test_the_screens_speak_danish(maja, administrator, batch, fail, moved, category, colleague):
    administrator.language = "da"
    administrator.save(update_fields=["language"])
    (failed,) = fail("Havgaard")
    change = moved.decisions.latest("pk")
    card = maja.get(moved.get_absolute_url()).content.decode()
    assert 'aria-label="Fortryd, tilbage til Lead">' in card
    assert "1 regel fejlede" in card
    assert "Reglen fejlede (RuntimeError: the rule is broken)" in maja.get(FAILURES).content.decode()
    assert "Masseredigering" in maja.get(BATCHES).content.decode()
    assert "Fortryd for 5 firmaer" in maja.get(batch.get_absolute_url()).content.decode()
    assert "Fortrudt. Fjordbo er Lead igen." in said(maja, press(maja, "undo", change))
    move(moved, category["Partner"], colleague)
    assert "Fjordbo er ændret igen: kategorien er nu Partner. Intet blev fortrudt." in said(maja, press(maja, "undo", change))
    assert "Havgaard: Automatisk, kørt igen af Maja Lindholm" in said(maja, press(maja, "retry", failed))


# --------------------------------------------------------------------- budgets
def _statements(client, page):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)


def test_a_long_history_costs_no_more_statements_than_a_short_one(maja, administrator, category):
    short, long = CompanyFactory(), CompanyFactory()
    for company, count in ((short, 2), (long, 40)):
        for n in range(count):
            move(company, category["Opportunity" if n % 2 == 0 else "Lead"], administrator)
    for page in ("/companies/{}/", "/companies/{}/history/"):
        maja.get(page.format(short.pk))
        assert _statements(maja, page.format(short.pk)) == _statements(maja, page.format(long.pk))


def test_many_failures_cost_no_more_statements_than_few(maja, fail):
    fail("Fjordbo", "Havgaard")
    maja.get(FAILURES)
    few = _statements(maja, FAILURES)
    fail(*(f"Company {n}" for n in range(38)))
    assert _statements(maja, FAILURES) == few


def test_a_large_batch_costs_no_more_statements_than_a_small_one(maja, administrator, category):
    win_rule(category["Customer"])
    costs = []
    for count in (2, 40):
        with working(user=administrator, kind="bulk"):
            Sale.objects.bulk_create(Sale(title="Solar roof", company=company, status="won") for company in CompanyFactory.create_batch(count))
        batch = Batch.objects.latest("pk")
        maja.get(batch.get_absolute_url())
        costs.append(_statements(maja, batch.get_absolute_url()))
    assert costs[0] == costs[1]
