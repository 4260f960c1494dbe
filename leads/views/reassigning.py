"""Giving an inquiry to somebody else, or to the next in turn (I4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.http import Request
from crm.slots import UndoOffer
from crm.text import as_pk
from crm.views.base import done, next_url, page, refused, require, stands_alone, unit_of_work
from leads.forms.distribution import ReassignForm
from leads.models import Assignment, Inquiry
from leads.reassigning import CannotReassign, Overtaken, give_to_next, reassign, take_back

MAY = "leads.change_inquiry"


@unit_of_work
def inquiry_reassign(request: Request, pk: int) -> HttpResponse:
    """Choose who gets it: a dialog, or without JavaScript a page. 409 where a colleague was faster."""
    require(request, MAY)
    inquiry = get_object_or_404(Inquiry.objects.select_related("owner", "company", "contact", "form"), pk=pk)
    if inquiry.company is None:
        return refused(request, _("Spam is given to nobody. Say that it is not spam first."), to=inquiry.get_absolute_url())
    form = ReassignForm(request.POST if request.method == "POST" else None, inquiry=inquiry)
    if request.method == "POST" and form.is_valid():
        moves = form.cleaned_data.get("our_contact", False)
        try:
            given = reassign(pk, to=form.cleaned_data["to"], by=request.user, seen_owner_id=as_pk(form.cleaned_data["seen"]) or None, our_contact=moves)
        except Overtaken as refusal:
            return refused(request, refusal.why, to=inquiry.get_absolute_url())
        except CannotReassign as refusal:
            form.add_error("to", refusal.why)
        else:
            moved = moves or inquiry.company.our_contact_id is None
            undo = UndoOffer(reverse("leads:inquiry-take-back", args=[pk]), {"assignment": given.pk, "our_contact": int(moved)})
            return done(request, _("{inquiry} was given to {name}").format(inquiry=inquiry, name=given.to_user), to=inquiry.get_absolute_url(), undo=undo)
    context = {"active": "inquiries", "inquiry": inquiry, "form": form, "next": next_url(request, inquiry.get_absolute_url()), "alone": stands_alone(request)}
    fragment = "dialog" if request.method != "POST" else "body"
    return page(request, "leads/reassign.html", context, fragment=fragment, status=422 if form.errors else 200)


@require_POST
@unit_of_work
def inquiry_next(request: Request, pk: int) -> HttpResponse:
    """Give an inquiry that nobody has to who is next in turn."""
    require(request, MAY)
    inquiry = get_object_or_404(Inquiry, pk=pk)
    try:
        given = give_to_next(pk, by=request.user)
    except Overtaken as refusal:
        return refused(request, refusal.why, to=inquiry.get_absolute_url())
    except CannotReassign as refusal:
        return refused(request, refusal.why, to=inquiry.get_absolute_url(), status=422)
    return done(request, _("{inquiry} was given to {name}").format(inquiry=inquiry, name=given.to_user), to=inquiry.get_absolute_url())


@require_POST
@unit_of_work
def inquiry_take_back(request: Request, pk: int) -> HttpResponse:
    """Undo what was given by hand, while nobody has given it on."""
    require(request, MAY)
    inquiry = get_object_or_404(Inquiry, pk=pk)
    given = get_object_or_404(Assignment, pk=as_pk(request.POST.get("assignment")), inquiry=inquiry)
    try:
        back = take_back(given.pk, by=request.user, our_contact=request.POST.get("our_contact") == "1")
    except CannotReassign as refusal:
        return refused(request, refusal.why, to=inquiry.get_absolute_url())
    text = _("{inquiry} is with {name} again") if back.to_user else _("{inquiry} is with nobody again")
    return done(request, text.format(inquiry=inquiry, name=back.to_user), to=inquiry.get_absolute_url())
