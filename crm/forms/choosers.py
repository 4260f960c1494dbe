"""Choosing a company, a contact or a user by typing a part of the name: a field that never lists them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.models import Company, Contact, User
from crm.search import first_of
from crm.text import LONGEST, as_pk, fold

FEW = 25  # so many are a plain list; of companies there is none
OFFERED = 8  # while one types

DETAILS: dict[type, Callable[[Any], str]] = {Company: lambda company: company.city, Contact: lambda contact: contact.title, User: lambda user: user.email}
ADDRESSES: dict[type, str] = {Company: "crm:choose-company", Contact: "crm:choose-contact", User: "crm:choose-user"}


class Typed(str):
    """What was typed into a chooser, when nothing that it offered was chosen."""


def label_of(record: Any) -> str:
    """What the field shows of what is chosen: *Fjordbo Entreprise A/S, Vejle*."""
    detail = DETAILS[Company](record) if isinstance(record, Company) else ""
    return f"{record}, {detail}" if detail else str(record)


def matching(query: QuerySet, text: str, limit: int) -> list[Any]:
    """Up to `limit` records for what was typed; the first ones by name where that is nothing. One statement, of users two."""
    text = text.replace(",", " ")
    if query.model is User:
        return list(query.search(text)[:limit])
    return first_of(query.search(text), text, limit) if fold(text) else list(query[:limit])


def resolve(query: QuerySet, text: str) -> list[Any]:
    """What was meant by a text: the only one of this very name, else all that match (at most 26)."""
    rows = matching(query, text, FEW + 1)
    same = [row for row in rows if fold(text) in (fold(str(row)), fold(label_of(row)))]
    return same if len(same) == 1 else rows


class RecordSelect(forms.Select):
    """A combobox over the records of the field; where there are at most `few`, a plain select.

    The form carries the key, the label it was shown with, and the text. While label and text agree the key counts, also after the
    record was renamed; otherwise the text does, so that the field works without scripts.
    """

    template_name = "ui/chooser.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, few: int = 0) -> None:
        super().__init__(attrs)
        self.few = few
        self.scope: dict[str, Any] = {}  # of which records, for the address that offers them

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The key, or what was typed instead."""
        key, text = data.get(name), data.get(f"{name}-text")
        if text is None:  # a plain select, or a caller that knows the key
            return key
        text = " ".join(str(text).replace("\0", "").split())[:LONGEST]
        return key if text and key and fold(text) == fold(data.get(f"{name}-label", ""))[:LONGEST] else Typed(text)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Either of the two says that the field was there."""
        return name not in data and f"{name}-text" not in data

    def use_required_attribute(self, initial: Any) -> bool:
        """As any field; Django's would look at the choices."""
        return not self.is_hidden

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        """The combobox, or the plain select. One statement; two after several matched."""
        rows = list(self.choices.queryset[: self.few + 1]) if self.few else []
        if self.few and len(rows) <= self.few and not isinstance(value, Typed):
            nothing = [] if self.choices.field.empty_label is None else [("", self.choices.field.empty_label)]
            plain = forms.Select(self.attrs, [*nothing, *((row.pk, str(row)) for row in rows)])
            return plain.render(name, value, attrs, renderer)
        return super().render(name, value, {**(attrs or {}), "class": "input"}, renderer)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = forms.Widget.get_context(self, name, value, attrs)
        query = self.choices.queryset
        several: list[Any] = []
        if isinstance(value, Typed):
            chosen, text = None, str(value)
            several = resolve(query, text) if text else []
        else:
            chosen = query.filter(pk=as_pk(value)).first() if as_pk(value) else None
            text = label_of(chosen) if chosen else ""
        widget = {"text": text, "value": chosen.pk if chosen else "", "several": [(row.pk, label_of(row)) for row in several[:FEW]] if len(several) > 1 else []}
        address = reverse(ADDRESSES[query.model])
        context["widget"] |= widget | {"url": f"{address}?{urlencode(self.scope)}" if self.scope else address}
        return context

    def format_value(self, value: Any) -> Any:
        """As it is: what was typed stays."""
        return value


class RecordField(forms.ModelChoiceField):
    """The field of a `RecordSelect`: also takes what was typed, where that can only mean one record."""

    widget = RecordSelect

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, Typed):
            return super().to_python(value)
        if not value:
            return None
        found = resolve(self.queryset, value)
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(_("Nothing here is called “{text}”. Type a part of the name, and choose.").format(text=value), code="unknown")
        if len(found) > FEW:
            raise forms.ValidationError(_("More than {n} match “{text}”. Type more of the name.").format(n=FEW, text=value), code="several")
        raise forms.ValidationError(_("Several match “{text}”: choose one.").format(text=value), code="several")


def chosen_in(field: forms.Field, data: Any, name: str) -> Any:
    """The record that a sent form names in this field, or None: for what must be known before the form is checked. One statement."""
    try:
        return field.to_python(field.widget.value_from_datadict(data, {}, name))
    except forms.ValidationError:
        return None
