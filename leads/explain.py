"""Why an inquiry is where it is, in sentences (I3). Of what was kept when it was received, and of its contact and company."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.identity import email_domain
from leads.free_mail import is_business
from leads.matching import MOST
from leads.models import Inquiry

Contact, Company = Inquiry.ContactMatch, Inquiry.CompanyMatch


def why(inquiry: Inquiry) -> list[str]:
    """Sentences about its contact and its company, shorter ones of an erased one; of spam, why it is spam."""
    if inquiry.is_spam:
        return [f"{inquiry.get_spam_reason_display()}."] if inquiry.spam_reason else []
    if inquiry.erased_at:  # what was typed and found is gone: by what it was recognised stays
        return [f"{text}." for text in (inquiry.get_contact_match_display(), inquiry.get_company_match_display()) if text]
    return [text for text in (_contact(inquiry), _company(inquiry), *_besides(inquiry)) if text]


def _contact(inquiry: Inquiry) -> str:
    name, number = inquiry.contact, inquiry.match_facts.get("contacts", 1)
    if inquiry.contact_match == Contact.EMAIL and number > 1:
        text = _(
            "{n} contacts have this email address. {name} was chosen: not archived, if possible with the address written like this "
            "and at the company that was named, and changed last."
        )
        return text.format(n=number, name=name)
    if inquiry.contact_match == Contact.EMAIL:
        return _("The email address was known: it belongs to {name}.").format(name=name)
    if inquiry.contact_match == Contact.SPLIT:
        return _("{name} was made a contact of its own by hand.").format(name=name)
    if not inquiry.email_key:
        return _("There was no email address to recognise anybody by, so {name} is a new contact.").format(name=name)
    return _("Nobody with this email address was known, so {name} is a new contact.").format(name=name)


def _company(inquiry: Inquiry) -> str:
    name, facts = inquiry.company, inquiry.match_facts
    if inquiry.company_match == Company.CONTACT:
        return _("{company} is the company of this contact.").format(company=name)
    if inquiry.company_match == Company.SPLIT:
        return _("{company} was made a company of its own by hand.").format(company=name)
    if inquiry.company_match == Company.DOMAIN:
        return _("{company} was chosen because its people or its website are at {domain}.").format(company=name, domain=facts.get("domain", ""))
    if inquiry.company_match == Company.NAME:
        return _same_name(inquiry)
    return _new_company(inquiry)


def _same_name(inquiry: Inquiry) -> str:
    if (number := inquiry.match_facts.get("names", 1)) > 1:
        text = _("{n} companies have this name; {company} with the same email domain was chosen, or else the one that was changed last.")
        return text.format(n=number, company=inquiry.company)
    return _("A company of exactly this name was known: {company}.").format(company=inquiry.company)


def _new_company(inquiry: Inquiry) -> str:
    name, facts, domain = inquiry.company, inquiry.match_facts, email_domain(inquiry.email)
    if facts.get("domains", 0) >= MOST:
        return _("Many companies share the email domain {domain}, so none of them was chosen; {company} is new.").format(domain=facts["domain"], company=name)
    if facts.get("domains", 0) > 1:
        text = _("{n} companies share the email domain {domain}, so none of them was chosen; {company} is new.")
        return text.format(n=facts["domains"], domain=facts["domain"], company=name)
    if inquiry.company_name:
        return _("No company of this name or email domain was known, so {company} is new.").format(company=name)
    if domain and not is_business(domain):
        text = _("No company was named, and anybody can have an address at {domain}, so {company} is new and named after the person.")
        return text.format(domain=domain, company=name)
    return _("No company was named or recognised, so {company} is new and named after the person.").format(company=name)


def _besides(inquiry: Inquiry) -> list[str]:
    facts = inquiry.match_facts
    found = []
    if restored := [str(record) for key, record in (("contact_restored", inquiry.contact), ("company_restored", inquiry.company)) if facts.get(key)]:
        text = ngettext("{names} was archived and has been brought back.", "{names} were archived and have been brought back.", len(restored))
        found.append(text.format(names=_(" and ").join(restored)))
    if inquiry.phone and inquiry.contact and not inquiry.contact.phone:
        text = _("{name} has no telephone number yet. The one that was sent is kept here only: anybody can type an address that is known.")
        found.append(text.format(name=inquiry.contact))
    return found
