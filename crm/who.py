"""Who was faster, in words: a colleague by name, or I myself in another window."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from crm.actor import current_actor
from crm.models import User


def is_me(who: User | None) -> bool:
    """Whether this is the person at work."""
    me = current_actor()
    return who is not None and me is not None and who.pk == me.pk


def at_time(moment: dt.datetime) -> str:
    """The time of today, or of another day with its date."""
    local = timezone.localtime(moment)
    return time_format(local, "TIME_FORMAT") if local.date() == timezone.localdate() else date_format(local, "DATETIME_FORMAT")


def changed_it(who: User | None, at: dt.datetime | None) -> str:
    """Who changed something while this page still showed it as it was: a sentence. No statement."""
    if is_me(who) and at:
        return _("You changed it in another window at {time}.").format(time=at_time(at))
    return _("{who} changed it.").format(who=who or _("Somebody"))


def saved_this(who: User | None, at: dt.datetime | None) -> str:
    """Who saved what a form would overwrite: a sentence. No statement."""
    if at is None:
        return _("Somebody else saved this while you were editing.")
    if is_me(who):
        return _("You saved this in another window at {time}.").format(time=at_time(at))
    return _("{name} saved this while you were editing ({at}).").format(name=who or _("Somebody"), at=at_time(at))
