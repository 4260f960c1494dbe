"""Trying the rules: a company, something that might happen to it, and what each rule would answer, in order, and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Company, CompanyCategory, Contact, Sale
from crm.signals import SaleChange
from leads.models import LeadStatus
from leads.signals import LeadChange
from workflow.explain import skip_reason
from workflow.models import AutomationRule, CategoryDecision, SkipReason, Trigger
from workflow.preview import Seen, answers_to
from workflow.triggers import PRECEDENCE, Cause, lead_causes, sale_causes


class Event(TextChoices):
    """What might happen."""

    WON = "won", gettext_lazy("A sale is won")
    LOST = "lost", gettext_lazy("A sale is lost")
    REGISTERED = "registered", gettext_lazy("A sale is registered")
    REGISTERED_WON = "registered-won", gettext_lazy("A sale is registered as won")
    LEAD_STATUS = "lead-status", gettext_lazy("A lead status is set")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule would answer; `kind` is acts, asks, skipped, silent (it is about something else) or off."""

    rule: AutomationRule
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Happening:
    """What is tried. `sale` or `contact` is None for one that does not exist yet."""

    company: Company
    event: Event
    sale: Sale | None = None
    contact: Contact | None = None
    status: LeadStatus | None = None

    def causes(self) -> list[Cause]:
        """What it would call for, as a save would tell it."""
        here = self.company.pk
        if self.event == Event.LEAD_STATUS:
            contact = self.contact.pk if self.contact else 0
            return lead_causes([LeadChange(contact, None, self.status.pk if self.status else 0)], {contact: here})
        sale, won = self.sale.pk if self.sale else 0, Sale.Status.WON
        if self.event in (Event.WON, Event.LOST):
            return sale_causes([SaleChange(sale, Sale.Status.OPEN, self.event.value, here, here)])
        return sale_causes([SaleChange(sale, "", won if self.event == Event.REGISTERED_WON else Sale.Status.OPEN, None, here)])


def try_rules(happening: Happening) -> list[Answer]:
    """What each rule would answer if that happened now, in the order in which they come (A4). Writes nothing. Two statements."""
    rules = AutomationRule.objects.filter(archived_at=None, target_category__isnull=False).select_related("target_category", "lead_status")
    answers = {seen.rule_id: seen for seen in answers_to(happening.causes(), lead_status_id=happening.status.pk if happening.status else None)}
    order = {trigger: place for place, trigger in enumerate(PRECEDENCE)}
    return [_answer(rule, answers.get(rule.pk), happening) for rule in sorted(rules, key=lambda rule: (order[Trigger(rule.trigger)], rule.pk))]


def _answer(rule: AutomationRule, seen: Seen | None, happening: Happening) -> Answer:
    company = happening.company
    if seen is None:
        if not rule.is_enabled:
            return Answer(rule, "off", _("The rule is off."))
        return Answer(rule, "silent", _("The rule is about something else."))
    if seen.place == 1:
        names = {"company": company, "start": company.category, "end": rule.target_category}
        if rule.ask_user:
            return Answer(rule, "asks", _("Asks whoever does it whether {company} is to move from {start} to {end}.").format(**names))
        return Answer(rule, "acts", _("Moves {company} from {start} to {end}, without asking.").format(**names))
    told = CategoryDecision(company=company, from_category=company.category, suggested_category=rule.target_category)
    told.skip_reason = seen.skip or SkipReason.OTHER_CAUSE
    return Answer(rule, "skipped", _("Skipped: {reason}.").format(reason=skip_reason(told)))


def result_of(company: Company, answers: list[Answer]) -> tuple[str, CompanyCategory | None]:
    """All of it in one sentence, and where the company would be moved to, if anywhere."""
    acting = next((answer for answer in answers if answer.kind in ("acts", "asks")), None)
    if acting is None:
        return capfirst(_("{company} stays {category}.").format(company=company, category=company.category)), None
    if acting.kind == "asks":
        return _("Whoever does it is asked, and until then {company} stays {category}.").format(
            company=company, category=company.category
        ), acting.rule.target_category
    return _("{company} becomes {category}.").format(company=company, category=acting.rule.target_category), acting.rule.target_category
