"""What people did to an inquiry after it came in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Company, Contact
from leads.models.inquiries import Inquiry


class InquiryChange(models.Model):
    """One thing that somebody did with an inquiry: kept, and for a split also how it is taken back. Append-only, but for `undone_at`."""

    class Kind(models.TextChoices):
        HANDLED = "handled", _("Marked as handled")
        REOPENED = "reopened", _("Marked as not handled")
        SPAM = "spam", _("Moved to spam")
        NOT_SPAM = "not_spam", _("Moved out of spam")
        SPLIT = "split", pgettext_lazy("what was done", "Split")
        UNSPLIT = "unsplit", _("Split taken back")

    inquiry = models.ForeignKey(Inquiry, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind)
    from_contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    from_company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="+")
    to_contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    to_company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="+")
    before = models.JSONField(default=dict)  # of a split: how the inquiry had been matched
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]
        verbose_name = _("change of an inquiry")
        verbose_name_plural = _("changes of inquiries")
        constraints = [models.UniqueConstraint(fields=["inquiry"], condition=Q(kind="split", undone_at=None), name="one_open_split_per_inquiry")]

    @property
    def icon(self) -> str:
        """The drawing beside it."""
        icons = {"handled": "check", "reopened": "restore", "spam": "trash", "not_spam": "restore", "split": "swap", "unsplit": "undo"}
        return icons[self.kind]

    def __str__(self) -> str:
        return f"{self.inquiry_id}: {self.kind}"
