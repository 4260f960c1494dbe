"""Settings and maintenance: the way in, and the lists of this app."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm import slots
from crm.forms.lists import CategoryForm, ReasonForm, StageForm
from crm.http import Request
from crm.models import CompanyCategory, SaleReason, SaleStage
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
    default=gettext_lazy("New companies"),
    own_fields="settings/category_fields.html",
    columns=[
        (gettext_lazy("Category group"), lambda item: str(item.group)),
        (gettext_lazy("Lead status"), lambda item: _("Enabled") if item.lead_status_enabled else ""),
        (gettext_lazy("Default"), lambda item: _("New companies") if item.is_default else ""),
    ],
)

STAGES = ListScreen(
    key="sale-stages",
    model=SaleStage,
    form=StageForm,
    url_name="crm:stage-list",
    title=gettext_lazy("Sale – Stage"),
    help=gettext_lazy("Where an open sale is in the pipeline, in this order. The first stage is suggested for a new sale."),
    columns=[(gettext_lazy("Probability"), lambda item: f"{item.probability} %")],
)

REASONS = ListScreen(
    key="sale-reasons",
    model=SaleReason,
    form=ReasonForm,
    url_name="crm:reason-list",
    title=gettext_lazy("Sale – Reason"),
    help=gettext_lazy("Why sales are won or lost. Whoever closes a sale may choose one."),
    columns=[(gettext_lazy("Applies to"), lambda item: str(item.get_applies_to_display()))],
)
