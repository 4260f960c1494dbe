"""Settings, Workflow, Rule history: every decision, on a page and as a file (W5)."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from crm.csv_safe import download
from crm.http import Request
from crm.paging import paginate
from crm.views.base import page
from crm.views.lists import require_administrator
from workflow.rule_history import HistoryFilters, lines_of
from workflow.rule_history_csv import file_name, in_chunks


@require_safe
def rule_history(request: Request) -> HttpResponseBase:
    """All decisions, newest first, as the address filters them; with `format=csv` all of those as a file."""
    require_administrator(request)
    filters = HistoryFilters(request.GET)
    decisions = filters.decisions()
    if request.GET.get("format") == "csv":
        return download(file_name(), in_chunks(decisions, language=get_language() or "en"))
    query = decisions.with_names().select_related("rule__lead_status", "undone_by")
    found = paginate(query, field="created_at", descending=True, cursor=request.GET.get("page", ""))
    context = {"active": "workflow", "tab": "rule-history", "filters": filters, "found": found, "lines": lines_of(found.rows)}
    return page(request, "settings/rule_history.html", context, fragment="list")
