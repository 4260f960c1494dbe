"""Lead statuses in Django's admin."""

from typing import ClassVar

from django.contrib import admin

from crm.admin import KeptAdmin, ListAdmin, ReadOnlyAdmin
from leads.models import Assignment, Distribution, DistributionSeat, Lead, LeadStatus, LeadStatusChange


@admin.register(Lead)
class LeadAdmin(KeptAdmin):
    """A status set here runs rule 4."""

    list_display = ("contact", "status")
    list_filter = ("status",)
    autocomplete_fields: ClassVar[list[str]] = ["contact"]
    list_select_related = ("contact", "status")


admin.site.register(LeadStatus, ListAdmin)
admin.site.register(LeadStatusChange, ReadOnlyAdmin)


class DistributionAdmin(ReadOnlyAdmin):
    """Changed in Settings and maintenance, where it is kept in the log."""

    list_display = ("__str__", "only_unassigned", "fallback")
    list_select_related = ("form", "fallback")


class SeatAdmin(ReadOnlyAdmin):
    """Who takes part."""

    list_display = ("user", "distribution", "weight", "is_paused", "given")
    list_select_related = ("user", "distribution__form")


class AssignmentAdmin(ReadOnlyAdmin):
    """What was given to whom."""

    list_display = ("inquiry", "to_user", "reason", "by", "at")
    list_filter = ("reason",)
    list_select_related = ("inquiry", "to_user", "by")


admin.site.register(Distribution, DistributionAdmin)
admin.site.register(DistributionSeat, SeatAdmin)
admin.site.register(Assignment, AssignmentAdmin)
