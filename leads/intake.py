"""What somebody sent, as clean values: the same for the public form and for a file that is imported. Pure; no database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from leads.models.forms import LONGEST_TEXT
from leads.models.inquiries import UTM


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


_CONTROL = dict.fromkeys([*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_CONTROL_BUT_LINES = {code: to for code, to in _CONTROL.items() if code not in (9, 10)}


def one_line(text: object, longest: int = LONGEST_TEXT) -> str:
    """`text` in one line: single spaces, no control characters, none that turns the direction of what follows, cut."""
    return " ".join(str(text).split()).translate(_CONTROL)[:longest].strip()


def lines(text: object) -> str:
    """`text` with its line breaks, without other control characters."""
    return str(text).replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL_BUT_LINES).strip()


def domain_of(address: object) -> str:
    """The host of a web address (or a bare host), without its port and what follows: all that is kept of a referrer."""
    try:
        text = one_line(address, 2_000)
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return host[:LONGEST_TEXT]


def page_of(address: object) -> str:
    """A web address without its query, which may hold anything, personal data included. Empty for what is none."""
    try:
        parts = urlsplit(one_line(address, 2_000))
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{parts.path}"[:LONGEST_TEXT] if parts.scheme in ("http", "https") and host else ""


def moment_of(text: object) -> dt.datetime | None:
    """A moment as a browser writes it (ISO 8601, with its zone), if it has been."""
    try:
        at = dt.datetime.fromisoformat(one_line(text, 40))
        return at if at.tzinfo and dt.datetime(2000, 1, 1, tzinfo=dt.UTC) < at <= dt.datetime.now(dt.UTC) else None
    except (ValueError, OverflowError):
        return None


def touch_of(values: Mapping[str, Any], prefix: str = "") -> Touch:
    """The touch in what a form or an address brings, each name behind `prefix`: the five of `UTM`, `referrer`, `landing_page` and `at`."""
    found = {name: one_line(values.get(prefix + name) or "") for name in UTM}
    referrer, page, at = (values.get(prefix + name) or "" for name in ("referrer", "landing_page", "at"))
    return Touch(**found, referring_domain=domain_of(referrer), landing_page=page_of(page), at=moment_of(at))
