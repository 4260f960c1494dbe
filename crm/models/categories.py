"""Where companies stand, and what that means."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from crm.models.lists import ListItem, ListQuerySet
from crm.signals import category_meaning_changed
from crm.sql import nobody_at_work

POTENTIAL_CUSTOMER = "potential_customer"
GROUP_LABELS = {
    POTENTIAL_CUSTOMER: _("Potential customer"),
    "customer": _("Customer"),
    "partner": _("Partner"),
    "lost": _("Lost"),
    "other": _("Other"),
}


class CategoryGroup(models.Model):
    """What a category means. Five fixed rows; the meaning is the key (C1)."""

    key = models.CharField(primary_key=True, max_length=20, choices=list(GROUP_LABELS.items()))
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        verbose_name = _("category group")
        verbose_name_plural = _("category groups")

    def __str__(self) -> str:
        return str(GROUP_LABELS[self.key])


class CategoryQuerySet(ListQuerySet):
    """A bare `update()` of what categories mean is felt by their companies too."""

    def update(self, **kwargs: Any) -> int:
        if not {"group", "group_id", "lead_status_enabled"} & kwargs.keys():
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            _wait_for_companies()
            pks = list(self.values_list("pk", flat=True))
            count = super().update(**kwargs)
            category_meaning_changed.send(CompanyCategory, category_ids=pks)
        return count

    update.alters_data = True


def _wait_for_companies() -> None:
    """Before a category changes its meaning: whoever moved a company, or asked about one, a moment ago has judged by what it meant before.

    Who answers the signal must see what they did. Before the row is written, since whoever has the table may still have to look at the row.
    """
    nobody_at_work("crm_company")


class CompanyCategory(ListItem):
    """Where a company stands. The key of the group is the foreign key itself, so guards and constraints need no join."""

    group = models.ForeignKey(CategoryGroup, models.PROTECT, verbose_name=_("category group"), related_name="categories")
    lead_status_enabled = models.BooleanField(_("Enable lead status for this category"), default=False)
    is_default = models.BooleanField(_("default for new companies"), default=False)

    objects: ClassVar[Any] = CategoryQuerySet.as_manager()

    class Meta(ListItem.Meta):
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        permissions = [("manage_settings", "Can open Settings and maintenance")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lead_status_enabled=False) | models.Q(group=POTENTIAL_CUSTOMER),
                name="lead_status_only_for_potential",
                violation_error_message=_("Lead status needs the group Potential customer"),
            ),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_category",
                violation_error_message=_("Another category is already the default"),
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(archived_at=None),
                name="default_category_not_deleted",
                violation_error_message=_("The default category cannot be deleted"),
            ),
        ]

    @property
    def is_potential(self) -> bool:
        """Rules act only on companies in such a category (A2)."""
        return self.group_id == POTENTIAL_CUSTOMER

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; where the meaning changed, companies that have the category feel it in the same transaction."""
        with transaction.atomic():
            query = type(self)._default_manager.select_for_update(no_key=True).filter(pk=self.pk)
            before = query.values_list("group_id", "lead_status_enabled").first() if self.pk else None
            if before and before != (self.group_id, self.lead_status_enabled):
                _wait_for_companies()
            if before and before[1] and before[0] == POTENTIAL_CUSTOMER != self.group_id:
                self.lead_status_enabled = False  # it goes with the group, in the same save (C3)
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], "lead_status_enabled"}
            super().save(*args, **kwargs)
            if before and before != (self.group_id, self.lead_status_enabled):
                category_meaning_changed.send(type(self), category_ids=[self.pk])
