"""A5: a batch costs a fixed number of statements, whichever way it is written and whatever it causes."""

from __future__ import annotations

import pytest

from crm.models import Company, Contact, Sale
from leads.models import Lead, LeadStatusChange
from tests.budgets import sent_by
from tests.factories import CompanyFactory, rule
from tests.workflow.ledger import by_rules, numbers, where
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
    return [sql.split()[0] for sql in sent_by(write)]


def _companies(size, **values):
    return Company.objects.bulk_create(Company(name=f"Fjordbo {number}", **values) for number in range(size))


def _contacts(size, **values):
    return Contact.objects.bulk_create(Contact(first_name="Anne", company=company) for company in _companies(size, **values))


def _same_for_every_size(prepare, write, decided=None, sizes=SIZES):
    """Compare the statements of `write(prepare(size))` for each size; `decided` counts what must have come of it for each row."""
    costs = []
    write(prepare(sizes[0]))  # the first save of a process looks for rules first
    for size in sizes:
        rows = prepare(size)
        before = CategoryDecision.objects.count()
        costs.append(_statements(lambda rows=rows: write(rows)))
        if decided is not None:
            assert CategoryDecision.objects.count() - before == decided * size
    assert costs[0] == costs[1] == costs[2]


asking = pytest.mark.parametrize("rules", [False, True], indirect=True, ids=["silent", "asking"])


def _new_sales(statuses):
    return lambda size: [Sale(title=status, company=company, status=status) for company in _companies(size) for status in statuses]


@asking
@pytest.mark.parametrize(
    ("statuses", "decided"), [(["open"], 1), (["won"], 2), (["won", "lost", "open"], 5)], ids=["registered", "won", "won, lost and registered"]
)
@pytest.mark.usefixtures("rules")
def test_a5_creating_sales_in_bulk_costs_the_same_for_1_2_and_100_companies(statuses, decided):
    _same_for_every_size(_new_sales(statuses), Sale.objects.bulk_create, decided)


def _loaded_sales(size):
    made = Sale.objects.bulk_create(Sale(title="x", company=company) for company in _companies(size))
    return list(Sale.objects.filter(pk__in=[sale.pk for sale in made]))


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
    return list(Lead.objects.filter(contact__in=_contacts(size)))


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

    # With bulk_update there are two targets, so the smallest batch that moves companies to both has two.
    _same_for_every_size(_leads, write, decided=1, sizes=(2, 4, 100) if how == "bulk_update" else SIZES)


def test_a5_moving_companies_by_hand_in_bulk_costs_the_same_for_1_2_and_100(category):
    customer = category["Customer"]

    def prepare(size):
        return [contact.company_id for contact in _contacts(size)]

    _same_for_every_size(prepare, lambda pks: Company.objects.filter(pk__in=pks).update(category=customer), decided=1)


def test_l3_entering_a_category_with_lead_status_costs_the_same_for_1_2_and_100(category):
    lead, customer = category["Lead"], category["Customer"]

    def prepare(size):
        return [contact.company_id for contact in _contacts(size, category=customer)]

    _same_for_every_size(prepare, lambda pks: Company.objects.filter(pk__in=pks).update(category=lead), decided=1)
    assert LeadStatusChange.objects.count() == SIZES[0] + sum(SIZES)


def test_l3_creating_companies_and_contacts_in_bulk_costs_the_same_for_1_2_and_100():
    _same_for_every_size(lambda size: [Company(name="x") for _ in range(size)], Company.objects.bulk_create, decided=1)
    _same_for_every_size(lambda size: [Contact(first_name="Anne", company=company) for company in _companies(size)], Contact.objects.bulk_create)
    assert Lead.objects.count() == SIZES[0] + sum(SIZES)


def test_a5_where_no_rule_is_on_a_batch_costs_one_statement_to_see_that(category):
    sales, more = _loaded_sales(3), _loaded_sales(3)
    off = rule("sale_won", category["Customer"])
    with_rule = _statements(lambda: _update(sales))
    type(off).objects.update(is_enabled=False)
    without = _statements(lambda: _update(more))
    assert len(without) < len(with_rule)
    assert not CategoryDecision.objects.exclude(rule=None).filter(sale__in=more).exists()


@pytest.mark.parametrize("how", ["bulk_create", "update", "bulk_update"])
def test_a5_a_batch_that_is_done_in_pieces_has_the_same_result(monkeypatch, category, how):
    for module in ("crm.models.bulk", "crm.models.companies", "workflow.engine"):
        monkeypatch.setattr(f"{module}.CHUNK", 2)
    rule("sale_won", category["Customer"])
    companies = _companies(5)
    sales = [Sale(title="x", company=company, status="won" if how == "bulk_create" else "open") for _ in range(2) for company in companies]
    made = Sale.objects.bulk_create(sales)
    if how == "update":
        Sale.objects.update(status="won")
    elif how == "bulk_update":
        rows = list(Sale.objects.filter(pk__in=[sale.pk for sale in made]))
        for row in rows:
            row.status = "won"
        Sale.objects.bulk_update(rows, ["status"])
    assert [(where(company), numbers(company)) for company in companies] == [("Customer", [1, 2])] * 5
    for company, first in zip(companies, made, strict=False):
        assert by_rules(company) == [("sale_won", "changed", ""), ("sale_won", "skipped", "other_cause")]
        assert CategoryDecision.objects.get(company=company, outcome="changed", trigger="sale_won").sale_id == first.pk
