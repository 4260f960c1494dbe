"""What only tests of the workflow ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction

from crm.actor import acting_as
from crm.models import CompanyCategory
from leads.models import LeadStatus
from tests.browsers import browser
from tests.crm.writes import change
from tests.factories import CompanyFactory, SaleFactory, UserFactory, rule
from tests.workflow.changes import win_rule
from tests.workflow.ledger import latest, numbers
from tests.workflow.processes import People
from workflow import decisions
from workflow.models import CategoryDecision


@pytest.fixture(scope="session")
def _everybody(django_db_setup: None) -> Iterator[People]:
    everybody = People()
    yield everybody
    everybody.send_home()


@pytest.fixture
def people(_everybody: People, transactional_db: None) -> Iterator[People]:
    """People in processes of their own, on the database of the test. Starting one takes a second or two, so they stay."""
    yield _everybody
    _everybody.send_home(all_of_them=False)


# ------------------------------------------------------- changes as a browser meets them


@pytest.fixture
def onlooker(db):
    """The browser of somebody who may look at companies, and no more."""
    user = UserFactory(email="karen@havn.example", groups=[])
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_company", "view_contact", "view_sale"]))
    return browser(user)


def _solar_roof(by):
    """A sale that somebody has won at Fjordbo."""
    with acting_as(by):
        return SaleFactory(company=CompanyFactory(name="Fjordbo"), title="Solar roof", status="won")


@pytest.fixture
def moved(category, salesperson):
    """Fjordbo, a customer since Jonas won a sale there."""
    win_rule(category["Customer"])
    return _solar_roof(salesperson).company


@pytest.fixture
def asked(asking, salesperson):
    """Jonas won a sale at Fjordbo; whether it becomes a customer waits for his answer."""
    return latest(outcome="waiting", sale=_solar_roof(salesperson))


@pytest.fixture
def kept(category, salesperson):
    """Jonas was asked whether Fjordbo becomes a customer, and said no."""
    win_rule(category["Customer"], ask=True)
    return decisions.keep(latest(outcome="waiting", sale=_solar_roof(salesperson)).pk, by=salesperson, seen_version=1).decision


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


# ------------------------------------------------------------------ what check_ledger finds
@pytest.fixture
def moved_twice(category):
    """A company that has moved twice by hand: Lead, Opportunity, Partner."""
    company = CompanyFactory()
    for name in ("Opportunity", "Partner"):
        change("save", company, category=category[name])
    assert numbers(company) == [1, 2, 3]
    return company


@pytest.fixture
def partner(category):
    """A company that rules look at, and leave alone."""
    return CompanyFactory(category=category["Partner"])


@pytest.fixture
def broken():
    """Breaks that the database itself would refuse at the end of the test."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --------------------------------------------------------------- the form of the rules
@pytest.fixture
def customer(category):
    """What most rules there lead to, as a form sends it."""
    return category["Customer"].pk


@pytest.fixture
def row(category, status):
    """A row as it is sent: `row("Qualified", "Customer")`."""
    return lambda name, target, **more: {"status": status[name].pk, "category": category[target].pk, **more}


@pytest.fixture
def two(category, status):
    """Two lead statuses have their rule."""
    return [rule("lead_status_set", category[target], lead_status=status[name]) for name, target in (("Qualified", "Opportunity"), ("Disqualified", "Other"))]


# ------------------------------------------------------------------------ setting up
@pytest.fixture
def own(db):
    """An organisation with categories of its own: none is in Potential customer, and nobody has a lead status."""
    CompanyCategory.objects.all().delete()
    LeadStatus.objects.all().delete()
    names = ("Emne", "Kunde A", "Kunde B", "Leverandør")
    CompanyCategory.objects.bulk_create(
        CompanyCategory(name=name, group_id="other", is_default=name == "Emne", position=place) for place, name in enumerate(names)
    )
    LeadStatus.objects.create(name="OPEN", is_default=True)
    return {category.name: category for category in CompanyCategory.objects.all()}
