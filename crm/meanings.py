"""Saying anew what categories mean (C6): several in one go, each of them recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction

from crm.models import CompanyCategory, SettingsChange
from crm.models.categories import POTENTIAL_CUSTOMER

CATEGORIES_AREA = "company-categories"  # of the settings log


class Meaning(NamedTuple):
    """What a category means. Lead status goes with the group (C3)."""

    group: str
    lead_status: bool

    @classmethod
    def of(cls, category: CompanyCategory) -> Meaning:
        """What it means now."""
        return cls(category.group_id, category.lead_status_enabled)

    @property
    def is_potential(self) -> bool:
        """Rules act only on companies in such a category (A2)."""
        return self.group == POTENTIAL_CUSTOMER

    def kept(self) -> dict[str, object]:
        """As the settings log keeps it."""
        return {"group": self.group, "lead_status_enabled": self.lead_status}


@transaction.atomic
def give_meanings(wanted: Mapping[int, Meaning]) -> list[CompanyCategory]:
    """Make these categories mean this; returns those that changed. Their companies feel it: default lead statuses, suggestions (L3, Q4).

    Costs four statements for each category that changes, and what answers the signal.
    """
    changed = []
    for category in CompanyCategory.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True):
        before, after = Meaning.of(category), wanted[category.pk]
        after = Meaning(after.group, after.lead_status and after.is_potential)
        if before != after:
            category.group_id, category.lead_status_enabled = after
            category.save(update_fields=["group", "lead_status_enabled"])
            SettingsChange.record(area=CATEGORIES_AREA, item=category.name, item_id=category.pk, before=before.kept(), after=after.kept())
            changed.append(category)
    return changed
