"""Default lead statuses (L3), and setting one by hand (L1)."""

from __future__ import annotations

from collections.abc import Collection
from itertools import batched
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from crm.actor import current_actor
from crm.models import Company, Contact
from crm.models.companies import lock_contacts
from crm.sql import CHUNK, among, is_postgresql, keys, moment
from leads.models import Lead, LeadStatus, LeadStatusChange
from leads.signals import LeadChange, leads_changed


class LeadStatusNotEnabled(Exception):
    """The company's category does not use lead status."""


class LeadStatusDeleted(Exception):
    """The lead status was deleted meanwhile."""


ENABLED = "JOIN crm_companycategory k ON k.id = c.category_id AND k.lead_status_enabled"
LACKING = """
SELECT p.id FROM crm_contact p JOIN crm_company c ON c.id = p.company_id {enabled}
WHERE {among} AND NOT EXISTS (SELECT 1 FROM leads_lead l WHERE l.contact_id = p.id)"""

# Two who give the same contact its default at the same moment, or give it and set one, give it once.
GIVE = """
INSERT INTO leads_lead (contact_id, status_id, is_automatic, created_at, updated_at, updated_by_id)
SELECT id, %s, {true}, {now}, {now}, {by} FROM ({lacking}) AS lacking ORDER BY id
ON CONFLICT (contact_id) DO NOTHING RETURNING contact_id"""


def give_defaults(*, company_ids: Collection[int] = (), contact_ids: Collection[int] = ()) -> None:
    """Give the default to contacts without a status, where the company's category uses lead status. Fires no rule.

    Name companies or contacts. One statement where nobody lacks a status, four for 2,000 where somebody does.
    """
    column, pks = ("c.id", company_ids) if company_ids else ("p.id", contact_ids)
    lacking = LACKING.format(enabled=ENABLED, among=among(column))
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        for part in batched(sorted(pks), CHUNK):
            cursor.execute(f"SELECT EXISTS ({lacking})", [keys(part)])
            if cursor.fetchone()[0]:
                _give(cursor, lacking, keys(part))


def count_lacking(*, category_ids: Collection[int]) -> int:
    """How many contacts `give_defaults()` would give the default if these categories came to use lead status. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({LACKING.format(enabled='', among=among('c.category_id'))}) AS lacking", [keys(category_ids)])
        return cursor.fetchone()[0]


def leads_in(category_ids: Collection[int]) -> QuerySet[Lead]:
    """The lead statuses that are hidden when these categories stop using lead status (L1)."""
    return Lead.objects.filter(contact__company__category__in=category_ids)


def _give(cursor: Any, lacking: str, pks: Any) -> None:
    default = LeadStatus.objects.get(is_default=True)
    now, actor = moment(timezone.now()), current_actor()
    time = "CAST(%s AS timestamptz)" if is_postgresql() else "%s"
    by = "CAST(%s AS bigint)" if is_postgresql() else "%s"
    text = GIVE.format(lacking=lacking, true="TRUE", now=time, by=by)
    cursor.execute(text, [default.pk, now, now, actor.pk if actor else None, pks])
    changes = [LeadChange(contact, None, default.pk, automatic=True) for (contact,) in cursor.fetchall()]
    if changes:
        LeadStatusChange.record(changes)
        leads_changed.send(Lead, changes=changes)


def set_lead_status(*, contact: Contact, status: LeadStatus) -> bool:
    """Set one contact's lead status; any may follow any (L4). Returns whether it changed.

    Raises LeadStatusNotEnabled when the company's category does not use lead status at this moment (L1), and LeadStatusDeleted when
    an administrator has deleted it since it was offered. Setting the one that is there changes nothing, deleted or not.
    """
    with transaction.atomic():
        lock_contacts([contact.pk])
        here = Contact.objects.values_list("company_id", flat=True).get(pk=contact.pk)
        company = Company.objects.select_for_update(no_key=True).get(pk=here)
        if not company.category.lead_status_enabled:
            raise LeadStatusNotEnabled
        lead = Lead.objects.filter(contact=contact).first() or Lead(contact=contact)
        changed = lead.status_id != status.pk
        if changed and not LeadStatus.objects.active().filter(pk=status.pk).exists():
            raise LeadStatusDeleted
        lead.status = status
        lead.save()
    return changed
