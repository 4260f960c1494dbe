"""What an administrator asks of the rules: what one would do, and what all would answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.models import CompanyCategory
from crm.text import as_pk
from leads.models import LeadStatus
from workflow.models import AutomationRule, Trigger
from workflow.preview import Draft


class DraftForm(forms.Form):
    """A rule as somebody considers it, saved or not: what is not said is as it is saved. With the prefix of a rule's own form, that rule as typed."""

    DAYS = ((30, _("30 days")), (90, _("90 days")), (365, _("a year")))

    status = forms.ModelChoiceField(LeadStatus.objects.none(), required=False)
    category = forms.ModelChoiceField(CompanyCategory.objects.none(), required=False)
    ask = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, prefix: str | None = None) -> None:
        self.trigger = next((trigger for trigger in Trigger if trigger == data.get("trigger")), Trigger.SALE_WON)
        self.takes_status = self.trigger == Trigger.LEAD_STATUS_SET
        self.days = next((days for days, _label in self.DAYS if str(days) == data.get("days")), 90)
        name = f"{prefix}-{{}}" if prefix else "{}"
        rules = AutomationRule.objects.filter(trigger=self.trigger, archived_at=None).order_by("-is_enabled", "pk")
        status = data.get(name.format("status")) if self.takes_status else None
        if self.takes_status and status is not None:
            rules = rules.filter(lead_status=as_pk(status))
        self.rule = rules.first()
        said, about = data.copy(), data.get("for")  # what the page's category and asking were about: another rule has its own
        if self.rule and (name.format("category") not in data or (about is not None and about != f"{self.trigger}:{status or ''}")):
            said[name.format("category")] = str(self.rule.target_category_id or "")
            said[name.format("ask")] = "on" if self.rule.ask_user else ""
        if self.takes_status and status is None:
            said[name.format("status")] = str(self.rule.lead_status_id or "") if self.rule else ""
        self.shown_for = f"{self.trigger}:{said.get(name.format('status'), '') if self.takes_status else ''}"
        super().__init__(said, prefix=prefix)
        self.fields["category"].queryset = CompanyCategory.objects.active().select_related("group").order_by("group__position", "position", "pk")
        self.fields["status"].queryset = LeadStatus.objects.active()

    @property
    def draft(self) -> Draft | None:
        """The rule, once it is complete."""
        category, status = (self.cleaned_data.get(name) for name in ("category", "status")) if self.is_valid() else (None, None)
        if category is None or (self.takes_status and status is None):
            return None
        status_id = status.pk if status and self.takes_status else None
        return Draft(self.trigger, category.pk, self.cleaned_data["ask"], status_id, self.rule.pk if self.rule else 0)

    @property
    def is_saved(self) -> bool:
        """Whether this is how the rule is saved, and it is on: only then can it be applied."""
        return bool(self.rule and self.rule.is_enabled and self.rule.target_category_id and Draft.of(self.rule) == self.draft)
