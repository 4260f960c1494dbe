"""Forms of notes and follow-ups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.forms.base import DateInput, RecordForm
from crm.forms.choosers import FEW, RecordField, RecordSelect
from crm.models import FollowUp, Note, User
from crm.remarks import in_a_month


class NoteForm(RecordForm):
    """A note: its text."""

    class Meta:
        model = Note
        fields = ["text"]
        labels = {"text": _("Your note")}
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].error_messages["required"] = _("Write something first")

    def last_saved(self, record: Any, names: Collection[str]) -> tuple[Any, dt.datetime | None]:
        """As the note has it."""
        return record.edited_by, record.edited_at


class FollowUpForm(RecordForm):
    """What is to be done, when and by whom. Edited: the day as a date."""

    class Meta:
        model = FollowUp
        fields = ["text", "due_on", "owner"]
        labels = {"text": _("What is to be done"), "due_on": _("Date"), "owner": _("Who")}
        field_classes = {"owner": RecordField}
        widgets = {"due_on": DateInput(), "owner": RecordSelect(few=FEW)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.active(include=self.instance.owner_id if self.instance.pk else None)
        self.fields["owner"].empty_label = None
        self.fields["text"].error_messages["required"] = _("Say what is to be done")
        self.fields["due_on"].error_messages |= {"required": _("Choose a day"), "invalid": _("Choose a day")}

    def clean_due_on(self) -> Any:
        """Not in the past, unless it was planned for that day already."""
        day = self.cleaned_data["due_on"]
        if day and day < timezone.localdate() and "due_on" in self.changed_data:
            raise forms.ValidationError(_("Choose today or a later day"))
        return day


class PlanForm(FollowUpForm):
    """A new follow-up: the usual days are one press, any other is a date."""

    WHEN = [("tomorrow", _("Tomorrow")), ("week", _("Next week")), ("month", _("In a month")), ("date", _("Another day"))]
    when = forms.ChoiceField(label=_("When"), choices=WHEN, widget=forms.RadioSelect, initial="week", error_messages={"required": _("Choose a day")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        today = timezone.localdate()
        days = {"tomorrow": today + dt.timedelta(days=1), "week": today + dt.timedelta(days=7), "month": in_a_month(today)}
        when = cleaned.get("when")
        if when in days:
            cleaned["due_on"] = days[when]
            self._errors.pop("due_on", None)  # a date that is not asked for cannot be wrong
        elif when and not cleaned.get("due_on") and "due_on" not in self.errors:
            self.add_error("due_on", _("Choose a day"))
        return cleaned
