"""Pages for what went wrong, in plain words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def _error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "errors/error.html", {"title": title, "text": text, "active": ""}, status=status)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; a view may say why in the exception it raises."""
    text = str(exception or "") or _("You do not have access to this page. Ask an administrator if you need it.")
    return _error(request, 403, _("No access"), text)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that has been open too long."""
    return _error(request, 403, _("This page is too old to save"), _("Go back, reload the page, and try again."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _error(request, 404, _("Not found"), _("This no longer exists, or the address is wrong."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without the shell, which may be what is broken."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)
