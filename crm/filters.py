"""What a list or a board can be narrowed by: a filter is a declaration, and each draws and applies the ones of its place alike.

Each app registers its own from hooks.py (`slots.register`). Several values of one filter mean any of them, several filters all of
them. A value that names nothing is left out, and that is said; a deleted item of a list still filters, and shows its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.http import Request
from crm.models import User
from crm.text import LONGEST, as_pk, fold

ME, NOBODY = "me", "none"
YES = frozenset(("1", "true", "on", "yes"))  # how a parameter says that it is meant
NAMED = 5  # values that are left out and said by name


class Choice(NamedTuple):
    """A value that a filter offers, and what it is called."""

    value: str
    label: str


Choices = Callable[[Request, Collection[str]], Sequence[Choice]]
Condition = Callable[[Request, Sequence[str]], Q]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """One filter of a list or a board. `choices(request, asked)` offers values, and whichever of the asked ones exist besides.

    `condition(request, values)` is what any of these values asks of a record. `aliases` maps older parameters that say yes
    to one of the values.
    """

    place: str  # "companies", "contacts", "sales"; the boards "pipeline", "leads"
    parameter: str
    label: str | Promise
    choices: Choices
    condition: Condition
    position: int = 0
    icon: str = "funnel"
    under_more: bool = False  # drawn with others behind *More filters*
    everything: str | Promise = ""  # what choosing nothing is called: on a board, where one value is chosen of a select
    only_when_set: bool = False  # not offered: lists are opened with it from elsewhere, and it can be taken out
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedView:
    """A tab above a list: the records that fulfil `condition(request)`."""

    place: str
    key: str  # in the address; empty is what the list opens with
    label: str | Promise
    condition: Callable[[Request], Q]
    position: int = 0


list_filters: list[ListFilter] = []
saved_views: list[SavedView] = []


def add_to_lists(thing: ListFilter | SavedView) -> None:
    """Put a filter or a view into its place, in order of position. Called by `slots.register`."""
    (list_filters if isinstance(thing, ListFilter) else saved_views).append(thing)  # type: ignore[arg-type]
    list_filters.sort(key=lambda one: one.position)
    saved_views.sort(key=lambda one: one.position)


@dataclass(frozen=True, slots=True)
class AskedFilter:
    """A filter as one address has it: `values` are the known ones among those asked for, `unknown` the others."""

    filter: ListFilter
    choices: Sequence[Choice]
    values: list[str]
    unknown: list[str]

    @property
    def chosen(self) -> list[Choice]:
        """What is chosen, in the order in which it is offered."""
        return [choice for choice in self.choices if choice.value in self.values]


class Chip(NamedTuple):
    """One chosen value, and the address without it."""

    label: str | Promise
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class Filters:
    """All filters of a place as one address has them, and what is searched for there."""

    request: Request
    params: QueryDict
    asked: list[AskedFilter]

    @property
    def q(self) -> str:
        """What is searched for, as typed."""
        return self.params.get("q", "")[:LONGEST]

    def narrow[Query: QuerySet](self, query: Query, *, but: str = "") -> Query:
        """The records that fulfil every filter that is set, `but` for one parameter."""
        for one in self.asked:
            if one.values and one.filter.parameter != but:
                query = query.filter(one.filter.condition(self.request, one.values))
        return query

    def condition(self, parameter: str) -> Q:
        """What the filter of this parameter asks of a record; nothing where it is not set."""
        one = self._of(parameter)
        return one.filter.condition(self.request, one.values) if one and one.values else Q()

    def values(self, parameter: str) -> list[str]:
        """The known values of this parameter."""
        one = self._of(parameter)
        return one.values if one else []

    def _of(self, parameter: str) -> AskedFilter | None:
        return next((one for one in self.asked if one.filter.parameter == parameter), None)

    @property
    def is_set(self) -> bool:
        """Whether any narrows the list."""
        return any(one.values for one in self.asked)

    @property
    def number(self) -> int:
        """How many values are set."""
        return sum(len(one.values) for one in self.asked)

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter or a search narrows the list."""
        return self.is_set or bool(self.q.strip())

    @property
    def left_out(self) -> str:
        """The sentence about the values that no filter knows; empty where there are none."""
        unknown = [f"“{one.filter.label}: {Truncator(value).chars(40)}”" for one in self.asked for value in one.unknown]
        if not unknown:
            return ""
        text = ngettext("The filter {names} no longer exists and was left out.", "The filters {names} no longer exist and were left out.", len(unknown))
        return text.format(names=", ".join([*unknown[:NAMED], *(["…"] if len(unknown) > NAMED else [])]))

    @property
    def bar(self) -> list[AskedFilter]:
        """Those with a button or a select of their own."""
        return [one for one in self.asked if not one.filter.under_more and not one.filter.only_when_set and one.choices]

    @property
    def more(self) -> list[AskedFilter]:
        """Those behind *More filters*."""
        return [one for one in self.asked if one.filter.under_more and one.choices]

    @property
    def quiet(self) -> list[AskedFilter]:
        """Those that are only kept: hidden in the form."""
        return [one for one in self.asked if one.filter.only_when_set and one.values]

    @property
    def chips(self) -> list[Chip]:
        """Every chosen value with the address that it is missing from."""
        return [Chip(one.filter.label, choice.label, self._without(one, choice.value)) for one in self.asked for choice in one.chosen]

    def _without(self, one: AskedFilter, value: str) -> str:
        params = self.params.copy()
        for name in ("page", one.filter.parameter, *one.filter.aliases):
            params.pop(name, None)
        params.setlist(one.filter.parameter, [other for other in one.values if other != value])
        return f"?{params.urlencode()}" if params.urlencode() else "."


def filters_of(request: Request, place: str, params: QueryDict) -> Filters:
    """The filters of `place` as this address has them. The statements of each one's choices."""
    return Filters(request, params, [_ask(request, one, params) for one in list_filters if one.place == place])


def _ask(request: Request, one: ListFilter, params: QueryDict) -> AskedFilter:
    sent = params.getlist(one.parameter)
    wanted = [*(sent[-1:] if one.everything else sent), *(value for name, value in one.aliases.items() if fold(params.get(name, "")) in YES)]
    choices = one.choices(request, wanted)
    known = [choice.value for choice in choices if choice.value in wanted]
    return AskedFilter(one, choices, known, [value for value in dict.fromkeys(wanted) if value not in known and fold(value)])


# --------------------------------------------------------- kinds of filters
def fixed(*choices: tuple[str, str | Promise]) -> Choices:
    """Values that are always the same."""
    return lambda _request, _asked: [Choice(value, str(label)) for value, label in choices]


def by_value(conditions: Mapping[str, Callable[[], Q]]) -> Condition:
    """Each value has a condition of its own."""

    def condition(request: Request, values: Sequence[str]) -> Q:
        found = Q()
        for value in values:
            found |= conditions[value]()
        return found

    return condition


def items_of(model: type[Any], none: str | Promise = "", among: Q | None = None) -> Choices:
    """The items of a list of Settings that fulfil `among`, and with `none` having none. One statement."""

    def choices(request: Request, asked: Collection[str]) -> list[Choice]:
        items = model._default_manager.filter(Q(among or Q(), archived_at=None) | Q(pk__in=_keys(asked)))
        return [*([Choice(NOBODY, str(none))] if none else []), *(Choice(str(item.pk), str(item)) for item in items)]

    return choices


def of_items(
    place: str, parameter: str, label: str | Promise, model: type[Any], column: str, *, none: str | Promise = "", among: Q | None = None, **options: Any
) -> ListFilter:
    """By the items of a list of Settings that fulfil `among`; with `none` also by having none. One statement."""
    return ListFilter(place, parameter, label, items_of(model, none, among), lambda _request, values: is_any(column, values), **options)


def of_users(place: str, parameter: str, label: str | Promise, column: str, **options: Any) -> ListFilter:
    """By people: *me*, *nobody*, and everybody who can be chosen. One statement."""

    def choices(request: Request, asked: Collection[str]) -> list[Choice]:
        people = User.objects.filter(Q(is_active=True) | Q(pk__in=_keys(asked))).exclude(pk=request.user.pk)
        mine = Choice(ME, _("Me"))
        also = [Choice(str(request.user.pk), str(request.user))] if str(request.user.pk) in asked else []
        return [mine, Choice(NOBODY, _("Nobody")), *also, *(Choice(str(person.pk), str(person)) for person in people)]

    def condition(request: Request, values: Sequence[str]) -> Q:
        return is_any(column, [str(request.user.pk) if value == ME else value for value in values])

    return ListFilter(place, parameter, label, choices, condition, **options)


def of_record(place: str, parameter: str, label: str | Promise, model: type[Any], column: str, **options: Any) -> ListFilter:
    """By one record that a list was opened with from elsewhere. One statement where it is asked for."""

    def choices(request: Request, asked: Collection[str]) -> list[Choice]:
        keys = _keys(asked)
        return [Choice(str(one.pk), str(one)) for one in model._default_manager.filter(pk__in=keys)] if keys else []

    return ListFilter(place, parameter, label, choices, lambda _request, values: is_any(column, values), only_when_set=True, **options)


def is_any(column: str, values: Sequence[str]) -> Q:
    """`column` points to any of these keys; *none*: to nothing."""
    wanted = Q(**{f"{column}__in": _keys(values)})
    return wanted | Q(**{f"{column}__isnull": True}) if NOBODY in values else wanted


def _keys(values: Collection[str]) -> list[int]:
    return [pk for value in values if (pk := as_pk(value))]
