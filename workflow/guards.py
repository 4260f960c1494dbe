"""When a rule does not act: one list, in order. The engine, the preview and the explanations all use this one.

A guard is a condition on a row of causes (sales, or leads) that has these annotations: `company_pk`, `category_pk`,
`group_key`, `uses_lead_status`, `rule_pk`, `target_pk`. Adding a guard is adding a line here and a reason in SkipReason.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import BooleanField, Case, CharField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from crm.models import Sale
from crm.models.categories import POTENTIAL_CUSTOMER
from leads.models import Lead
from workflow.models import AutomationRule, CategoryDecision, Outcome, SkipReason, Trigger


def causes_of(trigger: str) -> QuerySet:
    """The rows whose transition is the cause: sales, or leads; with what guards look at."""
    query: QuerySet
    if trigger == Trigger.LEAD_STATUS_SET:
        query, company = Lead.objects.all(), "contact__company"
    else:
        query, company = Sale.objects.all(), "company"
    return query.order_by().annotate(
        company_pk=F(f"{company}__pk"),
        category_pk=F(f"{company}__category__pk"),
        group_key=F(f"{company}__category__group__pk"),
        uses_lead_status=F(f"{company}__category__lead_status_enabled"),
        version=F(f"{company}__category_version"),
        responsible=F(f"{company}__our_contact__pk"),
        responsible_is_active=F(f"{company}__our_contact__is_active"),
    )


def guards(trigger: str, *, run_rules: bool, deleted_targets: Sequence[int]) -> list[tuple[SkipReason, Q]]:
    """Why a rule of this trigger does not act, in the order in which the reasons are given."""
    found = [
        (SkipReason.NOT_POTENTIAL, ~Q(group_key=POTENTIAL_CUSTOMER)),
        (SkipReason.ALREADY_THERE, Q(category_pk=F("target_pk"))),
        (SkipReason.ALREADY_DECLINED, Q(_declined(trigger))),
    ]
    if trigger == Trigger.LEAD_STATUS_SET:
        found.insert(1, (SkipReason.LEAD_STATUS_OFF, Q(uses_lead_status=False)))
    if deleted_targets:
        found.insert(0, (SkipReason.TARGET_DELETED, Q(target_pk__in=deleted_targets)))
    if not run_rules:
        found.insert(0, (SkipReason.RULES_NOT_RUN, Q(pk__isnull=False)))
    return found


def _declined(trigger: str) -> Exists:
    """Somebody kept the category for the same cause, rule and target (Q5), or undid what it did (A9)."""
    same = CategoryDecision.objects.filter(
        Q(outcome=Outcome.KEPT) | Q(undone_by__isnull=False), company=OuterRef("company_pk"), rule=OuterRef("rule_pk"), suggested_category=OuterRef("target_pk")
    )
    if trigger == Trigger.LEAD_STATUS_SET:
        return Exists(same.filter(contact=OuterRef("pk"), lead_status=OuterRef("status")))
    return Exists(same.filter(sale=OuterRef("pk")))


def judge(causes: QuerySet, *, rules: Sequence[AutomationRule], run_rules: bool = True, acted: Sequence[int] = ()) -> QuerySet:
    """Annotate `causes` with `rule_pk`, `target_pk`, `asks` and `skip` (empty: the rule acts). `rules` share one trigger.

    `acted` are companies that another cause has moved already in the same save (A4). No statement is sent.
    """
    trigger = rules[0].trigger
    reasons = guards(
        trigger, run_rules=run_rules, deleted_targets=[rule.target_category.pk for rule in rules if rule.target_category and rule.target_category.archived_at]
    )
    if acted:
        reasons.append((SkipReason.OTHER_CAUSE, Q(company_pk__in=acted)))
    if trigger == Trigger.LEAD_STATUS_SET:
        causes = causes.filter(status__in=[rule.lead_status_id for rule in rules])
    return causes.annotate(
        rule_pk=_of_rule(rules, "pk", IntegerField()),
        target_pk=_of_rule(rules, "target_category_id", IntegerField()),
        asks=_of_rule(rules, "ask_user", BooleanField()),
    ).annotate(skip=Case(*(When(condition, then=Value(reason)) for reason, condition in reasons), default=Value(""), output_field=CharField()))


def _of_rule(rules: Sequence[AutomationRule], name: str, field: IntegerField | BooleanField) -> Value | Case:
    """A value of the rule that answers to the row: rule 4 has one rule for each lead status."""
    values = [Value(getattr(rule, name), output_field=field) for rule in rules]
    if len(rules) == 1:
        return values[0]
    return Case(*(When(status=rule.lead_status_id, then=value) for rule, value in zip(rules, values, strict=True)), output_field=field)
