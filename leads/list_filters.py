"""What lead statuses add to the filters of contacts and companies, and those of their board."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from crm.filters import ListFilter, by_value, fixed, is_any, items_of, of_items, of_users
from crm.http import Request
from crm.models import CompanyCategory
from leads.models import Lead, LeadStatus

SHOWN = Q(company__category__lead_status_enabled=True)


def _company_has(request: Request, values: Sequence[str]) -> Q:
    """As the column beside it counts them: people at companies that use lead status."""
    shown = Lead.objects.filter(contact__company=OuterRef("pk"), contact__archived_at=None, contact__company__category__lead_status_enabled=True)
    return Q(Exists(shown.filter(is_any("status", values))))


# A status that the company's category hides is kept and searchable (L1): the filter finds it, so that the numbers in Settings lead to
# as many contacts as they say (C5). Who wants only those that can be worked on says so with the second filter.
FILTERS = (
    of_items("contacts", "lead_status", _("Lead status"), LeadStatus, "lead__status", none=_("No lead status"), icon="check-circle", position=10),
    ListFilter(
        "contacts",
        "lead_status_is",
        _("Lead status is"),
        fixed(("shown", _("Shown")), ("hidden", _("Hidden by the category"))),
        by_value({"shown": lambda: SHOWN & Q(lead__isnull=False), "hidden": lambda: ~SHOWN & Q(lead__isnull=False)}),
        position=50,
        under_more=True,
    ),
    ListFilter("companies", "lead_status", _("Lead status"), items_of(LeadStatus), _company_has, icon="check-circle", position=40),
    of_users("leads", "owner", _("Our contact"), "contact__company__our_contact", everything=_("Everyone"), position=10),
    of_items(
        "leads",
        "category",
        _("Category"),
        CompanyCategory,
        "contact__company__category",
        among=Q(lead_status_enabled=True),
        everything=_("All"),
        position=20,
    ),
)
