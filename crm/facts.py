"""What a card says of its record, value by value: how each is shown, and which fields of the form edit it in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from crm.forms.base import RecordForm
from crm.forms.records import CompanyForm, ContactForm, SaleForm
from crm.models import Company, Contact, Sale, User
from crm.numbers import money

Label = Any  # a text, translated when it is shown


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a card. `text` is what is shown, "" for nothing; `person` where it is a user."""

    key: str
    label: Label
    fields: tuple[str, ...]
    text: Callable[[Any], str]
    person: Callable[[Any], User | None] | None = None
    applies: Callable[[Any], bool] = lambda _record: True


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of record that has a card."""

    model: type[Any]
    form: type[RecordForm]
    active: str  # where it belongs in the navigation
    facts: tuple[Fact, ...]

    @property
    def kind(self) -> str:
        """As in permissions and URL names."""
        return str(self.model._meta.model_name)

    def fact(self, key: str) -> Fact | None:
        """The fact of that name."""
        return next((fact for fact in self.facts if fact.key == key), None)


def _field(name: str, label: Label) -> Fact:
    return Fact(name, label, (name,), lambda record: str(getattr(record, name) or ""))


def _address(company: Company) -> str:
    parts = [company.address, f"{company.postcode} {company.city}".strip(), company.country]
    return ", ".join(part for part in parts if part)


def _closes(sale: Sale) -> str:
    return date_format(sale.expected_close, "DATE_FORMAT") if sale.expected_close else ""


COMPANY = Subject(
    Company,
    CompanyForm,
    "companies",
    (
        _field("name", _("Name")),
        Fact("our-contact", _("Our contact"), ("our_contact",), lambda company: str(company.our_contact or ""), lambda company: company.our_contact),
        _field("phone", _("Telephone")),
        _field("website", _("Website")),
        Fact("address", _("Address"), ("address", "postcode", "city", "country"), _address),
        _field("business", _("Business")),
        Fact("cvr", _("CVR no."), ("registration_number",), lambda company: company.registration_number),
    ),
)
CONTACT = Subject(
    Contact,
    ContactForm,
    "contacts",
    (
        Fact("name", _("Name"), ("first_name", "last_name"), lambda contact: contact.name),
        _field("title", _("Title")),
        _field("phone", _("Telephone")),
        _field("email", _("Email address")),
        Fact("company", _("Company"), ("company",), lambda contact: str(contact.company)),
    ),
)
SALE = Subject(
    Sale,
    SaleForm,
    "sales",
    (
        _field("title", _("Title")),
        Fact("amount", _("Amount"), ("amount", "currency"), lambda sale: money(sale.amount, sale.currency)),
        Fact("expected-close", _("Expected closing date"), ("expected_close",), _closes, applies=lambda sale: not sale.is_closed),
        Fact("owner", _("Owner"), ("owner",), lambda sale: str(sale.owner or ""), lambda sale: sale.owner),
        Fact("contact", _("Contact"), ("contact",), lambda sale: str(sale.contact or ""), applies=lambda sale: bool(sale.company_id)),
        _field("description", _("Description")),
    ),
)
SUBJECTS = {subject.model: subject for subject in (COMPANY, CONTACT, SALE)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A fact of one record, for a template."""

    fact: Fact
    record: Any

    @property
    def key(self) -> str:
        """Its name in ids and addresses."""
        return self.fact.key

    @property
    def label(self) -> str:
        """What the value is."""
        return str(self.fact.label)

    @property
    def text(self) -> str:
        """The value in words; empty for none."""
        return self.fact.text(self.record)

    @property
    def spoken(self) -> str:
        """The value, for the name of the control that edits it."""
        return Truncator(self.text).chars(80)

    @property
    def person(self) -> User | None:
        """The value, where it is a user."""
        return self.fact.person(self.record) if self.fact.person else None

    @property
    def url(self) -> str:
        """Where it is edited."""
        return reverse(f"crm:{self.record._meta.model_name}-fact", args=[self.record.pk, self.fact.key])


def facts_of(record: Company | Contact | Sale) -> list[Shown]:
    """What the card of this record says, in order. No statement where the record came with what it names."""
    return [Shown(fact, record) for fact in SUBJECTS[type(record)].facts if fact.applies(record)]
