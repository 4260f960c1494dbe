"""Changes of categories as a browser meets them: the buttons that are offered, what a press answers, and what is said."""

from __future__ import annotations

import re

from crm.actor import acting_as
from crm.models import Company
from tests.browsers import HTMX
from workflow.models import AutomationRule

FAILURES, BATCHES = "/settings/workflow/failures/", "/settings/workflow/batches/"


def win_rule(target, *, ask=False):
    """Rule 1 is on."""
    AutomationRule.objects.update_or_create(trigger="sale_won", defaults={"target_category": target, "ask_user": ask, "is_enabled": True})


def move(company, category, by):
    """Somebody changes the category by hand."""
    with acting_as(by):
        company = Company.objects.get(pk=company.pk)
        company.category = category
        company.save()
    return company.decisions.latest("pk")


def press(client, what, decision, headers=HTMX, **values):
    """Undo, Ask again or Retry at this decision."""
    return client.post(f"/category-changes/{decision.pk}/{what}/", values, headers=headers)


def buttons(client, page):
    """What the page offers: (verb, decision), newest first."""
    html = client.get(page).content.decode()
    return [(verb, int(pk)) for verb, pk in re.findall(r'id="(undo|ask-again|retry)-(\d+)"', html)]


def said(client, response):
    """The answer, or for a plain form the page it leads to."""
    return (client.get(response["Location"]) if response.status_code == 302 else response).content.decode()
