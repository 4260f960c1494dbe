"""Answering a suggestion: accept it, choose another category, or keep the current one (Q1 to Q5).

What is applied is checked again at that moment, under the company's lock, with the rights of the person deciding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.archiving import refuse_archived
from crm.models import CompanyCategory, User, move_companies
from crm.models.companies import Standing, lock_companies
from crm.models.rights import EDIT_COMPANY, MANAGE_SETTINGS
from workflow import notifications
from workflow.models import CategoryDecision, Outcome

Choice = Callable[[CategoryDecision], CompanyCategory | None]
ANSWER = "answer"  # origin of a category change whose decision is the suggestion itself


class NothingToDecide(Exception):
    """The suggestion was answered, replaced, or became obsolete. `decision` says how it ended."""

    def __init__(self, decision: CategoryDecision) -> None:
        super().__init__(decision.outcome)
        self.decision = decision


class Stale(Exception):
    """The category has changed since the question was shown; it must be shown again (Q4)."""


class TargetDeleted(Exception):
    """The category that was to be set has been deleted meanwhile."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How a suggestion ended: the outcome, and where the company is now."""

    decision: CategoryDecision
    category: CompanyCategory

    @property
    def changed(self) -> bool:
        """Whether the company moved."""
        return self.decision.outcome != Outcome.KEPT


def may_answer(decision: CategoryDecision, user: User) -> bool:
    """Whom it was asked of, and administrators (Q3), as long as they may edit the company."""
    return user.may_edit_companies and (decision.asked_of_id == user.pk or user.is_administrator)


def nothing_left(decision: CategoryDecision) -> bool:
    """Whether the company has left Potential customer, or is where the suggestion wants it (Q4)."""
    return not decision.company.category.is_potential or decision.company.category_id == decision.suggested_category_id


def accept(decision_id: int, *, by: User, seen_version: int) -> Answered:
    """Set the suggested category. See `_answer()` for errors."""
    return _answer(decision_id, by=by, seen_version=seen_version, choose=lambda decision: decision.suggested_category)


def choose(decision_id: int, category: CompanyCategory, *, by: User, seen_version: int) -> Answered:
    """Set another category. Choosing the suggested one is accepting, the present one keeping. See `_answer()` for errors."""
    fresh = CompanyCategory.objects.filter(pk=category.pk)  # asked under the lock: it may have been deleted since it was offered
    return _answer(decision_id, by=by, seen_version=seen_version, choose=lambda _decision: fresh.get())


def keep(decision_id: int, *, by: User, seen_version: int) -> Answered:
    """Keep the current category; the same cause does not ask again (Q5). See `_answer()` for errors."""
    return _answer(decision_id, by=by, seen_version=seen_version, choose=lambda decision: decision.company.category)


def _answer(decision_id: int, *, by: User, seen_version: int, choose: Choice) -> Answered:
    """Decide once. `seen_version` is the company's `category_version` that the person saw.

    Raises CategoryDecision.DoesNotExist, PermissionDenied, NothingToDecide, RecordArchived, Stale, or TargetDeleted; then nothing changes,
    except that a suggestion found to make no sense any more is marked obsolete. Eight statements.
    """
    try:
        with transaction.atomic():
            return _decide(decision_id, by, seen_version, choose)
    except NothingToDecide as ended:
        if ended.decision.outcome == Outcome.WAITING:
            CategoryDecision.objects.filter(pk=decision_id, outcome=Outcome.WAITING).update(outcome=Outcome.OBSOLETE, decided_at=timezone.now())
            raise NothingToDecide(CategoryDecision.objects.with_names().get(pk=decision_id)) from None
        raise


def _decide(decision_id: int, by: User, seen_version: int, choose: Choice) -> Answered:
    decision, locked = locked_for(decision_id, by)
    if decision.outcome != Outcome.WAITING:
        raise NothingToDecide(decision)
    company = decision.company
    if nothing_left(decision):
        raise NothingToDecide(decision)
    if company.category_version != seen_version:
        raise Stale
    target = choose(decision)
    assert target is not None  # only decisions of persons have no suggested category, and those never wait
    if target.archived_at and target.pk != company.category_id:
        raise TargetDeleted
    return _write(decision, target, by, locked)


def locked_for(decision_id: int, by: User) -> tuple[CategoryDecision, dict[int, Standing]]:
    """The decision with its company locked, and where that stands, if `by` may answer it at this moment: rights are read again, after the lock.

    Raises CategoryDecision.DoesNotExist, PermissionDenied, or RecordArchived for one that waits at an archived company (S5). Three statements.
    """
    decision, locked = locked_with_rights(decision_id, by)
    if not decision.edits or not (decision.asked_of_id == by.pk or decision.decides):
        raise PermissionDenied(_("This question was asked of {name}.").format(name=decision.asked_of or _("the administrators")))
    if decision.outcome == Outcome.WAITING:
        refuse_archived(decision.company)
    return decision, locked


def locked_with_rights(decision_id: int, by: User) -> tuple[Any, dict[int, Standing]]:
    """The decision with its company locked, and where that stands; `edits` and `decides` say what `by` may do at this moment.

    Raises CategoryDecision.DoesNotExist. Three statements.
    """
    locked = lock_companies([CategoryDecision.objects.values_list("company_id", flat=True).get(pk=decision_id)])
    rights = {name: Exists(User.objects.who_may(permission).filter(pk=by.pk)) for name, permission in (("edits", EDIT_COMPANY), ("decides", MANAGE_SETTINGS))}
    return CategoryDecision.objects.with_names().annotate(**rights).get(pk=decision_id), locked  # what is true now


def _write(decision: CategoryDecision, target: CompanyCategory, by: User, locked: dict) -> Answered:
    company = decision.company
    decision.decided_by, decision.decided_at = by, timezone.now()
    decision.from_category = company.category  # what it was when decided, which may not be what it was when asked
    if target.pk == company.category_id:
        decision.outcome = Outcome.KEPT
    else:
        decision.outcome = Outcome.ACCEPTED if target.pk == decision.suggested_category_id else Outcome.CHOSE_OTHER
        decision.to_category, decision.applied_version = target, company.category_version + 1
    names = ["outcome", "decided_by", "decided_at", "to_category", "applied_version", "from_category"]
    claimed = CategoryDecision.objects.filter(pk=decision.pk, outcome=Outcome.WAITING).update(**{name: getattr(decision, name) for name in names})
    if not claimed:  # ended between our look and our claim, by a sale that was reopened
        raise NothingToDecide(CategoryDecision.objects.with_names().get(pk=decision.pk))
    notifications.over([decision.pk])
    if decision.outcome != Outcome.KEPT:
        move_companies({company.pk: target.pk}, origin=ANSWER, locked=locked)
    return Answered(decision, target)
