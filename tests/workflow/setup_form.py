"""The page *Set up categories*, as a browser sends it."""

from __future__ import annotations

import re

URL = "/settings/workflow/setup/"
SCREEN = "/settings/workflow/lead-categorization/"


def untouched(client) -> dict:
    """What a browser would send of the page as it is now."""
    return fields_of(client.get(URL).content.decode())


def fields_of(html: str) -> dict:
    """What a browser would send of this page."""
    form = re.search(r'<form[^>]*id="setup-form".*?</form>', html, re.DOTALL)[0]
    sent: dict = {"seen": re.search(r'name="seen" value="([^"]*)"', form)[1]}
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="(\w+)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    for tag in re.findall(r"<input[^>]*checkbox[^>]* checked[^>]*>", form):
        value = re.search(r'value="([^"]+)"', tag)
        sent.setdefault(re.search(r'name="([^"]+)"', tag)[1], []).append(value[1] if value else "on")
    return sent


def text_of(html: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def potential(*categories, lead_status=True) -> dict:
    """These categories are chosen to be potential customers."""
    return {f"c{one.pk}-group": "potential_customer" for one in categories} | {f"c{one.pk}-lead": "on" for one in categories if lead_status}
