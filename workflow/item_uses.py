"""Rules and suggestions that wait use categories and lead statuses, and cannot do without (C4, C5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.actor import current_actor
from crm.models import CompanyCategory, ListItem
from crm.numbers import Number
from crm.slots import ItemUse, Shown
from crm.sql import nobody_at_work
from leads.models import LeadStatus
from workflow.models import AutomationRule, CategoryDecision, Trigger, WorkflowSettings
from workflow.suggestions import move_to

SHORT = {
    Trigger.SALE_WON: _("Sale won"),
    Trigger.SALE_LOST: _("Sale lost"),
    Trigger.SALE_REGISTERED: _("Sale registered"),
    Trigger.LEAD_STATUS_SET: _("Lead status set"),
}


class RulesWith(ItemUse):
    """Rules that name an item, on or off: one that is off keeps what was chosen (W1)."""

    position, label, needs_replacement = 5, _("Rules"), True
    field: str

    def rules(self, items: Sequence[ListItem]) -> QuerySet[AutomationRule]:
        """Those that name one of these. A row that was removed is history, and keeps what it had."""
        return AutomationRule.objects.filter(**{f"{self.field}__in": items}, archived_at=None)

    def column(self, items: Sequence[ListItem]) -> dict[int, list[Shown]]:
        """Each by a short name, with a link to it. One statement."""
        found: dict[int, list[Shown]] = defaultdict(list)
        address = reverse("workflow:lead-categorization")
        for rule in self.rules(items).select_related("lead_status"):
            name = str(SHORT[Trigger(rule.trigger)])
            if rule.lead_status and self.field != "lead_status":
                name = _t("Lead status {name}").format(name=rule.lead_status)
            found[getattr(rule, f"{self.field}_id")].append(Shown(name if rule.is_enabled else _t("{rule} (off)").format(rule=name), address))
        return found

    def count(self, item: ListItem) -> int:
        """On or off."""
        return self.rules([item]).count()

    def say(self, number: int) -> str:
        """2 rules."""
        return ngettext("{n} rule", "{n} rules", number).format(n=Number(number))

    def describe(self, item: ListItem, number: int) -> str:
        """2 rules: Sale won, Sale lost."""
        names = [shown.text for shown in self.column([item]).get(item.pk, [])]
        return _t("{what}: {names}").format(what=self.say(number), names=", ".join(names))

    def hold(self) -> None:
        """Whoever saves the rules holds this row: they come before us, or see what we have done and are told."""
        WorkflowSettings.objects.select_for_update().get(pk=1)

    def replace(self, item: ListItem, other: ListItem) -> int:
        """The settings log keeps each, and whoever has the rules open will be told (W3)."""
        number = self.move(self.rules([item]), other)
        if number:
            WorkflowSettings.objects.get(pk=1).saved(by=current_actor())
        return number

    def move(self, rules: QuerySet[AutomationRule], other: Any) -> int:
        """Let them name the other item."""
        return rules.update(**{self.field: other})

    def told(self, number: int, other: ListItem) -> str:
        """2 rules now use Other."""
        return ngettext("{n} rule now uses {name}.", "{n} rules now use {name}.", number).format(n=Number(number), name=other)


class RulesWithCategory(RulesWith):
    """A category that a rule sets."""

    model, field = CompanyCategory, "target_category"


class RulesWithStatus(RulesWith):
    """A lead status that rule 4 waits for."""

    model, field = LeadStatus, "lead_status"

    def move(self, rules: QuerySet[AutomationRule], other: Any) -> int:
        """Where the other status has a rule of its own, that one stays, and this one is removed: two cannot answer to one status."""
        if self.rules([other]).exists():
            return rules.update(is_enabled=False, archived_at=timezone.now())
        return super().move(rules, other)

    def told(self, number: int, other: ListItem) -> str:
        """It may have been removed, so what is true of both."""
        return _t("From now on the rule for {name} applies.").format(name=other)


class SuggestionsWith(ItemUse):
    """Suggestions that wait and name an item."""

    position, needs_replacement = 40, True
    field: str

    def waiting(self, item: ListItem) -> QuerySet[CategoryDecision]:
        """Those that name it."""
        return CategoryDecision.objects.waiting().filter(**{self.field: item})

    def count(self, item: ListItem) -> int:
        """Whoever is asked."""
        return self.waiting(item).count()

    def say(self, number: int) -> str:
        """3 suggestions that wait."""
        return ngettext("{n} suggestion that waits", "{n} suggestions that wait", number).format(n=Number(number))

    def hold(self) -> None:
        """A suggestion is made, and answered, under the lock of its company."""
        nobody_at_work("crm_company")

    def replace(self, item: ListItem, other: ListItem) -> int:
        """Each ends as replaced, and one like it waits instead. Six statements for 2,000."""
        return move_to(self.waiting(item), **{self.field: other})


class SuggestionsOfCategory(SuggestionsWith):
    """A category that is suggested."""

    model, field = CompanyCategory, "suggested_category"

    def told(self, number: int, other: ListItem) -> str:
        """1 suggestion now says Other."""
        return ngettext("{n} suggestion now says {name}.", "{n} suggestions now say {name}.", number).format(n=Number(number), name=other)


class SuggestionsAfterStatus(SuggestionsWith):
    """A lead status that caused a suggestion."""

    model, field = LeadStatus, "lead_status"

    def told(self, number: int, other: ListItem) -> str:
        """1 suggestion goes on waiting, because of Open."""
        return ngettext("{n} suggestion goes on waiting.", "{n} suggestions go on waiting.", number).format(n=Number(number))
