"""Rules, and the one row of settings around them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.models import CompanyCategory, SettingsChange, User
from leads.models import LeadStatus


class Trigger(models.TextChoices):
    """What makes a rule look at a company."""

    SALE_WON = "sale_won", _("Update category when a sale is won")
    SALE_LOST = "sale_lost", _("Update category when a sale is lost")
    SALE_REGISTERED = "sale_registered", _("Update category when a sale is registered with the company")
    LEAD_STATUS_SET = "lead_status_set", _("Update category when a lead status is set to")


class WorkflowSettings(models.Model):
    """One row for the whole Workflow tab: its version tells two administrators apart (W3)."""

    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    saved_at = models.DateTimeField(null=True, blank=True)
    lead_status_rules_on = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("workflow settings")
        verbose_name_plural = _("workflow settings")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_row_of_workflow_settings")]

    def __str__(self) -> str:
        return str(self.version)

    def saved(self, *, by: User | None) -> None:
        """Note that somebody changed a rule: whoever has the screen open will be told (W3). Call it with the row locked."""
        self.version += 1
        self.saved_by, self.saved_at = by, timezone.now()
        self.save()


RULES_AREA = "lead-categorization"  # of the settings log


class RuleQuerySet(models.QuerySet["AutomationRule"]):
    """Rules whose every change is kept in the settings log, in the same transaction, whichever way they are written."""

    def update(self, **kwargs: Any) -> int:
        """As Django's, and `bulk_update()` ends here too. Costs a statement, one for each rule that changed, and one to read them."""
        with transaction.atomic(using=self.db):
            before = self.model._default_manager.using(self.db)._locked()
            count = models.QuerySet.update(self.filter(pk__in=before), **kwargs)
            self._keep(before, before)
        return count

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(  # type: ignore[override]
        self, objs: Iterable[Any], batch_size: int | None = None, ignore_conflicts: bool = False, update_conflicts: bool = False, **kwargs: Any
    ) -> list[Any]:
        """As Django's, without conflicts: what such a statement did cannot be known, so it could not be kept."""
        if ignore_conflicts or update_conflicts:
            raise ValueError("AutomationRule.bulk_create() cannot ignore or update conflicts: the settings log could not tell what happened.")
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, batch_size=batch_size, **kwargs)
            self._keep({}, [rule.pk for rule in created])
        return created

    def _locked(self) -> dict[int, dict[str, Any]]:
        """These rules as they are kept, locked in the order of their keys, without a join."""
        return {rule.pk: rule.kept() for rule in self.order_by("pk").select_for_update(no_key=True)}

    def _keep(self, before: dict[int, dict[str, Any]], pks: Collection[int]) -> None:
        for rule in self.model._default_manager.using(self.db).filter(pk__in=pks).select_related("lead_status"):
            item = _t("Rule: {title}").format(title=rule)
            SettingsChange.record(area=RULES_AREA, item=item, item_id=rule.pk, before=before.get(rule.pk, {}), after=rule.kept())


class AutomationRule(models.Model):
    """When this happens, set the category to that (A1). A row that is off keeps what was chosen (W1)."""

    KEPT = ("trigger", "lead_status_id", "target_category_id", "ask_user", "is_enabled")  # in the settings log, and whether it is archived

    trigger = models.CharField(_("trigger"), max_length=20, choices=Trigger)
    lead_status = models.ForeignKey(LeadStatus, models.PROTECT, verbose_name=_("lead status"), null=True, blank=True, related_name="rules")
    target_category = models.ForeignKey(CompanyCategory, models.PROTECT, verbose_name=_("category"), null=True, blank=True, related_name="rules")
    ask_user = models.BooleanField(_("ask first"), default=False)
    is_enabled = models.BooleanField(_("on"), default=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)  # a removed row of rule 4; decisions keep it

    objects: ClassVar[Any] = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [
            # Two, since SQLite ignores nulls_distinct.
            models.UniqueConstraint(
                fields=["trigger"],
                condition=Q(lead_status=None, archived_at=None),
                name="one_rule_per_trigger",
                violation_error_message=_("There is a rule for this already"),
            ),
            models.UniqueConstraint(
                fields=["trigger", "lead_status"],
                condition=Q(lead_status__isnull=False, archived_at=None),
                name="one_rule_per_lead_status",
                violation_error_message=_("There is a rule for this lead status already"),
            ),
            models.CheckConstraint(
                condition=Q(is_enabled=False)
                | Q(target_category__isnull=False, archived_at=None) & (~Q(trigger=Trigger.LEAD_STATUS_SET) | Q(lead_status__isnull=False)),
                name="enabled_rule_is_complete",
                violation_error_message=_("A rule that is on needs a category, and rule 4 a lead status"),
            ),
            models.CheckConstraint(
                condition=Q(lead_status=None) | Q(trigger=Trigger.LEAD_STATUS_SET),
                name="only_rule_4_has_lead_status",
                violation_error_message=_("Only the rule for lead status takes a lead status"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_trigger_display()} {self.lead_status or ''}".strip()

    def save(self, **kwargs: Any) -> None:
        """As Django's, and kept in the settings log. Costs three statements more."""
        with transaction.atomic(using=kwargs.get("using")):
            rules = type(self)._default_manager.using(kwargs.get("using"))
            before = rules.filter(pk=self.pk)._locked() if self.pk else {}
            super().save(**kwargs)
            rules._keep(before, [self.pk])

    save.alters_data = True  # type: ignore[attr-defined]

    def kept(self) -> dict[str, Any]:
        """What the settings log keeps of a rule."""
        return {**{name: getattr(self, name) for name in self.KEPT}, "archived": self.archived_at is not None}

    def clean(self) -> None:
        """Forms leave out what they do not show, and with it every constraint that names it; these must hold all the same."""
        self.validate_constraints()
