"""Forms of list items."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.base import SeenForm
from crm.models import CompanyCategory
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.palette import Tone


class ListItemForm(SeenForm):
    """Name, description and colour of any list item."""

    colour = forms.ChoiceField(choices=Tone, label=_("Colour"), initial=Tone.GREY, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autofocus"] = True
        self.fields["name"].error_messages["required"] = _("Enter a name")
        self.fields["description"].widget = forms.Textarea(attrs={"rows": 2})
        self.fields["description"].required = False
        self.style()


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
