"""The typed things that stand in slots: what each app may add to a lower one's screens."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from crm.http import Request
from crm.mentions import Mentions
from crm.models import Notification


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the main navigation. `key` is compared with the page's `active`."""

    key: str
    label: str | Promise
    short_label: str | Promise  # under the icon, on a phone
    url_name: str
    icon: str
    position: int
    permission: str = ""
    on_phone: bool = True
    count: Callable[[Request], int] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return reverse(self.url_name)


@dataclass(frozen=True, slots=True)
class SettingsScreen:
    """An entry of the settings navigator; nobody without `permission` is offered it. `is_list` makes it a sub-entry of Lists."""

    key: str
    label: str | Promise
    url_name: str
    icon: str
    position: int
    is_list: bool = False
    permission: str = "crm.manage_settings"

    @property
    def url(self) -> str:
        """Its address."""
        return reverse(self.url_name)


@dataclass(frozen=True, slots=True)
class Help:
    """The help text of a settings screen (W0). `key` is the screen's; a tab of it, or a page below it, has its URL name instead."""

    key: str
    what: str | Promise  # what it does
    example: str | Promise
    check: str | Promise  # what to look at first


@dataclass(frozen=True, slots=True)
class SettingsArea:
    """How the settings log reads the changes of one screen.

    Labels, choices and relations come from `model`; what is kept under another name is in `labels`, `relations` and `events`.
    """

    key: str  # `SettingsChange.area`
    label: str | Promise
    model: type[models.Model]
    url: Callable[[int], str]  # where the item is, by its key
    labels: Mapping[str, str | Promise] = field(default_factory=dict)  # what a kept value is called
    relations: Mapping[str, type[models.Model]] = field(default_factory=dict)  # values that are keys of these
    choices: Mapping[str, Mapping[Any, str | Promise]] = field(default_factory=dict)  # values and their words
    events: Mapping[str, tuple[str | Promise, str | Promise]] = field(default_factory=dict)  # what it is when this becomes false, true
    names: Callable[[Collection[int]], Mapping[int, str]] | None = None  # items whose names are translated, for a whole page at once


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of somebody else's page. `render(request, subject)` returns safe HTML, or nothing."""

    place: str  # "page-top", "company-top", "company-contacts-foot", "company-aside", "contact-aside", "sale-top", "item-edit", "item-delete", ...
    position: int
    render: Callable[[Request, Any], str]


@dataclass(frozen=True, slots=True)
class Badge:
    """A column computed for a whole list at once: `prepare(request, records)` returns safe HTML by primary key."""

    place: str  # "companies", "company-contacts", "contacts", "sales"; on cards: "pipeline" (sales), "leads" (contacts)
    label: str | Promise
    prepare: Callable[[Request, Sequence[Any]], dict[int, str]]


class Shown(NamedTuple):
    """Something that uses an item, as the list shows it: a number of records, or a rule by its name."""

    text: str
    url: str


class ItemUse:
    """One kind of thing that uses the items of a list: how many there are, where they are seen, and how they move to another item (C4, C5).

    `position` is the order in which they are held and moved, which is that of all locks: settings 5, contacts 10, sales 20,
    companies 30, decisions 40. Everything but `column()` is called in the transaction that deletes the item.
    """

    model: type[Any]  # the list
    position: int
    label: str | Promise = ""  # of its column; without one it has none
    needs_replacement = False  # True: the item cannot go while any of these name it
    only: str | Promise = ""  # what may take the item's place, in a sentence, where not every other item may

    def column(self, items: Sequence[Any]) -> dict[int, list[Shown]]:
        """What the list shows beside each item, by key, for the whole list at once."""
        return {}

    def count(self, item: Any) -> int:
        """How many would move, archived ones included."""
        raise NotImplementedError

    def say(self, number: int) -> str:
        """So many of these, in words: 12 companies."""
        raise NotImplementedError

    def describe(self, item: Any, number: int) -> str:
        """The same for one item, with what is worth knowing of them."""
        return self.say(number)

    def takes(self, other: Any) -> bool:
        """Whether these can do with that item instead; see `only`."""
        return True

    def hold(self) -> None:
        """Wait until nobody is at work on any of these, and let nobody begin before the transaction ends."""

    def replace(self, item: Any, other: Any) -> int:
        """Move them, each with its record, without firing a rule. Returns how many."""
        raise NotImplementedError

    def told(self, number: int, other: Any) -> str:
        """What happened, for the message: 12 companies are now Other."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class UndoOffer:
    """How what a toast tells is taken back: a POST to `url` with `fields`. `label` is the button's; it travels with the message, as text."""

    url: str
    fields: Mapping[str, str | int] = field(default_factory=dict)
    label: str = ""

    def packed(self) -> str:
        """As text, for a message that may wait in a cookie."""
        return json.dumps([self.url, dict(self.fields), str(self.label)])

    @classmethod
    def unpacked(cls, text: str) -> UndoOffer | None:
        """What `packed()` made, or None of anything else."""
        try:
            url, fields, label = json.loads(text)
        except (ValueError, TypeError):
            return None
        return cls(url, fields, label)


class PersonalData:
    """One kind of thing that is kept about a person: what of it is handed out, and what becomes of it when they are erased (S5).

    `position` is the order of the file, and that of all locks: contacts 10, sales 20, companies 30, everything else after them.
    Erasing is one transaction, in which the contact is locked.
    """

    key: str  # of its part of the file
    permission: str  # whoever has it is handed this part out
    position: int

    def export(self, contact: Any) -> Any:
        """Everything, as JSON takes it; times and decimals, too."""
        raise NotImplementedError

    def goes(self, contact: Any, words: Mentions) -> list[str]:
        """Before it is erased: what will be removed, in sentences."""
        return []

    def stays(self, contact: Any) -> list[str]:
        """What is kept, without the name."""
        return []

    def erase(self, contact: Any, words: Mentions) -> None:
        """Remove it. `words` are what nothing may say any more."""
        raise NotImplementedError


class BatchPage(NamedTuple):
    """What a bulk edit did to categories, by hand or by rules: how many it moved, where that is seen, and how it is taken back (A9).

    `waiting` suggestions are answered at `waiting_url`.
    """

    moved: int
    url: str
    undo: UndoOffer | None
    waiting: int
    waiting_url: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notification in words. Without `url` there is nothing to show; what `is_over` needs nobody any more."""

    text: str
    url: str = ""  # on this site
    detail: str = ""
    is_over: bool = False
    links: Sequence[tuple[str, str]] = ()  # more than one thing: text and address of each, for the mail


@dataclass(frozen=True, slots=True)
class NotificationKind:
    """One kind of thing that people are told. `tell(notifications)` puts a whole list of one reader (their `user`) at once into words, by key.

    What it leaves out is gone, and said to be. Nobody without `permission` is told. `by_email` is how it is until somebody chooses.
    """

    key: str
    label: str | Promise  # on the page of choices: what happens
    tell: Callable[[Sequence[Notification]], Mapping[int, Told]]
    position: int
    by_email: bool = True
    permission: str = ""
    icon: str = "bell"


class Quiet(SafeString):
    """What a section of the overview returns that has nothing to show: one line that says so, instead of a hole."""

    def __new__(cls, text: str) -> Quiet:
        return super().__new__(cls, conditional_escape(text))
