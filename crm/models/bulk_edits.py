"""What was changed for many records at once: kept so that it can be taken back."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class BulkEdit(models.Model):
    """One bulk edit. Its `token` is that of the decisions about categories that came of it.

    `before` has the old values by column, each with the keys of the records that had them; `after` has what was written. Where
    `before` is empty the ledger of categories has what is taken back.
    """

    token = models.UUIDField(unique=True, editable=False)
    place = models.CharField(max_length=20)  # companies, or sales
    before = models.JSONField(default=list)  # [[{column: value}, [key, ...]], ...]
    after = models.JSONField(default=dict)  # {column: value}
    told = models.JSONField(default=dict)  # what was said of it, for the notice that is asked for again
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("bulk edit")
        verbose_name_plural = _("bulk edits")

    def __str__(self) -> str:
        return f"{self.place} {self.at:%Y-%m-%d %H:%M}"
