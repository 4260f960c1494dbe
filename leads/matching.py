"""Which contact and which company an inquiry belongs to (I3).

Two inquiries of the same new person, or of the same new company, wait for one another: what they are found by is locked before
anybody looks. Only inquiries wait here; a colleague who types the same person in does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Max, Min

from crm.identity import email_domain, email_key, name_key
from crm.models import Company, Contact
from crm.models.companies import lock_companies, lock_contacts
from crm.sql import array, is_postgresql
from crm.text import fold
from leads.free_mail import is_business
from leads.models import Inquiry

MOST = 20  # of the same address, or the same domain, that are looked at
TRIES = 3  # a contact may be changed between finding and locking it


class Wanted(NamedTuple):
    """What an inquiry is looked for by; each may be empty. `domain` is empty where anybody can have an address."""

    email: str
    domain: str
    company: str
    address: str = ""  # the e-mail address as it was typed, but for its case and spaces

    def things(self) -> Iterator[str]:
        """What two inquiries have in common that must not be received at the same moment."""
        return (f"{kind}:{value}" for kind, value in zip(("email", "domain", "company"), self[:3], strict=True) if value)


@dataclass(slots=True)
class Found:
    """What was found. `facts` are kept with the inquiry, for saying why (`leads/explain.py`)."""

    contact: Contact | None = None
    company: Company | None = None
    company_match: str = Inquiry.CompanyMatch.NEW
    facts: dict[str, Any] = field(default_factory=dict)


def wanted_by(company_name: str, email: str) -> Wanted:
    """What is looked for, of what was typed. Pure."""
    domain = email_domain(email)
    return Wanted(email_key(email), domain if is_business(domain) else "", name_key(company_name), fold(email))


def wait_for_twins(wanted: Wanted) -> None:
    """Hold what this inquiry is found by until the transaction ends. One statement; SQLite has one writer at a time anyway."""
    if is_postgresql() and (numbers := sorted(_number(key) for key in wanted.things())):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [array(numbers)])


def _number(key: str) -> int:
    return int.from_bytes(blake2b(f"havn inquiry {key}".encode(), digest_size=8).digest(), signed=True)


def find(wanted: Wanted) -> Found:
    """The contact and company this inquiry belongs to, locked. Up to seven statements, each by an index."""
    found = Found()
    found.contact = _find_contact(wanted, found.facts)
    if found.contact:
        lock_companies([found.contact.company_id])
        found.company = Company.objects.select_related("category").get(pk=found.contact.company_id)
        found.company_match = Inquiry.CompanyMatch.CONTACT
        return found
    company = _by_name(wanted, found.facts)
    if company:
        found.company_match = Inquiry.CompanyMatch.NAME
    elif company := _by_domain(wanted.domain, found.facts):
        found.company_match = Inquiry.CompanyMatch.DOMAIN
    if company:
        lock_companies([company])
        found.company = Company.objects.select_related("category").get(pk=company)
    return found


def _find_contact(wanted: Wanted, facts: dict[str, Any]) -> Contact | None:
    """The contact with this address: of several one that is not archived, whose address is written like this one, who is at the
    company that was named, and who was changed last; in this order."""
    for _ in range(TRIES if wanted.email else 0):
        order = (F("archived_at").desc(nulls_first=True), F("company__archived_at").desc(nulls_first=True), "-updated_at", "pk")
        columns = ("pk", "email", "company__name_key", "archived_at", "company__archived_at")
        rows = list(Contact.objects.filter(email_key=wanted.email).order_by(*order).values_list(*columns)[:MOST])
        rows.sort(key=lambda row: (bool(row[3] or row[4]), fold(row[1]) != wanted.address, row[2] != wanted.company))
        pks = [row[0] for row in rows]
        if not pks:
            return None
        facts["contacts"] = len(pks)
        lock_contacts(pks[:1])
        if contact := Contact.objects.filter(pk=pks[0], email_key=wanted.email).first():
            return contact
    return None


def _by_name(wanted: Wanted, facts: dict[str, Any]) -> int | None:
    """The company of exactly this name: of several the one with this e-mail domain, else the one that is not archived and was changed last."""
    if not wanted.company:
        return None
    order = (F("archived_at").desc(nulls_first=True), "-updated_at", "pk")
    pks = list(Company.objects.filter(name_key=wanted.company).order_by(*order).values_list("pk", flat=True)[:MOST])
    if not pks:
        return None
    facts["names"] = len(pks)
    if len(pks) > 1 and wanted.domain:
        at_domain = _at_domain(wanted.domain)
        return next((pk for pk in pks if pk in at_domain), pks[0])
    return pks[0]


def _by_domain(domain: str, facts: dict[str, Any]) -> int | None:
    """The only company with this e-mail domain. Where several share it none is chosen, and the inquiry says so."""
    if not domain:
        return None
    found = _at_domain(domain)
    if not found:
        return None
    facts["domain"], facts["domains"] = domain, len(found)
    if len(found) == 1:
        return next(iter(found))
    current = [pk for pk, archived_at in found.items() if archived_at is None]
    return current[0] if len(current) == 1 else None


def _at_domain(domain: str) -> dict[int, Any]:
    """Companies with this domain, by an address of one of their contacts or their website, and when each was archived.

    The lowest and the highest key are two looks into the index, also where ten thousand contacts share the domain.
    """
    people = Contact.objects.filter(email_domain=domain)
    ends = people.aggregate(low=Min("company"), high=Max("company"))
    pks = {pk for pk in ends.values() if pk is not None}
    if len(pks) > 1:
        pks |= set(people.order_by().values_list("company", flat=True).distinct()[:MOST])
    pks |= set(Company.objects.filter(website_domain=domain).order_by("pk").values_list("pk", flat=True)[:MOST])
    return dict(Company.objects.filter(pk__in=pks).order_by("pk").values_list("pk", "archived_at")) if pks else {}
