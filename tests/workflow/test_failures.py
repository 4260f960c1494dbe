"""A7: a rule that fails never costs anyone their sale. Faults are put in at every step of the engine, in Python and in the database."""

from __future__ import annotations

import importlib

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection

from crm.actor import working
from crm.models import Company, Sale
from crm.sql import Prepared
from leads.models import Lead
from tests.conftest import on_postgresql
from tests.crm.writes import change
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import numbers, where
from workflow.again import CannotRetry, retry
from workflow.explain import explain
from workflow.models import AutomationRule, CategoryDecision, Outcome

pytestmark = pytest.mark.django_db

STEPS = {
    "before the lock": "workflow.engine.lock_companies",
    "at the insert": "workflow.verdicts.write",
    "at the update": "crm.models.companies._write_categories",
    "after the update": "crm.models.companies.categories_changed.send",
    "at the questions": "workflow.suggestions.announce",
    "at the end of what waits": "workflow.suggestions.retire_for_companies",
}
steps = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


class Fault:
    """Fails for one company (None: for all), as Python or as the database; then lets everything through again."""

    def __init__(self, monkeypatch, step, *, company=None, in_database=False):
        self.company, self.in_database, self.calls = company, in_database, 0
        module, _dot, name = step.rpartition(".")
        self.original = _find(step)
        monkeypatch.setattr(f"{module}.{name}", self)

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.company is None or self._concerns(args, kwargs):
            if self.in_database:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT * FROM no_such_table")
            raise RuntimeError("the rule is broken")
        return self.original(*args, **kwargs)

    def _concerns(self, args, kwargs):
        """Whether the company is among what this step was given."""
        given = [kwargs["changes"]] if "changes" in kwargs else [args[0]]
        return any(self.company in {item, getattr(item, "company_id", None)} for group in given for item in group)


def _find(path):
    module, _dot, name = path.rpartition(".")
    for parts in range(len(module.split(".")), 0, -1):
        head, tail = module.split(".")[:parts], module.split(".")[parts:]
        try:
            found = importlib.import_module(".".join(head))
        except ImportError:
            continue
        for part in tail:
            found = getattr(found, part)
        return getattr(found, name)
    raise LookupError(path)


def _failed():
    return CategoryDecision.objects.filter(outcome="failed")


def _consistent():
    for company in Company.objects.all():
        last = company.decisions.exclude(applied_version=None).latest("applied_version")
        assert (company.category_id, company.category_version) == (last.to_category_id, last.applied_version)
        assert numbers(company) == list(range(1, company.category_version + 1))


@pytest.fixture
def question(category):
    """A company with a question that a change by rule ends."""

    def make():
        asking = rule("sale_registered", category["Partner"], ask=True)
        sale = SaleFactory()
        AutomationRule.objects.filter(pk=asking.pk).update(is_enabled=False)
        return sale

    return make


# ------------------------------------------------------------- one save
@steps
@pytest.mark.parametrize("in_database", [False, True], ids=["in Python", "in the database"])
@pytest.mark.parametrize("ask", [False, True], ids=["silent", "asking"])
def test_a7_the_sale_is_saved_the_failure_recorded_and_retry_works(monkeypatch, category, administrator, question, step, in_database, ask):
    sale = question()
    rule("sale_won", category["Customer"], ask=ask)
    with monkeypatch.context() as broken, working(user=administrator):
        Fault(broken, step, in_database=in_database)
        change("save", sale, status="won")
    assert Sale.objects.get().status == "won"
    if ask and step in (STEPS["at the update"], STEPS["after the update"], STEPS["at the end of what waits"]):
        assert not _failed().exists()  # a rule that asks never gets there
        return
    if not ask and step == STEPS["at the questions"]:
        assert _failed().exists()  # the pass ends there whether or not it asked
    failed = _failed().get()
    assert (failed.sale, failed.trigger, failed.suggested_category, failed.caused_by) == (sale, "sale_won", category["Customer"], administrator)
    assert ("no_such_table" if in_database else "the rule is broken") in failed.error
    assert where(sale.company) == "Lead"
    _consistent()
    new = retry(failed.pk, by=administrator)
    assert (new.outcome, new.retries) == ("waiting" if ask else "changed", failed)
    assert where(sale.company) == ("Lead" if ask else "Customer")
    assert not CategoryDecision.objects.failed().exists()
    _consistent()


@pytest.mark.parametrize("how", ["save", "update", "bulk_update"])
@steps
def test_a7_whichever_way_a_sale_is_written_it_is_saved(monkeypatch, category, question, how, step):
    sale = question()
    rule("sale_won", category["Customer"])
    with monkeypatch.context() as broken:
        Fault(broken, step)
        change(how, sale, status="won")
    assert Sale.objects.get().status == "won"
    assert _failed().get().sale == sale
    _consistent()


def test_a7_a_lead_status_is_saved_too(monkeypatch, category, status, administrator):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    with monkeypatch.context() as broken:
        Fault(broken, STEPS["at the insert"])
        change("save", contact.lead, status=status["Qualified"])
    assert Lead.objects.get().status == status["Qualified"]
    failed = _failed().get()
    assert (failed.contact, failed.lead_status) == (contact, status["Qualified"])
    assert retry(failed.pk, by=administrator).outcome == "changed"
    assert where(contact.company) == "Customer"


# -------------------------------------------------------------- batches
def _open_sales(count):
    return [SaleFactory() for _ in range(count)]


@pytest.mark.parametrize("how", ["update", "bulk_update", "bulk_create"])
@pytest.mark.parametrize("step", [STEPS["before the lock"], STEPS["at the insert"], STEPS["after the update"]])
@pytest.mark.parametrize("in_database", [False, True], ids=["in Python", "in the database"])
def test_a7_in_a_batch_only_the_company_that_fails_is_left_behind(monkeypatch, category, administrator, how, step, in_database):
    rule("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(7)
    bad = companies[4]
    sales = [SaleFactory(company=company) for company in companies] if how != "bulk_create" else []
    with monkeypatch.context() as broken:
        Fault(broken, step, company=bad.pk, in_database=in_database)
        if how == "bulk_create":
            Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
        elif how == "update":
            Sale.objects.update(status="won")
        else:
            for sale in sales:
                sale.status = "won"
            Sale.objects.bulk_update(sales, ["status"])
    assert set(Sale.objects.values_list("status", flat=True)) == {"won"}
    assert [where(company) for company in companies] == ["Customer"] * 4 + ["Lead"] + ["Customer"] * 2
    assert _failed().get().company == bad
    _consistent()
    assert retry(_failed().get().pk, by=administrator).outcome == "changed"
    assert where(bad) == "Customer"
    _consistent()


def test_a7_when_every_company_fails_the_rest_is_given_up_together(monkeypatch, category):
    monkeypatch.setattr("workflow.engine.MOST_ALONE", 3)
    rule("sale_won", category["Customer"])
    sales = _open_sales(20)
    with monkeypatch.context() as broken:
        fault = Fault(broken, STEPS["at the insert"])
        Sale.objects.update(status="won")
    assert set(_failed().values_list("sale", flat=True)) == {sale.pk for sale in sales}
    assert 3 < fault.calls < 20
    _consistent()


def test_a7_a_failure_is_recorded_for_every_cause_of_the_save_that_has_a_rule(monkeypatch, category):
    rule("sale_won", category["Customer"])
    rule("sale_registered", category["Opportunity"])
    with monkeypatch.context() as broken:
        Fault(broken, STEPS["at the insert"])
        SaleFactory(status="won")
    assert sorted(_failed().values_list("trigger", flat=True)) == ["sale_registered", "sale_won"]


def test_a7_where_even_recording_fails_the_sale_is_saved_and_it_is_logged(monkeypatch, category, caplog):
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    with monkeypatch.context() as broken:
        Fault(broken, STEPS["before the lock"], in_database=True)
        Fault(broken, "workflow.engine.insert_rows", in_database=True)
        change("save", sale, status="won")
    assert (Sale.objects.get().status, _failed().count()) == ("won", 0)
    assert "Rules failed" in caplog.text
    assert "could not be recorded" in caplog.text


def test_a7_a_look_at_the_rules_that_fails_is_made_up_for_by_the_pass(category):
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    looks = []

    def once(execute, sql, params, many, context):
        if sql.startswith("SELECT ask_user") and not looks:
            looks.append(sql)
            raise DatabaseError("gone for a moment")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(once):
        change("save", sale, status="won")
    assert (len(looks), where(sale.company)) == (1, "Customer")


@on_postgresql
@pytest.mark.parametrize("ask", [False, True])
def test_where_the_server_forgets_prepared_statements_the_rules_run_all_the_same(monkeypatch, category, ask):
    monkeypatch.setattr(Prepared, "keeps", True)
    rule("sale_won", category["Customer"], ask=ask)
    first, second, third = _open_sales(3)
    change("save", first, status="won")
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    change("save", second, status="won")
    change("save", third, status="won")
    assert set(CategoryDecision.objects.filter(trigger="sale_won").values_list("outcome", flat=True)) == {"waiting" if ask else "changed"}
    assert not Prepared.keeps


# ---------------------------------------------------------------- retrying
@pytest.fixture
def failed(monkeypatch, category):
    """A failure, of a rule that works again."""
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    with monkeypatch.context() as broken:
        Fault(broken, STEPS["at the insert"])
        change("save", sale, status="won")
    return _failed().get()


def test_a7_retrying_looks_at_how_things_are_now(failed, category, administrator):
    Company.objects.filter(pk=failed.company_id).update(category=category["Partner"])
    new = retry(failed.pk, by=administrator)
    assert (new.outcome, new.skip_reason, new.retries) == (Outcome.SKIPPED, "not_potential", failed)


@pytest.mark.parametrize("meanwhile", ["reopened", "moved", "switched off"])
def test_a7_retrying_what_is_no_longer_so_changes_nothing_and_says_so(failed, administrator, meanwhile):
    if meanwhile == "reopened":
        Sale.objects.update(status="open")
    elif meanwhile == "moved":
        Sale.objects.update(company=CompanyFactory())
    else:
        AutomationRule.objects.update(is_enabled=False)
    before = where(failed.company)
    new = retry(failed.pk, by=administrator)
    assert (new.outcome, new.retries, new.decided_by) == ("obsolete", failed, administrator)
    assert where(failed.company) == before


def test_a7_what_failed_is_retried_once(failed, administrator):
    retry(failed.pk, by=administrator)
    with pytest.raises(CannotRetry):
        retry(failed.pk, by=administrator)
    assert numbers(failed.company) == [1, 2]


def test_a7_a_retry_that_fails_is_a_failure_of_its_own_that_can_be_retried(monkeypatch, failed, administrator):
    with monkeypatch.context() as broken:
        Fault(broken, STEPS["at the insert"])
        second = retry(failed.pk, by=administrator)
    assert (second.outcome, second.retries) == ("failed", failed)
    assert list(CategoryDecision.objects.failed()) == [second]
    assert retry(second.pk, by=administrator).outcome == "changed"


def test_a7_only_administrators_retry(failed, salesperson):
    with pytest.raises(PermissionDenied):
        retry(failed.pk, by=salesperson)


def test_a8_a_failure_and_its_retry_are_explained(failed, administrator):
    told = explain(CategoryDecision.objects.with_names().get(pk=failed.pk))
    assert told.result.startswith("The rule could not be carried out, so nothing was changed. It looked because the sale")
    assert told.technical == "Technical reason: RuntimeError: the rule is broken"
    assert str(told) == f"{told.result} {told.technical}"
    assert str(explain(retry(failed.pk, by=administrator))).startswith("Retried by Maja Lindholm, and changed automatically because the sale")
