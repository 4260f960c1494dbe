"""Forms of list items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from crm.forms.base import SeenForm, Styled
from crm.models import CompanyCategory, ListItem, SaleReason, SaleStage
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.palette import Tone
from crm.slots import ItemUse


class ListItemForm(SeenForm):
    """Name, description and colour of any list item, and whether it becomes the default. `before` and `after()` are for the log."""

    colour = forms.ChoiceField(choices=Tone, label=_("Colour"), initial=Tone.GREY, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = self.after() if self.instance.pk else {}
        self.fields["name"].widget.attrs["autofocus"] = True
        self.fields["name"].error_messages["required"] = _("Enter a name")
        self.fields["description"].widget = forms.Textarea(attrs={"rows": 2})
        self.fields["description"].required = False
        if getattr(self.instance, "is_default", True) is False:  # there is one already; it stays until another is chosen
            label = capfirst(self._meta.model._meta.get_field("is_default").verbose_name)
            self.fields["make_default"] = forms.BooleanField(label=label, required=False)
        self.style()

    def after(self) -> dict[str, Any]:
        """The values as they were saved."""
        return model_to_dict(self.instance, fields=self._meta.fields)

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields that only this list has."""
        return [self[name] for name in self._meta.fields if name not in ("name", "description", "colour")]


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

    @property
    def lead_status_ticked(self) -> bool:
        """Whether the box is ticked, or was when a group without it was looked at."""
        return bool(self["lead_status_enabled"].value() or self.data.get("lead_status_kept"))


class StageForm(ListItemForm):
    """A stage of the pipeline (S1)."""

    OUT_OF_RANGE = _("Enter a probability from 0 to 100")
    probability = forms.IntegerField(
        label=_("Probability"),
        min_value=0,
        max_value=100,
        help_text=_("Percent. How likely a sale in this stage is to be won."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), OUT_OF_RANGE),
    )

    class Meta:
        model = SaleStage
        fields = ["name", "probability", "description", "colour"]
        labels = {"name": _("Name"), "description": _("Description")}


class ReasonForm(ListItemForm):
    """Why sales are won, or lost (S1)."""

    class Meta:
        model = SaleReason
        fields = ["name", "applies_to", "description", "colour"]
        labels = {"name": _("Name"), "applies_to": _("Applies to"), "description": _("Description")}
        help_texts = {"applies_to": _("Offered when a sale is closed like this.")}

    def clean_applies_to(self) -> str:
        """Sales that have the reason were closed for it: what it says of them cannot change."""
        value = self.cleaned_data["applies_to"]
        if self.instance.pk and "applies_to" in self.changed_data and self.instance.sales.exists():
            raise forms.ValidationError(_("Sales have this reason already. Add another reason instead"))
        return value


class DeleteForm(Styled, forms.Form):
    """What becomes of what uses an item that is being deleted (C4). Nothing to choose where nothing does."""

    KEEP = "keep"
    replacement = forms.ChoiceField(label=_("Replace with"), widget=forms.Select)

    def __init__(self, item: ListItem, *, used: Sequence[ItemUse], data: Any = None) -> None:
        super().__init__(data)
        in_use, needed = bool(used), any(use.needs_replacement for use in used)
        self.only = [str(use.only) for use in used if use.only]
        field = self.fields["replacement"]
        field.error_messages |= {"required": _("Choose what to replace it with"), "invalid_choice": _("That is no longer in the list. Choose another one")}
        others = [(str(other.pk), other.name) for other in item.replacements() if all(use.takes(other) for use in used)]
        if not in_use:
            del self.fields["replacement"]
        elif needed or item.archived_at:
            field.choices = [("", _("Select")), *others]
        else:
            field.choices = [(self.KEEP, _("Nothing: they keep it")), *others]
        if in_use:
            field.widget.attrs["autofocus"] = True
        self.style()

    @property
    def chosen(self) -> int | None:
        """The key of the replacement."""
        value = self.cleaned_data.get("replacement", self.KEEP)
        return None if value == self.KEEP else int(value)

    @property
    def keeps(self) -> bool:
        """Whether records are to keep what they have: said, not left out."""
        return self.cleaned_data.get("replacement") == self.KEEP
