"""What the list of inquiries can be narrowed by, and contacts by where they came from (I2)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.filters import NOBODY, Choice, ListFilter, SavedView, by_value, fixed, of_items, of_record, of_users
from crm.http import Request
from crm.list_filters import month
from crm.models import Company, Contact
from leads.models import Inquiry, LeadForm, Visit

LATEST = 1_000  # visits that are looked through for the values in use: all of them would be too many
OFFERED = 30

# The first inquiry of a contact: its first touch is the contact's lead source.
EARLIER = Inquiry.objects.received().filter(contact=OuterRef("inquiry__contact"))
IS_EARLIER = Q(received_at__lt=OuterRef("inquiry__received_at")) | Q(received_at=OuterRef("inquiry__received_at"), pk__lt=OuterRef("inquiry"))


def _values(column: str, request: Request, asked: Collection[str]) -> list[Choice]:
    """The values that the latest visits have, the most frequent ones, and those asked for that exist.

    One statement for all filters of a page, one more where a value is asked for that is not among these.
    """
    found = {value for value, _number in Counter(row[column] for row in _latest(request)).most_common(OFFERED) if value}
    if wanted := {value.replace("\0", "") for value in asked} - found - {NOBODY, ""}:
        firsts = Visit.objects.filter(touch=Visit.Touch.FIRST).order_by()
        found |= set(firsts.filter(**{f"{column}__in": wanted}).values_list(column, flat=True).distinct())
    return [*(Choice(value, value) for value in sorted(found, key=str.casefold)), Choice(NOBODY, _t("Not known"))] if found or NOBODY in asked else []


def _latest(request: Request) -> list[dict[str, str]]:
    """The latest first touches; asked once per request."""
    if "latest_visits" not in vars(request):
        latest = Visit.objects.filter(touch=Visit.Touch.FIRST).order_by("-pk").values("utm_source", "utm_campaign")
        vars(request)["latest_visits"] = list(latest[:LATEST])
    return vars(request)["latest_visits"]


def _visits(column: str, values: Sequence[str]) -> Any:
    """First touches that have any of these values."""
    wanted = [value for value in values if value != NOBODY] + ([""] if NOBODY in values else [])
    return Visit.objects.filter(**{"touch": Visit.Touch.FIRST, f"{column}__in": wanted}).order_by()


def _inquiries_from(column: str, request: Request, values: Sequence[str]) -> Q:
    return Q(pk__in=_visits(column, values).values("inquiry"))


def _contacts_from(column: str, request: Request, values: Sequence[str]) -> Q:
    """Contacts whose lead source it is: of *not known* those that came by an inquiry that does not say."""
    found = _visits(column, values).filter(~Exists(EARLIER.filter(IS_EARLIER)), inquiry__state=Inquiry.State.RECEIVED)
    return Q(pk__in=found.values("inquiry__contact"))


def _by_visit(place: str, parameter: str, label: str | Promise, column: str, condition: Callable[..., Q], **options: Any) -> ListFilter:
    return ListFilter(place, parameter, label, partial(_values, column), partial(condition, column), **options)


def _since(days: int) -> Q:
    return Q(received_at__gte=timezone.now() - dt.timedelta(days=days))


def _in_month(later: int) -> Q:
    first, after = (timezone.make_aware(dt.datetime.combine(month(which), dt.time())) for which in (later, later + 1))
    return Q(received_at__gte=first, received_at__lt=after)


PERIODS: dict[str, tuple[str | Promise, Callable[[], Q]]] = {
    "week": (_("The last 7 days"), lambda: _since(7)),
    "30-days": (_("The last 30 days"), lambda: _since(30)),
    "this-month": (_("This month"), lambda: _in_month(0)),
    "last-month": (_("Last month"), lambda: _in_month(-1)),
}
RECEIVED = Q(state=Inquiry.State.RECEIVED)


def _has_sent(request: Request, values: Sequence[str]) -> Q:
    forms = [int(value) for value in values]  # known ones
    return Q(pk__in=Inquiry.objects.received().filter(form__in=forms).order_by().values("contact"))


FILTERS = (
    of_items("inquiries", "form", _("Lead form"), LeadForm, "form", icon="form", position=10),
    _by_visit("inquiries", "source", _("Source"), "utm_source", _inquiries_from, icon="globe", position=20),
    ListFilter(
        "inquiries",
        "received",
        _("Received"),
        fixed(*((value, text) for value, (text, _condition) in PERIODS.items())),
        by_value({value: condition for value, (_text, condition) in PERIODS.items()}),
        icon="calendar",
        position=30,
    ),
    ListFilter(
        "inquiries",
        "handled",
        _("Handled"),
        fixed(("no", _("Not handled")), ("yes", _("Handled"))),
        by_value({"no": lambda: Q(handled_at=None), "yes": lambda: Q(handled_at__isnull=False)}),
        icon="check-circle",
        position=40,
    ),
    of_users("inquiries", "owner", _("Owner"), "owner", icon="user", position=50, under_more=True),
    _by_visit("inquiries", "campaign", _("Campaign"), "utm_campaign", _inquiries_from, position=60, under_more=True),
    of_record("inquiries", "contact", _("Contact"), Contact, "contact"),
    of_record("inquiries", "company", _("Company"), Company, "company"),
    _by_visit("contacts", "source", _("Lead source"), "utm_source", _contacts_from, position=60, under_more=True),
    _by_visit("contacts", "campaign", _("Campaign"), "utm_campaign", _contacts_from, position=65, under_more=True),
    ListFilter(
        "contacts",
        "form",
        _("Lead form"),
        lambda _request, asked: [Choice(str(form.pk), str(form)) for form in LeadForm.objects.all() if not form.archived_at or str(form.pk) in asked],
        _has_sent,
        position=70,
        under_more=True,
    ),
)
VIEWS = (
    SavedView("inquiries", "", _("All"), lambda _request: RECEIVED),
    SavedView("inquiries", "mine", _("Mine"), lambda request: RECEIVED & Q(owner=request.user)),
    SavedView("inquiries", "unassigned", _("Unassigned"), lambda _request: RECEIVED & Q(owner=None)),
    SavedView("inquiries", "spam", _("Spam"), lambda _request: Q(state=Inquiry.State.SPAM)),
)
