"""Lead statuses and lead forms in Django's admin."""

from typing import ClassVar

from django.contrib import admin

from crm.admin import KeptAdmin, ListAdmin, ReadOnlyAdmin
from leads.models import (
    Assignment,
    Distribution,
    DistributionSeat,
    Inquiry,
    InquiryChange,
    Lead,
    LeadForm,
    LeadFormField,
    LeadStatus,
    LeadStatusChange,
    Visit,
)


@admin.register(Lead)
class LeadAdmin(KeptAdmin):
    """A status set here runs rule 4."""

    list_display = ("contact", "status")
    list_filter = ("status",)
    autocomplete_fields: ClassVar[list[str]] = ["contact"]
    list_select_related = ("contact", "status")


@admin.register(LeadForm)
class LeadFormAdmin(ReadOnlyAdmin):
    """Edited in Settings, where what it asks for is checked and the settings log is kept."""

    list_display = ("title", "slug", "is_on", "category", "archived_at")
    list_filter = ("is_on", "language")
    list_select_related = ("category",)


@admin.register(LeadFormField)
class LeadFormFieldAdmin(ReadOnlyAdmin):
    """What each form asks for, in its order."""

    list_display = ("form", "key", "kind", "label", "is_required", "position")
    list_filter = ("form",)
    list_select_related = ("form",)


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


class InquiryAdmin(ReadOnlyAdmin):
    """What came in. What is done with it is done on its card, where it is kept."""

    list_display = ("__str__", "form", "state", "contact", "company", "owner", "received_at")
    list_filter = ("state", "form")
    list_select_related = ("form", "contact", "company", "owner")
    search_fields = ("search_text",)


class VisitAdmin(ReadOnlyAdmin):
    """Where somebody came from: never changed afterwards (I2)."""

    list_display = ("inquiry", "touch", "utm_source", "utm_medium", "utm_campaign", "referring_domain")
    list_filter = ("touch",)
    list_select_related = ("inquiry",)


class InquiryChangeAdmin(ReadOnlyAdmin):
    """What people did with inquiries."""

    list_display = ("inquiry", "kind", "by", "at")
    list_filter = ("kind",)
    list_select_related = ("inquiry", "by")


admin.site.register(Inquiry, InquiryAdmin)
admin.site.register(Visit, VisitAdmin)
admin.site.register(InquiryChange, InquiryChangeAdmin)
