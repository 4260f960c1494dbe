"""How every form looks and what it promises: nothing typed is lost."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from django import forms
from django.db import models
from django.forms.models import model_to_dict
from django.forms.renderers import TemplatesSetting
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

CSS = {forms.Textarea: "textarea", forms.Select: "select", forms.CheckboxInput: "", forms.HiddenInput: "", forms.RadioSelect: ""}


class Renderer(TemplatesSetting):
    """Django's own rendering with our field template."""

    field_template_name = "ui/field.html"


class Styled:
    """A form mixin: gives each widget its class of the design system, and marks what is wrong for screen readers."""

    fields: dict[str, forms.Field]

    def style(self) -> None:
        """Call at the end of `__init__`."""
        for field in self.fields.values():
            css = next((css for widget, css in CSS.items() if isinstance(field.widget, widget)), "input")
            if css:
                field.widget.attrs.setdefault("class", css)


def point_at_first_error(form: forms.BaseForm) -> None:
    """Put the focus of a dialog's form where something is wrong."""
    wrong = next((name for name in form.fields if name in form.errors), None)
    if wrong:
        for name, field in form.fields.items():
            field.widget.attrs["autofocus"] = name == wrong


class SeenForm(Styled, forms.ModelForm):
    """A form in Settings and maintenance. `seen` tells whether a colleague saved the same thing meanwhile; `before` and `after()` are for the log."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stamp = self._digest() if self.instance.pk else ""
        self.before = self._values() if self.instance.pk else {}
        self.fields["seen"].initial = self.stamp

    def _values(self) -> dict[str, Any]:
        """What is compared: the fields of the form, unless a subclass knows better."""
        return model_to_dict(self.instance, fields=self._meta.fields)

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self._values(), default=str, sort_keys=True).encode()).hexdigest()[:16]

    def after(self) -> dict[str, Any]:
        """The values as they were saved."""
        return self._values()

    def conflict(self) -> bool:
        """Whether the record was saved since this form was shown; then `seen` moves on, so that saving again is a decision."""
        if not self.instance.pk or self.cleaned_data.get("seen") == self.stamp:
            return False
        self.data = self.data.copy()
        self.data["seen"] = self.stamp
        return True


class RecordForm(Styled, forms.ModelForm):
    """A form of one company, contact or sale.

    `seen` holds a digest of each value as this page showed it. What only a colleague has changed since stays as they saved it;
    what both changed differently is a conflict, and shown. `request_id` makes creating safe against a double click.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    request_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs: list[tuple[str, str]] = []
        self.fields["seen"].initial = _pack(self._digests(self.instance)) if self.instance.pk else ""
        self.fields["request_id"].initial = uuid.uuid4
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and not field.required:
                field.empty_label = "–"
        self.style()

    def conflict(self) -> bool:
        """Whether a colleague has saved meanwhile what this form would overwrite with something else. Call it on a valid form.

        Fills `theirs` with label and value, and moves `seen` on, so that saving again is a decision and not an accident.
        """
        if not self.instance.pk:
            return False
        fresh = self._meta.model.objects.get(pk=self.instance.pk)
        seen, mine, saved = self._seen(), self._digests(self.instance), self._digests(fresh)
        shown = type(self)(instance=fresh)
        self.data = self.data.copy()
        for name in mine:
            if saved[name] in (seen.get(name), mine[name]):
                continue
            if mine[name] == seen.get(name):  # only the colleague changed it
                setattr(self.instance, name, getattr(fresh, name))
                self.data[self.add_prefix(name)] = shown[name].value()
            else:
                self.theirs.append((str(self[name].label), display(shown[name])))
        self.data[self.add_prefix("seen")] = _pack(saved)
        return bool(self.theirs)

    def _seen(self) -> dict[str, str]:
        parts = [part.partition("=") for part in self.cleaned_data["seen"].split()]
        return {name: digest for name, _equals, digest in parts}  # of a mangled one nothing matches: everything counts as unseen

    def _digests(self, record: models.Model) -> dict[str, str]:
        return {name: _digest(record, name) for name in self._meta.fields if name in self.fields}


def _pack(digests: dict[str, str]) -> str:
    return " ".join(f"{name}={digest}" for name, digest in digests.items())


def _digest(record: models.Model, name: str) -> str:
    value = getattr(record, record._meta.get_field(name).attname)
    text = format(value.normalize(), "f") if isinstance(value, Decimal) else str(value if value is not None else "")
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def display(bound: forms.BoundField) -> str:
    """A saved value in words."""
    value = bound.value()
    if isinstance(bound.field, forms.ModelChoiceField):
        found = bound.field.queryset.filter(pk=value).first() if value else None
        return str(found or _("empty"))
    return str(value if value not in (None, "") else _("empty"))


class AmountField(forms.DecimalField):
    """An amount as people write it in their language: 1,234.50 or 1.234,50. What is unclear is refused, never guessed at.

    A number input would drop a comma without a word, and store a hundred times too much.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = "".join(str(value or "").split())
        if not text:
            return None
        try:
            if not re.fullmatch(r"[-+]?[\d.,]+", text, re.ASCII):
                raise NumberFormatError(text)
            return parse_decimal(text, locale=_locale(), strict=True)
        except NumberFormatError:
            example = format_decimal(Decimal("1234.50"), "#,##0.00", locale=_locale())
            raise forms.ValidationError(gettext("Enter an amount such as {example}").format(example=example), code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return format_decimal(value, "0.##", locale=_locale()) if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Django's `step`, `min` and `max` are for number inputs."""
        return {}


def _locale() -> str:
    return (get_language() or "en")[:2]


class DateInput(forms.DateInput):
    """The browser's own date picker; its value is always ISO."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")
