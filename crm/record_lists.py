"""The lists of companies, contacts and sales: what each can be sorted by, and which of its records an address asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.filters import Filters, SavedView, filters_of, saved_views
from crm.http import Request
from crm.models import Company, Contact, Sale
from crm.paging import Page, count_capped, paginate


@dataclass(frozen=True, slots=True)
class Sort:
    """A column that a list is sorted by: `sort=key` in the address, the other way round `sort=-key`."""

    key: str
    label: str | Promise
    fields: tuple[str, ...]  # see paging.Order
    descending: bool = False  # what one expects first: the latest change, the largest amount


@dataclass(frozen=True, slots=True)
class RecordList:
    """What one list is. `related` is selected with each row; `seen` are the columns that a bulk edit compares with what was shown."""

    place: str  # of its filters, views and badges
    model: type[Any]
    url_name: str
    sorts: Sequence[Sort]
    related: tuple[str, ...]
    seen: tuple[str, ...] = ()


class Listing:
    """A list as one address asks for it. A sort, a view or a page that the list does not know is ignored."""

    def __init__(self, records: RecordList, request: Request, params: QueryDict) -> None:
        self.records, self.request, self.params = records, request, params
        wanted = params.get("sort", "")
        self.sort = next((sort for sort in records.sorts if sort.key == wanted.removeprefix("-")), records.sorts[0])
        self.is_reversed = wanted == f"-{self.sort.key}"
        self.views = [view for view in saved_views if view.place == records.place]
        self.view = next((view for view in self.views if view.key == params.get("view", "")), self.views[0] if self.views else None)

    @cached_property
    def filters(self) -> Filters:
        """Its filters. The statements of their choices."""
        return filters_of(self.request, self.records.place, self.params)

    @property
    def q(self) -> str:
        """What is searched for."""
        return self.filters.q

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.sort.descending != self.is_reversed

    @property
    def sort_text(self) -> str:
        """The sort, as the address says it."""
        return f"-{self.sort.key}" if self.is_reversed else self.sort.key

    @property
    def is_archive(self) -> bool:
        """Whether it shows what is archived."""
        return bool(self.filters.values("archived"))

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the sort has been asked for."""
        return self.filters.is_narrowed or bool(self.view and self.view.key)

    @property
    def encoded(self) -> str:
        """What the address asks for, without the page."""
        params = self.params.copy()
        params.pop("page", None)
        return params.urlencode()

    def query(self) -> QuerySet:
        """The records that the address asks for, in no order."""
        manager = self.records.model.objects
        found = manager.all() if self.is_archive else manager.current()
        if self.view:
            found = found.filter(self.view.condition(self.request))
        return self.filters.narrow(found.found_by(self.q))

    def page(self) -> Page:
        """One page of them."""
        query = self.query().select_related(*self.records.related)
        return paginate(query, field=self.sort.fields, descending=self.descending, cursor=self.params.get("page", ""))

    def tabs(self, found: Page) -> list[dict[str, Any]]:
        """The saved views with how many each has. `found` is `page()`. One statement for each, none for what has been counted for the page."""
        return [{"key": view.key, "label": view.label, **self._count(view, found)} for view in self.views]

    def _count(self, view: SavedView, found: Page) -> dict[str, Any]:
        is_shown = view == self.view and not self.q.strip() and not self.filters.is_set
        count = found.total if is_shown else count_capped(self.records.model.objects.current().filter(view.condition(self.request)))
        return {"count": count, "text": Page([], "", "", count).total_text}


CHANGED = Sort("changed", _("Last change"), ("updated_at",), descending=True)
COMPANIES = RecordList(
    "companies",
    Company,
    "crm:companies",
    (
        Sort("name", _("Company"), ("name",)),
        Sort("category", _("Category"), ("category__position", "category_id", "name")),
        Sort("town", _("Town"), ("city", "name")),
        Sort("our_contact", _("Our contact"), ("our_contact__first_name", "our_contact__last_name")),
        CHANGED,
    ),
    related=("category", "our_contact"),
    seen=("category_version", "our_contact_id"),
)
CONTACTS = RecordList(
    "contacts",
    Contact,
    "crm:contacts",
    (
        Sort("first_name", _("First name"), ("first_name", "last_name")),
        Sort("last_name", _("Last name"), ("last_name", "first_name")),
        Sort("company", _("Company"), ("company__name", "first_name")),
        CHANGED,
    ),
    related=("company__category",),
)
SALES = RecordList(
    "sales",
    Sale,
    "crm:sales",
    (
        CHANGED,
        Sort("title", _("Sale"), ("title",)),
        Sort("company", _("Company"), ("company__name",)),
        Sort("amount", _("Amount"), ("amount",), descending=True),
        Sort("expected_close", _("Expected close"), ("expected_close",)),
        Sort("closed", _("Closing date"), ("closed_on",), descending=True),
    ),
    related=("company__category", "stage", "owner"),
    seen=("status", "stage_id", "owner_id"),
)
LISTS = {records.place: records for records in (COMPANIES, CONTACTS, SALES)}
