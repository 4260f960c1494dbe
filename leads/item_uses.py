"""Contacts use the items of the list of lead statuses (C4, C5)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.item_uses import RecordsWith
from crm.models import ListItem
from crm.numbers import Number
from crm.sql import nobody_at_work
from leads.models import Lead, LeadStatus


class ContactsWithStatus(RecordsWith):
    """Contacts have a lead status, shown or hidden (L1)."""

    model, position, label = LeadStatus, 10, _("Contacts")
    records, field, archived, url_name, parameter = Lead, "status", "contact__archived_at", "crm:contacts", "lead_status"

    def say(self, number: int) -> str:
        """12 contacts."""
        return ngettext("{n} contact", "{n} contacts", number).format(n=Number(number))

    def hold(self) -> None:
        """Whoever is setting the status at this moment is waited for: they have locked the contact first."""
        nobody_at_work("crm_contact")

    def replace(self, item: Any, other: Any) -> int:
        """Each with its change of lead status; no rule answers."""
        return Lead.objects.filter(status=item).replace_status(other)

    def told(self, number: int, other: ListItem) -> str:
        """12 contacts are now Open."""
        return ngettext("{n} contact is now {name}.", "{n} contacts are now {name}.", number).format(n=Number(number), name=other)
