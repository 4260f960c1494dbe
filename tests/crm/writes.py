"""Every way of writing a record, for tests that ask the same of each (A5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import models, transaction
from django.dispatch import Signal

from crm.models import SettingsChange

CHANGES = ("save", "save_update_fields", "update", "bulk_update")
CREATIONS = ("save", "create", "bulk_create")


def change(how: str, *records: Any, **values: Any) -> None:
    """Set `values` on these records, one write for all where `how` can. As a new request does: with instances of its own."""
    model = type(records[0])
    rows = list(model.objects.filter(pk__in=[record.pk for record in records]).order_by("pk"))
    if how == "update":
        model.objects.filter(pk__in=[row.pk for row in rows]).update(**values)
        return
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
    if how == "bulk_update":
        model.objects.bulk_update(rows, list(values))
        return
    for row in rows:
        row.save(**({"update_fields": list(values)} if how == "save_update_fields" else {}))


def create(how: str, model: Any, **values: Any) -> Any:
    """A new record with `values`."""
    if how == "create":
        return model.objects.create(**values)
    record = model(**values)
    if how == "bulk_create":
        return model.objects.bulk_create([record])[0]
    record.save()
    return record


def plain(model: Any) -> models.QuerySet:
    """A queryset that knows nothing of Havn: what is left is what the database itself refuses."""
    return models.QuerySet(model)


class RolledBackError(Exception):
    """What goes wrong in `roll_back()`."""


def roll_back(write: Callable[[], Any]) -> None:
    """Do `write` in a transaction in which something fails afterwards."""
    with suppress(RolledBackError), transaction.atomic():
        write()
        raise RolledBackError


@contextmanager
def listening(signal: Signal) -> Iterator[list[list[Any]]]:
    """Collect what `signal` says: one list of changes for each time it is sent."""
    heard: list[list[Any]] = []

    def listen(changes: list[Any], **kwargs: Any) -> None:
        heard.append(changes)

    signal.connect(listen)
    try:
        yield heard
    finally:
        signal.disconnect(listen)


def settings_log() -> list[tuple]:
    """What was kept of changes of the settings, oldest first: area, item, before, after."""
    return list(SettingsChange.objects.order_by("pk").values_list("area", "item_id", "before", "after"))
