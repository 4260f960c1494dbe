"""The form that visitors fill in, made from what an administrator has chosen (I1)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.forms.base import Styled
from leads.intake import Sent, lines, one_line
from leads.models import LeadForm, LeadFormField
from leads.models.forms import LONGEST_TEXT

Key = LeadFormField.Key
HALF = (Key.FIRST_NAME, Key.LAST_NAME, Key.PHONE)  # two of these stand beside one another
LENGTHS = {Key.COMPANY: 200, Key.FIRST_NAME: 80, Key.LAST_NAME: 80, Key.EMAIL: 254, Key.PHONE: 40, Key.MESSAGE: 5000}
AUTOCOMPLETE = {
    Key.COMPANY: "organization",
    Key.FIRST_NAME: "given-name",
    Key.LAST_NAME: "family-name",
    Key.EMAIL: "email",
    Key.PHONE: "tel",
    Key.MESSAGE: "off",
}


class Line(forms.CharField):
    """Text in one line; control characters are taken out before anything looks at it."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(one_line(value or "", len(str(value or ""))))


class Address(Line):
    """An email address; spaces that came with it are no part of it."""

    def to_python(self, value: Any) -> Any:
        return "".join(super().to_python(value).split())


class Lines(forms.CharField):
    """Text in several lines."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return super().to_python(lines(value or ""))


class PublicForm(Styled, forms.Form):
    """What `lead_form` asks for, in its own language whoever looks at it.

    `fields` are LeadFormFields that need not be saved; without them the form's own. With `lenient` nothing is required (a file that is
    imported). One statement, none with `fields`.
    """

    def __init__(self, lead_form: LeadForm, data: Any = None, *, fields: Iterable[LeadFormField] | None = None, lenient: bool = False) -> None:
        super().__init__(data, auto_id="lf-%s", use_required_attribute=True, label_suffix="")
        self.lead_form, self.lenient = lead_form, lenient
        asked = fields if fields is not None else lead_form.fields.all() if lead_form.pk else []
        self.asked = {field.key: field for field in asked}
        self.has_one_name = Key.FIRST_NAME in self.asked and Key.LAST_NAME not in self.asked and not self.asked[Key.FIRST_NAME].label
        with override(lead_form.language):
            for key, field in self.asked.items():
                self.fields[key] = self._own(field) if key in LeadFormField.OWN else self._standard(field)
            if lead_form.consent_text.strip():
                self.fields["consent"] = self._consent()
            self.button = lead_form.button or _("Send")
        self.style()

    def full_clean(self) -> None:
        """What is wrong is said in the form's language too."""
        with override(self.lead_form.language):
            super().full_clean()

    def clean(self) -> dict[str, Any]:
        """Somebody who can be answered."""
        ways = [key for key in (Key.EMAIL, Key.PHONE) if key in self.fields]
        if not self.lenient and ways and not any(self.cleaned_data.get(key) or key in self.errors for key in ways):
            self.add_error(ways[0], _("Enter an email address or a telephone number, so that we can answer you") if len(ways) > 1 else self._missing(ways[0]))
        return self.cleaned_data

    def cleaned(self, key: uuid.UUID, **more: Any) -> Sent:
        """What was sent, of a valid form. `key` and `more` are the parts of `Sent` that nobody types."""
        value = self.cleaned_data.get
        first, last = value(Key.FIRST_NAME, ""), value(Key.LAST_NAME, "")
        if self.has_one_name and " " in first:
            first, _space, last = first.rpartition(" ")
        with override(self.lead_form.language):
            own = [(str(self.fields[name].label), _answer(value(name))) for name in LeadFormField.OWN if name in self.fields and value(name)]
        texts = {name: value(name, "") for name in (Key.COMPANY, Key.EMAIL, Key.PHONE, Key.MESSAGE)}
        return Sent(
            key=key,
            **{str(name): text for name, text in texts.items()},
            **{"first_name": first, "last_name": last, "own": own, "consent": bool(value("consent")), "language": self.lead_form.language, **more},
        )

    def rows(self) -> Iterator[tuple[forms.BoundField, bool]]:
        """The fields, consent excepted, each with whether it takes the whole width. Of short ones two share a line; a third has its own."""
        names = [name for name in self.fields if name != "consent"]
        paired = False
        for place, name in enumerate(names):
            opens = not paired and name in HALF and names[place + 1 : place + 2] != [] and names[place + 1] in HALF
            yield self[name], not (opens or paired)
            paired = opens

    def _standard(self, asked: LeadFormField) -> forms.Field:
        key = Key(asked.key)
        options: dict[str, Any] = {
            "label": asked.label or self._label(key),
            "required": asked.is_required and not self.lenient,
            "max_length": LENGTHS[key],
            "error_messages": {"required": self._missing(key)},
        }
        if key == Key.MESSAGE:
            return Lines(**options, widget=forms.Textarea(attrs={"rows": 3}))
        autocomplete = "name" if key == Key.FIRST_NAME and self.has_one_name else AUTOCOMPLETE[key]
        widgets = {Key.EMAIL: forms.EmailInput, Key.PHONE: forms.TextInput}
        kind = {"type": "tel"} if key == Key.PHONE else {}
        field = (Address if key == Key.EMAIL else Line)(**options, widget=widgets.get(key, forms.TextInput)(attrs={"autocomplete": autocomplete, **kind}))
        if key == Key.EMAIL:
            field.validators.append(_address(_("Enter an email address in the form name@company.dk")))
        return field

    def _own(self, asked: LeadFormField) -> forms.Field:
        label = asked.label or str(asked.get_key_display())
        options: dict[str, Any] = {"label": label, "required": asked.is_required and not self.lenient}
        if asked.kind == LeadFormField.Kind.CHECKBOX:
            return forms.BooleanField(**options, error_messages={"required": _("Tick this box to go on")})
        missing = {"required": _("Answer “{question}”").format(question=label)}
        if asked.kind == LeadFormField.Kind.CHOICE:
            choices = [(choice, choice) for choice in filter(None, map(one_line, asked.choices.splitlines()))]
            wrong = {"invalid_choice": _("Choose one of the answers in the list")}
            return forms.ChoiceField(**options, choices=[("", _("Choose ...")), *choices], error_messages=missing | wrong)
        return Line(**options, max_length=LONGEST_TEXT, error_messages=missing)

    def _consent(self) -> forms.Field:
        missing = {"required": _("Tick this box, so that we may answer you")}
        required = self.lead_form.consent_required and not self.lenient
        return forms.BooleanField(label=self.lead_form.consent_text, required=required, error_messages=missing)

    def _label(self, key: Key) -> str:
        return {
            Key.COMPANY: _("Company"),
            Key.FIRST_NAME: _("Your name") if self.has_one_name else _("First name"),
            Key.LAST_NAME: _("Last name"),
            Key.EMAIL: _("Email address"),
            Key.PHONE: _("Telephone"),
            Key.MESSAGE: _("What can we help with?"),
        }[key]

    def _missing(self, key: Key) -> str:
        return {
            Key.COMPANY: _("Enter the name of your company"),
            Key.FIRST_NAME: _("Enter your name") if self.has_one_name else _("Enter your first name"),
            Key.LAST_NAME: _("Enter your last name"),
            Key.EMAIL: _("Enter your email address"),
            Key.PHONE: _("Enter your telephone number"),
            Key.MESSAGE: _("Write what we can help with"),
        }[key]


def _address(wrong: str) -> Callable[[str], None]:
    def validate(value: str) -> None:
        try:
            validate_email(value)
        except forms.ValidationError:
            raise forms.ValidationError(wrong, code="invalid") from None

    return validate


def _answer(value: Any) -> str:
    return _("Yes") if value is True else str(value)
