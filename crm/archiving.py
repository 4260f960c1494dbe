"""Companies, contacts and sales are archived, not deleted, and can be brought back (S5)."""

from __future__ import annotations

from django.db import models, transaction
from django.utils import timezone

from crm.models import Company, Contact, Sale

Archivable = Company | Contact | Sale


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
    """Bring it back, as it was. Returns whether it was archived."""
    if record.archived_at is None:
        return False
    record.archived_at = None
    record.save()
    return True


def what_stays(record: Archivable) -> dict[str, int]:
    """How many contacts and open sales stay when this is archived, for saying so beforehand. Two statements for a company, one for a contact."""
    contacts: models.QuerySet | None = record.contacts.current() if isinstance(record, Company) else None
    sales: models.QuerySet | None = None if isinstance(record, Sale) else record.sales.open()
    return {"contacts": contacts.count() if contacts is not None else 0, "sales": sales.count() if sales is not None else 0}
