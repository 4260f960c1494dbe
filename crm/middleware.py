"""What every request passes: the user's language, headers, login, and who is at work."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from crm.actor import working
from crm.site import asked_at

View = Callable[[HttpRequest], HttpResponse]


def preferences(get_response: View) -> View:
    """The language of the user; of a visitor, what they chose or what their browser asks for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        language = user.language if user and user.is_authenticated else _visitor_language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def _visitor_language(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    return translation.get_language_from_request(request)


def html_headers(get_response: View) -> View:
    """A page and its fragment share an address, and hold customers' data: say so to caches, unless the page has said itself what they may keep."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request"])
            if "Cache-Control" not in response.headers and request.user.is_authenticated:
                patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """As Django's, but a fragment answers 401: htmx would follow a redirect and swap the login page into a row."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable) -> HttpResponse:  # type: ignore[override]
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponse(status=401)
        if request.method not in ("GET", "HEAD"):  # after logging in, back to the page with the button; the button's own address shows nothing
            page = urlsplit(request.headers.get("Referer", ""))
            here = page.path if page.netloc == request.get_host() else "/"
            return redirect_to_login(here, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        return super().handle_no_permission(request, view_func)


def actor(get_response: View) -> View:
    """Whatever a request writes is the user's doing, a bare `update()` and Django's admin included."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with working(user=request.user if request.user.is_authenticated else None), asked_at(request):
            return get_response(request)

    return middleware
