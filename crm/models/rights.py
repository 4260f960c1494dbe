"""Who may do what stays true whichever way users are written: somebody can always open the settings, and who leaves is announced.

Every write of a user's rights stands between two looks, under one lock: the same write by a screen, Django's admin, `save()` or
`QuerySet.update()` leaves the same record. The exception is a bare `user.groups.set()`, which says nothing; whoever changes groups
does so inside `watching()`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.settings_log import SettingsChange
from crm.signals import users_lost_rights

MANAGE_SETTINGS = "crm.manage_settings"
EDIT_COMPANY = "crm.change_company"
USERS_AREA = "users"  # of the settings log


class Extra(dict[str, Any]):
    """What else the log is to say of a change of users. Of who leaves, `successor` takes over what they had."""

    successor: Any = None


# The users whose rights somebody is changing at this moment, and what else is to be said of it.
_watched: ContextVar[tuple[frozenset[int], Extra]] = ContextVar("watched", default=(frozenset(), Extra()))


class LastAdministrator(Exception):
    """Nobody would be left who can open Settings and maintenance. Nothing was saved."""

    def __str__(self) -> str:
        return str(_("This is the last administrator. Make somebody else administrator first."))


class Picture(NamedTuple):
    """What some users were, or are."""

    kept: dict[int, dict[str, Any]]  # by primary key: what the settings log keeps
    names: dict[int, str]
    administrators: set[int]
    editors: set[int]  # who may edit companies


def lock_rights(using: str = DEFAULT_DB_ALIAS) -> None:
    """Wait until nobody else is changing anybody's rights; take it before any other lock. One statement."""
    # The row of a permission that is always there: locking the administrators themselves would need a join.
    list(Permission.objects.using(using).filter(codename="manage_settings").order_by("pk").select_for_update(no_key=True))


def _picture(pks: Collection[int], using: str) -> Picture:
    users = get_user_model()._default_manager.using(using).filter(pk__in=pks).order_by()
    rows = list(users.prefetch_related("groups", "user_permissions"))
    may = {permission: set(users.who_may(permission).values_list("pk", flat=True)) for permission in (MANAGE_SETTINGS, EDIT_COMPANY)}
    return Picture({user.pk: user.kept() for user in rows}, {user.pk: str(user) for user in rows}, may[MANAGE_SETTINGS], may[EDIT_COMPANY])


@contextmanager
def watching(pks: Collection[int], *, using: str = DEFAULT_DB_ALIAS) -> Iterator[Extra]:
    """Around a write of these users, groups included: keep it in the settings log, and announce who may no longer edit companies.

    Gives what else the log is to say of the change, to be filled. Raises LastAdministrator, and then nothing is written. Inside
    another `watching()` of the same users it leaves everything to that one. Twelve statements, and one for each user who changed.
    """
    outer, extra = _watched.get()
    if outer.issuperset(pks):
        yield extra
        return
    with transaction.atomic(using=using):
        lock_rights(using)
        before, extra = _picture(pks, using), Extra()
        token = _watched.set((frozenset(pks), extra))
        try:
            yield extra
        finally:
            _watched.reset(token)
        after = _picture(pks, using)
        if before.administrators and not get_user_model()._default_manager.using(using).who_may(MANAGE_SETTINGS).exists():
            raise LastAdministrator
        _end_sessions([pk for pk, kept in after.kept.items() if before.kept[pk]["is_active"] and not kept["is_active"]], using)
        for pk, kept in after.kept.items():
            SettingsChange.record(area=USERS_AREA, item=after.names[pk], item_id=pk, before=before.kept[pk], after={**kept, **extra})
        if lost := sorted(before.editors - after.editors):
            users_lost_rights.send(get_user_model(), user_ids=lost, successor=extra.successor)


def _end_sessions(pks: Collection[int], using: str) -> None:
    """Whoever was logged in is so no more, also when they come back later: a session names this moment (`User.get_session_auth_hash`)."""
    if pks:
        models.QuerySet(get_user_model(), using=using).filter(pk__in=pks).update(deactivated_at=timezone.now())
