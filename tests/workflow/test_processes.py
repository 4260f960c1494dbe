"""A6, Q4: what people do at the same moment has one correct outcome. Real processes, on PostgreSQL and on SQLite.

`people.meet()` lets one run into another's open transaction; `people.at_once()` lets them go at a barrier, often enough.
"""

from __future__ import annotations

import pytest

from crm.models import Company, Sale
from tests.conftest import on_postgresql
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, latest, numbers, where
from tests.workflow.processes import do, each
from tests.workflow.truth import assert_everything_is_true
from workflow.models import CategoryDecision, Outcome

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 3  # on two cores: enough that somebody always comes in between


# ----------------------------------------------------- two sales of one company
@pytest.mark.parametrize("ask", [False, True])
def test_a6_people_who_win_sales_of_one_company_at_once_change_it_once_or_ask_once(people, category, ask):
    rule("sale_won", category["Customer"], ask=ask)
    companies = CompanyFactory.create_batch(25)
    mine = [[SaleFactory(company=company) for company in companies] for _ in range(PEOPLE)]
    people.at_once(*[each(*[do("win", sale=sale) for sale in sales]) for sales in mine])
    assert_everything_is_true(always_on=("sale_won",))
    first, rest = (("waiting", ""), ("replaced", "")) if ask else (("changed", ""), ("skipped", "not_potential"))
    for company in companies:
        found = sorted((outcome, reason) for _trigger, outcome, reason in by_rules(company))
        assert found == sorted([first, *[rest] * (PEOPLE - 1)])
        assert (where(company), numbers(company)) == (("Lead", [1]) if ask else ("Customer", [1, 2]))
    assert set(Sale.objects.values_list("status", flat=True)) == {"won"}


@pytest.mark.parametrize("roll_back", [False, True])
@pytest.mark.parametrize("ask", [False, True])
def test_a6_whoever_had_to_wait_decides_by_what_is_true_then(people, category, ask, roll_back):
    rule("sale_won", category["Customer"], ask=ask)
    company = CompanyFactory()
    first, second = SaleFactory.create_batch(2, company=company)
    people.meet(do("win", sale=first), do("win", sale=second), roll_back=roll_back)
    assert_everything_is_true(always_on=("sale_won",))
    acts = ("sale_won", "waiting" if ask else "changed", "")
    before, after = ([("sale_won", "replaced", "")], [acts]) if ask else ([acts], [("sale_won", "skipped", "not_potential")])
    assert by_rules(company) == ([acts] if roll_back else before + after)


def test_a6_winning_and_losing_sales_of_one_company_at_once_leaves_one_unbroken_history(people, category):
    rule("sale_won", category["Opportunity"])
    rule("sale_lost", category["Lost opportunity"])
    companies = CompanyFactory.create_batch(20)
    works = [each(*[do("close", sale=SaleFactory(company=company), status=status) for company in companies]) for status in ("won", "lost", "won")]
    people.at_once(*works)
    assert_everything_is_true(always_on=("sale_won", "sale_lost"))
    assert {len(by_rules(company)) for company in companies} == {3}
    assert {where(company) for company in companies} <= {"Opportunity", "Lost opportunity"}


def test_a3_one_sale_that_several_people_win_at_once_is_won_once(people, category):
    rule("sale_won", category["Opportunity"])
    sales = SaleFactory.create_batch(25)
    people.at_once(*[each(*[do("win", sale=sale) for sale in sales])] * PEOPLE)
    assert_everything_is_true(always_on=("sale_won",))
    assert [by_rules(sale.company) for sale in sales] == [[("sale_won", "changed", "")]] * 25


def test_a6_two_people_who_set_the_same_lead_status_at_once_cause_one_decision(people, category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contacts = ContactFactory.create_batch(15)
    people.at_once(*[each(*[do("set_lead_status", contact=contact, status=status["Qualified"]) for contact in contacts])] * 2)
    assert_everything_is_true()
    assert [by_rules(contact.company) for contact in contacts] == [[("lead_status_set", "changed", "")]] * 15


# ------------------------------------------------------ a suggestion, and others
@pytest.fixture
def asked(category, administrator):
    """A suggestion that waits: to make a Customer of a Lead."""
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory()
    sale.win()
    return latest(sale=sale)


def _answer(verb, decision, administrator, **more):
    return do(verb, decision=decision, seen=decision.company.category_version, **more).with_options(by=administrator.pk)


OTHER = {  # what somebody else does at that moment: a verb, and its arguments by (suggestion, second sale, category)
    "by hand, still a lead": lambda asked, _sale, category: do("categorise", company=asked.company, category=category["Opportunity"]),
    "by hand, a partner": lambda asked, _sale, category: do("categorise", company=asked.company, category=category["Partner"]),
    "by hand, as suggested": lambda asked, _sale, category: do("categorise", company=asked.company, category=category["Customer"]),
    "reopened": lambda asked, _sale, _category: do("reopen", sale=asked.sale),
    "lost after all": lambda asked, _sale, _category: do("close", sale=asked.sale, status="lost"),
    "moved": lambda asked, _sale, _category: do("move", sale=asked.sale, company=None),
    "archived": lambda asked, _sale, _category: do("archive_sale", sale=asked.sale),
    "a newer one": lambda _asked, sale, _category: do("win", sale=sale),
    "in a batch": lambda asked, sale, _category: do("update", sales=[sale.pk, asked.sale_id], status="open"),
}
# (what the other one did first) -> what accepting says then, how the suggestion ended, where the company is
ACCEPT_COMES_SECOND = {
    "by hand, still a lead": ("Stale", "waiting", "Opportunity"),
    "by hand, a partner": ("NothingToDecide: obsolete", "obsolete", "Partner"),
    "by hand, as suggested": ("NothingToDecide: obsolete", "obsolete", "Customer"),
    "reopened": ("NothingToDecide: obsolete", "obsolete", "Lead"),
    "lost after all": ("NothingToDecide: obsolete", "obsolete", "Lead"),
    "moved": ("NothingToDecide: obsolete", "obsolete", "Lead"),
    "archived": ("NothingToDecide: obsolete", "obsolete", "Lead"),
    "a newer one": ("NothingToDecide: replaced", "replaced", "Lead"),
    "in a batch": ("NothingToDecide: obsolete", "obsolete", "Lead"),
}


@pytest.mark.parametrize("what", OTHER)
@pytest.mark.parametrize("verb", ["accept", "keep"])
def test_q4_an_answer_that_had_to_wait_is_checked_against_what_is_true_then(people, category, administrator, asked, verb, what):
    said, ended, place = ACCEPT_COMES_SECOND[what]
    _nothing, answer = people.meet(OTHER[what](asked, SaleFactory(company=asked.company), category), _answer(verb, asked, administrator))
    asked.refresh_from_db()
    assert (answer, asked.outcome, where(asked.company)) == (said, ended, place)
    assert_everything_is_true(always_on=("sale_won",))


@pytest.mark.parametrize("what", OTHER)
@pytest.mark.parametrize(("verb", "outcome"), [("accept", "accepted"), ("keep", "kept")])
def test_q4_an_answer_that_came_first_stands_whatever_waits_for_it(people, category, administrator, asked, verb, outcome, what):
    answer, _nothing = people.meet(_answer(verb, asked, administrator), OTHER[what](asked, SaleFactory(company=asked.company), category))
    asked.refresh_from_db()
    here = {"by hand, still a lead": "Opportunity", "by hand, a partner": "Partner"}.get(what) or ("Customer" if verb == "accept" else "Lead")
    if what == "by hand, as suggested":
        here = "Customer"
    assert (answer, asked.outcome, where(asked.company)) == (outcome, outcome, here)
    assert_everything_is_true(always_on=("sale_won",))


@pytest.mark.parametrize("second", ["accept", "keep", "choose"])
@pytest.mark.parametrize(("first", "outcome"), [("accept", "accepted"), ("keep", "kept"), ("choose", "chose_other")])
def test_q4_deciding_twice_changes_once_and_the_other_one_is_told(people, category, administrator, asked, first, outcome, second):
    other = {"category": category["Partner"].pk}
    tasks = [_answer(verb, asked, administrator, **(other if verb == "choose" else {})) for verb in (first, second)]
    assert people.meet(*tasks) == (outcome, f"NothingToDecide: {outcome}")
    assert numbers(asked.company) == ([1] if first == "keep" else [1, 2])
    assert_everything_is_true(always_on=("sale_won",))


def test_q4_one_suggestion_that_several_people_answer_at_once_is_answered_once(people, category, administrator):
    rule("sale_won", category["Customer"], ask=True)
    sales = SaleFactory.create_batch(15)
    Sale.objects.update(status="won")
    questions = [latest(sale=sale) for sale in sales]
    works = [each(*[_answer(verb, question, administrator) for question in questions], by=administrator.pk) for verb in ("accept", "accept", "keep")]
    answers = zip(*[done.results for done in people.at_once(*works)], strict=True)
    for question, said in zip(questions, answers, strict=True):
        question.refresh_from_db()
        assert sorted(said) == sorted([question.outcome, *[f"NothingToDecide: {question.outcome}"] * 2])
        assert question.outcome in (Outcome.ACCEPTED, Outcome.KEPT)
    assert_everything_is_true(always_on=("sale_won",))


def test_q4_a_lead_status_that_moves_on_ends_the_question_before_somebody_answers_it(people, category, status, administrator):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    contact.lead.status = status["Qualified"]
    contact.lead.save()
    question = latest(contact=contact)
    moves_on = do("set_lead_status", contact=contact, status=status["Contacting"])
    assert people.meet(moves_on, _answer("accept", question, administrator)) == (True, "NothingToDecide: obsolete")
    assert where(contact.company) == "Lead"
    assert_everything_is_true()


# ------------------------------------------------- an administrator, meanwhile
RULE_CHANGES = {  # what the administrator does while a salesperson waits for the company -> what comes of the sale
    "switched off": (lambda rule, _category: do("set_rule", rule=rule, is_enabled=False), [], "Opportunity"),
    "another target": (
        lambda rule, category: do("set_rule", rule=rule, target_category_id=category["Partner"].pk),
        [("sale_won", "changed", "")],
        "Partner",
    ),
    "asks": (lambda rule, _category: do("set_rule", rule=rule, ask_user=True), [("sale_won", "waiting", "")], "Opportunity"),
    "target deleted": (
        lambda rule, _category: do("delete_category", category=rule.target_category),
        [("sale_won", "skipped", "target_deleted")],
        "Opportunity",
    ),
}


@on_postgresql  # on SQLite nobody saves while another does
@pytest.mark.parametrize("what", RULE_CHANGES)
def test_a1_a_rule_is_read_when_the_company_is_ours_and_not_when_we_began_to_wait(people, category, what):
    change, expected, place = RULE_CHANGES[what]
    won = rule("sale_won", category["Customer"])
    sale = SaleFactory()
    holder, seller, administrator = people(3)
    holder.prepare(do("categorise", company=sale.company, category=category["Opportunity"]), hold_after=1)
    seller.prepare(do("win", sale=sale))
    holder.go()
    holder.hear("held")
    assert people.waits(seller), "the two did not meet: this test shows nothing"
    administrator.prepare(change(won, category))
    administrator.go()
    administrator.finish()
    holder.go()
    holder.finish()
    seller.finish()
    assert (by_rules(), where(sale.company)) == (expected, place)
    assert_everything_is_true()


def test_a1_a_rule_that_changes_while_sales_are_won_acts_as_it_was_or_as_it_became(people, category):
    won = rule("sale_won", category["Customer"])
    partner = category["Partner"]
    changes = [
        do("set_rule", rule=won, is_enabled=False),
        do("set_rule", rule=won, target_category_id=partner.pk),
        do("set_rule", rule=won, is_enabled=True),
        do("set_rule", rule=won, ask_user=True),
        do("delete_category", category=partner),
        do("set_rule", rule=won, ask_user=False),
        do("delete_category", category=partner, deleted=False),
        do("set_rule", rule=won, target_category_id=category["Customer"].pk),
    ]
    possible = {(*end, target, target if end[0] == "changed" else None) for end in [("changed", ""), ("waiting", "")] for target in ("Customer", "Partner")}
    for _round in range(10):  # until they met: who comes first is chance
        mine = [SaleFactory.create_batch(30) for _ in range(2)]
        people.at_once(*[each(*[do("win", sale=sale) for sale in sales]) for sales in mine], each(*changes * 4))
        assert_everything_is_true()
        found = list(CategoryDecision.objects.exclude(rule=None).values_list("outcome", "skip_reason", "suggested_category__name", "to_category__name"))
        assert set(found) <= {*possible, ("skipped", "target_deleted", "Partner", None)}
        if len(set(found)) > 1:
            break
    else:
        pytest.fail("the rule never changed while sales were won: this test shows nothing")
    assert Company.objects.exclude(category__name="Lead").count() == sum(outcome == "changed" for outcome, *_ in found)
