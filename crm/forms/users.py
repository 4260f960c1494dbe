"""Forms of users, and the one in which an invited person chooses a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext_lazy as _

from crm.forms.base import SeenForm, Styled
from crm.models import User
from crm.users import who_can_take_over, why_they_stay


class UserForm(SeenForm):
    """A user, new or known. `taken_by` is the user who has the e-mail address already."""

    role = forms.ChoiceField(label=_("Role"), help_text=_("Administrators can also open Settings and maintenance and answer every suggestion."))

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "role", "language", "is_available"]
        labels = {
            "first_name": _("First name"), "last_name": _("Last name"), "email": _("Email address"), "language": _("Language"),
            "is_available": _("Receives new leads"),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken_by: User | None = None
        role = self.instance.role if self.instance.pk else ""
        unknown = [("", _("As set in Django’s admin"))] if self.instance.pk and not role else []
        self.fields["role"].choices = [*unknown, *reversed(User.Role.choices)]
        self.fields["role"].required = not unknown
        self.must_stay = why_they_stay(self.instance) if self.instance.pk else ""
        if self.must_stay:  # the page does not offer what would be refused
            self.fields["role"].widget.choices = [choice for choice in self.fields["role"].choices if choice[0] != User.Role.SALESPERSON]
            self.fields["role"].help_text = self.must_stay
        self.initial["role"] = role or (User.Role.SALESPERSON if not unknown else "")
        self.fields["first_name"].required = True
        self.fields["email"].help_text = _("Used for logging in.")
        _say(self, first_name=_("Enter a first name"), email=_("Enter an email address"), role=_("Choose a role"), language=_("Choose a language"))
        if not self.instance.pk:
            del self.fields["is_available"]
            self.fields["first_name"].widget.attrs["autofocus"] = True
        self.style()

    def clean_email(self) -> str:
        """Unique whatever its case; where it is taken, `taken_by` says by whom."""
        email = self.cleaned_data["email"].strip().lower()
        self.taken_by = User.objects.filter(email=email).exclude(pk=self.instance.pk).first()
        if self.taken_by:
            raise forms.ValidationError(User._meta.get_field("email").error_messages["unique"])
        return email


def _say(form: forms.BaseForm, **words: Any) -> None:
    """What to do where a field that must be filled is empty."""
    for name, sentence in words.items():
        form.fields[name].error_messages["required"] = sentence


class LeaveForm(Styled, forms.Form):
    """Who becomes our contact of the companies of somebody who leaves."""

    companies_to = forms.ModelChoiceField(None, label=_("Who becomes our contact for their companies"), required=False)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["companies_to"].queryset = who_can_take_over(user)
        self.fields["companies_to"].empty_label = _("Leave the companies with {name}").format(name=user)
        self.fields["companies_to"].error_messages["invalid_choice"] = _("This person cannot take companies over any more. Choose somebody else.")
        self.style()


class ShownPassword(forms.PasswordInput):
    """A password with a button that shows it."""

    template_name = "ui/password.html"


def better_passwords(form: forms.BaseForm) -> None:
    """Let a form of Django's say what a new password must be, before and afterwards, and show what is typed on demand."""
    for field in form.fields.values():
        if isinstance(field.widget, forms.PasswordInput):
            field.widget = ShownPassword({name: value for name, value in field.widget.attrs.items() if name != "autofocus"})
    form.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
    form.fields["new_password2"].label = _("The same password again")
    form.fields["new_password2"].help_text = ""
    _say(form, new_password1=_("Enter a password"), new_password2=_("Enter the same password again"))


class PasswordForm(Styled, SetPasswordForm):
    """Django's own, with its validators, in our looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        better_passwords(self)
        self.fields["new_password1"].label = _("Choose a password")
        self.fields["new_password1"].widget.attrs["autofocus"] = True
        self.style()

    def validate_password_for_user(self, user: User, password_field_name: str = "") -> None:
        """As Django's, which says under the second field what is wrong with the first."""
        super().validate_password_for_user(user, "new_password1")
