"""What this app keeps about a person: handed out, and erased (S5). Why it is like this: docs/decisions/0018."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import ngettext

from crm.mentions import Mentions
from crm.models import Contact
from crm.numbers import Number
from crm.slots import PersonalData
from leads.erasing import TYPED, erase_typed
from leads.models import Inquiry, InquiryChange, Visit
from leads.models.inquiries import TRACKED

COUNTED = ("utm_source", "utm_medium", "utm_campaign")  # of a visit: what reports go by; the rest is free text that a link may have filled with anything


def inquiries_of(contact: Contact) -> models.QuerySet[Inquiry]:
    """What they have sent: what was added to this contact, what was moved from them to spam, and spam with their address."""
    later = InquiryChange.objects.filter(inquiry=OuterRef("inquiry"), kind=InquiryChange.Kind.SPAM, pk__gt=OuterRef("pk"))
    moved = InquiryChange.objects.filter(~Exists(later), from_contact=contact, kind=InquiryChange.Kind.SPAM)
    theirs = Q(contact=contact) | Q(contact=None, pk__in=moved.order_by().values("inquiry"))
    if contact.email_key:
        theirs |= Q(contact=None, email_key=contact.email_key)
    return Inquiry.objects.filter(theirs)


class TheirLeadStatus(PersonalData):
    """Lead status, and its history (L4)."""

    key, permission, position = "lead_status_history", "leads.view_lead", 50

    def export(self, contact: Contact) -> Any:
        changes = contact.lead_status_changes.select_related("from_status", "to_status", "by").order_by("pk")
        return [
            {"at": change.at, "from": change.from_status and str(change.from_status), "to": str(change.to_status), "by": change.by and str(change.by)}
            for change in changes
        ]

    def stays(self, contact: Contact) -> list[str]:
        number = contact.lead_status_changes.count()
        return [ngettext("{n} change of lead status.", "{n} changes of lead status.", number).format(n=Number(number))] if number else []

    def erase(self, contact: Contact, words: Mentions) -> None:
        """Numbers and dates; nothing in them says who."""


class TheirInquiries(PersonalData):
    """What they typed into forms, what they agreed to, and where they came from."""

    key, permission, position = "inquiries", "leads.view_inquiry", 60

    def export(self, contact: Contact) -> Any:
        found = inquiries_of(contact).select_related("form", "company", "owner").prefetch_related("visits", "assignments__to_user").order_by("pk")
        return [_inquiry(inquiry) for inquiry in found]

    def goes(self, contact: Contact, words: Mentions) -> list[str]:
        number = inquiries_of(contact).count()
        if not number:
            return []
        text = ngettext(
            "What was typed into {n} inquiry: names, addresses, telephone, message and answers; and the pages the visitor came from.",
            "What was typed into {n} inquiries: names, addresses, telephone, messages and answers; and the pages the visitor came from.",
            number,
        )
        return [text.format(n=Number(number))]

    def stays(self, contact: Contact) -> list[str]:
        number = inquiries_of(contact).count()
        if not number:
            return []
        text = ngettext(
            "{n} inquiry as a number: when, through which form and campaign, and which consent was given.",
            "{n} inquiries as numbers: when, through which form and campaign, and which consent was given.",
            number,
        )
        return [text.format(n=Number(number))]

    def erase(self, contact: Contact, words: Mentions) -> None:
        found = inquiries_of(contact)
        pks = list(found.values_list("pk", flat=True))
        erase_typed(Inquiry.objects.filter(pk__in=pks))
        # Past the rule that a visit is never changed: that is about telling another story, this about telling none.
        models.QuerySet(Visit).filter(inquiry__in=pks).update(**{name: "" for name in TRACKED if name not in COUNTED})
        for visit in Visit.objects.filter(inquiry__in=pks):
            kept = {name: words.remove(getattr(visit, name), near=True) for name in COUNTED}
            models.QuerySet(Visit).filter(pk=visit.pk).update(**kept)
        for row, new in list(words.found(Inquiry, ["company_name", "message", "own", "match_facts"], company="company")):  # others who name them
            Inquiry.objects.filter(pk=row.pk).update(**new)  # and what they are found by


def _inquiry(inquiry: Inquiry) -> dict[str, Any]:
    return {
        "received_at": inquiry.received_at, "form": str(inquiry.form), "language": inquiry.language, "state": inquiry.state,
        **{name: getattr(inquiry, name) for name in TYPED}, "answers": inquiry.own,
        "consent": {"given": inquiry.consent, "text": inquiry.consent_text, "version": inquiry.consent_version, "at": inquiry.received_at},
        "company": inquiry.company and str(inquiry.company), "handled_at": inquiry.handled_at,
        "external_source": inquiry.external_source, "external_key": inquiry.external_key,
        "visits": [{"touch": visit.touch, "at": visit.at, **{name: getattr(visit, name) for name in TRACKED}} for visit in inquiry.visits.all()],
        "given_to": [{"at": one.at, "to": one.to_user and str(one.to_user), "reason": one.reason} for one in inquiry.assignments.all()],
    }  # fmt: skip


PERSONAL_DATA = (TheirLeadStatus(), TheirInquiries())
