"""Rules 1 to 3: a switch, and its options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise

from workflow.forms.options import Gap, Lists, Options, digest_of
from workflow.models import AutomationRule, Trigger


class RuleForm(Options):
    """One rule. Its options are kept when it is off (W1), and needed when it is on (W2)."""

    def __init__(self, data: Any, *, saved: list[AutomationRule], trigger: Trigger, lists: Lists, prefix: str, help_text: str | Promise, short: str | Promise):
        rule = saved[0] if saved else AutomationRule(trigger=trigger)
        super().__init__(lists=lists, rule=rule, prefix=prefix)
        self.help_text, self.short, self.title = help_text, short, str(trigger.label)
        self.seen = "" if data is None else data.get(f"{prefix}-seen", "")
        self.take(rule)
        self.is_on = rule.is_enabled
        if data is None:
            self.seen = self.saved_digest
        else:
            self.read(data)
            self.is_on = bool(data.get(f"{prefix}-enabled"))

    @property
    def saved_digest(self) -> str:
        """Of the rule as it is saved now."""
        return digest_of(self.rule.is_enabled, self.rule.target_category_id, self.rule.ask_user)

    @property
    def digest(self) -> str:
        """Of the rule as typed."""
        return digest_of(self.is_on, self.category_id, self.ask)

    def gaps(self) -> Iterator[Gap]:
        """What keeps it from being saved."""
        self.look(is_on=self.is_on)
        if self.trouble["cat"]:
            yield Gap(f"{self.prefix}-cat", "cat", self.trouble["cat"], self.title, str(self.short))

    def refuse(self) -> None:
        """Show everything that is wrong."""
        self.told = True

    def meet(self, *, trust: bool) -> list[AutomationRule]:
        """Put this together with what is saved now (W3); returns the rules on which the two disagree.

        What only a colleague changed stays as they saved it. Without knowing what the page has shown, and where it cannot be trusted
        to be the newest, everything that differs is a disagreement.
        """
        mine, theirs = self.digest, self.saved_digest
        shown = self.seen or (theirs if trust else "")
        self.seen = theirs
        if theirs in (shown, mine):
            return []
        if mine == shown:
            self.take(self.rule)
            self.is_on = self.rule.is_enabled
            return []
        self.disagrees, self.theirs = True, self.rule
        return [self.rule]

    def tell(self, authors: dict[int, Any]) -> None:
        """Who saved what this disagrees with."""
        self.author = authors.get(self.rule.pk)

    def save(self) -> bool:
        """Write what differs; returns whether anything did."""
        if self.digest == self.saved_digest:
            return False
        self.rule.is_enabled, self.rule.target_category_id, self.rule.ask_user = self.is_on, self.category_id, self.ask
        self.rule.save()
        return True

    def sent(self, changes: dict[str, Any]) -> dict[str, str]:
        """What a browser sends of it, with `changes` of its fields."""
        values = {"enabled": self.is_on, "category": self.category, "ask": self.ask, "seen": self.seen, **changes}
        return {f"{self.prefix}-{name}": str(value) if value is not True else "on" for name, value in values.items() if value}

    @property
    def rules(self) -> list[AutomationRule]:
        """What is saved of it."""
        return [self.rule] if self.rule.pk else []
