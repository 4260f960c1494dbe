"""An item of a list is deleted, and replaced where it is in use."""

from __future__ import annotations

from crm.lists import delete_item
from leads.models import LeadStatus
from workflow.models import CategoryDecision


def replace(item, other=None, **how):
    """Delete the item; what uses it gets the other one."""
    area = "lead-statuses" if isinstance(item, LeadStatus) else "company-categories"
    return delete_item(model=type(item), pk=item.pk, area=area, replacement=other.pk if other else None, **how)


def waiting():
    """The suggestions that nobody has answered."""
    return CategoryDecision.objects.waiting()
