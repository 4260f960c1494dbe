"""What people do with notes and follow-ups. Each verb is one write, and says by whom."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Company, Contact, FollowUp, Note, Sale, User
from crm.models.remarks import Remark


def begin(model: type[Any], subject: Company | Contact | Sale, *, by: User) -> Any:
    """A new note or follow-up about this record, not saved yet. A sale may have no company."""
    remark = model(created_by=by)
    match subject:
        case Company():
            remark.company = subject
        case Contact():
            remark.contact, remark.company = subject, subject.company
        case Sale():
            remark.sale, remark.company = subject, subject.company
    return remark


def in_a_month(day: dt.date) -> dt.date:
    """The same day of the next month, or its last day."""
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def may_change(note: Note, user: User) -> bool:
    """A note is its author's; administrators look after those of people who have left."""
    return note.created_by_id == user.pk or user.is_administrator


def require_author(note: Note, user: User) -> None:
    """Raise PermissionDenied with a plain sentence unless this person may change the note."""
    if not may_change(note, user):
        raise PermissionDenied(_("Only {name} can change this note.").format(name=note.created_by or _("its author")))


def set_deleted(remark: Remark, deleted: bool) -> None:
    """Delete, or bring back. Doing either twice changes once. One statement."""
    if bool(remark.archived_at) != deleted:
        remark.archived_at = timezone.now() if deleted else None
        remark.save(update_fields=["archived_at"])


def set_done(follow_up: FollowUp, *, by: User | None) -> bool:
    """Done, by this person; None takes that back. Returns whether anything changed: who was first stays the one who did it."""
    if bool(follow_up.done_at) == bool(by):
        return False
    follow_up.done_at, follow_up.done_by = (timezone.now(), by) if by else (None, None)
    follow_up.save(update_fields=["done_at", "done_by"])
    return True
