"""Other people's sites: which may show a form, and where it may lead afterwards. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from leads.models import LeadForm

_HOST = re.compile(r"[a-z0-9.-]+", re.ASCII)  # nothing that could end a header's value


def origin_of(address: str) -> str:
    """Scheme, host and port of a web address; empty for what is none."""
    try:
        parts = urlsplit(address.strip().lower())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    is_web = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "")
    return f"{parts.scheme}://{parts.hostname}{port}" if is_web else ""


def sites_of(form: LeadForm) -> list[str]:
    """The origins that may show this form."""
    return [origin for origin in map(origin_of, form.origins) if origin]


def leads_to(form: LeadForm) -> str:
    """The organisation's own page after sending; empty for ours."""
    return form.thanks_url if origin_of(form.thanks_url) else ""
