"""What would this rule do? And doing it: applying it to existing companies."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from crm.http import Request
from crm.models import Company, CompanyCategory, Contact, Sale
from crm.numbers import Number
from crm.text import as_pk, as_uuid
from crm.views.base import finish, once, page
from crm.views.lists import require_administrator
from leads.models import Lead
from workflow import backfill
from workflow.backfill import CannotApply, applying_of
from workflow.explain import explain
from workflow.forms.draft import DraftForm
from workflow.models import Backfill, Batch, CategoryDecision, SkipReason, Trigger
from workflow.preview import Draft, Preview, Seen, preview

SIZE = 50  # companies on a page
IN_A_DIALOG = 5
STEP = 2_000  # companies between two looks at how far it is: a second or two
MOST_LEFT_OUT = 5_000  # companies; who leaves out more had better narrow the rule


def rule_preview(request: Request) -> HttpResponse:
    """The companies that a rule would move, saved or not. A POST turns the page, and keeps who was left out."""
    require_administrator(request)
    values = request.POST if request.method == "POST" else request.GET
    form = DraftForm(values)
    return page(request, "settings/preview.html", _context(request, form), fragment="part")


@require_safe
def rule_preview_dialog(request: Request) -> HttpResponse:
    """The same in short, for a rule as it stands in the form, above the form."""
    require_administrator(request)
    form = DraftForm(request.GET, prefix=request.GET.get("prefix") or None)
    return page(request, "settings/preview_dialog.html", _context(request, form, size=IN_A_DIALOG), fragment="dialog")


def _context(request: Request, form: DraftForm, *, size: int = 0, **extra: Any) -> dict[str, Any]:
    draft, until, size = form.draft, timezone.now(), size or SIZE
    found = preview(draft, since=_since(form, until), until=until) if draft else Preview()
    left_out = _left_out(request)
    start = next((place for place, seen in enumerate(found.acts) if str(seen.company_id) == request.POST.get("go")), 0)
    shown = found.acts[start : start + size]
    names = CompanyCategory.objects.in_bulk([*found.from_categories, *([draft.target_id] if draft else [])])
    skipped = [(SkipReason(reason).label, count) for reason, count in found.skipped.most_common()]
    return {
        "active": "workflow", "tab": "", "form": form, "draft": draft, "found": found, "target": names.get(draft.target_id) if draft else None,
        "from_categories": [(names[pk], count) for pk, count in found.from_categories.most_common()], "skipped": skipped,
        "would_stay": found.skipped.total(),
        "entries": _entries(form, shown) if draft else [], "hidden": _hidden(names, draft, found) if draft else 0,
        "left_out": left_out, "left": len(found.acts) - len(left_out & {seen.company_id for seen in found.acts}),
        "first": start + 1, "last": start + len(shown), "go_back": found.acts[max(0, start - size)].company_id if start else "",
        "go_on": found.acts[start + size].company_id if len(found.acts) > start + size else "", "request_id": uuid.uuid4(), "triggers": Trigger,
        "whom": request.POST.get("whom", "me"), **extra,
    }  # fmt: skip


def _since(form: DraftForm, until: dt.datetime) -> dt.datetime:
    return until - dt.timedelta(days=form.days)


def _left_out(request: Request) -> set[int]:
    """Whom the pages before left out, and whom this one does: shown there, and not chosen."""
    before = [pk for part in request.POST.get("left_out", "").split(",") if (pk := as_pk(part))]
    shown = {pk for value in request.POST.getlist("shown") if (pk := as_pk(value))}
    chosen = {pk for value in request.POST.getlist("chosen") if (pk := as_pk(value))}
    return (set(before) | shown) - chosen


def _entries(form: DraftForm, shown: list[Seen]) -> list[dict[str, Any]]:
    """What the page says of each company. Two statements."""
    companies = Company.objects.select_related("category", "our_contact").in_bulk([seen.company_id for seen in shown])
    records = (Contact if form.takes_status else Sale).objects.in_bulk([seen.record_id for seen in shown])
    status, kind = form.cleaned_data["status"], "contact" if form.takes_status else "sale"
    return [
        {
            "company": companies[seen.company_id],
            "why": explain(CategoryDecision(trigger=form.trigger, lead_status=status, **{kind: records[seen.record_id]})).cause,
        }
        for seen in shown
        if seen.company_id in companies and seen.record_id in records
    ]


def _hidden(names: dict[int, CompanyCategory], draft: Draft, found: Preview) -> int:
    """How many contacts' lead status it would hide. At most one statement."""
    if names[draft.target_id].lead_status_enabled:
        return 0
    return Lead.objects.count_of([seen.company_id for seen in found.acts if names[seen.category_id].lead_status_enabled])


@require_POST
def rule_apply(request: Request) -> HttpResponse:
    """Apply the rule to the companies that were not left out: a first part now, the rest from the page that it leads to."""
    require_administrator(request)
    form = DraftForm(request.POST)
    try:
        with transaction.atomic():
            batch, url = once(as_uuid(request.POST.get("request_id")), lambda: _begin(request, form))
    except CannotApply as refusal:
        return page(request, "settings/preview.html", _context(request, form, refused=refusal.why), fragment="part", status=409)
    if batch:
        backfill.go_on(batch, by=request.user, most=STEP)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _begin(request: Request, form: DraftForm) -> Batch:
    if form.draft is None or not form.is_saved:
        raise CannotApply(_("Only a rule that is saved like this, and on, can be applied. Nothing was changed."))
    if len(_left_out(request)) > MOST_LEFT_OUT:
        raise CannotApply(_("More than {n} companies are left out. Nothing was changed. Choose fewer days, or another rule.").format(n=Number(MOST_LEFT_OUT)))
    since, whom = _since(form, timezone.now()), request.POST.get("whom") == "our-contact"
    return backfill.begin(form.draft, since=since, by=request.user, left_out=_left_out(request), ask_our_contact=whom).batch


@require_POST
def batch_apply(request: Request, pk: int) -> HttpResponse:
    """The next part of a rule that is being applied; the page goes on by itself until nothing is left."""
    batch = get_object_or_404(Batch.objects.all(), pk=pk)
    require_administrator(request)
    get_object_or_404(Backfill.objects.all(), batch=batch)
    if "stop" in request.POST:
        backfill.stop(batch, by=request.user)
    job = backfill.go_on(batch, by=request.user, most=STEP)
    if not request.htmx:
        return redirect(batch)
    if not job.ended_at:
        return page(request, "settings/batch_apply.html", {"batch": batch, "applying": applying_of(batch)}, fragment="state")
    return finish(request, to=batch.get_absolute_url())
