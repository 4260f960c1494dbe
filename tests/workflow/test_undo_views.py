"""Undo and ask again over HTTP (A9): who is offered what, what a press does, and what is said."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm.models import Sale
from tests.browsers import HTMX, both_ways, events, for_real
from tests.budgets import statements
from tests.factories import CompanyFactory, SaleFactory
from tests.workflow.changes import buttons, move, press, said, win_rule
from tests.workflow.ledger import assert_ledger_is_true, latest, numbers, where
from workflow import decisions
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


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


def test_a_long_history_costs_no_more_statements_than_a_short_one(maja, administrator, category):
    short, long = CompanyFactory(), CompanyFactory()
    for company, count in ((short, 2), (long, 40)):
        for n in range(count):
            move(company, category["Opportunity" if n % 2 == 0 else "Lead"], administrator)
    for page in ("/companies/{}/", "/companies/{}/history/"):
        maja.get(page.format(short.pk))
        assert statements(maja, page.format(short.pk)) == statements(maja, page.format(long.pk))


# ------------------------------------------------------------------------------------ Undo in the toast that tells of it
def _toast_undoes(answer, company):
    last = CategoryDecision.objects.filter(company=company).order_by("-applied_version").first()
    return f'action="{reverse("workflow:undo", args=[last.pk])}"' in answer.content.decode()


def test_a9_a_change_by_hand_can_be_undone_from_its_toast(jonas, category):
    company = CompanyFactory(name="Fjordbo")
    values = {"category": category["Customer"].pk, "version": 1}
    assert _toast_undoes(jonas.post(reverse("crm:company-category", args=[company.pk]), values, headers=HTMX), company)


def test_a9_what_a_rule_did_silently_can_be_undone_from_the_toast_of_the_sale(jonas, category):
    win_rule(category["Customer"])
    sale = SaleFactory(company=CompanyFactory(name="Fjordbo"))
    answer = jonas.post(reverse("crm:sale-won", args=[sale.pk]), headers=HTMX)
    assert _toast_undoes(answer, sale.company)
    assert "Undo the category" in answer.content.decode()


def test_a9_a_sale_that_moved_nothing_offers_no_undo_of_a_category_but_to_be_reopened(jonas):
    sale = SaleFactory(company=CompanyFactory(name="Fjordbo"))
    answer = jonas.post(reverse("crm:sale-won", args=[sale.pk]), headers=HTMX)
    assert not _toast_undoes(answer, sale.company)
    assert f'action="{reverse("crm:sale-reopen", args=[sale.pk])}"' in answer.content.decode()
