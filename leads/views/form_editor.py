"""The editor of a lead form, with its preview and the snippets for their own site (I1)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from crm.http import Request
from crm.text import as_pk
from crm.views.base import once, page, unit_of_work
from crm.views.lists import require_administrator
from leads import lead_forms
from leads.forms.asks import STANDARD, change, may_add
from leads.forms.lead_forms import LeadFormForm
from leads.forms.public import PublicForm
from leads.models import LeadForm, LeadFormField
from leads.views.forms import edit_url, form_deleted

IN_PLACE = {"ask-up": "up", "ask-down": "down", "ask-remove": "remove", "ask-add": "add"}  # buttons of the form that save nothing


@unit_of_work
def form_edit(request: Request, pk: int | None = None) -> HttpResponse:
    """Make or edit a form: 422 when invalid, 409 when another administrator was faster.

    *Up*, *Down*, *Add*, *Remove* and *Preview* are buttons of the same form: they answer with it as typed, and save nothing.
    """
    require_administrator(request)
    lead_form = _looked_at(request, pk)
    if lead_form.archived_at:
        return form_deleted(request, lead_form)
    if request.method != "POST":
        return _show(request, LeadFormForm(instance=lead_form))
    form = LeadFormForm(request.POST, instance=lead_form)
    if verb := next((verb for verb in IN_PLACE if verb in request.POST), ""):
        return _change_asks(request, form, IN_PLACE[verb], request.POST[verb])
    if "preview" in request.POST:
        preview = _preview_of(request.POST, pk)
        form.as_typed()
        return _show(request, form, preview=preview, typed=True)
    if not form.is_valid():
        return _show(request, form, status=422)
    if form.conflict():
        return _show(request, form, status=409)
    return _save(request, form)


def _looked_at(request: Request, pk: int | None) -> LeadForm:
    """The form, or a new one. Before saving: what it names and would name is locked, then the form. Raises Http404."""
    seen = LeadForm() if pk is None else get_object_or_404(LeadForm, pk=pk)
    if request.method != "POST":
        return seen
    named = {name: {as_pk(request.POST.get(name)), getattr(seen, f"{name}_id") or 0} - {0} for name in ("category", "lead_status")}
    lead_forms.lock_items(categories=named["category"], statuses=named["lead_status"])
    return seen if pk is None else lead_forms.locked(pk, deleted=True)


def _save(request: Request, form: LeadFormForm) -> HttpResponse:
    """To the editor of what was saved: what comes next is copying the snippet."""
    is_new, url = not form.instance.pk, ""

    def save() -> LeadForm:
        lead_forms.save(form.instance, asks=form.cleaned_data["asks"], distributed_by=form.cleaned_data["distributed_by"])
        return form.instance

    try:
        with transaction.atomic():
            if is_new:
                made, url = once(form.cleaned_data["request_id"], save, address=edit_url)
                if made is None:
                    return redirect(url)
            else:
                save()
    except IntegrityError:  # another administrator took the address between our look and our save
        form.add_error("slug", LeadForm._meta.get_field("slug").error_messages["unique"])
        return _show(request, form, status=422)
    text = _("{name} saved. Copy the snippet below to put it on your site.") if is_new else _("{name} saved")
    messages.success(request, text.format(name=form.instance))
    return redirect(url or edit_url(form.instance))


def _change_asks(request: Request, form: LeadFormForm, verb: str, key: str) -> HttpResponse:
    rows = form["asks"].value()
    said, focus = change(rows, verb, key)
    form.take_asks(rows)
    form.as_typed()
    if not request.htmx:
        if said:
            messages.info(request, said)
        return _show(request, form, typed=True)
    response = page(request, "settings/lead_form_asks.html", {"form": form, **_asks_context(form)}, fragment="asks")
    for event, value in {"announce": said, "focus:on": focus and f"#{focus}"}.items():
        if value:
            trigger_client_event(response, event, {"target": "body", "value": value}, after="settle")
    return trigger_client_event(response, "input", {"target": "#asks"}, after="settle")  # as if typed: there is something to save, and to preview


def _show(request: Request, form: LeadFormForm, *, preview: PublicForm | None = None, typed: bool = False, status: int = 200) -> HttpResponse:
    lead_form = form.instance
    saved = LeadForm.objects.get(pk=lead_form.pk) if lead_form.pk else None
    shown = preview or (_preview_of(request.POST, lead_form.pk) if request.method == "POST" else _preview_saved(saved, form))
    context = {
        "active": "lead-forms", "form": form, "saved": saved, "typed": typed, "preview": shown, "key": uuid4(),
        **_asks_context(form), **_address(request, form, saved), **(_snippets(request, saved) if saved else {}),
    }  # fmt: skip
    return render(request, "settings/lead_form.html", context, status=status)


def _asks_context(form: LeadFormForm) -> dict[str, Any]:
    rows, kinds = form.rows, [choice for choice in LeadFormField.Kind.choices if choice[0]]
    language = form["language"].value()
    asked = LeadForm(language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)
    standard = PublicForm(asked, fields=[LeadFormField(key=key) for key in STANDARD]).fields
    return {
        "standard": {key: field.label for key, field in standard.items()},
        "rows": rows,
        "may_add": may_add(rows),
        "kinds": kinds,
        "asked_in": asked.language,
        "arrows": [("up", _("Move up")), ("down", _("Move down"))],
    }


def _snippets(request: Request, lead_form: LeadForm) -> dict[str, str]:
    """What is put into a page of their own site: the whole form, or a form that is theirs, with the names of our fields."""
    context = {"lead_form": lead_form, "public": PublicForm(lead_form), "script": request.build_absolute_uri(reverse("leads:public-script"))}
    context["address"] = request.build_absolute_uri(lead_form.get_absolute_url())
    return {name: render_to_string(f"leads/{name}.txt", context) for name in ("snippet", "snippet_own")}


def _preview_of(data: Any, pk: int | None) -> PublicForm:
    """The public form of what is typed. On an instance of its own: looking at it changes nothing."""
    form = LeadFormForm(data, instance=LeadForm.objects.get(pk=pk) if pk else LeadForm())
    lead_form, fields = form.typed_form()
    return PublicForm(lead_form, fields=fields)


def _preview_saved(saved: LeadForm | None, form: LeadFormForm) -> PublicForm:
    return PublicForm(saved) if saved else _preview_of({**form.initial, "asks": form.rows}, None)


def _address(request: Request, form: LeadFormForm, saved: LeadForm | None) -> dict[str, Any]:
    """Where visitors find it, and whether that is about to change."""
    slug = form.slug_now
    where = reverse("leads:public-form", args=[slug]) if slug else ""
    here = request.build_absolute_uri(saved.get_absolute_url()) if saved else ""
    return {"address": request.build_absolute_uri(where) if where else "", "public_url": here, "moves": bool(saved and slug and slug != saved.slug)}


def form_preview(request: Request) -> HttpResponse:
    """The form as visitors would see it, from what is typed in the editor. Saves nothing; by POST, since texts are long."""
    require_administrator(request)
    return require_POST(_preview)(request)


def _preview(request: Request) -> HttpResponse:
    saved = LeadForm.objects.filter(pk=as_pk(request.POST.get("form"))).first()
    form = LeadFormForm(request.POST, instance=LeadForm.objects.get(pk=saved.pk) if saved else LeadForm())
    context = {"preview": _preview_of(request.POST, saved.pk if saved else None), **_address(request, form, saved), "active": "lead-forms"}
    return page(request, "settings/lead_form_preview.html", context, fragment="shown")
