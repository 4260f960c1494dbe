"""Whose suggestions wait (Q2, Q3)."""

from __future__ import annotations

from django.db.models import Q

from crm.models import User
from crm.models.rights import EDIT_COMPANY
from workflow.models import CategoryDecision, DecisionQuerySet, Outcome


def waiting_for(user: User) -> DecisionQuerySet:
    """What waits for this person: what was asked of them; of an administrator also what nobody else can answer.

    That is what was asked of nobody, or of somebody who may not edit companies: they have left, or never could (Q3).
    What concerns an archived company goes on waiting, out of sight until it is restored (S5).
    """
    mine = Q(asked_of=user)
    if user.is_administrator:
        mine |= ~Q(asked_of__in=User.objects.who_may(EDIT_COMPANY).order_by().values("pk"))
    return CategoryDecision.objects.waiting().filter(mine, company__archived_at=None)


def waiting_for_anyone() -> DecisionQuerySet:
    """Everything that waits, for administrators."""
    return CategoryDecision.objects.waiting().filter(company__archived_at=None)


def answered_by(user: User) -> DecisionQuerySet:
    """What this person has answered, newest first."""
    return CategoryDecision.objects.filter(outcome__in=(Outcome.ACCEPTED, Outcome.CHOSE_OTHER, Outcome.KEPT), decided_by=user).order_by("-decided_at", "-pk")
