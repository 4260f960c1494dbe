"""How every form looks and what it promises: nothing typed is lost."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from django import forms
from django.db import models
from django.forms.renderers import TemplatesSetting
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from crm.models import SettingsChange
from crm.slots import settings_areas

LATEST = 20  # changes of the settings log that are looked through for who saved a field
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
    """A form of something that a colleague may be editing too.

    `seen` holds a digest of each value as this page showed it. What only a colleague has changed since stays as they saved it;
    what both changed differently is a conflict, and shown.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs: list[tuple[str, str]] = []
        self.saved_by: Any = None
        self.saved_at: datetime | None = None
        self.fields["seen"].initial = _pack(self._digests(self.instance)) if self.instance.pk else ""

    def conflict(self) -> bool:
        """Whether a colleague has saved meanwhile what this form would overwrite with something else. Call it on a valid form.

        Fills `theirs` with label and value, says who saved them, and moves `seen` on, so that saving again is a decision and not an
        accident. Where what they saved does not go with what was typed, the form has errors too.
        """
        if not self.instance.pk:
            return False
        fresh = self._meta.model._default_manager.get(pk=self.instance.pk)
        seen, mine, saved = self._seen(), self._digests(self.instance, **self._beside()), self._digests(fresh)
        shown = type(self)(instance=fresh)
        changed = [name for name in mine if saved[name] not in (seen.get(name), mine[name])]
        taken = [name for name in changed if mine[name] == seen.get(name)]  # only the colleague changed it
        disputed = [name for name in changed if name not in taken]
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = _pack(saved)
        if taken and not self._take(taken, shown):
            disputed = changed
        self.theirs = [(str(self[name].label), display(shown[name])) for name in disputed]
        if disputed:
            self.saved_by, self.saved_at = self.last_saved(fresh, disputed)
        return bool(disputed)

    def last_saved(self, record: Any, names: Collection[str]) -> tuple[Any, datetime | None]:
        """Who saved these fields last, and when: as the settings log has it. One statement."""
        area = next((area.key for area in settings_areas.values() if area.model is type(record)), "")
        changes = SettingsChange.objects.filter(area=area, item_id=record.pk).select_related("by")[:LATEST]
        change = next((change for change in changes if not change.after.keys().isdisjoint(names)), None)
        return (change.by, change.at) if change else (None, None)

    def _take(self, names: Collection[str], shown: forms.BaseForm) -> bool:
        """Let these be as they were saved; whether that goes with the rest."""
        for name in names:
            self.data[self.add_prefix(name)] = shown[name].value()
            self.data.pop(f"{self.add_prefix(name)}-text", None)  # a chooser's: what was shown is not what was saved
        self.__dict__.pop("changed_data", None)  # kept by Django from the first time
        self.full_clean()
        return self.is_valid()

    def _beside(self) -> dict[str, Any]:
        """What was typed into fields that the record does not store itself."""
        stored = {field.name for field in self._meta.model._meta.get_fields()}
        return {name: self.cleaned_data[name] for name in self._meta.fields if name in self.fields and name not in stored}

    def _seen(self) -> dict[str, str]:
        parts = [part.partition("=") for part in self.cleaned_data["seen"].split()]
        return {name: digest for name, _equals, digest in parts}  # of a mangled one nothing matches: everything counts as unseen

    def _digests(self, record: models.Model, **typed: Any) -> dict[str, str]:
        names = [name for name in self._meta.fields if name in self.fields]
        return {name: _digest(typed[name] if name in typed else _stored(record, name)) for name in names}


class RecordForm(SeenForm):
    """A form of one company, contact or sale. `request_id` makes creating safe against a double click."""

    request_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request_id"].initial = uuid.uuid4
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and not field.required:
                field.empty_label = "–"
        self.style()

    def only(self, *names: str) -> None:
        """Edit these fields alone; the others are neither asked nor written."""
        for name in self._meta.fields:
            if name not in names:
                self.fields.pop(name, None)
        self.fields["seen"].initial = _pack(self._digests(self.instance))

    def last_saved(self, record: Any, names: Collection[str]) -> tuple[Any, datetime | None]:
        """As the record itself has it."""
        return record.updated_by, record.updated_at


def _pack(digests: dict[str, str]) -> str:
    return " ".join(f"{name}={digest}" for name, digest in digests.items())


def _stored(record: models.Model, name: str) -> Any:
    return getattr(record, f"{name}_id", None) if hasattr(type(record), f"{name}_id") else getattr(record, name)


def _digest(value: Any) -> str:
    text = format(value.normalize(), "f") if isinstance(value, Decimal) else str(value if value is not None else "")
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def display(bound: forms.BoundField) -> str:
    """A saved value in words."""
    value = bound.value()
    if hasattr(bound.field, "in_words"):
        return bound.field.in_words(value) or gettext("empty")
    if isinstance(bound.field, forms.BooleanField):
        return gettext("On") if value else gettext("Off")
    if isinstance(bound.field, forms.ModelChoiceField):
        value = bound.field.queryset.filter(pk=value).first() if value else None
    elif isinstance(bound.field, forms.ChoiceField):
        value = dict(bound.field.choices).get(value, value)
    return str(value if value not in (None, "") else _("empty"))


class AmountField(forms.DecimalField):
    """An amount as people write it in their language: 1,234.50 or 1.234,50. What is unclear is refused, never guessed at.

    A number input would drop a comma without a word, and store a hundred times too much.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, *, max_digits: int, decimal_places: int, **options: Any) -> None:
        """`max_digits` as in Django; what is too large is said here, in plain words, and only once."""
        super().__init__(decimal_places=decimal_places, **options)
        self.limit = Decimal(10) ** (max_digits - decimal_places)

    def validate(self, value: Any) -> None:
        """Refuses what is too large to be stored."""
        super().validate(value)
        if value is not None and value >= self.limit:
            limit = format_decimal(self.limit, "#,##0", locale=_locale())
            raise forms.ValidationError(gettext("Enter an amount below {limit}").format(limit=limit), code="max_value")

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
