"""What becomes of a filled-in form: receiving it (I3). What people do with it afterwards is in `leads/corrections.py`."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import nullcontext, suppress

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from crm.actor import current_work, working
from crm.identity import LONGEST_NAME, email_key
from crm.models import Company, Contact
from crm.retrying import retrying
from crm.sql import is_postgresql
from leads.defaults import LeadStatusDeleted, LeadStatusNotEnabled, set_lead_status
from leads.distribution import IMPORT, assign
from leads.intake import Sent, Touch
from leads.matching import Found, find, wait_for_twins, wanted_by
from leads.models import Inquiry, Lead, LeadForm, Visit

log = logging.getLogger(__name__)
AGAIN = dt.timedelta(minutes=15)


def receive(form: LeadForm, sent: Sent, *, spam: str = "") -> tuple[Inquiry, bool]:
    """Keep what was sent, and unless it is spam add it to its contact and company, and give it to somebody (I3, I4).

    `spam` is one of `Inquiry.SpamReason`. Returns the inquiry, and whether this call made it: the same key again finds the first.
    One transaction, done again where the database asks for it. Nobody is at work, unless an import is: a rule that asks then asks
    the company's our contact (Q3).
    """

    def attempt() -> tuple[Inquiry, bool]:
        with transaction.atomic():
            if before := _sent_before(form, sent):
                return before, False
            inquiry, is_new = _keep(form, sent, spam)
            if is_new and not spam:
                add_to_records(inquiry)
            return inquiry, is_new

    with nullcontext() if current_work().kind == IMPORT else working():
        return retrying(attempt)


def _sent_before(form: LeadForm, sent: Sent) -> Inquiry | None:
    """The same words from the same address a moment ago: somebody went back in their browser, where the form has a new key (I3). One statement."""
    if current_work().kind or not (key := email_key(sent.email)):  # the rows of an import are told apart by their keys
        return None
    typed = {"company_name": sent.company, "first_name": sent.first_name, "last_name": sent.last_name, "phone": sent.phone, "message": sent.message}
    lately = Inquiry.objects.filter(form=form, email_key=key, received_at__gte=timezone.now() - AGAIN, erased_at=None, **typed).received()
    return next((inquiry for inquiry in lately.order_by("-pk")[:1] if inquiry.own == [list(pair) for pair in sent.own]), None)


def _keep(form: LeadForm, sent: Sent, spam: str) -> tuple[Inquiry, bool]:
    """Write the inquiry as it came, and where it came from. Whoever sends the same at this moment waits here for the first."""
    try:
        with transaction.atomic():
            inquiry = Inquiry.objects.create(
                form=form, key=sent.key, received_at=sent.at or timezone.now(), language=sent.language,
                state=Inquiry.State.SPAM, spam_reason=spam,  # of the others too, until they have their contact
                company_name=sent.company, first_name=sent.first_name, last_name=sent.last_name, email=sent.email, email_key=email_key(sent.email),
                phone=sent.phone, message=sent.message, own=[list(pair) for pair in sent.own],
                consent=sent.consent, **_agreed_to(form, sent),
                external_source=sent.external_source, external_key=sent.external_key,
            )  # fmt: skip
    except IntegrityError:
        first = Inquiry.objects.filter(form=form, key=sent.key).first()
        if first is None and sent.external_key:
            first = Inquiry.objects.filter(external_source=sent.external_source, external_key=sent.external_key).first()
        if first is None:
            raise
        return first, False
    first_touch = sent.first if sent.first != Touch() else sent.sent  # nothing earlier is known: this visit is the first
    touches = ((Visit.Touch.FIRST, first_touch), (Visit.Touch.SENT, sent.sent))
    Visit.objects.bulk_create(Visit(inquiry=inquiry, touch=which, **_values(touch, inquiry)) for which, touch in touches)
    return inquiry, True


def _agreed_to(form: LeadForm, sent: Sent) -> dict[str, object]:
    """The words that were agreed to, or not; of an imported one only where it says that they were."""
    asked = bool(form.consent_text) and (sent.consent or not sent.external_source)
    return {"consent_text": form.consent_text if asked else "", "consent_version": form.consent_version if asked else None}


def _values(touch: Touch, inquiry: Inquiry) -> dict[str, object]:
    return {**{name: getattr(touch, name) for name in Touch.__slots__}, "at": touch.at or inquiry.received_at}


def add_to_records(inquiry: Inquiry) -> None:
    """Add an inquiry that has no contact yet to its contact and company, and give it to somebody, in the caller's transaction (I3, I4).

    Locks: what it is found by, the contact, the company, the seats. About twenty statements, and those of the rules.
    """
    form = hold_form(inquiry.form_id)
    wanted = wanted_by(inquiry.company_name, inquiry.email)
    wait_for_twins(wanted)
    found = find(wanted)
    _bring_back(found)
    is_known = found.contact is not None
    company = found.company or Company.objects.create(name=company_name_for(inquiry), category=form.category)
    contact = found.contact or contact_for(inquiry, company)
    inquiry.state, inquiry.spam_reason = Inquiry.State.RECEIVED, Inquiry.SpamReason.NONE
    inquiry.contact, inquiry.company = contact, company
    inquiry.contact_match = Inquiry.ContactMatch.EMAIL if is_known else Inquiry.ContactMatch.NEW
    inquiry.company_match, inquiry.match_facts = found.company_match, found.facts
    inquiry.save(update_fields=["state", "spam_reason", "contact", "company", "contact_match", "company_match", "match_facts"])
    _give(inquiry)
    give_form_status(form, contact, is_new=not is_known)


def hold_form(pk: int) -> LeadForm:
    """The form as it is set now, until the transaction ends: whoever replaces its category or lead status waits (C4), other inquiries do not.

    List items come before contacts in the order of all locks. Two statements.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM leads_leadform WHERE id = %s FOR SHARE", [pk])
    return LeadForm.objects.select_related("category", "lead_status").get(pk=pk)


def _bring_back(found: Found) -> None:
    """Somebody who writes is no longer in the past: an archived contact or company is restored (S5). Nothing else of them changes:

    anybody can type an address that is known, and a number of their own.
    """
    if found.company and found.company.archived_at:
        found.facts["company_restored"] = True
        found.company.archived_at = None
        found.company.save()
    if found.contact and found.contact.archived_at:
        found.facts["contact_restored"] = True
        found.contact.archived_at = None
        found.contact.save()


def company_name_for(inquiry: Inquiry) -> str:
    """What a new company is called: as typed, else after the person, else after the address, which may be longer than a name."""
    return (inquiry.company_name or inquiry.name or inquiry.email or inquiry.phone or _unnamed(inquiry))[:LONGEST_NAME]


def contact_for(inquiry: Inquiry, company: Company) -> Contact:
    """A new contact for whoever sent this. Three statements, and those of the default lead status (L3)."""
    first_name, last_name = inquiry.first_name, inquiry.last_name
    if not first_name:
        first_name, last_name = last_name or inquiry.email.partition("@")[0][:80] or inquiry.phone or _unnamed(inquiry), ""
    return Contact.objects.create(company=company, first_name=first_name, last_name=last_name, email=inquiry.email, phone=inquiry.phone)


def _unnamed(inquiry: Inquiry) -> str:
    with override(inquiry.language):
        return gettext("Unnamed")


def _give(inquiry: Inquiry) -> None:
    """Whose turn it is; a mistake there costs nobody their inquiry: it is without owner then."""
    try:
        with transaction.atomic():
            assign(inquiry)
    except OperationalError:
        raise
    except Exception:
        log.exception("Inquiry %s was received, but could not be given to anybody.", inquiry.pk)
        inquiry.owner = None


def give_form_status(form: LeadForm, contact: Contact, *, is_new: bool) -> None:
    """The form's lead status, for a contact that has none yet or was made by this inquiry; only where lead status is used (L1, I3).

    By the road of every lead status, so that rule 4 looks at it. The default (L3) was given when the contact came; it fires nothing.
    """
    if form.lead_status is None or (not is_new and Lead.objects.filter(contact=contact).exists()):
        return
    with suppress(LeadStatusNotEnabled, LeadStatusDeleted):
        set_lead_status(contact=contact, status=form.lead_status)
