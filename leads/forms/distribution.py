"""Forms of a distribution: how it works, who takes part, and giving an inquiry to somebody by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms.base import SeenForm, Styled
from crm.models import User
from leads.distribution import who_can_get
from leads.models import Distribution, Inquiry
from leads.turns import HEAVIEST

WEIGHTS = [(number, str(number)) for number in range(1, HEAVIEST + 1)]
GONE = gettext_lazy("This person may not edit companies any more. Choose somebody else.")


def people() -> Any:
    """Who can be chosen, in the order of names."""
    return who_can_get().order_by("first_name", "last_name", "pk")


class DistributionForm(SeenForm):
    """When the turn decides, and who gets what would else stay with nobody."""

    class Meta:
        model = Distribution
        fields = ["only_unassigned", "fallback"]
        labels = {"only_unassigned": gettext_lazy("Only if nobody is responsible"), "fallback": gettext_lazy("When nobody is available")}
        help_texts = {
            "only_unassigned": gettext_lazy("Our contact of a known company gets its inquiries. Off: every inquiry goes to the next in turn."),
            "fallback": gettext_lazy("Gets what comes in while everybody is away or paused."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fallback"].queryset = people()
        self.fields["fallback"].empty_label = _("Nobody: it stays unassigned, and administrators are told")
        self.fields["fallback"].error_messages["invalid_choice"] = GONE
        self.style()


class SeatForm(Styled, forms.Form):
    """Somebody who is to take part."""

    user = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("User"), error_messages={"required": gettext_lazy("Choose somebody"), "invalid_choice": GONE}
    )
    weight = forms.TypedChoiceField(
        label=gettext_lazy("Weight"),
        choices=WEIGHTS,
        coerce=int,
        initial=1,
        help_text=gettext_lazy("Whoever weighs 2 gets twice as many as whoever weighs 1."),
        error_messages={"required": gettext_lazy("Choose a weight"), "invalid_choice": gettext_lazy("Choose a weight from 1 to 10")},
    )

    def __init__(self, *args: Any, distribution: Distribution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people().exclude(seats__distribution=distribution)
        self.fields["user"].empty_label = _("Select user")
        self.fields["user"].widget.attrs["autofocus"] = True
        self.style()


class ReassignForm(Styled, forms.Form):
    """Who gets an inquiry. `seen` is who had it when the page was shown (empty: nobody)."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    to = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Give to"), error_messages={"required": gettext_lazy("Choose somebody"), "invalid_choice": GONE}
    )
    our_contact = forms.BooleanField(required=False)

    def __init__(self, *args: Any, inquiry: Inquiry, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = inquiry.owner_id or ""
        self.fields["to"].queryset = people().exclude(pk=inquiry.owner_id or 0)
        self.fields["to"].empty_label = _("Select colleague")
        self.fields["to"].widget.attrs["autofocus"] = True
        company = inquiry.company
        if company is None or inquiry.owner_id is None or company.our_contact_id != inquiry.owner_id:
            del self.fields["our_contact"]
        else:
            self.fields["our_contact"].initial = True
            self.fields["our_contact"].label = _("Also make them our contact for {company}").format(company=company)
            self.fields["our_contact"].help_text = _("{name} is our contact now.").format(name=inquiry.owner)
        self.style()
