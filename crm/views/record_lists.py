"""The lists of companies, contacts and sales: one mechanism, told by three declarations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm import slots
from crm.http import Request
from crm.models import Company, FollowUp, Sale
from crm.record_lists import COMPANIES, CONTACTS, SALES, Listing, RecordList
from crm.views.base import page, require
from crm.views.bulk import verbs_for
from crm.views.bulk_told import told_before


def _list(request: Request, records: RecordList, more: Callable[[Sequence[Any]], dict[str, Any]] = lambda _rows: {}) -> HttpResponse:
    """Find, filter, sort, page; the address holds it all. `more(rows)` is what the page says of its rows besides."""
    as_of = timezone.now()  # before the rows are read: what changes meanwhile has not been seen
    listing = Listing(records, request, request.GET)
    found = listing.page()
    context = {
        "active": records.place, "records": records, "listing": listing, "filters": listing.filters, "found": found, "tabs": listing.tabs(found),
        "badges": slots.badges_for(request, records.place, found.rows), "as_of": as_of, "verbs": verbs_for(request, listing),
        "told": None if request.htmx else told_before(request), **more(found.rows),
    }  # fmt: skip
    return page(request, f"crm/{records.place}.html", context, fragment="results")


@require_safe
def company_list(request: Request) -> HttpResponse:
    """Companies, by name."""
    require(request, "crm.view_company")
    return _list(request, COMPANIES, _open_sales)


def _open_sales(companies: Sequence[Company]) -> dict[str, Any]:
    """What each company's open sales are worth in each currency, and how many they are. One statement."""
    counts, sums = Sale.objects.open().filter(company__in=companies).totals_by("company")
    return {"sums": sums, "counts": counts}


@require_safe
def contact_list(request: Request) -> HttpResponse:
    """Everybody, by first name."""
    require(request, "crm.view_contact")
    return _list(request, CONTACTS)


@require_safe
def sale_list(request: Request) -> HttpResponse:
    """Sales, the latest change first."""
    require(request, "crm.view_sale")
    return _list(request, SALES, _late_follow_ups)


def _late_follow_ups(sales: Sequence[Sale]) -> dict[str, Any]:
    """Which of these have a follow-up that should have been done before today. One statement."""
    late = FollowUp.objects.open().filter(sale__in=sales, due_on__lt=timezone.localdate()) if sales else FollowUp.objects.none()
    return {"late_follow_ups": set(late.order_by().values_list("sale", flat=True))}
