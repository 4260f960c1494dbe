"""Settings, Distribution: who takes part, who is next and why, and what was given to whom (I4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from crm.http import Request
from crm.paging import paginate
from crm.slots import UndoOffer
from crm.text import as_pk
from crm.views.base import done, page, refused, stands_alone, then_focus, unit_of_work
from crm.views.lists import administrators_post, require_administrator
from leads import seats
from leads.distribution import default_distribution
from leads.forms.distribution import WEIGHTS, DistributionForm, SeatForm
from leads.models import Assignment, Distribution, DistributionSeat, LeadForm
from leads.rota import rota_of

LIST = "leads:distribution"
OVERTAKEN = gettext_lazy("This person has just been added, or may not edit companies any more.")
PAUSED = gettext_lazy("{name} is paused, and is passed over until you resume")
View = Callable[..., HttpResponse]


def url_of(distribution: Distribution) -> str:
    """Where this one is shown."""
    return f"{reverse(LIST)}?form={distribution.form_id}" if distribution.form_id else reverse(LIST)


@require_safe
def distribution(request: Request) -> HttpResponse:
    """The default distribution, or with `?form=` that of one form. The number of statements is the same for any number of seats."""
    require_administrator(request)
    form = get_object_or_404(LeadForm.objects.active(), pk=pk) if (pk := as_pk(request.GET.get("form"))) else None
    own = Distribution.objects.filter(form=form).first() if form else default_distribution()
    context: dict[str, Any] = {"active": "distribution", "form": form, "own": own}
    if own:
        given = Assignment.objects.filter(distribution=own).select_related("inquiry__form", "inquiry__contact", "from_user", "to_user", "by")
        found = paginate(given, field="id", descending=True, cursor=request.GET.get("page", ""))
        context |= {"rota": rota_of(own), "weights": WEIGHTS, "found": found, "own_ones": [] if form else _own_ones()}
    return page(request, "leads/distribution.html", context, fragment="live")


def _own_ones() -> list[LeadForm]:
    return list(LeadForm.objects.active().filter(distribution__isnull=False))


@unit_of_work
def distribution_edit(request: Request, pk: int) -> HttpResponse:
    """How it works: 422 when invalid, 409 when another administrator was faster."""
    require_administrator(request)
    subject = get_object_or_404(Distribution.objects.select_related("form"), pk=pk)
    if request.method != "POST":
        return _show(request, "leads/distribution_form.html", subject, DistributionForm(instance=subject), 200)
    with seats.changing(pk) as locked:
        before = seats.kept(locked)
        form = DistributionForm(request.POST, instance=locked)
        if not form.is_valid():
            return _show(request, "leads/distribution_form.html", subject, form, 422)
        if form.conflict():
            return _show(request, "leads/distribution_form.html", subject, form, 409)
        form.instance.save(update_fields=seats.KEPT)
        seats.log_settings(form.instance, before=before)
    return done(request, _("Distribution saved"), to=url_of(subject))


def _show(request: Request, template: str, subject: Distribution, form: Any, status: int) -> HttpResponse:
    context = {"active": "distribution", "subject": subject, "form": form, "back": url_of(subject), "alone": stands_alone(request)}
    return page(request, template, context, fragment="dialog" if request.method != "POST" else "body", status=status)


@unit_of_work
def seat_new(request: Request, pk: int) -> HttpResponse:
    """Let somebody take part."""
    require_administrator(request)
    subject = get_object_or_404(Distribution.objects.select_related("form"), pk=pk)
    form = SeatForm(request.POST if request.method == "POST" else None, distribution=subject)
    if request.method == "POST" and form.is_valid():
        try:
            seat = seats.add_seat(pk, **form.cleaned_data, **_as_it_was(request))
        except seats.CannotTakePart:  # another administrator was faster
            form.add_error("user", OVERTAKEN)
            return _show(request, "leads/seat_form.html", subject, form, 409)
        undo = UndoOffer(reverse("leads:seat-remove", args=[seat.pk]))
        text = PAUSED if seat.is_paused else _("{name} takes part from now on")
        return done(request, text.format(name=seat.user), to=url_of(subject), undo=undo)
    if form.errors and "next" in request.POST:  # the Undo of a toast, which has no form to show it in
        return refused(request, str(OVERTAKEN), to=url_of(subject))
    return _show(request, "leads/seat_form.html", subject, form, 422 if form.errors else 200)


def _as_it_was(request: Request) -> dict[str, Any]:
    """What the Undo of a removal brings back with the seat."""
    return {"turn": as_pk(request.POST.get("turn")), "is_paused": request.POST.get("paused") == "1"}


def _verb(act: Callable[[Request, DistributionSeat], HttpResponse]) -> View:
    """What the verbs of a seat share: by POST, for administrators; who was overtaken is told what is true now."""

    @administrators_post
    @wraps(act)
    def view(request: Request, pk: int) -> HttpResponse:
        seat = get_object_or_404(DistributionSeat.objects.select_related("user", "distribution"), pk=pk)
        try:
            return act(request, seat)
        except seats.SeatChanged as overtaken:
            return refused(request, _as_it_is(seat, overtaken.seat), to=url_of(seat.distribution))

    return view


def _as_it_is(was: DistributionSeat, now: DistributionSeat | None) -> str:
    if now is None:
        return _("Another administrator has removed {name} meanwhile.").format(name=was.user)
    if now.is_paused:
        return _("{name} is paused already, with weight {n}. Nothing was changed.").format(name=now.user, n=now.weight)
    return _("{name} takes part already, with weight {n}. Nothing was changed.").format(name=now.user, n=now.weight)


@_verb
def seat_weight(request: Request, seat: DistributionSeat) -> HttpResponse:
    """Another weight; `seen` is the one the page showed."""
    weight, seen = as_pk(request.POST.get("weight")), as_pk(request.POST.get("seen"))
    if weight not in dict(WEIGHTS):
        return refused(request, _("Choose a weight from 1 to 10"), to=url_of(seat.distribution), status=422)
    now = seats.reweigh(seat.pk, weight, seen=seen)
    undo = UndoOffer(reverse("leads:seat-weight", args=[seat.pk]), {"weight": seat.weight, "seen": weight}) if weight != seat.weight else None
    return done(request, _("{name} has weight {n} now").format(name=now.user, n=now.weight), to=url_of(seat.distribution), undo=undo)


@_verb
def seat_pause(request: Request, seat: DistributionSeat) -> HttpResponse:
    """Pass somebody over."""
    seats.set_paused(seat.pk, True)
    return done(request, PAUSED.format(name=seat.user), to=url_of(seat.distribution), undo=UndoOffer(reverse("leads:seat-resume", args=[seat.pk])))


@_verb
def seat_resume(request: Request, seat: DistributionSeat) -> HttpResponse:
    """No longer."""
    seats.set_paused(seat.pk, False)
    text = _("{name} takes part again, from the present turn on").format(name=seat.user)
    return done(request, text, to=url_of(seat.distribution), undo=UndoOffer(reverse("leads:seat-pause", args=[seat.pk])))


@_verb
def seat_remove(request: Request, seat: DistributionSeat) -> HttpResponse:
    """Somebody takes part no more."""
    gone = seats.remove_seat(seat.pk)
    was = {"user": gone.user_id, "weight": gone.weight, "turn": gone.turn, "paused": int(gone.is_paused)}
    undo = UndoOffer(reverse("leads:seat-new", args=[seat.distribution_id]), was)
    answer = done(request, _("{name} takes part no more").format(name=gone.user), to=url_of(seat.distribution), undo=undo)
    after = DistributionSeat.objects.filter(distribution=seat.distribution_id, pk__gt=seat.pk).first()
    return then_focus(request, answer, f"#seat-{after.pk}" if after else "#add-seat")


@administrators_post
def distribution_own(request: Request, pk: int) -> HttpResponse:
    """A distribution of its own for one form, which begins as the default one is."""
    form = get_object_or_404(LeadForm.objects.active(), pk=pk)
    own = seats.make_own(form)
    return done(request, _("{form} has a distribution of its own").format(form=form), to=url_of(own))


@unit_of_work
def distribution_delete(request: Request, pk: int) -> HttpResponse:
    """Back to the default one: says what follows, and does it."""
    require_administrator(request)
    subject = get_object_or_404(Distribution.objects.select_related("form").filter(form__isnull=False), pk=pk)
    if request.method != "POST":
        return _show(request, "leads/distribution_delete.html", subject, None, 200)
    seats.drop_own(subject)
    return then_focus(request, done(request, _("{form} uses the default distribution again").format(form=subject.form), to=url_of(subject)), "#page-title")
