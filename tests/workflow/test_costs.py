"""A5: a batch costs a fixed number of statements, whichever way it is written and whatever it causes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Company, Contact, Sale
from leads.models import Lead, LeadStatusChange
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
SIZES = (1, 2, 100)


@pytest.fixture
def rules(category, status, request):
    """All four rules; whether they ask is the test's choice."""
    ask = getattr(request, "param", False)
    for trigger, target in (("sale_won", "Customer"), ("sale_lost", "Former customer"), ("sale_registered", "Opportunity")):
        rule(trigger, category[target], ask=ask)
    for name, target in (("Qualified", "Customer"), ("Disqualified", "Other")):
        rule("lead_status_set", category[target], lead_status=status[name], ask=ask)


def _statements(write):
    with CaptureQueriesContext(connection) as captured:
        write()
    return [query["sql"].split()[0] for query in captured.captured_queries]


def _same_for_every_size(prepare, write, decided=None):
    """Compare the statements of `write(prepare(size))` for each size; `decided` counts what must have come of it for each row."""
    costs = []
    for size in SIZES:
        rows = prepare(size)
        before = CategoryDecision.objects.count()
        costs.append(_statements(lambda rows=rows: write(rows)))
        if decided is not None:
            assert CategoryDecision.objects.count() - before == decided * size
    assert costs[0] == costs[1] == costs[2]


asking = pytest.mark.parametrize("rules", [False, True], indirect=True, ids=["silent", "asking"])


def _new_sales(statuses):
    return lambda size: [Sale(title=status, company=company, status=status) for company in CompanyFactory.create_batch(size) for status in statuses]


@asking
@pytest.mark.parametrize(
    ("statuses", "decided"), [(["open"], 1), (["won"], 2), (["won", "lost", "open"], 5)], ids=["registered", "won", "won, lost and registered"]
)
@pytest.mark.usefixtures("rules")
def test_a5_creating_sales_in_bulk_costs_the_same_for_1_2_and_100_companies(statuses, decided):
    _same_for_every_size(_new_sales(statuses), Sale.objects.bulk_create, decided)


def _loaded_sales(size):
    return list(Sale.objects.filter(pk__in=[SaleFactory(company=company).pk for company in CompanyFactory.create_batch(size)]))


def _update(sales):
    Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status="won")


def _bulk_update(sales):
    for sale in sales:
        sale.status = "lost"
    Sale.objects.bulk_update(sales, ["status"])


def _move(sales):
    Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(company=CompanyFactory(), status="lost")


@asking
@pytest.mark.parametrize("write", [_update, _bulk_update, _move])
@pytest.mark.usefixtures("rules")
def test_a5_changing_sales_in_bulk_costs_the_same_for_1_2_and_100_sales(write):
    _same_for_every_size(_loaded_sales, write)
    assert len(by_rules()) >= 2 * sum(SIZES)


def _leads(size):
    return list(Lead.objects.filter(contact__in=ContactFactory.create_batch(size)))


@asking
@pytest.mark.parametrize("how", ["update", "bulk_update"])
@pytest.mark.usefixtures("rules")
def test_a5_setting_lead_statuses_in_bulk_costs_the_same_for_1_2_and_100_contacts(status, how):
    qualified, disqualified = status["Qualified"], status["Disqualified"]

    def write(leads):
        if how == "update":
            Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(status=qualified)
            return
        for number, lead in enumerate(leads):
            lead.status = disqualified if number % 2 else qualified
        Lead.objects.bulk_update(leads, ["status"])

    if how == "bulk_update":  # one company for each target, so that every size moves companies to both
        _same_sizes_from_two(_leads, write)
    else:
        _same_for_every_size(_leads, write, decided=1)


def _same_sizes_from_two(prepare, write):
    costs = [_statements(lambda rows=prepare(size): write(rows)) for size in (2, 4, 100)]
    assert costs[0] == costs[1] == costs[2]
    assert {outcome for _trigger, outcome, _reason in by_rules()} <= {"changed", "waiting"}


def test_a5_moving_companies_by_hand_in_bulk_costs_the_same_for_1_2_and_100(category):
    customer = category["Customer"]

    def prepare(size):
        return [ContactFactory().company.pk for _ in range(size)]

    _same_for_every_size(prepare, lambda pks: Company.objects.filter(pk__in=pks).update(category=customer), decided=1)


def test_l3_entering_a_category_with_lead_status_costs_the_same_for_1_2_and_100(category):
    lead, customer = category["Lead"], category["Customer"]

    def prepare(size):
        return [ContactFactory(company=company).company.pk for company in CompanyFactory.create_batch(size, category=customer)]

    _same_for_every_size(prepare, lambda pks: Company.objects.filter(pk__in=pks).update(category=lead), decided=1)
    assert LeadStatusChange.objects.count() == sum(SIZES)


def test_l3_creating_companies_and_contacts_in_bulk_costs_the_same_for_1_2_and_100():
    _same_for_every_size(lambda size: [Company(name="x") for _ in range(size)], Company.objects.bulk_create, decided=1)
    _same_for_every_size(
        lambda size: [Contact(first_name="Anne", company=company) for company in CompanyFactory.create_batch(size)], Contact.objects.bulk_create
    )
    assert Lead.objects.count() == sum(SIZES)


def test_a5_where_no_rule_is_on_a_batch_costs_one_statement_to_see_that(category):
    sales, more = _loaded_sales(3), _loaded_sales(3)
    off = rule("sale_won", category["Customer"])
    with_rule = _statements(lambda: _update(sales))
    type(off).objects.update(is_enabled=False)
    without = _statements(lambda: _update(more))
    assert len(without) < len(with_rule)
    assert not CategoryDecision.objects.exclude(rule=None).filter(sale__in=more).exists()
