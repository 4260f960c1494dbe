"""Settings, Users: who uses Havn and what they may do; and the page where somebody chooses a password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from crm import links, slots, users
from crm.forms.users import LeaveForm, PasswordForm, UserForm
from crm.http import Request
from crm.models import User
from crm.models.rights import LastAdministrator, lock_rights
from crm.paging import paginate
from crm.views.base import done, fetch, page, refused, unit_of_work
from crm.views.lists import require_administrator

LIST = "crm:user-list"
MADE = "link_made"  # in the session: which link this administrator has made last


@require_safe
def user_list(request: Request) -> HttpResponse:
    """Everybody who can log in; deactivated users on demand. The address holds the filters."""
    require_administrator(request)
    asked = {name: request.GET.get(name, "") for name in ("q", "role", "all")}
    asked["role"] = asked["role"] if asked["role"] in User.Role.values else ""
    found = paginate(_chosen(asked).prefetch_related("groups"), field="first_name", descending=False, cursor=request.GET.get("page", ""))
    context = {
        "active": "users", "found": found, "asked": asked, "roles": User.Role.choices, "is_filtered": bool(asked["q"] or asked["role"]),
        "left": User.objects.filter(is_active=False).count(),
    }  # fmt: skip
    return page(request, "settings/users.html", context, fragment="results")


def _chosen(asked: dict[str, str]) -> QuerySet[User]:
    query = User.objects.all() if asked["all"] else User.objects.active()
    if asked["role"]:
        query = query.filter(pk__in=[user.pk for user in query.prefetch_related("groups") if user.role == asked["role"]])
    return query.search(asked["q"])


def _locked(request: Request, pk: int) -> User:
    """The user; when something is about to be written, after everybody's rights are locked (in a `unit_of_work`). Raises Http404."""
    if request.method == "POST":
        lock_rights()
    return fetch(request, User, pk)


def _home(request: Request) -> str:
    """Where an administrator goes on; who has just given up the role has nothing to do there."""
    return LIST if User.objects.get(pk=request.user.pk).is_administrator else "crm:overview"


@unit_of_work
def user_new(request: Request) -> HttpResponse:
    """Invite somebody: a user who chooses a password through a link."""
    require_administrator(request)
    form = UserForm(request.POST or None, instance=User(language=request.user.language))
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                users.invite(form.instance, role=form.cleaned_data["role"])
            return _make_link(request, form.instance)
        except IntegrityError:  # another administrator invited them between our look and our save
            form.instance.pk = None
            form.full_clean()
    return render(request, "settings/user_form.html", {"active": "users", "form": form}, status=422 if form.errors else 200)


@unit_of_work
def user_edit(request: Request, pk: int) -> HttpResponse:
    """Edit a user: 422 when invalid, 409 when another administrator was faster."""
    require_administrator(request)
    user = _locked(request, pk)
    form, context, status = UserForm(request.POST or None, instance=user), {"active": "users", "subject": user, "title": str(user)}, 200
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif form.conflict():
            status = 409
        else:
            leaving = _leaving(request, user, form.cleaned_data["role"])
            if leaving is None or leaving.is_valid():
                answer = _save(request, user, form, leaving)
                if answer:
                    return answer
            context["leaving"], status = leaving, 422
    return render(request, "settings/user_form.html", {**context, "form": form, **_follows(user)}, status=status)


def _leaving(request: Request, user: User, role: str) -> LeaveForm | None:
    """What to ask where the user will no longer edit companies; unanswered until the page has asked."""
    if not users.would_stop_editing(user, role):
        return None
    return LeaveForm(request.POST if "companies_to" in request.POST else None, user=user)


def _save(request: Request, user: User, form: UserForm, leaving: LeaveForm | None) -> HttpResponse | None:
    try:
        with transaction.atomic():
            users.change(user, role=form.cleaned_data["role"], companies_to=leaving.cleaned_data["companies_to"] if leaving else None)
    except LastAdministrator as last:
        form.add_error("role", str(last))
        return None
    except IntegrityError:
        form.full_clean()
        return None
    messages.success(request, _("{name} saved").format(name=user))
    return redirect(_home(request))


def _follows(user: User) -> dict[str, Any]:
    companies = users.companies_of(user) if user.pk else 0
    return {"companies": companies, "asks": companies or (user.pk and any(needs(user) for needs in slots.needs_successor))}


@unit_of_work
def user_deactivate(request: Request, pk: int) -> HttpResponse:
    """Say what follows, and end somebody's access."""
    require_administrator(request)
    user = _locked(request, pk)
    if not user.is_active:
        return refused(request, _("{name} is deactivated already.").format(name=user), to=LIST)
    form = LeaveForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            users.deactivate(user, companies_to=form.cleaned_data["companies_to"])
        except LastAdministrator as last:
            form.add_error(None, str(last))
        else:
            return done(request, _("{name} is deactivated").format(name=user), to=_home(request))
    context = {"active": "users", "subject": user, "form": form, "must_stay": users.why_they_stay(user), **_follows(user)}
    return render(request, "settings/user_deactivate.html", context, status=422 if form.errors else 200)


@require_POST
@unit_of_work
def user_reactivate(request: Request, pk: int) -> HttpResponse:
    """Let somebody log in again."""
    require_administrator(request)
    user = _locked(request, pk)
    users.reactivate(user)
    return done(request, _("{name} can log in again").format(name=user), to=LIST)


@require_POST
@unit_of_work
def user_link(request: Request, pk: int) -> HttpResponse:
    """Make a new link: an invitation for who has never logged in, else a way to a new password."""
    require_administrator(request)
    user = _locked(request, pk)
    if not user.is_active:
        return refused(request, _("{name} is deactivated. Reactivate first, then make a link.").format(name=user), to=LIST)
    return _make_link(request, user)


def _may_have_link(request: Request, user: User) -> None:
    if user.is_superuser and not request.user.is_superuser:  # the link is a way into their account
        raise PermissionDenied(_("Only a superuser can make a link for a superuser."))


def _make_link(request: Request, user: User) -> HttpResponse:
    _may_have_link(request, user)
    request.session[MADE] = links.hand_out(user, root=request.build_absolute_uri("/"), by=request.user)
    return redirect("crm:user-link-made", user.pk)


@require_safe
@never_cache
def user_link_made(request: Request, pk: int) -> HttpResponse:
    """The link that this administrator has just made. Looking again shows the same one, until it is used or another is made."""
    require_administrator(request)
    user = fetch(request, User, pk)
    _may_have_link(request, user)
    link = links.made_again(user, request.session.get(MADE), root=request.build_absolute_uri("/"))
    if link is None:
        messages.info(request, _("There is no link to show any more. You can make a new one here."))
        return redirect("crm:user-edit", pk)
    context = {"active": "users", "subject": user, "link": link, "until": links.valid_until(request.session[MADE][1]), "mailed": settings.MAIL_IS_SENT}
    return render(request, "settings/user_link.html", context)


@login_not_required
@sensitive_post_parameters("new_password1", "new_password2")
@unit_of_work
def welcome(request: Request, uidb64: str, token: str) -> HttpResponse:
    """The page behind a link: choose a password, and be logged in. A link that was used or has expired is a 410 that says whom to ask."""
    if request.method == "POST":
        lock_rights()
    user = links.user_of(uidb64, token, lock=request.method == "POST")
    if user is None:
        return render(request, "crm/welcome_over.html", status=410)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    request.LANGUAGE_CODE = chosen if chosen in dict(settings.LANGUAGES) else user.language
    with translation.override(request.LANGUAGE_CODE):
        form = PasswordForm(user, request.POST or None)
        if request.method == "POST" and form.is_valid():
            form.save()
            login(request, user)
            request.session.set_expiry(0)
            messages.success(request, _("Your password is saved. Welcome to Havn."))
            return redirect("crm:overview")
        return render(request, "crm/welcome.html", {"form": form, "who": user}, status=422 if form.errors else 200)
