"""What each rule did lately (W4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.numbers import Number
from workflow.models import AutomationRule, CategoryDecision, Outcome
from workflow.rule_history import days_ago

DAYS = 30
ALWAYS = (Outcome.CHANGED, Outcome.WAITING, Outcome.SKIPPED)  # said also where there are none
SHOWN = (Outcome.CHANGED, Outcome.WAITING, Outcome.ACCEPTED, Outcome.CHOSE_OTHER, Outcome.KEPT, Outcome.SKIPPED, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Did:
    """How often a rule came to an outcome, in words, and the decisions themselves."""

    outcome: str
    count: int
    url: str

    def __str__(self) -> str:
        words = {
            Outcome.CHANGED: _("{n} changed"),
            Outcome.WAITING: _("{n} waiting"),
            Outcome.ACCEPTED: _("{n} accepted"),
            Outcome.CHOSE_OTHER: _("{n} changed to another category"),
            Outcome.KEPT: _("{n} kept"),
            Outcome.SKIPPED: _("{n} skipped"),
            Outcome.FAILED: _("{n} failed"),
        }
        return words[Outcome(self.outcome)].format(n=Number(self.count))


@dataclass(slots=True)
class Activity:
    """What one rule did in the last `days`: a line for each outcome, and all of it."""

    rule_id: int
    counts: dict[str, int] = field(default_factory=dict)
    days: int = DAYS

    def url(self, outcome: str = "") -> str:
        """The rule history of just this."""
        asked = {"rule": self.rule_id, "outcome": outcome, "period": self.days}
        return f"{reverse('workflow:rule-history')}?{urlencode({name: value for name, value in asked.items() if value})}"

    @property
    def outcomes(self) -> list[Did]:
        """In the order in which they are shown; those that never happened only where they are always said."""
        counted = ((outcome, self.counts.get(outcome, 0)) for outcome in SHOWN)
        return [Did(outcome, count, self.url(outcome)) for outcome, count in counted if count or outcome in ALWAYS]


def activity() -> dict[int, Activity]:
    """What every rule that is not removed did lately, by its key. One statement for all of them, on the index of rule, outcome and time."""
    rules = AutomationRule.objects.filter(archived_at=None)
    rows = (
        CategoryDecision.objects.filter(rule__in=rules.values("pk"), outcome__in=SHOWN, created_at__gte=days_ago(DAYS))
        .order_by()
        .values_list("rule_id", "outcome")
        .annotate(count=Count("*"))
    )
    found: dict[int, Activity] = {}
    for rule_id, outcome, count in rows:
        found.setdefault(rule_id, Activity(rule_id)).counts[outcome] = count
    return found
