"""What lead statuses and inquiries do when something happens below."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from crm.actor import current_actor
from crm.models import Company, CompanyCategory, User
from crm.models.companies import lock_companies
from crm.signals import CategoryChange, ContactChange, categories_changed, category_meaning_changed, contacts_changed, users_lost_rights
from crm.sql import nobody_at_work
from leads.defaults import give_defaults
from leads.reassigning import pass_on


@receiver(categories_changed)
def companies_moved(changes: list[CategoryChange], **kwargs: Any) -> None:
    """Contacts get the default when their company enters a category that uses lead status (L3)."""
    moved = [change for change in changes if change.old_category_id and change.uses_lead_status is not False]  # a new company has no contacts yet
    targets = {change.new_category_id for change in moved}
    if not targets:
        return
    enabled = set(CompanyCategory.objects.filter(pk__in=targets, lead_status_enabled=True).values_list("pk", flat=True))
    companies = [change.company_id for change in moved if change.new_category_id in enabled]
    if companies:
        give_defaults(company_ids=companies)


@receiver(contacts_changed)
def contacts_came(changes: list[ContactChange], **kwargs: Any) -> None:
    """A contact that is created at, or moves to, such a company gets the default (L3, L5).

    The company is locked: it may be entering such a category at this moment, and its own look would miss this contact.
    """
    lock_companies([change.new_company_id for change in changes])
    give_defaults(contact_ids=[change.contact_id for change in changes])


@receiver(category_meaning_changed)
def lead_status_switched(category_ids: list[int], **kwargs: Any) -> None:
    """Switching lead status on for a category is entering it, for every company there (L3)."""
    companies = list(Company.objects.filter(category__in=category_ids, category__lead_status_enabled=True).values_list("pk", flat=True))
    if companies:
        give_defaults(company_ids=companies)


@receiver(users_lost_rights)
def users_left(user_ids: list[int], successor: User | None = None, **kwargs: Any) -> None:
    """Inquiries that somebody who may no longer edit companies has not handled go to who takes over, else to whoever is next (I4)."""
    nobody_at_work("crm_company")  # one that is being given to them at this moment is waited for
    pass_on(user_ids, successor=successor, by=current_actor())
