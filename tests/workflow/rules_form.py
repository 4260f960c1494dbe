"""The form of Lead categorization, as a browser sends it."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.browsers import HTMX
from workflow.models import AutomationRule, WorkflowSettings

URL = "/settings/workflow/lead-categorization/"


def version() -> int:
    """How often somebody has saved something."""
    return WorkflowSettings.objects.values_list("version", flat=True).get()


def save(client: Client, headers: dict[str, str] = HTMX, seen: Any = None, rows: list[dict[str, Any]] | None = None, **values: Any) -> HttpResponse:
    """Press Save: `r1_enabled="on", r1_category=5, r1_ask="on"`; what is not named is off or empty. `seen` is the version on the page.

    `rows` are those of rule 4: `[{"status": 1, "category": 5, "ask": "on"}]`. `r4_status=1, r4_category=5` is one row.
    """
    return client.post(URL, as_sent(seen, rows, **values), headers=headers)


def as_sent(seen: Any = None, rows: list[dict[str, Any]] | None = None, **values: Any) -> dict[str, Any]:
    """The fields that a browser sends."""
    one = {name.removeprefix("r4_"): values.pop(name) for name in ("r4_status", "r4_category", "r4_ask") if name in values}
    rows = [one] if rows is None and one else rows
    sent = {"version": version() if seen is None else seen, **{name.replace("_", "-", 1): value for name, value in values.items()}}
    if rows is not None:
        sent["r4-rows"] = ",".join(str(number) for number in range(1, len(rows) + 1))
    for number, row in enumerate(rows or [], start=1):
        sent |= {f"r4-{number}-{name}": value for name, value in row.items()}
    return sent


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send of this page, untouched."""
    form = re.search(r'<form[^>]*id="rules-form".*?</form>', html, re.DOTALL)[0]
    sent = dict(re.findall(r'<input type="hidden" name="((?:version|r\d)[^"]*)" value="([^"]*)"', form))
    for tag in re.findall(r"<input[^>]*checkbox[^>]*checked[^>]*>", form):
        sent[re.search(r'name="([^"]+)"', tag)[1]] = "on"
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="(\d+)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def untouched(client: Client) -> dict[str, str]:
    """What a browser would send of the page as it is now."""
    return fields_of(client.get(URL).content.decode())


def keys_of(html: str) -> str:
    """Which rows of rule 4 the form has."""
    return re.search(r'name="r4-rows" value="([^"]*)"', html)[1]


def saved(trigger: str = "sale_won") -> tuple:
    """On, target, ask, lead status."""
    return AutomationRule.objects.values_list("is_enabled", "target_category__name", "ask_user", "lead_status__name").get(trigger=trigger, archived_at=None)


def rows_saved() -> list[tuple]:
    """Of rule 4, in the order of the lead statuses: which, target, ask, on."""
    query = AutomationRule.objects.filter(trigger="lead_status_set", archived_at=None).order_by("lead_status__position")
    return list(query.values_list("lead_status__name", "target_category__name", "ask_user", "is_enabled"))
