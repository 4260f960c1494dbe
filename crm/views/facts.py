"""Edit one value of a card where it stands: click it, type, Enter. Escape leaves it as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from crm.facts import COMPANY, CONTACT, SALE, SUBJECTS, Shown, Subject
from crm.forms.base import point_at_first_error
from crm.http import Request
from crm.models import Contact
from crm.slots import UndoOffer
from crm.views.base import done, fetch, page, refused, require, say, unit_of_work
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
        old = _form(shown)
        before = {name: _sent(old[name].value()) for name in (*found.fields, "seen")}
        form = _form(shown, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and not form.conflict():
            form.save()
            return _saved(request, shown, told_of_move(shown.record, was) if was else "", before)
        if request.POST.get("undo"):
            return _not_undone(request, shown)
        status = 200 if request.method != "POST" else 409 if form.is_valid() else 422
        form.fields[found.fields[0]].widget.attrs["autofocus"] = True
        point_at_first_error(form)
        return page(request, "crm/fact.html", _context(shown, form), fragment="form", status=status)

    return edit_fact


def _form(shown: Shown, data: Any = None) -> Any:
    """The form of this fact alone."""
    form = SUBJECTS[type(shown.record)].form(data, instance=shown.record)
    form.only(*shown.fact.fields)
    form.auto_id = f"{shown.key}_%s"
    return form


def _sent(value: Any) -> str:
    """A value as a form sends it."""
    return "" if value is None else str(value)


def _context(shown: Shown, form: Any = None) -> dict[str, Any]:
    active = SUBJECTS[type(shown.record)].active
    return {"fact": shown, "form": form, "record": shown.record, "active": active, "many": len(shown.fact.fields) > 1, "may_edit": True}


def _saved(request: Request, shown: Shown, told: str, before: dict[str, str]) -> HttpResponse:
    """The value as it now is, in its place, and a toast that takes it back; the rest of the page follows."""
    text = told or _("{label} of {name}: {value}").format(label=shown.label, name=shown.record, value=shown.spoken or _("empty"))
    if request.POST.get("undo"):
        return done(request, _("Undone. {text}").format(text=text), to=shown.record.get_absolute_url())
    seen = _sent(_form(shown)["seen"].value())  # nobody else's change is taken back
    undo = UndoOffer(shown.url, {**before, "seen": seen, "undo": 1}) if seen != before["seen"] else None
    say(request, text, undo=undo)
    if not request.htmx:
        return redirect(shown.record.get_absolute_url())
    response = page(request, "crm/fact.html", _context(shown), fragment="value")
    return trigger_client_event(response, "page:changed", {"target": "body"}, after="settle")


def _not_undone(request: Request, shown: Shown) -> HttpResponse:
    """Somebody has changed it since, or what it was is offered no more."""
    fresh = Shown(shown.fact, type(shown.record).objects.get(pk=shown.record.pk))
    text = _("{label} of {name} could not be put back. It is now: {value}.")
    text = text.format(label=fresh.label, name=fresh.record, value=fresh.spoken or _("empty"))
    return refused(request, text, to=fresh.record.get_absolute_url())


company_fact = _editor(COMPANY)
contact_fact = _editor(CONTACT)
sale_fact = _editor(SALE)
