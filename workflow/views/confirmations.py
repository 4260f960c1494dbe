"""The confirmation dialog and the inbox (Q1 to Q5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.archiving import RecordArchived
from crm.http import Request
from crm.models import Company, CompanyCategory
from crm.paging import Page, count_capped, paginate
from crm.slots import category_undo
from crm.text import as_pk
from crm.views.base import done, finish, next_url, page, refused, require, stands_alone
from crm.who import at_time, is_me
from workflow import decisions, handing, inbox
from workflow.decisions import NothingToDecide, Stale, TargetDeleted
from workflow.explain import explain
from workflow.history import by_company, entries_for, page_of
from workflow.inbox import Question
from workflow.models import CategoryDecision, Outcome, Trigger
from workflow.refusal import Refusal
from workflow.views.several import asked_ids, give, say, several_named

MANY = 10  # suggestions: from here on the inbox has a search box


class Gone(Refusal):
    """The question that this person was asked was taken back, or handed on."""


def _gone_is_said(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What is `Gone` closes its dialog and leaves the inbox, with a sentence about who has it now."""

    @wraps(view)
    def answered(request: Request, pk: int) -> HttpResponse:
        try:
            return view(request, pk)
        except Gone as gone:
            inbox_page = reverse("workflow:confirmations")
            if request.htmx and stands_alone(request):
                messages.error(request, gone.why)
                return finish(request, to=inbox_page)
            return refused(request, gone.why, to=inbox_page)

    return answered


def _find(request: Request, pk: int) -> CategoryDecision:
    questions = CategoryDecision.objects.exclude(outcome__in=(Outcome.CHANGED, Outcome.SKIPPED, Outcome.FAILED, Outcome.UNDONE))
    decision = get_object_or_404(questions.with_names().select_related("company__category__group"), pk=pk)
    if not decisions.may_answer(decision, request.user) and decision.outcome == Outcome.WAITING:
        if request.user.may_edit_companies and (why := handing.gone_from(decision, request.user)):
            raise Gone(why)
        raise PermissionDenied(_("This question was asked of {name}.").format(name=decision.asked_of or _("the administrators")))
    return decision


def context_of(request: Request, decision: CategoryDecision, **extra: Any) -> dict[str, Any]:
    """Everything the dialog says about one suggestion. Three statements, one more for one that a newer one has replaced."""
    company, target, is_over = decision.company, decision.suggested_category, decision.outcome != Outcome.WAITING
    archived = "" if is_over or not company.archived_at else str(RecordArchived(company))  # it waits for being restored (S5)
    handed = handing.hand_overs_of([decision]).get(decision.pk, [])
    return {
        "active": "confirmations", "decision": decision, "company": company, "why": explain(decision),
        "is_lead_status": decision.cause == Trigger.LEAD_STATUS_SET, "target_deleted": bool(target and target.archived_at),
        "hidden_contacts": inbox.hidden_by([decision]).get(company.pk, 0), "changed": _last_changed(decision),
        "stale": company.category_id != decision.from_category_id, "categories": CompanyCategory.objects.active(),
        "next": next_url(request, company.get_absolute_url()), "is_over": is_over or bool(archived), "archived": archived, "newer": _newer(request, decision),
        "handed": handing.tell(handed, request.user), **extra,
    }  # fmt: skip


def _newer(request: Request, decision: CategoryDecision) -> CategoryDecision | None:
    """What has taken this one's place, if this person may answer it."""
    if decision.outcome != Outcome.REPLACED or not request.user.may_edit_companies:
        return None
    return inbox.answerable_by(request.user).filter(company=decision.company).first()


def _last_changed(decision: CategoryDecision) -> str:
    """Who has changed the category since it was suggested: a sentence."""
    applied = CategoryDecision.objects.filter(company=decision.company, applied_version__isnull=False)
    last = applied.select_related("decided_by", "caused_by").order_by("-applied_version").first()
    who = (last.decided_by or last.caused_by) if last else None
    if last and last.decided_at and is_me(who):
        return _("You changed the category in another window at {time}.").format(time=at_time(last.decided_at))
    return _("{name} changed the category meanwhile.").format(name=who or _("A rule"))


@_gone_is_said
def confirmation(request: Request, pk: int) -> HttpResponse:
    """One suggestion with its three answers: a dialog, inside an open one its next question, or without JavaScript a page."""
    if request.method == "POST":
        return _answer(request, pk, fragment="body")
    answer = "other" if request.GET.get("other") else ""
    fragment = "body" if request.htmx.target in ("confirm-form", "hand-over-form") else "dialog"
    return page(request, "workflow/confirmation.html", context_of(request, _find(request, pk), answer=answer), fragment=fragment)


@require_POST
@_gone_is_said
def confirmation_quick(request: Request, pk: int) -> HttpResponse:
    """Accept or keep straight from the inbox; where that is not so simple any more, the dialog opens."""
    return _answer(request, pk, fragment="dialog")


def _answer(request: Request, pk: int, *, fragment: str) -> HttpResponse:
    decision = _find(request, pk)

    def again(status: int, **extra: Any) -> HttpResponse:
        fresh = _find(request, pk)
        return page(request, "workflow/confirmation.html", context_of(request, fresh, **extra), fragment=fragment, status=status)

    answer, seen = request.POST.get("answer", ""), as_pk(request.POST.get("seen_version"))
    category = None
    if answer == "other":
        category = CompanyCategory.objects.active().filter(pk=as_pk(request.POST.get("category"))).first()
        if category is None:
            return again(422, answer="other", other_missing=True)
    elif answer not in ("accept", "keep"):
        return again(422, answer_missing=True)
    try:
        answered = give(decision.pk, answer, category, by=request.user, seen_version=seen)
    except (NothingToDecide, PermissionDenied, RecordArchived, Stale):  # handed on or taken back just now, too
        return again(409, asked_again=True)
    except TargetDeleted:
        return again(422)
    undo = category_undo(request, decision.company_id) if answered.changed else None
    return done(request, say(answered), to=decision.company.get_absolute_url(), undo=undo)


@require_safe
def confirmations(request: Request) -> HttpResponse:
    """The inbox: what waits for me; for administrators also everyone's; what I have answered.

    `ids` shows just those, `batch` those of a rule that was applied to existing companies; `q` is part of a company's name, `of` whom it was asked of.
    """
    tab, is_administrator = request.GET.get("tab", ""), request.user.is_administrator
    ids = asked_ids(request, ticked=False)
    if request.GET.get("dialog") and request.htmx:
        return page(request, "workflow/several.html", several_named(request, request.GET.dict()), fragment="dialog")
    tab = tab if tab == "answered" or (tab == "everyone" and is_administrator) else ""
    lists = {"": inbox.waiting_for(request.user), "everyone": inbox.waiting_for_anyone(), "answered": inbox.answered_by(request.user)}
    query, batch = lists[tab], as_pk(request.GET.get("batch"))
    if ids:
        query = query.filter(pk__in=ids)
    if batch:
        query = query.filter(batch=batch)
    q, of = request.GET.get("q", ""), request.GET.get("of", "") if tab == "everyone" else ""
    found_in = inbox.narrowed(query, company=q, asked_of=of)
    moment = "decided_at" if tab == "answered" else "created_at"
    found = paginate(found_in.with_names().select_related("company__our_contact"), field=moment, descending=True, cursor=request.GET.get("page", ""))
    mine = count_capped(lists[""])
    everyone = count_capped(lists["everyone"]) if is_administrator else 0
    context = {
        "active": "confirmations", "tab": tab, "found": found, "mine": mine, "is_administrator": is_administrator, "everyone": everyone,
        "only_these": bool(ids or batch), "q": q, "of": of, "whom": list(inbox.whom_asked()) if tab == "everyone" else [],
        "many": bool(q or of) or tab == "answered" or (everyone if tab else mine) >= MANY, "here": request.get_full_path(), "narrowed": bool(q or of),
        **_rows(request, found, tab),
    }  # fmt: skip
    return page(request, "workflow/confirmations.html", context, fragment="inbox")


def _rows(request: Request, found: Page, tab: str) -> dict[str, Any]:
    """What waits, each with what one needs to know to decide; or what was answered, together by company."""
    if tab == "answered":
        return {"groups": by_company(entries_for(request.user, found.rows)), "questions": []}
    asked: list[Question] = inbox.questions(found.rows, request.user)
    return {"questions": asked, "groups": []}


@require_safe
def company_history(request: Request, pk: int) -> HttpResponse:
    """Every decision about a company, the skipped ones too: why it did, and why it did not."""
    require(request, "crm.view_company")
    company = get_object_or_404(Company.objects.select_related("category"), pk=pk)
    found = page_of(company, cursor=request.GET.get("page", ""))
    entries = entries_for(request.user, found.rows)
    return page(request, "workflow/history.html", {"active": "companies", "company": company, "entries": entries, "found": found}, fragment="list")
