"""Telling whoever an import was run for what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import DatabaseError
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.actor import working
from crm.imports.report import Result
from crm.models import Notification, User
from crm.notifications import notify
from crm.numbers import Number
from crm.slots import NotificationKind, Told

IMPORT_FINISHED = "import-finished"


def tell_user(user: User, result: Result, *, file: str, refused: int, stopped: bool, url_name: str) -> None:
    """Tell `user` that the import of `file` has ended, and how; `url_name` is the list where its rows are. Two statements.

    It is Havn that tells them, not they themselves; a database that has given up has said so already.
    """
    facts = {"file": file, "imported": result.imported, "already": result.already, "refused": refused, "stopped": stopped, "list": url_name}
    with working(), suppress(DatabaseError):
        notify(IMPORT_FINISHED, [user.pk], subject_id=0, facts=facts)


def told_of_imports(notifications: Sequence[Notification]) -> dict[int, Told]:
    """Imports with their counts, leading to the list of what was imported. No statement."""
    return {one.pk: _told(one.facts) for one in notifications}


def _told(facts: dict[str, Any]) -> Told:
    text = _("The import of {file} was stopped") if facts.get("stopped") else _("The import of {file} is finished")
    counts = [
        (facts.get("imported", 0), ngettext("{n} row imported", "{n} rows imported", facts.get("imported", 0))),
        (facts.get("already", 0), ngettext("{n} was there already", "{n} were there already", facts.get("already", 0))),
        (facts.get("refused", 0), ngettext("{n} refused", "{n} refused", facts.get("refused", 0))),
    ]
    said = [words.format(n=Number(count)) for place, (count, words) in enumerate(counts) if count or not place]
    return Told(text.format(file=facts.get("file", "")), _list_of(facts.get("list", "")), ", ".join(said))


def _list_of(url_name: str) -> str:
    with suppress(NoReverseMatch):  # of a screen that has gone since
        return reverse(url_name)
    return ""


KIND = NotificationKind(IMPORT_FINISHED, gettext_lazy("An import that was run for me has ended"), told_of_imports, 40, icon="check-circle")
