"""Default lead statuses (L3), and setting one by hand (L1)."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from crm.models import Company, Contact
from crm.models.companies import lock_contacts
from leads.models import Lead, LeadStatus


class LeadStatusNotEnabled(Exception):
    """The company's category does not use lead status."""


def give_defaults(*, company_ids: Collection[int] = (), contact_ids: Collection[int] = ()) -> None:
    """Give the default to contacts without a status, where the company's category uses lead status. Fires no rule.

    Name companies or contacts. One statement where nobody lacks a status, four where somebody does.
    """
    contacts = Contact.objects.filter(company__category__lead_status_enabled=True, lead=None)
    contacts = contacts.filter(company_id__in=company_ids) if company_ids else contacts.filter(pk__in=contact_ids)
    pks = list(contacts.order_by("pk").values_list("pk", flat=True))
    if pks:
        default = LeadStatus.objects.get(is_default=True)
        Lead.objects.bulk_create(Lead(contact_id=pk, status=default, is_automatic=True) for pk in pks)


def set_lead_status(*, contact: Contact, status: LeadStatus) -> bool:
    """Set one contact's lead status; any may follow any (L4). Returns whether it changed.

    Raises LeadStatusNotEnabled when the company's category does not use lead status at this moment (L1).
    """
    with transaction.atomic():
        lock_contacts([contact.pk])
        here = Contact.objects.values_list("company_id", flat=True).get(pk=contact.pk)
        company = Company.objects.select_for_update(no_key=True).get(pk=here)
        if not company.category.lead_status_enabled:
            raise LeadStatusNotEnabled
        lead = Lead.objects.filter(contact=contact).first() or Lead(contact=contact)
        changed = lead.status_id != status.pk
        lead.status = status
        lead.save()
    return changed
