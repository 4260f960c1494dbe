"""What the cards of companies, contacts and sales share."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, IntegerField, When
from django.urls import reverse

from crm.archiving import what_stays
from crm.facts import SUBJECTS, facts_of
from crm.http import Request
from crm.models import Company, Contact, Sale
from crm.paging import count_capped

SHOWN = 25  # contacts, and sales, of a card; the lists have all of them


def card_of(request: Request, record: Company | Contact | Sale) -> dict[str, Any]:
    """The facts of a record, and what may be done with it. What stays when it is archived: one statement."""
    kind = SUBJECTS[type(record)].kind
    may_edit = request.user.has_perm(f"crm.change_{kind}") and not record.archived_at
    return {
        "record": record, "facts": facts_of(record), "may_edit": may_edit, "stays": what_stays(record) if may_edit else {},
        "archive_url": reverse(f"crm:{kind}-archive", args=[record.pk]), "restore_url": reverse(f"crm:{kind}-restore", args=[record.pk]),
    }  # fmt: skip


def sales_of(request: Request, record: Company | Contact, *, add: str = "") -> dict[str, Any]:
    """The sales of a company or contact, open ones first and then the latest, and what the open ones are worth. Three statements."""
    query = record.sales.current()
    open_first = Case(When(status=Sale.Status.OPEN, then=0), When(status=Sale.Status.STALLED, then=1), default=2, output_field=IntegerField())
    rows = list(query.select_related("stage").order_by(open_first, F("closed_on").desc(nulls_first=True), "-pk")[: SHOWN + 1])
    may_add = add and request.user.has_perm("crm.add_sale") and not record.archived_at
    return {
        "sales": rows[:SHOWN], "more_sales": len(rows) > SHOWN, "sales_count": capped(query), "open_sums": record.sales.open().sums(),
        "add_sale": f"{reverse('crm:sale-new')}{add}" if may_add else "",
    }  # fmt: skip


def capped(query: Any) -> str:
    """How many, as far as anybody cares."""
    return str(count_capped(query))
