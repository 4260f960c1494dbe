"""What is said about sales, and what the database holds of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crm.models import Sale
from crm.signals import SaleChange


def said(heard: Iterable[Sequence[SaleChange]]) -> list[list[tuple]]:
    """What was said each time, as (before, after)."""
    return [[(change.old_status, change.new_status) for change in changes] for changes in heard]


def loaded(sale: Sale) -> Sale:
    """The sale as the database has it: another instance."""
    return Sale.objects.get(pk=sale.pk)


def stored(sale: Sale) -> str:
    """The status that the database has."""
    return Sale.objects.values_list("status", flat=True).get(pk=sale.pk)
