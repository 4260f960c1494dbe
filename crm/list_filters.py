"""The filters and saved views of companies, contacts, sales and the pipeline that need nothing but this app."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from babel.numbers import list_currencies
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.filters import NOBODY, Choice, ListFilter, SavedView, by_value, fixed, of_items, of_record, of_users
from crm.http import Request
from crm.models import Company, CompanyCategory, Sale, SaleReason, SaleStage
from crm.models.categories import GROUP_LABELS, POTENTIAL_CUSTOMER

THIS_MONTH = "this-month"
LATEST = 1_000  # sales that are looked through for the currencies in use: all of them would be too many


def archived(place: str) -> ListFilter:
    """Only what is archived; without it, only what is not."""
    return ListFilter(
        place,
        "archived",
        _("Archived"),
        fixed(("1", _("Only archived"))),
        lambda _request, _values: Q(archived_at__isnull=False),
        position=90,
        under_more=True,
    )


def currencies(request: Request, asked: Collection[str]) -> list[Choice]:
    """Those of the latest sales, and those asked for; none where everything is in one currency. One statement."""
    used = set(Sale.objects.current().order_by("-updated_at", "-pk").values_list("currency", flat=True)[:LATEST])
    found = used | (set(asked) & list_currencies())
    return [Choice(code, code) for code in sorted(found)] if len(found) > 1 or asked else []


def month(later: int = 0) -> dt.date:
    """The first day of this month, or of one so many later."""
    today = timezone.localdate()
    years, index = divmod(today.month - 1 + later, 12)
    return dt.date(today.year + years, index + 1, 1)


def _within(column: str, later: int) -> Q:
    """Within this month, or so many later."""
    return Q(**{f"{column}__gte": month(later), f"{column}__lt": month(later + 1)})


def _next_days(days: int) -> Q:
    today = timezone.localdate()
    return Q(expected_close__gte=today, expected_close__lte=today + dt.timedelta(days=days))


CLOSES: dict[str, tuple[str | Promise, Callable[[], Q]]] = {  # when a sale is expected to close: in the list and on the board
    "overdue": (_("Overdue"), lambda: Q(expected_close__lt=timezone.localdate(), status=Sale.Status.OPEN)),
    "week": (_("The next 7 days"), lambda: _next_days(7)),
    "this-month": (_("This month"), lambda: _within("expected_close", 0)),
    "next-month": (_("Next month"), lambda: _within("expected_close", 1)),
    NOBODY: (_("No date"), lambda: Q(expected_close=None)),
}
CLOSED: dict[str, tuple[str | Promise, Callable[[], Q]]] = {  # when a sale was won or lost
    THIS_MONTH: (_("This month"), lambda: _within("closed_on", 0)),
    "last-month": (_("Last month"), lambda: _within("closed_on", -1)),
}


def _dates(place: str, parameter: str, label: str | Promise, periods: Mapping[str, tuple[str | Promise, Callable[[], Q]]], **options: Any) -> ListFilter:
    choices = fixed(*((value, text) for value, (text, _condition) in periods.items()))
    conditions = by_value({value: condition for value, (_text, condition) in periods.items()})
    return ListFilter(place, parameter, label, choices, conditions, **options)


def _has_open_sale(request: Request, values: Sequence[str]) -> Q:
    return by_value({"yes": lambda: Q(OPEN_SALE), "no": lambda: ~Q(OPEN_SALE)})(request, values)


OPEN_SALE = Exists(Sale.objects.open().filter(company=OuterRef("pk")))
CATEGORY: dict[str, Any] = {"icon": "tag", "position": 20}
PERSON: dict[str, Any] = {"icon": "user", "position": 30}

FILTERS = (
    of_items("companies", "category", _("Category"), CompanyCategory, "category", **CATEGORY),
    of_users("companies", "our_contact", _("Our contact"), "our_contact", **PERSON),
    ListFilter(
        "companies",
        "group",
        _("Category group"),
        fixed(*GROUP_LABELS.items()),
        lambda _request, values: Q(category__group__in=values),
        position=60,
        under_more=True,
    ),
    ListFilter("companies", "open_sales", _("Open sales"), fixed(("yes", _("With")), ("no", _("Without"))), _has_open_sale, position=70, under_more=True),
    archived("companies"),
    of_items("contacts", "category", _("Category"), CompanyCategory, "company__category", **CATEGORY),
    of_users("contacts", "our_contact", _("Our contact"), "company__our_contact", **PERSON),
    of_record("contacts", "company", _("Company"), Company, "company"),
    archived("contacts"),
    ListFilter("sales", "status", _("Status"), fixed(*Sale.Status.choices), lambda _request, values: Q(status__in=values), icon="check-circle", position=5),
    of_items("sales", "stage", _("Stage"), SaleStage, "stage", none=_("No stage"), icon="board", position=10),
    of_users("sales", "owner", _("Owner"), "owner", aliases={"mine": "me"}, **PERSON),
    _dates("sales", "closes", _("Expected close"), CLOSES, icon="calendar", position=40),
    _dates("sales", "closed", _("Closing date"), CLOSED, icon="calendar", position=45, under_more=True),
    of_items("sales", "category", _("Category"), CompanyCategory, "company__category", position=50, under_more=True),
    ListFilter("sales", "currency", _("Currency"), currencies, lambda _request, values: Q(currency__in=values), position=60, under_more=True),
    of_record("sales", "reason", _("Reason"), SaleReason, "reason"),
    of_record("sales", "company", _("Company"), Company, "company"),
    archived("sales"),
    of_users("pipeline", "owner", _("Owner"), "owner", everything=_("Everyone"), position=10),
    _dates("pipeline", "closes", _("Closes"), CLOSES, everything=_("Any time"), position=20),
    of_items("pipeline", "category", _("Category"), CompanyCategory, "company__category", everything=_("All"), position=30),
)

VIEWS = (
    SavedView("companies", "", _("All companies"), lambda _request: Q()),
    SavedView("companies", "mine", _("Mine"), lambda request: Q(our_contact=request.user)),
    SavedView("companies", "potential", _("Potential customers"), lambda _request: Q(category__group=POTENTIAL_CUSTOMER)),
    SavedView("companies", "customers", _("Customers"), lambda _request: Q(category__group="customer")),
    SavedView("contacts", "", _("All contacts"), lambda _request: Q()),
    SavedView("contacts", "mine", _("Mine"), lambda request: Q(company__our_contact=request.user)),
    SavedView("contacts", "potential", _("Potential customers"), lambda _request: Q(company__category__group=POTENTIAL_CUSTOMER)),
    SavedView("contacts", "customers", _("Customers"), lambda _request: Q(company__category__group="customer")),
    SavedView("sales", "", _("All sales"), lambda _request: Q()),
    SavedView("sales", "my-open", _("My open sales"), lambda request: Q(owner=request.user, status=Sale.Status.OPEN)),
    SavedView("sales", "overdue", _("Overdue"), lambda _request: CLOSES["overdue"][1]()),
)
