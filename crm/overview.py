"""The overview's sections: follow-ups, stalled sales to reopen, and my pipeline."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.http import Request
from crm.models import FollowUp, Sale, SaleStage, User
from crm.models.rights import EDIT_COMPANY
from crm.paging import count_capped
from crm.slots import Quiet

MOST = 8  # rows of a section
URGENT = 25  # follow-ups


def follow_ups_due(request: Request, user: User) -> str:
    """What I am to follow up today, and what I should have before. One statement."""
    if not user.has_perm("crm.view_company"):
        return ""
    due = list(FollowUp.objects.due_for(user, timezone.localdate())[: URGENT + 1])
    if not due:
        return Quiet(_("Nothing to follow up today."))
    context = {"follow_ups": due[:URGENT], "more": len(due) > URGENT, "may_write": user.has_perm(EDIT_COMPANY)}
    return render_to_string("crm/overview_follow_ups.html", context, request)


def stalled_sales(request: Request, user: User) -> str:
    """My stalled sales whose day has come. Two statements."""
    if not user.has_perm("crm.view_sale"):
        return ""
    due = Sale.objects.current().filter(owner=user, status=Sale.Status.STALLED, reopen_on__lte=timezone.localdate())
    sales = list(due.select_related("company").order_by("reopen_on", "pk")[:MOST])
    if not sales:
        return Quiet(_("No stalled sale is due to be reopened."))
    return render_to_string("crm/overview_stalled.html", {"sales": sales, "count": count_capped(due)}, request)


def my_pipeline(request: Request, user: User) -> str:
    """My open sales by stage, and those that are overdue or close this week. At most five statements."""
    if not user.has_perm("crm.view_sale"):
        return ""
    mine = Sale.objects.open().filter(owner=user)
    counts, sums = mine.totals_by("stage")
    if not counts:
        return Quiet(_("You have no open sales."))
    today = timezone.localdate()
    closing = mine.filter(expected_close__lte=_end_of_week(today))
    context = {
        "stages": _stages(counts, sums), "total": mine.sums(), "count": sum(counts.values()), "today": today,
        "closing": closing.select_related("company", "stage").order_by("expected_close", "pk")[:MOST], "closing_count": count_capped(closing),
    }  # fmt: skip
    return render_to_string("crm/overview_pipeline.html", context, request)


def _end_of_week(today: dt.date) -> dt.date:
    """The Sunday of this week."""
    return today + dt.timedelta(days=6 - today.weekday())


def _stages(counts: dict[int | None, int], sums: dict[int | None, Any]) -> list[dict[str, Any]]:
    """Each stage that has sales, in the stages' order; those without a stage come last."""
    found = SaleStage.objects.filter(pk__in=[pk for pk in counts if pk]).order_by("position", "pk")
    return [{"stage": stage, "n": counts[pk], "sums": sums.get(pk, [])} for pk, stage in [*((one.pk, one) for one in found), (None, None)] if pk in counts]
