"""Hand the suggestions a request raised to the page that will ask: htmx at once, a plain form on the next page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.http import trigger_client_event

from workflow import suggestions

SESSION_KEY = "suggestions"
MOST = 300  # more do not fit into an address; whoever changes so many at once says where they are answered (Q6)
View = Callable[[HttpRequest], HttpResponse]


def announce_suggestions(get_response: View) -> View:
    """Collect what the engine raises, committed, while the request runs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        raised: list[int] = []
        token = suggestions.raised.set(raised)
        try:
            response = get_response(request)
        finally:
            suggestions.raised.reset(token)
        if 0 < len(raised) <= MOST and request.user.is_authenticated:
            if request.htmx:  # type: ignore[attr-defined]
                trigger_client_event(response, "dialog:open", {"target": "body", "url": dialog_url(raised)}, after="settle")
            else:
                request.session[SESSION_KEY] = raised
        return response

    return middleware


def dialog_url(decision_ids: list[int]) -> str:
    """Where the dialog for these suggestions is: one with its three answers, or a list (Q6)."""
    if len(decision_ids) == 1:
        return reverse("workflow:confirmation", args=decision_ids)
    return reverse("workflow:confirmations") + "?dialog=1&ids=" + ",".join(map(str, decision_ids))
