"""Giving an inquiry to somebody else: by hand, to the next in turn, or because its owner leaves (I4).

Who had it, who got it, and who did that is kept: `Assignment`. Giving by hand takes nobody's turn. Locks: the company, then the inquiry.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from crm.archiving import refuse_archived
from crm.models import Company, User
from crm.models.companies import lock_companies
from leads.distribution import Given, assign, distribution_of, hand, who_can_get
from leads.models import Assignment, Inquiry

Reason = Assignment.Reason


class CannotReassign(Exception):
    """It cannot be given to that person; `why` is a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Overtaken(CannotReassign):
    """A colleague was faster."""


def reassign(inquiry_id: int, *, to: User, by: User, seen_owner_id: int | None, our_contact: bool = False) -> Assignment:
    """Give it to `to`, provided that it is still with who the page said. Nine statements, and those of the notification.

    `our_contact`: the company's our contact moves along, where that is the former owner. A company that has none gets `to` anyway.
    Raises Inquiry.DoesNotExist, RecordArchived, Overtaken, or CannotReassign where `to` may not edit companies, or has it already.
    """
    with transaction.atomic():
        inquiry, company = _locked(inquiry_id, seen_owner_id)
        if inquiry.owner_id == to.pk:
            raise CannotReassign(_("{name} has this inquiry already.").format(name=to))
        if not who_can_get().filter(pk=to.pk).exists():  # asked under the lock: who leaves waits for it
            raise CannotReassign(_("{name} may not edit companies, so the inquiry cannot be given to them.").format(name=to))
        moves = company.our_contact_id is None or (our_contact and company.our_contact_id == inquiry.owner_id)
        return _hand(inquiry, Given(to.pk, Reason.BY_HAND), by=by, our_contact=moves)


def take_back(assignment_id: int, *, by: User, our_contact: bool = False) -> Assignment:
    """Undo what was given by hand, while nobody has given it on: whoever had it before has it again, or nobody.

    `our_contact`: that moved along, and goes back with it. Raises Assignment.DoesNotExist, RecordArchived, Overtaken or CannotReassign.
    """
    with transaction.atomic():
        given = Assignment.objects.select_related("from_user").get(pk=assignment_id)
        inquiry, company = _locked(given.inquiry_id, given.to_user_id)
        if Assignment.objects.filter(inquiry=inquiry, pk__gt=given.pk).exists():
            raise Overtaken(_("{inquiry} has been given on meanwhile. Nothing was undone.").format(inquiry=inquiry))
        if given.reason != Reason.BY_HAND:
            raise CannotReassign(_("Only what was given by hand is taken back."))
        if given.from_user_id and not who_can_get().filter(pk=given.from_user_id).exists():
            raise CannotReassign(_("{name} may not edit companies any more. Nothing was undone.").format(name=given.from_user))
        moves = our_contact and company.our_contact_id == given.to_user_id
        if moves and given.from_user_id is None:  # it had none before
            Company.objects.filter(pk=company.pk).update(our_contact=None)
        return _hand(inquiry, Given(given.from_user_id, Reason.BY_HAND), by=by, our_contact=moves)


def give_to_next(inquiry_id: int, *, by: User) -> Assignment:
    """Give an inquiry that nobody has to who is responsible, else to who is next in turn. Takes that turn.

    Raises Inquiry.DoesNotExist, RecordArchived, Overtaken where somebody has it meanwhile, or CannotReassign where nobody can be found.
    """
    with transaction.atomic():
        inquiry, _company = _locked(inquiry_id, None)
        given = assign(inquiry, by=by)
        if given.to_user_id is None:
            raise CannotReassign(_("Nobody in turn is available, and there is no fallback. Give it to somebody by hand."))
        return given


def _locked(inquiry_id: int, seen_owner_id: int | None) -> tuple[Inquiry, Company]:
    """The inquiry and its company, locked, if it is still with this owner."""
    company_id = Inquiry.objects.values_list("company_id", flat=True).get(pk=inquiry_id)
    lock_companies([company_id] if company_id else [])
    inquiry = Inquiry.objects.select_for_update(no_key=True).get(pk=inquiry_id)
    if inquiry.company_id is None:
        raise Overtaken(_("{inquiry} is spam, so nobody gets it. Say that it is not spam first.").format(inquiry=inquiry))
    if inquiry.owner_id != seen_owner_id or inquiry.company_id != company_id:
        raise Overtaken(_told_who_has_it(inquiry))
    company = Company.objects.get(pk=inquiry.company_id)
    refuse_archived(company)
    return inquiry, company


def _told_who_has_it(inquiry: Inquiry) -> str:
    last = Assignment.objects.filter(inquiry=inquiry).select_related("by", "to_user").first()
    if inquiry.owner is None:
        return _("Meanwhile nobody has “{inquiry}” any more. Look again, and decide.").format(inquiry=inquiry)
    if last is None or last.by is None:
        return _("“{inquiry}” is with {name} meanwhile.").format(inquiry=inquiry, name=inquiry.owner)
    return _("{who} has given “{inquiry}” to {name} meanwhile.").format(who=last.by, inquiry=inquiry, name=inquiry.owner)


def _hand(inquiry: Inquiry, given: Given, *, by: User | None, our_contact: bool) -> Assignment:
    return hand(inquiry, given, distribution=distribution_of(inquiry.form_id), our_contact=our_contact, by=by)


# ------------------------------------------------------------------------------------------------- somebody leaves
def waiting_of(user_ids: Collection[int]) -> list[Inquiry]:
    """What these users have got and not handled yet, the oldest first."""
    mine = Inquiry.objects.filter(owner__in=user_ids, state=Inquiry.State.RECEIVED, handled_at=None)
    return list(mine.select_related("company").order_by("received_at", "pk"))


@transaction.atomic
def pass_on(user_ids: Collection[int], *, successor: User | None, by: User | None) -> None:
    """Who leaves gives the inquiries that wait to `successor`; without one each goes where it would go if it came in now.

    The users have lost their rights already, and the caller lets nobody be at work on companies. A dozen statements for each inquiry.
    """
    for inquiry in waiting_of(user_ids):
        if successor is not None:
            _hand(inquiry, Given(successor.pk, Reason.BY_HAND), by=by, our_contact=False)
        else:
            assign(inquiry, by=by, keeps_our_contact=inquiry.company.our_contact_id is not None)  # type: ignore[union-attr]
