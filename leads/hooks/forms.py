"""Lead forms in the settings navigator, in the settings log, and where a category is edited."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.http import Request
from crm.models import CompanyCategory
from crm.slots import Panel, SettingsArea, SettingsScreen, register
from leads.forms.lead_forms import SHARED_OUT
from leads.item_uses import FormsWithCategory, FormsWithStatus
from leads.lead_forms import AREA
from leads.models import LeadForm, LeadFormField

KEYS = dict(LeadFormField.Key.choices)


def forms_of_category(request: Request, category: Any) -> str:
    """Before lead status is switched off: which lead forms put companies into this category."""
    if not isinstance(category, CompanyCategory) or not category.pk or not category.lead_status_enabled:
        return ""
    forms = list(LeadForm.objects.active().filter(category=category))
    return render_to_string("leads/category_forms.html", {"forms": forms}, request) if forms else ""


register(
    SettingsScreen("lead-forms", _("Lead forms"), "leads:form-list", "form", 55),
    SettingsArea(
        AREA,
        _("Lead forms"),
        LeadForm,
        lambda pk: reverse("leads:form-edit", args=[pk]),
        labels={
            "asks": _("What it asks for"),
            "required": _("Required"),
            "questions": _("Questions in your own words"),
            "answers": _("Choices"),
            "kinds": _("Kinds of own fields"),
            "distributed_by": _("Who gets what comes in"),
            "consent_version": _("Version of the consent"),
            "erased": _("Inquiries whose contents were erased"),
        },
        choices={"asks": KEYS, "required": KEYS, "distributed_by": dict(SHARED_OUT), "kinds": dict(LeadFormField.Kind.choices)},
        events={"is_on": (_("Switched off"), _("Switched on"))},
    ),
    Panel("item-edit", 20, forms_of_category),
    FormsWithCategory(),
    FormsWithStatus(),
)
