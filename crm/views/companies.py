"""The company card, and changing a category by hand."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import slots
from crm.forms.records import CompanyForm
from crm.http import Request
from crm.models import Company, CompanyCategory
from crm.text import as_pk
from crm.views.base import done, edit_record, fetch, page, refused, require, unit_of_work
from crm.views.cards import SHOWN, capped, card_of, sales_of
from crm.views.remarks import remarks_of


@require_safe
def company_detail(request: Request, pk: int) -> HttpResponse:
    """The company card. The number of statements is the same for any number of contacts, sales and notes."""
    require(request, "crm.view_company")
    company = get_object_or_404(Company.objects.select_related("category", "our_contact", "updated_by"), pk=pk)
    contacts = company.contacts.current()
    shown = list(contacts[: SHOWN + 1])
    only_archived = not shown and company.contacts.exists()
    context = {
        "active": "companies", "company": company, "contacts": shown[:SHOWN], "contacts_count": capped(contacts), "more_contacts": len(shown) > SHOWN,
        "only_archived": only_archived,
        "badges": slots.badges_for(request, "company-contacts", shown[:SHOWN]), "categories": CompanyCategory.objects.active(include=company.category_id),
        "is_lead": company.category.is_potential and not company.archived_at,
        **card_of(request, company), **sales_of(request, company, add=f"?company={pk}"), **remarks_of(request, company),
    }  # fmt: skip
    return page(request, "crm/company.html", context, fragment="card")


@unit_of_work
def company_new(request: Request) -> HttpResponse:
    """Create a company."""
    require(request, "crm.add_company")
    form = CompanyForm(request.POST or None, instance=Company(our_contact=request.user))
    return edit_record(
        request,
        form,
        template="crm/company_form.html",
        message=_("{name} created"),
        context={"active": "companies", "title": _("New company"), "back": "crm:companies"},
    )


@unit_of_work
def company_edit(request: Request, pk: int) -> HttpResponse:
    """Edit a company; its category is changed on the card."""
    require(request, "crm.change_company")
    company = fetch(request, Company, pk)
    form = CompanyForm(request.POST or None, instance=company)
    context = {"active": "companies", "title": _("Edit {name}").format(name=company.name), "cancel": company.get_absolute_url(), "back": "crm:companies"}
    return edit_record(request, form, template="crm/record_form.html", message=_("{name} saved"), context=context)


@require_POST
@unit_of_work
def company_category(request: Request, pk: int) -> HttpResponse:
    """Change the category by hand: to any, by anyone who may edit the company (C7)."""
    require(request, "crm.change_company")
    company = fetch(request, Company, pk)
    category = CompanyCategory.objects.active().filter(pk=as_pk(request.POST.get("category"))).first()
    if category is None:
        return refused(request, _("This category has been deleted. Choose another one."), to=company.get_absolute_url(), status=422)
    if request.POST.get("version") != str(company.category_version):
        return refused(
            request,
            _("{company} has changed: it is now {category}. Nothing was saved; choose again.").format(company=company, category=company.category),
            to=company.get_absolute_url(),
        )
    company.category = category
    company.save()
    text = _("{company} is now {category}").format(company=company, category=category)
    return done(request, text, to=company.get_absolute_url(), undo=slots.category_undo(request, company.pk))
