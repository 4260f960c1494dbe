"""A company's category history (A10): applied changes by their number, and between them what changed nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Protocol

from django.db.models import Q

from crm.models import Company, User
from crm.paging import SIZE, Page
from crm.text import as_pk
from workflow.again import RETRY, may_ask_again
from workflow.explain import explain
from workflow.handing import hand_overs_of, tell
from workflow.models import CategoryDecision, Outcome
from workflow.undo import may_undo_batch, why_not


class Dated(Protocol):
    """What says where a decision stands in its company's history."""

    pk: Any
    applied_version: int | None
    decided_at: dt.datetime | None
    created_at: dt.datetime


def when(decision: Dated) -> dt.datetime:
    """The moment of a decision: when it was decided, of one that waits when it was asked."""
    return decision.decided_at or decision.created_at


def in_order[Some: Dated](decisions: Iterable[Some]) -> Iterator[Some]:
    """Decisions of one company, newest first: the one order for card, page and command line. No statement.

    The number of an applied change is its place, whatever the clock said (A10); the others stand between them by when they ended.
    """
    applied: list[Some] = []
    others: list[Some] = []
    for decision in decisions:
        (applied if decision.applied_version else others).append(decision)
    applied.sort(key=lambda decision: decision.applied_version or 0)  # the newest last, to be taken from the end
    others.sort(key=lambda decision: (when(decision), decision.pk))
    while applied or others:
        other_is_newer = others and (not applied or (when(others[-1]), others[-1].pk) > (when(applied[-1]), applied[-1].pk))
        yield others.pop() if other_is_newer else applied.pop()


def history_of(company: Company, *, most: int) -> list[CategoryDecision]:
    """The latest `most` entries of the card, newest first: what was applied, what was kept, what failed. Two statements."""
    decisions = CategoryDecision.objects.filter(company=company).with_names()
    applied = decisions.filter(applied_version__isnull=False).order_by("-applied_version")[:most]
    others = decisions.filter(Q(outcome=Outcome.KEPT) | Q(outcome=Outcome.FAILED, retried_by=None)).order_by("-decided_at", "-pk")[:most]
    return list(islice(in_order([*applied, *others]), most))


def _part(keys: list[int], cursor: str, size: int) -> tuple[int, int]:
    side, _dash, mark = cursor.partition("-")
    at = keys.index(as_pk(mark)) if as_pk(mark) in keys else None
    if side == "before" and at:
        return max(0, at - size), at
    start = at + 1 if side == "after" and at is not None else 0
    return start, min(start + size, len(keys))


def page_of(company: Company, *, cursor: str, size: int = SIZE) -> Page:
    """A page of everything that was decided about a company, in the same order. Two statements.

    Where a decision stands depends on the others, so a short row of each is read: a company has hundreds, not millions. A cursor is
    "after-" or "before-" and a decision; whatever else it says shows the first page.
    """
    rows = CategoryDecision.objects.filter(company=company).order_by().values_list("pk", "applied_version", "decided_at", "created_at", named=True)
    keys = [row.pk for row in in_order(rows)]
    start, end = _part(keys, cursor, size)
    shown = keys[start:end]
    found = CategoryDecision.objects.with_names().in_bulk(shown)
    return Page(
        [found[pk] for pk in shown],
        f"after-{shown[-1]}" if shown and end < len(keys) else "",
        f"before-{shown[0]}" if shown and start else "",
        len(keys),
    )


def by_company(entries: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """These entries together by company, each company where its first stands."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for entry in entries:
        groups.setdefault(entry["decision"].company_id, []).append(entry)
    return list(groups.values())


def entries_for(user: User, decisions: Iterable[CategoryDecision]) -> list[dict[str, Any]]:
    """Decisions as a page tells them: each with its explanation, who handed it to whom, and what this person can do about it. One statement."""
    decisions, may_edit = list(decisions), user.may_edit_companies
    handed = hand_overs_of(decisions)
    return [
        {
            "decision": decision,
            "why": explain(decision),
            "hand_overs": tell(handed.get(decision.pk, []), user),
            "can_undo": may_edit and not decision.company.archived_at and not why_not(decision),
            "can_ask_again": may_edit and may_ask_again(decision),
            "can_see_batch": decision.batch is not None and decision.batch.kind != RETRY and may_undo_batch(decision.batch, user),
            "can_retry": decision.outcome == Outcome.FAILED and not hasattr(decision, "retried_by") and user.is_administrator,
        }
        for decision in decisions
    ]
