"""What visitors of a website meet: the form, the page after it, and what the script on their own site asks for (I1, I5).

These answers need no login and no cookie, set none, and look at nobody's session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_cache_control, patch_vary_headers
from django.utils.csp import CSP
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import condition, require_http_methods, require_safe

from leads.intake import page_of
from leads.models import LeadForm
from leads.posted import Refused, look_at_charset, posted
from leads.public import KEY, Answer, show, take, typed
from leads.render_key import make_key
from leads.sites import leads_to, leads_to_site, sites_of

View = Callable[..., HttpResponse]


def visitors(*methods: str) -> Callable[[View], View]:
    """For anybody, in the form's language. The view is given the form, also one that is off.

    Exempt from CSRF: the render key stands in its place (leads/render_key.py). Nothing here is done in the name of whoever is logged in,
    and in a frame on another site the browser would give us no cookie to compare with.
    """

    def decorate(view: View) -> View:
        @login_not_required
        @csrf_exempt
        @sensitive_post_parameters()
        @require_http_methods(methods)
        @wraps(view)
        def answer(request: HttpRequest, slug: str, *, embedded: bool = False) -> HttpResponse:
            lead_form = LeadForm.objects.filter(slug=slug).first()
            with translation.override(lead_form.language if lead_form else translation.get_language()):
                response = view(request, lead_form, embedded) if lead_form else _closed(None, False)
                response.headers["Content-Language"] = translation.get_language()
            if request.method == "POST" or response.status_code != 200 or isinstance(response, JsonResponse):
                add_never_cache_headers(response)
            else:  # who goes back to the form finds what they typed; `no-store` would take that from them
                patch_cache_control(response, private=True, no_cache=True)
            return response

        return answer

    return decorate


@visitors("GET", "HEAD", "POST")
def public_form(request: HttpRequest, lead_form: LeadForm, embedded: bool) -> HttpResponse:
    """The form. With `embedded` for a frame on one of its sites."""
    is_sent = request.method == "POST"
    try:
        look_at_charset(request)
        if not lead_form.is_on:
            return _closed(lead_form, embedded, typed(lead_form, posted(request)) if is_sent else ())
        answer = take(lead_form, posted(request), request) if is_sent else show(lead_form, request, landing_page=_landing_page(request, embedded))
    except Refused as refused:
        return _page(lead_form, embedded, "leads/public_refused.html", {"text": str(refused)}, status=refused.status)
    if answer.status == 303:
        return _thanks(lead_form, embedded)
    response = _page(lead_form, embedded, "leads/public_form.html", {"answer": answer, "form": answer.form}, status=answer.status)
    return _wait(response, answer)


@visitors("GET", "HEAD")
def public_thanks(request: HttpRequest, lead_form: LeadForm, embedded: bool) -> HttpResponse:
    """It has been sent. In a frame the page around it is asked to go on, where the form has a page of its own."""
    return _page(lead_form, embedded, "leads/public_thanks.html", {"go": leads_to(lead_form) if embedded else ""})


@visitors("GET", "HEAD")
def public_key(request: HttpRequest, lead_form: LeadForm, embedded: bool) -> HttpResponse:
    """For the script on somebody's own form: a key, and the few sentences it may need."""
    if in_the_way := _in_the_way(request, lead_form):
        return in_the_way
    texts = {
        "offline": _("No connection. What you typed is still here. We keep trying to send it."),
        "failed": _("It could not be sent. What you typed is still here. Try again in a moment."),
    }
    return _shared(request, lead_form, {"key": make_key(lead_form), **texts})


@visitors("POST")
def public_send(request: HttpRequest, lead_form: LeadForm, embedded: bool) -> HttpResponse:
    """The same as the form's page, for that script."""
    if in_the_way := _in_the_way(request, lead_form):
        return in_the_way
    try:
        answer = take(lead_form, posted(request), request)
    except Refused as refused:
        return _shared(request, lead_form, {"text": str(refused)}, status=refused.status)
    if answer.status == 303:
        return _shared(request, lead_form, {"text": _thanks_text(lead_form), "go": leads_to(lead_form)})
    errors = {name: [str(error) for error in found] for name, found in answer.form.errors.items()}
    labels = {name: str(answer.form[name].label) for name in errors if name in answer.form.fields}
    told = {"text": answer.notice, "key": answer.key, "errors": errors, "labels": labels}
    return _wait(_shared(request, lead_form, told, status=422 if answer.status == 200 else answer.status), answer)


@cache
def _script() -> tuple[str, str]:
    """The script without its comments and indentation, and a digest. Served under an address that never changes, so it is no static file."""
    text = (settings.BASE_DIR / "static" / "js" / "embed.js").read_text()
    rows = [row.partition(" // ")[0].strip() for row in text.splitlines()]
    short = "\n".join(row for row in rows if row and not row.startswith("//"))
    return short, hashlib.sha256(short.encode()).hexdigest()[:16]


@login_not_required
@require_safe
@condition(etag_func=lambda _request: f'"{_script()[1]}"')
def public_script(request: HttpRequest) -> HttpResponse:
    """The snippet's script, for any site."""
    headers = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(_script()[0], content_type="text/javascript; charset=utf-8", headers=headers)


def _page(lead_form: LeadForm | None, embedded: bool, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Made without the request: so nothing of a session, a user or a CSRF cookie can get into it."""
    sites = sites_of(lead_form) if lead_form and embedded else []
    shown = {
        "lead_form": lead_form,
        "embedded": embedded,
        "sites": sites,
        "organisation": settings.ORGANISATION or "Havn",
        "language": translation.get_language(),
        "key_name": KEY,
        **context,
    }
    response = HttpResponse(render_to_string(template, shown), status=status)
    follow = leads_to_site(lead_form) if lead_form and not embedded else ""
    policy: dict[str, Any] = {
        **settings.SECURE_CSP,
        "frame-ancestors": sites or [CSP.NONE],
        "form-action": [CSP.SELF, follow] if follow else [CSP.SELF],  # browsers hold a redirect after sending to it
    }
    response.xframe_options_exempt = bool(sites)  # it cannot name sites
    return csp_override(policy)(lambda _request: response)(None)  # Django's decorator, for this one answer


def _closed(lead_form: LeadForm | None, embedded: bool, kept: Sequence[tuple[str, str]] = ()) -> HttpResponse:
    """404 for a form that is off, or that never was; 410 for a deleted one. What somebody has `kept` on writing is shown to them."""
    status = 410 if lead_form and lead_form.archived_at else 404
    title = _("This form is closed") if lead_form else _("There is no form here")
    return _page(lead_form, embedded, "leads/public_refused.html", {"text": _closed_text(lead_form), "title": title, "kept": kept}, status=status)


def _closed_text(lead_form: LeadForm | None) -> str:
    if lead_form is None:
        return _("Its address may have changed. Go back to the page you came from.")
    return _("It does not receive anything at the moment. Get in touch in another way, or try again later.")


def _thanks(lead_form: LeadForm, embedded: bool) -> HttpResponse:
    own = reverse("leads:public-embed-thanks" if embedded else "leads:public-thanks", args=[lead_form.slug])
    there = own if embedded else leads_to(lead_form) or own
    return HttpResponse(status=303, headers={"Location": iri_to_uri(there)})


def _thanks_text(lead_form: LeadForm) -> str:
    return lead_form.thanks or _("Thank you. We have received what you sent, and will get back to you.")


def _landing_page(request: HttpRequest, embedded: bool) -> str:
    """In a frame it is the page around it, as far as the browser says."""
    return request.headers.get("Referer", "") if embedded else page_of(request.build_absolute_uri())


def _in_the_way(request: HttpRequest, lead_form: LeadForm) -> HttpResponse | None:
    """What a script is answered where the form is off, or its site is none of the form's."""
    if not lead_form.is_on:
        return _shared(request, lead_form, {"text": _closed_text(lead_form)}, status=410 if lead_form.archived_at else 404)
    origin = request.headers.get("Origin", "")
    if not origin or origin in sites_of(lead_form) or origin == f"{request.scheme}://{request.get_host()}":
        return None
    return _shared(request, lead_form, {"text": _("This site may not send this form. Add it to the form’s allowed sites.")}, status=403)


def _shared(request: HttpRequest, lead_form: LeadForm, told: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """An answer that scripts of the form's sites may read, and no others."""
    response = JsonResponse(told, status=status)
    origin = request.headers.get("Origin", "")
    if origin in sites_of(lead_form):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Origin"])
    return response


def _wait(response: HttpResponse, answer: Answer) -> HttpResponse:
    if answer.wait:
        response.headers["Retry-After"] = str(answer.wait)
    return response
