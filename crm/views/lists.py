"""One screen for every list of Settings and maintenance: the items, and a dialog to add or edit one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.forms.base import point_at_first_error
from crm.forms.lists import ListItemForm
from crm.http import Request
from crm.models import ListItem, SettingsChange
from crm.views.base import fetch, finish, page, require, unit_of_work

MAY_OPEN = "crm.manage_settings"


def require_administrator(request: Request) -> None:
    """Only administrators get in; everyone else meets a 403 page in plain words."""
    require(request, MAY_OPEN, _("Only administrators can open Settings and maintenance."))


@dataclass(frozen=True)
class ListScreen:
    """A list and its words. `url_name` is the list; `<url_name>-new` and `<url_name>-item` are its forms."""

    key: str
    model: type[ListItem]
    form: type[ListItemForm]
    url_name: str
    title: str | Promise
    help: str | Promise
    used_by: str | Promise  # what uses an item, as a column
    own_fields: str  # template of the fields that only this list has; its partial "depends" follows from another field
    usage: Callable[[models.QuerySet], models.QuerySet]  # annotates `uses`
    columns: list[tuple[str | Promise, Callable[[Any], str]]] = field(default_factory=list)

    def _context(self, request: Request) -> dict[str, Any]:
        items = list(self.usage(self.model._default_manager.active()).order_by("position", "pk"))
        rows = [{"item": item, "cells": [cell(item) for _label, cell in self.columns]} for item in items]
        return {"screen": self, "rows": rows, "active": "lists", "sub": self.key, "item_url": f"{self.url_name}-item", "new_url": f"{self.url_name}-new"}

    @property
    def items(self) -> Callable[..., HttpResponse]:
        """The view of the list."""

        @require_safe
        def view(request: Request) -> HttpResponse:
            require_administrator(request)
            return page(request, "settings/list.html", self._context(request), fragment="items")

        return view

    @property
    def edit(self) -> Callable[..., HttpResponse]:
        """The view that adds an item, or edits the one in the address."""

        @unit_of_work
        def view(request: Request, pk: int | None = None) -> HttpResponse:
            require_administrator(request)
            item = self.model() if pk is None else fetch(request, self.model, pk)
            form = self.form(request.POST or None, instance=item)
            if request.method != "POST":
                if request.htmx and "group" in request.GET:
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
        context = {**self._context(request), "form": form, "item": item, "conflict": status == 409}
        return page(request, "settings/item_form.html", context, fragment="dialog" if request.method != "POST" else "body", status=status)

    def _save(self, request: Request, form: ListItemForm) -> HttpResponse:
        item = form.save()
        SettingsChange.record(area=self.key, item=item.name, item_id=item.pk, before=form.before, after=form.after())
        messages.success(request, _("{name} saved").format(name=item.name))
        return finish(request, to=reverse(self.url_name))
