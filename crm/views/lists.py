"""One screen for every list of Settings and maintenance: the items, a dialog to add or edit one, and what else can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from crm import lists
from crm.forms.base import point_at_first_error
from crm.forms.lists import DeleteForm, ListItemForm
from crm.http import Request
from crm.models import ListItem, SettingsChange
from crm.slots import uses_of
from crm.text import as_pk
from crm.views.base import done, finish, page, refused, require, stands_alone, then_focus, unit_of_work

MAY_OPEN = "crm.manage_settings"
View = Callable[..., HttpResponse]


def require_administrator(request: Request) -> None:
    """Only administrators get in; everyone else meets a 403 page in plain words."""
    require(request, MAY_OPEN, _("Only administrators can open Settings and maintenance."))


def administrators_post(view: View) -> View:
    """For a verb: everyone else meets a 403, whoever only looks a 405. A POST is one transaction."""

    @wraps(view)
    def checked(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        require_administrator(request)
        return require_POST(unit_of_work(view))(request, *args, **kwargs)

    return checked


@dataclass(frozen=True)
class ListScreen:
    """A list and its words. `url_name` is the list; `<url_name>-new`, `-item`, `-delete` and so on are what is done with it."""

    key: str
    model: type[ListItem]
    form: type[ListItemForm]
    url_name: str
    title: str | Promise
    help: str | Promise
    default: str | Promise = ""  # what is given the default: "New companies"
    own_fields: str = "settings/own_fields.html"  # template of the fields that only this list has; its partial "depends" follows from another field
    columns: list[tuple[str | Promise, Callable[[Any], str]]] = field(default_factory=list)

    def urls(self, route: str, name: str) -> list[URLPattern]:
        """The addresses of the list and its verbs. `name` is the last part of `url_name`."""
        item = f"{route}<int:pk>/"
        found = [
            path(route, self.items, name=name),
            path(f"{route}new/", self.edit, name=f"{name}-new"),
            path(item, self.edit, name=f"{name}-item"),
            path(f"{item}move/", self.move, name=f"{name}-move"),
            path(f"{item}delete/", self.delete, name=f"{name}-delete"),
            path(f"{item}restore/", self.restore, name=f"{name}-restore"),
        ]
        return [*found, path(f"{route}default/", self.choose_default, name=f"{name}-default")] if self.default else found

    def _context(self, request: Request) -> dict[str, Any]:
        deleted = request.GET.get("deleted") == "1"
        items = list(self._in_order(deleted))
        uses = [(use.label, use.column(items)) for use in uses_of(self.model) if use.label]
        rows = [
            {"item": item, "cells": [(label, cell(item)) for label, cell in self.columns], "uses": [shown.get(item.pk, []) for _, shown in uses]}
            for item in items
        ]
        for row in rows:
            row["is_used"] = any(row["uses"])
        active = [row for row in rows if not row["item"].archived_at]
        for row in active:
            row["is_first"], row["is_last"] = row is active[0], row is active[-1]
        verbs = {f"{verb}_url": f"{self.url_name}-{verb}" for verb in ("new", "item", "move", "delete", "restore", "default")}
        here = {
            "screen": self,
            "rows": rows,
            "count": len(active),
            "deleted": deleted,
            "uses": [label for label, _shown in uses],
            "alone": stands_alone(request),
        }
        return {"active": "lists", "sub": self.key, **verbs, **here}

    def _in_order(self, deleted: bool) -> Any:
        """Those that are deleted at the end."""
        query: Any = self.model._default_manager.all() if deleted else self.model._default_manager.active()
        query = query.select_related("group") if hasattr(self.model, "group") else query
        return sorted(query, key=lambda item: (item.archived_at is not None, item.position, item.pk))

    @property
    def items(self) -> View:
        """The view of the list."""

        @require_safe
        def view(request: Request) -> HttpResponse:
            require_administrator(request)
            context = self._context(request)
            response = page(request, "settings/list.html", context, fragment="items")
            if request.htmx and request.htmx.trigger == "show-deleted":
                text = ngettext("{n} item", "{n} items", len(context["rows"])).format(n=len(context["rows"]))
                trigger_client_event(response, "announce", {"target": "body", "value": text}, after="settle")
            return response

        return view

    @property
    def edit(self) -> View:
        """The view that adds an item, or edits the one in the address."""

        @unit_of_work
        def view(request: Request, pk: int | None = None) -> HttpResponse:
            require_administrator(request)
            if request.method == "POST":
                lists.lock_list(self.model)  # all of it: it may give another item's place as the default away
            item = self.model() if pk is None else get_object_or_404(self.model, pk=pk)
            if item.archived_at:
                return self._gone(request, item)
            form = self.form(request.POST or None, instance=item)
            if request.method != "POST":
                if request.htmx and "group" in request.GET and "group" in form.fields:
                    form = self.form(request.GET, instance=item)  # another choice in the open dialog: nothing is saved
                    return page(request, self.own_fields, {"form": form, "item": item}, fragment="depends")
                return self._show(request, form, item, 200)
            if not form.is_valid():
                point_at_first_error(form)
                return self._show(request, form, item, 422)
            if form.conflict():
                return self._show(request, form, item, 409)
            try:
                with transaction.atomic():
                    return self._save(request, form)
            except IntegrityError:  # another administrator took the name between our look and our save
                form.add_error("name", self.model._meta.get_field("name_key").error_messages["unique"])
                return self._show(request, form, item, 422)

        return view

    def _show(self, request: Request, form: ListItemForm, item: ListItem, status: int) -> HttpResponse:
        context = {**self._context(request), "form": form, "item": item}
        return page(request, "settings/item_form.html", context, fragment="dialog" if request.method != "POST" else "body", status=status)

    def _save(self, request: Request, form: ListItemForm) -> HttpResponse:
        item = form.save()
        SettingsChange.record(area=self.key, item=item.name, item_id=item.pk, before=form.before, after=form.after())
        if form.cleaned_data.get("make_default"):
            lists.make_default(model=self.model, pk=item.pk, area=self.key)
        messages.success(request, _("{name} saved").format(name=item.name))
        return finish(request, to=reverse(self.url_name))

    def _gone(self, request: Request, item: ListItem) -> HttpResponse:
        text = _("{name} has been deleted. Show deleted items to restore it.").format(name=item.name)
        return refused(request, text, to=f"{reverse(self.url_name)}?deleted=1")

    def _verb(self, act: Callable[[Request, int], HttpResponse]) -> View:
        """What the verbs share: by POST, for administrators, on an item that exists."""

        @administrators_post
        def view(request: Request, pk: int) -> HttpResponse:
            item = get_object_or_404(self.model, pk=pk)  # not locked here: each verb locks what it needs, in order
            try:
                return act(request, item.pk)
            except lists.IsDeleted:
                return self._gone(request, item)

        return view

    @property
    def move(self) -> View:
        """The view behind the arrows; focus stays on the arrow."""

        def act(request: Request, pk: int) -> HttpResponse:
            item = lists.move_item(model=self.model, pk=pk, up=request.POST.get("direction") == "up", area=self.key)
            place, places = lists.place_of(item)
            text = _("{name} moved to place {a} of {n}").format(name=item.name, a=place, n=places)
            if not request.htmx:
                return done(request, text, to=reverse(self.url_name))
            return trigger_client_event(finish(request, to=""), "announce", {"target": "body", "value": text}, after="settle")

        return self._verb(act)

    @property
    def restore(self) -> View:
        """The view that brings a deleted item back."""

        def act(request: Request, pk: int) -> HttpResponse:
            item = lists.restore_item(model=self.model, pk=pk, area=self.key)
            text = _("{name} restored").format(name=item.name)
            if SettingsChange.objects.filter(area=self.key, item_id=pk, after__has_key="replaced_by").exists():
                text = _("{name} restored. What was moved to another item stays there.").format(name=item.name)
            response = done(request, text, to=f"{reverse(self.url_name)}?deleted=1")
            return then_focus(request, response, f"#item-{pk}")

        return self._verb(act)

    @property
    def choose_default(self) -> View:
        """The view that makes the item in the form the default (C8, L2)."""

        @administrators_post
        def view(request: Request) -> HttpResponse:
            try:
                item = lists.make_default(model=self.model, pk=as_pk(request.POST.get("item")), area=self.key)
            except lists.IsDeleted:
                return refused(request, _("That is no longer in the list. Choose another one."), to=reverse(self.url_name), status=422)
            return done(request, _("{name} is now the default").format(name=item.name), to=reverse(self.url_name))

        return view

    @property
    def delete(self) -> View:
        """The view that says what uses an item, and deletes it (C4)."""

        @unit_of_work
        def view(request: Request, pk: int) -> HttpResponse:
            require_administrator(request)
            item = get_object_or_404(self.model, pk=pk)
            found = self._uses(item)
            if item.archived_at and not found:
                return self._gone(request, item)
            form = self._delete_form(item, found, request.POST if request.method == "POST" else None)
            if request.method != "POST":
                return self._ask(request, item, form, found, 200)
            if not form.is_valid():
                return self._ask(request, item, form, found, 422)
            try:
                return self._delete(request, pk, form)
            except lists.IsDeleted:
                return self._gone(request, item)
            except lists.CannotDelete:  # it is the default now, it is in use now, or the other one was deleted
                item.refresh_from_db()
                found = self._uses(item)
                return self._ask(request, item, self._delete_form(item, found), found, 409)

        return view

    def _uses(self, item: ListItem) -> list[dict[str, Any]]:
        counted = [(use, use.count(item)) for use in uses_of(self.model)]
        return [{"text": use.describe(item, number), "needed": use.needs_replacement, "use": use} for use, number in counted if number]

    def _delete_form(self, item: ListItem, found: list[dict[str, Any]], data: Any = None) -> DeleteForm:
        return DeleteForm(item, used=[use["use"] for use in found], data=data)

    def _ask(self, request: Request, item: ListItem, form: DeleteForm, found: list[dict[str, Any]], status: int) -> HttpResponse:
        asked = {"form": form, "item": item, "found": found, "overtaken": status == 409, "needed": [use for use in found if use["needed"]]}
        context = {**self._context(request), **asked, "others": item.replacements()}
        return page(request, "settings/item_delete.html", context, fragment="dialog" if request.method != "POST" else "body", status=status)

    def _delete(self, request: Request, pk: int, form: DeleteForm) -> HttpResponse:
        order = [item.pk for item in self._in_order(False)]
        gone = lists.delete_item(model=self.model, pk=pk, area=self.key, replacement=form.chosen, keep=form.keeps)
        text = " ".join([_("{name} deleted.").format(name=gone.item.name), *gone.moved])
        after = [*order[order.index(pk) + 1 :], *reversed(order[: order.index(pk)])] if pk in order else []
        return then_focus(request, done(request, text, to=reverse(self.url_name)), f"#item-{after[0]}" if after else "#page-title")
