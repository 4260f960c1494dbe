"""The pipeline board. Moving a sale is in `sales.py`: the same verbs as everywhere."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from crm import slots
from crm.board import Asked, went_on
from crm.filters import filters_of
from crm.http import Request
from crm.pipeline import pipeline
from crm.views.base import page, require


@require_safe
def sale_pipeline(request: Request) -> HttpResponse:
    """Open sales by stage; the address holds the filters."""
    require(request, "crm.view_sale")
    filters, asked = filters_of(request, "pipeline", request.GET), Asked.of(request)
    board = pipeline(filters, asked)
    context = {
        "active": "sales", "board": board, "filters": filters, "asked": asked,
        "went_on": went_on(request, asked), "badges": slots.badges_for(request, "pipeline", board.cards), "may_edit": request.user.has_perm("crm.change_sale"),
    }  # fmt: skip
    return page(request, "crm/pipeline.html", context, fragment="board")
