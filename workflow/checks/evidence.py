"""What must have been decided: every transition while a rule for it was on has its decision (A8)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from crm.models import SaleTransition
from crm.signals import SaleChange
from crm.sql import CHUNK
from leads.models import LeadStatusChange
from workflow.checks.periods import RuleLog
from workflow.models import CategoryDecision, Trigger
from workflow.triggers import sale_causes

SALE_TRIGGERS = (Trigger.SALE_WON, Trigger.SALE_LOST, Trigger.SALE_REGISTERED)


class Answer(NamedTuple):
    """What a decision answers to, beside its record."""

    trigger: str
    rule_id: int
    subject_id: int  # of a sale: the company it was of; of a contact: the lead status


class Missing(NamedTuple):
    """A record whose transitions have fewer decisions than they should."""

    record_id: int  # the sale, or the contact
    answer: Answer
    moments: list[dt.datetime]  # of the transitions
    found: int


def missing_of_sales(log: RuleLog) -> Iterator[Missing]:
    """Sales that were won, lost or registered without their decision.

    Two statements, whose rows are read as they come, in the order of the sales: memory does not grow with them.
    """
    since = log.since(SALE_TRIGGERS)
    if since is None:
        return
    transitions = SaleTransition.objects.filter(at__gt=since).order_by("sale_id")
    rows = transitions.values_list("sale_id", "from_status", "to_status", "from_company_id", "to_company_id", "at").iterator(CHUNK)
    yield from _missing(_expected_of_sales(rows, log), _decided(SALE_TRIGGERS, "sale_id", "company_id"))


def missing_of_contacts(log: RuleLog) -> Iterator[Missing]:
    """Contacts whose lead status somebody set without its decision. As `missing_of_sales()`."""
    since = log.since([Trigger.LEAD_STATUS_SET])
    if since is None:
        return
    fired = LeadStatusChange.objects.filter(is_automatic=False, is_replacement=False)  # neither a default (L3) nor replacing (C4) fires a rule
    changes = fired.filter(at__gt=since).order_by("contact_id")
    rows = changes.values_list("contact_id", "to_status_id", "at").iterator(CHUNK)
    trigger = Trigger.LEAD_STATUS_SET
    expected = ((contact, Answer(trigger, rule, status), at) for contact, status, at in rows for rule in log.on(trigger, at, status))
    yield from _missing(expected, _decided([trigger], "contact_id", "lead_status_id"))


def _expected_of_sales(rows: Iterable[tuple[Any, ...]], log: RuleLog) -> Iterator[tuple[int, Answer, dt.datetime]]:
    for sale, old_status, new_status, old_company, new_company, at in rows:
        for cause in sale_causes([SaleChange(sale, old_status, new_status, old_company, new_company)]):
            for rule in log.on(cause.trigger, at):
                yield sale, Answer(cause.trigger, rule, cause.company_id), at


def _decided(triggers: Iterable[str], record: str, subject: str) -> Iterator[tuple[int, Answer]]:
    """What was decided, in the order of the records; not again (retries), not by undoing, not for existing companies."""
    decisions = CategoryDecision.objects.filter(trigger__in=triggers, retries=None, rule__isnull=False, **{f"{record}__isnull": False})
    rows = decisions.order_by(record).values_list(record, "trigger", "rule_id", subject).iterator(CHUNK)
    return ((row[0], Answer(*row[1:])) for row in rows)


def _missing(expected: Iterable[tuple[int, Answer, dt.datetime]], decided: Iterable[tuple[int, Answer]]) -> Iterator[Missing]:
    """Walk through both side by side; each is in the order of its records."""
    groups = groupby(decided, key=itemgetter(0))
    group = next(groups, None)
    for record, events in groupby(expected, key=itemgetter(0)):
        while group is not None and group[0] < record:
            group = next(groups, None)
        found = Counter(answer for _record, answer in group[1]) if group is not None and group[0] == record else Counter()
        moments: dict[Answer, list[dt.datetime]] = defaultdict(list)
        for _record, answer, at in events:
            moments[answer].append(at)
        for answer, times in moments.items():
            if len(times) > found[answer]:
                yield Missing(record, answer, sorted(times), found[answer])
