"""Hand the suggestions a request raised to the page that will ask: htmx at once, a plain form on the next page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.http import trigger_client_event

from workflow import inbox, suggestions

SESSION_KEY = "questions"
MOST = 300  # more do not fit into an address: then their batch is named, or all that waits for this person (Q6)
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
        if raised and request.user.is_authenticated:
            _ask(request, response, raised)
        return response

    return middleware


def _ask(request: Any, response: HttpResponse, raised: list[int]) -> None:
    """One statement. Nobody is asked about an archived company (S5)."""
    found = list(inbox.answerable_by(request.user).filter(pk__in=raised).order_by("pk").values_list("pk", "batch"))
    if not found:
        return
    named = _named([pk for pk, _batch in found], {batch for _pk, batch in found})
    if request.htmx:
        trigger_client_event(response, "dialog:open", {"target": "body", "url": dialog_url(named)}, after="settle")
    else:
        request.session[SESSION_KEY] = named


def _named(pks: list[int], batches: set[int | None]) -> dict[str, str]:
    """How an address names these: by their keys, else by the batch that all of them are of, else not at all."""
    if len(pks) <= MOST:
        return {"ids": ",".join(map(str, pks))}
    batch = batches.pop() if len(batches) == 1 else None
    return {"batch": str(batch)} if batch else {}


def dialog_url(named: dict[str, str]) -> str:
    """Where the dialog for these suggestions is: one with its three answers, or a list (Q6)."""
    if named.get("ids", "").isdecimal():
        return reverse("workflow:confirmation", args=[int(named["ids"])])
    return f"{reverse('workflow:confirmations')}?{urlencode({'dialog': 1} | named, safe=',')}"
