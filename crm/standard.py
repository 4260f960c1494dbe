"""The standard items of a list, for an organisation that has a list already, or has emptied it (C6, L2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from crm.models import ListItem, SettingsChange
from crm.text import fold


@dataclass(frozen=True, slots=True)
class Standard:
    """An item that a new database would start with, and the one of that name that there is."""

    key: str
    values: dict[str, Any]
    item: ListItem | None

    @property
    def is_there(self) -> bool:
        """It can be chosen already."""
        return self.item is not None and self.item.archived_at is None

    @property
    def is_deleted(self) -> bool:
        """It can be restored."""
        return self.item is not None and self.item.archived_at is not None


def standard_items(model: type[ListItem], rows: Iterable[dict[str, Any]]) -> list[Standard]:
    """The standard items in their order, matched with the list by name, whatever its case. One statement."""
    rows = list(rows)
    there = {item.name_key: item for item in model._default_manager.filter(name_key__in=[fold(row["name"]) for row in rows])}
    return [Standard(str(place), row, there.get(fold(row["name"]))) for place, row in enumerate(rows, start=1)]


@transaction.atomic
def bring(model: type[ListItem], chosen: Iterable[Standard], *, area: str) -> list[ListItem]:
    """Create those that are missing, restore those that are deleted, and see that the list has a default. Each is recorded.

    Raises IntegrityError when somebody else has taken the name meanwhile. Four statements for each item.
    """
    items = [_restore(one.item, area) if one.item else _create(model, one.values, area) for one in chosen if not one.is_there]
    ensure_default(model, area=area)
    return items


def _create(model: type[ListItem], values: dict[str, Any], area: str) -> ListItem:
    item = model(**{name: value for name, value in values.items() if name != "is_default"})
    item.save(force_insert=True)
    after = {name.removesuffix("_id"): value for name, value in values.items() if name != "is_default"}
    SettingsChange.record(area=area, item=item.name, item_id=item.pk, before={}, after=after)
    return item


def _restore(item: ListItem, area: str) -> ListItem:
    item.archived_at = None
    item.save(update_fields=["archived_at"])
    SettingsChange.record(area=area, item=item.name, item_id=item.pk, before={"archived": True}, after={"archived": False})
    return item


def ensure_default(model: Any, *, area: str) -> ListItem | None:
    """Make the first item of a list without a default the default; returns it, or None where nothing had to be done."""
    if model._default_manager.filter(is_default=True).exists():
        return None
    item = model._default_manager.active().first()
    if item is not None:
        item.is_default = True
        item.save(update_fields=["is_default"])
        SettingsChange.record(area=area, item=item.name, item_id=item.pk, before={"is_default": False}, after={"is_default": True})
    return item
