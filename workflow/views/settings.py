"""Settings, Workflow, Lead categorization: the four rules."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from crm.http import Request
from crm.models import CompanyCategory
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.views.base import page, unit_of_work
from crm.views.lists import require_administrator
from workflow.activity import activity
from workflow.forms import RulesForm, lock_settings


@unit_of_work
def lead_categorization(request: Request) -> HttpResponse:
    """Show the rules, or save them: 422 when incomplete, 409 when another administrator saved something else meanwhile."""
    require_administrator(request)
    if request.method != "POST":
        return _show(request, RulesForm(), "clean")
    lock_settings()
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _show(request, form, "invalid", status=422)
    if form.conflict():
        return _show(request, form, "conflict", status=409)
    form.save(by=request.user)
    if request.htmx:
        return _show(request, RulesForm(), "clean", just_saved=True)
    messages.success(request, _("Settings saved"))
    return redirect("workflow:lead-categorization")


def _show(request: Request, form: RulesForm, state: str, *, status: int = 200, just_saved: bool = False) -> HttpResponse:
    context = {
        "active": "workflow", "form": form, "state": state, "just_saved": just_saved, "activity": activity(),
        "no_potential": not CompanyCategory.objects.active().filter(group=POTENTIAL_CUSTOMER).exists(),
    }  # fmt: skip
    return page(request, "settings/lead_categorization.html", context, fragment="form", status=status)
