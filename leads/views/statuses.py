"""The leads board, setting a lead status, and the list of them."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from crm.archiving import refuse_archived
from crm.board import Asked, went_on
from crm.filters import filters_of
from crm.http import Request
from crm.models import Company, Contact
from crm.models.companies import lock_companies, lock_contacts
from crm.slots import UndoOffer, badges_for, category_undo
from crm.text import as_pk
from crm.views.base import done, page, refused, require, unit_of_work
from crm.views.lists import ListScreen
from leads.board import leads_board, open_sums, overtaken
from leads.defaults import LeadStatusDeleted, LeadStatusNotEnabled, set_lead_status
from leads.forms.statuses import LeadStatusForm
from leads.models import Lead, LeadStatus


@require_safe
def lead_board(request: Request) -> HttpResponse:
    """People by lead status; the address holds the filters."""
    require(request, "crm.view_contact")
    require(request, "leads.view_lead")
    filters, asked = filters_of(request, "leads", request.GET), Asked.of(request)
    board = leads_board(filters, asked)
    context = {
        "active": "leads", "board": board, "filters": filters, "asked": asked,
        "went_on": went_on(request, asked), "badges": badges_for(request, "leads", board.contacts), "open_sums": open_sums(board.contacts),
        "may_edit": request.user.has_perm("leads.change_lead"),
    }  # fmt: skip
    return page(request, "leads/board.html", context, fragment="board")


@require_POST
@unit_of_work
def contact_lead_status(request: Request, pk: int) -> HttpResponse:
    """Set one contact's lead status, unless a colleague was faster: `seen_lead_status` is the one it was shown with, where that matters."""
    require(request, "leads.change_lead")
    lock_contacts([pk] if as_pk(pk) else [])
    lock_companies(Contact.objects.filter(pk=as_pk(pk)).values_list("company_id", flat=True))
    contact = get_object_or_404(Contact.objects.select_related("company__category", "lead__status"), pk=pk)
    refuse_archived(contact, contact.company)
    to, before = contact.company.get_absolute_url(), getattr(contact, "lead", None)
    status = LeadStatus.objects.active().filter(pk=as_pk(request.POST.get("status"))).first()
    there = status and before and status.pk == before.status_id
    if not there and (why := overtaken(before, contact, request.POST.get("seen_lead_status", ""))):
        return refused(request, why, to=to)
    try:
        if status is None:
            raise LeadStatusDeleted
        set_lead_status(contact=contact, status=status)
    except LeadStatusDeleted:
        return refused(request, _("This lead status has been deleted. Choose another one."), to=to, status=422)
    except LeadStatusNotEnabled:
        text = _("Lead status is not used for companies in {category}. Nothing was saved.").format(category=contact.company.category)
        return refused(request, text, to=to, status=422)
    text = _("Lead status of {name} is now {status}").format(name=contact.name, status=status)
    return _set(request, contact, text, to=to, undo=None if there else _set_back(contact, before, status))


def _set(request: Request, contact: Contact, text: str, *, to: str, undo: UndoOffer | None) -> HttpResponse:
    """Say so; where a rule has moved the company without asking, that is what is undone."""
    company = Company.objects.select_related("category").get(contacts=contact)
    if company.category_id != contact.company.category_id:
        text = _("{text}. {company} is now {category}.").format(text=text, company=company, category=company.category)
        undo = replace(offer, label=_("Undo the category")) if (offer := category_undo(request, company.pk)) else None
    return done(request, text, to=to, undo=undo)


def _set_back(contact: Contact, before: Lead | None, status: LeadStatus) -> UndoOffer | None:
    """How the lead status is set back: not where there was none, nor to one that has been deleted."""
    if before is None or before.status.archived_at:
        return None
    return UndoOffer(reverse("leads:contact-lead-status", args=[contact.pk]), {"status": before.status_id, "seen_lead_status": status.pk})


STATUSES = ListScreen(
    key="lead-statuses",
    model=LeadStatus,
    form=LeadStatusForm,
    url_name="leads:status-list",
    title=gettext_lazy("Contact – Lead status"),
    help=gettext_lazy("Where a person is in qualification. Shown for companies whose category has lead status enabled; reports go by the meaning."),
    default=gettext_lazy("New contacts"),
    columns=[
        (gettext_lazy("Meaning"), lambda item: str(item.get_meaning_display())),
        (gettext_lazy("Default"), lambda item: _("New contacts") if item.is_default else ""),
    ],
)
