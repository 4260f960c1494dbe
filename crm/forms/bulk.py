"""What a bulk edit asks before it does anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.forms.base import DateInput, Styled
from crm.models import CompanyCategory, Sale, SaleReason, SaleStage, User


class BulkForm(Styled, forms.Form):
    """The choice that holds for all of the records. `request_id` makes sending it twice harmless."""

    FOCUS = ""  # the field to begin at; the first, unless it says another

    request_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.style()
        first = self.FOCUS or next(name for name in self.fields if name != "request_id")
        self.fields[first].widget.attrs["autofocus"] = True


class CategoryForm(BulkForm):
    """Which category."""

    category = forms.ModelChoiceField(CompanyCategory.objects.none(), label=_("Category"), empty_label=_("Select category"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = CompanyCategory.objects.active()


class ColleagueField(forms.ChoiceField):
    """A colleague, or nobody, which has to be said: who only presses Save takes nobody's companies away. Cleans to the user, or None."""

    NOBODY = "nobody"

    def offer(self, users: Iterable[User]) -> None:
        """These can be chosen. One statement."""
        self.users = {str(user.pk): user for user in users}
        self.choices = [("", _("Select colleague")), (self.NOBODY, _("Nobody")), *((key, str(user)) for key, user in self.users.items())]

    def clean(self, value: Any) -> User | None:
        return self.users.get(super().clean(value))


class OurContactForm(BulkForm):
    """Which colleague, or nobody."""

    our_contact = ColleagueField(label=_("Our contact"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["our_contact"].offer(User.objects.active())


class OwnerForm(BulkForm):
    """Which colleague, or nobody."""

    owner = ColleagueField(label=_("Owner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].offer(User.objects.active())


class StageForm(BulkForm):
    """Which stage."""

    stage = forms.ModelChoiceField(SaleStage.objects.none(), label=_("Stage"), empty_label=_("Select stage"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].queryset = SaleStage.objects.active()


class CloseSalesForm(BulkForm):
    """When and why (S1)."""

    STATUS = Sale.Status.WON

    closed_on = forms.DateField(label=_("Closing date"), widget=DateInput(), initial=timezone.localdate)
    reason = forms.ModelChoiceField(SaleReason.objects.none(), label=_("Reason"), required=False, empty_label=_("Select reason"))
    reason_note = forms.CharField(label=_("Note"), required=False, max_length=Sale._meta.get_field("reason_note").max_length)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = SaleReason.objects.active().filter(applies_to=self.STATUS)

    def clean_closed_on(self) -> Any:
        """Closed is closed: not in the future."""
        if self.cleaned_data["closed_on"] > timezone.localdate():
            raise forms.ValidationError(_("A closing date cannot be in the future"))
        return self.cleaned_data["closed_on"]


class LoseSalesForm(CloseSalesForm):
    """The same for lost ones."""

    STATUS = Sale.Status.LOST
    FOCUS = "reason"
