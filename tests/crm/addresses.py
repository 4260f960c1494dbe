"""Every address of Havn, from the URL files themselves: a view that is added is asked the same questions as the others."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse

from crm.actor import acting_as, working
from crm.bulk_edit import Selection, set_our_contact
from crm.models import CompanyCategory, FollowUp, Note, Notification, SaleReason, SaleStage, User
from leads.models import Distribution, DistributionSeat, LeadStatus
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory, SaleFactory, StageFactory, rule
from tests.leads.inquiries import received
from workflow.models import Batch, CategoryDecision

OURS = ("crm", "leads", "workflow")
ROUTES = {f"{space}:{pattern.name}": str(pattern.pattern) for space in OURS for pattern in get_resolver().namespace_dict[space][1].url_patterns}
PUBLIC = {f"leads:public-{part}" for part in ("form", "thanks", "embed", "embed-thanks", "key", "send", "script")}  # tests/leads/test_public*.py
FOR_ANYBODY = {"crm:login", "crm:language", "crm:health", "crm:welcome"} | PUBLIC  # no login needed
FOR_EVERY_USER = {
    "crm:overview",
    "crm:logout",
    "crm:theme",
    "crm:available",
    "crm:password",
    "crm:search",
    "crm:notifications",
    "crm:notifications-latest",
    "crm:notifications-count",
    "crm:notifications-read",
    "crm:notification-choices",
    "workflow:confirmations",
    "workflow:answer-several",
    "workflow:hand-over",
    "workflow:take-back",
}  # no permission needed
VERBS = {
    "crm:logout", "crm:theme", "crm:company-category", "crm:sale-won", "crm:sale-reopen", "crm:sale-stage", "leads:contact-lead-status",
    "crm:user-reactivate", "crm:user-link", "crm:notifications-read", "crm:notification-read", "crm:notification-unread",
    *[f"crm:{kind}-{verb}" for kind in ("company", "contact", "sale") for verb in ("archive", "restore")],
    *[f"crm:note-{verb}" for verb in ("delete", "restore")], *[f"crm:follow-up-{verb}" for verb in ("delete", "restore", "done", "undone")],
    *[f"crm:{name}-list-{verb}" for name in ("category", "stage", "reason") for verb in ("move", "restore")], "crm:category-list-default",
    "leads:status-list-move", "leads:status-list-restore", "leads:status-list-default", "workflow:confirmation-quick", "workflow:answer-several",
    "workflow:undo-several", "workflow:take-back",
    "workflow:undo", "workflow:ask-again", "workflow:retry", "workflow:retry-all", "workflow:batch-undo",
    "leads:form-preview", "leads:form-duplicate", "leads:form-switch", "leads:form-restore",
    "crm:bulk-undo", "workflow:preview-apply", "workflow:batch-apply",
    *[f"leads:inquiry-{verb}" for verb in ("handled", "not-spam", "unsplit")],
    "crm:available", "leads:distribution-own", *[f"leads:seat-{verb}" for verb in ("weight", "pause", "resume", "remove")],
    "leads:inquiry-next", "leads:inquiry-take-back", "leads:contact-export",
}  # fmt: skip
LEADS_ON = {
    "crm:settings",
    "workflow:settings",
    "crm:user-link-made",
    "crm:choose-company",
    "crm:choose-contact",
    "crm:choose-user",
    "crm:bulk-told",
    "crm:notification",
    "crm:notifications-latest",
}  # to the first screen; to the user, where no link was made; to the search, or the list, of what is only ever a part of one; to what it is about
NO_PAGE = {"crm:notifications-count"}  # a script asks for it
WHOLE = {  # ordinary navigation: htmx never asks for them
    "crm:company-new", "crm:company-edit", "crm:contact-new", "crm:contact-edit", "crm:user-new", "crm:user-edit", "crm:user-deactivate",
    "crm:password", "crm:notification-choices", "leads:form-new", "leads:form-edit",
}  # fmt: skip
PART = {"crm:company-fact": "phone", "crm:contact-fact": "email", "crm:sale-fact": "amount"}  # of an address that names a part of its record
PRIVATE = sorted(ROUTES.keys() - FOR_ANYBODY)
PAGES = sorted(ROUTES.keys() - FOR_ANYBODY - VERBS - LEADS_ON - NO_PAGE)
SETTINGS = [name for name in PRIVATE if ROUTES[name].startswith("settings/")]
FOR_ADMINISTRATORS = {*SETTINGS, "leads:contact-erase", "leads:spam-delete"}
SCREENS = [name for name in PAGES if name not in FOR_ADMINISTRATORS]
WITH_RECORD = [name for name in PRIVATE if "<int:pk>" in ROUTES[name]]


def one_of_everything(salesperson: User) -> dict[str, int]:
    """A record of each kind, by the part of the address that names the kind; a question waits for the salesperson."""
    rule("sale_won", CompanyCategory.objects.get(name="Customer"), ask=True)
    company = CompanyFactory(name="Ærø Skibsbyg", our_contact=salesperson, phone="62 52 00 00", website="https://aeroe.example")
    contact = ContactFactory(company=company, email="torben@aeroe.example", phone="62 52 00 01", title="Direktør")
    with acting_as(salesperson):
        sale = SaleFactory(company=company, contact=contact, status="won", owner=salesperson, stage=StageFactory())
        SaleFactory(company=company, owner=salesperson, stage=StageFactory())
    note = Note.objects.create(company=company, contact=contact, text="Ringer tilbage", created_by=salesperson)
    follow_up = FollowUp.objects.create(company=company, sale=sale, text="Ring om tilbuddet", due_on="2026-01-05", owner=salesperson)
    waiting = CategoryDecision.objects.waiting().get()
    told = Notification.objects.create(user=salesperson, kind="suggestion", subject_id=waiting.pk)
    other = CompanyFactory(name="Brørup Fjernvarme")
    with working(user=salesperson, kind="bulk"):
        type(other).objects.filter(pk=other.pk).update(category=CompanyCategory.objects.get(name="Partner"))
    form = LeadFormFactory(title="Solceller")
    own = Distribution.objects.create(form=form)
    taking_part = DistributionSeat.objects.create(distribution=own, user=salesperson)
    inquiry = received(form, email="torben@aeroe.example")
    edited = set_our_contact(Selection([other.pk]), our_contact=salesperson, by=salesperson)
    return {
        "bulk": edited.kept.pk, "companies": company.pk, "contacts": contact.pk, "sales": sale.pk, "notes": note.pk, "follow-ups": follow_up.pk,
        "confirmations": waiting.pk, "notifications": told.pk,
        "category-changes": CategoryDecision.objects.get(trigger="manual").pk, "batches": Batch.objects.get().pk,
        "users": salesperson.pk, "company-categories": CompanyCategory.objects.get(name="Lead").pk, "lead-statuses": LeadStatus.objects.get(name="Open").pk,
        "lead-forms": form.pk, "distribution": own.pk, "seats": taking_part.pk, "inquiries": inquiry.pk,
        "sale-stages": SaleStage.objects.get(name="Proposal").pk, "sale-reasons": SaleReason.objects.get(name="Price").pk,
    }  # fmt: skip


def address(name: str, records: dict[str, int]) -> str:
    """The address of a named view; its record is the one of the kind that the address names."""
    kind = re.search(r"([a-z-]+)/<int:pk>", ROUTES[name])
    part = [PART[name]] if "<slug:" in ROUTES[name] else []
    return reverse(name, args=[records[kind[1]], *part] if kind else [])


def ask(client: Client, name: str, url: str, **kwargs: Any) -> HttpResponse:
    """The way the page itself asks: a verb by POST."""
    return client.post(url, **kwargs) if name in VERBS else client.get(url, **kwargs)
