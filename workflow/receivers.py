"""What the rules do when something happens below."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from crm.models import Contact, Sale
from crm.signals import CREATED, MANUAL, REPLACED, CategoryChange, SaleChange, categories_changed, category_meaning_changed, sales_changed, users_lost_rights
from leads.signals import LeadChange, leads_changed
from workflow import engine, handing, suggestions
from workflow.models import CategoryDecision
from workflow.triggers import lead_causes, sale_causes

Origin = CategoryDecision.Origin
LEDGER_TRIGGER = {CREATED: Origin.CREATED, MANUAL: Origin.MANUAL, REPLACED: Origin.REPLACE}


@receiver(sales_changed)
def sales_moved(changes: list[SaleChange], **kwargs: Any) -> None:
    """Rules 1 to 3."""
    moved_on = [change for change in changes if _may_end_a_question(change)]
    engine.run(sale_causes(changes), beside={change.old_company_id for change in moved_on if change.old_company_id})
    if moved_on:
        suggestions.retire_for_sales([change.sale_id for change in moved_on])


def _may_end_a_question(change: SaleChange) -> bool:
    """Whether a suggestion because of this sale may no longer make sense (Q4)."""
    reopened = change.old_status in Sale.CLOSED and change.old_status != change.new_status
    moved = change.old_company_id not in (None, change.new_company_id)
    return reopened or moved or bool(change.new_archived_at)


@receiver(leads_changed)
def lead_statuses_set(changes: list[LeadChange], **kwargs: Any) -> None:
    """Rule 4. What waits because of a status that was replaced moves with it (item_uses.py)."""
    by_people = [change for change in changes if change.by_people]
    if by_people:
        company_of = dict(Contact.objects.filter(pk__in=[change.contact_id for change in by_people]).values_list("pk", "company_id"))
        engine.run(lead_causes(by_people, company_of))
        suggestions.retire_for_contacts([change.contact_id for change in by_people if change.old_status_id])


@receiver(categories_changed)
def companies_moved(changes: list[CategoryChange], origin: str, **kwargs: Any) -> None:
    """Record what no rule did, and end the suggestions that no longer make sense."""
    if origin in LEDGER_TRIGGER:
        engine.record_changes(changes, trigger=LEDGER_TRIGGER[origin])
    if origin not in (CREATED, engine.RULE):  # the engine knows whether anything waits where it acted
        suggestions.retire_for_companies([change.company_id for change in changes])


@receiver(category_meaning_changed)
def categories_edited(category_ids: list[int], **kwargs: Any) -> None:
    """A category moved out of Potential customer takes its companies' suggestions with it (Q4)."""
    suggestions.retire_for_categories(category_ids)


@receiver(users_lost_rights)
def users_left(user_ids: list[int], **kwargs: Any) -> None:
    """What waits for somebody who may no longer edit companies passes on (Q3)."""
    handing.pass_on(user_ids)
