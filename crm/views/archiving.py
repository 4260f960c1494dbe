"""Archive a company, contact or sale, and bring it back (S5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.archiving import archive, restore
from crm.http import Request
from crm.models import Company, Contact, Sale
from crm.slots import UndoOffer
from crm.views.base import done, fetch, require, unit_of_work

View = Callable[..., HttpResponse]


def _verbs(model: type[Any]) -> tuple[View, View]:
    """The two verbs of one kind of record."""
    kind = model._meta.model_name

    @require_POST
    @unit_of_work
    def archive_record(request: Request, pk: int) -> HttpResponse:
        require(request, f"crm.change_{kind}")
        record = fetch(request, model, pk, archived=True)
        archive(record)
        undo = UndoOffer(reverse(f"crm:{kind}-restore", args=[pk]))
        return done(request, _("{name} is archived").format(name=record), to=record.get_absolute_url(), undo=undo)

    @require_POST
    @unit_of_work
    def restore_record(request: Request, pk: int) -> HttpResponse:
        require(request, f"crm.change_{kind}")
        record = fetch(request, model, pk, archived=True)
        restore(record)
        return done(request, _("{name} is back").format(name=record), to=record.get_absolute_url())

    return archive_record, restore_record


company_archive, company_restore = _verbs(Company)
contact_archive, contact_restore = _verbs(Contact)
sale_archive, sale_restore = _verbs(Sale)
