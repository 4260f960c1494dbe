"""What people do with an inquiry after it came in: each leaves an `InquiryChange` in the same transaction.

Each locks what it needs in the order of everybody (docs/architecture.md): contacts, companies, then the inquiry, which is read again.
All but `set_handled()` raise CannotCorrect, and Inquiry.DoesNotExist where it has just been deleted.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.actor import working
from crm.archiving import refuse_archived
from crm.models import Company, Contact, User
from crm.models.companies import lock_companies, lock_contacts
from leads.distribution import assign, who_can_get
from leads.inquiries import add_to_records, contact_for, give_form_status, hold_form
from leads.matching import find, wait_for_twins, wanted_by
from leads.models import Inquiry, InquiryChange

Kind, Match, CompanyMatch = InquiryChange.Kind, Inquiry.ContactMatch, Inquiry.CompanyMatch
MATCHED = ["contact", "company", "contact_match", "company_match", "match_facts"]


class CannotCorrect(Exception):
    """It cannot be done, or not any more; the text is a sentence that says why."""


class CannotSplit(CannotCorrect):
    """It has been split already, or nothing is left to split, or there is no split to take back."""


class Overtaken(CannotCorrect):
    """A colleague was faster."""

    def __str__(self) -> str:
        return _("A colleague has moved this inquiry meanwhile. Look again, and decide.")


class Erased(CannotCorrect):
    """Nothing is left in it that anybody could be recognised by."""

    def __str__(self) -> str:
        return _("What was typed in this inquiry has been erased, so it stays where it is.")


def refuse_erased(inquiry: Inquiry) -> None:
    """Raise Erased if what was typed is gone."""
    if inquiry.erased_at:
        raise Erased


@transaction.atomic
def set_handled(inquiry: Inquiry, *, handled: bool, by: User) -> bool:
    """Mark it as handled, or not. Returns whether it was not so before. Two statements."""
    if bool(inquiry.handled_at) == handled:
        return False
    inquiry.handled_at, inquiry.handled_by = (timezone.now(), by) if handled else (None, None)
    inquiry.save(update_fields=["handled_at", "handled_by"])
    _keep(inquiry, Kind.HANDLED if handled else Kind.REOPENED, by)
    return True


@transaction.atomic
def move_to_spam(inquiry: Inquiry, *, by: User) -> bool:
    """Into the spam folder: it leaves its contact and company, which stay as they are. Returns whether it was not there. Six statements."""
    _lock(inquiry)
    if inquiry.is_spam:
        return False
    refuse_erased(inquiry)
    before = {name: getattr(inquiry, name) for name in ("contact_match", "company_match", "match_facts")}
    _keep(inquiry, Kind.SPAM, by, from_contact=inquiry.contact, from_company=inquiry.company, before=before)
    inquiry.state, inquiry.spam_reason = Inquiry.State.SPAM, Inquiry.SpamReason.BY_HAND
    _match(inquiry, contact=None, company=None, contact_match="", company_match="", match_facts={})
    return True


@transaction.atomic
def move_out_of_spam(inquiry: Inquiry, *, by: User) -> bool:
    """Receive it as if it had just come; what had been received before goes back to where it was. Returns whether it was spam."""
    hold_form(inquiry.form_id)
    moved = _way_back(inquiry)
    if moved is None:  # hold where it will be added before the inquiry itself, as who erases a person does
        wanted = wanted_by(inquiry.company_name, inquiry.email)
        wait_for_twins(wanted)
        find(wanted)
    _lock(inquiry, moved)
    if not inquiry.is_spam:
        return False
    refuse_erased(inquiry)
    if _way_back(inquiry) != moved:
        raise Overtaken
    if moved:
        inquiry.state, inquiry.spam_reason = Inquiry.State.RECEIVED, Inquiry.SpamReason.NONE
        _match(inquiry, contact=moved.from_contact, company=moved.from_company, **moved.before)
        _give_again(inquiry, by)
    else:
        with working():  # nobody is at work: a rule that asks then asks the company's our contact
            add_to_records(inquiry)
    _keep(inquiry, Kind.NOT_SPAM, by, to_contact=inquiry.contact, to_company=inquiry.company)
    return True


def _way_back(inquiry: Inquiry) -> InquiryChange | None:
    """What moved it to spam, if it can go back to that contact: who is archived, erased or elsewhere by now does not get it. One statement."""
    moved = inquiry.changes.filter(kind=Kind.SPAM).select_related("from_contact", "from_company").first()
    contact = moved.from_contact if moved else None
    return moved if moved and contact and not contact.archived_at and contact.company_id == moved.from_company_id else None


def _give_again(inquiry: Inquiry, by: User) -> None:
    """Who had it and has left since then gave on what waited, but not this: it goes where it would go if it came in now (I4)."""
    waits = inquiry.owner_id and not inquiry.handled_at
    if waits and not who_can_get().filter(pk=inquiry.owner_id or 0).exists():
        keeps = inquiry.company is not None and inquiry.company.our_contact_id is not None
        assign(inquiry, by=by, keeps_our_contact=keeps)


def open_split(inquiry: Inquiry) -> InquiryChange | None:
    """The split that can be taken back. One statement."""
    return inquiry.changes.filter(kind=Kind.SPLIT, undone_at=None).select_related("from_contact", "from_company", "to_contact", "to_company").first()


def what_can_be_split(inquiry: Inquiry) -> set[str]:
    """*person*: a contact of its own at the same company; *company*: a company of its own. Two statements."""
    if inquiry.is_spam or inquiry.erased_at or open_split(inquiry):
        return set()
    own_contact = inquiry.contact_match != Match.EMAIL and not _has_others(inquiry)
    own_company = own_contact and inquiry.company_match == CompanyMatch.NEW
    return {what for what, is_own in (("person", own_contact), ("company", own_company)) if not is_own}


@transaction.atomic
def split(inquiry: Inquiry, *, company_name: str, by: User) -> InquiryChange:
    """Give this inquiry a contact of its own, and with `company_name` a company of its own; nothing else moves.

    A contact that this inquiry itself had made goes along to the new company. The owner stays, and is the new company's our contact.
    Raises RecordArchived where the company it would stay at is archived.
    """
    form = hold_form(inquiry.form_id)
    is_where_it_was = _lock(inquiry)
    if ("company" if company_name else "person") not in what_can_be_split(inquiry):
        raise CannotSplit(_("There is nothing left to split."))
    if not is_where_it_was:
        raise Overtaken
    old_contact, old_company = Contact.objects.get(pk=inquiry.contact_id or 0), Company.objects.get(pk=inquiry.company_id or 0)
    goes_along = bool(company_name) and inquiry.contact_match != Match.EMAIL and not _has_others(inquiry)
    if company_name:
        company = Company.objects.create(name=company_name, category=form.category, our_contact=inquiry.owner)
    else:
        refuse_archived(old_company)
        company = old_company
    if goes_along:
        contact = old_contact
        contact.company = company
        contact.save()
    else:
        contact = contact_for(inquiry, company)
        give_form_status(form, contact, is_new=True)
    before = {"contact_match": inquiry.contact_match, "company_match": inquiry.company_match, "match_facts": inquiry.match_facts, "goes_along": goes_along}
    ends = {"from_contact": old_contact, "from_company": old_company, "to_contact": contact, "to_company": company}
    change = _keep(inquiry, Kind.SPLIT, by, before=before, **ends)
    _match(
        inquiry, contact=contact, company=company, contact_match=inquiry.contact_match if goes_along else Match.SPLIT,
        company_match=CompanyMatch.SPLIT if company_name else inquiry.company_match, match_facts={},
    )  # fmt: skip
    return change


@transaction.atomic
def take_back_split(inquiry: Inquiry, *, by: User) -> list[Any]:
    """Add it again to where it was before. What the split had made is archived, unless somebody uses it by now.

    Returns what was archived. Raises RecordArchived where its place is archived.
    """
    seen = open_split(inquiry)
    _lock(inquiry, seen)
    refuse_erased(inquiry)
    change = open_split(inquiry)
    if change is None or change != seen or inquiry.is_spam or inquiry.contact_id != change.to_contact_id:
        raise CannotSplit(_("There is no split to take back any more."))
    old_contact, old_company = Contact.objects.get(pk=change.from_contact_id or 0), Company.objects.get(pk=change.from_company_id or 0)
    refuse_archived(old_contact, old_company)
    change.undone_at = timezone.now()
    change.save(update_fields=["undone_at"])
    before = dict(change.before)
    if before.pop("goes_along"):
        if old_contact.company_id != change.to_company_id:  # somebody has moved them on
            raise CannotSplit(_("There is no split to take back any more."))
        old_contact.company = old_company
        old_contact.save()
    ends = {"from_contact": change.to_contact, "from_company": change.to_company, "to_contact": old_contact, "to_company": old_company}
    _keep(inquiry, Kind.UNSPLIT, by, **ends)
    _match(inquiry, contact=old_contact, company=old_company, **before)
    made: list[Any] = [change.to_contact] if change.to_contact_id != change.from_contact_id else []
    made += [change.to_company] if change.to_company_id != change.from_company_id else []
    return [record for record in made if _archive_unused(record)]


def _archive_unused(record: Any) -> bool:
    """Archive what nobody uses: a company without contacts, a contact without inquiries, and both without sales, notes and follow-ups."""
    record.refresh_from_db()
    uses = [record.sales, record.notes, record.followups, record.inquiries]
    uses += [record.contacts.current()] if isinstance(record, Company) else []
    if record.archived_at or any(use.exists() for use in uses):
        return False
    record.archived_at = timezone.now()
    record.save()
    return True


def _has_others(inquiry: Inquiry) -> bool:
    return Inquiry.objects.filter(contact=inquiry.contact_id).exclude(pk=inquiry.pk).exists()


def _lock(inquiry: Inquiry, change: InquiryChange | None = None) -> bool:
    """Lock its contact and company, and those of `change`, then the inquiry, and read it again. Four statements.

    Returns whether it is still with those: a colleague may just have moved it, and the others are not held then.
    """
    seen = Inquiry.objects.values_list("contact_id", "company_id").get(pk=inquiry.pk)
    ends = [seen, (change.from_contact_id, change.from_company_id), (change.to_contact_id, change.to_company_id)] if change else [seen]
    lock_contacts({contact for contact, _company in ends if contact})
    lock_companies({company for _contact, company in ends if company})
    inquiry.refresh_from_db(from_queryset=Inquiry.objects.select_for_update(no_key=True))
    return (inquiry.contact_id, inquiry.company_id) == seen


def _match(inquiry: Inquiry, **values: Any) -> None:
    for name in MATCHED:
        setattr(inquiry, name, values[name])
    inquiry.save(update_fields=[*MATCHED, "state", "spam_reason"])


def _keep(inquiry: Inquiry, kind: str, by: User, **values: Any) -> InquiryChange:
    return InquiryChange.objects.create(inquiry=inquiry, kind=kind, by=by, **values)
