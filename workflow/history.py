"""A company's category history (A10): applied changes by their number, and between them what was kept, or failed and waits to be retried."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from crm.models import Company, User
from workflow.again import RETRY, may_ask_again
from workflow.explain import explain
from workflow.models import CategoryDecision, Outcome
from workflow.undo import may_undo_batch, why_not


def _when(decision: CategoryDecision) -> dt.datetime:
    return decision.decided_at or decision.created_at


def history_of(company: Company, *, most: int) -> list[CategoryDecision]:
    """The latest `most` entries, newest first. Two statements.

    The number of an applied change is its place, whatever the clock said; a question may have waited while others acted.
    """
    decisions = CategoryDecision.objects.filter(company=company).with_names()
    applied = list(decisions.filter(applied_version__isnull=False).order_by("-applied_version")[:most])
    kept = list(decisions.filter(Q(outcome=Outcome.KEPT) | Q(outcome=Outcome.FAILED, retried_by=None)).order_by("-decided_at", "-pk")[:most])
    merged = []
    while applied or kept:
        newer_is_kept = kept and (not applied or _when(kept[0]) >= _when(applied[0]))
        merged.append(kept.pop(0) if newer_is_kept else applied.pop(0))
    return merged[:most]


def entries_for(user: User, decisions: Iterable[CategoryDecision]) -> list[dict[str, Any]]:
    """Decisions as a page tells them: each with its explanation, and what this person can do about it. No statement."""
    may_edit = user.may_edit_companies
    return [
        {
            "decision": decision,
            "why": explain(decision),
            "can_undo": may_edit and not why_not(decision),
            "can_ask_again": may_edit and may_ask_again(decision),
            "can_see_batch": decision.batch is not None and decision.batch.kind != RETRY and may_undo_batch(decision.batch, user),
            "can_retry": decision.outcome == Outcome.FAILED and not hasattr(decision, "retried_by") and user.is_administrator,
        }
        for decision in decisions
    ]
