"""Applying a rule to existing companies: what a preview showed, done, a part at a time. It can be undone as a whole (undo.py)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actor import working
from crm.models import Sale, User
from crm.models.companies import lock_contacts
from crm.retrying import retrying
from crm.sql import CHUNK
from workflow import engine
from workflow.engine import Later
from workflow.models import APPLIED, AutomationRule, Backfill, Batch, CategoryDecision, Outcome, Trigger, WorkflowSettings
from workflow.preview import Draft, Seen, preview
from workflow.refusal import Refusal
from workflow.triggers import Cause

KIND = CategoryDecision.Origin.BACKFILL.value  # of the batch


@dataclass(frozen=True, slots=True)
class Applying:
    """How far a rule has been applied, in companies; `waiting` are questions that nobody has answered."""

    job: Backfill
    done: int
    moved: int
    waiting: int
    kept: int
    ended: int  # questions that somebody withdrew, or that made no sense any more
    skipped: int
    failed: int

    @property
    def is_on(self) -> bool:
        """Whether it has not ended."""
        return self.job.ended_at is None

    @property
    def shown(self) -> int:
        """For a bar that ends at `job.total`. Companies drop out and come back meanwhile, so this is not exact."""
        return min(self.done, self.job.total)


class CannotApply(Refusal):
    """This rule cannot be applied to existing companies now."""


def begin(draft: Draft, *, since: dt.datetime, by: User, left_out: Collection[int] = (), ask_our_contact: bool = False) -> Backfill:
    """Note that the rule is to be applied to what happened since then, but for some companies; `go_on()` does it.

    Where the rule asks, it asks `by`, who causes it (Q3), or with `ask_our_contact` each company's own. Raises PermissionDenied,
    and CannotApply where the rule is off, says something else by now, or has nothing to do. Seven statements.
    """
    _may_apply(by)
    until = timezone.now()
    with transaction.atomic():
        rule = _locked_rule(draft)
        if rule is None:
            raise CannotApply(_("The rule has changed meanwhile, or is off. Nothing was applied. This is what it would do now."))
        left = set(left_out)
        total = sum(1 for seen in preview(draft, since=since, until=until).acts if seen.company_id not in left)
        if not total:
            raise CannotApply(_("No company is left to apply the rule to. Nothing was changed."))
        batch = Batch.objects.create(token=uuid.uuid4(), kind=KIND, user=by)
        return Backfill.objects.create(
            batch=batch, rule=rule, lead_status_id=draft.lead_status_id, target_category_id=draft.target_id, ask_user=draft.asks,
            ask_our_contact=ask_our_contact, since=since, until=until, left_out=sorted(left), total=total,
        )  # fmt: skip


def go_on(batch: Batch, *, by: User, most: int = CHUNK) -> Backfill:
    """Apply it to the next `most` companies; `ended_at` of what is returned says whether that was all.

    Whoever goes on with it, it is still done by whoever began it. Each part is a transaction of its own, in which one person at
    a time goes on. It ends early where the rule has changed. Raises PermissionDenied. A part costs the statements of one preview
    and of one save.
    """
    _may_apply(by)
    with working(user=batch.user, kind=KIND, continues=batch.token):
        return retrying(lambda: _part(batch, most))


def stop(batch: Batch, *, by: User) -> None:
    """Apply it to no more companies; what is done stays done. Raises PermissionDenied. One statement."""
    _may_apply(by)
    Backfill.objects.filter(batch=batch, ended_at=None).update(ended_at=timezone.now(), stopped=True)


def applying_of(batch: Batch) -> Applying | None:
    """How far the rule of this batch has been applied; None where it is no such batch. Two statements."""
    job = Backfill.objects.select_related("rule__lead_status", "target_category").filter(batch=batch).first()
    if job is None:
        return None
    rows = CategoryDecision.objects.filter(batch=batch).order_by().values_list("outcome").annotate(n=Count("pk"))
    counts: dict[str, int] = dict(rows)
    moved = sum(counts.get(outcome, 0) for outcome in APPLIED)
    ended = counts.get(Outcome.OBSOLETE, 0) + counts.get(Outcome.REPLACED, 0)
    names = (Outcome.WAITING, Outcome.KEPT, Outcome.SKIPPED, Outcome.FAILED)
    waiting, kept, skipped, failed = (counts.get(name, 0) for name in names)
    return Applying(job, sum(counts.values()), moved, waiting, kept, ended, skipped, failed)


@transaction.atomic
def _part(batch: Batch, most: int) -> Backfill:
    draft = _draft_of(Backfill.objects.select_related("rule").get(pk=batch.pk))
    rule = _locked_rule(draft)
    job = Backfill.objects.select_for_update(no_key=True, of=("self",)).select_related("batch").get(pk=batch.pk)
    if job.ended_at:
        return job
    todo = _todo(job, draft) if rule else []
    if rule and todo:
        part = todo[:most]
        _apply(part, Trigger(rule.trigger), Later(job.asked_of_id))
        job.done_to = part[-1].company_id
    job.stopped = rule is None
    if len(todo) <= most:
        job.ended_at = timezone.now()
    job.save(update_fields=["done_to", "stopped", "ended_at"])
    return job


def _todo(job: Backfill, draft: Draft) -> list[Seen]:
    left_out = set(job.left_out)
    acts = preview(draft, since=job.since, until=job.until).acts
    return sorted(seen for seen in acts if seen.company_id > job.done_to and seen.company_id not in left_out)


def _apply(part: list[Seen], trigger: Trigger, later: Later) -> None:
    """Lock what caused it, as whoever changes it does: it stays as it is until the answers are written. Then the engine looks again."""
    records = [seen.record_id for seen in part]
    if trigger == Trigger.LEAD_STATUS_SET:
        lock_contacts(records)
    else:
        list(Sale.objects.filter(pk__in=records).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    engine.run([Cause(trigger, seen.company_id, seen.record_id) for seen in part], later=later)


def _draft_of(job: Backfill) -> Draft:
    """The rule as it was when it was begun with."""
    return Draft(Trigger(job.rule.trigger), job.target_category_id, job.ask_user, job.lead_status_id, job.rule_id)


def _locked_rule(draft: Draft) -> AutomationRule | None:
    """The rule, if it is on and still says this; nobody changes it before this transaction ends.

    The row of settings comes first: whoever saves rules, or replaces an item that they name, holds it before anything else.
    """
    WorkflowSettings.objects.select_for_update().get(pk=1)
    rule = AutomationRule.objects.select_for_update(no_key=True).filter(pk=draft.rule_id, is_enabled=True, archived_at=None).first()
    return rule if rule and Draft.of(rule) == draft else None


def _may_apply(user: User) -> None:
    if not (user.is_administrator and user.may_edit_companies):
        raise PermissionDenied(_("Only an administrator can apply a rule to existing companies."))
