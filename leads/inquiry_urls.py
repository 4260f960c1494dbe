"""Where an inquiry is shown."""

from __future__ import annotations

from django.urls import NoReverseMatch

from leads.models import Inquiry


def url_of(inquiry: Inquiry) -> str:
    """Its own page, else the card of its contact."""
    try:
        return inquiry.get_absolute_url()
    except NoReverseMatch:
        return inquiry.contact.get_absolute_url() if inquiry.contact else "/"
