"""Rules, the ledger of every decision about a company's category, and what a rule sees when it decides."""

from workflow.models.ledger import APPLIED, Backfill, Batch, CategoryDecision, DecisionQuerySet, HandOver, Outcome, SkipReason
from workflow.models.looks import Look
from workflow.models.rules import RULES_AREA, AutomationRule, Trigger, WorkflowSettings

__all__ = [
    "APPLIED",
    "RULES_AREA",
    "AutomationRule",
    "Backfill",
    "Batch",
    "CategoryDecision",
    "DecisionQuerySet",
    "HandOver",
    "Look",
    "Outcome",
    "SkipReason",
    "Trigger",
    "WorkflowSettings",
]
