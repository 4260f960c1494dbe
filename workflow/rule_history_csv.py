"""The rule history as a file, however long: a chunk at a time, so that memory does not grow with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.csv_safe import as_csv
from workflow.explain import explain
from workflow.models import CategoryDecision, DecisionQuerySet, Outcome, SkipReason

CHUNK = 500
TRIGGERS = dict(CategoryDecision.TRIGGERS)


def in_chunks(decisions: DecisionQuerySet, *, language: str) -> Iterator[str]:
    """These decisions as CSV in `language`, the newest first. One statement for each 500, so what is decided meanwhile is not in it.

    The language is set for each chunk: a response is sent when the request's own is no longer set.
    """
    with translation.override(language):
        text = as_csv([header()])
    yield text
    rest = decisions.with_names().select_related("rule__lead_status").order_by("-pk")
    while rows := list(rest[:CHUNK]):
        with translation.override(language):
            text = as_csv(map(row_of, rows))
        yield text
        if len(rows) < CHUNK:
            return
        rest = rest.filter(pk__lt=rows[-1].pk)


def file_name() -> str:
    """With today's date."""
    return f"{_('rule-history')}-{timezone.localdate():%Y-%m-%d}.csv"


def header() -> list[str]:
    """The names of the columns."""
    return [
        *(_("Time"), _("Number"), _("Company"), _("Outcome"), _("Reason"), _("Rule"), _("Cause"), _("Explanation")),
        *(_("From category"), _("Suggested category"), _("To category")),
        *(_("Caused by"), _("Asked of"), _("Decided by"), _("Decided at"), _("Batch")),
    ]


def row_of(decision: CategoryDecision) -> list[object]:
    """A decision in those columns. Expects `with_names()`; no statement.

    Labels come from the enumerations: `get_..._display()` looks at every choice, which was half the time of a long file.
    """
    why, batch = explain(decision), decision.batch
    return [
        *(_moment(decision.created_at), decision.applied_version, decision.company, Outcome(decision.outcome).label),
        decision.error or (capfirst(SkipReason(decision.skip_reason).label) if decision.skip_reason else ""),
        *(decision.rule or TRIGGERS[decision.trigger], why.cause, why),
        *(decision.from_category, decision.suggested_category, decision.to_category),
        *(decision.caused_by, decision.asked_of, decision.decided_by, _moment(decision.decided_at)),
        f"{batch.title} {batch.pk}" if batch else "",
    ]


def _moment(value: dt.datetime | None) -> str:
    return timezone.localtime(value).isoformat(timespec="seconds") if value else ""
