"""The editor of a lead form, as a browser sends it."""

from __future__ import annotations

import re
import uuid
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from crm.models import SettingsChange
from leads.models import Inquiry, LeadForm, Visit
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory

LIST = "/settings/lead-forms/"
NEW = f"{LIST}new/"
PREVIEW = f"{LIST}preview/"


def at(lead_form: LeadForm, verb: str = "") -> str:
    """The address of the editor, or of something that is done with the form."""
    return f"{LIST}{lead_form.pk}/{verb and f'{verb}/'}"


class _Fields(HTMLParser):
    """What a browser would send of the form with this id, untouched, its buttons left out."""

    def __init__(self, html: str, form: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.select = self.textarea = ""
        self.feed(re.search(rf'<form[^>]*id="{form}".*?</form>', html, re.DOTALL)[0])  # type: ignore[index]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, str] = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "input" and found.get("type") in ("checkbox", "radio"):
            self.sent |= {name: found.get("value", "on")} if "checked" in found else {}
        elif tag == "input":
            self.sent[name] = found.get("value", "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in found or self.select not in self.sent):
            self.sent[self.select] = found.get("value", "")
        elif tag == "textarea":
            self.textarea, self.sent[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        self.select, self.textarea = ("" if tag == "select" else self.select), ("" if tag == "textarea" else self.textarea)

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.sent[self.textarea] += data

    def handle_entityref(self, name: str) -> None:
        raise AssertionError(name)


def sent(html: str, form: str = "lead-form", **values: Any) -> dict[str, str]:
    """What a browser sends of this page when these are typed; None takes a field out, as unticking does. `__` in a name is a hyphen."""
    fields = {name: value.lstrip("\n") for name, value in _Fields(html, form).sent.items() if name}
    fields |= {name.replace("__", "-"): value for name, value in values.items()}
    return {name: value for name, value in fields.items() if value is not None}


def save(client: Client, lead_form: LeadForm | None = None, **values: Any) -> HttpResponse:
    """Open the editor, type these, and press Save."""
    url = at(lead_form) if lead_form else NEW
    return client.post(url, sent(client.get(url).content.decode(), **values))


def logged(lead_form: LeadForm) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the settings log has of the last change: before, after."""
    change = SettingsChange.objects.filter(area="lead-forms", item_id=lead_form.pk).latest("pk")
    return change.before, change.after


def inquiry(lead_form: LeadForm | None = None, *, spam: bool = False, **values: Any) -> Inquiry:
    """What somebody sent, with where they came from."""
    lead_form = lead_form or LeadFormFactory()
    contact = None if spam else ContactFactory(company=CompanyFactory(name="Bakkely Gartneri"), first_name="Lise", last_name="Bakke")
    typed = {
        "company_name": "Bakkely Gartneri",
        "first_name": "Lise",
        "last_name": "Bakke",
        "email": "lise@bakkely.example",
        "email_key": "lise@bakkely.example",
    }
    more = {"phone": "75 00 00 00", "message": "Ring til mig", "own": [["Tag", "Stort"]], "consent": True, "consent_text": "Ja", "consent_version": 2}
    state = {"state": "spam", "spam_reason": "trap"} if spam else {"contact": contact, "company": contact.company}
    made = Inquiry.objects.create(form=lead_form, key=uuid.uuid4(), **{**typed, **more, **state, **values})
    Visit.objects.create(inquiry=made, touch="sent", utm_source="nyhedsbrev", landing_page="https://example.dk/lise")
    return made
