"""Setting a lead status, and the list of them."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from crm.http import Request
from crm.models import Company, Contact
from crm.slots import category_undo
from crm.text import as_pk
from crm.views.base import done, refused, require, unit_of_work
from crm.views.lists import ListScreen
from leads.defaults import LeadStatusDeleted, LeadStatusNotEnabled, set_lead_status
from leads.forms import LeadStatusForm
from leads.models import LeadStatus


@require_POST
@unit_of_work
def contact_lead_status(request: Request, pk: int) -> HttpResponse:
    """Set one contact's lead status."""
    require(request, "leads.change_lead")
    contact = get_object_or_404(Contact.objects.select_related("company__category"), pk=pk)
    to = contact.company.get_absolute_url()
    status = LeadStatus.objects.active().filter(pk=as_pk(request.POST.get("status"))).first()
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
    undo = None
    company = Company.objects.select_related("category").get(contacts=contact)
    if company.category_id != contact.company.category_id:  # a rule has moved it without asking
        text = _("{text}. {company} is now {category}.").format(text=text, company=company, category=company.category)
        undo = replace(offer, label=_("Undo the category")) if (offer := category_undo(request, company.pk)) else None
    return done(request, text, to=to, undo=undo)


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
