"""One pass for one save: lock the companies, judge every cause, write the decisions, move the companies.

Set-based: a batch of 10,000 sales costs the same statements as one sale, for each 2,000 companies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, QuerySet, Window
from django.db.models.functions import FirstValue
from django.utils import timezone

from crm.actor import current_actor, current_work
from crm.models import move_companies
from crm.models.bulk import CHUNK
from crm.models.companies import lock_companies
from crm.signals import CategoryChange
from workflow import suggestions
from workflow.guards import causes_of, judge
from workflow.models import AutomationRule, Batch, CategoryDecision, Outcome, SkipReason, Trigger
from workflow.triggers import PRECEDENCE, Cause

RULE = "rule"  # origin of a category change whose decision the engine has written


class Verdict(NamedTuple):
    """What one pass decided about one cause."""

    decision_id: int
    company_id: int
    outcome: str
    to_category_id: int | None
    asked_of_id: int | None


def run(causes: Sequence[Cause]) -> None:
    """Let the enabled rules answer to `causes`, which came from one save (A4). In the transaction of that save (A6).

    Costs one statement where no rule is on for these triggers. Never moves a company twice, never triggers a rule itself.
    """
    by_company: dict[int, list[Cause]] = defaultdict(list)
    for cause in causes:
        by_company[cause.company_id].append(cause)
    companies = sorted(by_company)
    for start in range(0, len(companies), CHUNK):
        part = companies[start : start + CHUNK]
        with transaction.atomic():
            _pass(part, [cause for company in part for cause in by_company[company]])


def _pass(companies: list[int], causes: list[Cause]) -> None:
    triggers = {cause.trigger for cause in causes}
    locked = _lock_if_a_rule_is_on(companies, triggers)
    if not locked:
        return
    rules = enabled_rules(triggers)  # after the lock: what is on now, not what was on when we began to wait
    wanted: dict[int, int] = {}
    acted: set[int] = set()
    asked: list[Verdict] = []
    for trigger in PRECEDENCE:
        if trigger in triggers and trigger in rules:
            records = [cause.record_id for cause in causes if cause.trigger == trigger]
            for verdict in _decide(rules[trigger], records, companies, sorted(acted)):
                if verdict.outcome == Outcome.CHANGED:
                    wanted[verdict.company_id] = verdict.to_category_id  # type: ignore[assignment]
                elif verdict.outcome == Outcome.WAITING:
                    asked.append(verdict)
                else:
                    continue
                acted.add(verdict.company_id)
    if wanted:
        move_companies(wanted, origin=RULE, locked=locked)
    actor = current_actor()
    suggestions.announce([verdict.decision_id for verdict in asked if actor and verdict.asked_of_id == actor.pk])


def _lock_if_a_rule_is_on(companies: list[int], triggers: set[Trigger]) -> dict[int, dict[str, int]]:
    """Lock these companies, or none where nothing will be done: one statement either way."""
    on = AutomationRule.objects.filter(is_enabled=True, trigger__in=triggers)
    return lock_companies(companies, only_if=Exists(on))


def enabled_rules(triggers: set[Trigger]) -> dict[str, list[AutomationRule]]:
    """The rules that are on, by trigger. One statement."""
    found: dict[str, list[AutomationRule]] = defaultdict(list)
    for rule in AutomationRule.objects.filter(is_enabled=True, trigger__in=triggers).select_related("target_category"):
        found[rule.trigger].append(rule)
    return found


def _decide(rules: list[AutomationRule], records: list[int], companies: list[int], acted: list[int]) -> list[Verdict]:
    """Write a decision for every cause that one of `rules` looked at: one statement, one more where a rule asks."""
    causes = causes_of(rules[0].trigger).filter(pk__in=records, company_pk__in=companies)  # never one that is not locked
    judged = judge(causes, rules=rules, run_rules=current_work().run_rules, acted=acted)
    if any(rule.ask_user for rule in rules):
        first_asks = Window(FirstValue("asks"), partition_by=F("company_pk"), order_by="pk")  # only the first cause acts
        replaced = judged.filter(skip="").annotate(first_asks=first_asks).filter(first_asks=True).values("company_pk")
        CategoryDecision.objects.waiting().filter(company_id__in=replaced).update(outcome=Outcome.REPLACED, decided_at=timezone.now())
    return _insert(rules[0].trigger, judged)


# The verdicts come from the guards, through the ORM; this only says what follows from them. The first cause of a company
# acts (A4). Plain SQL that PostgreSQL and SQLite both read.
INSERT = """
WITH verdict AS ({verdicts}),
placed AS (SELECT verdict.*, ROW_NUMBER() OVER (PARTITION BY company_pk, skip ORDER BY cause_pk) AS place FROM verdict),
settled AS (
  SELECT placed.*,
    CASE WHEN skip <> '' OR place > 1 THEN 'skipped' WHEN asks THEN 'waiting' ELSE 'changed' END AS outcome,
    CASE WHEN skip <> '' THEN skip WHEN place > 1 THEN '{other_cause}' ELSE '' END AS why
  FROM placed)
INSERT INTO workflow_categorydecision
  (company_id, {cause_columns}, trigger, rule_id, outcome, skip_reason, error, applied_version, from_category_id, suggested_category_id, to_category_id,
   batch_id, caused_by_id, asked_of_id, decided_at, created_at)
SELECT company_pk, {cause_values}, %s, rule_pk, outcome, why, '',
  CASE WHEN outcome = 'changed' THEN version + 1 END, category_pk, target_pk, CASE WHEN outcome = 'changed' THEN target_pk END,
  CAST(%s AS bigint), CAST(%s AS bigint),
  CASE WHEN outcome = 'waiting' THEN COALESCE(CAST(%s AS bigint), CASE WHEN responsible_is_active THEN responsible END) END,
  CASE WHEN outcome <> 'waiting' THEN {time} END, {time}
FROM settled ORDER BY cause_pk
RETURNING id, company_id, outcome, to_category_id, asked_of_id
"""


def _insert(trigger: str, judged: QuerySet) -> list[Verdict]:
    is_lead = trigger == Trigger.LEAD_STATUS_SET
    names = ["company_pk", "cause_pk", "category_pk", "version", "rule_pk", "target_pk", "asks", "skip", "responsible", "responsible_is_active"]
    if is_lead:
        names.append("status_id")
    judged = judged.annotate(cause_pk=F("pk"))
    verdicts, params = judged.values_list(*names).query.sql_with_params()
    actor = current_actor()
    asked = actor.pk if actor and actor.may_edit_companies else None
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    sql = INSERT.format(
        verdicts=verdicts,
        other_cause=SkipReason.OTHER_CAUSE.value,
        cause_columns="contact_id, lead_status_id" if is_lead else "sale_id",
        cause_values="cause_pk, status_id" if is_lead else "cause_pk",
        time="CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, trigger, current_batch_id(), actor.pk if actor else None, asked, now, now])
        return [Verdict(*row) for row in cursor.fetchall()]


def current_batch_id() -> int | None:
    """The batch that decisions of this moment belong to. One statement inside a batch, none outside."""
    work = current_work()
    if not work.kind:
        return None
    return Batch.objects.get_or_create(token=work.token, defaults={"kind": work.kind, "user": work.user})[0].pk


def record_changes(changes: Sequence[CategoryChange], *, trigger: str) -> None:
    """Write the decisions of changes that no rule made: created, or by hand (A8). One statement."""
    now, actor, batch = timezone.now(), current_actor(), current_batch_id()
    CategoryDecision.objects.bulk_create(
        (
            CategoryDecision(
                company_id=change.company_id,
                trigger=trigger,
                outcome=Outcome.CHANGED,
                applied_version=change.version,
                from_category_id=change.old_category_id,
                to_category_id=change.new_category_id,
                batch_id=batch,
                caused_by=actor,
                decided_by=actor,
                decided_at=now,
                created_at=now,
            )
            for change in changes
        ),
        batch_size=CHUNK,
    )
