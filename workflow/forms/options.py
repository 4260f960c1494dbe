"""What one rule says, as it is saved or as somebody has typed it. `static/js/settings.js` finds the same troubles.

Not a Django form: a rule is shown half typed (a row was added), and put together with what a colleague has saved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import CompanyCategory, ListItem, User
from crm.text import as_pk
from leads.models import LeadStatus
from workflow.models import AutomationRule

# What can be wrong with a field, in the words of the page and of the server alike (W2).
EMPTY, DELETED, TWICE = "empty", "deleted", "twice"
WORDS: dict[str, dict[str, str | Promise]] = {
    "cat": {EMPTY: _("Select a category, or turn the rule off"), DELETED: _("This category has been deleted. Select another one.")},
    "st": {
        EMPTY: _("Select a lead status, or turn the rule off"),
        DELETED: _("This lead status has been deleted. Select another one."),
        TWICE: _("There is a rule for this lead status already"),
    },
}


class Lists:
    """The categories and lead statuses there are, deleted ones included. Two statements, however many rules there are."""

    def __init__(self) -> None:
        query = CompanyCategory.objects.select_related("group").order_by("group__position", "position", "pk")
        self.categories: dict[int, CompanyCategory] = {item.pk: item for item in query}
        self.statuses: dict[int, LeadStatus] = {item.pk: item for item in LeadStatus.objects.all()}


@dataclass(frozen=True, slots=True)
class Gap:
    """What keeps the page from being saved: the field's id, which of its words, and the name of its rule."""

    id: str
    field: str
    kind: str
    title: str
    short: str

    @property
    def words(self) -> str:
        """What to do about it."""
        return str(WORDS[self.field][self.kind])


@dataclass(eq=False)
class Options:
    """The options of a rule. `category` and `status` are as typed; `rule` is what is saved now, or a new one."""

    lists: Lists
    rule: AutomationRule
    prefix: str
    category: str = ""
    ask: bool = False
    status: str = ""
    takes_status: bool = False
    trouble: dict[str, str] = field(default_factory=dict)  # kinds by field, as look() has found them
    told: bool = False  # the server has refused the page: what is empty is shown too
    disagrees: bool = False  # with what a colleague has saved meanwhile (W3): both are shown
    theirs: AutomationRule | None = None
    author: User | None = None  # who saved `theirs`

    def read(self, data: Any) -> None:
        """Take what was typed."""
        self.category, self.status = data.get(f"{self.prefix}-category", ""), data.get(f"{self.prefix}-status", "") if self.takes_status else ""
        self.ask = bool(data.get(f"{self.prefix}-ask"))

    def take(self, rule: AutomationRule) -> None:
        """Say what `rule` says."""
        self.rule, self.category, self.ask = rule, str(rule.target_category_id or ""), rule.ask_user
        self.status = str(rule.lead_status_id or "") if self.takes_status else ""

    @property
    def category_id(self) -> int | None:
        """The key of the category that was chosen."""
        return as_pk(self.category) or None

    @property
    def status_id(self) -> int | None:
        """The key of the lead status that was chosen."""
        return as_pk(self.status) or None

    @property
    def is_blank(self) -> bool:
        """Nothing has been chosen."""
        return not (self.category or self.status or self.ask)

    @property
    def digest(self) -> str:
        """Of the options as typed."""
        return digest_of(self.category_id, self.ask)

    # -------------------------------------------------------------- what is missing
    def look(self, *, is_on: bool, taken: set[str] | None = None) -> None:
        """Find what is wrong. `taken` holds the lead statuses of the rows above, and gets this one's."""
        self.trouble = {}
        if self.takes_status and taken is not None and (is_on or not self.is_blank):
            self.trouble["st"] = self._status_trouble(is_on, taken)
        gone = self._is_gone(self.category, self.lists.categories, is_on)
        self.trouble["cat"] = DELETED if gone else EMPTY if is_on and not self.category else ""

    def _status_trouble(self, is_on: bool, taken: set[str]) -> str:
        if self._is_gone(self.status, self.lists.statuses, is_on):
            return DELETED
        again = self.status in taken
        taken.add(self.status)
        if again and self.status:
            return TWICE
        return EMPTY if (is_on or again) and not self.status else ""

    @staticmethod
    def _is_gone(value: str, items: Mapping[int, ListItem], is_on: bool) -> bool:
        """Unknown, or deleted. A rule that is off keeps a deleted one (W1); it cannot be switched on with it."""
        item = items.get(as_pk(value))
        return bool(value) if item is None else is_on and item.archived_at is not None

    @property
    def error(self) -> dict[str, str]:
        """The kind of each field's error that is to be seen: what is only empty is not red before somebody has been there."""
        return {name: kind for name, kind in self.trouble.items() if kind and (self.told or kind != EMPTY)}

    @property
    def words(self) -> dict[str, list[tuple[str, str | Promise]]]:
        """All that can be wrong with each field."""
        return {name: list(kinds.items()) for name, kinds in WORDS.items()}

    # ---------------------------------------------------------------- to choose from
    @property
    def categories(self) -> list[dict[str, Any]]:
        """Every category that is in use, whatever its group (A1), and the chosen one even if it is deleted."""
        return _offers(self.lists.categories, self.category_id)

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """Every lead status in use, and the chosen one even if it is deleted."""
        return _offers(self.lists.statuses, self.status_id)


def _offers(items: Mapping[int, Any], chosen: int | None) -> list[dict[str, Any]]:
    return [
        {"item": item, "group": getattr(item, "group", None), "chosen": item.pk == chosen, "deleted": bool(item.archived_at)}
        for item in items.values()
        if item.archived_at is None or item.pk == chosen
    ]


def digest_of(*values: Any) -> str:
    """What a page has shown of a rule, for telling afterwards who changed it."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:12]
