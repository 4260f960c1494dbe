"""Who changed which setting: with the ledger, what explains later why a rule acted or did not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor

LONGEST_ITEM = 120  # characters


class SettingsChange(models.Model):
    """One saved change in Settings and maintenance. `before` and `after` hold only what differs; a new item has no before."""

    area = models.CharField(max_length=40)  # the screen, such as "company-categories"
    item = models.CharField(max_length=LONGEST_ITEM)  # what was changed, in the words of that moment
    item_id = models.BigIntegerField(null=True)  # its key in the table that the area is about; older records have none
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("settings change")
        verbose_name_plural = _("settings changes")
        indexes = [models.Index(fields=["area", "item_id"], name="settings_change_of_item")]

    def __str__(self) -> str:
        return f"{self.area}: {self.item}"

    @classmethod
    def record(cls, *, area: str, item: str, item_id: int | None = None, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Keep what differs between the two; nothing where nothing does. Call it in the transaction of the change.

        An `item` that is too long is cut. One statement.
        """
        differing = [key for key in after if before.get(key) != after[key]]
        if differing:
            cls.objects.create(
                area=area,
                item=item[:LONGEST_ITEM],
                item_id=item_id,
                before={key: before[key] for key in differing if key in before},
                after={key: after[key] for key in differing},
                by=current_actor(),
            )
