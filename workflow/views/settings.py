"""Settings, Workflow, Lead categorization: the four rules."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from crm.http import Request
from crm.models import CompanyCategory
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.text import as_pk
from crm.views.base import page, unit_of_work
from crm.views.lists import require_administrator
from workflow.activity import activity
from workflow.forms import RulesForm, lock_settings


@require_safe
def home(request: Request) -> HttpResponse:
    """Settings, Workflow: its first tab."""
    require_administrator(request)
    return redirect("workflow:lead-categorization")


@unit_of_work
def lead_categorization(request: Request) -> HttpResponse:
    """Show the rules, or save them: 422 when incomplete, 409 when another administrator saved something else meanwhile.

    *Add another lead status* and *Remove* are buttons of the same form: they answer with it as typed, and save nothing.
    """
    require_administrator(request)
    if request.method != "POST":
        return _show(request, RulesForm(), "clean")
    if "add-row" in request.POST or "remove-row" in request.POST:
        return _change_rows(request)
    lock_settings()
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _show(request, form, "refused", status=422)
    if form.conflict():
        return _show(request, form, "conflict", status=409)
    form.save(by=request.user)
    if request.htmx:
        return _show(request, RulesForm(), "clean", just_saved=True)
    messages.success(request, _("Settings saved"))
    return redirect("workflow:lead-categorization")


def _change_rows(request: Request) -> HttpResponse:
    form = RulesForm(request.POST)
    if "add-row" in request.POST:
        form.lead_statuses.add()
    else:
        form.lead_statuses.remove(as_pk(request.POST["remove-row"]))
    rows = form.lead_statuses
    if rows.said and not request.htmx:
        messages.info(request, rows.said)
    response = _show(request, form, "typed")
    for event, value in {"announce": rows.said, "focus:on": rows.focus and f"#{rows.focus}"}.items():
        if request.htmx and value:
            trigger_client_event(response, event, {"target": "body", "value": value}, after="settle")
    return response


def _show(request: Request, form: RulesForm, state: str, *, status: int = 200, just_saved: bool = False) -> HttpResponse:
    """`state`: clean (as saved), typed (rows were added or removed), refused, conflict."""
    missing = form.first_missing
    potential = CompanyCategory.objects.active().filter(group=POTENTIAL_CUSTOMER)
    enabled = list(potential.values_list("lead_status_enabled", flat=True))
    context = {
        "active": "workflow", "form": form, "state": state, "just_saved": just_saved, "missing": missing, "activity": activity(),
        "bar": "invalid" if missing else "clean" if state == "clean" else "dirty",
        "no_potential": not enabled, "no_lead_status": not any(enabled),
    }  # fmt: skip
    return page(request, "settings/lead_categorization.html", context, fragment="form", status=status)
