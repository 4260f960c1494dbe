"""Doing it again: a question that was answered with *keep* (A9), a rule that failed (A7)."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actor import working
from crm.archiving import refuse_archived
from crm.models import Company, Sale, User
from crm.models.companies import lock_companies, lock_contacts
from leads.models import Lead
from workflow import engine, suggestions
from workflow.engine import Later
from workflow.explain import skip_reason
from workflow.models import AutomationRule, Backfill, Batch, CategoryDecision, Outcome, SkipReason, Trigger
from workflow.refusal import Refusal
from workflow.triggers import Cause

RETRY = Batch.RETRY


class CannotAskAgain(Refusal):
    """This is nothing that can be asked again."""


class CannotRetry(CannotAskAgain):
    """This is no failure, or somebody has retried it."""


def _locked(decision_id: int) -> CategoryDecision:
    """The decision as it is once its cause and its company are locked, in the order in which everybody locks them."""
    company, sale, contact = CategoryDecision.objects.values_list("company_id", "sale_id", "contact_id").get(pk=decision_id)
    if contact:
        lock_contacts([contact])
    list(Sale.objects.select_for_update(no_key=True).filter(pk=sale or 0).values_list("pk"))
    lock_companies([company])
    return CategoryDecision.objects.with_names().get(pk=decision_id)


def still_stands(decision: CategoryDecision) -> bool:
    """Whether what caused this is still so: the sale still won, or lost, and here; the lead status still set. At most one statement."""
    if decision.cause == Trigger.LEAD_STATUS_SET:
        here = Lead.objects.filter(contact=decision.contact_id, status=decision.lead_status_id, contact__company=decision.company_id)
        return here.filter(contact__archived_at=None).exists()
    sale = decision.sale
    if sale is None or sale.archived_at or sale.company_id != decision.company_id:
        return False
    return {Trigger.SALE_WON: Sale.Status.WON, Trigger.SALE_LOST: Sale.Status.LOST}.get(Trigger(decision.cause), sale.status) == sale.status


def why_not_ask(decision: CategoryDecision) -> str:
    """Why this cannot be asked again, as a sentence; empty where it can. Expects names; at most one statement."""
    if reason := _why_not_offer(decision):
        return reason
    if not still_stands(decision):
        return _("What caused this suggestion is no longer so. Nothing was asked.")
    return ""


def may_ask_again(decision: CategoryDecision) -> bool:
    """Whether to offer it: the company and its category allow it. No statement."""
    return decision.outcome == Outcome.KEPT and not decision.company.archived_at and not _why_not_offer(decision)


def _why_not_offer(decision: CategoryDecision) -> str:
    company, target = decision.company, decision.suggested_category
    if decision.outcome != Outcome.KEPT or target is None:
        return _("Only a suggestion that was declined can be asked again.")
    if hasattr(decision, "retried_by"):
        return _("This was asked again already.")
    reason = ""
    if target.archived_at:
        reason = SkipReason.TARGET_DELETED
    elif not company.category.is_potential:
        reason = SkipReason.NOT_POTENTIAL
    elif decision.cause == Trigger.LEAD_STATUS_SET and not company.category.lead_status_enabled:
        reason = SkipReason.LEAD_STATUS_OFF
    elif company.category_id == target.pk:
        reason = SkipReason.ALREADY_THERE
    if reason:
        said = skip_reason(CategoryDecision(company=company, from_category=company.category, suggested_category=target, skip_reason=reason))
        return _("Not asked again: {reason}.").format(reason=said)
    return ""


def ask_again(decision_id: int, *, by: User) -> CategoryDecision:
    """Ask what was answered with *keep* once more; `by` is asked. Returns the new suggestion; one that waited is replaced.

    Raises CannotAskAgain, RecordArchived (S5), PermissionDenied or CategoryDecision.DoesNotExist. Seven statements.
    """
    with transaction.atomic():
        old = _locked(decision_id)
        if not by.may_edit_companies:
            raise PermissionDenied(_("You do not have access to do this."))
        refuse_archived(old.company)
        if why := why_not_ask(old):
            raise CannotAskAgain(why)
        now = timezone.now()
        CategoryDecision.objects.waiting().filter(company=old.company).update(outcome=Outcome.REPLACED, decided_at=now)
        new = _same_cause(old, outcome=Outcome.WAITING, caused_by=by, asked_of=by)
        suggestions.announce([new.pk])
        return new


def _same_cause(old: CategoryDecision, **values: object) -> CategoryDecision:
    return CategoryDecision.objects.create(
        company=old.company, trigger=old.trigger, rule=old.rule, sale=old.sale, contact=old.contact, lead_status=old.lead_status,
        suggested_category=old.suggested_category, from_category=Company.objects.get(pk=old.company_id).category, retries=old, **values,
    )  # fmt: skip


def retry(decision_id: int, *, by: User) -> CategoryDecision:
    """Let the rule that failed look again, at how things are now. Returns the new decision, which may have failed as well.

    Where the sale was reopened meanwhile, or the rule switched off, that is *obsolete*. Raises CannotRetry, PermissionDenied
    (for administrators only) or CategoryDecision.DoesNotExist.
    """
    if not by.is_administrator:
        raise PermissionDenied(_("Only an administrator can retry a rule."))
    with transaction.atomic():
        old = _locked(decision_id)
        if old.outcome != Outcome.FAILED or hasattr(old, "retried_by"):
            raise CannotRetry(_("This was retried already."))
        job = Backfill.objects.select_related("batch").filter(batch=old.batch_id or 0).first()  # then it goes on being part of that
        with working(user=by, kind=job.batch.kind, continues=job.batch.token) if job else working(user=by, kind=RETRY):
            _look_again(old, by, Later(job.asked_of_id) if job else None)
        return CategoryDecision.objects.with_names().get(retries=old)


def _look_again(old: CategoryDecision, by: User, later: Later | None) -> None:
    if still_stands(old) and AutomationRule.objects.filter(pk=old.rule_id or 0, is_enabled=True).exists():
        record = old.contact_id if old.cause == Trigger.LEAD_STATUS_SET else old.sale_id
        engine.run([Cause(Trigger(old.cause), old.company_id, record or 0)], retries=old, later=later)
    if not CategoryDecision.objects.filter(retries=old).exists():
        now = timezone.now()
        _same_cause(old, outcome=Outcome.OBSOLETE, caused_by=old.caused_by, decided_by=by, decided_at=now, batch_id=engine.current_batch_id())
