"""What happened to lead statuses, as lists (see crm/signals.py)."""

from __future__ import annotations

from typing import NamedTuple

from django.dispatch import Signal


class LeadChange(NamedTuple):
    """One contact's lead status before (None: had none) and after.

    `automatic` when Havn assigned the default (L3), `replaced` when an administrator replaced the status itself (C4): no rule answers to either.
    """

    contact_id: int
    old_status_id: int | None
    new_status_id: int
    automatic: bool = False
    replaced: bool = False

    @property
    def by_people(self) -> bool:
        """Whether somebody set it for this contact: only then do rules look."""
        return not (self.automatic or self.replaced)


leads_changed = Signal()  # changes: list[LeadChange]
