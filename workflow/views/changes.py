"""Taking changes back, asking again, and what failed (A7, A9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.http import Request
from crm.models import Company
from crm.numbers import Number
from crm.paging import paginate
from crm.retrying import retrying
from crm.views.base import done, finish, page, refused, require, then_focus, unit_of_work
from crm.views.lists import require_administrator
from workflow.again import RETRY, CannotAskAgain, CannotRetry, ask_again, retry
from workflow.backfill import applying_of
from workflow.explain import explain, not_again
from workflow.models import APPLIED, Batch, CategoryDecision, Outcome
from workflow.undo import CannotUndo, Undoing, may_undo_batch, undo, undo_batch, undoing_of

EDIT = "crm.change_company"
AT_ONCE = 50  # rules retried by one press of a button
STEP = 1_000  # companies that go back between two looks at how far it is: about a second


def _company_of(pk: int) -> Company:
    """The company of this decision, or a 404."""
    return get_object_or_404(CategoryDecision.objects.select_related("company"), pk=pk).company


@require_POST
@unit_of_work
def decision_undo(request: Request, pk: int) -> HttpResponse:
    """Take a company's last change back."""
    require(request, EDIT)
    company = _company_of(pk)
    try:
        undone = undo(pk, by=request.user)
        text = _("Undone. {company} is {category} again.").format(company=company, category=undone.to_category)
        if undone.rule_id:
            text = f"{text} {not_again(undone)}"
        response = done(request, text, to=company.get_absolute_url())
    except CannotUndo as refusal:
        response = refused(request, refusal.why, to=company.get_absolute_url())
    return then_focus(request, response, "#category-chip")


@require_POST
@unit_of_work
def decision_ask_again(request: Request, pk: int) -> HttpResponse:
    """Ask what was answered with *keep* once more: the dialog opens."""
    require(request, EDIT)
    company = _company_of(pk)
    try:
        ask_again(pk, by=request.user)
    except CannotAskAgain as refusal:
        return refused(request, refusal.why, to=company.get_absolute_url())
    return finish(request, to=company.get_absolute_url())


@require_safe
def failures(request: Request) -> HttpResponse:
    """Rules that failed and that nobody has retried."""
    require_administrator(request)
    found = paginate(CategoryDecision.objects.failed().with_names(), field="created_at", descending=True, cursor=request.GET.get("page", ""))
    entries = [{"decision": decision, "why": explain(decision)} for decision in found.rows]
    return page(request, "settings/failures.html", {"active": "workflow", "tab": "failures", "found": found, "entries": entries}, fragment="list")


@require_POST
@unit_of_work
def decision_retry(request: Request, pk: int) -> HttpResponse:
    """Let a rule that failed look again."""
    company = _company_of(pk)
    require_administrator(request)
    try:
        new = retry(pk, by=request.user)
        say = messages.error if new.outcome == Outcome.FAILED else messages.success
        say(request, f"{company}: {explain(new)}")
        response = finish(request, to=company.get_absolute_url())
    except CannotRetry as refusal:
        response = refused(request, refusal.why, to=company.get_absolute_url())
    return then_focus(request, response, _retry_below(pk))


def _retry_below(pk: int) -> str:
    """The Retry button under that of this failure on the page of failures, else the one above."""
    failed = CategoryDecision.objects.failed().values_list("pk", flat=True)
    below = failed.filter(pk__lt=pk).order_by("-pk").first() or failed.filter(pk__gt=pk).order_by("pk").first()
    return f"#retry-{below}"


@require_POST
def retry_all(request: Request) -> HttpResponse:
    """Retry the oldest failures, each for itself, and say how many failed again."""
    require_administrator(request)
    outcomes = []
    for pk in list(CategoryDecision.objects.failed().order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        try:
            outcomes.append(retrying(lambda pk=pk: retry(pk, by=request.user)).outcome)  # type: ignore[misc]
        except CannotRetry:  # a colleague was faster
            continue
    again = outcomes.count(Outcome.FAILED)
    text = ngettext("{n} rule retried", "{n} rules retried", len(outcomes)).format(n=Number(len(outcomes)))
    if again:
        text += ". " + ngettext("{n} failed again.", "{n} failed again.", again).format(n=Number(again))
    (messages.error if again else messages.success)(request, text)
    is_over = not CategoryDecision.objects.failed().exists()
    return then_focus(request, finish(request, to=reverse("workflow:failures")), "#page-title" if is_over else "#retry-all")


@require_safe
def batches(request: Request) -> HttpResponse:
    """Imports, bulk edits and what else changed many companies at once."""
    require_administrator(request)
    query = Batch.objects.exclude(kind=RETRY).select_related(
        "user", "backfill__rule__lead_status", "backfill__target_category"
    )  # a retry is of one company, and stands in its history
    found = paginate(query, field="at", descending=True, cursor=request.GET.get("page", ""))
    return page(request, "settings/batches.html", {"active": "workflow", "tab": "batches", "found": found}, fragment="list")


def _batch_of(request: Request, pk: int) -> Batch:
    batch = get_object_or_404(Batch.objects.select_related("user"), pk=pk)
    if not may_undo_batch(batch, request.user):
        raise PermissionDenied(_("Only whoever did this, and administrators, can see it."))
    return batch


def _batch_context(batch: Batch, **extra: Any) -> dict[str, Any]:
    return {"active": "workflow", "tab": "batches", "batch": batch, "undoing": undoing_of(batch), "applying": applying_of(batch), **extra}


@require_safe
def batch_detail(request: Request, pk: int) -> HttpResponse:
    """What a batch changed, and how far it can be undone."""
    batch = _batch_of(request, pk)
    query = CategoryDecision.objects.filter(batch=batch, outcome__in=APPLIED, from_category__isnull=False).with_names().select_related("undone_by")
    found = paginate(query, field="created_at", descending=True, cursor=request.GET.get("page", ""))
    entries = [{"decision": decision, "why": explain(decision)} for decision in found.rows]
    return page(request, "settings/batch.html", _batch_context(batch, found=found, entries=entries), fragment="list")


def _undone(count: int, undoing: Undoing) -> str:
    """What came of one press of Undo: `count` companies went back now, `undoing` is how far it is after that."""
    if count:
        text = ngettext("Undone for {n} company.", "Undone for {n} companies.", undoing.undone).format(n=Number(undoing.undone))
    else:
        text = _("There is nothing more to undo.")
    left = undoing.changed_since
    if not left:
        return text
    stay = ngettext(
        "{n} company stays as it is: somebody has changed its category since.",
        "{n} companies stay as they are: somebody has changed their category since.",
        left,
    )
    return f"{text} {stay.format(n=Number(left))}"


@require_POST
def batch_undo(request: Request, pk: int) -> HttpResponse:
    """Undo a part of what a batch changed; the page goes on by itself until nothing is left."""
    batch = _batch_of(request, pk)
    waiting = undoing_of(batch).waiting
    count = undo_batch(batch, by=request.user, most=STEP)
    context = _batch_context(batch)
    left = context["undoing"].possible
    pressed = request.htmx.trigger == "undo-form"  # not by the page itself, which goes on: people may be elsewhere on it by then
    if left and count and request.htmx:
        response = page(request, "settings/batch_undo.html", context | {"going_on": True}, fragment="state")
        return then_focus(request, response, "#page-title") if pressed else response
    if count or not waiting:
        (messages.success if count else messages.error)(request, _undone(count, context["undoing"]))
    if waiting:
        messages.success(request, ngettext("{n} question withdrawn", "{n} questions withdrawn", waiting).format(n=Number(waiting)))
    response = finish(request, to=batch.get_absolute_url())
    return then_focus(request, response, "#page-title") if pressed else response
