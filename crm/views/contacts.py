"""Contacts: page, create and edit."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm import slots
from crm.forms.records import ContactForm
from crm.http import Request
from crm.models import Company, Contact
from crm.text import as_pk
from crm.views.base import edit_record, fetch, page, require, unit_of_work
from crm.views.cards import card_of, sales_of
from crm.views.remarks import remarks_of


@require_safe
def contact_detail(request: Request, pk: int) -> HttpResponse:
    """One person. The number of statements is the same for any number of sales and notes."""
    require(request, "crm.view_contact")
    contact = get_object_or_404(Contact.objects.select_related("company__category", "updated_by"), pk=pk)
    context = {
        "active": "contacts", "contact": contact, "badges": slots.badges_for(request, "company-contacts", [contact]),
        **card_of(request, contact), **sales_of(request, contact), **remarks_of(request, contact),
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
    was = contact.company_id
    context = {"active": "contacts", "title": _("Edit {name}").format(name=contact.name), "cancel": contact.get_absolute_url(), "back": "crm:contacts"}
    return edit_record(request, form, template="crm/record_form.html", message=lambda saved: told_of_move(saved, was) or _saved(saved), context=context)


def _saved(contact: Contact) -> str:
    return _("{name} saved").format(name=contact)


def told_of_move(contact: Contact, was: int) -> str:
    """What to say of somebody who has another company now: what became of their sales and lead status (L5). Nothing of whoever stayed."""
    if contact.company_id == was:
        return ""
    companies = Company.objects.select_related("category").in_bulk([was, contact.company_id])
    old, new = companies[was], companies[contact.company_id]
    text = [_("{name} is now at {company}.").format(name=contact, company=new)]
    if sales := contact.sales.current().filter(company=old).count():
        text.append(ngettext("{n} sale stays with {company}.", "{n} sales stay with {company}.", sales).format(n=sales, company=old))
    return " ".join([*text, *slots.told_of_move(contact, old, new)])
