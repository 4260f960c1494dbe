"""Bulk edit from a list: a step that asks, then one save and one summary (S3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.bulk_edit import MOST, Edited, Selection, close_sales, seen_in, set_category, set_our_contact, set_owner, set_stage
from crm.forms.base import point_at_first_error
from crm.forms.bulk import BulkForm, CategoryForm, CloseSalesForm, LoseSalesForm, OurContactForm, OwnerForm, StageForm
from crm.http import Request
from crm.models import Sale, Submission
from crm.record_lists import LISTS, Listing, RecordList
from crm.text import as_pk
from crm.views.base import finish, next_url, page, require, say, unit_of_work
from crm.views.bulk_told import SAY, answer, companies, left, sales, undo_offer


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done to many records of a list."""

    place: str
    key: str
    label: str | Promise  # of the button
    title: str | Promise  # of the step
    icon: str
    form: type[BulkForm]
    apply: Callable[[Selection, dict[str, Any], Any], Edited]
    told: Callable[[int, dict[str, Any]], str]
    css: str = ""

    @property
    def url(self) -> str:
        """Where its step is."""
        return reverse(f"crm:{self.place}-bulk-{self.key}")

    @property
    def permission(self) -> str:
        """What it needs."""
        return {"companies": "crm.change_company", "sales": "crm.change_sale"}[self.place]


def _close(status: str) -> Callable[[Selection, dict[str, Any], Any], Edited]:
    def close(selection: Selection, said: dict[str, Any], by: Any) -> Edited:
        return close_sales(selection, status=status, closed_on=said["closed_on"], reason=said["reason"], note=said["reason_note"], by=by)

    return close


VERBS = (
    Verb(
        "companies", "our-contact", _("Our contact"), _("Change our contact"), "user", OurContactForm,
        lambda selection, said, by: set_our_contact(selection, our_contact=said["our_contact"], by=by),
        lambda number, said: _t("Our contact for {what}: {name}").format(what=companies(number), name=said["our_contact"] or _t("Nobody")),
    ),
    Verb(
        "companies", "category", _("Category"), _("Change category"), "tag", CategoryForm,
        lambda selection, said, by: set_category(selection, category=said["category"], by=by),
        lambda number, said: ngettext("{n} company is now {name}.", "{n} companies are now {name}.", number).format(n=number, name=said["category"]),
    ),
    Verb(
        "sales", "won", _("Won"), _("When and why were the sales won?"), "trophy", CloseSalesForm, _close(Sale.Status.WON),
        lambda number, _said: ngettext("{n} sale won", "{n} sales won", number).format(n=number), "btn--won",
    ),
    Verb(
        "sales", "lost", _("Lost"), _("Why were the sales lost?"), "x-circle", LoseSalesForm, _close(Sale.Status.LOST),
        lambda number, _said: ngettext("{n} sale lost", "{n} sales lost", number).format(n=number), "btn--lost",
    ),
    Verb(
        "sales", "stage", _("Stage"), _("Change stage"), "board", StageForm,
        lambda selection, said, by: set_stage(selection, stage=said["stage"], by=by),
        lambda number, said: ngettext("{n} sale is now in {name}.", "{n} sales are now in {name}.", number).format(n=number, name=said["stage"]),
    ),
    Verb(
        "sales", "owner", _("Owner"), _("Change owner"), "user", OwnerForm,
        lambda selection, said, by: set_owner(selection, owner=said["owner"], by=by),
        lambda number, said: _t("Owner of {what}: {name}").format(what=sales(number), name=said["owner"] or _t("Nobody")),
    ),
)  # fmt: skip


def verbs_for(request: Request, listing: Listing) -> list[Verb]:
    """What this person can do to many records of this list; nothing to what is archived."""
    return [verb for verb in VERBS if verb.place == listing.records.place and request.user.has_perm(verb.permission) and not listing.is_archive]


@unit_of_work
def bulk_edit(request: Request, verb: Verb) -> HttpResponse:
    """The step of one verb: a dialog, or without JavaScript a page; sent, it does it."""
    require(request, verb.permission)
    records = LISTS[verb.place]
    selection, total = _selected(request, records)
    form = verb.form(request.POST or None, initial={"request_id": uuid.uuid4()})
    if request.method == "POST" and selection.pks and form.is_valid():
        return _do(request, verb, selection, form.cleaned_data)
    point_at_first_error(form)
    sent, count = request.POST or request.GET, len(selection.pks)
    context = {
        "active": verb.place, "verb": verb, "form": form, "what": SAY[verb.place](count), "count": count, "most": MOST, "is_capped": total > MOST,
        "kept": [
            *((name, value) for name in ("pick", "all", "query") for value in sent.getlist(name)),
            *([("as_of", selection.as_of.isoformat())] if selection.as_of else []),
        ],
        "is_undated": bool(sent.get("all")) and not selection.as_of,
        "next": next_url(request, reverse(records.url_name)),
    }  # fmt: skip
    return page(
        request, "crm/bulk_step.html", context, fragment="body" if request.method == "POST" else "dialog", status=422 if request.method == "POST" else 200
    )


def _selected(request: Request, records: RecordList) -> tuple[Selection, int]:
    """What was ticked, or all that match the list's address (at most 10,000); and how many that would be.

    All that match are none where the form does not say when they were shown: what changed since would be overwritten unseen.
    """
    sent = request.POST if request.method == "POST" else request.GET
    if sent.get("all"):
        as_of = _moment(sent.get("as_of", "")) or (None if request.method == "POST" else timezone.now())  # the step itself shows how many
        query = Listing(records, request, QueryDict(sent.get("query", ""))).query()
        pks = list(query.order_by("pk").values_list("pk", flat=True)[: MOST + 1]) if as_of else []
        return Selection(pks[:MOST], as_of=as_of), len(pks)
    seen = {as_pk(pk): values for pk, values in (seen_in(text, records.seen) for text in sent.getlist("pick")) if as_pk(pk)}
    pks = list(records.model.objects.filter(pk__in=seen).order_by("pk").values_list("pk", flat=True)[:MOST])
    return Selection(pks, seen), len(pks)


def _moment(text: str) -> Any:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _do(request: Request, verb: Verb, selection: Selection, said: dict[str, Any]) -> HttpResponse:
    """Do it, once for each form, and tell what came of it."""
    to = reverse(LISTS[verb.place].url_name)
    try:
        with transaction.atomic():
            Submission.objects.create(key=said["request_id"], result_url=to)
    except IntegrityError:  # a double click: the first one tells
        return finish(request, to=to)
    edited = verb.apply(selection, said, request.user)
    told = {**_told(verb, edited, said), "back": next_url(request, to)}
    if edited.kept is None:
        messages.error(request, told["text"])
    else:
        edited.kept.told = told
        edited.kept.save(update_fields=["told"])
        say(request, told["text"], undo=undo_offer(request, edited.kept))
    return answer(request, told, edited.kept, to=to)


def _told(verb: Verb, edited: Edited, said: dict[str, Any]) -> dict[str, Any]:
    """What the notice says of it for good; what comes of it later is asked each time."""
    return {
        "text": verb.told(len(edited.done), said) if edited.done else _t("Nothing was changed."),
        "already": SAY[verb.place](edited.already) if edited.already else "",
        **left(verb.place, edited.skipped, _t("Left as they were: {what}.")),
    }
