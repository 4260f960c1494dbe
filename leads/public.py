"""What becomes of a public form that was sent: received, asked again, or told to wait. The page and the script answer from the same."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.actor import working
from crm.throttle import claim, network_of
from leads import inquiries, limits
from leads.forms.public import PublicForm
from leads.intake import UTM, Sent, domain_of, one_line, page_of, touch_of
from leads.models import Inquiry, LeadForm
from leads.render_key import KeyMissing, KeyOver, RenderKey, make_key, read_key

KEY, TRAP = "form_key", "website"  # hidden fields: the render key, and one that only a program fills in
OF_A_VISIT = (*UTM, "referrer", "landing_page")
TRACKED = (*OF_A_VISIT, *[f"first_{name}" for name in (*OF_A_VISIT, "at")])


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` as in HTTP: 303 received, 200 to be looked at before it is sent, 422 wrong, 429 too often (`wait` seconds)."""

    status: int
    form: PublicForm
    key: str
    notice: str = ""
    wait: int = 0
    tracked: dict[str, str] = field(default_factory=dict)


def show(lead_form: LeadForm, request: HttpRequest, *, landing_page: str) -> Answer:
    """The empty form. What the address brings goes into the visit, never into a field: an address is kept in logs and histories."""
    visit = dict.fromkeys(TRACKED, "") | {name: one_line(request.GET.get(name, "")) for name in UTM}
    referrer = domain_of(request.headers.get("Referer", ""))
    visit["referrer"] = referrer if referrer != domain_of(request.get_host()) else ""
    return Answer(200, PublicForm(lead_form), make_key(lead_form), tracked=visit | {"landing_page": page_of(landing_page)})


def take(lead_form: LeadForm, data: QueryDict, request: HttpRequest) -> Answer:
    """Receive what was sent, or say what is in the way of it; nothing typed is lost. Up to ten statements before it is received."""
    form, text = PublicForm(lead_form, data), data.get(KEY, "")
    tracked = {name: one_line(data.get(name, "")) for name in TRACKED}
    is_valid = form.is_valid()
    try:
        key = read_key(lead_form, text)
    except KeyMissing:
        notice = _("Look at what you typed, then send it.") if is_valid else ""
        return Answer(200 if is_valid else 422, form, make_key(lead_form, filled=is_valid), notice, tracked=tracked)
    except KeyOver:
        notice = _("This page was open for a long time. Please send it again.")
        return Answer(422, form, make_key(lead_form, filled=is_valid), notice, tracked=tracked)
    if not is_valid:
        return Answer(422, form, text, tracked=tracked)
    if form.cleaned_data.get("consent") and key.consent_version != lead_form.consent_version:
        notice = _("What you agree to has been changed meanwhile. Read it again, then send it.")
        return Answer(422, _without_consent(lead_form, data), make_key(lead_form, filled=True), notice, tracked=tracked)
    sent = _one_inquiry(form.cleaned(key.key, first=touch_of(data, "first_"), sent=touch_of(data)))
    spam, wait = _claim(lead_form, request, _spam(data, key))
    if wait and not Inquiry.objects.filter(form=lead_form, key=sent.key).exists():  # it has come already: a retry need not wait
        return Answer(429, form, text, _wait_text(ceil(wait / 60)), wait, tracked)
    with working():  # nobody's doing, whoever is logged in here
        inquiries.receive(lead_form, sent, spam=spam)
    return Answer(303, form, text)


def typed(lead_form: LeadForm, data: QueryDict) -> list[tuple[str, str]]:
    """Question and answer of everything that was typed, for a page that cannot take it any more."""
    form = PublicForm(lead_form, data)
    return [(str(field.label), one_line(field.value(), 5_000)) for field, _is_wide in form.rows() if field.value()]


def _one_inquiry(sent: Sent) -> Sent:
    """The same page sent with the same words is one inquiry. Who goes back, writes something else and sends that has written a second one."""
    words = (sent.company, sent.first_name, sent.last_name, sent.email, sent.phone, sent.message, sent.own, sent.consent)
    return replace(sent, key=uuid.uuid5(sent.key, repr(words)))


def _without_consent(lead_form: LeadForm, data: QueryDict) -> PublicForm:
    unticked = data.copy()
    del unticked["consent"]
    return PublicForm(lead_form, unticked)


def _claim(lead_form: LeadForm, request: HttpRequest, spam: str) -> tuple[str, int]:
    """Why it goes into the spam folder, if it does, and the seconds to wait.

    Who sends a great deal closes the form for nobody: what is caught has a limit of its own, and what is above the form's is kept as spam.
    """
    if wait := claim(limits.FROM_ONE_ADDRESS, lead_form.pk, network_of(request)):
        return spam, wait
    if spam:
        return spam, claim(limits.CAUGHT, lead_form.pk)
    if not claim(limits.OF_ONE_FORM, lead_form.pk):
        return "", 0
    return Inquiry.SpamReason.TOO_MANY, claim(limits.ABOVE_THAT, lead_form.pk)


def _wait_text(minutes: int) -> str:
    text = ngettext(
        "Many have been sent from here just now. Wait {n} minute, then send it again.",
        "Many have been sent from here just now. Wait {n} minutes, then send it again.",
        minutes,
    )
    return text.format(n=minutes)


def _spam(data: Mapping[str, Any], key: RenderKey) -> str:
    if data.get(TRAP, "").strip():
        return Inquiry.SpamReason.TRAP
    return Inquiry.SpamReason.TOO_FAST if key.is_too_fast else Inquiry.SpamReason.NONE
