"""Which rules were on when, as the settings log knows it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm.models import SettingsChange
from workflow.models import RULES_AREA, AutomationRule

# The log and the transitions note when they were written, on perhaps different machines; what counted was which of the two
# had been committed when the engine read the rules. Closer than this to a change of a rule nobody can tell, so nobody judges.
MARGIN = dt.timedelta(minutes=1)
FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)


class Change(NamedTuple):
    """What a record of the log says: columns before and after, where they differ."""

    before: dict[str, Any]
    after: dict[str, Any]
    at: dt.datetime


class Period(NamedTuple):
    """The rule was certainly on after `start` and before `end`."""

    rule_id: int
    start: dt.datetime
    end: dt.datetime


@dataclass
class RuleLog:
    """What the settings log says of the rules that exist."""

    # By trigger, and for rule 4 the lead status
    periods: dict[tuple[str, int | None], list[Period]] = field(default_factory=lambda: defaultdict(list))
    unknown: list[AutomationRule] = field(default_factory=list)  # it says nothing of these
    differing: list[tuple[AutomationRule, dict[str, tuple[Any, Any]]]] = field(default_factory=list)  # column -> is, should be

    def on(self, trigger: str, at: dt.datetime, lead_status_id: int | None = None) -> list[int]:
        """The rules that were certainly on for this at that moment."""
        return [period.rule_id for period in self.periods.get((trigger, lead_status_id), ()) if period.start < at < period.end]

    def since(self, triggers: Iterable[str]) -> dt.datetime | None:
        """The first moment at which a rule for one of these was on; None when none ever was."""
        return min((period.start for (trigger, _status), periods in self.periods.items() if trigger in triggers for period in periods), default=None)


def read_log(rules: Iterable[AutomationRule], *, margin: dt.timedelta = MARGIN) -> RuleLog:
    """What the settings log says of `rules`. One statement; memory for each change of a rule ever made."""
    changes: dict[int, list[Change]] = defaultdict(list)
    kept = SettingsChange.objects.filter(area=RULES_AREA).order_by("pk")  # not by the clock: who changes a rule has locked it
    for rule_id, *change in kept.values_list("item_id", "before", "after", "at"):
        if rule_id is not None:
            changes[rule_id].append(Change(*change))
    log = RuleLog()
    for rule in rules:
        if rule.pk in changes:
            _read_rule(log, rule, changes[rule.pk], margin)
        else:
            log.unknown.append(rule)
    return log


def _read_rule(log: RuleLog, rule: AutomationRule, changes: list[Change], margin: dt.timedelta) -> None:
    """Go back from what the rule is now to what it was first, and forward again through what the log says."""
    now = rule.kept()
    state = dict(now)
    for change in reversed(changes):
        state |= {name: change.before.get(name) for name in change.after}
    ends = [change.at - margin for change in changes[1:]] + [FOREVER]
    found = []
    for change, end in zip(changes, ends, strict=True):
        state |= change.after
        if state["is_enabled"]:
            found.append((state["trigger"], state["lead_status_id"], Period(rule.pk, change.at + margin, end)))
    differing = {name: (now[name], state.get(name)) for name in now if now[name] != state.get(name)}
    if differing:
        log.differing.append((rule, differing))
        found = [entry for entry in found if entry[2].end != FOREVER]  # until when the log was right is not known
    for trigger, lead_status_id, period in found:
        if period.start < period.end:
            log.periods[trigger, lead_status_id].append(period)
