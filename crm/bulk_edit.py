"""Changing many companies or sales at once (S3): one save, with the rules and guards of changing them one by one (A4, A5).

Each record is judged under its lock. What was archived, closed or changed since the list showed it is skipped and said, never
overwritten. Everything runs in the caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _

from crm.actor import Work, working
from crm.models import Company, CompanyCategory, Sale, SaleReason, SaleStage, User

MOST = 10_000  # records of one bulk edit
KIND = "bulk"  # of the batch that its decisions share
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
    """What a bulk edit did. `token` is that of its batch (`Work.token`)."""

    token: UUID
    done: list[int] = field(default_factory=list)
    already: int = 0
    skipped: list[Skipped] = field(default_factory=list)


class Change(NamedTuple):
    """How a record is judged: the column that is written, what it becomes, what to say of one that changed, and what else speaks against it."""

    column: str
    value: Any
    changed: Callable[[Row], str]
    against: Callable[[Row], str] = lambda _row: ""
    watched: str = ""  # the column that tells whether it changed, where that is another


def set_category(selection: Selection, *, category: CompanyCategory, by: User) -> Edited:
    """Move companies to a category by hand (C7). Three statements, and what moving them costs."""
    names = {one.pk: one.name for one in CompanyCategory.objects.all()}

    def changed(row: Row) -> str:
        return _("It has changed meanwhile: it is now {category}.").format(category=names[row["category_id"]])

    with _judging(Company, selection, Change("category_id", category.pk, changed, watched="category_version"), by) as edited:
        Company.objects.filter(pk__in=edited.done).update(category=category)
    return edited


def set_our_contact(selection: Selection, *, our_contact: User | None, by: User) -> Edited:
    """Give companies another contact with us, or none. Two statements."""

    def changed(row: Row) -> str:
        return _("A colleague has changed its contact with us meanwhile.")

    with _judging(Company, selection, Change("our_contact_id", our_contact.pk if our_contact else None, changed), by) as edited:
        Company.objects.filter(pk__in=edited.done).update(our_contact=our_contact)
    return edited


def close_sales(selection: Selection, *, status: str, closed_on: dt.date, reason: SaleReason | None, note: str, by: User) -> Edited:
    """Win or lose sales that are open or stalled. Two statements, and what the rules cost."""

    def against(row: Row) -> str:
        return _("It is closed already: {status}.").format(status=Sale.Status(row["status"]).label) if row["status"] in Sale.CLOSED else ""

    def changed(row: Row) -> str:
        return _("It has changed meanwhile: it is now {status}.").format(status=Sale.Status(row["status"]).label)

    with _judging(Sale, selection, Change("status", status, changed, against), by) as edited:
        Sale.objects.filter(pk__in=edited.done).update(status=status, closed_on=closed_on, reason=reason, reason_note=note)
    return edited


def set_owner(selection: Selection, *, owner: User | None, by: User) -> Edited:
    """Give sales another owner, or none. Two statements."""

    def changed(row: Row) -> str:
        return _("A colleague has changed its owner meanwhile.")

    with _judging(Sale, selection, Change("owner_id", owner.pk if owner else None, changed), by) as edited:
        Sale.objects.filter(pk__in=edited.done).update(owner=owner)
    return edited


def set_stage(selection: Selection, *, stage: SaleStage, by: User) -> Edited:
    """Move sales that are not closed to another stage. Two statements."""

    def changed(row: Row) -> str:
        return _("A colleague has changed its stage meanwhile.")

    def against(row: Row) -> str:
        return _("The sale is closed. Reopen it to change its stage.") if row["status"] in Sale.CLOSED else ""

    with _judging(Sale, selection, Change("stage_id", stage.pk, changed, against), by) as edited:
        Sale.objects.filter(pk__in=edited.done).update(stage=stage)
    return edited


@contextmanager
def _judging(model: type[Any], selection: Selection, change: Change, by: User) -> Iterator[Edited]:
    """Lock the records in the order of their keys and judge each; inside, `done` are those to write, as one piece of work of `by`."""
    with working(user=by, kind=KIND) as work:
        yield _judge(model, selection, change, work)


def _judge(model: type[Any], selection: Selection, change: Change, work: Work) -> Edited:
    edited = Edited(work.token)
    name, watched = model.SEARCHED[0], change.watched or change.column
    columns = {"pk", name, "archived_at", "updated_at", change.column, watched, *(["status"] if model is Sale else [])}
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
