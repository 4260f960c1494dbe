"""The search box of every page, and the page of its results."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from crm.http import Request
from crm.search import search
from crm.text import LONGEST
from crm.views.base import page


@require_safe
def search_all(request: Request) -> HttpResponse:
    """Results under the box as one types, and the same as a page of its own. Whoever may see nothing finds nothing."""
    q = request.GET.get("q", "").strip()[:LONGEST]
    groups = search(q, user=request.user)
    found = sum(len(group.hits) for group in groups)
    context = {"active": "", "q": q, "search_q": q, "groups": groups, "found": found}
    response = page(request, "crm/search.html", context, fragment="results")
    if not request.htmx or not q:
        return response
    text = ngettext("{n} result", "{n} results", found).format(n=found) if found else _("No results for “{q}”").format(q=q)
    return trigger_client_event(response, "announce", {"value": text})
