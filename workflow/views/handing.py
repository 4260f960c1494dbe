"""Handing questions over to a colleague, and taking them back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crm.archiving import RecordArchived
from crm.http import Request
from crm.models import User
from crm.retrying import retrying
from crm.slots import UndoOffer
from crm.views.base import done, finish, next_url, page, refused, stands_alone
from workflow import handing, inbox, notifications
from workflow.decisions import NothingToDecide
from workflow.forms.handing import HandOverForm
from workflow.handing import CannotHandOver
from workflow.models import CategoryDecision, HandOver
from workflow.views.several import MOST_IN_A_DIALOG, asked_ids

INBOX = "workflow:confirmations"


def hand_over(request: Request) -> HttpResponse:
    """Choose a colleague for these suggestions, one or many: a dialog, inside an open one its next question, or without JavaScript a page."""
    ids = asked_ids(request)[:MOST_IN_A_DIALOG]
    found = list(inbox.answerable_by(request.user).filter(pk__in=ids).with_names().order_by("company__name", "pk"))
    if not found and request.htmx and not stands_alone(request):
        gone = _("There is nothing to hand over any more.") if ids else _("Choose at least one suggestion.")
        return refused(request, gone, to=reverse(INBOX), status=409 if ids else 422)
    form = HandOverForm(request.POST or None, asked=found, by=request.user)
    if request.method == "POST" and found and form.is_valid():
        return _handed(request, found, form.cleaned_data["to"], form.cleaned_data["note"])
    context: dict[str, Any] = {
        "active": "confirmations",
        "form": form,
        "decisions": found,
        "ids": ",".join(map(str, ids)),
        "next": next_url(request, reverse(INBOX)),
    }
    in_dialog = request.htmx.target == "confirm-form" or request.POST.get("in_dialog")
    if in_dialog and len(found) == 1:
        context["back"] = reverse("workflow:confirmation", args=[found[0].pk])  # to the question that it was opened from
    fragment = "body" if request.htmx.target in ("confirm-form", "hand-over-form") else "dialog"
    return page(request, "workflow/hand_over.html", context, fragment=fragment, status=422 if request.method == "POST" else 200)


def _handed(request: Request, found: list[CategoryDecision], to: User, note: str) -> HttpResponse:
    handed: list[HandOver] = []
    alone = len(found) == 1
    for decision in found:
        try:
            handed.append(retrying(lambda pk=decision.pk: handing.hand_over(pk, to=to, by=request.user, note=note, tells=alone)))  # type: ignore[misc]
        except CannotHandOver as refusal:
            messages.error(request, refusal.why)
        except RecordArchived as refusal:
            messages.error(request, str(refusal))
        except (NothingToDecide, PermissionDenied):
            messages.error(request, _("{company} was answered or handed over meanwhile.").format(company=decision.company))
    if handed and not alone:
        notifications.handed(handed)
    if not handed:
        return finish(request, to=reverse(INBOX))
    one = _("{company} was handed to {name}").format(company=found[0].company, name=to) if len(found) == 1 else ""
    many = ngettext("{n} suggestion was handed to {name}", "{n} suggestions were handed to {name}", len(handed)).format(n=len(handed), name=to)
    offer = UndoOffer(reverse("workflow:take-back"), {"ids": ",".join(str(one.pk) for one in handed)}, _("Take back"))
    return done(request, one or many, to=reverse(INBOX), undo=offer)


@require_POST
def hand_over_take_back(request: Request) -> HttpResponse:
    """Take back what was handed over, while it waits."""
    back, ids, denied = list[HandOver](), asked_ids(request)[:MOST_IN_A_DIALOG], list[PermissionDenied]()
    for pk in ids:
        try:
            back.append(retrying(lambda pk=pk: handing.take_back(pk, by=request.user, tells=len(ids) == 1)))  # type: ignore[misc]
        except CannotHandOver as refusal:
            messages.error(request, refusal.why)
        except RecordArchived as refusal:
            messages.error(request, str(refusal))
        except NothingToDecide as ended:
            messages.error(
                request,
                _("{company} was answered meanwhile: it is {category}.").format(company=ended.decision.company, category=ended.decision.company.category),
            )
        except HandOver.DoesNotExist:
            continue
        except PermissionDenied as refusal:
            denied.append(refusal)
    if not ids:
        raise Http404
    if len(denied) == len(ids):
        raise denied[0]
    if denied:  # each of the others is done and committed, or said
        text = ngettext("{n} suggestion is not yours to take back.", "{n} suggestions are not yours to take back.", len(denied))
        messages.error(request, text.format(n=len(denied)))
    if not back:
        return finish(request, to=reverse(INBOX))
    if len(ids) > 1:
        notifications.handed(back)
    text = ngettext("{n} suggestion was taken back", "{n} suggestions were taken back", len(back))
    return done(request, text.format(n=len(back)), to=reverse(INBOX))
