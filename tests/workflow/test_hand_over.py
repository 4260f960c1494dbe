"""A waiting question is handed to a colleague, and taken back; who gave it to whom is kept (Q3, section 10)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from crm.models import Company, Sale, User
from tests.conftest import on_postgresql
from tests.crm.writes import change, plain
from tests.factories import UserFactory
from tests.workflow.ledger import assert_ledger_is_true
from tests.workflow.questions import whom
from tests.workflow.threads import meanwhile
from workflow import decisions, handing, inbox
from workflow.checks import check
from workflow.decisions import NothingToDecide
from workflow.handing import CannotHandOver, hand_over, take_back, told
from workflow.models import CategoryDecision, HandOver

pytestmark = pytest.mark.django_db


def test_who_was_asked_hands_it_to_a_colleague_who_answers_it(asked, salesperson, colleague):
    handed = hand_over(asked.pk, to=colleague, by=salesperson, note=" You know them better. ")
    assert (handed.from_user, handed.to_user, handed.by, handed.note) == (salesperson, colleague, salesperson, "You know them better.")
    assert (list(inbox.waiting_for(colleague)), list(inbox.waiting_for(salesperson))) == ([asked], [])
    assert told(handed, colleague) == "Jonas Krogh handed this to you."
    assert told(handed) == "Jonas Krogh handed this to Signe Bach."
    with pytest.raises(PermissionDenied):
        decisions.accept(asked.pk, by=salesperson, seen_version=1)
    assert decisions.accept(asked.pk, by=colleague, seen_version=1).changed
    assert_ledger_is_true()


def test_an_administrator_hands_over_what_was_asked_of_somebody_else_and_of_nobody(asked, administrator, salesperson, colleague):
    first = hand_over(asked.pk, to=colleague, by=administrator)
    assert told(first, colleague) == "Maja Lindholm handed this from Jonas Krogh to you."
    plain(HandOver).all().delete()
    plain(CategoryDecision).filter(pk=asked.pk).update(asked_of=None)
    assert told(hand_over(asked.pk, to=salesperson, by=administrator)) == "Maja Lindholm handed this from the administrators to Jonas Krogh."


def test_whoever_was_not_asked_may_not_hand_it_over(asked, colleague):
    with pytest.raises(PermissionDenied):
        hand_over(asked.pk, to=colleague, by=colleague)
    assert not HandOver.objects.exists()


@pytest.mark.parametrize("to", [lambda: UserFactory(is_active=False), lambda: UserFactory(groups=[])], ids=["has left", "may only look"])
def test_it_is_handed_only_to_active_users_who_may_edit_companies(asked, salesperson, to):
    with pytest.raises(CannotHandOver) as refusal:
        hand_over(asked.pk, to=to(), by=salesperson)
    assert refusal.value.why == "Karen Holst may not edit companies, so Fjordbo cannot be handed to them."
    assert (whom(asked), HandOver.objects.count()) == (salesperson, 0)


def test_it_is_not_handed_to_whom_it_waits_for_already(asked, salesperson):
    with pytest.raises(CannotHandOver) as refusal:
        hand_over(asked.pk, to=salesperson, by=salesperson)
    assert refusal.value.why == "Fjordbo waits for Jonas Krogh already."


def _answered(decision):
    decisions.keep(decision.pk, by=decision.asked_of, seen_version=1)


def _reopened(decision):
    change("save", decision.sale, status="open")


def _left_unseen(decision):
    plain(Company).update(category=plain(Company).model.category.field.related_model.objects.get(name="Partner"))


@pytest.mark.parametrize("happened", [_answered, _reopened, _left_unseen])
def test_q4_what_needs_no_answer_any_more_is_not_handed_over(asked, salesperson, colleague, happened):
    happened(asked)
    with pytest.raises(NothingToDecide):
        hand_over(asked.pk, to=colleague, by=salesperson)
    assert not HandOver.objects.exists()


# ------------------------------------------------------------------ taking it back
def test_whoever_handed_it_over_takes_it_back_while_it_waits_and_both_are_kept(asked, salesperson, colleague):
    handed = hand_over(asked.pk, to=colleague, by=salesperson)
    back = take_back(handed.pk, by=salesperson)
    assert (whom(asked), back.takes_back, told(back)) == (salesperson, handed, "Jonas Krogh took this back from Signe Bach.")
    assert [one.to_user for one in handing.hand_overs_of([asked])[asked.pk]] == [colleague, salesperson]
    with pytest.raises(CannotHandOver):
        take_back(handed.pk, by=salesperson)
    assert_ledger_is_true()


def test_nobody_else_takes_it_back_but_an_administrator(asked, administrator, salesperson, colleague):
    handed = hand_over(asked.pk, to=colleague, by=salesperson)
    with pytest.raises(PermissionDenied):
        take_back(handed.pk, by=colleague)
    assert take_back(handed.pk, by=administrator).to_user == salesperson


def test_what_was_answered_or_handed_on_is_not_taken_back(asked, administrator, salesperson, colleague):
    handed = hand_over(asked.pk, to=colleague, by=salesperson)
    hand_over(asked.pk, to=administrator, by=colleague)
    with pytest.raises(CannotHandOver) as refusal:
        take_back(handed.pk, by=salesperson)
    assert refusal.value.why == "Fjordbo has been handed on: Maja Lindholm is asked now."
    decisions.accept(asked.pk, by=administrator, seen_version=1)
    with pytest.raises(NothingToDecide):
        take_back(handed.pk, by=salesperson)


def test_it_is_not_taken_back_to_somebody_who_has_left(asked, administrator, salesperson, colleague):
    handed = hand_over(asked.pk, to=colleague, by=administrator)
    change("save", salesperson, is_active=False)
    with pytest.raises(CannotHandOver):
        take_back(handed.pk, by=administrator)
    assert whom(asked) == colleague


# ---------------------------------------------------------------- what must always hold
@pytest.mark.parametrize("ends", [("salesperson", "salesperson"), (None, None)])
def test_the_database_refuses_a_hand_over_to_oneself_and_one_of_nobody_to_nobody(asked, salesperson, ends):
    start, to = (salesperson if end else None for end in ends)
    with pytest.raises(IntegrityError), transaction.atomic():
        HandOver.objects.create(decision=asked, from_user=start, to_user=to)


def test_check_ledger_finds_a_question_that_is_asked_of_somebody_else_than_was_handed_over(asked, administrator, salesperson, colleague):
    hand_over(asked.pk, to=colleague, by=salesperson)
    handed = hand_over(asked.pk, to=administrator, by=colleague)
    assert not check().findings
    plain(CategoryDecision).filter(pk=asked.pk).update(asked_of=salesperson)
    (finding,) = check().findings
    start = f"Fjordbo (company {asked.company_id}): hand-over {handed.pk} of decision {asked.pk} ended with user {administrator.pk}"
    assert (finding.kind, finding.sentences) == ("handed over", [f"{start}, but it is asked of user {salesperson.pk}; expected: the same."])


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_it_is_not_handed_to_somebody_who_is_being_deactivated(asked, salesperson, colleague):
    """Leaving waits for the company, and takes the question along."""
    with meanwhile(lambda: change("save", User.objects.get(pk=colleague.pk), is_active=False)), transaction.atomic():
        hand_over(asked.pk, to=colleague, by=salesperson)
    assert whom(asked) is None
    assert list(HandOver.objects.values_list("from_user", "to_user")) == [(salesperson.pk, colleague.pk), (colleague.pk, None)]
    assert Sale.objects.count() == 1


def test_q3_whoever_has_lost_the_right_meanwhile_takes_nothing_back(asked, salesperson, colleague):
    handed = hand_over(asked.pk, to=colleague, by=salesperson)
    assert salesperson.may_edit_companies  # remembered by this instance
    User.objects.get(pk=salesperson.pk).groups.clear()
    with pytest.raises(PermissionDenied):
        take_back(handed.pk, by=salesperson)
    assert whom(asked) == colleague


def test_q3_an_administrator_of_before_takes_back_nothing_of_others(asked, salesperson, colleague, administrator):
    handed = hand_over(asked.pk, to=colleague, by=salesperson)
    assert administrator.is_administrator  # remembered by this instance
    User.objects.get(pk=administrator.pk).groups.set(salesperson.groups.all())
    with pytest.raises(PermissionDenied):
        take_back(handed.pk, by=administrator)
    assert whom(asked) == colleague
