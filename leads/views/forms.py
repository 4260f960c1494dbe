"""Settings, Lead forms: the list, and what is done with a form there (I1). The editor: `leads/views/form_editor.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from crm.http import Request
from crm.numbers import Number
from crm.slots import UndoOffer
from crm.text import as_uuid
from crm.views.base import done, once, page, refused, stands_alone, then_focus, unit_of_work
from crm.views.lists import administrators_post, require_administrator
from leads import lead_forms
from leads.forms.lead_forms import DeleteLeadFormForm
from leads.lead_forms import FormDeleted
from leads.models import Inquiry, LeadForm

LIST = "leads:form-list"
LATELY = dt.timedelta(days=30)


def form_deleted(request: Request, lead_form: LeadForm) -> HttpResponse:
    """A colleague has deleted it: a 409 that says how to get it back."""
    text = _("{name} has been deleted. Show deleted forms to restore it.").format(name=lead_form)
    return refused(request, text, to=f"{reverse(LIST)}?deleted=1")


def edit_url(lead_form: LeadForm) -> str:
    """The address of its editor."""
    return reverse("leads:form-edit", args=[lead_form.pk])


def _verb(act: Callable[[Request, LeadForm], HttpResponse]) -> Callable[..., HttpResponse]:
    """What the verbs share: by POST, for administrators, on a form that exists; one that was deleted meanwhile is a 409 that says so."""

    @administrators_post
    @wraps(act)
    def view(request: Request, pk: int) -> HttpResponse:
        lead_form = get_object_or_404(LeadForm, pk=pk)
        try:
            return act(request, lead_form)
        except FormDeleted:
            return form_deleted(request, lead_form)

    return view


@require_safe
def form_list(request: Request) -> HttpResponse:
    """Every form, with how much comes in; deleted ones on demand. Four statements."""
    require_administrator(request)
    context = _list_context(request)
    response = page(request, "settings/lead_forms.html", context, fragment="forms")
    if request.htmx and request.htmx.trigger == "show-deleted":
        number = len(context["rows"])
        text = ngettext("{n} form", "{n} forms", number).format(n=Number(number))
        trigger_client_event(response, "announce", {"target": "body", "value": text}, after="settle")
    return response


def _list_context(request: Request) -> dict[str, Any]:
    deleted = request.GET.get("deleted") == "1"
    query = LeadForm.objects.all() if deleted else LeadForm.objects.active()
    forms = list(query.select_related("category", "updated_by", "distribution"))
    forms.sort(key=lambda form: (form.archived_at is not None, form.title.casefold(), form.pk))
    lately = Count("pk", filter=Q(received_at__gte=timezone.now() - LATELY))
    counted = Inquiry.objects.filter(form__in=forms, state=Inquiry.State.RECEIVED).order_by().values("form").annotate(all=Count("pk"), lately=lately)
    counts = {row["form"]: row for row in counted}
    nothing = {"all": 0, "lately": 0}
    kept = Inquiry.objects.filter(form__in=[form for form in forms if form.archived_at], erased_at=None)
    left = set(kept.order_by().values_list("form", flat=True).distinct())
    rows = [
        {"form": form, "counts": counts.get(form.pk, nothing), "is_own": hasattr(form, "distribution"), "key": uuid4(), "left": form.pk in left}
        for form in forms
    ]
    return {"active": "lead-forms", "rows": rows, "deleted": deleted}


@_verb
def form_duplicate(request: Request, lead_form: LeadForm) -> HttpResponse:
    """A copy, to be looked at before it is switched on. A double click makes one."""
    copy, url = once(as_uuid(request.POST.get("request_id")), lambda: lead_forms.duplicate(lead_form.pk), address=edit_url)
    if copy is not None:
        messages.success(request, _("{name} made. It is switched off, and has an address of its own.").format(name=copy))
    return redirect(url)


@_verb
def form_switch(request: Request, lead_form: LeadForm) -> HttpResponse:
    """Let it receive inquiries, or not; Undo is the other way round. Doing it twice does it once."""
    on = request.POST.get("on") == "1"
    lead_form, changed = lead_forms.switch(lead_form.pk, on=on)
    text = _("{name} receives inquiries") if on else _("{name} is switched off. Visitors are told that it is closed.")
    undo = UndoOffer(reverse("leads:form-switch", args=[lead_form.pk]), {"on": 0 if on else 1}) if changed else None
    return done(request, text.format(name=lead_form), to=LIST, undo=undo)


@unit_of_work
def form_delete(request: Request, pk: int) -> HttpResponse:
    """Ask what becomes of what visitors typed, and delete the form. Of one that is deleted, what was kept can still be removed."""
    require_administrator(request)
    lead_form = get_object_or_404(LeadForm, pk=pk)
    count = Inquiry.objects.filter(form=lead_form, erased_at=None).count()
    if lead_form.archived_at and (not count or request.POST.get("inquiries") == DeleteLeadFormForm.KEEP):
        return form_deleted(request, lead_form)
    form = DeleteLeadFormForm(request.POST if request.method == "POST" else None, count=count)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, lead_form, form, count, 422 if form.errors else 200)
    try:
        __, erased = lead_forms.delete(pk, erase=form.erases)
    except FormDeleted:
        return form_deleted(request, lead_form)
    told = ngettext("What was typed in {n} inquiry is erased.", "What was typed in {n} inquiries is erased.", erased).format(n=Number(erased))
    text = "" if lead_form.archived_at else _("{name} deleted. It can be restored under Show deleted forms.").format(name=lead_form)
    text = f"{text} {told if erased else ''}".strip()
    return then_focus(request, done(request, text, to=LIST), "#page-title")


def _ask(request: Request, lead_form: LeadForm, form: DeleteLeadFormForm, count: int, status: int) -> HttpResponse:
    context = {"active": "lead-forms", "form": form, "subject": lead_form, "count": count, "alone": stands_alone(request)}
    return page(request, "settings/lead_form_delete.html", context, fragment="dialog" if request.method != "POST" else "body", status=status)


@_verb
def form_restore(request: Request, lead_form: LeadForm) -> HttpResponse:
    """Bring it back, switched off."""
    restored = lead_forms.restore(lead_form.pk)
    text = _("{name} restored. It is switched off.").format(name=restored)
    return then_focus(request, done(request, text, to=f"{reverse(LIST)}?deleted=1"), f"#form-{restored.pk}")
