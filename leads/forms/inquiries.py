"""How an inquiry is split off."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.base import Styled, point_at_first_error

PERSON, COMPANY = "person", "company"


class SplitForm(Styled, forms.Form):
    """A contact of its own, or a company of its own; what is its own already is not offered."""

    what = forms.ChoiceField(label=_("What is wrong?"), widget=forms.RadioSelect, error_messages={"required": _("Choose one of these")})
    company_name = forms.CharField(label=_("Name of the new company"), max_length=200, error_messages={"required": _("Write what the company is called")})
    use_required_attribute = False  # of what is hidden while another answer is chosen

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = choices
        self.fields["company_name"].required = self.data.get("what") != PERSON
        if COMPANY not in dict(choices):
            del self.fields["company_name"]
        if len(choices) == 1:
            self.initial["what"] = choices[0][0]
        self.style()
        point_at_first_error(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        return {**cleaned, "company_name": cleaned.get("company_name", "") if cleaned.get("what") == COMPANY else ""}
