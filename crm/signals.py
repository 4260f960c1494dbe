"""What happened, as lists. Upper apps learn of it here; a single save is a list of one.

Each signal is sent inside the transaction of the write, after it, once per write (A4: one batch is one save).
`changes` is a list of what is named beside it.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.dispatch import Signal

CREATED = "created"  # origins of a category change
MANUAL = "manual"
REPLACED = "replaced"  # the list item was replaced by another (C4)


class SaleChange(NamedTuple):
    """One sale's row before and after. Before creation `old_status` is empty."""

    sale_id: int
    old_status: str
    new_status: str
    old_company_id: int | None
    new_company_id: int | None
    old_archived_at: dt.datetime | None = None
    new_archived_at: dt.datetime | None = None

    @property
    def is_new(self) -> bool:
        """True when the sale was created by this write."""
        return not self.old_status


class CategoryChange(NamedTuple):
    """A company's category before and after; `version` is the company's number for this change (A10).

    `uses_lead_status` is what the new category says, where whoever moved the company has read it; None means look it up.
    """

    company_id: int
    old_category_id: int | None
    new_category_id: int
    version: int
    uses_lead_status: bool | None = None


class ContactChange(NamedTuple):
    """A contact that was created (`old_company_id` is None) or moved to another company."""

    contact_id: int
    old_company_id: int | None
    new_company_id: int


sales_changed = Signal()  # changes: list[SaleChange]
categories_changed = Signal()  # changes: list[CategoryChange], origin: str
contacts_changed = Signal()  # changes: list[ContactChange]
# A category itself was edited so that it means something else: its group, or whether it uses lead status.
category_meaning_changed = Signal()  # category_ids: list[int]
# Who may no longer edit companies: they were deactivated, or their role was changed.
users_lost_rights = Signal()  # user_ids: list[int], successor: User | None, who was chosen to take over what they had
