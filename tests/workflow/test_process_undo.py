"""A9: undoing at the moment when somebody else changes, undoes, or asks."""

from __future__ import annotations

import pytest

from tests.factories import CompanyFactory, SaleFactory, rule
from tests.workflow.ledger import latest, numbers, where
from tests.workflow.processes import do, each
from tests.workflow.truth import assert_everything_is_true
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = {  # what somebody else does -> where the company is when they come second, and what undoing says when it comes second
    "by hand": (lambda change, _sale, category: do("categorise", company=change.company, category=category["Partner"]), "Partner", "CannotUndo"),
    "another sale": (lambda _change, sale, _category: do("win", sale=sale), "Opportunity", None),
    "undone": (lambda change, _sale, _category: do("undo", decision=change), "Lead", "CannotUndo"),
}


@pytest.fixture
def changed(category, administrator):
    """A change that a rule has made: from Lead to Opportunity."""
    rule("sale_won", category["Opportunity"])
    sale = SaleFactory()
    sale.win()
    return latest(sale=sale)


@pytest.mark.parametrize("what", OTHER)
def test_a9_undoing_that_came_first_stands(people, category, administrator, changed, what):
    other, place, _said = OTHER[what]
    second = other(changed, SaleFactory(company=changed.company), category).with_options(by=administrator.pk)
    people.meet(do("undo", decision=changed).with_options(by=administrator.pk), second)
    assert CategoryDecision.objects.filter(outcome="undone").count() == 1
    assert where(changed.company) == place
    assert_everything_is_true(always_on=("sale_won",))


@pytest.mark.parametrize("what", ["by hand", "undone"])
def test_a9_undoing_that_had_to_wait_is_refused_when_the_category_has_changed_since(people, category, administrator, changed, what):
    other, place, said = OTHER[what]
    first = other(changed, None, category).with_options(by=administrator.pk)
    assert people.meet(first, do("undo", decision=changed).with_options(by=administrator.pk))[1] == said
    assert where(changed.company) == place
    assert_everything_is_true(always_on=("sale_won",))


def test_a9_one_change_that_several_people_undo_at_once_is_undone_once(people, category, administrator):
    rule("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(15)
    changes = [SaleFactory(company=company, status="won").decisions.get() for company in companies]
    done = people.at_once(*[each(*[do("undo", decision=change) for change in changes], by=administrator.pk)] * 3)
    for said in zip(*[found.results for found in done], strict=True):
        assert sorted(isinstance(result, int) for result in said) == [False, False, True]
        assert said.count("CannotUndo") == 2
    assert [numbers(company) for company in companies] == [[1, 2, 3]] * 15
    assert {where(company) for company in companies} == {"Lead"}
    assert_everything_is_true(always_on=("sale_won",))
