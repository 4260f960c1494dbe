"""The one statement that judges causes and writes their decisions. Plain SQL that PostgreSQL and SQLite both read.

    cause    what happened: (trigger, record, company), from the parameters
    look     each cause with the enabled rule that answers to it, and what that rule sees: the row of `models.Look`
    judged   each look with the first guard that holds, compiled by the ORM from `guards.py`
    settled  of the looks of one save at one company, which one acts: the first (A4)

Where each row of a batch is a save of its own (in turn), `settled` ends with a company's first change: the rest is judged again
after it has moved.

The rules are read by this very statement, so after the companies were locked: what is on now, not what was on when we began to
wait. The "+ 0" keeps the planner from looking a record up among all those of its company.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from crm.models import User
from crm.models.rights import EDIT_COMPANY
from crm.sql import Prepared, array, is_postgresql, moment
from workflow.guards import judged
from workflow.models import Look, SkipReason, Trigger
from workflow.triggers import PRECEDENCE, Cause


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all causes of a pass."""

    run_rules: bool = True  # False: only note that they were not run
    in_turn: bool = False  # True: each record is a save of its own, in the order of their keys
    backfill: bool = False  # True: it happened some time ago, and the rule is applied to it now
    batch_id: int | None = None
    caused_by_id: int | None = None
    asked_of_id: int | None = None  # if they may edit companies; else the company's our contact if they may, else the administrators (Q3)
    retries_id: int | None = None


class Verdict(NamedTuple):
    """What became of one cause."""

    decision_id: int
    company_id: int
    record_id: int
    outcome: str
    to_category_id: int | None
    asked_of_id: int | None
    uses_lead_status: bool | None  # of the category the company is to move to
    had_question: bool  # whether something waited for this company before


LOOK = """
SELECT {record}, cause.trigger, {precedence} AS precedence, c.id AS company_id, c.category_id, k.group_id AS group_key,
  k.lead_status_enabled AS uses_lead_status, c.category_version AS version, c.our_contact_id, r.id AS rule_id, r.target_category_id AS target_id,
  t.archived_at IS NOT NULL AS target_is_deleted, r.ask_user AS asks, {sale_is_archived} AS sale_is_archived, this.rules_run
FROM cause CROSS JOIN this {joins} JOIN crm_companycategory k ON k.id = c.category_id
JOIN {rules} r ON r.trigger = cause.trigger AND r.is_enabled {answers_to}
JOIN crm_companycategory t ON t.id = r.target_category_id"""

OF_SALES = {
    "record": "s.id AS record_id, s.id AS sale_id, CAST(NULL AS bigint) AS contact_id, CAST(NULL AS bigint) AS lead_status_id",
    "joins": "JOIN crm_sale s ON s.id = cause.record_id AND s.company_id + 0 = cause.company_id JOIN crm_company c ON c.id = s.company_id",
    "answers_to": "",
    "sale_is_archived": "s.archived_at IS NOT NULL",
}
OF_LEADS = {
    "record": "p.id AS record_id, CAST(NULL AS bigint) AS sale_id, p.id AS contact_id, l.status_id AS lead_status_id",
    "joins": "JOIN crm_contact p ON p.id = cause.record_id AND p.company_id + 0 = cause.company_id JOIN crm_company c ON c.id = p.company_id "
    "JOIN leads_lead l ON l.contact_id = p.id",
    "answers_to": "AND r.lead_status_id = l.status_id",
    "sale_is_archived": "FALSE",
}
# What happened some time ago must still be so.
STATUS = "CASE cause.trigger WHEN 'sale_won' THEN 'won' WHEN 'sale_lost' THEN 'lost' ELSE s.status END"
OF_EARLIER_SALES = {**OF_SALES, "joins": f"{OF_SALES['joins']} AND c.archived_at IS NULL AND s.archived_at IS NULL AND s.status = {STATUS}"}
OF_EARLIER_LEADS = {**OF_LEADS, "joins": f"{OF_LEADS['joins']} AND c.archived_at IS NULL AND p.archived_at IS NULL"}

RULES = "workflow_automationrule"
CAUSES = {  # by vendor: the query, and the types of its parameters
    "postgresql": (
        "SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS cause(trigger, record_id, company_id)",
        ["text[]", "bigint[]", "bigint[]"],
    ),
    "sqlite": (
        "SELECT json_extract(value, '$[0]') AS trigger, json_extract(value, '$[1]') AS record_id, json_extract(value, '$[2]') AS company_id FROM json_each(%s)",
        ["json"],
    ),
}

VERDICTS = """
WITH this AS (SELECT {this}), cause AS ({causes}), look AS ({look}), judged AS MATERIALIZED ({judged}), """

AT_ONCE = """
settled AS (
  SELECT judged.*, 0 AS save, 0 AS last_question,
    CASE WHEN skip = '' THEN ROW_NUMBER() OVER (PARTITION BY company_id, skip ORDER BY precedence, record_id) END AS place
  FROM judged)"""

IN_TURN = """
placed AS (
  SELECT judged.*, record_id AS save,
    CASE WHEN skip = '' THEN ROW_NUMBER() OVER (PARTITION BY company_id, record_id, skip ORDER BY precedence) END AS place
  FROM judged),
bounded AS (SELECT placed.*, MIN(CASE WHEN place = 1 AND NOT asks THEN save END) OVER (PARTITION BY company_id) AS first_change FROM placed),
settled AS (
  SELECT bounded.*, MAX(CASE WHEN place = 1 AND asks THEN save END) OVER (PARTITION BY company_id) AS last_question
  FROM bounded WHERE first_change IS NULL OR save <= first_change)"""

REPLACE = """
UPDATE workflow_categorydecision SET outcome = 'replaced', decided_at = (SELECT moment FROM this)
WHERE outcome = 'waiting' AND company_id IN (SELECT company_id FROM settled WHERE place = 1 AND asks)"""

INSERT = """
INSERT INTO workflow_categorydecision
  (company_id, sale_id, contact_id, lead_status_id, trigger, rule_id, outcome, skip_reason, error, applied_version, from_category_id,
   suggested_category_id, to_category_id, batch_id, retries_id, caused_by_id, asked_of_id, decided_at, created_at)
SELECT company_id, sale_id, contact_id, lead_status_id, {trigger}, rule_id, outcome,
  CASE WHEN skip <> '' THEN skip WHEN outcome = 'skipped' THEN '{other_cause}' ELSE '' END, '',
  CASE WHEN outcome = 'changed' THEN version + 1 END, category_id, target_id, CASE WHEN outcome = 'changed' THEN target_id END,
  this.batch_id, this.retries_id, this.caused_by_id,
  CASE WHEN outcome IN ('waiting', 'replaced') THEN COALESCE({asker}, {our_contact}) END,
  CASE WHEN outcome <> 'waiting' THEN this.moment END, this.moment
FROM (
  SELECT settled.*,
    CASE WHEN place IS NULL OR place > 1 THEN 'skipped' WHEN NOT asks THEN 'changed' WHEN save < last_question THEN 'replaced' ELSE 'waiting' END AS outcome
  FROM settled) AS verdict CROSS JOIN this
ORDER BY save, precedence, record_id
RETURNING id, company_id, COALESCE(sale_id, contact_id), outcome, to_category_id, asked_of_id,
  (SELECT k.lead_status_enabled FROM crm_companycategory k WHERE k.id = to_category_id),
  EXISTS (SELECT 1 FROM workflow_categorydecision w WHERE w.company_id = workflow_categorydecision.company_id AND w.outcome = 'waiting')"""

# The parameters, once each: name and PostgreSQL's type.
THIS = [
    ("rules_run", "boolean"),
    ("batch_id", "bigint"),
    ("retries_id", "bigint"),
    ("caused_by_id", "bigint"),
    ("asked_of_id", "bigint"),
    ("moment", "timestamptz"),
]


def write(causes: Sequence[Cause], setting: Setting, *, may_ask: bool) -> list[Verdict]:
    """Judge `causes`, which are all sales or all leads, and write a decision for each that an enabled rule looked at.

    With `setting.in_turn` a company's causes after its first change are left out: call again with those, once it has moved.
    One statement; one more with `may_ask`, which ends the questions that new ones replace.
    """
    replace, insert = _statements(causes[0].trigger == Trigger.LEAD_STATUS_SET, setting.in_turn, setting.backfill, connection.vendor)
    now = moment(timezone.now())
    params = [setting.run_rules, setting.batch_id, setting.retries_id, setting.caused_by_id, setting.asked_of_id, now, *cause_params(causes)]
    with connection.cursor() as cursor:
        if may_ask:
            replace.execute(cursor, params)
        insert.execute(cursor, params)
        return [Verdict(*row) for row in cursor.fetchall()]


@cache
def _statements(of_leads: bool, in_turn: bool, backfill: bool, vendor: str) -> tuple[Prepared, Prepared]:
    """The two statements, put together once for each process."""
    cast = "CAST(%s AS {})" if vendor == "postgresql" else "%s"
    this = ", ".join(f"{cast.format(kind)} AS {name}" for name, kind in THIS)
    verdicts = judging(source_of(of_leads, backfill), this=this, vendor=vendor, backfill=backfill) + (IN_TURN if in_turn else AT_ONCE)
    types = [kind for _name, kind in THIS] + CAUSES[vendor][1]
    kind = ("leads" if of_leads else "sales") + ("_in_turn" if in_turn else "") + ("_backfill" if backfill else "")
    insert = INSERT.format(
        other_cause=SkipReason.OTHER_CAUSE.value,
        trigger="'backfill'" if backfill else "trigger",
        asker=_if_editor("this.asked_of_id"),
        our_contact=_if_editor("our_contact_id"),
    )
    return Prepared(f"havn_replace_{kind}", types, verdicts + REPLACE), Prepared(f"havn_decide_{kind}", types, verdicts + insert)


def _if_editor(column: str) -> str:
    """The user in `column`, if they may edit companies at this moment (Q3): read after the lock, as who leaves takes their questions with them."""
    query = User.objects.who_may(EDIT_COMPANY).filter(pk=RawSQL(column, ())).order_by().values("pk")
    return f"({_written_out(query)})"


def source_of(of_leads: bool, backfill: bool) -> dict[str, str]:
    """Where a cause's record is looked up."""
    if backfill:
        return OF_EARLIER_LEADS if of_leads else OF_EARLIER_SALES
    return OF_LEADS if of_leads else OF_SALES


def judging(source: dict[str, str], *, this: str, vendor: str, backfill: bool = False, rules: str = RULES) -> str:
    """The statement as far as `judged`. `rules` is the table of rules, or a query like it that stands in for it."""
    precedence = "CASE cause.trigger " + " ".join(f"WHEN '{trigger}' THEN {place}" for place, trigger in enumerate(PRECEDENCE)) + " END"
    look = LOOK.format(precedence=precedence, rules=rules, **source)
    return VERDICTS.format(this=this, causes=CAUSES[vendor][0], look=look, judged=_judged(backfill))


def cause_params(causes: Sequence[Cause]) -> list[Any]:
    """The causes as the parameters of `CAUSES`."""
    if not is_postgresql():
        return [json.dumps([(cause.trigger, cause.record_id, cause.company_id) for cause in causes])]
    triggers, companies, records = zip(*causes, strict=True)
    return [array(triggers), array(records), array(companies)]


def _judged(backfill: bool) -> str:
    """The guards as SQL over `look`, their constants written out."""
    columns = [field.attname for field in Look._meta.concrete_fields]
    return _written_out(judged(backfill=backfill).values_list(*columns, "skip"))


def _written_out(query: QuerySet) -> str:
    """A query as SQL, its constants written out."""
    text, params = query.query.sql_with_params()
    return text % tuple(_literal(value) for value in params)


def _literal(value: Any) -> str:
    """A constant of a guard as SQL."""
    if isinstance(value, bool | int):
        return str(value).upper()
    if not isinstance(value, str):
        raise TypeError(f"A guard may compare with text, numbers and booleans, not with {value!r}.")
    return "'" + value.replace("'", "''") + "'"
