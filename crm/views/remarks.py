"""Write notes, plan follow-ups, and what is done with either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from crm.archiving import RecordArchived
from crm.facts import SUBJECTS
from crm.forms.base import RecordForm, point_at_first_error
from crm.forms.remarks import FollowUpForm, NoteForm, PlanForm
from crm.http import Request
from crm.models import Company, Contact, FollowUp, Note, Sale
from crm.paging import paginate
from crm.remarks import begin, require_author, set_deleted, set_done
from crm.slots import UndoOffer
from crm.views.base import done, fetch, once, page, refused, require, then_focus, unit_of_work
from crm.who import at_time, is_me

MAY_EDIT = "crm.change_company"
LATEST = 8  # on a card
PAGE = 50  # on the page of follow-ups
PLAN = "#plan-summary"  # where the next follow-up is planned
View = Callable[..., HttpResponse]


def note_form(subject: Company | Contact | Sale, request: Request, data: Any = None) -> NoteForm:
    """An empty form for a note about this record, or one that was sent."""
    form = NoteForm(data, instance=begin(Note, subject, by=request.user))
    form.auto_id = "note_%s"
    return form


def plan_form(subject: Company | Contact | Sale, request: Request, data: Any = None) -> PlanForm:
    """An empty form for a follow-up about this record, mine unless I choose somebody else, or one that was sent."""
    follow_up = begin(FollowUp, subject, by=request.user)
    follow_up.owner = request.user
    form = PlanForm(data, instance=follow_up)
    form.auto_id = "plan_%s"
    return form


def remarks_of(request: Request, subject: Company | Contact | Sale) -> dict[str, Any]:
    """The latest notes and the next follow-ups of a record, and the forms for more. Two statements, one more where nothing is planned."""
    notes = list(Note.objects.about(subject).select_related("created_by", "edited_by", "contact", "sale")[: LATEST + 1])
    follow_ups = list(FollowUp.objects.about(subject).open().select_related("owner", "contact", "sale")[: LATEST + 1])
    last = None if follow_ups else FollowUp.objects.about(subject).exclude(done_at=None).select_related("done_by").order_by("-done_at").first()
    return {
        "subject": subject, "kind": subject._meta.model_name, "notes": notes[:LATEST], "more_notes": len(notes) > LATEST,
        "follow_ups": follow_ups[:LATEST], "more_follow_ups": len(follow_ups) > LATEST, "last_done": last,
        "may_edit_all": request.user.is_administrator,
        "may_write": request.user.has_perm(MAY_EDIT) and not subject.archived_at,
        "note_form": note_form(subject, request), "plan_form": plan_form(subject, request),
        "notes_url": reverse(f"crm:{subject._meta.model_name}-notes", args=[subject.pk]),
        "plan_url": reverse(f"crm:{subject._meta.model_name}-follow-up", args=[subject.pk]),
    }  # fmt: skip


def _about(request: Request, model: type[Any], pk: int) -> Any:
    """The record that is written about, or whose notes are looked at. Raises PermissionDenied, Http404, and RecordArchived."""
    writes = request.method == "POST"
    require(request, MAY_EDIT if writes else f"crm.view_{model._meta.model_name}")
    return fetch(request, model, pk, archived=not writes)


def _notes(model: type[Any]) -> View:
    """All notes about one record of this kind, and where a new one is sent: 422 keeps what was typed."""

    @unit_of_work
    def notes(request: Request, pk: int) -> HttpResponse:
        subject = _about(request, model, pk)
        form = note_form(subject, request, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            once(form.cleaned_data["request_id"], form.save)
            return done(request, _("Note saved"), to=subject.get_absolute_url())
        query = Note.objects.about(subject).select_related("created_by", "edited_by", "contact", "sale")
        found = paginate(query, field="id", descending=True, cursor=request.GET.get("page", ""))
        return _page(request, "crm/notes.html", subject, {"found": found, "notes": found.rows, "note_form": form})

    return notes


def _follow_ups(model: type[Any]) -> View:
    """What is planned for one record of this kind and what was done last, and where a new follow-up is sent."""

    @unit_of_work
    def follow_ups(request: Request, pk: int) -> HttpResponse:
        subject = _about(request, model, pk)
        form = plan_form(subject, request, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            once(form.cleaned_data["request_id"], form.save)
            day = date_format(form.instance.due_on, "DATE_FORMAT")
            answer = done(request, _("Follow-up planned for {day}").format(day=day), to=subject.get_absolute_url())
            return then_focus(request, answer, "#follow-ups-h")
        query = FollowUp.objects.about(subject).select_related("owner", "contact", "sale", "done_by")
        found = query.exclude(done_at=None).order_by("-done_at", "-pk")[:PAGE]
        return _page(request, "crm/follow_ups.html", subject, {"follow_ups": query.open()[:PAGE], "finished": found, "plan_form": form})

    return follow_ups


def _page(request: Request, template: str, subject: Any, context: dict[str, Any]) -> HttpResponse:
    """The page of a record's notes or follow-ups; for htmx its live part, or the form that was refused."""
    wrong = request.method == "POST"
    whole = {**remarks_of(request, subject), **context, "active": SUBJECTS[type(subject)].active}
    return page(request, template, whole, fragment="form" if wrong else "live", status=422 if wrong else 200)


company_notes, contact_notes, sale_notes = _notes(Company), _notes(Contact), _notes(Sale)
company_follow_up, contact_follow_up, sale_follow_up = _follow_ups(Company), _follow_ups(Contact), _follow_ups(Sale)


def _remark(request: Request, model: type[Any], pk: int) -> Any:
    """The note or follow-up to be changed. Raises PermissionDenied, Http404, and RecordArchived where its record is archived."""
    require(request, MAY_EDIT)
    remark = fetch(request, model, pk, archived=True)
    for record in (remark.sale, remark.contact, remark.company):
        if record and record.archived_at:
            raise RecordArchived(record)
    if isinstance(remark, Note):
        require_author(remark, request.user)
    return remark


def _gone(request: Request, remark: Any) -> HttpResponse:
    """It was deleted in another window."""
    text = _("This note has been deleted. Nothing was saved.") if isinstance(remark, Note) else _("This follow-up has been deleted. Nothing was saved.")
    return refused(request, text, to=remark.get_absolute_url())


def _is_done(remark: Note | FollowUp) -> str:
    """Why a follow-up is not changed any more: somebody has done it. Empty where it may be."""
    if isinstance(remark, Note) or not remark.done_at:
        return ""
    if is_me(remark.done_by):
        return _("You did this in another window at {time}. Nothing was saved.").format(time=at_time(remark.done_at))
    return _("{who} has done this meanwhile. Nothing was saved.").format(who=remark.done_by or _("Somebody"))


def _editor(model: type[Any], form_class: type[RecordForm], template: str) -> View:
    """Edit in place: 422 when invalid, 409 when it was saved, done or deleted meanwhile in another window."""

    @unit_of_work
    def edit_remark(request: Request, pk: int) -> HttpResponse:
        remark = _remark(request, model, pk)
        if remark.archived_at:
            return _gone(request, remark)
        overtaken = _is_done(remark)
        if overtaken and request.method != "POST":
            return refused(request, overtaken, to=remark.get_absolute_url())
        form = form_class(request.POST if request.method == "POST" else None, instance=remark)
        form.auto_id = f"{model._meta.model_name}-{pk}_%s"
        form.fields["text"].widget.attrs["autofocus"] = True
        if request.method == "POST" and form.is_valid() and not overtaken and not form.conflict():
            _stamp(remark, request)
            form.save()
            return done(request, _("Note saved") if model is Note else _("Follow-up saved"), to=remark.get_absolute_url())
        point_at_first_error(form)
        status = 200 if request.method != "POST" else 409 if overtaken or form.is_valid() else 422
        context = {"form": form, "remark": remark, "overtaken": overtaken, "url": request.path, "active": SUBJECTS[type(remark.subject)].active}
        return page(request, template, context, fragment="form", status=status)

    return edit_remark


def _stamp(remark: Note | FollowUp, request: Request) -> None:
    if isinstance(remark, Note):
        remark.edited_at, remark.edited_by = timezone.now(), request.user
    else:
        remark.updated_by = request.user


note_edit = _editor(Note, NoteForm, "crm/remark_form.html")
follow_up_edit = _editor(FollowUp, FollowUpForm, "crm/remark_form.html")


def _deleter(model: type[Any], *, deleted: bool) -> View:
    """Delete, with Undo; or bring back."""
    kind = "note" if model is Note else "follow-up"
    texts = {("note", True): gettext_lazy("Note deleted"), ("note", False): gettext_lazy("The note is back")}
    texts |= {("follow-up", True): gettext_lazy("Follow-up deleted"), ("follow-up", False): gettext_lazy("The follow-up is back")}

    @require_POST
    @unit_of_work
    def delete_remark(request: Request, pk: int) -> HttpResponse:
        remark = _remark(request, model, pk)
        set_deleted(remark, deleted)
        undo = UndoOffer(reverse(f"crm:{kind}-restore", args=[pk])) if deleted else None
        answer = done(request, str(texts[kind, deleted]), to=remark.get_absolute_url(), undo=undo)
        return then_focus(request, answer, "#notes-h" if model is Note else PLAN) if deleted else answer

    return delete_remark


note_delete, note_restore = _deleter(Note, deleted=True), _deleter(Note, deleted=False)
follow_up_delete, follow_up_restore = _deleter(FollowUp, deleted=True), _deleter(FollowUp, deleted=False)


@require_POST
@unit_of_work
def follow_up_done(request: Request, pk: int) -> HttpResponse:
    """Done, with Undo, which is not offered for what a colleague has done; on its card the next one can be planned at once, so that nobody is forgotten."""
    follow_up = _remark(request, FollowUp, pk)
    if follow_up.archived_at:
        return _gone(request, follow_up)
    set_done(follow_up, by=request.user)
    mine, who = follow_up.done_by == request.user, follow_up.done_by or _("Somebody")
    text = _("Done: {text}") if mine else _("{who} has done this already: {text}")
    undo = UndoOffer(reverse("crm:follow-up-undone", args=[pk])) if mine else None
    answer = done(request, text.format(who=who, text=follow_up.text), to=follow_up.get_absolute_url(), undo=undo)
    return then_focus(request, answer, PLAN)


@require_POST
@unit_of_work
def follow_up_undone(request: Request, pk: int) -> HttpResponse:
    """It is still to be done after all."""
    follow_up = _remark(request, FollowUp, pk)
    set_done(follow_up, by=None)
    return done(request, _("Not done after all: {text}").format(text=follow_up.text), to=follow_up.get_absolute_url())
