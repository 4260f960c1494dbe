"""Handing out what is kept about a person, and erasing them (S5). What that means for each thing is in `personal_data.py` of each app."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from crm.mentions import Mentions, erased_person
from crm.models import Company, Contact, SettingsChange, User
from crm.models.companies import lock_companies, lock_contacts
from crm.slots import personal_data
from leads.matching import wait_for_twins, wanted_by
from leads.models import InquiryChange
from leads.personal_data import inquiries_of

AREA = "erased-people"  # of the settings log
COMPANIES = 30  # their place in the order of locks: `PersonalData.position`


class AlreadyErased(Exception):
    """Nothing is kept of this person any more."""


def left_out(user: User) -> list[str]:
    """Parts of the file that this user may not see."""
    return [kind.key for kind in personal_data if not user.has_perm(kind.permission)]


def export(contact: Contact, *, to: User) -> bytes:
    """Everything that is kept about this person and `to` may see, as JSON in UTF-8; it says what is left out. Some fifteen statements."""
    hidden = left_out(to)
    found: dict[str, Any] = {"exported_at": timezone.now()}
    found |= {kind.key: kind.export(contact) for kind in personal_data if kind.key not in hidden}
    found = {name: value for name, value in found.items() if value != []}
    if hidden:
        found["left_out"] = {key: gettext("Whoever made this file may not see this part.") for key in hidden}
    text = json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return text.encode(errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Plan:
    """What erasing somebody would do."""

    goes: list[str]
    stays: list[str]
    named_after: list[Company]  # companies of theirs that are called as they are
    namesakes: list[Contact]  # other contacts with the same e-mail address, who stay


def plan(contact: Contact) -> Plan:
    """What would go and what would stay. Reads the tables of notes and sales once or twice."""
    words, named_after = _known(contact)
    goes = [text for kind in personal_data for text in kind.goes(contact, words)]
    stays = [text for kind in personal_data for text in kind.stays(contact)]
    others = Contact.objects.filter(email_key=contact.email_key).exclude(pk=contact.pk) if contact.email_key else Contact.objects.none()
    return Plan(goes, stays, named_after, list(others.select_related("company")[:5]))


def _known(contact: Contact) -> tuple[Mentions, list[Company]]:
    """What they are and were called, and which companies of theirs, also of earlier, are called so. Five statements."""
    typed = list(inquiries_of(contact).values_list("first_name", "last_name", "email", "phone"))
    names = {contact.name, *(f"{first} {last}".strip() for first, last, _email, _phone in typed)}
    addresses = {contact.email, contact.email_key, *(email for _first, _last, email, _phone in typed)}
    phones = {contact.phone, *(phone for *_typed, phone in typed)}
    words = Mentions(names, addresses, _companies_of(contact))
    called = {_as_company(text) for text in names | addresses | phones} - {""}
    companies = Company.objects.filter(pk__in=words.companies).order_by("pk")
    return words, [company for company in companies if _as_company(company.name) in called]


def _companies_of(contact: Contact) -> set[int]:
    """Where they are, what their inquiries were added to, where these were before, and whose their sales are."""
    changes = InquiryChange.objects.order_by()
    found = [
        inquiries_of(contact).values_list("company", flat=True),
        contact.sales.values_list("company", flat=True),
        changes.filter(from_contact=contact).values_list("from_company", flat=True),
        changes.filter(to_contact=contact).values_list("to_company", flat=True),
    ]
    return {contact.company_id, *(pk for pks in found for pk in pks if pk)}


def _as_company(text: str) -> str:
    """As a company is called that is named after it: cut to the length of its column, whatever the case."""
    return text.strip()[: Company._meta.get_field("name").max_length].casefold()


@transaction.atomic
def erase(contact_id: int, *, rename: Collection[int] = ()) -> None:
    """Remove what says who this person was; what is counted stays, without the name. It cannot be undone.

    `rename`: of the companies that are called as they are (`Plan.named_after`), those that are to be called *Erased person*, too.
    Kept in the settings log, without the name.
    Raises Contact.DoesNotExist, or AlreadyErased. Locks: their address, the contact, sales, companies, then the rest.
    """
    email = Contact.objects.values_list("email", flat=True).get(pk=contact_id)
    wait_for_twins(wanted_by("", email))  # what they send at this moment is added to them first, or finds nobody
    lock_contacts([contact_id])
    contact = Contact.objects.select_related("company").get(pk=contact_id)
    if contact.erased_at:
        raise AlreadyErased
    words, named_after = _known(contact)
    renamed = {company.pk for company in named_after}.intersection(rename)
    for kind in personal_data:
        if kind.position > COMPANIES and renamed:
            _rename(renamed)
            renamed = set()
        kind.erase(contact, words)
    SettingsChange.record(area=AREA, item=erased_person(), item_id=contact_id, before={"erased": False}, after={"erased": True})


def _rename(pks: Collection[int]) -> None:
    lock_companies(pks)
    for company in Company.objects.filter(pk__in=pks).order_by("pk"):
        company.name = erased_person()
        company.save()
