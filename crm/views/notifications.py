"""The bell, the list of notifications, and what is also sent by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.forms.notifications import ChoicesForm
from crm.http import Request
from crm.models import Notification
from crm.models.notifications import NotificationQuerySet
from crm.notifications import unread_of
from crm.numbers import Number
from crm.paging import count_capped, paginate
from crm.slots import notification_kinds
from crm.telling import told_of
from crm.text import as_pk
from crm.views.base import done, finish, page, unit_of_work

LATEST = 8  # in the menu of the bell
HOME = "crm:notifications"


def _mine(request: Request) -> NotificationQuerySet:
    return Notification.objects.filter(user=request.user)


def _find(request: Request, pk: int) -> Notification:
    found = get_object_or_404(Notification, pk=pk)
    if found.user_id != request.user.pk:
        raise PermissionDenied(_("This notification is somebody else’s."))
    return found


def _rows(request: Request, notifications: Sequence[Notification]) -> list[dict[str, Any]]:
    """Each with its words and its drawing."""
    told = told_of(request.user, notifications)
    kinds = {one.kind: notification_kinds.get(one.kind) for one in notifications}
    return [{"one": one, "told": told[one.pk], "icon": kind.icon if (kind := kinds[one.kind]) else "bell"} for one in notifications]


@require_safe
def notification_list(request: Request) -> HttpResponse:
    """All that I was told, the newest first; with `show=unread` what I have not looked at."""
    mine, only_unread = _mine(request), request.GET.get("show") == "unread"
    found = paginate(mine.unread() if only_unread else mine, field="id", descending=True, cursor=request.GET.get("page", ""))
    context = {
        "active": "", "found": found, "rows": _rows(request, found.rows), "only_unread": only_unread, "here": request.get_full_path(),
        "all_count": count_capped(mine), "unread_count": count_capped(mine.unread()), "newest": mine.order_by("-pk").values_list("pk", flat=True).first(),
    }  # fmt: skip
    return page(request, "crm/notifications.html", context, fragment="list")


@require_safe
def notifications_latest(request: Request) -> HttpResponse:
    """What the menu of the bell shows: the latest eight. Without htmx the whole list."""
    if not request.htmx:
        return redirect(HOME)
    found = list(_mine(request).order_by("-pk")[:LATEST])
    return render(
        request,
        "crm/notifications_latest.html",
        {"rows": _rows(request, found), "newest": found[0].pk if found else 0, "any_unread": any(not one.read_at for one in found)},
    )


@require_safe
def notifications_count(request: Request) -> HttpResponse:
    """How many are unread, for the bell of a page that is open for long: asked every minute, so it writes nothing."""
    unread = unread_of(request.user)
    return JsonResponse({"count": str(unread), "label": unread.label}, headers={"Cache-Control": "private, no-store"})


@require_safe
def notification(request: Request, pk: int) -> HttpResponse:
    """Go to what it is about, and mark it as read.

    By GET, though it writes: it is a link, in a mail too, and has to work in a new tab. It can be followed any number of times
    and does nothing but what looking does; only its owner can.
    """
    found = _find(request, pk)
    told = told_of(request.user, [found])[pk]
    if request.method == "GET":
        _mine(request).filter(pk=pk).mark_read()
    if told.url:
        return redirect(told.url)
    messages.error(request, told.text)
    return redirect(HOME)


@require_POST
def notification_read(request: Request, pk: int) -> HttpResponse:
    """Mark one as read."""
    _find(request, pk)
    _mine(request).filter(pk=pk).mark_read()
    return finish(request, to=HOME)


@require_POST
def notification_unread(request: Request, pk: int) -> HttpResponse:
    """Mark one as unread, to come back to it."""
    _find(request, pk)
    _mine(request).filter(pk=pk).update(read_at=None)
    return finish(request, to=HOME)


@require_POST
def notifications_read(request: Request) -> HttpResponse:
    """Mark all as read that this page could show: what has come since stays unread. `newest` is the latest of them."""
    newest = as_pk(request.POST.get("newest"))
    count = _mine(request).filter(pk__lte=newest).mark_read()
    text = ngettext("{n} notification marked as read", "{n} notifications marked as read", count).format(n=Number(count))
    return done(request, text if count else _("Nothing was unread any more."), to=HOME)


@unit_of_work
def notification_choices(request: Request) -> HttpResponse:
    """Which notifications I also want by e-mail."""
    form = ChoicesForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return done(request, _("Your choices are saved."), to=reverse("crm:notification-choices"))
    context = {"active": "", "form": form, "mailed": settings.MAIL_IS_SENT}
    return render(request, "crm/notification_choices.html", context, status=422 if form.errors else 200)
