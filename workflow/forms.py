"""The four rules as one form (W1, W2)."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import CompanyCategory, User
from leads.models import LeadStatus
from workflow.models import AutomationRule, Trigger, WorkflowSettings

# Trigger, help, and the name it has in "To save, select a category for: ..."
RULES: list[tuple[str, Trigger, str | Promise, str | Promise]] = [
    ("r1", Trigger.SALE_WON, _("Runs when a sale is marked as won."), _("When a sale is won")),
    ("r2", Trigger.SALE_LOST, _("Runs when a sale is marked as lost."), _("When a sale is lost")),
    ("r3", Trigger.SALE_REGISTERED, _("Runs when a sale is linked to the company."), _("When a sale is registered")),
    (
        "r4",
        Trigger.LEAD_STATUS_SET,
        _("Runs when a contact’s lead status changes to the one you choose. Lead status must be enabled for the company’s category."),
        _("When a lead status is set"),
    ),
]


class RuleForm(forms.Form):
    """One rule. Its options are kept when it is off, and needed when it is on."""

    enabled = forms.BooleanField(required=False)
    status = forms.ModelChoiceField(LeadStatus.objects.none(), required=False)
    category = forms.ModelChoiceField(CompanyCategory.objects.none(), required=False)
    ask = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, rule: AutomationRule, prefix: str, help_text: str | Promise, short: str | Promise) -> None:
        self.rule, self.help_text, self.short = rule, help_text, short
        initial = {"enabled": rule.is_enabled, "status": rule.lead_status_id, "category": rule.target_category_id, "ask": rule.ask_user}
        super().__init__(data, prefix=prefix, initial=initial)
        self.fields["category"].queryset = CompanyCategory.objects.active().select_related("group").order_by("group__position", "position", "pk")
        self.fields["category"].error_messages["invalid_choice"] = _("This category has been deleted. Select another one.")
        self.takes_status = rule.trigger == Trigger.LEAD_STATUS_SET
        if self.takes_status:
            self.fields["status"].queryset = LeadStatus.objects.active()
            self.fields["status"].error_messages["invalid_choice"] = _("This lead status has been deleted. Select another one.")
        else:
            del self.fields["status"]
        self.theirs: AutomationRule | None = None
        self.compared = False  # with what is saved now: from then on the page shows that too

    def clean(self) -> dict[str, Any]:
        """A rule that is on must be complete (W2)."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("enabled"):
            if not cleaned.get("category") and "category" not in self.errors:
                self.add_error("category", _("Select a category, or turn the rule off"))
            if self.takes_status and not cleaned.get("status") and "status" not in self.errors:
                self.add_error("status", _("Select a lead status, or turn the rule off"))
        others = AutomationRule.objects.filter(trigger=self.rule.trigger, archived_at=None).exclude(pk=self.rule.pk)
        if self.takes_status and cleaned.get("status") and others.filter(lead_status=cleaned["status"]).exists():
            self.add_error("status", _("There is a rule for this lead status already"))
        return cleaned

    @property
    def title(self) -> str:
        """The rule's label."""
        return str(Trigger(self.rule.trigger).label)

    def chosen(self) -> dict[str, Any]:
        """What the form says, in the columns of a rule."""
        values = {
            "is_enabled": self.cleaned_data["enabled"],
            "target_category_id": getattr(self.cleaned_data["category"], "pk", None),
            "ask_user": self.cleaned_data["ask"],
        }
        if self.takes_status:
            values["lead_status_id"] = getattr(self.cleaned_data["status"], "pk", None)
        return values

    def saved(self) -> dict[str, Any]:
        """What the rule says now, in the same columns."""
        return {name: getattr(self.rule, name) for name in self.chosen()}

    @staticmethod
    def digest(values: dict[str, Any]) -> str:
        """What a page has shown of a rule, for telling afterwards who changed it."""
        return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:12]

    @property
    def seen(self) -> str:
        """Of the rule as this page has shown it: until a conflict was looked for, what the form was sent with."""
        if self.is_bound and not self.compared:
            return self.data.get(self.add_prefix("seen"), "")
        columns = {"is_enabled", "target_category_id", "ask_user"} | ({"lead_status_id"} if self.takes_status else set())
        return self.digest({name: getattr(self.rule, name) for name in columns})

    def take_theirs(self) -> None:
        """Leave this rule as a colleague has saved it, here and in the form when it is shown again."""
        saved = self.saved()
        self.cleaned_data.update(
            enabled=saved["is_enabled"],
            ask=saved["ask_user"],
            category=self.rule.target_category,
            **({"status": self.rule.lead_status} if self.takes_status else {}),
        )
        self.data = self.data.copy()
        for name, value in {"enabled": saved["is_enabled"], "ask": saved["ask_user"]}.items():
            self.data.pop(self.add_prefix(name), None)
            if value:
                self.data[self.add_prefix(name)] = "on"
        self.data[self.add_prefix("category")] = str(saved["target_category_id"] or "")
        if self.takes_status:
            self.data[self.add_prefix("status")] = str(saved["lead_status_id"] or "")

    @property
    def is_on(self) -> bool:
        """The switch as the form shows it."""
        return bool(self["enabled"].value())


class RulesForm:
    """The whole tab: one version, saved as one decision."""

    def __init__(self, data: Any = None) -> None:
        self.settings = WorkflowSettings.objects.select_related("saved_by").get(pk=1)
        self.seen = str(data.get("version", "")) if data is not None else str(self.settings.version)
        rules = {
            rule.trigger: rule for rule in AutomationRule.objects.filter(archived_at=None).select_related("target_category", "lead_status").order_by("-pk")
        }
        self.rules = [
            RuleForm(data, rule=rules.get(trigger) or AutomationRule(trigger=trigger), prefix=prefix, help_text=help_text, short=short)
            for prefix, trigger, help_text, short in RULES
        ]

    def is_valid(self) -> bool:
        """Whether every rule that is on is complete and names what exists."""
        return not [rule for rule in self.rules if not rule.is_valid()]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """For the summary: the field's id, and what to do about it."""
        ids = {"category": "cat", "status": "st"}
        return [
            (f"{rule.prefix}-{ids.get(name, name)}", f"{rule.short}: {error}") for rule in self.rules for name, found in rule.errors.items() for error in found
        ]

    def conflict(self) -> bool:
        """Whether somebody saved meanwhile a rule that this form says otherwise (W3). Then each such rule shows theirs.

        A rule that only they changed stays as they saved it; one that only this form changes is no conflict.
        """
        if self.seen == str(self.settings.version):
            return False
        self.seen = str(self.settings.version)
        for rule in self.rules:
            rule.compared = True
            shown, theirs, mine = rule.data.get(rule.add_prefix("seen")), rule.digest(rule.saved()), rule.digest(rule.chosen())
            if theirs in (shown, mine):
                continue
            if mine == shown:
                rule.take_theirs()
            else:
                rule.theirs = rule.rule
        return any(rule.theirs for rule in self.rules)

    @property
    def first_missing(self) -> RuleForm | None:
        """The first rule that is on and incomplete, for the save bar."""
        return next((rule for rule in self.rules if rule.is_on and (not rule["category"].value() or (rule.takes_status and not rule["status"].value()))), None)

    @transaction.atomic
    def save(self, *, by: User) -> bool:
        """Write what differs; returns whether anything did. Call it with the settings row locked."""
        changed = False
        for form in self.rules:
            before, after = form.saved(), form.chosen()
            if before == after:
                continue
            changed = True
            for name, value in after.items():
                setattr(form.rule, name, value)
            form.rule.save()
            if form.takes_status:
                others = AutomationRule.objects.filter(trigger=Trigger.LEAD_STATUS_SET, archived_at=None).exclude(pk=form.rule.pk)
                others.filter(target_category__isnull=False).update(is_enabled=after["is_enabled"])
                self.settings.lead_status_rules_on = after["is_enabled"]
        if changed:
            self.settings.saved(by=by)
        return changed


def lock_settings() -> None:
    """Two administrators save one after the other; inside a transaction."""
    WorkflowSettings.objects.select_for_update().get(pk=1)
