"""Lead statuses in Django's admin."""

from typing import ClassVar

from django.contrib import admin

from crm.admin import KeptAdmin, ListAdmin, ReadOnlyAdmin
from leads.models import Lead, LeadStatus, LeadStatusChange


@admin.register(Lead)
class LeadAdmin(KeptAdmin):
    """A status set here runs rule 4."""

    list_display = ("contact", "status")
    list_filter = ("status",)
    autocomplete_fields: ClassVar[list[str]] = ["contact"]
    list_select_related = ("contact", "status")


admin.site.register(LeadStatus, ListAdmin)
admin.site.register(LeadStatusChange, ReadOnlyAdmin)
