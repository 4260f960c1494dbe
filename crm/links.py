"""The link by which somebody chooses a password: for whoever is invited, and for whoever has forgotten theirs.

It works once, and only until another one is made: a link that went to the wrong person is ended by making a new one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.db import models, transaction
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


class Tokens(PasswordResetTokenGenerator):
    """Django's, which end with a new password or a login; making a new link ends them, too."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return super()._make_hash_value(user, timestamp) + (f":{user.links_made}" if user.links_made else "")

    def now(self) -> int:
        """This second, as a token counts them."""
        return self._num_seconds(self._now())

    def token_of(self, user: User, moment: int) -> str:
        """The token that was made at this moment."""
        return self._make_token_with_timestamp(user, moment, self.secret)


tokens = Tokens()


class Made(NamedTuple):
    """Which link was made, for the session of whoever made it: the link itself is kept nowhere."""

    user_id: int
    moment: int
    digest: str


def make_link(user: User, *, root: str, moment: int | None = None) -> str:
    """The address where this user chooses a password; `root` is that of Havn. Good until a password is chosen, or `valid_until()`."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return urljoin(root, reverse("crm:welcome", args=[uid, tokens.token_of(user, tokens.now() if moment is None else moment)]))


def user_of(uidb64: str, token: str, *, lock: bool = False) -> User | None:
    """Whose link this is; None for one that has expired, was used, or is none, and for a deactivated user."""
    try:
        pk = as_pk(urlsafe_base64_decode(uidb64).decode())
    except ValueError:
        return None
    query = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
    user = query.filter(pk=pk, is_active=True).first()
    return user if user and tokens.check_token(user, token) else None


def valid_until(moment: int | None = None) -> dt.datetime:
    """When a link expires that is made at this moment, or now."""
    age = tokens.now() - moment if moment is not None else 0
    return timezone.now() + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT - age)


def hand_out(user: User, *, root: str, by: User) -> Made:
    """End the links there were, make a new one, note that in the settings log, and mail it once that is committed.

    Returns which one it is: `made_again()` shows it.
    """
    User.objects.filter(pk=user.pk).update(links_made=models.F("links_made") + 1)
    user.refresh_from_db(fields=["links_made"])
    SettingsChange.record(area=USERS_AREA, item=str(user), item_id=user.pk, before={"password_link": False}, after={"password_link": True})
    if settings.MAIL_IS_SENT:
        transaction.on_commit(partial(mail_link.enqueue, user_id=user.pk, root=root, by_id=by.pk))
    moment = tokens.now()
    return Made(user.pk, moment, _digest(tokens.token_of(user, moment)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def made_again(user: User, made: Any, *, root: str) -> str | None:
    """The link that `hand_out()` made, without making another one; None where it works no more, or `made` is another user's, or nothing."""
    user_id, moment, digest = made or (None, 0, "")
    token = tokens.token_of(user, moment)
    if user_id != user.pk or not user.is_active or _digest(token) != digest or not tokens.check_token(user, token):
        return None
    return make_link(user, root=root, moment=moment)


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
