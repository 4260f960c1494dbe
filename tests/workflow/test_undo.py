"""A9: taking the last change of a company back, or a whole batch; asking again what was declined."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from crm.actor import working
from crm.models import Company, CompanyCategory, Sale, User
from leads.models import Lead
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, latest, numbers, where
from workflow import decisions
from workflow.again import CannotAskAgain, ask_again
from workflow.explain import explain
from workflow.models import Batch, CategoryDecision, Outcome
from workflow.undo import CannotUndo, undo, undo_batch, undoing_of

pytestmark = pytest.mark.django_db


def _win(sale):
    sale = Sale.objects.get(pk=sale.pk)
    sale.win()
    return latest(sale=sale)


@pytest.fixture
def changed(category):
    """What a silent rule did with a company."""
    rule("sale_won", category["Customer"])
    return _win(SaleFactory())


def _refused(decision, by):
    before = CategoryDecision.objects.count()
    with pytest.raises(CannotUndo) as refusal:
        undo(decision.pk, by=by)
    assert CategoryDecision.objects.count() == before
    return refusal.value.why


# ------------------------------------------------------------------ one change
def test_a9_what_a_rule_did_can_be_undone(changed, salesperson):
    undone = undo(changed.pk, by=salesperson)
    assert (where(changed.company), numbers(changed.company)) == ("Lead", [1, 2, 3])
    assert (undone.trigger, undone.outcome, undone.undoes, undone.caused_by) == ("undo", "undone", changed, salesperson)
    assert (undone.from_category.name, undone.to_category.name) == ("Customer", "Lead")
    assert CategoryDecision.objects.get(pk=changed.pk).outcome == "changed"  # the old one is not touched


def test_a9_what_somebody_accepted_or_chose_can_be_undone(category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    for verb in ("accept", "choose"):
        with working(user=salesperson):
            question = _win(SaleFactory())
        if verb == "accept":
            decisions.accept(question.pk, by=salesperson, seen_version=1)
        else:
            decisions.choose(question.pk, category["Partner"], by=salesperson, seen_version=1)
        undo(question.pk, by=salesperson)
        assert (where(question.company), numbers(question.company)) == ("Lead", [1, 2, 3][: len(numbers(question.company))])


def test_a9_a_change_by_hand_can_be_undone(category, salesperson):
    company = CompanyFactory()
    Company.objects.filter(pk=company.pk).update(category=category["Partner"])
    undo(company.decisions.get(trigger="manual").pk, by=salesperson)
    assert where(company) == "Lead"


def test_a9_an_undo_can_be_undone_and_that_is_nobodys_no(changed, salesperson):
    again = undo(undo(changed.pk, by=salesperson).pk, by=salesperson)
    assert (where(changed.company), numbers(changed.company)) == ("Customer", [1, 2, 3, 4])
    assert (again.rule, again.sale) == (None, None)


def test_a9_what_was_undone_counts_as_declined_for_the_same_cause_only(changed, salesperson):
    undo(changed.pk, by=salesperson)
    sale = changed.sale
    Sale.objects.filter(pk=sale.pk).update(status="open")
    Sale.objects.filter(pk=sale.pk).update(status="won")
    assert by_rules(changed.company)[-1] == ("sale_won", "skipped", "already_declined")
    _win(SaleFactory(company=changed.company))
    assert by_rules(changed.company)[-1] == ("sale_won", "changed", "")


def test_a9_what_is_no_longer_the_last_change_is_refused_with_the_reason(changed, category, salesperson):
    Company.objects.filter(pk=changed.company_id).update(category=category["Partner"])
    assert "is now Partner. Nothing was undone." in _refused(changed, salesperson)
    assert where(changed.company) == "Partner"


def test_a9_undoing_twice_undoes_once(changed, salesperson):
    undo(changed.pk, by=salesperson)
    assert "is now Lead" in _refused(changed, salesperson)
    assert numbers(changed.company) == [1, 2, 3]


def test_a9_what_changed_nothing_and_what_was_created_cannot_be_undone(category, salesperson):
    company = CompanyFactory()
    assert "nothing to go back to" in _refused(company.decisions.get(), salesperson)
    rule("sale_won", category["Lead"])
    assert "nothing to undo" in _refused(_win(SaleFactory(company=company)), salesperson)


def test_a9_nobody_goes_back_to_a_category_that_has_been_deleted(category, salesperson):
    rule("sale_won", category["Customer"])
    changed = _win(SaleFactory(company=CompanyFactory(category=category["Opportunity"])))
    CompanyCategory.objects.filter(pk=changed.from_category_id).update(archived_at=timezone.now())
    assert "Opportunity has been deleted" in _refused(changed, salesperson)


def test_a9_only_who_may_edit_companies_can_undo(changed):
    visitor = User.objects.create_user("visitor@havn.example", "demo")
    with pytest.raises(PermissionDenied):
        undo(changed.pk, by=visitor)
    assert where(changed.company) == "Customer"


def test_l3_a_company_that_goes_back_to_lead_status_gives_defaults_and_fires_no_rule(category, status, salesperson):
    rule("lead_status_set", category["Partner"], lead_status=status["Open"])
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    changed = _win(sale)
    contact = ContactFactory(company=sale.company)
    undo(changed.pk, by=salesperson)
    assert Lead.objects.get(contact=contact).status == status["Open"]
    assert where(sale.company) == "Lead"


def test_q4_undoing_into_a_category_out_of_the_group_ends_the_question(category, salesperson):
    company = CompanyFactory(category=category["Customer"])
    Company.objects.filter(pk=company.pk).update(category=category["Lead"])
    by_hand = company.decisions.get(trigger="manual")
    rule("sale_won", category["Partner"], ask=True)
    _win(SaleFactory(company=company))
    undo(by_hand.pk, by=salesperson)
    assert not CategoryDecision.objects.waiting().exists()


# ------------------------------------------------------------------- a batch
def _bulk_edit(category, by, companies, kind="bulk"):
    with working(user=by, kind=kind):
        Company.objects.filter(pk__in=[company.pk for company in companies]).update(category=category)
    return Batch.objects.latest("pk")


def test_a9_a_bulk_edit_is_undone_as_a_whole_except_where_somebody_changed_the_category_later(category, salesperson):
    companies = CompanyFactory.create_batch(4)
    batch = _bulk_edit(category["Partner"], salesperson, companies)
    Company.objects.filter(pk=companies[0].pk).update(category=category["Customer"])
    state = undoing_of(batch)
    assert (state.possible, state.changed_since, state.undone) == (3, 1, 0)
    assert undo_batch(batch, by=salesperson) == 3
    assert [where(company) for company in companies] == ["Customer", "Lead", "Lead", "Lead"]
    state = undoing_of(batch)
    assert (state.possible, state.changed_since, state.undone) == (0, 1, 3)
    assert undo_batch(batch, by=salesperson) == 0


def test_a9_an_import_is_undone_step_by_step_and_its_companies_stay(category, administrator):
    rule("sale_registered", category["Opportunity"])
    rule("sale_won", category["Customer"])
    before = CompanyFactory()
    with working(user=administrator, kind="import", in_turn=True):
        created = Company.objects.create(name="Skagen Marina A/S")
        for company in (before, created):
            Sale.objects.bulk_create([Sale(title="one", company=company), Sale(title="two", company=company, status="won")])
    assert (where(before), where(created), numbers(before)) == ("Customer", "Customer", [1, 2, 3])
    batch = Batch.objects.get(kind="import")
    assert undo_batch(batch, by=administrator) == 2
    assert (where(before), where(created)) == ("Lead", "Lead")
    assert (numbers(before), numbers(created)) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert CategoryDecision.objects.filter(batch=batch, undone_by__isnull=False).count() == 4


def test_a9_a_batch_is_undone_in_parts_and_goes_on_where_it_stopped(category, administrator):
    companies = CompanyFactory.create_batch(5)
    batch = _bulk_edit(category["Partner"], administrator, companies)
    assert [undo_batch(batch, by=administrator, most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert {where(company) for company in companies} == {"Lead"}


def test_a9_a_batch_that_began_at_a_deleted_category_is_left_and_counted(category, administrator):
    gone = category["Marketing qualified lead"]
    batch = _bulk_edit(category["Partner"], administrator, [CompanyFactory(category=gone), CompanyFactory()])
    CompanyCategory.objects.filter(pk=gone.pk).update(archived_at=timezone.now())
    assert (undoing_of(batch).possible, undoing_of(batch).deleted) == (1, 1)
    assert undo_batch(batch, by=administrator) == 1


def test_a9_only_whoever_did_a_batch_and_administrators_can_undo_it(category, salesperson, colleague, administrator):
    batch = _bulk_edit(category["Partner"], salesperson, [CompanyFactory()])
    with pytest.raises(PermissionDenied):
        undo_batch(batch, by=colleague)
    assert undo_batch(batch, by=administrator) == 1


# ------------------------------------------------------------------- ask again
@pytest.fixture
def kept(category, salesperson):
    """A suggestion that somebody declined."""
    rule("sale_won", category["Customer"], ask=True)
    with working(user=salesperson):
        question = _win(SaleFactory())
    decisions.keep(question.pk, by=salesperson, seen_version=1)
    return question


def test_a9_what_was_declined_can_be_asked_again_and_then_be_accepted(kept, colleague):
    again = ask_again(kept.pk, by=colleague)
    assert (again.outcome, again.asked_of, again.retries, again.sale, again.suggested_category) == (
        Outcome.WAITING, colleague, kept, kept.sale, kept.suggested_category)  # fmt: skip
    decisions.accept(again.pk, by=colleague, seen_version=1)
    assert where(kept.company) == "Customer"


def test_a8_a_keep_names_the_category_that_was_kept_and_not_where_the_company_was_when_it_was_asked(category, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    with working(user=salesperson):
        question = _win(SaleFactory())
    Company.objects.filter(pk=question.company_id).update(category=category["Opportunity"])
    decisions.keep(question.pk, by=salesperson, seen_version=2)
    assert CategoryDecision.objects.get(pk=question.pk).from_category == category["Opportunity"]


def _not_asked(decision, by):
    with pytest.raises(CannotAskAgain) as refusal:
        ask_again(decision.pk, by=by)
    return refusal.value.why


def test_a9_asking_again_is_refused_with_the_reason(kept, category, salesperson):
    assert "declined" in _not_asked(kept.company.decisions.get(trigger="created"), salesperson)
    Sale.objects.filter(pk=kept.sale_id).update(status="open")
    assert "no longer so" in _not_asked(kept, salesperson)
    Company.objects.filter(pk=kept.company_id).update(category=category["Partner"])
    assert "is Partner, and rules only move potential customers" in _not_asked(kept, salesperson)
    assert not CategoryDecision.objects.waiting().exists()


def test_a9_what_was_asked_again_is_not_asked_a_third_time(kept, salesperson):
    again = ask_again(kept.pk, by=salesperson)
    assert "already" in _not_asked(kept, salesperson)
    decisions.keep(again.pk, by=salesperson, seen_version=1)
    assert ask_again(again.pk, by=salesperson).retries == again


def test_q4_asking_again_replaces_what_waits(kept, salesperson):
    with working(user=salesperson):
        waiting = _win(SaleFactory(company=kept.company))
    ask_again(kept.pk, by=salesperson)
    assert CategoryDecision.objects.get(pk=waiting.pk).outcome == "replaced"
    assert CategoryDecision.objects.waiting().count() == 1


# ---------------------------------------------------------------- explanations
def test_a9_an_undo_is_explained(changed, salesperson):
    told = str(explain(undo(changed.pk, by=salesperson)))
    assert told == f"Undone by Jonas Krogh. It had been changed because the sale “{changed.sale}” was won; that will not move it again."
