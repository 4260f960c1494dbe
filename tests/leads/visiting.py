"""A visitor of a website, for the tests of public forms (I1, I5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from leads.models import Inquiry, LeadForm
from leads.render_key import make_key

SITE = "https://www.nordsol.example"
LISE = {"company": "Bakkely Gartneri", "first_name": "Lise", "last_name": "Bakke", "email": "lise@bakkely.example", "message": "Et nyt tag", "consent": "on"}


def key_of(form: LeadForm, *, seconds: float = 20, **options: Any) -> str:
    """The key of a page that was opened so long ago."""
    with time_machine.travel(timezone.now() - dt.timedelta(seconds=seconds), tick=False):
        return make_key(form, **options)


def sent(form: LeadForm, **changes: Any) -> dict[str, str]:
    """What Lise sends; None takes a value out."""
    values = {"form_key": key_of(form), **LISE, **changes}
    return {name: value for name, value in values.items() if value is not None}


def send(form: LeadForm, client: Client | None = None, *, to: str = "", extra: dict[str, Any] | None = None, **changes: Any) -> HttpResponse:
    """Lise sends it from her browser, which has no cookie of ours."""
    return (client or Client(enforce_csrf_checks=True)).post(f"{form.get_absolute_url()}{to}", sent(form, **changes), **(extra or {}))


def only_one() -> Inquiry:
    """The inquiry there is."""
    return Inquiry.objects.get()
