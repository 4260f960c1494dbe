"""What administrators do with list items besides editing them: move, delete, replace, restore, make the default (C2, C4, C8).

Each locks the items first, by key, then what uses them in the order of all locks (the workflow settings first), and keeps itself in the settings log.
What somebody does at the same moment is in docs/decisions/0007-deleting-list-items.md.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm.models import ListItem, SettingsChange
from crm.slots import uses_of


class CannotDelete(Exception):
    """The item cannot be deleted like this; nothing was changed."""


class IsDeleted(CannotDelete):
    """Somebody has deleted it already."""


class IsDefault(CannotDelete):
    """New records are given it."""


class InUse(CannotDelete):
    """It is used, and what is to become of that was not said; or it was, and a rule or a question cannot do without."""


class NoReplacement(CannotDelete):
    """What was to replace it is not in the list any more, or is no replacement for it."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The item that is gone, and what moved, in words."""

    item: Any
    moved: list[str] = field(default_factory=list)


def locked(model: type[ListItem], pks: Collection[int]) -> dict[int, Any]:
    """These items, locked in the order of their keys. One statement."""
    return {item.pk: item for item in model._default_manager.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")}


def lock_list(model: type[ListItem]) -> None:
    """Nobody else changes the list until this transaction is over. One statement, in the order of the keys; read the items after it."""
    list(model._default_manager.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def place_of(item: ListItem) -> tuple[int, int]:
    """Its place among the items that are not deleted, from 1, and how many there are. One statement."""
    order = list(type(item)._default_manager.active().order_by("position", "pk").values_list("pk", flat=True))
    return order.index(item.pk) + 1, len(order)


@transaction.atomic
def move_item(*, model: type[ListItem], pk: int, up: bool, area: str) -> Any:
    """Move an item one place up or down among those that are not deleted; at the end of the list it stays. Returns the item.

    Raises IsDeleted. Two statements, two more where the order changed.
    """
    lock_list(model)
    items = list(model._default_manager.all())
    items.sort(key=lambda item: (item.position, item.pk))
    seen = [item for item in items if item.archived_at is None]
    before = next((index for index, item in enumerate(seen) if item.pk == pk), None)
    if before is None:
        raise IsDeleted
    item, after = seen[before], before + (-1 if up else 1)
    if 0 <= after < len(seen):
        items.remove(item)
        items.insert(items.index(seen[after]) + (0 if up else 1), item)
        for position, one in enumerate(items, start=1):
            one.position = position
        model._default_manager.bulk_update(items, ["position"])
        SettingsChange.record(area=area, item=item.name, item_id=pk, before={"position": before + 1}, after={"position": after + 1})
    return item


@transaction.atomic
def delete_item(*, model: type[ListItem], pk: int, area: str, replacement: int | None = None, keep: bool = False) -> Deleted:
    """Delete an item softly. With `replacement` everything that uses it moves to that item; with `keep` records keep it.

    Fires no rule. A deleted item that is still in use can be replaced too. Raises IsDeleted, IsDefault, InUse or NoReplacement.
    Ten statements, and those of what uses it.
    """
    items = locked(model, [key for key in (pk, replacement) if key])
    item, other = items[pk], items.get(replacement or 0)
    if item.archived_at and not replacement:
        raise IsDeleted
    if getattr(item, "is_default", False):
        raise IsDefault
    if replacement and (other is None or other not in item.replacements()):
        raise NoReplacement
    uses = uses_of(model)
    for use in uses:
        use.hold()
    used = [use for use in uses if use.count(item)]
    if other and not all(use.takes(other) for use in used):
        raise NoReplacement
    if not other and (any(use.needs_replacement for use in used) or (used and not keep)):
        raise InUse
    moved = [use.told(number, other) for use in used if (number := use.replace(item, other))] if other else []
    before = {"archived": item.archived_at is not None, "replaced_by": None}
    item.archived_at = item.archived_at or timezone.now()
    item.save(update_fields=["archived_at"])
    after = {"archived": True, "replaced_by": other.name if other else None}
    SettingsChange.record(area=area, item=item.name, item_id=pk, before=before, after=after)
    return Deleted(item, moved)


@transaction.atomic
def restore_item(*, model: type[ListItem], pk: int, area: str) -> Any:
    """Offer a deleted item again, at the place it had. Doing it twice does it once. Returns the item. Three statements."""
    item = locked(model, [pk])[pk]
    before = {"archived": item.archived_at is not None}
    item.archived_at = None
    item.save(update_fields=["archived_at"])
    SettingsChange.record(area=area, item=item.name, item_id=pk, before=before, after={"archived": False})
    return item


@transaction.atomic
def make_default(*, model: type[Any], pk: int, area: str) -> Any:
    """Make an item what new records are given (C8, L2). Returns the item. Raises IsDeleted. Two statements, six more where it changes."""
    lock_list(model)  # a colleague may be choosing another one
    items = model._default_manager.in_bulk()
    chosen = items.get(pk)
    if chosen is None or chosen.archived_at:
        raise IsDeleted
    # The old one first: a moment with none is nobody's, one with two is refused by the database.
    for item in sorted(items.values(), key=lambda item: item.pk == pk):
        before, item.is_default = {"is_default": item.is_default}, item.pk == pk
        if before["is_default"] != item.is_default:
            item.save(update_fields=["is_default"])
            SettingsChange.record(area=area, item=item.name, item_id=item.pk, before=before, after={"is_default": item.is_default})
    return chosen
