"""Undoing: the last change of a company, or what a whole batch changed (A9). Undoing is a decision of its own; the old one stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actor import working
from crm.archiving import refuse_archived
from crm.models import User, move_companies
from crm.models.companies import Standing, lock_companies
from crm.retrying import retrying
from crm.sql import CHUNK, insert_rows
from workflow import suggestions
from workflow.engine import current_batch_id
from workflow.models import Backfill, Batch, CategoryDecision, DecisionQuerySet, Outcome
from workflow.refusal import Refusal

UNDO = CategoryDecision.Origin.UNDO  # also the origin of the category change, and the kind of a batch that undoes another
NAMES = (
    *("company", "rule", "sale", "contact", "lead_status", "suggested_category", "undoes", "from_category", "to_category", "applied_version"),
    *("trigger", "outcome", "skip_reason", "error", "batch", "caused_by", "decided_by", "decided_at", "created_at"),
)


class CannotUndo(Refusal):
    """This change cannot be taken back."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """How far a batch can be undone, in companies. `changed_since` were changed again by somebody else."""

    possible: int
    changed_since: int
    deleted: int  # would go back to a category that has been deleted
    undone: int
    archived: int = 0  # of a company that is archived: it stays as it is until it is restored (S5)
    waiting: int = 0  # questions that nobody has answered

    @property
    def total(self) -> int:
        """What a progress bar ends at."""
        return self.possible + self.undone


def why_not(decision: CategoryDecision) -> str:
    """Why this cannot be undone, as a sentence; empty where it can. Expects the company and the categories; no statement."""
    company, back_to = decision.company, decision.from_category
    if not decision.applied_version:
        return _("Nothing was changed here, so there is nothing to undo.")
    if back_to is None:
        return _("{company} was created like this, so there is nothing to go back to.").format(company=company)
    if decision.applied_version != company.category_version:
        return _("{company} has changed again: it is now {category}. Nothing was undone.").format(company=company, category=company.category)
    if back_to.archived_at:
        return _("The category {category} has been deleted, so {company} cannot go back to it. Choose another one.").format(category=back_to, company=company)
    return ""


def last_change(company_id: int, *, by: User) -> CategoryDecision | None:
    """The company's last change, if this person can undo it. One statement."""
    last = CategoryDecision.objects.filter(company=company_id, applied_version__isnull=False).with_names().order_by("-applied_version").first()
    return last if last and by.may_edit_companies and not last.company.archived_at and not why_not(last) else None


def undo(decision_id: int, *, by: User) -> CategoryDecision:
    """Take the company's last change back, while nothing has changed its category since. Returns the decision of having undone.

    What was undone counts as declined for the same cause.
    Raises CannotUndo, RecordArchived (S5), PermissionDenied or CategoryDecision.DoesNotExist. Six statements.
    """
    with transaction.atomic():
        locked = lock_companies([CategoryDecision.objects.values_list("company_id", flat=True).get(pk=decision_id)])
        decision = CategoryDecision.objects.with_names().get(pk=decision_id)  # read after the lock: what is true now
        if not by.may_edit_companies:
            raise PermissionDenied(_("You do not have access to do this."))
        refuse_archived(decision.company)
        if why := why_not(decision):
            raise CannotUndo(why)
        with working(user=by):
            _write([decision], by, locked)
        return CategoryDecision.objects.with_names().get(undoes=decision)


def _write(decisions: Sequence[CategoryDecision], by: User, locked: dict[int, Standing]) -> None:
    """Undo these, each of which is the last change of its locked company."""
    now, batch = timezone.now(), current_batch_id()
    rows: list[tuple[Any, ...]] = []
    for old in decisions:
        # An undo names the cause of what it undid, so that the guards find it (guards.py); undoing an undo is nobody's no.
        cause = (old.rule_id, old.sale_id, old.contact_id, old.lead_status_id, old.suggested_category_id) if old.outcome != Outcome.UNDONE else (None,) * 5
        version = locked[old.company_id].version + 1
        rows.append(
            (old.company_id, *cause, old.pk, old.to_category_id, old.from_category_id, version, UNDO, Outcome.UNDONE, "", "", batch, by.pk, by.pk, now, now)
        )
    insert_rows(CategoryDecision, NAMES, rows)
    move_companies({old.company_id: old.from_category_id or 0 for old in decisions}, origin=UNDO, locked=locked)


def may_undo_batch(batch: Batch, user: User) -> bool:
    """Whoever did it, and administrators, as long as they may edit companies."""
    return user.may_edit_companies and (batch.user_id == user.pk or user.is_administrator)


def changes_of(batch: Batch) -> DecisionQuerySet:
    """What this batch changed and nobody has undone; a company that it created was not changed."""
    return CategoryDecision.objects.filter(batch=batch, applied_version__isnull=False, from_category__isnull=False, undone_by=None)


def _last_of(batch: Batch) -> QuerySet[Any]:
    """Those that are still the last change of their company; `gone_at` is set where it would go back to a deleted category."""
    first = changes_of(batch).filter(company=OuterRef("company")).order_by("applied_version")
    gone_at = Subquery(first.values("from_category__archived_at")[:1])
    return changes_of(batch).filter(applied_version=F("company__category_version")).annotate(gone_at=gone_at)


def standing_of(batch: Batch) -> tuple[int, int]:
    """How many companies still have the category that this batch gave them, and how many of these can go back. One statement."""
    last = _last_of(batch)
    numbers = last.aggregate(all=Count("pk"), possible=Count("pk", filter=Q(company__archived_at=None, gone_at=None)))
    return numbers["all"], numbers["possible"]


def undoing_of(batch: Batch) -> Undoing:
    """How far this batch can be undone now. Four statements."""
    last = _last_of(batch)
    touched = changes_of(batch).values("company").distinct().count()
    here = Q(company__archived_at=None)
    numbers = last.aggregate(all=Count("pk"), archived=Count("pk", filter=~here), deleted=Count("pk", filter=here & Q(gone_at__isnull=False)))
    return Undoing(
        waiting=CategoryDecision.objects.waiting().filter(batch=batch).count(),
        possible=numbers["all"] - numbers["deleted"] - numbers["archived"],
        changed_since=touched - numbers["all"],
        deleted=numbers["deleted"],
        archived=numbers["archived"],
        undone=CategoryDecision.objects.filter(batch=batch, undone_by__isnull=False).values("company").distinct().count(),
    )


def undo_batch(batch: Batch, *, by: User, most: int | None = None, stay: Collection[int] = ()) -> int:
    """Undo everything this batch changed, where nobody has changed the category since. Returns how many companies went back.

    What it asked and nobody has answered is withdrawn, and a rule that is still being applied goes no further.

    2,000 companies for each transaction, `most` companies in all (None: no limit); calling it again goes on. A company that the
    batch changed several times goes back step by step, each with its decision; an archived one stays as it is (S5), and so do those
    in `stay`, with their questions. Raises PermissionDenied.
    """
    if not may_undo_batch(batch, by):
        raise PermissionDenied(_("You do not have access to do this."))
    Backfill.objects.filter(batch=batch, ended_at=None).update(ended_at=timezone.now(), stopped=True)
    suggestions.withdraw(CategoryDecision.objects.filter(batch=batch).exclude(company__in=stay), by=by)
    done, after = 0, 0
    with working(user=by, kind=UNDO):
        while most is None or done < most:
            size = CHUNK if most is None else min(CHUNK, most - done)
            possible = _last_of(batch).filter(gone_at=None, company__archived_at=None, company__gt=after).exclude(company__in=stay).order_by("company")
            companies = list(possible.values_list("company_id", flat=True)[:size])
            if not companies:
                break
            after = companies[-1]
            done += retrying(lambda part=companies: _undo_part(batch, part, by))  # type: ignore[misc]
    return done


def _undo_part(batch: Batch, companies: list[int], by: User) -> int:
    with transaction.atomic():
        locked = lock_companies(companies)
        chains: dict[int, list[CategoryDecision]] = defaultdict(list)
        for decision in changes_of(batch).filter(company__in=companies, company__archived_at=None).order_by("company", "-applied_version"):
            chain = chains[decision.company_id]
            if decision.applied_version == locked[decision.company_id].version - len(chain):  # unbroken from the last change back
                chain.append(decision)
        step = 0
        while layer := [chain[step] for chain in chains.values() if len(chain) > step]:
            _write(layer, by, locked)
            step += 1
        return sum(1 for chain in chains.values() if chain)
