"""What is kept of a person: on their card, and in the settings log."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.http import Request
from crm.models import Contact
from crm.slots import Panel, SettingsArea, register
from leads.personal_data import PERSONAL_DATA
from leads.privacy import AREA, left_out


def export_and_erase(request: Request, record: Any) -> str:
    """In *More actions* of a contact: the file with what is kept, and erasing. No statement."""
    if not isinstance(record, Contact) or record.erased_at:
        return ""
    user = request.user
    context = {"contact": record, "may_export": user.has_perm("crm.change_contact"), "left_out": left_out(user), "may_erase": user.is_administrator}
    return render_to_string("leads/privacy_menu.html", context, request)


register(
    Panel("record-more", 10, export_and_erase),
    SettingsArea(AREA, _("Erased people"), Contact, lambda pk: reverse("crm:contact", args=[pk]), events={"erased": ("", _("Erased"))}),
    *PERSONAL_DATA,
)
