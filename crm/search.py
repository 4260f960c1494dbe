"""Search over everything at once: companies, contacts and sales, a few of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import Company, Contact, Sale, User
from crm.text import fold

SHOWN = 5  # of each kind; the rest is behind *See all*


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record that can be found. `detail` is what tells two of the same name apart."""

    key: str
    label: str | Promise
    model: type[Any]
    permission: str
    icon: str
    list_url: str
    related: tuple[str, ...]
    detail: Callable[[Any], str]
    at_companies: bool = False  # also what is at the companies that were found


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found."""

    record: Any
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `more` says that the list has others."""

    kind: Kind
    hits: list[Hit]
    more: bool


def _of_contact(contact: Contact) -> str:
    return ", ".join(filter(None, [str(contact.company), contact.email]))


KINDS = (
    Kind("companies", _("Companies"), Company, "crm.view_company", "buildings", "crm:companies", ("category",), lambda company: company.city),
    Kind("contacts", _("Contacts"), Contact, "crm.view_contact", "user", "crm:contacts", ("company",), _of_contact),
    Kind("sales", _("Sales"), Sale, "crm.view_sale", "coin", "crm:sales", ("company", "stage"), lambda sale: str(sale.company or ""), at_companies=True),
)


def search(text: str, *, user: User) -> list[Group]:
    """What holds every word of `text`, of the kinds that this user may see: what begins with it first, archived records last.

    Where few sales are called so, those of the companies that were found follow. Two statements for each kind (on SQLite three for
    a short word) and one for those sales, none where nothing was typed. A kind without hits is left out.
    """
    if not fold(text):
        return []
    groups: list[Group] = []
    for kind in KINDS:
        if user.has_perm(kind.permission):
            companies = [hit.record for group in groups if group.kind.model is Company for hit in group.hits]
            groups.append(_of_kind(kind, text, companies if kind.at_companies else []))
    return [group for group in groups if group.hits]


def _of_kind(kind: Kind, text: str, companies: list[Company]) -> Group:
    query = kind.model.objects.select_related(*kind.related)
    rows = first_of(query.search(text), text, SHOWN + 1)
    if companies and len(rows) <= SHOWN:
        rows += first_of(query.filter(company__in=companies).exclude(pk__in=[row.pk for row in rows]), text, SHOWN + 1 - len(rows))
    return Group(kind, [Hit(row, str(row), kind.detail(row)) for row in rows[:SHOWN]], len(rows) > SHOWN)


def first_of(query: Any, text: str, limit: int) -> list[Any]:
    """The records to show first for what was typed: those that begin with it, then the others, then what is archived. One statement."""
    is_archived, begins = When(archived_at__isnull=False, then=Value(2)), When(search_text__startswith=fold(text), then=Value(0))
    rank = Case(is_archived, begins, default=Value(1), output_field=IntegerField())
    return list(query.order_by(rank, *query.model._meta.ordering)[:limit])
