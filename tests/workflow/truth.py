"""What must be true of the whole database after whatever happened, in whatever order."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from crm.models import SaleTransition
from workflow.checks import check
from workflow.models import CategoryDecision, Trigger


def assert_everything_is_true(*, always_on: tuple[str, ...] = ()) -> None:
    """What check_ledger checks, and that each transition has what it is owed, and nothing else.

    `always_on` are the triggers whose rule was on all the time; the others may have been off, at the very moment of a sale.
    """
    assert [sentence for finding in check(margin=dt.timedelta(hours=1)).findings for sentence in finding.sentences] == []
    _owed(always_on)
    assert not CategoryDecision.objects.filter(outcome="failed").exists()


def _owed(always_on: tuple[str, ...]) -> None:
    owed: Counter[tuple[str, int]] = Counter()
    for change in SaleTransition.objects.exclude(to_company=None):
        came = change.from_company_id != change.to_company_id
        if came or change.from_status != change.to_status:
            owed[f"sale_{change.to_status}", change.sale_id] += 1
        if came:
            owed["sale_registered", change.sale_id] += 1
    given = Counter(CategoryDecision.objects.filter(trigger__in=Trigger.values, retries=None).exclude(sale=None).values_list("trigger", "sale"))
    assert not given - owed, "a rule answered to something that did not happen (A3)"
    missing = {key for key in owed - given if key[0] in always_on}
    assert not missing, "a rule that was on left no decision (A8)"
