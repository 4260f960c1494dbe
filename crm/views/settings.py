"""Settings and maintenance: the way in, and the list of categories."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm import slots
from crm.forms.lists import CategoryForm
from crm.http import Request
from crm.models import CompanyCategory
from crm.views.lists import ListScreen, require_administrator


@require_safe
def settings_home(request: Request) -> HttpResponse:
    """The first screen."""
    require_administrator(request)
    return redirect(slots.settings_screens_for(request)[0].url_name)


CATEGORIES = ListScreen(
    key="company-categories",
    model=CompanyCategory,
    form=CategoryForm,
    url_name="crm:category-list",
    title=gettext_lazy("Company – Category"),
    help=gettext_lazy("The types of companies you work with. The category group decides how a category behaves in searches and automation."),
    used_by=gettext_lazy("Companies"),
    usage=lambda query: query.select_related("group").annotate(uses=Count("companies", filter=Q(companies__archived_at=None))),
    columns=[
        (gettext_lazy("Category group"), lambda item: str(item.group)),
        (gettext_lazy("Lead status"), lambda item: _("Enabled") if item.lead_status_enabled else ""),
        (gettext_lazy("Default"), lambda item: _("New companies") if item.is_default else ""),
    ],
    own_fields="settings/category_fields.html",
)
