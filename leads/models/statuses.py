"""The list of lead statuses."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models import ListItem


class LeadStatus(ListItem):
    """Where one person is in qualification. Reports go by the meaning, never by the name (L2)."""

    class Meaning(models.TextChoices):
        OPEN = "open", _("Open")
        QUALIFIED = "qualified", _("Qualified")
        DISQUALIFIED = "disqualified", _("Disqualified")
        PAUSED = "paused", _("Paused")

    meaning = models.CharField(_("meaning"), max_length=15, choices=Meaning, default=Meaning.OPEN)
    is_default = models.BooleanField(_("default for new contacts"), default=False)

    class Meta(ListItem.Meta):
        verbose_name = _("lead status")
        verbose_name_plural = _("lead statuses")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_lead_status",
                violation_error_message=_("Another lead status is already the default"),
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(archived_at=None),
                name="default_lead_status_not_deleted",
                violation_error_message=_("The default lead status cannot be deleted"),
            ),
        ]

    @property
    def glyph(self) -> str:
        """The drawing beside the name, so that colour is never alone."""
        if self.is_default:
            return "ring"
        return {"open": "half", "qualified": "disc", "disqualified": "cross", "paused": "loop"}[self.meaning]
