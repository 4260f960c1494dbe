"""Companies, contacts and sales are archived, not deleted, and can be brought back (S5)."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Company, Contact, Sale
from crm.who import is_me

Archivable = Company | Contact | Sale


class RecordArchived(Exception):
    """Somebody has archived the record: it is not changed before it is restored (S5). `unit_of_work` answers with a 409 that says so."""

    def __init__(self, record: Any) -> None:
        super().__init__(record)
        self.record = record

    def __str__(self) -> str:
        if self.record.updated_by is None:
            return _("“{name}” is archived. Restore it to change it.").format(name=self.record)
        if is_me(self.record.updated_by):
            return _("You have archived “{name}”. Restore it to change it.").format(name=self.record)
        return _("{who} has archived “{name}”. Restore it to change it.").format(who=self.record.updated_by, name=self.record)


class PersonErased(RecordArchived):
    """Nobody can be brought back of whom nothing is kept."""

    def __str__(self) -> str:
        return _("This person has been erased and cannot be restored.")


def refuse_archived(*records: Any) -> None:
    """Raise RecordArchived for the first of these that is archived. What is read under a lock stays so; no statement."""
    for record in records:
        if getattr(record, "archived_at", None):
            raise RecordArchived(record)


@transaction.atomic
def archive(record: Archivable) -> bool:
    """Archive this record, which the caller has locked. Returns whether it was not archived before. What belongs to it stays as it is."""
    if record.archived_at:
        return False
    record.archived_at = timezone.now()
    record.save()
    return True


@transaction.atomic
def restore(record: Archivable) -> bool:
    """Bring it back, as it was. Returns whether it was archived. Raises PersonErased."""
    if record.archived_at is None:
        return False
    if getattr(record, "erased_at", None):
        raise PersonErased(record)
    record.archived_at = None
    record.save()
    return True


def what_stays(record: Archivable) -> dict[str, int]:
    """How many contacts and open sales stay when this is archived, for saying so beforehand. One statement, of a sale none."""
    if isinstance(record, Sale):
        return {}
    numbers = [_number_of(Sale.objects.open(), record)]
    if isinstance(record, Company):
        numbers.append(_number_of(Contact.objects.current(), record))
    return dict(zip(("sales", "contacts"), models.QuerySet(type(record)).filter(pk=record.pk).values_list(*numbers).get(), strict=False))


def _number_of(query: models.QuerySet, record: Company | Contact) -> Coalesce:
    """How many of these belong to the record, inside another statement."""
    name = "company" if isinstance(record, Company) else "contact"
    counted = query.filter(**{name: OuterRef("pk")}).order_by().values(name).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
