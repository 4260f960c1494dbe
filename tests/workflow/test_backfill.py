"""Applying a rule to existing companies: what the preview showed is done, a part at a time, and can be undone as a whole."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from crm.actor import acting_as
from crm.lists import delete_item
from crm.models import Company
from leads.models import LeadStatus
from tests.crm.writes import change
from tests.factories import ContactFactory, SaleFactory, rule
from tests.workflow.ledger import assert_ledger_is_true, latest, place, where
from workflow import backfill, decisions, engine
from workflow.again import retry
from workflow.backfill import CannotApply, applying_of, begin, go_on
from workflow.explain import explain
from workflow.inbox import waiting_for
from workflow.models import AutomationRule, CategoryDecision
from workflow.preview import Draft, preview
from workflow.undo import undo_batch, undoing_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def won():
    """Five companies with a sale that was won before any rule was on."""
    return [SaleFactory(status="won") for _number in range(5)]


@pytest.fixture
def apply(administrator):
    """Apply a rule to the last 30 days, to the end."""

    def apply(acting, **options):
        job = begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator, **options)
        return go_on(job.batch, by=administrator)

    return apply


def _outcomes(batch):
    return sorted(CategoryDecision.objects.filter(batch=batch).values_list("trigger", "outcome", "skip_reason"))


def test_a_silent_rule_moves_them_and_each_has_its_decision_a8(won, apply, category, administrator):
    acting = rule("sale_won", category["Customer"])
    job = apply(acting)
    assert job.ended_at
    assert not job.stopped
    assert {where(sale.company) for sale in won} == {"Customer"}
    assert _outcomes(job.batch) == [("backfill", "changed", "")] * 5
    decision = latest(trigger="backfill")
    assert (decision.rule, decision.sale, decision.caused_by) == (acting, won[-1], administrator)
    assert_ledger_is_true()


def test_a_rule_that_asks_asks_whoever_applied_it_q3(won, apply, category, administrator):
    job = apply(rule("sale_won", category["Customer"], ask=True))
    assert {where(sale.company) for sale in won} == {"Lead"}
    assert _outcomes(job.batch) == [("backfill", "waiting", "")] * 5
    assert waiting_for(administrator).filter(batch=job.batch, asked_of=administrator).count() == 5
    assert_ledger_is_true()


def test_it_can_ask_each_companys_our_contact_instead_q3(won, apply, category, salesperson):
    Company.objects.filter(pk=won[0].company_id).update(our_contact=salesperson)
    apply(rule("sale_won", category["Customer"], ask=True), ask_our_contact=True)
    assert [decision.company_id for decision in waiting_for(salesperson)] == [won[0].company_id]
    assert CategoryDecision.objects.waiting().filter(asked_of=None).count() == 4


def test_companies_that_were_left_out_stay(won, apply, category):
    job = apply(rule("sale_won", category["Customer"]), left_out=[won[1].company_id])
    assert job.total == 4
    assert [where(sale.company) for sale in won] == ["Customer", "Lead", "Customer", "Customer", "Customer"]


def test_it_goes_on_a_part_at_a_time(won, category, administrator):
    job = begin(Draft.of(rule("sale_won", category["Customer"])), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    ends = [bool(go_on(job.batch, by=administrator, most=2).ended_at) for _part in range(4)]
    assert ends == [False, False, True, True]
    assert _outcomes(job.batch) == [("backfill", "changed", "")] * 5


def test_what_happens_after_it_began_is_left_to_the_rule_itself(won, category, administrator):
    job = begin(Draft.of(rule("sale_won", category["Customer"])), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    sale = SaleFactory(status="won")
    go_on(job.batch, by=administrator)
    assert [decision.trigger for decision in CategoryDecision.objects.filter(sale=sale)] == ["sale_won"]


def test_applying_it_again_finds_nothing_to_do(won, apply, category):
    acting = rule("sale_won", category["Opportunity"])
    apply(acting)
    for sale in won:
        place(sale.company, category["Lead"])
    with pytest.raises(CannotApply, match="No company is left"):
        apply(acting)


def test_a_kept_company_is_not_asked_about_again_q5(won, apply, category, administrator):
    asking = rule("sale_won", category["Customer"], ask=True)
    job = apply(asking)
    first = CategoryDecision.objects.filter(batch=job.batch).first()
    decisions.keep(first.pk, by=administrator, seen_version=first.company.category_version)
    undo_batch(job.batch, by=administrator)
    assert apply(asking).total == 4


@pytest.mark.parametrize("meanwhile", ["off", "another target", "asks now"])
def test_a_rule_that_has_changed_since_the_preview_is_not_applied(won, category, administrator, meanwhile):
    acting = rule("sale_won", category["Customer"])
    draft = Draft.of(acting)
    changed = {"off": {"is_enabled": False}, "another target": {"target_category": category["Partner"]}, "asks now": {"ask_user": True}}[meanwhile]
    AutomationRule.objects.filter(pk=acting.pk).update(**changed)
    with pytest.raises(CannotApply, match="changed meanwhile"):
        begin(draft, since=timezone.now() - dt.timedelta(days=30), by=administrator)
    assert {where(sale.company) for sale in won} == {"Lead"}


def test_a_rule_that_is_switched_off_halfway_goes_no_further(won, category, administrator):
    acting = rule("sale_won", category["Customer"])
    job = begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    go_on(job.batch, by=administrator, most=2)
    change("save", acting, is_enabled=False)
    job = go_on(job.batch, by=administrator)
    assert job.ended_at
    assert job.stopped
    assert [where(sale.company) for sale in won].count("Customer") == 2


def test_a_rule_whose_lead_status_is_replaced_halfway_goes_no_further_c4(category, status, administrator):
    leads = [ContactFactory().lead for _number in range(3)]
    for lead in leads:
        change("save", lead, status=status["Contacting"])
    qualified = ContactFactory().lead
    change("save", qualified, status=status["Qualified"])
    acting = rule("lead_status_set", category["Opportunity"], lead_status=status["Contacting"])
    job = begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    go_on(job.batch, by=administrator, most=1)
    delete_item(model=LeadStatus, pk=status["Contacting"].pk, area="lead-statuses", replacement=status["Qualified"].pk)
    assert go_on(job.batch, by=administrator).stopped
    assert where(qualified.contact.company) == "Lead"
    assert _outcomes(job.batch) == [("backfill", "changed", "")]


def test_an_application_that_finds_more_than_it_began_with_goes_on_to_the_end(category, administrator):
    *_others, late = [SaleFactory(status="won") for _number in range(3)]
    place(late.company, category["Partner"])
    job = begin(Draft.of(rule("sale_won", category["Customer"])), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    place(late.company, category["Lead"])
    for _part in range(2):
        go_on(job.batch, by=administrator, most=1)
    applying = applying_of(job.batch)
    assert (applying.is_on, applying.shown, applying.job.total) == (True, 2, 2)
    assert go_on(job.batch, by=administrator, most=1).ended_at
    assert where(late.company) == "Customer"


def test_only_an_administrator_applies_a_rule(won, category, administrator, salesperson):
    draft = Draft.of(rule("sale_won", category["Customer"]))
    with pytest.raises(PermissionDenied):
        begin(draft, since=timezone.now() - dt.timedelta(days=30), by=salesperson)
    job = begin(draft, since=timezone.now() - dt.timedelta(days=30), by=administrator)
    with pytest.raises(PermissionDenied):
        go_on(job.batch, by=salesperson)


def test_all_of_it_is_undone_as_a_whole_a9(won, apply, category, administrator):
    acting = rule("sale_won", category["Customer"])
    job = apply(acting)
    undo_batch(job.batch, by=administrator)
    assert {where(sale.company) for sale in won} == {"Lead"}
    now = timezone.now()
    found = preview(Draft.of(acting), since=now - dt.timedelta(days=30), until=now)
    assert (found.acts, dict(found.skipped)) == ([], {"already_declined": 5})  # what was undone counts as declined
    assert_ledger_is_true()


def test_undoing_withdraws_what_nobody_has_answered(won, apply, category, administrator):
    job = apply(rule("sale_won", category["Customer"], ask=True))
    first = CategoryDecision.objects.filter(batch=job.batch).first()
    decisions.accept(first.pk, by=administrator, seen_version=1)
    assert (undoing_of(job.batch).possible, undoing_of(job.batch).waiting) == (1, 4)
    undo_batch(job.batch, by=administrator)
    assert {where(sale.company) for sale in won} == {"Lead"}
    assert not CategoryDecision.objects.waiting().exists()
    ended = CategoryDecision.objects.with_names().filter(batch=job.batch, outcome="obsolete")
    assert [decision.decided_by for decision in ended] == [administrator] * 4
    assert str(explain(ended[0])).startswith("Maja Lindholm withdrew the suggestion Customer. It was made because the sale")
    assert_ledger_is_true()


def test_undoing_ends_what_is_still_being_applied(won, category, administrator):
    job = begin(Draft.of(rule("sale_won", category["Customer"])), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    go_on(job.batch, by=administrator, most=2)
    undo_batch(job.batch, by=administrator)
    assert go_on(job.batch, by=administrator).stopped
    assert {where(sale.company) for sale in won} == {"Lead"}


def test_a_sale_that_is_reopened_takes_the_question_with_it_q4(won, apply, category):
    apply(rule("sale_won", category["Customer"], ask=True))
    won[0].reopen()
    assert CategoryDecision.objects.get(sale=won[0]).outcome == "obsolete"


def test_a_lead_status_that_moves_on_takes_the_question_with_it_q4(apply, category, status):
    lead = ContactFactory().lead
    change("save", lead, status=status["Qualified"])
    apply(rule("lead_status_set", category["Opportunity"], ask=True, lead_status=status["Qualified"]))
    assert latest(trigger="backfill").outcome == "waiting"
    change("save", lead, status=status["Contacting"])
    assert latest(trigger="backfill").outcome == "obsolete"


def test_a_company_that_changed_between_the_two_looks_is_skipped_with_the_reason_a8(won, category, administrator, monkeypatch):
    job = begin(Draft.of(rule("sale_won", category["Customer"])), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    real = backfill._todo

    def todo(*args):
        found = real(*args)
        place(won[0].company, category["Partner"])
        return found

    monkeypatch.setattr(backfill, "_todo", todo)
    go_on(job.batch, by=administrator)
    assert ("backfill", "skipped", "not_potential") in _outcomes(job.batch)
    assert where(won[0].company) == "Partner"


def test_a_rule_that_fails_is_recorded_and_can_be_retried_a7(won, category, administrator, monkeypatch):
    job = begin(Draft.of(rule("sale_won", category["Customer"])), since=timezone.now() - dt.timedelta(days=30), by=administrator)
    with monkeypatch.context() as broken:
        broken.setattr(engine, "move_companies", None)
        go_on(job.batch, by=administrator)
    failed = CategoryDecision.objects.failed().filter(batch=job.batch)
    assert set(failed.values_list("trigger", flat=True)) == {"backfill"}
    assert failed.count() == 5
    retried = retry(failed.first().pk, by=administrator)
    assert (retried.outcome, retried.trigger, retried.batch_id) == ("changed", "backfill", job.batch.pk)
    undo_batch(job.batch, by=administrator)  # it is still part of the whole
    assert {where(sale.company) for sale in won} == {"Lead"}
    assert_ledger_is_true()


def test_a_retry_asks_whom_the_application_would_have_asked_and_no_company_twice_a7_q4(won, category, administrator, salesperson, monkeypatch):
    Company.objects.filter(pk=won[0].company_id).update(our_contact=salesperson)
    acting = rule("sale_won", category["Customer"], ask=True)
    job = begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator, ask_our_contact=True)
    with monkeypatch.context() as broken:
        broken.setattr(engine.verdicts, "write", None)
        go_on(job.batch, by=administrator)
    failed = {decision.company_id: decision.pk for decision in CategoryDecision.objects.failed()}
    assert retry(failed[won[0].company_id], by=administrator).asked_of == salesperson
    with acting_as(salesperson):
        newer = SaleFactory(company=won[1].company, status="won")
    assert retry(failed[won[1].company_id], by=administrator).skip_reason == "question_waits"
    assert CategoryDecision.objects.waiting().get(company=won[1].company).sale == newer


@pytest.mark.parametrize(
    ("ask", "said"),
    [(False, "Applied to existing companies by Maja Lindholm, because the sale “Roof” was won."), (True, "Waits for an answer from Maja Lindholm, because")],
)
def test_its_decisions_say_what_they_are(apply, category, ask, said):
    SaleFactory(title="Roof", status="won")
    job = apply(rule("sale_won", category["Customer"], ask=ask))
    assert str(explain(CategoryDecision.objects.with_names().get(batch=job.batch))).startswith(said)


def test_a_part_costs_the_same_statements_for_2_and_20_companies(category, administrator, django_assert_num_queries):
    acting = rule("sale_won", category["Customer"])
    counts = []
    for size in (2, 20):
        AutomationRule.objects.filter(pk=acting.pk).update(is_enabled=False)
        SaleFactory.create_batch(size, status="won")
        AutomationRule.objects.filter(pk=acting.pk).update(is_enabled=True)
        job = begin(Draft.of(acting), since=timezone.now() - dt.timedelta(days=30), by=administrator)
        engine.forget_rules()
        with django_assert_num_queries(100, exact=False) as queries:
            go_on(job.batch, by=administrator)
        counts.append(len(queries))
    assert counts[0] == counts[1]
