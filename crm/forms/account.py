"""Forms of one's own account: logging in, and another password."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm import throttle
from crm.forms.base import Styled
from crm.forms.users import better_passwords

SAY_WAIT = ngettext_lazy("Too many attempts. Wait %(n)d minute, then try again.", "Too many attempts. Wait %(n)d minutes, then try again.", "n")


def _claim(account: str, request: Any) -> None:
    """Count one attempt. Raises ValidationError("wait") where there were too many."""
    seconds = throttle.claim(throttle.LOGIN, *_attempt(account, request))
    if seconds:
        raise ValidationError(SAY_WAIT, code="wait", params={"n": ceil(seconds / 60)})


def _attempt(account: str, request: Any) -> tuple[str, str]:
    return account.strip().lower(), throttle.network_of(request)


class Throttled:
    """A form mixin: after five wrong passwords it does not look at the password any more for a while, the right one included."""

    def clean(self) -> Any:
        """Counted before it is tried, so that a hundred at once are a hundred; nothing typed is no attempt. Raises ValidationError("wait")."""
        name = self.cleaned_data.get("username", "")
        if name and self.cleaned_data.get("password"):
            _claim(name, self.request)
        cleaned = super().clean()
        if self.get_user():
            throttle.forget(throttle.LOGIN, *_attempt(name, self.request))
        return cleaned


class LoginForm(Throttled, AuthenticationForm):
    """Django's own, throttled."""


class AdminLoginForm(Throttled, AdminAuthenticationForm):
    """The same for Django's admin, which has a login page of its own."""


class OwnPasswordForm(Styled, PasswordChangeForm):
    """Another password, for who knows the present one. Guessing that is counted as on the login page."""

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["old_password"].label = _("Present password")
        self.fields["old_password"].error_messages["required"] = _("Enter the password you use now")
        self.error_messages = {**self.error_messages, "password_incorrect": _("This is not your present password")}
        better_passwords(self)
        self.fields["new_password1"].label = _("New password")
        self.style()

    def clean_old_password(self) -> str:
        """The present password. Raises ValidationError, with the code "wait" after too many wrong ones."""
        _claim(self.user.email, self.request)
        password = super().clean_old_password()
        throttle.forget(throttle.LOGIN, *_attempt(self.user.email, self.request))
        return password

    def validate_password_for_user(self, user: Any, password_field_name: str = "") -> None:
        """As Django's, which says under the second field what is wrong with the first."""
        super().validate_password_for_user(user, "new_password1")
