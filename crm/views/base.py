"""What views share: a page and its fragment, and the answers to a verb."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.contrib.messages.storage import default_storage
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from crm.archiving import RecordArchived, refuse_archived
from crm.forms.base import RecordForm
from crm.http import Request
from crm.models import Submission
from crm.retrying import retrying
from crm.slots import UndoOffer


def page(request: Request, template: str, context: dict[str, Any], *, fragment: str, status: int = 200) -> HttpResponse:
    """The whole page, or for htmx its partial `fragment`: one view, one template, one truth."""
    name = f"{template}#{fragment}" if request.htmx else template
    return render(request, name, context, status=status)


def next_url(request: Request, default: str) -> str:
    """Where the form says to go afterwards, if that is on this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}) else default


def say(request: Request, text: str, *, undo: UndoOffer | None = None) -> None:
    """Tell the user what was done, in a toast; with `undo` it has a button that takes it back."""
    messages.success(request, text, extra_tags=undo.packed() if undo else "")


def done(request: Request, message: str, *, to: str, undo: UndoOffer | None = None) -> HttpResponse:
    """After a verb that worked: htmx shows the message and refreshes the page's live part; a plain form goes to `to`."""
    say(request, message, undo=undo)
    return finish(request, to=to)


def finish(request: Request, *, to: str) -> HttpResponse:
    """As `done()`, when the messages are said already."""
    if not request.htmx:
        return redirect(next_url(request, to))
    if stands_alone(request):
        return HttpResponseClientRedirect(resolve_url(next_url(request, to)))
    return toasts_only(request)


def stands_alone(request: Request) -> bool:
    """Whether the form that is shown or was sent stands on a page of its own (opened in a new tab), not in a dialog."""
    here = request.htmx.current_url_abs_path if request.htmx else request.path
    return bool(here) and urlsplit(here).path == request.path


def refused(request: Request, message: str, *, to: str, status: int = 409) -> HttpResponse:
    """A verb that could not be done any more: say why, and show what is true now."""
    messages.error(request, message)
    if request.htmx:
        return toasts_only(request, status=status)
    return redirect(next_url(request, to))


def toasts_only(request: Request, *, status: int = 200) -> HttpResponse:
    """The waiting messages as toasts, out of band; closes an open dialog and refreshes what the page shows."""
    response = HttpResponse(render_to_string("ui/toasts.html", {"oob": True}, request), status=status, headers={"HX-Reswap": "none"})
    trigger_client_event(response, "page:changed", {"target": "body"}, after="settle")
    return trigger_client_event(response, "dialog:close", {"target": "body"}, after="settle")


def then_focus(request: Request, response: HttpResponse, focus: str) -> HttpResponse:
    """Send focus to what matches `focus`, else to the page's title: the control that was used is gone when the page is refreshed."""
    return trigger_client_event(response, "focus:on", {"target": "body", "value": focus}, after="settle") if request.htmx else response


def require(request: Request, permission: str, why: str = "") -> None:
    """Raise PermissionDenied with a plain sentence unless the user may do this."""
    if not request.user.has_perm(permission):
        raise PermissionDenied(why or _("You do not have access to do this."))


def unit_of_work(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST is one transaction, done again where the database asks for it (a deadlock); looking at a form takes no lock."""

    @wraps(view)
    def one_piece(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        def attempt() -> HttpResponse:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            request._messages = default_storage(request)  # type: ignore[attr-defined]  # what a try that was rolled back had to say is not said
            with transaction.atomic():
                return view(request, *args, **kwargs)

        try:
            return retrying(attempt)
        except RecordArchived as refusal:
            return refused(request, str(refusal), to=refusal.record.get_absolute_url())

    return one_piece


def fetch[RecordModel: models.Model](request: Request, model: type[RecordModel], pk: int, *, archived: bool = False) -> RecordModel:
    """The record to be changed, locked when it is about to be written (in a `unit_of_work`).

    Raises Http404, and RecordArchived unless `archived` says that this can be done to one that is archived.
    """
    query = model._default_manager.all()
    record = get_object_or_404(query.select_for_update(no_key=True) if request.method == "POST" else query, pk=pk)
    if not archived:
        refuse_archived(record)
    return record


def edit_record(request: Request, form: RecordForm, *, template: str, context: dict[str, Any], message: str | Callable[[Any], str]) -> HttpResponse:
    """Show, check and save a form of one record: 422 when invalid, 409 when a colleague was faster; what was typed stays."""
    if request.method == "POST":
        with transaction.atomic():
            if form.is_valid() and not form.conflict():
                return _save(request, form, message)
    status = 200 if request.method != "POST" else 409 if form.is_valid() else 422
    return render(request, template, {"form": form, **context}, status=status)


def _save(request: Request, form: RecordForm, message: str | Callable[[Any], str]) -> HttpResponse:
    if form.instance.pk:
        record = form.save()
    else:
        record, url = once(form.cleaned_data.get("request_id"), form.save)
        if record is None:
            return HttpResponseRedirect(url or request.path)
    messages.success(request, message(record) if callable(message) else message.format(name=record))
    return redirect(next_url(request, record.get_absolute_url()))


def once(key: UUID | None, make: Callable[[], Any], *, address: Callable[[Any], str] | None = None) -> tuple[Any, str]:
    """Make a record for a form that may be sent twice (a double click), which carries the `key`. In a transaction.

    Returns the record and its `address`, its own unless something else is said; of a form that has been sent before None, and the
    address of what the first one made.
    """
    address = address or (lambda record: record.get_absolute_url())
    if key is None:
        record = make()
        return record, address(record)
    try:
        with transaction.atomic():
            submission = Submission.objects.create(key=key)
    except IntegrityError:
        return None, Submission.objects.get(key=key).result_url
    record = make()
    submission.result_url = address(record)
    submission.save(update_fields=["result_url"])
    return record, submission.result_url
