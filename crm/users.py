"""What administrators do with users. Each verb is atomic, and kept in the settings log by the models."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models, transaction

from crm.models import Company, SettingsChange, User
from crm.models.rights import EDIT_COMPANY, MANAGE_SETTINGS, USERS_AREA, Extra, LastAdministrator, watching
from crm.sql import nobody_at_work


@transaction.atomic
def invite(user: User, *, role: str) -> None:
    """Save this new user, who chooses a password through a link (crm/links.py). Raises IntegrityError where the e-mail is taken."""
    user.set_unusable_password()
    user.save()
    user.groups.add(Group.objects.get(name=User.GROUPS[role]))
    SettingsChange.record(area=USERS_AREA, item=str(user), item_id=user.pk, before={}, after=user.kept())


def change(user: User, *, role: str, companies_to: User | None = None) -> None:
    """Save this user, edited, with this role (empty: as it is). `companies_to` becomes our contact of their companies.

    Raises LastAdministrator, or IntegrityError where the e-mail is taken; then nothing is saved.
    """
    with watching([user.pk]) as log:
        _pass_companies(user, companies_to, log)
        if role:
            user.give_role(role)
        user.save()


def deactivate(user: User, *, companies_to: User | None = None) -> None:
    """End this user's access at once; `companies_to` becomes our contact of their companies, None leaves them. Raises LastAdministrator.

    What waits for their answer passes on (Q3): to each company's our contact, so the companies go first.
    """
    with watching([user.pk]) as log:
        _pass_companies(user, companies_to, log)
        user.is_active = False
        user.save(update_fields=["is_active"])


def reactivate(user: User) -> None:
    """Let them log in again, with the password they had; what passed on stays where it is."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def _pass_companies(user: User, to: User | None, log: Extra) -> None:
    if to is not None:
        log.successor = to
        nobody_at_work("crm_company")  # before any row: what waits passes on under the same lock
        if Company.objects.filter(our_contact=user).update(our_contact=to):
            log["companies_to"] = to.pk


def would_stop_editing(user: User, role: str) -> bool:
    """Whether with this role the user could no longer edit companies. Tried out, since rights may come from anywhere; nothing stays."""
    if role in ("", user.role) or not User.objects.filter(pk=user.pk).who_may(EDIT_COMPANY).exists():
        return False
    with transaction.atomic():
        trial = User.objects.get(pk=user.pk)
        trial.give_role(role)
        models.QuerySet(User).filter(pk=user.pk).update(is_superuser=trial.is_superuser)
        may = User.objects.filter(pk=user.pk).who_may(EDIT_COMPANY).exists()
        transaction.set_rollback(True)
    return not may


def why_they_stay(user: User) -> str:
    """For the last administrator, why they can neither be deactivated nor give up the role; for everybody else nothing. One statement."""
    administrators = set(User.objects.who_may(MANAGE_SETTINGS).values_list("pk", flat=True))
    return str(LastAdministrator()) if administrators == {user.pk} else ""


def companies_of(user: User) -> int:
    """For how many companies this user is our contact."""
    return Company.objects.current().filter(our_contact=user).count()


def who_can_take_over(user: User) -> models.QuerySet[User]:
    """Who can become our contact of their companies."""
    return User.objects.who_may(EDIT_COMPANY).exclude(pk=user.pk)
