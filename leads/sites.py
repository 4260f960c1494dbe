"""Other people's sites, as a form's pages name them in their headers: which may show it, and where it may lead afterwards. Pure."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from leads.models import LeadForm
from leads.web_addresses import BadAddress, origin_of, page_address


def sites_of(form: LeadForm) -> list[str]:
    """The origins that may show this form. What is none is left out: it could add to the header that names them."""
    return list(filter(None, (_or_nothing(origin_of, line) for line in form.origins)))


def leads_to(form: LeadForm) -> str:
    """The organisation's own page after sending; empty for ours."""
    return _or_nothing(page_address, form.thanks_url)


def leads_to_site(form: LeadForm) -> str:
    """The origin of that page."""
    page = urlsplit(leads_to(form))
    return f"{page.scheme}://{page.netloc}" if page.netloc else ""


def _or_nothing(clean: Callable[[str], str], address: str) -> str:
    try:
        return clean(address)
    except BadAddress:
        return ""
