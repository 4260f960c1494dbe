"""What inquiries add to the screens below: their entry in the navigation, and where a contact or a company came from."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.http import Request
from crm.models import Company, Contact
from crm.paging import count_capped
from crm.slots import NavItem, Panel, register
from leads.inquiry_filters import FILTERS, VIEWS
from leads.models import Inquiry

LATEST = 5  # of a contact or company, on its card


def waiting_for_me(request: Request) -> int:
    """How many inquiries are given to me and not handled; asked once per request."""
    if "inquiries_waiting" not in vars(request):
        vars(request)["inquiries_waiting"] = count_capped(Inquiry.objects.waiting_for(request.user))
    return vars(request)["inquiries_waiting"]


def inquiries_of(request: Request, record: Contact | Company) -> str:
    """Where somebody came from (I2), and what they have sent. One statement where nothing has come, else three.

    The lead source is the first touch of the first inquiry that was received.
    """
    if not request.user.has_perm("leads.view_inquiry"):
        return ""
    kind = "company" if isinstance(record, Company) else "contact"
    mine = Inquiry.objects.received().filter(**{kind: record})
    latest = list(mine.select_related("form", "contact").order_by("-received_at", "-pk")[: LATEST + 1])
    if not latest:
        return ""
    first = latest[-1] if len(latest) <= LATEST else mine.select_related("form").order_by("received_at", "pk")[0]
    visits = {visit.touch: visit for visit in first.visits.all()}
    context = {
        "first": first, "source": visits.get("first"), "sent": visits.get("sent"), "inquiries": latest[:LATEST], "record": record,
        "all_url": f"{reverse('leads:inquiry-list')}?{kind}={record.pk}", "of_company": isinstance(record, Company),
    }  # fmt: skip
    return render_to_string("leads/lead_source.html", context, request)


register(
    NavItem("inquiries", _("Inquiries"), _("Inquiries"), "leads:inquiry-list", "mail", 33, "leads.view_inquiry", on_phone=False, count=waiting_for_me),
    Panel("contact-aside", 5, inquiries_of),
    Panel("company-aside", 20, inquiries_of),
    *FILTERS,
    *VIEWS,
)
