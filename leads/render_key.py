"""The key that a public form carries: signed, so that nobody makes their own; it says which form was shown, when, and makes one inquiry.

It stands where other forms have a CSRF token. That one needs a cookie, and the browser gives none to a frame on another site. Nor is
there anything to protect: a public form changes nothing for whoever is logged in.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from leads import limits
from leads.models import LeadForm

_signer = Signer(salt="leads.render_key")


class KeyMissing(Exception):
    """It was sent without a key, from a form on somebody else's page."""


class KeyOver(Exception):
    """The page was open too long, or the key is none of ours."""


@dataclass(frozen=True, slots=True)
class RenderKey:
    """Which inquiry this is, and whether a person can have sent it."""

    key: uuid.UUID
    is_too_fast: bool
    consent_version: int  # what the visitor was shown


def make_key(form: LeadForm, *, filled: bool = False) -> str:
    """A key for a form that is shown now; `filled` if there is nothing left to type."""
    return _signer.sign_object([form.pk, uuid.uuid4().hex, int(timezone.now().timestamp() * 1000), int(filled), form.consent_version])


def read_key(form: LeadForm, text: str) -> RenderKey:
    """What a form was sent with. Raises KeyMissing, KeyOver."""
    if not text:
        raise KeyMissing
    try:
        pk, key, at, filled, consent_version = _signer.unsign_object(text)
    except (BadSignature, ValueError):
        raise KeyOver from None
    age = timezone.now() - dt.datetime.fromtimestamp(at / 1000, dt.UTC)
    if pk != form.pk or age > limits.KEY_LASTS:
        raise KeyOver
    return RenderKey(uuid.UUID(key), age < (limits.FASTEST_AGAIN if filled else limits.FASTEST), consent_version)
