"""Whose suggestions wait (Q2, Q3), and what is said of each in a list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.models import Company, User
from crm.models.rights import EDIT_COMPANY
from crm.text import as_pk
from leads.models import Lead
from workflow import handing
from workflow.explain import Explanation, explain
from workflow.handing import Told
from workflow.models import CategoryDecision, DecisionQuerySet, HandOver, Outcome

LONG = 3  # days: what has waited longer is marked


@dataclass(frozen=True, slots=True)
class Question:
    """A suggestion with what somebody needs to know who decides about it without opening the company."""

    decision: CategoryDecision
    why: Explanation
    hides: int  # contacts whose lead status it would hide
    days: int  # that it has waited
    hand_overs: list[Told] = field(default_factory=list)  # the first first

    @property
    def age(self) -> str:
        """How long it has waited, in words."""
        if self.days < 2:
            return _("Asked yesterday") if self.days else _("Asked today")
        return ngettext("Asked {n} day ago", "Asked {n} days ago", self.days).format(n=self.days)

    @property
    def waits_long(self) -> bool:
        """Whether it has waited for more than three days."""
        return self.days > LONG


def questions(decisions: Sequence[CategoryDecision], reader: User) -> list[Question]:
    """These with what is said of them. Expects `with_names()`; two statements, whatever their number."""
    hidden, handed = hidden_by(decisions), handing.hand_overs_of(decisions)
    return [_question(decision, hidden.get(decision.company_id, 0), handed.get(decision.pk, []), reader) for decision in decisions]


def _question(decision: CategoryDecision, hides: int, handed: Sequence[HandOver], reader: User) -> Question:
    days = (timezone.localdate() - timezone.localdate(decision.created_at)).days
    return Question(decision, explain(decision), hides, max(days, 0), handing.tell(handed, reader))


def hidden_by(decisions: Collection[CategoryDecision]) -> dict[int, int]:
    """How many contacts' lead status each suggestion would hide (L1), by company. One statement."""
    hiding = {one.company_id for one in decisions if _hides(one)}
    rows = Lead.objects.filter(contact__company__in=hiding).order_by().values_list("contact__company").annotate(n=Count("pk"))
    return dict(rows)


def _hides(decision: CategoryDecision) -> bool:
    target = decision.suggested_category
    return decision.company.category.lead_status_enabled and not (target and target.lead_status_enabled)


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
    """Everything that waits and can be answered, for administrators."""
    return CategoryDecision.objects.waiting().filter(company__archived_at=None)


def waiting_long(query: DecisionQuerySet, *, days: int = LONG) -> DecisionQuerySet:
    """Those that have waited for more than three days, or as many as you say."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return query.filter(created_at__lt=midnight - dt.timedelta(days=days))


def answerable_by(user: User) -> DecisionQuerySet:
    """What this person may answer now: an administrator everything, others what was asked of them (Q3); nothing of an archived company (S5)."""
    waiting = waiting_for_anyone()
    return waiting if user.is_administrator else waiting.filter(asked_of=user)


def answered_by(user: User) -> DecisionQuerySet:
    """What this person has answered, newest first."""
    return CategoryDecision.objects.filter(outcome__in=(Outcome.ACCEPTED, Outcome.CHOSE_OTHER, Outcome.KEPT), decided_by=user).order_by("-decided_at", "-pk")


def whom_asked() -> QuerySet[User]:
    """Everybody of whom something waits."""
    return User.objects.filter(pk__in=waiting_for_anyone().order_by().values("asked_of"))


def narrowed(query: DecisionQuerySet, *, company: str = "", asked_of: str = "") -> DecisionQuerySet:
    """Those whose company's name holds these words, and that were asked of this user ("0": of nobody). What names nothing is ignored."""
    if company.strip():
        query = query.filter(company__in=Company.objects.search(company).order_by().values("pk"))
    if asked_of == "0":
        query = query.filter(asked_of=None)
    elif as_pk(asked_of):
        query = query.filter(asked_of=as_pk(asked_of))
    return query
