"""The list of inquiries, one of them, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from crm.http import Request
from crm.identity import name_key
from crm.record_lists import Listing, RecordList, Sort
from crm.slots import UndoOffer, badges_for
from crm.views.base import done, fetch, page, refused, require, stands_alone, unit_of_work
from crm.views.lists import MAY_OPEN
from leads import spam
from leads.corrections import (
    CannotCorrect,
    CannotSplit,
    move_out_of_spam,
    move_to_spam,
    open_split,
    refuse_erased,
    set_handled,
    split,
    take_back_split,
    what_can_be_split,
)
from leads.explain import why
from leads.forms.inquiries import COMPANY, PERSON, SplitForm
from leads.models import Inquiry, Visit

MAY_SEE, MAY_EDIT = "leads.view_inquiry", "leads.change_inquiry"
INQUIRIES = RecordList(
    "inquiries",
    Inquiry,
    "leads:inquiry-list",
    (Sort("received", gettext_lazy("Received"), ("received_at",), descending=True),),
    related=("form", "contact", "company", "owner"),
)


@require_safe
def inquiry_list(request: Request) -> HttpResponse:
    """What has come in, the newest first; the address holds the filters."""
    require(request, MAY_SEE)
    listing = Listing(INQUIRIES, request, request.GET)
    found = listing.page()
    is_spam = listing.view is not None and listing.view.key == "spam"
    context = {
        "active": "inquiries", "records": INQUIRIES, "listing": listing, "filters": listing.filters, "found": found, "tabs": listing.tabs(found),
        "badges": [] if is_spam else badges_for(request, "inquiries", found.rows), "sources": _sources(found.rows), "is_spam": is_spam,
        "may_edit": request.user.has_perm(MAY_EDIT), "may_delete": request.user.has_perm(MAY_OPEN), "days": spam.DAYS,
    }  # fmt: skip
    return page(request, "leads/inquiries.html", context, fragment="results")


def _sources(inquiries: Sequence[Inquiry]) -> dict[int, Visit]:
    """Where each came from first. One statement."""
    return {visit.inquiry_id: visit for visit in Visit.objects.filter(inquiry__in=inquiries, touch=Visit.Touch.FIRST)}


@require_safe
def inquiry_detail(request: Request, pk: int) -> HttpResponse:
    """One inquiry: what was typed, where it was added and why, where it came from."""
    require(request, MAY_SEE)
    inquiry = get_object_or_404(Inquiry.objects.select_related("form", "contact", "company__category", "owner", "handled_by"), pk=pk)
    may_edit = request.user.has_perm(MAY_EDIT)
    context = {
        "active": "inquiries", "inquiry": inquiry, "why": why(inquiry), "may_edit": may_edit, "visits": inquiry.visits.all(),
        "changes": inquiry.changes.select_related("by", "from_contact", "to_contact", "from_company", "to_company")[:25],
        "can_split": may_edit and bool(what_can_be_split(inquiry)), "split": open_split(inquiry) if may_edit and not inquiry.erased_at else None,
    }  # fmt: skip
    return page(request, "leads/inquiry.html", context, fragment="card")


@require_POST
@unit_of_work
def inquiry_handled(request: Request, pk: int) -> HttpResponse:
    """Mark as handled, or not any more."""
    require(request, MAY_EDIT)
    inquiry, handled = fetch(request, Inquiry, pk), request.POST.get("handled") != "no"
    changed = set_handled(inquiry, handled=handled, by=request.user)
    text = _("{name} is marked as handled") if handled else _("{name} is not handled yet")
    undo = UndoOffer(reverse("leads:inquiry-handled", args=[pk]), {"handled": "no" if handled else "yes"}) if changed else None
    return done(request, text.format(name=inquiry), to=inquiry.get_absolute_url(), undo=undo)


def _correction(act: Callable[[Request, Inquiry], HttpResponse]) -> Callable[..., HttpResponse]:
    """What the verbs below share: whoever cannot do it any more is told why. The verb locks the inquiry, after its contact and company."""

    @unit_of_work
    @wraps(act)
    def view(request: Request, pk: int) -> HttpResponse:
        require(request, MAY_EDIT)
        inquiry = get_object_or_404(Inquiry, pk=pk)
        try:
            return act(request, inquiry)
        except CannotCorrect as refusal:
            return refused(request, str(refusal), to=inquiry.get_absolute_url())
        except Inquiry.DoesNotExist:  # deleted with old spam since we looked
            raise Http404 from None

    return view


@_correction
def inquiry_spam(request: Request, inquiry: Inquiry) -> HttpResponse:
    """Ask, then move to the spam folder."""
    refuse_erased(inquiry)
    if request.method == "POST":
        changed = move_to_spam(inquiry, by=request.user)
        undo = UndoOffer(reverse("leads:inquiry-not-spam", args=[inquiry.pk])) if changed else None
        return done(request, _("{name} is in the spam folder").format(name=inquiry), to=inquiry.get_absolute_url(), undo=undo)
    return _dialog(request, "leads/inquiry_spam.html", inquiry)


@require_POST
@_correction
def inquiry_not_spam(request: Request, inquiry: Inquiry) -> HttpResponse:
    """Receive it as if it had just come."""
    changed = move_out_of_spam(inquiry, by=request.user)
    text = _("{name} was added to {company}").format(name=inquiry, company=inquiry.company)
    return done(request, text if changed else _("{name} is no spam").format(name=inquiry), to=inquiry.get_absolute_url())


@_correction
def inquiry_split(request: Request, inquiry: Inquiry) -> HttpResponse:
    """Ask whether the contact or the company is another one, then give the inquiry one of its own."""
    choices = _choices(inquiry)
    if not choices:
        raise CannotSplit(_("There is nothing left to split."))
    form = SplitForm(request.POST or None, choices=choices, initial={"company_name": _other_name(inquiry)})
    if request.method == "POST" and form.is_valid():
        change = split(inquiry, company_name=form.cleaned_data["company_name"], by=request.user)
        text = _("{name} is now at {company}").format(name=change.to_contact, company=change.to_company)
        undo = UndoOffer(reverse("leads:inquiry-unsplit", args=[inquiry.pk]))
        return done(request, text, to=inquiry.get_absolute_url(), undo=undo)
    return _dialog(request, "leads/inquiry_split.html", inquiry, status=422 if request.method == "POST" else 200, form=form)


def _other_name(inquiry: Inquiry) -> str:
    """What the other company may be called: as was typed, unless that is what it is called now."""
    is_here = inquiry.company is None or name_key(inquiry.company_name) == inquiry.company.name_key
    return "" if is_here else inquiry.company_name


def _choices(inquiry: Inquiry) -> list[tuple[str, str]]:
    possible = what_can_be_split(inquiry)
    goes_along = PERSON not in possible
    person = _("Another person, also at {company}").format(company=inquiry.company)
    company = _("Another company") if goes_along else _("Another person at another company")
    return [(value, text) for value, text in ((PERSON, person), (COMPANY, company)) if value in possible]


@require_POST
@_correction
def inquiry_unsplit(request: Request, inquiry: Inquiry) -> HttpResponse:
    """Take the split back."""
    archived = take_back_split(inquiry, by=request.user)
    text = _("The inquiry is with {name} at {company} again.").format(name=inquiry.contact, company=inquiry.company)
    if archived:
        names = _(" and ").join(str(record) for record in archived)
        text += " " + ngettext("{names} is archived.", "{names} are archived.", len(archived)).format(names=names)
    return done(request, text, to=inquiry.get_absolute_url())


@unit_of_work
def spam_delete(request: Request) -> HttpResponse:
    """Ask, then delete for good what has been in the spam folder for long: for administrators."""
    require(request, MAY_OPEN, _("Only administrators can delete spam for good."))
    to = f"{reverse('leads:inquiry-list')}?view=spam"
    if request.method == "POST":
        count = spam.delete_old()
        return done(request, ngettext("{n} inquiry was deleted for good", "{n} inquiries were deleted for good", count).format(n=count), to=to)
    return _dialog(request, "leads/spam_delete.html", None, count=spam.old().count(), days=spam.DAYS, back=to)


def _dialog(request: Request, template: str, inquiry: Inquiry | None, *, status: int = 200, **context: Any) -> HttpResponse:
    """A question: in a dialog, or without JavaScript on a page of its own."""
    context = {"active": "inquiries", "inquiry": inquiry, "alone": stands_alone(request), **context}
    fragment = "body" if request.htmx.target in ("split-form", "spam-form") else "dialog"
    return page(request, template, context, fragment=fragment, status=status)
