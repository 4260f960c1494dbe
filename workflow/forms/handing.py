"""To whom a question is handed, and a word about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.base import Styled
from crm.models import User
from workflow import handing
from workflow.models import CategoryDecision


class HandOverForm(Styled, forms.Form):
    """A colleague who may answer, and a note for them."""

    to = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Hand over to"),
        error_messages={"required": _("Choose a colleague"), "invalid_choice": _("This colleague can no longer answer. Choose another one.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300, help_text=_("Your colleague sees it with the question."))

    def __init__(self, *args: Any, asked: Sequence[CategoryDecision], by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        already = {decision.asked_of_id for decision in asked}
        people = handing.who_can_take().order_by("first_name", "last_name", "pk")
        self.fields["to"].queryset = people.exclude(pk__in=already) if len(already) == 1 and None not in already else people
        self.fields["to"].empty_label = _("Select colleague")
        self.fields["to"].widget.attrs["autofocus"] = True
        self.style()
