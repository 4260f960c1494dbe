"""The four rules as one form (W1 to W3)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.models import SettingsChange, User
from workflow.forms.options import DELETED, EMPTY, TWICE, Gap, Lists
from workflow.forms.rows import MOST_ROWS, LeadStatusRules
from workflow.forms.rule import RuleForm
from workflow.models import RULES_AREA, AutomationRule, Trigger, WorkflowSettings

# Trigger, help, and the name it has in "When a sale is won: select a category"
RULES: list[tuple[str, Trigger, str | Promise, str | Promise]] = [
    ("r1", Trigger.SALE_WON, _("Runs when a sale is marked as won."), _("When a sale is won")),
    ("r2", Trigger.SALE_LOST, _("Runs when a sale is marked as lost."), _("When a sale is lost")),
    ("r3", Trigger.SALE_REGISTERED, _("Runs when a sale is linked to the company."), _("When a sale is registered")),
    (
        "r4",
        Trigger.LEAD_STATUS_SET,
        _("Runs when a contact’s lead status changes to one you choose. Lead status must be enabled for the company’s category."),
        _("When a lead status is set to"),
    ),
]

# In the save bar, before the link to the rule: what is missing there.
BAR = {
    ("cat", EMPTY): _("To save, select a category for:"),
    ("st", EMPTY): _("To save, select a lead status for:"),
    ("st", TWICE): _("To save, choose each lead status only once:"),
}


class RulesForm:
    """The whole tab: one version, saved as one decision. Nine statements at most to read, however many rows rule 4 has."""

    def __init__(self, data: Any = None) -> None:
        self.settings = WorkflowSettings.objects.select_related("saved_by").get(pk=1)
        self.version = str(data.get("version", "")) if data is not None else str(self.settings.version)
        saved: dict[str, list[AutomationRule]] = defaultdict(list)
        for rule in AutomationRule.objects.filter(archived_at=None).select_related("target_category", "lead_status").order_by("pk"):
            saved[rule.trigger].append(rule)
        lists = Lists()
        self.rules: list[Any] = [
            (LeadStatusRules if trigger == Trigger.LEAD_STATUS_SET else RuleForm)(
                data, saved=saved[trigger], trigger=trigger, lists=lists, prefix=prefix, help_text=help_text, short=short
            )
            for prefix, trigger, help_text, short in RULES
        ]
        self.lead_statuses: LeadStatusRules = self.rules[-1]
        self.is_refused = False
        self.who: User | None = None  # saved what this form disagrees with, and when
        self.at: Any = None

    # ------------------------------------------------------------- what is missing
    def gaps(self) -> list[Gap]:
        """Everything that keeps it from being saved, in the order of the page."""
        return [gap for rule in self.rules for gap in rule.gaps()]

    @property
    def first_missing(self) -> dict[str, Any] | None:
        """For the save bar: the first gap, and the words before it."""
        gap = next(iter(self.gaps()), None)
        return {"gap": gap, "key": bar_key(gap.field, gap.kind)} if gap else None

    @property
    def bar_words(self) -> list[tuple[str, str | Promise]]:
        """All the words that the save bar may need."""
        return [(f"{field}-{kind}", words) for (field, kind), words in BAR.items()]

    def is_valid(self) -> bool:
        """Whether every rule that is on is complete and names what exists. Where not, the form says everything that is wrong."""
        self.is_refused = bool(self.gaps()) or self.lead_statuses.too_many
        if self.is_refused:
            for rule in self.rules:
                rule.refuse()
        return not self.is_refused

    @property
    def errors(self) -> list[tuple[str, str]]:
        """For the summary, when it was refused: the field's id, and what to do about it."""
        if not self.is_refused:
            return []
        text = _t("There can be at most {n} lead statuses here. The rest was left out.").format(n=MOST_ROWS)
        too_many = [("r4-add", text)] if self.lead_statuses.too_many else []
        return [(gap.id, f"{gap.short}: {gap.words}") for gap in self.gaps()] + too_many

    # ---------------------------------------------------------------- two administrators (W3)
    def conflict(self) -> bool:
        """Whether somebody saved meanwhile a rule that this form says otherwise. Then each such rule shows theirs too.

        A rule that only they changed stays as they saved it; one that only this form changes is no conflict. Costs two
        statements more where there is one.
        """
        trust = self.version == str(self.settings.version)
        self.version = str(self.settings.version)
        found = [rule for form in self.rules for rule in form.meet(trust=trust)]
        if any(form.disagrees for form in self.rules) or self.lead_statuses.gone or any(row.disagrees for row in self.lead_statuses.rows):
            self._tell(found)
            return True
        return False

    def _tell(self, rules: list[AutomationRule]) -> None:
        query = SettingsChange.objects.filter(area=RULES_AREA, item_id__in=[rule.pk for rule in rules if rule.pk]).select_related("by")
        latest = list(query.order_by("-pk")[:MOST_ROWS])
        self.who, self.at = (latest[0].by, latest[0].at) if latest else (self.settings.saved_by, self.settings.saved_at)
        for form in self.rules:
            form.tell({change.item_id: change.by for change in reversed(latest)})

    # ---------------------------------------------------------------------------------- saved
    @transaction.atomic
    def save(self, *, by: User) -> bool:
        """Write what differs; returns whether anything did. Call it with the settings row locked."""
        changed = any([rule.save() for rule in self.rules])  # noqa: C419  (all of them)
        if changed:
            self.settings.lead_status_rules_on = self.lead_statuses.is_on
            self.settings.saved(by=by)
        return changed


def bar_key(field: str, kind: str) -> str:
    """Which words of the save bar: a deleted one asks for another, as an empty one does."""
    return f"{field}-{EMPTY if kind == DELETED else kind}"


def lock_settings() -> None:
    """Two administrators save one after the other; inside a transaction."""
    WorkflowSettings.objects.select_for_update().get(pk=1)
