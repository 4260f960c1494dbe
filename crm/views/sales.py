"""Sales: page, create, edit, and the actions that close and reopen one (S2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import slots
from crm.forms.base import point_at_first_error
from crm.forms.choosers import chosen_in
from crm.forms.records import CloseForm, SaleForm, StallForm
from crm.http import Request
from crm.models import Company, Note, Sale, SaleStage
from crm.pipeline import NO_STAGE, overtaken
from crm.slots import UndoOffer
from crm.text import as_pk
from crm.views.base import done, edit_record, fetch, finish, next_url, page, refused, require, unit_of_work
from crm.views.cards import SHOWN, card_of
from crm.views.remarks import remarks_of
from crm.who import changed_it

MAY_EDIT = "crm.change_sale"


@require_safe
def sale_detail(request: Request, pk: int) -> HttpResponse:
    """One sale: where it is, what happened to it, what was written about it."""
    require(request, "crm.view_sale")
    sale = get_object_or_404(Sale.objects.select_related("company__category", "contact", "stage", "owner", "reason", "updated_by"), pk=pk)
    remarks = remarks_of(request, sale)
    transitions = sale.transitions.select_related("by", "from_company", "to_company")[:SHOWN]
    activity: list[Any] = [*remarks["notes"], *transitions]
    activity.sort(key=lambda entry: entry.created_at if isinstance(entry, Note) else entry.at, reverse=True)
    context = {
        "active": "sales", "sale": sale, "stages": SaleStage.objects.active(include=sale.stage_id), "activity": activity,
        **card_of(request, sale), **remarks,
    }  # fmt: skip
    return page(request, "crm/sale.html", context, fragment="card")


@unit_of_work
def sale_new(request: Request) -> HttpResponse:
    """Create a sale, at the company in the address if there is one."""
    require(request, "crm.add_sale")
    company = Company.objects.current().filter(pk=as_pk(request.GET.get("company"))).first()
    if request.htmx and request.method == "GET":
        return _contact_field(request, Sale())
    form = SaleForm(request.POST or None, instance=Sale(company=company, owner=request.user))
    context = {"active": "sales", "title": _("New sale"), "cancel": company.get_absolute_url() if company else "", "back": "crm:sales"}
    before = _before(request)
    return edit_record(request, form, template="crm/sale_form.html", message=lambda sale: _saved(sale, before), context=context)


@unit_of_work
def sale_edit(request: Request, pk: int) -> HttpResponse:
    """Edit a sale."""
    require(request, MAY_EDIT)
    sale = fetch(request, Sale, pk)
    if request.htmx and request.method == "GET":
        return _contact_field(request, sale)
    form = SaleForm(request.POST or None, instance=sale)
    context = {"active": "sales", "title": _("Edit {name}").format(name=sale.title), "cancel": sale.get_absolute_url(), "back": "crm:sales"}
    before = _before(request)
    return edit_record(request, form, template="crm/sale_form.html", message=lambda sale: _saved(sale, before), context=context)


def _contact_field(request: Request, sale: Sale) -> HttpResponse:
    """The choice of contacts, after another company was chosen in the form."""
    company = chosen_in(SaleForm.base_fields["company"], request.GET, "company")
    form = SaleForm(instance=sale, initial={"company": company, "contact": request.GET.get("contact", "")})
    return render(request, "crm/sale_form.html#contact", {"form": form})


def _saved(sale: Sale, before: int | None, what: str = "") -> str:
    """What to say after a save: which sale it was, that it is `what` now (a status; empty: saved), and where a rule has moved its company."""
    company = Company.objects.select_related("category").filter(pk=sale.company_id or 0).first()
    name = _("{sale} of {company}").format(sale=sale, company=company) if company else str(sale)
    texts: dict[str, str] = {
        Sale.Status.WON: _("{sale} is won."), Sale.Status.LOST: _("{sale} is lost."), Sale.Status.STALLED: _("{sale} is stalled."),
        Sale.Status.OPEN: _("{sale} is open again."),
    }  # fmt: skip
    text = texts.get(what, _("{sale} is saved.")).format(sale=name)
    if company is None or company.category_id == before:
        return text
    return _("{text} {company} is now {category}.").format(text=text, company=company, category=company.category)


def _before(request: Request) -> int | None:
    """The category of the company that the form names, before it is saved."""
    company = chosen_in(SaleForm.base_fields["company"], request.POST, "company") if request.method == "POST" else None
    return company.category_id if company else None


def _undo(request: Request, sale: Sale, before: int | None) -> UndoOffer | None:
    """How the category that a rule has set is taken back, where one has; else how a sale that has just been closed is."""
    moved = sale.company_id and _category_of(sale.company_id) != before
    if moved and (offer := slots.category_undo(request, sale.company_id)):
        return replace(offer, label=_("Undo the category"))
    return UndoOffer(reverse("crm:sale-reopen", args=[sale.pk]), {"seen_status": sale.status}, label=_("Reopen")) if sale.is_closed else None


def _category_of(company_id: int | None) -> int | None:
    return Company.objects.filter(pk=company_id).values_list("category_id", flat=True).first() if company_id else None


def _overtaken(request: Request, sale: Sale, wanted: str = "") -> HttpResponse | None:
    """The refusal of a press on a page that shows another status than the sale has: a colleague's date and reason are not lost without a word.

    Where the sale is as `wanted` already, nothing would be lost; a page that does not say what it shows is taken at its word.
    """
    if _shown(request) in ("", sale.status) or sale.status == wanted:
        return None
    who = changed_it(sale.updated_by, sale.updated_at)
    text = _("{sale} is now: {status}. {who} Nothing was saved.").format(sale=sale, status=sale.get_status_display(), who=who)
    return refused(request, text, to=sale.get_absolute_url())


def _shown(request: Request) -> str:
    """The status with which the page that asks has shown the sale, if it says so."""
    seen = request.POST.get("seen_status") or request.GET.get("seen_status", "")
    return seen if seen in Sale.Status.values else ""


@require_POST
@unit_of_work
def sale_won(request: Request, pk: int) -> HttpResponse:
    """Mark as won, today. Doing it twice changes once."""
    require(request, MAY_EDIT)
    sale = fetch(request, Sale, pk)
    if overtaken := _overtaken(request, sale, Sale.Status.WON):
        return overtaken
    before = _category_of(sale.company_id)
    sale.win()
    return done(request, _saved(sale, before, Sale.Status.WON), to=sale.get_absolute_url(), undo=_undo(request, sale, before))


def sale_lost(request: Request, pk: int) -> HttpResponse:
    """Ask for the reason, then mark as lost."""
    return _close(request, pk, Sale.Status.LOST)


@unit_of_work
def sale_stall(request: Request, pk: int) -> HttpResponse:
    """Ask when to look again, then mark as stalled."""
    require(request, MAY_EDIT)
    sale = fetch(request, Sale, pk)
    if overtaken := _overtaken(request, sale):
        return overtaken
    form = StallForm(request.POST or None, instance=sale)
    return _step(request, sale, form, title=_("Stalled until when?"), url_name="crm:sale-stall", what=Sale.Status.STALLED)


def sale_close(request: Request, pk: int) -> HttpResponse:
    """Change closing date and reason of a sale that is closed."""
    return _close(request, pk, "")


@unit_of_work
def _close(request: Request, pk: int, status: str) -> HttpResponse:
    require(request, MAY_EDIT)
    sale = fetch(request, Sale, pk)
    if not status and not sale.is_closed:
        return done(request, _("The sale is open"), to=sale.get_absolute_url())
    if overtaken := _overtaken(request, sale):
        return overtaken
    what, status = status, status or sale.status
    was = sale.closed_on if sale.status == status else None
    form = CloseForm(request.POST or None, instance=sale, status=status, initial={"closed_on": was or timezone.localdate()})
    titles: dict[str, str] = {Sale.Status.LOST: _("Why was the sale lost?"), Sale.Status.WON: _("When and why was the sale won?")}
    names: dict[str, str] = {Sale.Status.LOST: "crm:sale-lost", Sale.Status.WON: "crm:sale-close"}
    return _step(request, sale, form, title=titles[status], url_name=names[status], what=what)


def _step(request: Request, sale: Sale, form: CloseForm | StallForm, *, title: str, url_name: str, what: str) -> HttpResponse:
    """A small form that stands between a button and its effect: a dialog, or without JavaScript a page."""
    if request.method == "POST" and form.is_valid() and not form.conflict():
        before = _category_of(sale.company_id)
        form.save()
        return done(request, _saved(sale, before, what), to=sale.get_absolute_url(), undo=_undo(request, sale, before))
    status = 200 if request.method != "POST" else 409 if form.is_valid() else 422
    point_at_first_error(form)
    shown = _shown(request) or Sale.objects.values_list("status", flat=True).get(pk=sale.pk)  # the form has changed the instance
    back = next_url(request, sale.get_absolute_url())
    context = {"form": form, "sale": sale, "title": title, "url_name": url_name, "active": "sales", "next": back, "seen_status": shown}
    return page(request, "crm/sale_step.html", context, fragment="body" if request.method == "POST" else "dialog", status=status)


@require_POST
@unit_of_work
def sale_reopen(request: Request, pk: int) -> HttpResponse:
    """Open again: closing date and reason go, and no rule runs (S2)."""
    require(request, MAY_EDIT)
    sale = fetch(request, Sale, pk)
    if overtaken := _overtaken(request, sale, Sale.Status.OPEN):
        return overtaken
    sale.reopen()
    return done(request, _saved(sale, _category_of(sale.company_id), Sale.Status.OPEN), to=sale.get_absolute_url())


@require_POST
@unit_of_work
def sale_stage(request: Request, pk: int) -> HttpResponse:
    """Move an open sale to another stage, or back to none, unless a colleague was faster: `seen_stage` is the one it was shown in."""
    require(request, MAY_EDIT)
    sale, wanted = fetch(request, Sale, pk), request.POST.get("stage", "")
    if wanted == str(sale.stage_id or NO_STAGE) and sale.status == Sale.Status.OPEN:
        return finish(request, to=sale.get_absolute_url())  # it is there: a second press, or one whose answer was lost
    if why := overtaken(sale, request.POST.get("seen_stage", "")):
        return refused(request, why, to=sale.get_absolute_url())
    if sale.is_closed:
        return refused(request, _("The sale is closed. Reopen it to change its stage."), to=sale.get_absolute_url())
    stage = None if wanted == NO_STAGE else get_object_or_404(SaleStage, pk=as_pk(wanted))
    if stage and stage.archived_at:
        return refused(request, _("This stage has been deleted. Choose another one."), to=sale.get_absolute_url(), status=422)
    before, sale.stage = sale.stage, stage
    sale.save()
    text = _("{sale} moved to {stage}").format(sale=sale, stage=stage or _("No stage"))
    return done(request, text, to=sale.get_absolute_url(), undo=_move_back(sale, before))


def _move_back(sale: Sale, before: SaleStage | None) -> UndoOffer | None:
    """How a move to another stage is taken back; not into a stage that has been deleted."""
    if before and before.archived_at:
        return None
    return UndoOffer(reverse("crm:sale-stage", args=[sale.pk]), {"stage": before.pk if before else NO_STAGE, "seen_stage": sale.stage_id or NO_STAGE})
