"""Try the rules on a company."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from crm.http import Request
from crm.models import Company, Contact, Sale
from crm.text import as_pk
from crm.views.base import page
from crm.views.lists import require_administrator
from leads.models import LeadStatus
from workflow.tryout import Event, Happening, result_of, try_rules

MATCHES = 8  # companies that are offered
RECORDS = 20  # sales, or contacts, of the company


@require_safe
def try_rules_view(request: Request) -> HttpResponse:
    """Pick a company and something that might happen, and read what each rule would answer."""
    require_administrator(request)
    return page(request, "settings/try.html", _context(request), fragment="part")


def _context(request: Request) -> dict[str, Any]:
    q = request.GET.get("q", "").strip()
    current = Company.objects.current().select_related("category")
    company = current.filter(pk=as_pk(request.GET.get("company"))).first()
    matches = list(current.search(q).order_by("name", "pk")[: MATCHES + 1]) if q and not company else []
    event = Event(request.GET["event"]) if request.GET.get("event") in Event.values else Event.WON
    statuses = list(LeadStatus.objects.active())
    context = {
        "active": "workflow", "tab": "try", "q": q, "company": company, "matches": matches[:MATCHES], "more": len(matches) > MATCHES,
        "events": Event, "event": event, "statuses": statuses,
    }  # fmt: skip
    return context | _answers(request, company, event, statuses) if company else context


def _answers(request: Request, company: Company, event: Event, statuses: list[LeadStatus]) -> dict[str, Any]:
    is_lead = event == Event.LEAD_STATUS
    status = next((status for status in statuses if status.pk == as_pk(request.GET.get("status"))), statuses[0] if statuses else None) if is_lead else None
    contacts = list(Contact.objects.current().filter(company=company)[:RECORDS]) if is_lead else []
    sales = list(Sale.objects.current().filter(company=company)[:RECORDS]) if not is_lead else []
    contact = next((one for one in contacts if one.pk == as_pk(request.GET.get("contact"))), None)
    sale = next((one for one in sales if one.pk == as_pk(request.GET.get("sale"))), None)
    answers = try_rules(Happening(company, event, sale, contact, status))
    said, target = result_of(company, answers)
    return {"status": status, "contacts": contacts, "contact": contact, "sales": sales, "sale": sale, "answers": answers, "said": said, "target": target}
