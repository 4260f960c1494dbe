"""Changing many companies or sales at once (S3): one save, with the rules and guards of changing them one by one (A4, A5).

Each record is judged under its lock. What was archived, closed or changed since the list showed it is skipped and said, never
overwritten. Everything runs in the caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _

from crm.actor import Work, working
from crm.models import BulkEdit, Company, CompanyCategory, Sale, SaleReason, SaleStage, User

MOST = 10_000  # records of one bulk edit
KIND = "bulk"  # of the batch that its decisions share
PLACES = {Company: "companies", Sale: "sales"}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """The records that somebody chose: `seen` has what the list showed of each, by column; `as_of` is when all that match were shown."""

    pks: Sequence[int]
    seen: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    as_of: dt.datetime | None = None


class Skipped(NamedTuple):
    """A record that was left as it was."""

    pk: int
    name: str
    why: str


@dataclass(slots=True)
class Edited:
    """What a bulk edit did. `token` is that of its batch (`Work.token`); `kept` is what can be taken back, where anything was done."""

    token: UUID
    done: list[int] = field(default_factory=list)
    already: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    before: dict[tuple[Any, ...], list[int]] = field(default_factory=lambda: defaultdict(list))  # old values, as `Change.keeps` names them
    kept: BulkEdit | None = None


class Change(NamedTuple):
    """How a record is judged: the column that is written, what it becomes, what to say of one that changed, and what else speaks against it."""

    column: str
    value: Any
    changed: Callable[[Row], str]
    against: Callable[[Row], str] = lambda _row: ""
    watched: str = ""  # the column that tells whether it changed, where that is another
    keeps: tuple[str, ...] = ()  # the columns that are put back when it is undone


def set_category(selection: Selection, *, category: CompanyCategory, by: User) -> Edited:
    """Move companies to a category by hand (C7). Four statements, and what moving them costs."""
    names = {one.pk: one.name for one in CompanyCategory.objects.all()}

    def changed(row: Row) -> str:
        return _("It has changed meanwhile: it is now {category}.").format(category=names[row["category_id"]])

    change = Change("category_id", category.pk, changed, watched="category_version")
    return _edit(Company, selection, change, {"category": category}, by)


def set_our_contact(selection: Selection, *, our_contact: User | None, by: User) -> Edited:
    """Give companies another contact with us, or none. Three statements."""

    def changed(row: Row) -> str:
        return _("A colleague has changed its contact with us meanwhile.")

    change = Change("our_contact_id", our_contact.pk if our_contact else None, changed, keeps=("our_contact_id",))
    return _edit(Company, selection, change, {"our_contact": our_contact}, by)


def close_sales(selection: Selection, *, status: str, closed_on: dt.date, reason: SaleReason | None, note: str, by: User) -> Edited:
    """Win or lose sales that are open or stalled. Three statements, and what the rules cost."""

    def against(row: Row) -> str:
        return _("It is closed already: {status}.").format(status=Sale.Status(row["status"]).label) if row["status"] in Sale.CLOSED else ""

    def changed(row: Row) -> str:
        return _("It has changed meanwhile: it is now {status}.").format(status=Sale.Status(row["status"]).label)

    change = Change("status", status, changed, against, keeps=("status", "reopen_on"))
    return _edit(Sale, selection, change, {"status": status, "closed_on": closed_on, "reason": reason, "reason_note": note}, by)


def set_owner(selection: Selection, *, owner: User | None, by: User) -> Edited:
    """Give sales another owner, or none. Three statements."""

    def changed(row: Row) -> str:
        return _("A colleague has changed its owner meanwhile.")

    return _edit(Sale, selection, Change("owner_id", owner.pk if owner else None, changed, keeps=("owner_id",)), {"owner": owner}, by)


def set_stage(selection: Selection, *, stage: SaleStage, by: User) -> Edited:
    """Move sales that are not closed to another stage. Three statements."""

    def changed(row: Row) -> str:
        return _("A colleague has changed its stage meanwhile.")

    def against(row: Row) -> str:
        return _("The sale is closed. Reopen it to change its stage.") if row["status"] in Sale.CLOSED else ""

    return _edit(Sale, selection, Change("stage_id", stage.pk, changed, against, keeps=("stage_id",)), {"stage": stage}, by)


def _edit(model: type[Any], selection: Selection, change: Change, values: Mapping[str, Any], by: User) -> Edited:
    """Lock the records in the order of their keys, judge each, and write `values` to those that pass, as one piece of work of `by`."""
    with working(user=by, kind=KIND) as work:
        edited = _judge(model, selection, change, work)
        if edited.done:
            model.objects.filter(pk__in=edited.done).update(**values)
            before = [[dict(zip(change.keeps, old, strict=True)), pks] for old, pks in edited.before.items()] if change.keeps else []
            after = {model._meta.get_field(name).attname: plain(value) for name, value in values.items()}
            edited.kept = BulkEdit.objects.create(token=work.token, place=PLACES[model], before=before, after=after, user=by)
    return edited


def plain(value: Any) -> Any:
    """A column's value as JSON has it."""
    if isinstance(value, models.Model):
        return value.pk
    return value.isoformat() if isinstance(value, dt.date) else value


def _judge(model: type[Any], selection: Selection, change: Change, work: Work) -> Edited:
    edited = Edited(work.token)
    name, watched = model.SEARCHED[0], change.watched or change.column
    columns = {"pk", name, "archived_at", "updated_at", change.column, watched, *change.keeps, *(["status"] if model is Sale else [])}
    rows: models.QuerySet[Any] = models.QuerySet(model).filter(pk__in=selection.pks).order_by("pk").select_for_update(no_key=True)
    for row in rows.values(*columns):
        seen = selection.seen.get(row["pk"], {}).get(watched)
        overtaken = seen is not None and seen != _text(row[watched])
        if row["archived_at"]:
            why = _("It has been archived.")
        elif row[change.column] == change.value:
            edited.already += 1
            continue
        else:
            why = change.against(row)
        if not why and (overtaken or (selection.as_of and row["updated_at"] > selection.as_of)):
            why = change.changed(row) if overtaken else _("It has changed since the list was shown.")
        if why:
            edited.skipped.append(Skipped(row["pk"], row[name], why))
        else:
            edited.done.append(row["pk"])
            edited.before[tuple(plain(row[column]) for column in change.keeps)].append(row["pk"])
    return edited


def _text(value: Any) -> str:
    """A column's value as the list carries it."""
    return "" if value is None else str(value)


def seen_text(record: Any, columns: Sequence[str]) -> str:
    """What a list shows of a record, to be sent back with its key: 12:3:7."""
    return ":".join([str(record.pk), *(_text(getattr(record, column)) for column in columns)])


def seen_in(text: str, columns: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The other way round: the key as it came, and what was shown; nothing of a mangled one."""
    pk, *values = text.split(":")
    return pk, dict(zip(columns, values, strict=True)) if len(values) == len(columns) else {}
