"""What a bulk edit has done, said as it is now, and taking it back (S3)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm import slots
from crm.bulk_edit import Skipped
from crm.bulk_undo import AlreadyUndone, Undone, may_undo, undo
from crm.http import Request
from crm.models import BulkEdit
from crm.numbers import Number
from crm.slots import UndoOffer
from crm.views.base import finish, next_url, refused, say, stands_alone, then_focus, unit_of_work

NAMED = 20  # records that the notice names; it counts the others
TOLD = "bulk_told"  # in the session: the notice, where the next page shows it


def companies(number: int) -> str:
    """So many, in words."""
    return ngettext("{n} company", "{n} companies", number).format(n=Number(number))


def sales(number: int) -> str:
    """So many, in words."""
    return ngettext("{n} sale", "{n} sales", number).format(n=Number(number))


SAY = {"companies": companies, "sales": sales}
CARDS = {"companies": "crm:company", "sales": "crm:sale"}


def undo_offer(request: Request, edit: BulkEdit) -> UndoOffer | None:
    """How this edit is taken back; one of categories with its batch (A9). Three statements for that, else none."""
    if edit.undone_at or not may_undo(edit, request.user):
        return None
    if edit.before:
        return UndoOffer(reverse("crm:bulk-undo", args=[edit.pk]))
    batch = slots.batch_page(request, edit.token)
    return batch.undo if batch else None


def left(place: str, records: list[Skipped], text: str) -> dict[str, Any]:
    """Records that were left as they were, for the notice; `text` says how many."""
    named = [{"url": reverse(CARDS[place], args=[pk]), "name": name, "why": why} for pk, name, why in records[:NAMED]]
    return {"skipped": named, "skipped_text": text.format(what=SAY[place](len(records))), "more": max(0, len(records) - NAMED)} if records else {}


def told_now(request: Request, told: dict[str, Any], edit: BulkEdit | None) -> dict[str, Any] | None:
    """The notice as it is true now; None where there is nothing more to say. Three statements where there was an edit."""
    if edit is None:
        return told
    if edit.undone_at:
        return {**edit.told, "url": reverse("crm:bulk-told", args=[edit.pk])} if edit.told.get("skipped") else None
    batch = slots.batch_page(request, edit.token)
    moved = companies(batch.moved) if batch and batch.moved else ""
    if not edit.before and not moved:  # its categories have been taken back
        return None
    now = {"moved": moved, "batch_url": batch.url, "waiting": batch.waiting, "waiting_url": batch.waiting_url} if batch else {}
    if not (told.get("already") or told.get("skipped") or now.get("moved") or now.get("waiting")):
        return None
    undo_it = undo_offer(request, edit) if edit.before else batch.undo if batch else None
    return {**told, **now, "undo": undo_it, "url": reverse("crm:bulk-told", args=[edit.pk])}


def told_before(request: Request) -> dict[str, Any] | None:
    """The notice of a bulk edit that a plain form sent; once."""
    told = request.session.pop(TOLD, None)
    return told_now(request, told, BulkEdit.objects.filter(pk=told.get("edit")).first()) if told else None


def answer(request: Request, told: dict[str, Any], edit: BulkEdit | None, *, to: str) -> HttpResponse:
    """The toasts, and the notice where there is more to say than they can."""
    here = request.htmx and not stands_alone(request)
    shown = told_now(request, told, edit)
    if shown and not here:
        request.session[TOLD] = {**told, "edit": edit.pk if edit else None}
    response = finish(request, to=to)
    if here:
        response.content += render_to_string("ui/bulk_told.html", {"told": shown, "oob": True}, request).encode()
    return response


def _edit_of(request: Request, pk: int) -> BulkEdit:
    edit = get_object_or_404(BulkEdit, pk=pk)
    if not may_undo(edit, request.user):
        raise PermissionDenied(_("Only whoever did this, and administrators, can see it."))
    return edit


@require_safe
def bulk_told(request: Request, pk: int) -> HttpResponse:
    """The notice above the list, asked for again when something has changed."""
    edit = _edit_of(request, pk)
    if not request.htmx:
        return redirect(f"crm:{edit.place}")
    return render(request, "ui/bulk_told.html", {"told": told_now(request, edit.told, edit), "oob": False})


@require_POST
@unit_of_work
def bulk_undo(request: Request, pk: int) -> HttpResponse:
    """Put back what a bulk edit has changed, where nobody has changed it since; doing it twice undoes once."""
    edit = _edit_of(request, pk)
    to = reverse(f"crm:{edit.place}")
    try:
        undone = undo(pk, by=request.user)
    except AlreadyUndone:
        return refused(request, _("This has been undone already."), to=to)
    text = _text(edit.place, undone)
    if undone.done:
        say(request, text)
    else:
        messages.error(request, text)
    edit.refresh_from_db()
    edit.told = {"text": text, "back": next_url(request, to), **left(edit.place, undone.left, _("Not undone: {what}."))}
    edit.save(update_fields=["told"])
    return then_focus(request, answer(request, edit.told, edit, to=to), "#page-title")


def _text(place: str, undone: Undone) -> str:
    done = _("Undone for {what}.").format(what=SAY[place](len(undone.done))) if undone.done else _("Nothing could be undone.")
    stays = ngettext("{what} stays as it is: see above the list.", "{what} stay as they are: see above the list.", len(undone.left))
    also = [stays.format(what=SAY[place](len(undone.left)))] if undone.left and undone.done else []
    return " ".join([done, *also, *undone.moved])
