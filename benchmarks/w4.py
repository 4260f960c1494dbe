"""W4: what a rule would do to the sales won lately is looked up, at as many companies as there are sales. Nothing is written."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import data
from benchmarks.measure import Measure, Work, compare, cost_in_child, cost_of, statements, traced_in_child
from benchmarks.results import Result, Sizes
from benchmarks.w2 import win_havn
from crm.models import CompanyCategory
from workflow.models import AutomationRule, CategoryDecision, Trigger
from workflow.preview import Draft, preview

HAVN, SQL = "Havn preview()", "SQL by hand"
DAYS = dt.timedelta(days=30)

BY_HAND = """
SELECT t.to_company_id, MIN(t.sale_id) FROM crm_saletransition t
JOIN crm_sale s ON s.id = t.sale_id AND s.company_id = t.to_company_id AND s.status = 'won' AND s.archived_at IS NULL
JOIN crm_company c ON c.id = t.to_company_id AND c.category_id <> %(target)s
JOIN crm_companycategory k ON k.id = c.category_id AND k.group_id = 'potential_customer'
WHERE t.at >= %(since)s AND t.to_status = 'won' AND (t.from_status <> 'won' OR COALESCE(t.from_company_id, 0) <> t.to_company_id)
  AND NOT EXISTS (SELECT 1 FROM workflow_categorydecision d WHERE d.company_id = c.id AND (d.outcome = 'waiting' OR d.rule_id = %(rule)s
    AND d.suggested_category_id = %(target)s AND d.sale_id = t.sale_id AND d.outcome IN ('kept', 'undone', 'changed', 'accepted', 'chose_other')))
GROUP BY t.to_company_id"""


def look_havn() -> list[tuple[int, int]]:
    """The companies that the rule would move, each with the sale that calls for it."""
    now = timezone.now()
    return [(seen.company_id, seen.record_id) for seen in preview(_draft(), since=now - DAYS, until=now).acts]


def look_by_hand() -> list[tuple[int, int]]:
    """The same, in one statement that says nothing of those which would stay."""
    draft = _draft()
    since = connection.ops.adapt_datetimefield_value(timezone.now() - DAYS)
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, {"target": draft.target_id, "rule": draft.rule_id, "since": since})
        return cursor.fetchall()


def _draft() -> Draft:
    rule = AutomationRule.objects.get(trigger=Trigger.SALE_WON, archived_at=None)
    return Draft(Trigger.SALE_WON, CompanyCategory.objects.get(name="Opportunity").pk, False, rule_id=rule.pk)


def prepare(size: int, *, varied: bool = False) -> None:
    """So many sales, each of its own company, won while no rule was on."""
    data.rules_on(sale_won="Opportunity")
    data.fill(size)
    if varied:
        data.vary()
    data.plain(AutomationRule).update(is_enabled=False)
    win_havn()
    data.settle()


def check(size: int) -> None:
    """Havn and the SQL name the same companies, whatever the guards say, and nothing is written."""
    prepare(size, varied=True)
    decisions = CategoryDecision.objects.count()
    data.expect(sorted(look_by_hand()), sorted(look_havn()), "W4: SQL by hand")
    data.expect(CategoryDecision.objects.count(), decisions, "W4: decisions")


def run(sizes: Sizes, *, measure: Measure = cost_in_child) -> list[Result]:
    """Check that both see the same, then measure them."""
    check(sizes.check)
    size = max(sizes.updates)
    prepare(size)
    works: dict[str, Work] = {HAVN: look_havn, SQL: look_by_hand}
    allocated = {HAVN: traced_in_child(look_havn)} if measure is not cost_of else {}
    sent = {name: statements(work) for name, work in works.items()}
    found = {name: len(work()) for name, work in ((HAVN, look_havn), (SQL, look_by_hand))}
    data.expect(found, {HAVN: size, SQL: size}, "W4: companies")
    nothing = partial(int)
    costs = compare(works, rounds=sizes.update_rounds, before=nothing, after=lambda _name: None, measure=measure)
    result = Result("W4", f"What a rule would do to {size:,} sales won lately", size, sizes.update_rounds, SQL, costs, sent, allocated)
    result.hold("seconds in the database, the slowest of three", max(_query_seconds() for _round in range(3)), 2.0)
    return [result]


def _query_seconds() -> float:
    """The time that Django measures around each statement."""
    with CaptureQueriesContext(connection) as captured:
        look_havn()
    return sum(float(query["time"]) for query in captured.captured_queries)
