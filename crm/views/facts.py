"""Edit one value of a card where it stands: click it, type, Enter. Escape leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from crm.facts import COMPANY, CONTACT, SALE, SUBJECTS, Shown, Subject
from crm.forms.base import point_at_first_error
from crm.http import Request
from crm.models import Contact
from crm.views.base import fetch, page, require, unit_of_work
from crm.views.contacts import told_of_move


def _editor(subject: Subject) -> Callable[..., HttpResponse]:
    """The view of one kind of record: the form of one fact, 422 when invalid, 409 when a colleague was faster."""

    @unit_of_work
    def edit_fact(request: Request, pk: int, fact: str) -> HttpResponse:
        require(request, f"crm.change_{subject.kind}")
        found = subject.fact(fact)
        if found is None:
            raise Http404
        shown = Shown(found, fetch(request, subject.model, pk))
        was = shown.record.company_id if isinstance(shown.record, Contact) else None
        form = subject.form(request.POST if request.method == "POST" else None, instance=shown.record)
        form.only(*found.fields)
        form.auto_id = f"{found.key}_%s"
        if request.method == "POST" and form.is_valid() and not form.conflict():
            form.save()
            return _saved(request, shown, told_of_move(shown.record, was) if was else "")
        status = 200 if request.method != "POST" else 409 if form.is_valid() else 422
        form.fields[found.fields[0]].widget.attrs["autofocus"] = True
        point_at_first_error(form)
        return page(request, "crm/fact.html", _context(shown, form), fragment="form", status=status)

    return edit_fact


def _context(shown: Shown, form: Any = None) -> dict[str, Any]:
    active = SUBJECTS[type(shown.record)].active
    return {"fact": shown, "form": form, "record": shown.record, "active": active, "many": len(shown.fact.fields) > 1, "may_edit": True}


def _saved(request: Request, shown: Shown, told: str) -> HttpResponse:
    """The value as it now is, in its place; the rest of the page follows."""
    text = told or _("{label} saved").format(label=shown.label)
    if told or not request.htmx:
        messages.success(request, text)
    if not request.htmx:
        return redirect(shown.record.get_absolute_url())
    response = page(request, "crm/fact.html", {**_context(shown), "told": told}, fragment="value")
    if not told:  # a value that stands there is seen; it need only be heard
        trigger_client_event(response, "announce", {"target": "body", "value": text}, after="settle")
    return trigger_client_event(response, "page:changed", {"target": "body"}, after="settle")


company_fact = _editor(COMPANY)
contact_fact = _editor(CONTACT)
sale_fact = _editor(SALE)
