"""Setting Havn up for an organisation that has categories already (C6): what would happen, and doing it in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from crm.lists import lock_list
from crm.meanings import CATEGORIES_AREA, Meaning, give_meanings
from crm.models import CompanyCategory
from crm.standard import Standard, bring, ensure_default
from leads.defaults import count_lacking, leads_in
from leads.models import LeadStatus
from workflow.forms.rules import lock_settings
from workflow.suggestions import waiting_in

STATUSES_AREA = "lead-statuses"  # of the settings log


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: categories that come to mean something else, and standard items that are added."""

    before: Mapping[int, Meaning] = field(default_factory=dict)  # of all categories in use
    after: Mapping[int, Meaning] = field(default_factory=dict)  # only of those that change
    categories: Sequence[Standard] = ()
    statuses: Sequence[Standard] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is to be done."""
        return not (self.after or self.categories or self.statuses)

    @property
    def meanings(self) -> list[Meaning]:
        """What categories mean when it is done."""
        new = [Meaning(one.values["group_id"], one.values["lead_status_enabled"]) for one in self.categories]
        return [*{**self.before, **self.after}.values(), *new]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a plan does to contacts and suggestions, and whether rules can run afterwards."""

    given: int  # contacts that get the default lead status (L3)
    hidden: int  # contacts whose lead status is hidden (L1)
    obsolete: int  # suggestions that wait, and make no sense any more (Q4)
    any_potential: bool
    any_lead_status: bool


def effects(plan: Plan) -> Effects:
    """Count what `apply()` would do now, with the queries that do it. Three statements at most, and no lock."""
    changes = [(pk, plan.before[pk], after) for pk, after in plan.after.items()]
    entering = [pk for pk, before, after in changes if after.lead_status and not before.lead_status]
    hiding = [pk for pk, before, after in changes if before.lead_status and not after.lead_status]
    leaving = [pk for pk, before, after in changes if before.is_potential and not after.is_potential]
    return Effects(
        given=count_lacking(category_ids=entering) if entering else 0,
        hidden=leads_in(hiding).count() if hiding else 0,
        obsolete=waiting_in(leaving).count() if leaving else 0,
        any_potential=any(meaning.is_potential for meaning in plan.meanings),
        any_lead_status=any(meaning.lead_status for meaning in plan.meanings),
    )


def lock_lists() -> None:
    """Two administrators set up one after the other, and nobody edits a category or lead status meanwhile; inside a transaction.

    The items before the settings, as whoever deletes one does. Three statements.
    """
    lock_list(CompanyCategory)
    lock_list(LeadStatus)
    lock_settings()


@transaction.atomic
def apply(plan: Plan) -> None:
    """Do it, all or nothing: first the items, so that a default lead status is there to be given. Call it with the lists locked.

    Raises IntegrityError when somebody else has made an item of that name meanwhile.
    """
    if plan.categories:
        bring(CompanyCategory, plan.categories, area=CATEGORIES_AREA)
    if plan.statuses:
        bring(LeadStatus, plan.statuses, area=STATUSES_AREA)
    elif any(meaning.lead_status for meaning in plan.after.values()):
        ensure_default(LeadStatus, area=STATUSES_AREA)
    give_meanings(plan.after)
