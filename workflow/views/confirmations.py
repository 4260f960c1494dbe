"""The confirmation dialog and the inbox (Q1 to Q7)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.http import Request
from crm.models import Company, CompanyCategory
from crm.paging import count_capped, paginate
from crm.retrying import retrying
from crm.slots import category_undo
from crm.text import as_pk
from crm.views.base import done, finish, next_url, page, require
from leads.models import Lead
from workflow import decisions, inbox
from workflow.decisions import Answered, NothingToDecide, Stale, TargetDeleted
from workflow.explain import explain
from workflow.history import entries_for, page_of
from workflow.models import CategoryDecision, Outcome, Trigger

MOST_IN_A_DIALOG = 50  # Q6: more are answered in the inbox


def _find(request: Request, pk: int) -> CategoryDecision:
    questions = CategoryDecision.objects.exclude(outcome__in=(Outcome.CHANGED, Outcome.SKIPPED, Outcome.FAILED, Outcome.UNDONE))
    decision = get_object_or_404(questions.with_names().select_related("company__category__group"), pk=pk)
    if not decisions.may_answer(decision, request.user) and decision.outcome == Outcome.WAITING:
        raise PermissionDenied(_("This question was asked of {name}.").format(name=decision.asked_of or _("the administrators")))
    return decision


def context_of(request: Request, decision: CategoryDecision, **extra: Any) -> dict[str, Any]:
    """Everything the dialog says about one suggestion. Two statements."""
    company, target = decision.company, decision.suggested_category
    hidden = company.category.lead_status_enabled and not (target and target.lead_status_enabled)
    return {
        "active": "confirmations", "decision": decision, "company": company, "why": explain(decision),
        "is_lead_status": decision.cause == Trigger.LEAD_STATUS_SET, "target_deleted": bool(target and target.archived_at),
        "hidden_contacts": Lead.objects.filter(contact__company=company).count() if hidden else 0, "changed_by": _last_changed_by(decision),
        "stale": company.category_id != decision.from_category_id, "categories": CompanyCategory.objects.active(),
        "next": next_url(request, company.get_absolute_url()), "is_over": decision.outcome != Outcome.WAITING, **extra,
    }  # fmt: skip


def _last_changed_by(decision: CategoryDecision) -> str:
    last = (
        CategoryDecision.objects.filter(company=decision.company, applied_version__isnull=False)
        .select_related("decided_by", "caused_by")
        .order_by("-applied_version")
        .first()
    )
    return str((last and (last.decided_by or last.caused_by)) or _("A rule"))


def confirmation(request: Request, pk: int) -> HttpResponse:
    """One suggestion with its three answers: a dialog, or without JavaScript a page."""
    if request.method == "POST":
        return _answer(request, pk, fragment="body")
    answer = "other" if request.GET.get("other") else ""
    return page(request, "workflow/confirmation.html", context_of(request, _find(request, pk), answer=answer), fragment="dialog")


@require_POST
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
    except (NothingToDecide, Stale):
        return again(409, asked_again=True)
    except TargetDeleted:
        return again(422)
    undo = category_undo(request, decision.company_id) if answered.changed else None
    return done(request, say(answered), to=decision.company.get_absolute_url(), undo=undo)


def give(pk: int, answer: str, category: CompanyCategory | None, *, by: Any, seen_version: int) -> Answered:
    """Pass one answer on to the verb it names; done again after a deadlock."""
    if answer == "accept":
        return retrying(lambda: decisions.accept(pk, by=by, seen_version=seen_version))
    if answer == "keep":
        return retrying(lambda: decisions.keep(pk, by=by, seen_version=seen_version))
    if category is None:
        raise ValueError("Another category was chosen, but none was named.")
    return retrying(lambda: decisions.choose(pk, category, by=by, seen_version=seen_version))


def say(answered: Answered) -> str:
    """What an answer did, for a toast."""
    text = _("{company} is now {category}") if answered.changed else _("{company} stays {category}")
    return text.format(company=answered.decision.company, category=answered.category)


def _asked_ids(request: Request) -> list[int]:
    values = request.POST if request.method == "POST" else request.GET
    return [pk for part in values.get("ids", "").split(",") if (pk := as_pk(part))]


@require_safe
def confirmations(request: Request) -> HttpResponse:
    """The inbox: what waits for me; for administrators also everyone's; what I have answered.

    `ids` shows just those, `batch` those of a rule that was applied to existing companies.
    """
    tab, is_administrator = request.GET.get("tab", ""), request.user.is_administrator
    mine, ids = inbox.waiting_for(request.user), _asked_ids(request)
    if request.GET.get("dialog") and request.htmx:
        return several(request, ids)
    if tab == "everyone" and is_administrator:
        query = inbox.waiting_for_anyone()
    elif tab == "answered":
        query = inbox.answered_by(request.user)
    else:
        query, tab = mine, ""
    if ids:
        query = query.filter(pk__in=ids)
    if batch := as_pk(request.GET.get("batch")):
        query = query.filter(batch=batch)
    moment = "decided_at" if tab == "answered" else "created_at"
    found = paginate(query.with_names(), field=moment, descending=True, cursor=request.GET.get("page", ""))
    context = {
        "active": "confirmations", "tab": tab, "found": found, "mine": count_capped(mine), "is_administrator": is_administrator,
        "only_these": bool(ids or batch), "everyone": count_capped(inbox.waiting_for_anyone()) if is_administrator else 0,
        "decisions": [{"decision": decision, "why": explain(decision)} for decision in found.rows],
    }  # fmt: skip
    return page(request, "workflow/confirmations.html", context, fragment="inbox")


def several(request: Request, ids: list[int], *, status: int = 200, fragment: str = "dialog", problems: dict[int, str] | None = None) -> HttpResponse:
    """Several suggestions from one save: one dialog with one list (Q6)."""
    return page(request, "workflow/several.html", several_context(request, ids, problems or {}), fragment=fragment, status=status)


def several_context(request: Request, ids: list[int], problems: dict[int, str]) -> dict[str, Any]:
    """The list of those that still wait for this person."""
    query = CategoryDecision.objects.waiting().filter(pk__in=ids)
    if not request.user.is_administrator:
        query = query.filter(asked_of=request.user)
    found = list(query.with_names().order_by("company__name", "pk")[: MOST_IN_A_DIALOG + 1])
    too_many = len(found) > MOST_IN_A_DIALOG
    return {
        "active": "confirmations", "ids": ",".join(map(str, ids)), "too_many": too_many, "count": len(ids) if too_many else len(found),
        "rows": [{"decision": decision, "why": explain(decision), "problem": problems.get(decision.pk, "")} for decision in found],
        "categories": CompanyCategory.objects.active(), "next": next_url(request, "/"),
    }  # fmt: skip


@require_POST
def answer_several(request: Request) -> HttpResponse:
    """Answer a list: each row stands for itself, and what could not be done is asked again."""
    problems: dict[int, str] = {}
    ids = _asked_ids(request)
    everything = request.POST.get("all") == "accept"
    count = 0
    for pk in ids[:MOST_IN_A_DIALOG]:
        answer, seen = request.POST.get(f"answer-{pk}", ""), as_pk(request.POST.get(f"seen-{pk}"))
        if not seen or not (everything or answer):
            continue
        category = CompanyCategory.objects.active().filter(pk=as_pk(answer)).first() if not everything else None
        answer = "accept" if everything else "other" if category else answer
        if answer not in ("accept", "keep", "other"):
            problems[pk] = _("The category has been deleted. Choose another one.")
            continue
        try:
            give(pk, answer, category, by=request.user, seen_version=seen)
            count += 1
        except Stale:
            problems[pk] = _("The category has changed meanwhile. Please choose again.")
        except (NothingToDecide, PermissionDenied, CategoryDecision.DoesNotExist):
            continue
        except TargetDeleted:
            problems[pk] = _("The category has been deleted. Choose another one.")
    if problems:
        fragment = "dialog" if request.htmx.target == "modal" else "body"
        return several(request, ids, status=409, fragment=fragment, problems=problems)
    messages.success(request, _("{n} answered").format(n=count))
    return finish(request, to="/")


@require_safe
def company_history(request: Request, pk: int) -> HttpResponse:
    """Every decision about a company, the skipped ones too: why it did, and why it did not."""
    require(request, "crm.view_company")
    company = get_object_or_404(Company.objects.select_related("category"), pk=pk)
    found = page_of(company, cursor=request.GET.get("page", ""))
    entries = entries_for(request.user, found.rows)
    return page(request, "workflow/history.html", {"active": "companies", "company": company, "entries": entries, "found": found}, fragment="list")
