"""Log in, log out, language and appearance."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from crm.http import Request
from crm.models import User
from crm.views.base import next_url

ONE_YEAR = 60 * 60 * 24 * 365


@method_decorator(login_not_required, name="dispatch")
class Login(auth_views.LoginView):
    """Log in by e-mail address; afterwards on to where the visitor wanted to go."""

    template_name = "crm/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        if not self.request.POST.get("remember"):
            self.request.session.set_expiry(0)
        return response


@login_not_required
@require_POST
def set_language(request: Request) -> HttpResponse:
    """Remember the language: of a user in the user, of a visitor in a cookie."""
    language = request.POST.get("language")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest("Unknown language.")
    response = redirect(next_url(request, "/"))
    if request.user.is_authenticated:
        request.user.language = language
        request.user.save(update_fields=["language"])
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=ONE_YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE)
    return response


@require_POST
def set_theme(request: Request) -> HttpResponse:
    """Light, dark, or as the computer."""
    theme = request.POST.get("theme")
    if theme not in User.Theme.values:
        return HttpResponseBadRequest("Unknown theme.")
    request.user.theme = theme
    request.user.save(update_fields=["theme"])
    return redirect(next_url(request, "/"))


@login_not_required
def health(request: Request) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")
