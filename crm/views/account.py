"""Log in, log out, another password, language and appearance."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from crm.forms.account import LoginForm, OwnPasswordForm
from crm.http import Request
from crm.models import User
from crm.slots import UndoOffer
from crm.views.base import done, next_url, unit_of_work

ONE_YEAR = 60 * 60 * 24 * 365


@method_decorator(login_not_required, name="dispatch")
class Login(auth_views.LoginView):
    """Log in by e-mail address; afterwards on to where the visitor wanted to go."""

    template_name = "crm/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        wait = form.has_error(NON_FIELD_ERRORS, "wait")
        return self.render_to_response(self.get_context_data(form=form, wait=wait), status=429 if wait else 200)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        if not self.request.POST.get("remember"):
            self.request.session.set_expiry(0)
        return response


@sensitive_post_parameters()
@unit_of_work
def password(request: Request) -> HttpResponse:
    """Another password for oneself: every other session ends, this one stays."""
    form = OwnPasswordForm(request.user, request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        return done(request, _("Your password is changed. Wherever else you were logged in, you are logged out."), to="crm:overview")
    status = 429 if form.has_error("old_password", "wait") else 422 if form.errors else 200
    return render(request, "crm/password.html", {"active": "", "form": form}, status=status)


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


@require_POST
@unit_of_work
def set_available(request: Request) -> HttpResponse:
    """Receive new leads, or be passed over for a while. Kept in the settings log."""
    user = User.objects.get(pk=request.user.pk)
    user.is_available = request.POST.get("available") == "1"
    user.save(update_fields=["is_available"])
    undo = UndoOffer(reverse("crm:available"), {"available": "0" if user.is_available else "1"})
    text = (
        _("You receive new leads, from the present turn on.") if user.is_available else _("You are passed over when new leads are given, until you are back.")
    )
    return done(request, text, to=reverse("crm:overview"), undo=undo)


@login_not_required
def health(request: Request) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")
