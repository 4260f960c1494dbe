"""Taking out of inquiries what people typed. That they came, when, through which form and what was agreed to stays."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models.functions import UUID4
from django.utils import timezone

from crm.models import Notification
from leads.distribution import NEW_LEAD, UNASSIGNED_LEAD
from leads.models import Inquiry, InquiryChange, Visit

TYPED = ("company_name", "first_name", "last_name", "email", "phone", "message")
NOTHING = dict.fromkeys((*TYPED, "email_key", "external_source", "external_key", "search_text"), "")


@transaction.atomic
def erase_typed(inquiries: models.QuerySet[Inquiry]) -> int:
    """Erase what was typed in these inquiries, and what their changes and notifications say of it. Returns how many. Three statements.

    The key goes too: that of an imported one is made of the key in its file, and an address may be that.
    """
    pks = inquiries.order_by().values("pk")
    InquiryChange.objects.filter(inquiry__in=pks).update(before={})
    Notification.objects.filter(kind__in=(NEW_LEAD, UNASSIGNED_LEAD), subject_id__in=pks).update(facts={})
    plain: models.QuerySet[Inquiry] = models.QuerySet(Inquiry)  # what is searched is named here too
    return plain.filter(pk__in=pks).update(**NOTHING, key=UUID4(), own=[], match_facts={}, erased_at=timezone.now())


@transaction.atomic
def erase_all(inquiries: models.QuerySet[Inquiry]) -> int:
    """Erase what was typed in these, spam included, and where they came from. Returns how many: those erased already are left alone.

    Their contacts and companies stay as they are. Four statements.
    """
    left = inquiries.filter(erased_at=None)
    visits: models.QuerySet[Visit] = models.QuerySet(Visit)
    visits.filter(inquiry__in=left.order_by().values("pk")).delete()
    return erase_typed(left)
