"""Taking out of inquiries what people typed. That they came, when, through which form and what was agreed to stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from crm.models import Notification
from leads.models import Inquiry, Visit

TYPED: dict[str, Any] = {"company_name": "", "first_name": "", "last_name": "", "email": "", "email_key": "", "phone": "", "message": "", "own": []}


@transaction.atomic
def erase_typed(inquiries: QuerySet[Inquiry]) -> int:
    """Erase what was typed in these inquiries, spam included, where they came from, and what notifications say of them. Returns how many.

    Their contacts and companies stay as they are. Those that are erased already are left alone. Three statements.
    """
    left = inquiries.filter(erased_at=None).order_by()
    Visit.objects.filter(inquiry__in=left.values("pk"))._raw_delete(Visit.objects.db)
    Notification.objects.filter(kind="new-lead", subject_id__in=left.values("pk")).exclude(facts={}).update(facts={})
    return left.update(**TYPED, erased_at=timezone.now())
