"""Where the day starts."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from crm import slots
from crm.http import Request
from crm.views.base import page


@require_safe
def overview(request: Request) -> HttpResponse:
    """What needs me today, in the order of the panels; those with nothing to show are a line each, and all of them together an all-clear."""
    sections, quiet = slots.sections_of(request, "overview", request.user)
    return page(request, "crm/overview.html", {"active": "home", "sections": sections, "quiet": quiet}, fragment="day")
