"""The link by which somebody chooses a password: for whoever is invited, and for whoever has forgotten theirs. It works once."""

from __future__ import annotations

import datetime as dt
from functools import partial
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.formats import date_format
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from crm.models import SettingsChange, User
from crm.models.rights import USERS_AREA
from crm.text import as_pk


def make_link(user: User, *, root: str) -> str:
    """The address where this user chooses a password; `root` is that of Havn. Good until a password is chosen, or `valid_until()`."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return urljoin(root, reverse("crm:welcome", args=[uid, default_token_generator.make_token(user)]))


def user_of(uidb64: str, token: str, *, lock: bool = False) -> User | None:
    """Whose link this is; None for one that has expired, was used, or is none, and for a deactivated user."""
    try:
        pk = as_pk(urlsafe_base64_decode(uidb64).decode())
    except ValueError:
        return None
    query = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
    user = query.filter(pk=pk, is_active=True).first()
    return user if user and default_token_generator.check_token(user, token) else None


def valid_until() -> dt.datetime:
    """When a link that is made now expires."""
    return timezone.now() + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def hand_out(user: User, *, root: str, by: User) -> str:
    """Make a link, note in the settings log that there is one, and mail it once that is committed. Returns the link."""
    SettingsChange.record(area=USERS_AREA, item=str(user), item_id=user.pk, before={"password_link": False}, after={"password_link": True})
    if settings.MAIL_IS_SENT:
        transaction.on_commit(partial(mail_link.enqueue, user_id=user.pk, root=root, by_id=by.pk))
    return make_link(user, root=root)


@task
def mail_link(user_id: int, root: str, by_id: int) -> None:
    """Send this user a link of their own, in their language. It is made here, so that no queue holds a way in."""
    user, by = User.objects.get(pk=user_id), User.objects.get(pk=by_id)
    with translation.override(user.language):
        is_new = user.last_login is None
        subject = _("Welcome to Havn") if is_new else _("Choose a new password for Havn")
        text = [
            _("Hello {name},").format(name=user.first_name or user),
            _("{name} has invited you to Havn. Choose a password here:").format(name=by)
            if is_new
            else _("{name} has made a link with which you choose a new password for Havn:").format(name=by),
            make_link(user, root=root),
            _("The link works once, until {time}. Your email address for logging in is {email}.").format(
                time=date_format(timezone.localtime(valid_until()), "DATETIME_FORMAT"), email=user.email
            ),
            _("You did not expect this? Then do nothing, and tell {name}.").format(name=by),
        ]
        EmailMessage(subject, "\n\n".join(text) + "\n", to=[user.email]).send()
