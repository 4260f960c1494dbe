"""Who gets what comes in (I4). Whose turn it is is worked out in `leads/distribution.py`."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.models.rights import EDIT_COMPANY
from leads.models.forms import LeadForm
from leads.models.inquiries import Inquiry
from leads.turns import HEAVIEST


class Distribution(models.Model):
    """How the inquiries of one form are spread; the one without a form is for all forms that have none of their own.

    `turn` is how far the round has come: whoever comes back starts there, and does not catch up. `version` rises with every turn
    that is given, by a conditional UPDATE: nobody is given twice.
    """

    form = models.OneToOneField(LeadForm, models.CASCADE, null=True, blank=True, related_name="distribution", verbose_name=_("lead form"))
    only_unassigned = models.BooleanField(_("only if nobody is responsible"), default=True)
    fallback = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("when nobody is available"))
    turn = models.BigIntegerField(default=0, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("distribution")
        verbose_name_plural = _("distributions")
        constraints = [models.UniqueConstraint(models.Value(1), condition=Q(form=None), name="one_default_distribution")]

    def __str__(self) -> str:
        return str(self.form or _("Default"))


class SeatQuerySet(models.QuerySet["DistributionSeat"]):
    """Seats; who of them can get a lead at this moment."""

    def available(self) -> Self:
        """Seats that are not paused, of users who are active, may edit companies, and receive new leads."""
        return self.filter(is_paused=False, user__in=User.objects.who_may(EDIT_COMPANY).filter(is_available=True).order_by().values("pk"))


class DistributionSeat(models.Model):
    """Somebody who takes part. `turn` is when they are next; each lead moves it on by a step that is smaller the more they weigh."""

    distribution = models.ForeignKey(Distribution, models.CASCADE, related_name="seats")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="seats", verbose_name=_("user"))
    weight = models.PositiveSmallIntegerField(_("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(HEAVIEST)])
    is_paused = models.BooleanField(_("paused"), default=False)
    turn = models.BigIntegerField(default=0, editable=False)
    given = models.PositiveBigIntegerField(_("leads so far"), default=0, editable=False)

    objects: ClassVar[SeatQuerySet] = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        constraints = [
            models.UniqueConstraint(fields=["distribution", "user"], name="one_seat_per_user"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=HEAVIEST), name="seat_weight_from_1_to_10"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Assignment(models.Model):
    """Who got an inquiry, and why. Append-only: the newest one of an inquiry is true."""

    class Reason(models.TextChoices):
        TURN = "turn", _("Next in turn")
        RESPONSIBLE = "responsible", _("Responsible for the company already")
        FALLBACK = "fallback", _("Nobody in turn was available")
        NOBODY = "nobody", _("Nobody was available, and there is no fallback")
        BY_HAND = "by_hand", _("Given by hand")

    inquiry = models.ForeignKey(Inquiry, models.CASCADE, related_name="assignments")
    distribution = models.ForeignKey(Distribution, models.SET_NULL, null=True, related_name="assignments")
    reason = models.CharField(max_length=12, choices=Reason)
    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")  # nobody: Havn

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes = [
            models.Index(fields=["distribution", "at", "to_user", "reason"], name="assignment_lately"),
            models.Index(fields=["distribution", "-id"], name="assignment_order"),
        ]

    def __str__(self) -> str:
        return f"{self.inquiry_id}: {self.to_user}"
