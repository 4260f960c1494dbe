"""From what happened to what may cause a rule to act. Pure: no database, no settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from crm.models import Sale
from crm.signals import SaleChange
from leads.signals import LeadChange
from workflow.models import Trigger

# Which cause acts when one save has several (A4). Among equals the lowest id.
PRECEDENCE = (Trigger.SALE_WON, Trigger.SALE_LOST, Trigger.LEAD_STATUS_SET, Trigger.SALE_REGISTERED)


class Cause(NamedTuple):
    """One reason for a rule to look at a company. `record_id` is the sale, or for a lead status the contact."""

    trigger: Trigger
    company_id: int
    record_id: int


def sale_causes(changes: Iterable[SaleChange]) -> list[Cause]:
    """Won, lost and registered: transitions, never values (A3)."""
    causes = []
    for change in changes:
        company = change.new_company_id
        if company is None:
            continue
        came = change.is_new or change.old_company_id != company
        if came or change.old_status != change.new_status:
            if change.new_status == Sale.Status.WON:
                causes.append(Cause(Trigger.SALE_WON, company, change.sale_id))
            elif change.new_status == Sale.Status.LOST:
                causes.append(Cause(Trigger.SALE_LOST, company, change.sale_id))
        if came:
            causes.append(Cause(Trigger.SALE_REGISTERED, company, change.sale_id))
    return causes


def lead_causes(changes: Iterable[LeadChange], company_of: dict[int, int]) -> list[Cause]:
    """Lead statuses that somebody set. Neither a default that Havn assigned (L3) nor a list item's replacement (C4) is one."""
    return [Cause(Trigger.LEAD_STATUS_SET, company_of[change.contact_id], change.contact_id) for change in changes if change.by_people]
