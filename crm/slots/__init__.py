"""Where upper apps show something inside a lower app's screen: typed objects, filled from each app's hooks.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from crm.filters import ListFilter, SavedView, add_to_lists
from crm.http import Request
from crm.slots.shapes import (
    Badge,
    BatchPage,
    Help,
    ItemUse,
    NavItem,
    NotificationKind,
    Panel,
    PersonalData,
    Quiet,
    SettingsArea,
    SettingsScreen,
    Shown,
    Told,
    UndoOffer,
)

__all__ = [
    "Badge",
    "BatchPage",
    "Help",
    "ItemUse",
    "NavItem",
    "NotificationKind",
    "Panel",
    "PersonalData",
    "Quiet",
    "SettingsArea",
    "SettingsScreen",
    "Shown",
    "Told",
    "UndoOffer",
]

nav_items: list[NavItem] = []
settings_screens: list[SettingsScreen] = []
panels: list[Panel] = []
badges: list[Badge] = []
helps: dict[str, Help] = {}
settings_areas: dict[str, SettingsArea] = {}
notification_kinds: dict[str, NotificationKind] = {}
page_dialogs: list[Callable[[Request], str]] = []
item_uses: list[ItemUse] = []
personal_data: list[PersonalData] = []
category_undos: list[Callable[[Request, int], UndoOffer | None]] = []
batch_pages: list[Callable[[Request, UUID], BatchPage | None]] = []
move_undos: list[Callable[[UUID, Any, Collection[int]], list[str]]] = []
told_of_moves: list[Callable[[Any, Any, Any], str]] = []
needs_successor: list[Callable[[Any], bool]] = []  # whether this user, who leaves, has something that somebody should take over


Thing = NavItem | SettingsScreen | Panel | Badge | Help | SettingsArea | NotificationKind | ItemUse | PersonalData | ListFilter | SavedView


def register(*things: Thing) -> None:
    """Put things into their slots, in order of position. Called from hooks.py, once per process."""
    for thing in things:
        match thing:
            case NavItem():
                nav_items.append(thing)
                nav_items.sort(key=lambda item: item.position)
            case SettingsScreen():
                settings_screens.append(thing)
                settings_screens.sort(key=lambda item: item.position)
            case Panel():
                panels.append(thing)
                panels.sort(key=lambda item: item.position)
            case Badge():
                badges.append(thing)
            case Help():
                helps[thing.key] = thing
            case SettingsArea():
                settings_areas[thing.key] = thing
            case NotificationKind():
                notification_kinds[thing.key] = thing
            case ItemUse():
                item_uses.append(thing)
                item_uses.sort(key=lambda use: use.position)
            case PersonalData():
                personal_data.append(thing)
                personal_data.sort(key=lambda kind: kind.position)
            case ListFilter() | SavedView():
                add_to_lists(thing)


def nav_items_for(request: Request) -> list[dict[str, Any]]:
    """The navigation entries this user may see, with their counts."""
    return [
        {"item": item, "counts": item.count is not None, "count": item.count(request) if item.count else 0}
        for item in nav_items
        if not item.permission or request.user.has_perm(item.permission)
    ]


def settings_screens_for(request: Request) -> list[SettingsScreen]:
    """The settings screens this user may open."""
    return [screen for screen in settings_screens if request.user.has_perm(screen.permission)]


def notification_kinds_for(user: Any) -> list[NotificationKind]:
    """The kinds of things this user can be told, in order."""
    mine = (kind for kind in notification_kinds.values() if not kind.permission or user.has_perm(kind.permission))
    return sorted(mine, key=lambda kind: kind.position)


def help_of(view_name: str) -> Help | None:
    """The help text of the page with this URL name: its own, or that of the screen it is."""
    screen = next((screen.key for screen in settings_screens if screen.url_name == view_name), "")
    return helps.get(view_name) or helps.get(screen)


def sections_of(request: Request, place: str, subject: Any) -> tuple[list[str], list[str]]:
    """The panels at `place` in their order, and apart from them the lines of those that have nothing to show."""
    found = [html for panel in panels if panel.place == place and (html := panel.render(request, subject))]
    return [html for html in found if not isinstance(html, Quiet)], [html for html in found if isinstance(html, Quiet)]


def badges_for(request: Request, place: str, records: Sequence[Any]) -> list[dict[str, Any]]:
    """The columns of `place`, each with its label and cells by primary key. Statements: those of each badge, once."""
    return [{"label": badge.label, "cells": badge.prepare(request, records)} for badge in badges if badge.place == place]


def category_undo(request: Request, company_id: int | None) -> UndoOffer | None:
    """How this person takes the company's last change of category back, for the toast that tells of it; None where they cannot (A9)."""
    offers = (offer(request, company_id) for offer in category_undos) if company_id else ()
    return next((offer for offer in offers if offer), None)


def batch_page(request: Request, token: UUID) -> BatchPage | None:
    """What the bulk edit with this token (`Work.token`) did to categories; None where it moved nothing."""
    pages = (page(request, token) for page in batch_pages)
    return next((page for page in pages if page), None)


def undo_moves(token: UUID, by: Any, stay: Collection[int]) -> list[str]:
    """Take back what the bulk edit with this token did to categories, but for the companies that `stay` (A9). Sentences that say what came of it."""
    return [text for undo in move_undos for text in undo(token, by, stay)]


def told_of_move(contact: Any, was: Any, now: Any) -> list[str]:
    """What became of a contact who moved from the company `was` to `now`: sentences, for the toast that tells of it (L5)."""
    return [text for tell in told_of_moves if (text := tell(contact, was, now))]


def uses_of(model: type[Any]) -> list[ItemUse]:
    """What uses the items of this list, in the order in which it is locked."""
    return [use for use in item_uses if use.model is model]
