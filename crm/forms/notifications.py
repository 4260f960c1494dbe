"""Which notifications somebody also wants by e-mail."""

from __future__ import annotations

from typing import Any

from django import forms

from crm.forms.base import Styled
from crm.models import NotificationChoice, User
from crm.slots import notification_kinds_for


class ChoicesForm(Styled, forms.Form):
    """A box for each kind of thing this user can be told."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        chosen = dict(NotificationChoice.objects.filter(user=user).values_list("kind", "by_email"))
        for kind in notification_kinds_for(user):
            self.fields[kind.key] = forms.BooleanField(label=kind.label, required=False, initial=chosen.get(kind.key, kind.by_email))
        self.style()

    def save(self) -> None:
        """Keep every box as it is shown. One statement."""
        rows = [NotificationChoice(user=self.user, kind=key, by_email=wanted) for key, wanted in self.cleaned_data.items()]
        NotificationChoice.objects.bulk_create(rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["by_email"])
