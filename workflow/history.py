"""A company's category history (A10): applied changes by their number, and between them what was kept."""

from __future__ import annotations

import datetime as dt

from crm.models import Company
from workflow.models import CategoryDecision, Outcome


def _when(decision: CategoryDecision) -> dt.datetime:
    return decision.decided_at or decision.created_at


def history_of(company: Company, *, most: int) -> list[CategoryDecision]:
    """The latest `most` entries, newest first. Two statements.

    The number of an applied change is its place, whatever the clock said; a question may have waited while others acted.
    """
    decisions = CategoryDecision.objects.filter(company=company).with_names()
    applied = list(decisions.filter(applied_version__isnull=False).order_by("-applied_version")[:most])
    kept = list(decisions.filter(outcome=Outcome.KEPT).order_by("-decided_at", "-pk")[:most])
    merged = []
    while applied or kept:
        newer_is_kept = kept and (not applied or _when(kept[0]) >= _when(applied[0]))
        merged.append(kept.pop(0) if newer_is_kept else applied.pop(0))
    return merged[:most]
