"""The inbox, several questions at once, and how a page learns that a question has come up (Q2, Q3, Q6)."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import Permission

from crm.models import Company, CompanyCategory, Sale
from tests.browsers import HTMX, for_real
from tests.budgets import statements
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from tests.workflow.ledger import latest, where
from tests.workflow.questions import ask, outcome

pytestmark = pytest.mark.django_db


def inbox(client, **query):
    """The companies on the page, and the counts of its tabs and of the navigation."""
    response = client.get("/confirmations/", query)
    html = response.content.decode()
    names = [decision.company.name for decision in response.context["found"].rows]
    counted = re.search(r'id="nav-count-confirmations"([^>]*)>(\d+)', html)
    assert ("hidden" in counted[1]) is (counted[2] == "0")
    return names, re.findall(r'class="count">(\d+)', html), int(counted[2])


# ----------------------------------------------------------------------- inbox
def test_q2_what_waits_for_me_is_in_my_inbox_on_the_card_on_the_sale_and_counted(jonas, salesperson, colleague, asking):
    mine, _theirs = ask(salesperson, "Mine"), ask(colleague, "Theirs")
    assert inbox(jonas) == (["Mine"], ["1"], 1)
    for page in (mine[0].company.get_absolute_url(), mine[0].sale.get_absolute_url()):
        assert f'href="/confirmations/{mine[0].pk}/' in jonas.get(page).content.decode()
    assert "Mine" in jonas.get("/").content.decode()


def test_q3_a_colleagues_question_is_shown_on_the_card_with_whom_it_waits_for_and_no_button(jonas, colleague, asking):
    (decision,) = ask(colleague, "Theirs")
    html = jonas.get(decision.company.get_absolute_url()).content.decode()
    assert "Signe Bach has been asked." in html
    assert 'id="review"' not in html


def test_q3_without_a_person_who_caused_it_our_contact_is_asked_and_then_the_administrators(jonas, client, salesperson, administrator, asking):
    ask(None, "With our contact", our_contact=salesperson)
    ask(None, "With nobody")
    assert inbox(jonas) == (["With our contact"], ["1"], 1)
    client.force_login(administrator)
    assert inbox(client) == (["With nobody"], ["1", "2"], 1)
    assert sorted(inbox(client, tab="everyone")[0]) == ["With nobody", "With our contact"]


def test_q3_what_was_asked_of_our_contact_who_may_not_edit_companies_waits_for_the_administrators(jonas, client, salesperson, administrator, asking):
    onlooker = UserFactory(first_name="Karen", groups=[])
    ask(None, "Fjordbo", our_contact=onlooker)
    ask(None, "Solgaard", our_contact=salesperson)
    assert latest(company__name="Fjordbo").asked_of is None
    assert inbox(jonas) == (["Solgaard"], ["1"], 1)
    client.force_login(administrator)
    assert inbox(client) == (["Fjordbo"], ["1", "2"], 1)
    salesperson.groups.clear()  # a bare write, which passes nothing on
    assert inbox(client) == (["Solgaard", "Fjordbo"], ["2", "2"], 2)


def test_q3_everyones_is_only_for_administrators(jonas, colleague, asking):
    ask(colleague, "Theirs")
    assert inbox(jonas, tab="everyone") == ([], ["0"], 0)
    assert "Everyone’s" not in jonas.get("/confirmations/").content.decode()


@pytest.mark.parametrize("what", ["accept", "keep"])
def test_what_i_have_answered_is_under_answered_and_no_longer_waits(jonas, salesperson, asking, what):
    (decision,) = ask(salesperson, "Mine")
    jonas.post(f"/confirmations/{decision.pk}/", {"answer": what, "seen_version": 1})
    assert inbox(jonas) == ([], ["0"], 0)
    assert inbox(jonas, tab="answered")[0] == ["Mine"]


def test_q3_what_an_administrator_answered_that_was_asked_of_nobody_is_under_answered_too(client, administrator, asking):
    (decision,) = ask(None, "With nobody")
    client.force_login(administrator)
    assert client.post(f"/confirmations/{decision.pk}/", {"answer": "accept", "seen_version": 1}).status_code == 302
    assert inbox(client, tab="answered")[0] == ["With nobody"]


def test_a_change_by_hand_is_no_answer(jonas, category):
    company = CompanyFactory()
    jonas.post(f"/companies/{company.pk}/category/", {"category": category["Customer"].pk, "version": 1})
    assert inbox(jonas, tab="answered")[0] == []


def test_ids_in_the_address_show_just_those_that_are_mine(jonas, salesperson, colleague, asking):
    first, _second = ask(salesperson, "A", "B")
    (theirs,) = ask(colleague, "Theirs")
    assert inbox(jonas, ids=f"{first.pk},{theirs.pk},x")[0] == ["A"]


@pytest.mark.parametrize("ids", ["x", "²", "1,²", "-1", "99999999999999999999999", "1,,2", "\x00"])
@pytest.mark.parametrize("query", [{}, {"dialog": "1"}])
def test_whatever_stands_in_the_address_the_inbox_never_fails(jonas, ids, query):
    assert jonas.get("/confirmations/", {"ids": ids, **query}, headers=HTMX).status_code == 200


def test_a_full_inbox_costs_as_many_statements_as_a_short_one(jonas, salesperson, asking):
    """House rule 4."""
    costs = []
    for names in (["A", "B"], [f"Firma {n}" for n in range(20)]):
        ask(salesperson, *names)
        costs.append(statements(jonas, "/confirmations/"))
    assert costs[0] == costs[1]


# ------------------------------------------------------------- several at once (Q6)
def several(client, decisions, headers=HTMX, seen=None, **values):
    """Answer the list: `values` by the letter the company is named after."""
    sent = {"ids": ",".join(str(decision.pk) for decision in decisions)}
    for decision in decisions:
        sent[f"seen-{decision.pk}"] = (seen or {}).get(decision.company.name, 1)
        sent[f"answer-{decision.pk}"] = values.get(decision.company.name, "")
    return client.post("/confirmations/answers/", sent | ({"all": "accept"} if values.get("everything") else {}), headers=headers)


def places(decisions):
    """Outcome and category of each."""
    return [(outcome(decision), where(decision.company)) for decision in decisions]


def test_q6_one_dialog_lists_them_all(jonas, salesperson, asking):
    decisions = ask(salesperson, "A", "B", "C")
    html = jonas.get("/confirmations/", {"dialog": 1, "ids": ",".join(str(decision.pk) for decision in decisions)}, headers=HTMX).content.decode()
    assert "3 category changes wait for your answer" in html
    assert [f'name="answer-{decision.pk}"' in html for decision in decisions] == [True] * 3
    assert "Accept all" in html
    assert "<html" not in html


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_q6_each_row_has_its_own_answer_and_a_row_without_one_waits(jonas, salesperson, category, asking, headers):
    decisions = ask(salesperson, "A", "B", "C", "D")
    response = several(jonas, decisions, headers=headers, A="accept", B="keep", C=str(category["Partner"].pk))
    assert response.status_code == (200 if headers else 302)
    assert places(decisions) == [("accepted", "Customer"), ("kept", "Lead"), ("chose_other", "Partner"), ("waiting", "Lead")]
    if headers:
        assert "2 companies have a new category. 1 stays as it is." in response.content.decode()
        assert "Undo all" in response.content.decode()
        assert "dialog:close" in response["HX-Trigger-After-Settle"]


def test_q6_accept_all_accepts_each(jonas, salesperson, asking):
    decisions = ask(salesperson, "A", "B", "C")
    assert several(jonas, decisions, everything=True).status_code == 200
    assert places(decisions) == [("accepted", "Customer")] * 3


def test_q6_one_that_is_stale_is_asked_again_and_the_others_stand(jonas, salesperson, category, asking):
    decisions = ask(salesperson, "A", "B", "C")
    Company.objects.filter(name="B").update(category=category["Opportunity"])
    response = several(jonas, decisions, everything=True)
    html = response.content.decode()
    assert response.status_code == 409
    assert "The category has changed meanwhile. Please choose again." in html
    assert places(decisions) == [("accepted", "Customer"), ("waiting", "Opportunity"), ("accepted", "Customer")]
    assert [f'name="answer-{decision.pk}"' in html for decision in decisions] == [False, True, False]
    assert "1 category change waits for your answer" in html
    assert several(jonas, decisions[1:2], seen={"B": 2}, B="accept").status_code == 200
    assert where(decisions[1].company) == "Customer"


def test_q6_one_whose_category_was_deleted_is_asked_again(jonas, salesperson, asking):
    decisions = ask(salesperson, "A", "B")
    CompanyCategory.objects.filter(name="Customer").update(archived_at="2026-01-01T00:00Z")
    response = several(jonas, decisions, A="accept", B="keep")
    assert response.status_code == 409
    assert "The category has been deleted. Choose another one." in response.content.decode()
    assert places(decisions) == [("waiting", "Lead"), ("kept", "Lead")]


def test_q6_one_that_has_been_answered_meanwhile_stays_as_it_is(jonas, salesperson, asking):
    decisions = ask(salesperson, "A", "B")
    jonas.post(f"/confirmations/{decisions[0].pk}/", {"answer": "keep", "seen_version": 1})
    assert several(jonas, decisions, everything=True).status_code == 200
    assert places(decisions) == [("kept", "Lead"), ("accepted", "Customer")]


def test_q3_a_colleagues_question_among_them_is_neither_shown_nor_answered(jonas, salesperson, colleague, asking):
    decisions = [*ask(salesperson, "A"), *ask(colleague, "Theirs")]
    ids = ",".join(str(decision.pk) for decision in decisions)
    assert "Theirs" not in jonas.get("/confirmations/", {"dialog": 1, "ids": ids}, headers=HTMX).content.decode()
    several(jonas, decisions, everything=True)
    assert places(decisions) == [("accepted", "Customer"), ("waiting", "Lead")]


@pytest.mark.parametrize("value", ["maybe", "0", "²", "99999999999999999999999", "\x00"])
def test_an_answer_that_is_none_changes_nothing_and_never_fails(jonas, salesperson, asking, value):
    decisions = ask(salesperson, "A")
    assert several(jonas, decisions, A=value).status_code < 500
    assert jonas.post("/confirmations/answers/", {"ids": value, f"answer-{value}": "accept", f"seen-{value}": "1"}).status_code < 500
    assert several(jonas, decisions, seen={"A": value}, A="accept").status_code < 500
    assert places(decisions) == [("waiting", "Lead")]


def test_q6_more_than_fifty_are_answered_in_the_inbox(jonas, salesperson, asking):
    decisions = ask(salesperson, *(f"Firma {n}" for n in range(51)))
    ids = ",".join(str(decision.pk) for decision in decisions)
    html = jonas.get("/confirmations/", {"dialog": 1, "ids": ids}, headers=HTMX).content.decode()
    assert f"/confirmations/?ids={ids}" in html
    assert "51 category changes wait for your answer" in html
    assert 'name="answer-' not in html
    assert len(inbox(jonas, ids=ids)[0]) == 25
    assert "Showing 25 of 51" in jonas.get("/confirmations/", {"ids": ids}).content.decode()


# --------------------------------------------------- a question has come up (Q1)
def opens(response):
    """The address of the dialog that htmx is told to open."""
    return json.loads(response.get("HX-Trigger-After-Settle", "{}")).get("dialog:open", {}).get("url")


@for_real
def test_q1_a_save_through_htmx_is_told_where_the_dialog_is(transactional_db, jonas, asking):
    sale = SaleFactory()
    response = jonas.post(f"/sales/{sale.pk}/won/", headers=HTMX)
    assert opens(response) == f"/confirmations/{latest().pk}/"
    assert Sale.objects.get().status == "won"
    assert "confirm-dialog" in jonas.get(opens(response), headers=HTMX).content.decode()
    assert opens(jonas.post(f"/sales/{sale.pk}/won/", headers=HTMX)) is None


@for_real
def test_q1_a_lead_status_that_raises_a_question_opens_it_too(transactional_db, jonas, category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    response = jonas.post(f"/contacts/{contact.pk}/lead-status/", {"status": status["Qualified"].pk}, headers=HTMX)
    assert "The lead status is already saved." in jonas.get(opens(response), headers=HTMX).content.decode()


@for_real
def test_q1_after_a_plain_form_the_next_page_opens_the_dialog_and_only_that_one(transactional_db, jonas, asking):
    sale = SaleFactory()
    jonas.post(f"/sales/{sale.pk}/won/")
    first, second = (jonas.get(sale.get_absolute_url()).content.decode() for _time in range(2))
    assert 'id="confirm-dialog"' in first
    assert f'action="/confirmations/{latest().pk}/"' in first
    assert 'id="confirm-dialog"' not in second


@for_real
def test_q1_a_fragment_in_between_does_not_use_the_dialog_up(transactional_db, jonas, asking):
    sale = SaleFactory()
    jonas.post(f"/sales/{sale.pk}/won/")
    jonas.get("/companies/", headers=HTMX)
    assert 'id="confirm-dialog"' in jonas.get("/sales/").content.decode()


@for_real
def test_a_question_answered_before_the_next_page_is_not_opened(transactional_db, jonas, asking):
    sale = SaleFactory()
    jonas.post(f"/sales/{sale.pk}/won/")
    jonas.post(f"/confirmations/{latest().pk}/", {"answer": "keep", "seen_version": 1}, headers=HTMX)
    assert 'id="confirm-dialog"' not in jonas.get("/sales/").content.decode()


@for_real
def test_a_rule_that_does_not_ask_opens_nothing(transactional_db, jonas, category):
    rule("sale_won", category["Customer"])
    assert opens(jonas.post(f"/sales/{SaleFactory().pk}/won/", headers=HTMX)) is None


@for_real
def test_q3_whoever_may_not_edit_the_company_is_not_shown_a_dialog_they_may_not_answer(transactional_db, client, salesperson, asking):
    seller = UserFactory(groups=[])
    seller.user_permissions.set(Permission.objects.filter(codename__in=["view_sale", "change_sale"]))
    client.force_login(seller)
    sale = SaleFactory(company=CompanyFactory(our_contact=salesperson))
    response = client.post(f"/sales/{sale.pk}/won/", headers=HTMX)
    assert latest().asked_of == salesperson
    assert opens(response) is None
