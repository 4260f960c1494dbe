"""Who changed which setting: with the ledger, what explains later why a rule acted or did not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor


class SettingsChange(models.Model):
    """One saved change in Settings and maintenance. `before` and `after` hold only what differs; a new item has no before."""

    area = models.CharField(max_length=40)  # the screen, such as "company-categories"
    item = models.CharField(max_length=120)  # what was changed, in the words of that moment
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("settings change")
        verbose_name_plural = _("settings changes")

    def __str__(self) -> str:
        return f"{self.area}: {self.item}"

    @classmethod
    def record(cls, *, area: str, item: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Keep what differs between the two; nothing where nothing does. Call it in the transaction of the change."""
        differing = [key for key in after if before.get(key) != after[key]]
        if differing:
            cls.objects.create(
                area=area,
                item=item,
                before={key: before[key] for key in differing if key in before},
                after={key: after[key] for key in differing},
                by=current_actor(),
            )
