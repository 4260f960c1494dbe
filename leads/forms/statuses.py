"""The form of a lead status."""

from django.utils.translation import gettext_lazy as _

from crm.forms.lists import ListItemForm
from leads.models import LeadStatus


class LeadStatusForm(ListItemForm):
    """A lead status (L2)."""

    class Meta:
        model = LeadStatus
        fields = ["name", "meaning", "description", "colour"]
        labels = {"name": _("Name"), "meaning": _("Meaning"), "description": _("Description")}
        help_texts = {"meaning": _("What reports count it as, whatever its name.")}
