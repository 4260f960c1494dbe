"""Who gets what comes in: the settings screen, its log, and what others see of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm import slots
from crm.http import Request
from crm.models import Notification, User
from crm.slots import NotificationKind, Panel, SettingsArea, SettingsScreen, Told, register
from leads.distribution import UNASSIGNED_LEAD
from leads.models import Assignment, Distribution, DistributionSeat, Inquiry
from leads.seats import AREA, SEATS_AREA


def names_of(pks: Collection[int]) -> dict[int, str]:
    """Distributions by key, for the settings log; the default one in the reader's language."""
    return {one.pk: str(one) for one in Distribution.objects.filter(pk__in=pks).select_related("form")}


def distribution_url(pk: int) -> str:
    """Where the settings log leads."""
    form = Distribution.objects.filter(pk=pk).values_list("form_id", flat=True).first()
    return f"{reverse('leads:distribution')}?form={form}" if form else reverse("leads:distribution")


def seat_url(pk: int) -> str:
    """The same for a seat."""
    return distribution_url(DistributionSeat.objects.filter(pk=pk).values_list("distribution", flat=True).first() or 0)


def whose_it_is(request: Request, inquiry: Inquiry) -> str:
    """On an inquiry's page: who has it, how it came to them, and giving it to somebody else. One statement."""
    assignments = list(Assignment.objects.filter(inquiry=inquiry).select_related("to_user", "by"))
    may_give = inquiry.company_id is not None and request.user.has_perm("leads.change_inquiry")
    return render_to_string("leads/inquiry_assignments.html", {"inquiry": inquiry, "assignments": assignments, "may_give": may_give}, request)


def _left_by(user: User) -> int:
    return Inquiry.objects.filter(owner=user, state=Inquiry.State.RECEIVED, handled_at=None).count()


def what_a_user_leaves(request: Request, user: Any) -> str:
    """Before somebody can no longer work with companies: how many inquiries pass on."""
    return render_to_string("leads/user_leaves_inquiries.html", {"count": _left_by(user)}, request)


def away(request: Request, user: User) -> str:
    """On the overview of somebody who takes part and does not receive new leads: that this is so, and the way back."""
    if user.is_available or not DistributionSeat.objects.filter(user=user).exists():
        return ""
    return render_to_string("leads/overview_away.html", {}, request)


def unassigned(notifications: Sequence[Notification]) -> dict[int, Told]:
    """Inquiries that nobody could be given; over where somebody has it since. One statement."""
    inquiries = Inquiry.objects.select_related("contact", "company", "owner").in_bulk({one.subject_id for one in notifications})
    return {one.pk: _unassigned(inquiries[one.subject_id]) for one in notifications if one.subject_id in inquiries}


def _unassigned(inquiry: Inquiry) -> Told:
    if inquiry.erased_at:
        return Told(_t("A lead that nobody was given: the person has been erased since."), is_over=True)
    names = ", ".join(filter(None, [str(inquiry.contact or inquiry), str(inquiry.company or "")]))
    text, url = _t("Nobody was given this lead: {names}").format(names=names), inquiry.get_absolute_url()
    if inquiry.owner:
        return Told(text, url, _t("It is with {name} now.").format(name=inquiry.owner), is_over=True)
    return Told(text, url, _t("Nobody in turn was available, and there is no fallback."))


register(
    SettingsScreen("distribution", _("Distribution"), "leads:distribution", "user-check", 60),
    SettingsArea(
        AREA,
        _("Distribution"),
        Distribution,
        distribution_url,
        labels={"takes_part": _("Who takes part")},
        relations={"takes_part": User},
        events={"is_own": (_("Back to the default distribution"), _("A distribution of its own"))},
        names=names_of,
    ),
    SettingsArea(
        SEATS_AREA,
        _("Distribution – who takes part"),
        DistributionSeat,
        seat_url,
        events={"takes_part": (_("Takes part no more"), _("Takes part")), "is_paused": (_("Resumed"), _("Paused"))},
    ),
    Panel("inquiry-aside", 10, whose_it_is),
    Panel("user-leaves", 30, what_a_user_leaves),
    Panel("overview", 5, away),
    NotificationKind(UNASSIGNED_LEAD, _("A lead that nobody was given"), unassigned, 15, permission="crm.manage_settings", icon="warning"),
)
slots.needs_successor.append(lambda user: _left_by(user) > 0)
