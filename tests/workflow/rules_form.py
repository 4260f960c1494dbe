"""The form of Lead categorization, as a browser sends it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from workflow.models import AutomationRule, WorkflowSettings

HTMX = {"HX-Request": "true"}
URL = "/settings/workflow/lead-categorization/"


def version() -> int:
    """How often somebody has saved something."""
    return WorkflowSettings.objects.values_list("version", flat=True).get()


def save(client: Client, headers: dict[str, str] = HTMX, seen: Any = None, **values: Any) -> HttpResponse:
    """Press Save: `r1_enabled="on", r1_category=5, r1_ask="on"`; what is not named is off or empty. `seen` is the version on the page."""
    sent = {name.replace("_", "-", 1): value for name, value in values.items()}
    return client.post(URL, {"version": version() if seen is None else seen, **sent}, headers=headers)


def saved(trigger: str = "sale_won") -> tuple:
    """On, target, ask, lead status."""
    return AutomationRule.objects.values_list("is_enabled", "target_category__name", "ask_user", "lead_status__name").get(trigger=trigger, archived_at=None)
