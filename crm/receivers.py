"""What notes and follow-ups do when something happens beside them."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from crm.models import FollowUp, Note
from crm.signals import ContactChange, SaleChange, contacts_changed, sales_changed, users_lost_rights


@receiver(sales_changed)
def sales_got_a_company(changes: list[SaleChange], **kwargs: Any) -> None:
    """What was written about a sale before it had a company shows on the company's card from now on."""
    found = [change.sale_id for change in changes if not change.is_new and change.old_company_id is None and change.new_company_id]
    if found:
        Note.objects.follow_sales(found)
        FollowUp.objects.follow_sales(found)


@receiver(sales_changed)
def sales_moved(changes: list[SaleChange], **kwargs: Any) -> None:
    """What is still to be done about a sale follows it to another company; notes stay where they were written."""
    moved = {one.sale_id: one.new_company_id for one in changes if one.old_company_id and one.new_company_id and one.old_company_id != one.new_company_id}
    if moved:
        FollowUp.objects.follow_records("sale", moved)


@receiver(contacts_changed)
def contacts_moved(changes: list[ContactChange], **kwargs: Any) -> None:
    """What is still to be done about a contact follows them to another company; notes stay where they were written, and show on their card."""
    moved = {change.contact_id: change.new_company_id for change in changes if change.old_company_id}
    if moved:
        FollowUp.objects.follow_records("contact", moved)


@receiver(users_lost_rights)
def users_left(user_ids: list[int], **kwargs: Any) -> None:
    """What somebody who may no longer edit companies was to do passes to each company's our contact."""
    FollowUp.objects.pass_on(user_ids)
