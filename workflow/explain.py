"""A decision in words, in the reader's language: the one function for card, dialog, inbox, history and command line."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from workflow.models import Batch, CategoryDecision, Outcome, SkipReason, Trigger

Origin = CategoryDecision.Origin


class Explanation(NamedTuple):
    """Whole sentences: `cause` says what happened, `result` what came of it and why. As text it is the result and the technical reason."""

    cause: str
    result: str
    technical: str = ""  # why a rule failed, in the words of the program: for whoever runs Havn, shown smaller

    def __str__(self) -> str:
        return f"{self.result} {self.technical}".strip()


def explain(decision: CategoryDecision) -> Explanation:
    """Why the category is what it is, or why nothing was done. Expects `with_names()`; no statement."""
    if decision.trigger in Origin.values and decision.trigger != Origin.BACKFILL:
        said = capfirst(_of_person(decision))
        return Explanation(said, said)
    why = _cause(decision)
    technical = _("Technical reason: {error}").format(error=decision.error) if decision.error else ""
    return Explanation(f"{capfirst(why)}.", capfirst(_result(decision, why)), technical)


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


def not_again(decision: CategoryDecision) -> str:
    """Of what was undone, which event will not move the company another time: a sentence (A9). Expects `with_names()`; no statement."""
    match decision.cause:
        case Trigger.SALE_WON:
            return _("Winning “{sale}” again will not move it.").format(sale=decision.sale)
        case Trigger.SALE_LOST:
            return _("Losing “{sale}” again will not move it.").format(sale=decision.sale)
        case Trigger.SALE_REGISTERED:
            return _("Registering “{sale}” again will not move it.").format(sale=decision.sale)
    return _("Setting the lead status of {contact} to {status} again will not move it.").format(contact=decision.contact, status=decision.lead_status)


def _result(decision: CategoryDecision, why: str) -> str:
    category, who = decision.suggested_category, decision.decided_by or _("Somebody")
    match decision.outcome:
        case Outcome.CHANGED if name := _retried_by(decision):
            return _("Retried by {name}, and changed automatically because {cause}.").format(name=name, cause=why)
        case Outcome.CHANGED if decision.trigger == Origin.BACKFILL:
            return _("Applied to existing companies by {name}, because {cause}.").format(name=decision.caused_by or _("the system"), cause=why)
        case Outcome.CHANGED:
            return _("Changed automatically because {cause}.").format(cause=why)
        case Outcome.WAITING:
            return _("Waits for an answer from {name}, because {cause}.").format(name=decision.asked_of or _("the administrators"), cause=why)
        case Outcome.ACCEPTED:
            return _("Confirmed by {name}. It was suggested because {cause}.").format(name=who, cause=why)
        case Outcome.CHOSE_OTHER:
            return _("{name} chose another category than {category}, which was suggested because {cause}.").format(name=who, category=category, cause=why)
        case Outcome.KEPT:
            return _("{name} declined {category}, which was suggested because {cause}.").format(name=who, category=category, cause=why)
        case Outcome.SKIPPED:
            return _("Skipped: {reason}. The rule looked because {cause}.").format(reason=skip_reason(decision), cause=why)
        case Outcome.REPLACED:
            return _("A newer suggestion took the place of {category}, which was suggested because {cause}.").format(category=category, cause=why)
        case Outcome.FAILED:
            return _("The rule could not be carried out, so nothing was changed. It looked because {cause}.").format(cause=why)
    if name := _retried_by(decision):
        return _("Retried by {name}, but there was nothing to do any more. The rule had failed after this: {cause}.").format(name=name, cause=why)
    if decision.decided_by:
        return _("{name} withdrew the suggestion {category}. It was made because {cause}.").format(name=who, category=category, cause=why)
    return _("The suggestion {category} no longer made sense. It was made because {cause}.").format(category=category, cause=why)


def _retried_by(decision: CategoryDecision) -> object:
    """Who let a rule that had failed look again; nobody, where it did not fail."""
    if not decision.retries_id or not decision.batch:
        return None
    return decision.decided_by or (decision.batch.user or _("the system") if decision.batch.kind == Batch.RETRY else None)


def _of_person(decision: CategoryDecision) -> str:
    who = decision.caused_by or _("the system")
    match decision.trigger:
        case Origin.CREATED:
            return _("Created by an import.") if decision.batch and decision.batch.kind == "import" else _("Created by {name}.").format(name=who)
        case Origin.MANUAL:
            return _("Changed by {name}.").format(name=who)
        case Origin.UNDO if decision.rule:  # an undo names the cause of what it undid; undoing what no rule did, or another undo, names none
            return _("Undone by {name}. It had been changed because {cause}; that will not move it again.").format(name=who, cause=_cause(decision))
        case Origin.UNDO:
            return _("Undone by {name}.").format(name=who)
    return _("Moved by {name}, because the category {category} was replaced.").format(name=who, category=decision.from_category)


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
            return _("{category} was declined for the same cause before").format(category=decision.suggested_category)
        case SkipReason.SALE_ARCHIVED:
            return _("the sale is archived, so nobody is asked")
        case SkipReason.ALREADY_ACTED:
            return _("the rule has acted on this already")
        case SkipReason.QUESTION_WAITS:
            return _("a question about {company} waits already").format(company=decision.company)
        case SkipReason.OTHER_CAUSE:
            return _("another cause acted in the same save")
        case SkipReason.RULES_NOT_RUN:
            return _("rules were not run by this import")
    return ""
