"""What notes and follow-ups do when something happens beside them."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from crm.models import FollowUp, Note
from crm.signals import SaleChange, sales_changed, users_lost_rights


@receiver(sales_changed)
def sales_got_a_company(changes: list[SaleChange], **kwargs: Any) -> None:
    """What was written about a sale before it had a company shows on the company's card from now on."""
    found = [change.sale_id for change in changes if not change.is_new and change.old_company_id is None and change.new_company_id]
    if found:
        Note.objects.follow_sales(found)
        FollowUp.objects.follow_sales(found)


@receiver(users_lost_rights)
def users_left(user_ids: list[int], **kwargs: Any) -> None:
    """What somebody who may no longer edit companies was to do passes to each company's our contact."""
    FollowUp.objects.pass_on(user_ids)
