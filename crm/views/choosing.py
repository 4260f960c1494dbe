"""What the choosers of forms offer as one types (crm/forms/choosers.py)."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from crm.forms.choosers import DETAILS, OFFERED, label_of, matching
from crm.http import Request
from crm.models import Company, Contact, User
from crm.text import LONGEST, as_pk
from crm.views.base import require


@require_safe
def choose_company(request: Request) -> HttpResponse:
    """Companies that are not archived."""
    require(request, "crm.view_company")
    return _offer(request, Company.objects.current(), _("Companies"))


@require_safe
def choose_contact(request: Request) -> HttpResponse:
    """The people at a company, or everybody."""
    require(request, "crm.view_contact")
    query, company = Contact.objects.current(), request.GET.get("company")
    return _offer(request, query.filter(company=as_pk(company)) if company else query, _("Contacts"))


@require_safe
def choose_user(request: Request) -> HttpResponse:
    """Users who can be made responsible for a company or a sale."""
    require(request, "crm.view_company")
    return _offer(request, User.objects.active(), _("Users"))


def _offer(request: Request, query: QuerySet, label: str) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:LONGEST]
    if not request.htmx:  # a part of a form, which by itself is nothing: the search says more
        return redirect(f"{reverse('crm:search')}?{urlencode({'q': q})}")
    rows = matching(query, q, OFFERED + 1)
    choices = [{"key": row.pk, "name": str(row), "label": label_of(row), "detail": DETAILS[query.model](row)} for row in rows[:OFFERED]]
    response = render(request, "ui/choices.html", {"choices": choices, "more": len(rows) > OFFERED, "q": q, "label": label})
    text = ngettext("{n} result", "{n} results", len(choices)).format(n=len(choices))
    return trigger_client_event(response, "announce", {"value": text})
