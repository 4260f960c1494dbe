"""Rule 4: one switch, and a row for each lead status (A1). A row is known by its lead status, not by its place.

So two rows may exchange their lead statuses in one save, a lead status that comes back finds its old rule (and with it what
people have declined, Q5), and what two administrators have done is compared lead status by lead status (W3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.text import as_pk
from workflow.forms.options import Gap, Lists, Options, digest_of
from workflow.models import AutomationRule, Trigger

MOST_ROWS = 200  # a page with more was not made by us


class Row(Options):
    """What happens at one lead status."""

    def __init__(self, lists: Lists, key: int, *, rule: AutomationRule | None = None) -> None:
        rule = rule or AutomationRule(trigger=Trigger.LEAD_STATUS_SET)
        super().__init__(lists=lists, rule=rule, prefix=f"r4-{key}", takes_status=True)
        self.key = key
        self.take(rule)

    @property
    def name(self) -> str:
        """Of its lead status, if one has been chosen."""
        return str(self.lists.statuses.get(self.status_id or 0, ""))


class LeadStatusRules:
    """Rule 4 as a whole."""

    prefix = "r4"
    takes_status = True

    def __init__(self, data: Any, *, saved: list[AutomationRule], trigger: Trigger, lists: Lists, prefix: str, help_text: str | Promise, short: str | Promise):
        self.lists, self.help_text, self.short, self.title = lists, help_text, short, str(trigger.label)
        self.rule = AutomationRule(trigger=trigger)  # for what is said of all of them
        self.rules = saved
        self.saved: dict[int, AutomationRule] = {rule.lead_status_id or 0: rule for rule in saved}
        self.was_on = any(rule.is_enabled for rule in saved)
        self.is_on = self.was_on
        self.disagrees = False  # about the switch
        self.gone: list[Row] = []  # rows that this page took out, and a colleague changed
        self.focus = ""
        self.said = ""  # what was done with the rows, for whoever does not see it
        self.too_many = False
        in_order = sorted(saved, key=lambda rule: (rule.lead_status is None, getattr(rule.lead_status, "position", 0), rule.pk))
        self.rows = [Row(lists, key, rule=rule) for key, rule in enumerate(in_order, start=1)]
        self.seen = "" if data is not None else self._shown_now()
        if data is not None:
            self._read(data)
        self._never_without_a_row()

    def _read(self, data: Any) -> None:
        self.is_on, self.seen = bool(data.get("r4-enabled")), data.get("r4-seen", "")
        if "r4-rows" not in data:  # not our page: what it does not name it does not touch
            return
        typed = data["r4-rows"].split(",")
        self.too_many = len(typed) > MOST_ROWS
        keys = dict.fromkeys(key for text in typed[:MOST_ROWS] if 0 < (key := as_pk(text)) < 10**9)
        self.rows = [Row(self.lists, key) for key in keys]
        for row in self.rows:
            row.read(data)
            row.rule = self.saved.get(row.status_id or 0, row.rule)

    def _never_without_a_row(self) -> None:
        if not self.rows:
            self.rows = [Row(self.lists, 1)]

    @property
    def keys(self) -> str:
        """Which rows there are, for the page."""
        return ",".join(str(row.key) for row in self.rows)

    @property
    def may_remove(self) -> bool:
        """The only row, with nothing in it, cannot be taken out."""
        return len(self.rows) > 1 or not self.rows[0].is_blank

    # ------------------------------------------------------------- adding and removing
    def add(self) -> None:
        """One more row, where the typing goes on. One that is still blank is that row."""
        blank = next((row for row in self.rows if row.is_blank), None)
        if blank:
            self.said = _("Fill in this row first")
        elif len(self.rows) < MOST_ROWS:
            blank = Row(self.lists, max(row.key for row in self.rows) + 1)
            self.rows.append(blank)
        self.focus = f"{blank.prefix}-st" if blank else "r4-add"

    def remove(self, key: int) -> None:
        """Take a row out; its decisions keep the rule (it is archived when this is saved)."""
        place = next((place for place, row in enumerate(self.rows) if row.key == key), None)
        if place is None:
            return
        row = self.rows.pop(place)
        name = row.name or _("Row {number}").format(number=place + 1)
        self.said = _("{name} removed. It counts when you save.").format(name=name)
        self.focus = f"{self.rows[min(place, len(self.rows) - 1)].prefix}-remove" if len(self.rows) > 1 else "r4-add"
        self._never_without_a_row()

    # ------------------------------------------------------------------- what is missing
    def gaps(self) -> Iterator[Gap]:
        """What keeps it from being saved, row by row."""
        taken: set[str] = set()
        for row in self.rows:
            row.look(is_on=self.is_on, taken=taken)
            for name in ("st", "cat"):
                if row.trouble.get(name):
                    yield Gap(f"{row.prefix}-{name}", name, row.trouble[name], f"{self.title} {row.name}".strip(), f"{self.short} {row.name}".strip())

    def refuse(self) -> None:
        """Show everything that is wrong."""
        for row in self.rows:
            row.told = True

    # ---------------------------------------------------------- a colleague was here (W3)
    def _shown_now(self) -> str:
        parts = [f"{key}:{digest_of(rule.target_category_id, rule.ask_user)}" for key, rule in sorted(self.saved.items())]
        return " ".join([f"on:{int(self.was_on)}", *parts])

    def _mine(self) -> dict[int, Row]:
        return {row.status_id or 0: row for row in self.rows if not row.is_blank}

    def meet(self, *, trust: bool) -> list[AutomationRule]:
        """As `RuleForm.meet()`, lead status by lead status. Who turns a switch has a say about the rows, and the other way round."""
        theirs = dict(part.split(":", 1) for part in self._shown_now().split())
        shown = dict(part.split(":", 1) for part in self.seen.split() if ":" in part) or (theirs if trust else {})
        mine = {str(key): row.digest for key, row in self._mine().items()}
        self.seen = self._shown_now()
        they_switched, i_switched = theirs["on"] != shown.get("on"), str(int(self.is_on)) != shown.get("on")
        touched = [key for key in {**shown, **mine} if key != "on" and mine.get(key) != shown.get(key)]
        found: list[AutomationRule] = []
        for key in sorted({*theirs, *mine, *shown} - {"on"}, key=as_pk):
            if theirs.get(key) in (shown.get(key), mine.get(key)):
                continue
            mine_is_old = mine.get(key) == shown.get(key)
            if mine_is_old:
                self._take(as_pk(key))
            if not mine_is_old or (i_switched and not they_switched):
                found += self._disagree(as_pk(key))
        if they_switched and self.is_on != self.was_on:
            found += self._meet_switch(stays=bool(touched) or i_switched)
        self._never_without_a_row()
        return found

    def _meet_switch(self, *, stays: bool) -> list[AutomationRule]:
        """A colleague turned the switch: that holds, unless this page has changed something of the rule itself."""
        self.disagrees = stays
        if not stays:
            self.is_on = self.was_on
        return self.rules if stays else []

    def _take(self, key: int) -> None:
        """A colleague's version of a row that this page has left alone."""
        row, rule = self._mine().get(key), self.saved.get(key)
        if rule is None:
            self.rows = [other for other in self.rows if other is not row]
        elif row is not None:
            row.take(rule)
        else:
            self.rows = [other for other in self.rows if not other.is_blank]
            self.rows.append(Row(self.lists, max((other.key for other in self.rows), default=0) + 1, rule=rule))

    def _disagree(self, key: int) -> list[AutomationRule]:
        row, rule = self._mine().get(key), self.saved.get(key)
        if row is None:  # this page took it out, or they did while it turned the switch
            row = Row(self.lists, 0, rule=rule)
            row.status = str(key or "")
            self.gone.append(row)
        row.disagrees, row.theirs = True, rule
        return [rule] if rule is not None else self._removed([key])

    def _removed(self, keys: list[int]) -> list[AutomationRule]:
        """Rules of these lead statuses that once were, the latest first."""
        found = AutomationRule.objects.filter(trigger=Trigger.LEAD_STATUS_SET, archived_at__isnull=False).order_by("-archived_at", "-pk")
        return [rule for rule in found if (rule.lead_status_id or 0) in keys]

    def tell(self, authors: dict[int, Any]) -> None:
        """Who saved what these rows disagree with."""
        shown = [*self.rows, *self.gone]
        removed = self._removed([row.status_id or 0 for row in shown if row.disagrees and row.theirs is None])
        by_status = {rule.lead_status_id: authors.get(rule.pk) for rule in reversed(removed)}
        for row in shown:
            row.author = authors.get(row.theirs.pk) if row.theirs else by_status.get(row.status_id)

    # --------------------------------------------------------------------------- saved
    def save(self) -> bool:
        """Archive what was taken out, bring back or make what was added, write what differs; returns whether anything did."""
        wanted = self._mine()
        leaving = [rule for key, rule in self.saved.items() if key not in wanted]
        back = {rule.lead_status_id or 0: rule for rule in reversed(self._removed([key for key in wanted if key not in self.saved]))}
        for rule in leaving:  # first, so that no lead status has two
            rule.is_enabled, rule.archived_at = False, timezone.now()
            rule.save()
        return any([bool(leaving), *[self._write(row, self.saved.get(key) or back.get(key) or row.rule) for key, row in wanted.items()]])

    def _write(self, row: Row, rule: AutomationRule) -> bool:
        values = {"lead_status_id": row.status_id, "target_category_id": row.category_id, "ask_user": row.ask, "is_enabled": self.is_on, "archived_at": None}
        if rule.pk and all(getattr(rule, name) == value for name, value in values.items()):
            return False
        for name, value in values.items():
            setattr(rule, name, value)
        rule.save()
        return True

    def sent(self, changes: dict[str, Any]) -> dict[str, str]:
        """What a browser sends of it, with `changes` of the switch and of the first row."""
        sent = {"r4-enabled": "on"} if changes.get("enabled", self.is_on) else {}
        for place, row in enumerate(self.rows):
            values = {"status": row.status, "category": row.category, "ask": row.ask, **(changes if place == 0 else {})}
            sent |= {f"{row.prefix}-{name}": str(value) if value is not True else "on" for name, value in values.items() if value and name != "enabled"}
        return {**sent, "r4-rows": self.keys, "r4-seen": self.seen}
