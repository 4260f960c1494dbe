"""All decisions of the ledger, found by rule, outcome, company, person and period (W5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.models import Company, User
from workflow.explain import explain
from workflow.forms import RULES
from workflow.models import AutomationRule, CategoryDecision, DecisionQuerySet, Outcome, SkipReason, Trigger

Choices = list[Any]
DATES = "dates"
PLACES = {trigger: prefix for prefix, trigger, _help, _short in RULES}  # of a rule on Lead categorization
FEW = 200  # companies that are named one by one in a statement
SOONEST, LATEST = dt.date(1970, 1, 1), dt.date(2999, 12, 31)


def start_of(day: dt.date) -> dt.datetime:
    """Its first moment, here."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def days_ago(days: int) -> dt.datetime:
    """Where a period of the last so many days begins: a whole day, today not counted."""
    return start_of(timezone.localdate() - dt.timedelta(days=days))


class HistoryFilters(forms.Form):
    """What the address asks for. A value that is not known is left out and named in `ignored`. Two statements: the rules, and the users."""

    rule = forms.ChoiceField(label=_("Rule"), required=False)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False)
    company = forms.CharField(label=_("Company"), required=False, max_length=200)
    person = forms.ChoiceField(label=_("Person"), required=False)
    period = forms.ChoiceField(label=_("Period"), required=False)

    def __init__(self, data: QueryDict) -> None:
        asked = {name: data.get(name, "") for name in (*self.base_fields, "from", "to") if name in data}
        if "period" not in asked and (asked.get("from") or asked.get("to")):
            asked["period"] = DATES
        known = AutomationRule.objects.select_related("lead_status").order_by("archived_at", "pk")
        self.rules = list(known.annotate(has_decisions=Exists(CategoryDecision.objects.filter(rule=OuterRef("pk")))))
        of_one = {str(rule.pk): rule.trigger for rule in self.rules if not rule.lead_status_id and not rule.archived_at}
        asked["rule"] = of_one.get(asked.get("rule", ""), asked.get("rule", ""))
        super().__init__(asked, auto_id="history-%s")
        for name, choices in {"rule": _rules(self.rules), "outcome": _outcomes(), "person": _people(), "period": _periods()}.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["class"] = "select w-s"
        for name, label in {"from": _("From"), "to": _("To")}.items():
            self.fields[name] = _date(label)
        self.ignored = [str(self.fields[name].label) for name in self.errors]
        self.data = {name: value for name, value in self.data.items() if name not in self.errors}  # the form shows what counts
        self.full_clean()

    def clean(self) -> dict[str, Any]:
        """Dates count only where they were chosen."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("period") != DATES:
            cleaned["from"] = cleaned["to"] = None
        return cleaned

    @property
    def ends_before_it_begins(self) -> bool:
        """Whether the dates of the period are the wrong way round: both count as typed, so nothing is found."""
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        return bool(first and last and first > last)

    @property
    def is_set(self) -> bool:
        """Whether anything is left out because of them."""
        return any(value for name, value in self.cleaned_data.items() if value != DATES)

    @property
    def dates(self) -> list[forms.BoundField]:
        """The fields of a period of one's own; `from` is no name for a template."""
        return [self["from"], self["to"]]

    def decisions(self) -> DecisionQuerySet:
        """What they let through, in no order. No statement; one where a company is searched for."""
        chosen, found = self.cleaned_data, CategoryDecision.objects.order_by()
        outcome, _colon, reason = chosen.get("outcome", "").partition(":")
        for name, value in {"outcome": outcome, "skip_reason": reason}.items():
            if value:
                found = found.filter(**{name: value})
        if rule := chosen.get("rule"):
            found = found.filter(self._of_rule(rule))
        if company := chosen.get("company"):
            found = found.filter(company__in=_named(company))
        if person := chosen.get("person"):
            found = found.filter(Q(caused_by=person) | Q(decided_by=person) | Q(asked_of=person))
        return self._within_period(found)

    def _of_rule(self, rule: str) -> Q:
        if rule in CategoryDecision.Origin.values:
            return Q(trigger=rule)
        if rule in Trigger.values:
            return Q(rule__in=[known.pk for known in self.rules if known.trigger == rule])
        return Q(rule=rule)

    def _within_period(self, found: DecisionQuerySet) -> DecisionQuerySet:
        period, first, last = (self.cleaned_data.get(name) for name in ("period", "from", "to"))
        if period and period != DATES:
            found = found.filter(created_at__gte=days_ago(int(period)))
        if first:
            found = found.filter(created_at__gte=start_of(first))
        if last:
            found = found.filter(created_at__lt=start_of(last + dt.timedelta(days=1)))
        return found


def _named(text: str) -> QuerySet[Company, int] | list[int]:
    """The companies that are searched for: a few by their keys, which the database then looks up by index, many as a query. One statement."""
    query = Company.objects.search(text).order_by().values_list("pk", flat=True)
    few = list(query[: FEW + 1])
    return few if len(few) <= FEW else query


def _date(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "input w-s"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, validators=[MinValueValidator(SOONEST), MaxValueValidator(LATEST)])


def _rules(rules: Iterable[AutomationRule]) -> Choices:
    """The four rules, each lead status of the fourth, removed ones that did something, and what no rule did."""
    by_status = [(str(rule.pk), str(rule.lead_status)) for rule in rules if rule.lead_status_id and not rule.archived_at]
    removed = [(str(rule.pk), str(rule)) for rule in rules if rule.archived_at and rule.has_decisions]  # type: ignore[attr-defined]
    groups = [
        (_t("Rules"), [(trigger.value, str(short)) for _prefix, trigger, _help, short in RULES]),
        (_t("When lead status is set to"), by_status),
        (_t("Removed rules"), removed),
        (_t("Without a rule"), CategoryDecision.Origin.choices),
    ]
    return [("", _t("All rules")), *(group for group in groups if group[1])]


def _outcomes() -> Choices:
    plain = [choice for choice in Outcome.choices if choice[0] != Outcome.SKIPPED]
    reasons = [(f"{Outcome.SKIPPED}:{value}", capfirst(str(label))) for value, label in SkipReason.choices]
    return [("", _t("All outcomes")), *plain, (Outcome.SKIPPED.label, [(Outcome.SKIPPED.value, _t("Skipped, for any reason")), *reasons])]


def _people() -> Choices:
    names = ((user, str(user)) for user in User.objects.order_by("first_name", "last_name", "pk"))
    return [("", _t("Everybody")), *((str(user.pk), name if user.is_active else _t("{name} (deactivated)").format(name=name)) for user, name in names)]


def _periods() -> Choices:
    return [("", _t("Any time")), ("7", _t("Last 7 days")), ("30", _t("Last 30 days")), ("90", _t("Last 90 days")), (DATES, _t("From date to date"))]


def lines_of(decisions: QuerySet[CategoryDecision] | list[CategoryDecision]) -> list[dict[str, Any]]:
    """Decisions as the page tells them, each with its sentence and where its rule stands. Expects `with_names()`; no statement."""
    screen = reverse("workflow:lead-categorization")
    return [
        {
            "decision": decision,
            "why": explain(decision),
            "rule_url": f"{screen}#{PLACES[Trigger(decision.rule.trigger)]}" if decision.rule else "",
            "decided_later": bool(decision.decided_at and decision.decided_at - decision.created_at > dt.timedelta(minutes=1)),
        }
        for decision in decisions
    ]
