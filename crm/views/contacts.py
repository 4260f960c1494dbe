"""Contacts: page, create and edit."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import slots
from crm.forms.records import ContactForm
from crm.http import Request
from crm.models import Company, Contact
from crm.text import as_pk
from crm.views.base import edit_record, fetch, page, require, unit_of_work


@require_safe
def contact_detail(request: Request, pk: int) -> HttpResponse:
    """One person."""
    require(request, "crm.view_contact")
    contact = get_object_or_404(Contact.objects.select_related("company__category"), pk=pk)
    context = {
        "active": "contacts", "contact": contact, "badges": slots.badges_for(request, "company-contacts", [contact]),
        "sales": contact.sales.current().select_related("stage", "company").order_by(F("closed_on").desc(nulls_first=True), "-pk")[:50],
    }  # fmt: skip
    return page(request, "crm/contact.html", context, fragment="card")


@unit_of_work
def contact_new(request: Request) -> HttpResponse:
    """Create a contact, at the company in the address if there is one."""
    require(request, "crm.add_contact")
    company = Company.objects.current().filter(pk=as_pk(request.GET.get("company"))).first()
    form = ContactForm(request.POST or None, instance=Contact(company=company) if company else None)
    context = {"active": "contacts", "title": _("New contact"), "cancel": company.get_absolute_url() if company else "", "back": "crm:contacts"}
    return edit_record(request, form, template="crm/record_form.html", message=_("{name} created"), context=context)


@unit_of_work
def contact_edit(request: Request, pk: int) -> HttpResponse:
    """Edit a contact; another company is a move, and keeps the lead status (L5)."""
    require(request, "crm.change_contact")
    contact = fetch(request, Contact, pk)
    form = ContactForm(request.POST or None, instance=contact)
    context = {"active": "contacts", "title": _("Edit {name}").format(name=contact.name), "cancel": contact.get_absolute_url(), "back": "crm:contacts"}
    return edit_record(request, form, template="crm/record_form.html", message=_("{name} saved"), context=context)
