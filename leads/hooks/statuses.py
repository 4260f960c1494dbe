"""What lead statuses add to the screens below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import slots
from crm.http import Request
from crm.models import Company, CompanyCategory, Contact, User
from crm.paging import count_capped
from crm.slots import Badge, NavItem, Panel, Quiet, SettingsArea, SettingsScreen, register
from leads.defaults import leads_in
from leads.help import HELPS
from leads.item_uses import ContactsWithStatus
from leads.list_filters import FILTERS
from leads.models import Lead, LeadStatus

LATEST = 25  # of a history
NEWEST = 8  # rows of the overview


def contact_statuses(request: Request, contacts: Sequence[Contact]) -> dict[int, str]:
    """The lead status of each contact, with a menu to change it. Three statements.

    Nothing where the category does not use it (L1), and no menu where the contact or the company is archived (S5).
    """
    companies = Company.objects.filter(pk__in={contact.company_id for contact in contacts}, category__lead_status_enabled=True)
    archived_at = dict(companies.values_list("pk", "archived_at"))
    shown = [contact for contact in contacts if contact.company_id in archived_at]
    if not shown:
        return {}
    leads = {lead.contact_id: lead for lead in Lead.objects.filter(contact__in=shown).select_related("status")}
    statuses = list(LeadStatus.objects.active())
    may_edit = request.user.has_perm("leads.change_lead")

    def menu(contact: Contact) -> str:
        is_open = may_edit and not contact.archived_at and not archived_at[contact.company_id]
        return render_to_string(
            "leads/status_menu.html", {"contact": contact, "lead": leads.get(contact.pk), "statuses": statuses, "may_edit": is_open}, request
        )

    return {contact.pk: menu(contact) for contact in shown}


def company_statuses(request: Request, companies: Sequence[Company]) -> dict[int, str]:
    """How many contacts have which status, for companies that use lead status. Two statements."""
    counts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    statuses = {status.pk: status for status in LeadStatus.objects.all()}
    rows = (
        Lead.objects.filter(contact__company__in=companies, contact__company__category__lead_status_enabled=True, contact__archived_at=None)
        .order_by()
        .values("contact__company", "status")
        .annotate(n=Count("pk"))
    )
    for row in rows:
        counts[row["contact__company"]].append({"status": statuses[row["status"]], "n": row["n"]})
    return {
        company: render_to_string("leads/status_counts.html", {"counts": sorted(found, key=lambda count: count["status"].position)})
        for company, found in counts.items()
    }


def what_a_category_hides(request: Request, category: Any) -> str:
    """Before lead status is switched off: how many contacts' lead status will be hidden (C3)."""
    if not isinstance(category, CompanyCategory) or not category.pk or not category.lead_status_enabled:
        return ""
    companies, contacts = category.companies.count(), leads_in([category.pk]).count()
    return render_to_string("leads/category_impact.html", {"companies": companies, "contacts": contacts}, request) if contacts else ""


def what_replacing_hides(request: Request, category: Any) -> str:
    """Before companies move to another category, which may not use lead status: how many contacts' lead status would be hidden (C3, L1)."""
    if not isinstance(category, CompanyCategory) or not category.lead_status_enabled:
        return ""
    contacts = leads_in([category.pk]).count()
    return render_to_string("leads/category_replaced.html", {"contacts": contacts}, request) if contacts else ""


def status_hidden(request: Request, company: Company) -> str:
    """A quiet line on the card of a company whose category does not use lead status, when there are earlier values."""
    if company.category.lead_status_enabled or not Lead.objects.filter(contact__company=company).exists():
        return ""
    return render_to_string("leads/status_hidden.html", {"company": company}, request)


def status_history(request: Request, contact: Contact) -> str:
    """Every change of a person's lead status (L4), where lead status is shown (L1)."""
    if not contact.company.category.lead_status_enabled:
        return ""
    changes = contact.lead_status_changes.select_related("from_status", "to_status", "by")[:LATEST]
    return render_to_string("leads/status_history.html", {"changes": changes}, request)


def told_of_move(contact: Contact, was: Company, now: Company) -> str:
    """What became of the lead status of somebody who moved to another company (L1, L3, L5). One statement."""
    lead = Lead.objects.filter(contact=contact).select_related("status").first()
    if lead is None:
        return ""
    if not now.category.lead_status_enabled:
        text = gettext("The lead status {status} is kept, but hidden: {category} does not use lead status.")
    elif was.category.lead_status_enabled:
        text = gettext("The lead status is still {status}.")
    else:
        text = gettext("The lead status here is {status}.")  # the default that Havn has just given, or what was hidden before
    return text.format(status=lead.status, category=now.category)


def new_leads(request: Request, user: User) -> str:
    """New leads of my companies that nobody has touched, the newest first. Six statements."""
    if not user.has_perm("crm.view_contact"):
        return ""
    found = Lead.objects.new_of(user)
    leads = list(found.select_related("contact__company").order_by("-created_at", "-pk")[:NEWEST])
    if not leads:
        return Quiet(gettext("No new leads at your companies."))
    statuses = contact_statuses(request, [lead.contact for lead in leads])
    rows = [{"lead": lead, "contact": lead.contact, "status": statuses.get(lead.contact_id, "")} for lead in leads]
    return render_to_string("leads/overview.html", {"rows": rows, "count": count_capped(found)}, request)


register(
    NavItem("leads", _("Leads"), _("Leads"), "leads:board", "funnel", 35, "leads.view_lead", on_phone=False),
    Panel("overview", 30, new_leads),
    Badge("company-contacts", _("Lead status"), contact_statuses),
    Badge("contacts", _("Lead status"), contact_statuses),
    Badge("companies", _("Lead status"), company_statuses),
    Panel("item-edit", 10, what_a_category_hides),
    Panel("item-delete", 10, what_replacing_hides),
    Panel("company-contacts-foot", 10, status_hidden),
    Panel("contact-aside", 10, status_history),
    SettingsScreen("lead-statuses", _("Contact – Lead status"), "leads:status-list", "list", 20, is_list=True),
    SettingsArea("lead-statuses", _("Contact – Lead status"), LeadStatus, lambda pk: reverse("leads:status-list-item", args=[pk])),
    *HELPS,
    *FILTERS,
    ContactsWithStatus(),
)
slots.told_of_moves.append(told_of_move)
