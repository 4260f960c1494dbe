"""What somebody is told, under the bell and by e-mail."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class NotificationQuerySet(models.QuerySet["Notification"]):
    """What people are told."""

    def unread(self) -> Self:
        """What nobody has looked at yet."""
        return self.filter(read_at=None)

    def about(self, kind: str, subject_ids: Collection[int]) -> Self:
        """What was told of these."""
        return self.filter(kind=kind, subject_id__in=subject_ids)

    def mark_read(self) -> int:
        """Whoever they are for has seen them. Returns how many were unread. One statement."""
        return self.unread().order_by().update(read_at=timezone.now())

    mark_read.alters_data = True


class Notification(models.Model):
    """One thing that one person is told. `kind` says how it is put into words, and where it leads (crm/slots/).

    Two of one person never have the same `once`: what is told again under that name is told already.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notifications")
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()  # of what the kind is about
    facts = models.JSONField(default=dict)  # what the sentence needs and the subject does not keep
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    once = models.CharField(max_length=80, blank=True, default="")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_of_user"),
            models.Index(fields=["user", "-id"], condition=Q(read_at=None), name="notification_unread"),
            models.Index(fields=["kind", "subject_id"], condition=Q(read_at=None), name="notification_subject"),
        ]
        constraints = [models.UniqueConstraint(fields=["user", "once"], condition=~Q(once=""), name="told_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind}"


class NotificationChoice(models.Model):
    """Whether a person wants one kind by e-mail, too; without a row it is as the kind says."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notification_choices")
    kind = models.CharField(max_length=40)
    by_email = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_choice_per_kind")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind}"
