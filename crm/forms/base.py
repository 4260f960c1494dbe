"""How every form looks and what it promises: nothing typed is lost."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
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


class RecordForm(Styled, forms.ModelForm):
    """A form of one company, contact or sale.

    `seen` is when the record was last changed as far as this page knows: a colleague's save in between is not overwritten
    unnoticed. `request_id` makes creating safe against a double click.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    request_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saved_values = {name: self.initial.get(name) for name in self._meta.fields} if self.instance.pk else {}
        self.fields["seen"].initial = self._stamp()
        self.fields["request_id"].initial = uuid.uuid4
        self.style()

    def _stamp(self) -> str:
        return self.instance.updated_at.isoformat() if self.instance.pk else ""

    def conflict(self) -> bool:
        """Whether a colleague has saved since this form was shown, something that differs from what it now says.

        Remembers it in `self.theirs`, and moves `seen` on, so that saving again is a decision and not an accident.
        """
        self.theirs: list[tuple[str, Any]] = []
        stamp = self._meta.model.objects.values_list("updated_at", flat=True).filter(pk=self.instance.pk).first() if self.instance.pk else None
        if stamp is None or self.cleaned_data["seen"] == stamp.isoformat():
            return False
        for name in self._meta.fields:
            if name in self.changed_data:
                bound = type(self)(instance=self._meta.model.objects.get(pk=self.instance.pk))[name]
                self.theirs.append((str(bound.label), display(bound)))
        if self.theirs:
            self.data = self.data.copy()
            self.data["seen"] = stamp.isoformat()
        return bool(self.theirs)


def display(bound: forms.BoundField) -> str:
    """A saved value in words."""
    value = bound.value()
    if isinstance(bound.field, forms.ModelChoiceField):
        found = bound.field.queryset.filter(pk=value).first() if value else None
        return str(found or _("empty"))
    return str(value if value not in (None, "") else _("empty"))


class DateInput(forms.DateInput):
    """The browser's own date picker; its value is always ISO."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")
