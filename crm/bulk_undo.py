"""Taking a bulk edit back (S3): each record that nobody has changed since gets its old values again, in one piece of work."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import slots
from crm.actor import working
from crm.bulk_edit import KIND, PLACES, Skipped, plain
from crm.models import BulkEdit, Sale, SaleStage, User

MODELS: dict[str, type[Any]] = {place: model for model, place in PLACES.items()}
MAY = {"companies": "crm.change_company", "sales": "crm.change_sale"}
Row = Mapping[str, Any]


class AlreadyUndone(Exception):
    """There is nothing to take back any more. Nothing was changed."""


@dataclass(slots=True)
class Undone:
    """What taking back came to: the records that have their old values again, those that were left, and what became of categories, in sentences."""

    done: list[int] = field(default_factory=list)
    left: list[Skipped] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)


def may_undo(edit: BulkEdit, user: User) -> bool:
    """Whoever did it, and administrators, while they may change such records."""
    return user.has_perm(MAY[edit.place]) and (edit.user_id == user.pk or user.is_administrator)


@transaction.atomic
def undo(edit_id: int, *, by: User) -> Undone:
    """Put the old values back where nobody has changed them since; what the edit did to categories goes back too (A9).

    A record that was changed, archived, or whose old value is offered no more stays as it is, and so does the category of its
    company. Raises AlreadyUndone, PermissionDenied, BulkEdit.DoesNotExist. Five statements, one for each different old value, and
    what the categories cost.
    """
    edit = BulkEdit.objects.select_for_update(no_key=True).get(pk=edit_id)
    if not may_undo(edit, by):
        raise PermissionDenied(_("You do not have access to do this."))
    if edit.undone_at or not edit.before:
        raise AlreadyUndone
    edit.undone_at = timezone.now()
    edit.save(update_fields=["undone_at"])
    return _put_back(edit, by)


def _put_back(edit: BulkEdit, by: User) -> Undone:
    model, undone, stay = MODELS[edit.place], Undone(), set()
    gone, name = _gone(edit), model.SEARCHED[0]
    group_of = {pk: index for index, (_old, pks) in enumerate(edit.before) for pk in pks}
    back: dict[int, list[int]] = defaultdict(list)
    columns = {"pk", name, "archived_at", *edit.after, *(["status", "company_id"] if model is Sale else [])}
    for row in models.QuerySet(model).filter(pk__among=list(group_of)).order_by("pk").select_for_update(no_key=True).values(*columns):
        group = group_of[row["pk"]]
        if why := _against(edit, row) or gone.get(_first(edit.before[group][0]), ""):
            undone.left.append(Skipped(row["pk"], row[name], why))
            stay.add(row.get("company_id"))
        else:
            undone.done.append(row["pk"])
            back[group].append(row["pk"])
    with working(user=by, kind=KIND):
        for group, pks in back.items():
            model.objects.filter(pk__in=pks).update(**_values(edit.before[group][0]))
    if "status" in edit.after:
        undone.moved = slots.undo_moves(edit.token, by, frozenset(pk for pk in stay if pk))
    return undone


def _against(edit: BulkEdit, row: Row) -> str:
    """Why this record stays as it is; empty where it may go back."""
    if row["archived_at"]:
        return _("It has been archived.")
    if any(plain(row[column]) != value for column, value in edit.after.items()):
        return _("It has been changed since.")
    if "stage_id" in edit.after and row["status"] in Sale.CLOSED:
        return _("The sale is closed. Reopen it to change its stage.")
    return ""


def _gone(edit: BulkEdit) -> dict[Any, str]:
    """Old values that nothing can go back to, each with the sentence that says so: people who have left, deleted stages. At most one statement."""
    column = next(iter(edit.after))
    old = [_first(values) for values, _pks in edit.before]
    if column in ("our_contact_id", "owner_id"):
        text = _("{name}, who had it before, has left.")
        return {user.pk: text.format(name=user) for user in User.objects.filter(pk__in=old, is_active=False)}
    if column == "stage_id":
        text = _("Its stage before, {name}, has been deleted.")
        return {stage.pk: text.format(name=stage) for stage in SaleStage.objects.filter(pk__in=old, archived_at__isnull=False)}
    return {}


def _first(values: Row) -> Any:
    return next(iter(values.values()))


def _values(old: Row) -> dict[str, Any]:
    """Old values as they are written."""
    return {column: dt.date.fromisoformat(value) if column == "reopen_on" and value else value for column, value in old.items()}
