"""A decision in words, in the reader's language: the one function for card, dialog, inbox, history and command line."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from workflow.models import CategoryDecision, Outcome, SkipReason, Trigger

Origin = CategoryDecision.Origin


class Explanation(NamedTuple):
    """`cause` says what happened, `result` what came of it and why. As text it is the result, which names the cause."""

    cause: str
    result: str

    def __str__(self) -> str:
        return self.result


def explain(decision: CategoryDecision) -> Explanation:
    """Why the category is what it is, or why nothing was done. Expects `with_names()`; no statement."""
    if decision.trigger in Origin.values and decision.trigger != Origin.BACKFILL:
        said = _of_person(decision)
        return Explanation(said, said)
    happened = _cause(decision)
    return Explanation(f"{capfirst(happened)}.", _result(decision, happened))


def _cause(decision: CategoryDecision) -> str:
    """What happened, as a clause: the sale “Solar roof” was won."""
    match decision.cause:
        case Trigger.SALE_WON:
            return _("the sale “{sale}” was won").format(sale=decision.sale)
        case Trigger.SALE_LOST:
            return _("the sale “{sale}” was lost").format(sale=decision.sale)
        case Trigger.SALE_REGISTERED:
            return _("the sale “{sale}” was registered").format(sale=decision.sale)
    return _("lead status for {contact} was set to {status}").format(contact=decision.contact, status=decision.lead_status)


def _result(decision: CategoryDecision, why: str) -> str:
    who = decision.decided_by
    match decision.outcome:
        case Outcome.CHANGED if decision.retries_id and decision.batch:
            return _("Automatic, retried by {name}: {cause}.").format(name=decision.batch.user, cause=why)
        case Outcome.CHANGED if decision.trigger == Origin.BACKFILL:
            return _("Applied to existing companies by {name}: {cause}.").format(name=decision.caused_by or _("the system"), cause=why)
        case Outcome.CHANGED:
            return _("Automatic: {cause}.").format(cause=why)
        case Outcome.WAITING:
            return _("Waits for {name}: {cause}.").format(name=decision.asked_of or _("the administrators"), cause=why)
        case Outcome.ACCEPTED:
            return _("Confirmed by {name}: {cause}.").format(name=who, cause=why)
        case Outcome.CHOSE_OTHER:
            return _("{name} chose another category than {category}: {cause}.").format(name=who, category=decision.suggested_category, cause=why)
        case Outcome.KEPT:
            return _("{name} declined {category}: {cause}.").format(name=who, category=decision.suggested_category, cause=why)
        case Outcome.SKIPPED:
            return _("Skipped, {reason}: {cause}.").format(reason=skip_reason(decision), cause=why)
        case Outcome.REPLACED:
            return _("A newer suggestion replaced {category}: {cause}.").format(category=decision.suggested_category, cause=why)
        case Outcome.FAILED:
            return _("The rule failed ({error}): {cause}.").format(error=decision.error, cause=why)
    return _("The suggestion {category} no longer applied: {cause}.").format(category=decision.suggested_category, cause=why)


def _of_person(decision: CategoryDecision) -> str:
    who = decision.caused_by or _("the system")
    match decision.trigger:
        case Origin.CREATED:
            return _("Created by import") if decision.batch and decision.batch.kind == "import" else _("Created by {name}").format(name=who)
        case Origin.MANUAL:
            return _("Changed by {name}").format(name=who)
        case Origin.UNDO:
            return _undone(decision, who)
    return _("Moved by {name}: the list item was replaced").format(name=who)


def _undone(decision: CategoryDecision, who: object) -> str:
    """An undo names the cause of what it undid; undoing something that no rule did, or another undo, names none."""
    said = _("Undone by {name}").format(name=who)
    if not decision.rule_id:
        return said
    return _("{undone}: {cause}. The same will not move it again.").format(undone=said, cause=_cause(decision))


def skip_reason(decision: CategoryDecision) -> str:
    """Why a rule did not act, as a clause."""
    category = decision.from_category
    match decision.skip_reason:
        case SkipReason.NOT_POTENTIAL:
            return _("{company} is {category}, and rules only move potential customers").format(company=decision.company, category=category)
        case SkipReason.LEAD_STATUS_OFF:
            return _("{category} does not use lead status").format(category=category)
        case SkipReason.TARGET_DELETED:
            return _("the category {category} has been deleted").format(category=decision.suggested_category)
        case SkipReason.ALREADY_THERE:
            return _("{company} is {category} already").format(company=decision.company, category=category)
        case SkipReason.ALREADY_DECLINED:
            return _("{category} was declined for this before").format(category=decision.suggested_category)
        case SkipReason.ALREADY_ACTED:
            return _("the rule has acted on this already")
        case SkipReason.QUESTION_WAITS:
            return _("a question about {company} waits already").format(company=decision.company)
        case SkipReason.OTHER_CAUSE:
            return _("another cause acted in the same save")
        case SkipReason.RULES_NOT_RUN:
            return _("rules were not run by this import")
    return ""
