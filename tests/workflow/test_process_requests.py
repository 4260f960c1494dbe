"""A6, Q4 through pages: what two people send at the same moment is never answered with a 500."""

from __future__ import annotations

import pytest

from crm.models import Sale
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, latest, numbers, where
from tests.workflow.processes import do, each, rounds
from tests.workflow.truth import assert_everything_is_true

pytestmark = pytest.mark.django_db(transaction=True)


def _send(user, path, **data):
    return do("post", path=path, data=data).with_options(by=user.pk)


def _sends(user, *tasks):
    return each(*tasks, by=user.pk)


@pytest.mark.parametrize("ask", [False, True])
def test_a6_two_people_who_press_won_for_two_sales_of_one_company_change_it_once(people, category, salesperson, colleague, ask):
    rule("sale_won", category["Customer"], ask=ask)
    companies = CompanyFactory.create_batch(8)
    sales = [[SaleFactory(company=company) for company in companies] for _ in range(2)]
    done = people.at_once(
        *[_sends(user, *[_send(user, f"/sales/{sale.pk}/won/") for sale in mine]) for user, mine in zip((salesperson, colleague), sales, strict=True)]
    )
    assert [found.results for found in done] == [[200] * 8] * 2
    assert set(Sale.objects.values_list("status", flat=True)) == {"won"}
    assert [numbers(company) for company in companies] == [[1] if ask else [1, 2]] * 8
    assert_everything_is_true(always_on=("sale_won",))


def test_s2_one_sale_that_two_people_press_won_for_is_won_once(people, category, salesperson, colleague):
    rule("sale_won", category["Opportunity"])
    sale = SaleFactory()
    path = f"/sales/{sale.pk}/won/"
    assert people.meet(_send(salesperson, path), _send(colleague, path)) == (200, 200)
    assert by_rules() == [("sale_won", "changed", "")]
    assert_everything_is_true(always_on=("sale_won",))


def test_s2_winning_and_reopening_one_sale_at_once_keeps_it_whole(people, category, salesperson, colleague):
    rule("sale_won", category["Opportunity"], ask=True)
    sale = SaleFactory()
    verbs = ("won", "reopen")
    for _ in rounds(4):
        tasks = [[_send(user, f"/sales/{sale.pk}/{verb}/") for verb in order] for user, order in ((salesperson, verbs), (colleague, verbs[::-1]))]
        done = people.at_once(*[each(*mine, by=user.pk) for user, mine in zip((salesperson, colleague), tasks, strict=True)])
        assert [found.results for found in done] == [[200, 200]] * 2
    assert_everything_is_true(always_on=("sale_won",))


@pytest.mark.parametrize("answers", [("accept", "accept"), ("accept", "keep"), ("keep", "accept")])
@pytest.mark.parametrize("form", ["", "quick/"])
def test_q4_whoever_answers_second_is_told_that_it_is_answered(people, category, administrator, salesperson, answers, form):
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory(our_contact=salesperson)
    SaleFactory(company=company).win()
    question = latest(company=company)
    path = f"/confirmations/{question.pk}/{form}"
    tasks = [_send(user, path, answer=answer, seen_version=1) for user, answer in zip((salesperson, administrator), answers, strict=True)]
    assert people.meet(*tasks) == (200, 409)
    assert where(company) == ("Customer" if answers[0] == "accept" else "Lead")
    assert_everything_is_true(always_on=("sale_won",))


def test_q4_one_person_who_sends_an_answer_twice_at_once_decides_once(people, category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    companies = CompanyFactory.create_batch(10, our_contact=salesperson)
    for company in companies:
        SaleFactory(company=company).win()
    tasks = [_send(salesperson, f"/confirmations/{latest(company=company).pk}/", answer="accept", seen_version=1) for company in companies]
    done = people.at_once(*[_sends(salesperson, *tasks)] * 2)
    assert [sorted(pair) for pair in zip(*[found.results for found in done], strict=True)] == [[200, 409]] * 10
    assert {where(company) for company in companies} == {"Customer"}
    assert_everything_is_true(always_on=("sale_won",))


def test_c7_whoever_moves_a_company_that_has_just_been_moved_is_told(people, category, salesperson, colleague):
    company = CompanyFactory()
    tasks = [
        _send(user, f"/companies/{company.pk}/category/", category=category[name].pk, version=1)
        for user, name in ((salesperson, "Opportunity"), (colleague, "Partner"))
    ]
    assert people.meet(*tasks) == (200, 409)
    assert where(company) == "Opportunity"
    assert_everything_is_true()


def test_w3_rules_saved_while_sales_are_won_are_read_whole(people, category, administrator, salesperson):
    won = rule("sale_won", category["Customer"])
    sales = SaleFactory.create_batch(20)
    form = {"version": 0, "r1-enabled": "on", "r1-category": category["Customer"].pk}
    saves = [
        _send(administrator, "/settings/workflow/lead-categorization/", **(form if on else {"version": 0, "r1-category": won.target_category_id}))
        for on in (False, True) * 4
    ]
    seller, boss = people.at_once(_sends(salesperson, *[_send(salesperson, f"/sales/{sale.pk}/won/") for sale in sales]), _sends(administrator, *saves))
    assert set(seller.results) == {200}
    assert set(boss.results) <= {200, 409}  # told that the version has moved on, never a 500
    assert_everything_is_true()


def test_l1_two_people_who_set_the_same_lead_status_get_one_decision(people, category, status, salesperson, colleague):
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    contacts = ContactFactory.create_batch(10)
    done = people.at_once(
        *[
            _sends(user, *[_send(user, f"/contacts/{contact.pk}/lead-status/", status=status["Qualified"].pk) for contact in contacts])
            for user in (salesperson, colleague)
        ]
    )
    assert [found.results for found in done] == [[200] * 10] * 2
    assert len(by_rules()) == 10
    assert_everything_is_true()
