"""Settings, Workflow: what the categories that are there already mean (C6)."""

from __future__ import annotations

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from crm.http import Request
from crm.views.base import page, unit_of_work
from crm.views.lists import require_administrator
from workflow.forms.setup import SetupForm
from workflow.setup import apply, effects, lock_lists


@unit_of_work
def setup(request: Request) -> HttpResponse:
    """Show what each category means and what would follow (`preview`, nothing is saved), or do it all in one go.

    422 when something is missing, 409 when a colleague changed a category meanwhile; what was chosen stays.
    """
    require_administrator(request)
    if request.method != "POST":
        return _show(request, SetupForm())
    if "preview" in request.POST:
        return _show(request, SetupForm(request.POST), fragment="summary")
    lock_lists()
    form = SetupForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    if form.conflict():
        return _show(request, form, status=409)
    try:
        with transaction.atomic():
            apply(form.plan())
    except IntegrityError:  # another administrator made one of the items between our look and our save
        form.conflicts = [_("One of the items has been made by somebody else.")]
        return _show(request, form, status=409)
    messages.success(request, _("No changes") if form.plan().is_empty else _("The categories are set up"))
    return redirect("workflow:lead-categorization")


def _show(request: Request, form: SetupForm, *, status: int = 200, fragment: str = "form") -> HttpResponse:
    if status == 200:
        form.is_valid()
    plan = form.plan()
    context = {"active": "workflow", "form": form, "plan": plan, "effects": effects(plan), "refused": status == 422}
    return page(request, "settings/setup.html", context, fragment=fragment, status=status)
