"""Rules and the ledger in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from crm.admin import KeptAdmin, ReadOnlyAdmin
from workflow.models import AutomationRule, Batch, CategoryDecision, HandOver, Trigger, WorkflowSettings


@admin.register(AutomationRule)
class RuleAdmin(KeptAdmin):
    """Rules; several lead statuses can have one each, and one switch for all of them (A1)."""

    list_display = ("trigger", "lead_status", "target_category", "ask_user", "is_enabled")
    list_select_related = ("lead_status", "target_category")

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: AutomationRule, form: Any, change: bool) -> None:
        settings = WorkflowSettings.objects.select_for_update().get(pk=1)
        super().save_model(request, obj, form, change)
        if obj.trigger == Trigger.LEAD_STATUS_SET:
            others = AutomationRule.objects.filter(trigger=obj.trigger, archived_at=None).exclude(pk=obj.pk)
            others.filter(lead_status__isnull=False, target_category__isnull=False).exclude(is_enabled=obj.is_enabled).update(is_enabled=obj.is_enabled)
            settings.lead_status_rules_on = obj.is_enabled
        settings.saved(by=request.user)  # type: ignore[arg-type]


@admin.register(CategoryDecision)
class DecisionAdmin(ReadOnlyAdmin):
    """The ledger."""

    list_display = ("created_at", "company", "trigger", "outcome", "skip_reason", "from_category", "to_category", "applied_version")
    list_filter = ("outcome", "trigger")
    list_select_related = ("company", "from_category", "to_category")


for model in (Batch, HandOver, WorkflowSettings):
    admin.site.register(model, ReadOnlyAdmin)
