"""Forms of list items."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from crm.forms.base import Styled
from crm.models import CompanyCategory
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.palette import Tone


class ListItemForm(Styled, forms.ModelForm):
    """Name, description and colour of any list item. `seen` tells whether a colleague saved it meanwhile."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    colour = forms.ChoiceField(choices=Tone, label=_("Colour"), initial=Tone.GREY, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stamp = self._digest() if self.instance.pk else ""
        self.before = self._values() if self.instance.pk else {}
        self.fields["seen"].initial = self.stamp
        self.fields["name"].widget.attrs["autofocus"] = True
        self.fields["name"].error_messages["required"] = _("Enter a name")
        self.fields["description"].widget = forms.Textarea(attrs={"rows": 2})
        self.fields["description"].required = False
        self.style()

    def _values(self) -> dict[str, Any]:
        return model_to_dict(self.instance, fields=self._meta.fields)

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self._values(), default=str, sort_keys=True).encode()).hexdigest()[:16]

    def after(self) -> dict[str, Any]:
        """The values as they were saved."""
        return self._values()

    def conflict(self) -> bool:
        """Whether the item was saved since this form was shown; then `seen` moves on, so that saving again is a decision."""
        if not self.instance.pk or self.cleaned_data.get("seen") == self.stamp:
            return False
        self.data = self.data.copy()
        self.data["seen"] = self.stamp
        return True


class CategoryForm(ListItemForm):
    """A category (C2, C3)."""

    class Meta:
        model = CompanyCategory
        fields = ["name", "group", "lead_status_enabled", "description", "colour"]
        labels = {"name": _("Name"), "group": _("Category group"), "description": _("Description")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].empty_label = None
        self.was_enabled = bool(self.instance.pk and self.instance.lead_status_enabled)
        self.fields["group"].widget.attrs["aria-describedby"] = "id_group_help"

    def clean(self) -> dict[str, Any]:
        """Lead status only in Potential customer; moving a category out of the group switches it off in the same save (C3)."""
        cleaned = super().clean() or self.cleaned_data
        group = cleaned.get("group")
        if group and group.pk != POTENTIAL_CUSTOMER and cleaned.get("lead_status_enabled"):
            if self.was_enabled and "group" in self.changed_data:
                cleaned["lead_status_enabled"] = False
            else:
                self.add_error("lead_status_enabled", _("Lead status needs the group Potential customer"))
        return cleaned

    @property
    def group_is_potential(self) -> bool:
        """Whether the group chosen at this moment can use lead status."""
        return self["group"].value() in (POTENTIAL_CUSTOMER, None, "")
