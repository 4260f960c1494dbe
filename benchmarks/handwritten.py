"""Winning sales in SQL written by hand, with the same rows left behind as Havn leaves where one silent rule for won sales is on.

PostgreSQL: one data-modifying statement. SQLite has none, so it takes four statements in one transaction. In it: the sale, its
transition, the guards (potential customer, not already there, not declined), one move for each company, the decision. Not in it,
since the workloads have none: questions and answers that wait, lead statuses, deleted targets, failures, imports.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

ONE, ALL_OPEN = "s.id = %(sale)s AND s.status <> 'won'", "s.status = 'open'"

# What becomes of each sale: `skip` as in workflow/guards.py, `place` as in workflow/engine.py.
JUDGED = """
  SELECT s.id AS sale_id, c.id AS company_id, c.category_id, c.category_version, r.id AS rule_id, r.target_category_id AS target_id,
    CASE
      WHEN k.group_id <> 'potential_customer' THEN 'not_potential'
      WHEN c.category_id = r.target_category_id THEN 'already_there'
      WHEN EXISTS (
        SELECT 1 FROM workflow_categorydecision d
        WHERE d.sale_id = s.id AND d.company_id = c.id AND d.rule_id = r.id AND d.suggested_category_id = r.target_category_id
          AND d.outcome IN ('kept', 'undone')) THEN 'already_declined'
      ELSE ''
    END AS skip
  FROM {sales} s
  JOIN {companies} c ON c.id = s.company_id
  JOIN crm_companycategory k ON k.id = c.category_id
  JOIN workflow_automationrule r ON r.trigger = 'sale_won' AND r.is_enabled {where}
"""
PLACED = """
  SELECT j.*, CASE WHEN skip <> '' THEN skip WHEN ROW_NUMBER() OVER (PARTITION BY company_id, skip ORDER BY sale_id) > 1 THEN 'other_cause' ELSE '' END AS why
  FROM judged j
"""
DECIDE = """
INSERT INTO workflow_categorydecision
  (company_id, sale_id, trigger, rule_id, outcome, skip_reason, error, applied_version, from_category_id, suggested_category_id, to_category_id,
   caused_by_id, decided_at, created_at)
SELECT company_id, sale_id, 'sale_won', rule_id, CASE WHEN why = '' THEN 'changed' ELSE 'skipped' END, why, '',
  CASE WHEN why = '' THEN category_version + 1 END, category_id, target_id, CASE WHEN why = '' THEN target_id END, {by}, {now}, {now}
FROM placed ORDER BY sale_id
"""

POSTGRESQL = f"""
WITH found AS (
  SELECT s.id, s.status, s.company_id FROM crm_sale s WHERE {{where}} ORDER BY s.id FOR NO KEY UPDATE),
won AS (
  UPDATE crm_sale s SET status = 'won', closed_on = COALESCE(s.closed_on, %(today)s::date), reopen_on = NULL, updated_at = %(now)s::timestamptz,
    updated_by_id = %(by)s::bigint
  FROM found WHERE found.id = s.id RETURNING s.id, s.company_id, found.status AS was),
noted AS (
  INSERT INTO crm_saletransition (sale_id, from_status, to_status, from_company_id, to_company_id, at, by_id)
  SELECT id, was, 'won', company_id, company_id, %(now)s::timestamptz, %(by)s::bigint FROM won ORDER BY id),
locked AS (
  SELECT c.id, c.category_id, c.category_version FROM crm_company c WHERE c.id IN (SELECT company_id FROM won) ORDER BY c.id FOR NO KEY UPDATE),
judged AS MATERIALIZED ({JUDGED.format(sales="won", companies="locked", where="")}),
placed AS ({PLACED}),
moved AS (
  UPDATE crm_company c SET category_id = p.target_id, category_version = p.category_version + 1, updated_at = %(now)s::timestamptz,
    updated_by_id = %(by)s::bigint
  FROM placed p WHERE p.company_id = c.id AND p.why = '')
{DECIDE.format(by="%(by)s::bigint", now="%(now)s::timestamptz")}
"""

SQLITE = (
    """
    INSERT INTO crm_saletransition (sale_id, from_status, to_status, from_company_id, to_company_id, at, by_id)
    SELECT s.id, s.status, 'won', s.company_id, s.company_id, %(now)s, %(by)s FROM crm_sale s WHERE {where} ORDER BY s.id
    """,
    f"WITH judged AS MATERIALIZED ({JUDGED.format(sales='crm_sale', companies='crm_company', where='WHERE {where}')}), placed AS ({PLACED}) "
    + DECIDE.format(by="%(by)s", now="%(now)s"),
    """
    UPDATE crm_company SET category_id = d.to_category_id, category_version = d.applied_version, updated_at = %(now)s, updated_by_id = %(by)s
    FROM workflow_categorydecision d
    WHERE d.company_id = crm_company.id AND d.applied_version = crm_company.category_version + 1
      AND crm_company.id IN (SELECT s.company_id FROM crm_sale s WHERE {where})
    """,
    """
    UPDATE crm_sale AS s SET status = 'won', closed_on = COALESCE(closed_on, %(today)s), reopen_on = NULL, updated_at = %(now)s, updated_by_id = %(by)s
    WHERE {where}
    """,
)


def win(where: str, *, by: int, sale: int = 0) -> None:
    """Win the sales that `where` (ONE or ALL_OPEN) finds, in the name of the user `by`."""
    now = timezone.now()
    params: dict[str, Any] = {"sale": sale, "by": by, "today": timezone.localdate(now)}
    params["now"] = connection.ops.adapt_datetimefield_value(now)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(POSTGRESQL.format(where=where), params)
        return
    params["today"] = str(params["today"])
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in SQLITE:
            cursor.execute(sql.format(where=where), params)
