"""What somebody sent, as clean values: the same for the public form and for a file that is imported. Pure; no database."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Touch:
    """Where a visit came from (I2): each text bounded, and never trusted."""

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    referring_domain: str = ""
    landing_page: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One filled-in form. `key` is the same however often it is sent (I3); `own` holds [question, answer] in the words of the form."""

    key: uuid.UUID
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    message: str = ""
    own: list[tuple[str, str]] = field(default_factory=list)
    consent: bool = False
    language: str = "en"
    first: Touch = field(default_factory=Touch)
    sent: Touch = field(default_factory=Touch)
    at: dt.datetime | None = None  # now, unless it is replayed
    external_source: str = ""
    external_key: str = ""
