"""A10: the number of an applied change is its place in the history, not the moment its question was asked."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, Sale
from tests.budgets import sent_by
from tests.factories import CompanyFactory, SaleFactory, rule
from tests.sizes import know_sizes
from workflow import decisions
from workflow.history import history_of
from workflow.management.commands.check_ledger import story_of
from workflow.models import CategoryDecision, Outcome, Trigger

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(category, salesperson):
    """A question that has waited while a colleague changed the category by hand."""
    rule(Trigger.SALE_WON, category["Customer"], ask=True)
    sale = SaleFactory()
    with acting_as(salesperson):
        sale.status = Sale.Status.WON
        sale.save()
        company = Company.objects.get(pk=sale.company_id)
        company.category = category["Opportunity"]
        company.save()
    return CategoryDecision.objects.waiting().get()


def _shown(company):
    return [(entry.outcome, entry.applied_version) for entry in history_of(company, most=10)]


def test_a10_a_question_answered_late_stands_where_it_was_answered(asked, salesperson):
    decisions.accept(asked.pk, by=salesperson, seen_version=2)
    assert _shown(asked.company) == [("accepted", 3), ("changed", 2), ("changed", 1)]


def test_a10_a_clock_that_went_backwards_does_not_turn_the_history_round(asked, salesperson):
    decisions.accept(asked.pk, by=salesperson, seen_version=2)
    CategoryDecision.objects.filter(pk=asked.pk).update(decided_at=timezone.now() - timezone.timedelta(days=1))
    assert [number for _outcome, number in _shown(asked.company)] == [3, 2, 1]


def test_a_kept_category_stands_between_the_changes_around_it(asked, salesperson, category):
    decisions.keep(asked.pk, by=salesperson, seen_version=2)
    company = Company.objects.get(pk=asked.company_id)
    company.category = category["Partner"]
    company.save()
    assert _shown(company) == [("changed", 3), (Outcome.KEPT, None), ("changed", 2), ("changed", 1)]


def test_a_company_without_a_rule_shows_that_it_was_created():
    assert _shown(CompanyFactory()) == [("changed", 1)]


def _page(client, company, page=""):
    """The page's entries as `_shown` gives them, and its links."""
    response = client.get(f"/companies/{company.pk}/history/", {"page": page})
    assert response.status_code == 200
    return [(entry["decision"].outcome, entry["decision"].applied_version) for entry in response.context["entries"]], response.context["found"]


def test_a10_card_page_and_command_line_have_one_order(client, asked, salesperson, category):
    decisions.keep(asked.pk, by=salesperson, seen_version=2)
    company = Company.objects.get(pk=asked.company_id)
    company.category = category["Partner"]
    company.save()
    CategoryDecision.objects.filter(company=company, applied_version=3).update(decided_at=timezone.now() - timezone.timedelta(days=9))
    client.force_login(salesperson)
    told = [line[:4].strip() for line in list(story_of(company))[1:5]]
    assert _page(client, company)[0] == _shown(company)
    assert [number for _outcome, number in _shown(company)] == [None if word == "-" else int(word) for word in reversed(told)]
    assert [number for _outcome, number in _shown(company) if number] == [3, 2, 1]


def test_a8_the_page_also_tells_what_was_skipped_and_what_waits(client, asked, salesperson):
    SaleFactory(company=asked.company, status="won")
    client.force_login(salesperson)
    assert {outcome for outcome, _number in _page(client, asked.company)[0]} == {"waiting", "replaced", "changed"}


def test_a10_previous_and_next_lead_through_the_whole_page_in_its_order(client, salesperson, category):
    company = CompanyFactory()
    for number in range(59):
        company.category = category["Opportunity" if number % 2 == 0 else "Lead"]
        company.save()
    client.force_login(salesperson)
    seen, pages, cursor = [], [], ""
    while True:
        rows, found = _page(client, company, cursor)
        seen += [number for _outcome, number in rows]
        pages.append(found)
        cursor = found.next
        if not cursor:
            break
    assert seen == list(range(60, 0, -1))
    assert [len(page.rows) for page in pages] == [25, 25, 10]
    assert [bool(page.previous) for page in pages] == [False, True, True]
    assert [number for _outcome, number in _page(client, company, pages[2].previous)[0]] == seen[25:50]
    assert [number for _outcome, number in _page(client, company, pages[1].previous)[0]] == seen[:25]


@pytest.mark.parametrize("page", ["nonsense", "after-", "after-x", "before-0", "after-99999999999999999999", "before-²", "eyJhIjoxfQ"])
def test_a_mangled_link_shows_the_first_page(client, salesperson, page):
    company = CompanyFactory()
    client.force_login(salesperson)
    assert _page(client, company, page)[0] == [("changed", 1)]
    first = company.decisions.get()
    assert _page(client, company, f"before-{first.pk}")[0] == [("changed", 1)]


def test_a_thousand_decisions_cost_the_page_no_more_statements_than_ten(client, salesperson, category):
    client.force_login(salesperson)
    costs = []
    for count in (10, 1_000):
        company = CompanyFactory()
        values = {"company": company, "trigger": "sale_won", "outcome": "skipped", "skip_reason": "already_there", "decided_at": timezone.now()}
        CategoryDecision.objects.bulk_create(CategoryDecision(from_category=category["Lead"], sale=SaleFactory(), **values) for _number in range(10))
        sale = SaleFactory()
        CategoryDecision.objects.bulk_create(CategoryDecision(from_category=category["Lead"], sale=sale, **values) for _number in range(count))
        know_sizes()
        _page(client, company)
        costs.append(len(sent_by(lambda company=company: _page(client, company))))
    assert costs[0] == costs[1]
