"""Handing out what is kept about a person, and erasing them (S5). What that means for each thing is in `personal_data.py` of each app."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from crm.mentions import Mentions, erased_person
from crm.models import Company, Contact, SettingsChange
from crm.models.companies import lock_companies, lock_contacts
from crm.slots import personal_data
from leads.matching import wait_for_twins, wanted_by
from leads.personal_data import inquiries_of

AREA = "erased-people"  # of the settings log
COMPANIES = 30  # their place in the order of locks: `PersonalData.position`


class AlreadyErased(Exception):
    """Nothing is kept of this person any more."""


def export(contact: Contact) -> bytes:
    """Everything that is kept about this person, as JSON in UTF-8. Some fifteen statements."""
    found: dict[str, Any] = {"exported_at": timezone.now()}
    found |= {kind.key: kind.export(contact) for kind in personal_data}
    found = {name: value for name, value in found.items() if value != []}
    text = json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return text.encode(errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Plan:
    """What erasing somebody would do."""

    goes: list[str]
    stays: list[str]
    named_after: Company | None  # their company, where it is called as they are
    namesakes: list[Contact]  # other contacts with the same e-mail address, who stay


def plan(contact: Contact) -> Plan:
    """What would go and what would stay. Reads the tables of notes and sales once or twice."""
    words = _words(contact)
    goes = [text for kind in personal_data for text in kind.goes(contact, words)]
    stays = [text for kind in personal_data for text in kind.stays(contact)]
    others = Contact.objects.filter(email_key=contact.email_key).exclude(pk=contact.pk) if contact.email_key else Contact.objects.none()
    return Plan(goes, stays, _named_after(contact), list(others.select_related("company")[:5]))


def _words(contact: Contact) -> Mentions:
    theirs = inquiries_of(contact)
    typed = list(theirs.values_list("first_name", "last_name", "email", "company_id"))
    names = {contact.name, *(f"{first} {last}" for first, last, _email, _company in typed)}
    companies = {
        contact.company_id,
        *(company for *_typed, company in typed if company),
        *contact.sales.filter(company__isnull=False).values_list("company", flat=True),
    }
    return Mentions(names, {contact.email, contact.email_key, *(email for _first, _last, email, _company in typed)}, companies)


def _named_after(contact: Contact) -> Company | None:
    names = {contact.name, contact.email, contact.phone}
    company = contact.company
    return company if company.name.casefold() in {name.casefold() for name in names if name} else None


@transaction.atomic
def erase(contact_id: int, *, rename_company: bool = False) -> None:
    """Remove what says who this person was; what is counted stays, without the name. It cannot be undone.

    `rename_company`: a company that is called as they are is called *Erased person*, too. Kept in the settings log, without the name.
    Raises Contact.DoesNotExist, or AlreadyErased. Locks: their address, the contact, sales, companies, then the rest.
    """
    email = Contact.objects.values_list("email", flat=True).get(pk=contact_id)
    wait_for_twins(wanted_by("", email))  # what they send at this moment is added to them first, or finds nobody
    lock_contacts([contact_id])
    contact = Contact.objects.select_related("company").get(pk=contact_id)
    if contact.erased_at:
        raise AlreadyErased
    words, named_after = _words(contact), _named_after(contact)
    for kind in personal_data:
        if kind.position > COMPANIES and rename_company and named_after:
            _rename(named_after)
            named_after = None
        kind.erase(contact, words)
    SettingsChange.record(area=AREA, item=erased_person(), item_id=contact_id, before={"erased": False}, after={"erased": True})


def _rename(company: Company) -> None:
    lock_companies([company.pk])
    fresh = Company.objects.get(pk=company.pk)
    fresh.name = erased_person()
    fresh.save()
