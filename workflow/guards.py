"""When a rule does not act: one list, in order, compiled into the statement that decides (verdicts.py).

A guard is a condition on a `Look`. Adding one is adding a line here and a reason in SkipReason (docs/engine.md).
"""

from __future__ import annotations

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from crm.models.categories import POTENTIAL_CUSTOMER
from workflow.models import CategoryDecision, Look, Outcome, SkipReason, Trigger

SAME_RULE = CategoryDecision.objects.filter(company=OuterRef("company_id"), rule=OuterRef("rule_id"), suggested_category=OuterRef("target_id"))
SAME_CAUSE = SAME_RULE.filter(Q(sale=OuterRef("sale_id")) | Q(contact=OuterRef("contact_id"), lead_status=OuterRef("lead_status_id")))
DECLINED = SAME_CAUSE.filter(
    outcome__in=(Outcome.KEPT, Outcome.UNDONE),  # an undo names the cause of what it undid (A9)
)

GUARDS: list[tuple[SkipReason, Q]] = [
    (SkipReason.RULES_NOT_RUN, Q(rules_run=False)),
    (SkipReason.TARGET_DELETED, Q(target_is_deleted=True)),
    (SkipReason.NOT_POTENTIAL, ~Q(group_key=POTENTIAL_CUSTOMER)),
    (SkipReason.LEAD_STATUS_OFF, Q(trigger=Trigger.LEAD_STATUS_SET, uses_lead_status=False)),
    (SkipReason.ALREADY_THERE, Q(category_id=F("target_id"))),
    (SkipReason.ALREADY_DECLINED, Q(Exists(DECLINED))),
    (SkipReason.SALE_ARCHIVED, Q(asks=True, sale_is_archived=True)),  # the question would be obsolete at once (Q4), and must not replace another
]


# What a rule that is applied to existing companies looks at besides: it takes no person's word back, and asks nobody twice.
ACTED = SAME_CAUSE.filter(outcome__in=(Outcome.CHANGED, Outcome.ACCEPTED, Outcome.CHOSE_OTHER))
BACKFILL_GUARDS: list[tuple[SkipReason, Q]] = [
    (SkipReason.ALREADY_ACTED, Q(Exists(ACTED))),
    (SkipReason.QUESTION_WAITS, Q(Exists(CategoryDecision.objects.waiting().filter(company=OuterRef("company_id"))))),
]


def judged(*, backfill: bool = False) -> QuerySet[Look]:
    """Looks, each with `skip`: the first reason that holds, or empty where the rule acts. To be read `WITH look AS (...)`."""
    guards = GUARDS + BACKFILL_GUARDS if backfill else GUARDS
    conditions = (When(condition, then=Value(reason)) for reason, condition in guards)
    return Look.objects.order_by().annotate(skip=Case(*conditions, default=Value(""), output_field=CharField()))
