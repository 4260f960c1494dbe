"""Rules, and the one ledger of every decision about a company's category."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.models import Company, CompanyCategory, Contact, Sale, SettingsChange, User
from crm.models.history import HistoryKey
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

    def saved(self, *, by: User) -> None:
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


class Batch(models.Model):
    """Decisions that belong together: an import, a bulk edit, a backfill."""

    token = models.UUIDField(unique=True, editable=False)
    kind = models.CharField(max_length=20)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("batch")
        verbose_name_plural = _("batches")

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("workflow:batch", args=[self.pk])

    @property
    def title(self) -> str:
        """What it was, in the reader's language."""
        titles = {"import": _("Import"), "bulk": _("Bulk edit"), "backfill": _("Applied to existing companies"), "undo": _("Undo"), "retry": _("Retry")}
        return str(titles.get(self.kind, self.kind))


class Outcome(models.TextChoices):
    """What came of it (A8)."""

    CHANGED = "changed", _("Changed")
    WAITING = "waiting", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    CHOSE_OTHER = "chose_other", _("Changed to another category")
    KEPT = "kept", _("Kept")
    SKIPPED = "skipped", _("Skipped")
    REPLACED = "replaced", _("Replaced by a newer one")
    OBSOLETE = "obsolete", _("Obsolete")
    FAILED = "failed", _("Failed")
    UNDONE = "undone", _("Undone")


APPLIED = (Outcome.CHANGED, Outcome.ACCEPTED, Outcome.CHOSE_OTHER, Outcome.UNDONE)


class SkipReason(models.TextChoices):
    """Why a rule did not act (A8)."""

    RULES_NOT_RUN = "rules_not_run", _("rules were not run by this import")
    NOT_POTENTIAL = "not_potential", _("not a potential customer")
    LEAD_STATUS_OFF = "lead_status_off", _("lead status is not enabled")
    TARGET_DELETED = "target_deleted", _("the rule's category has been deleted")
    ALREADY_THERE = "already_there", _("already there")
    ALREADY_DECLINED = "already_declined", _("already declined")
    OTHER_CAUSE = "other_cause", _("another cause acted")


class DecisionQuerySet(models.QuerySet["CategoryDecision"]):
    """The ledger as the screens read it."""

    def waiting(self) -> DecisionQuerySet:
        """Suggestions that nobody has answered."""
        return self.filter(outcome=Outcome.WAITING)

    def failed(self) -> DecisionQuerySet:
        """Rules that failed and that nobody has retried."""
        return self.filter(outcome=Outcome.FAILED, retried_by=None)

    def with_names(self) -> DecisionQuerySet:
        """Everything a sentence about a decision names, in one statement."""
        return self.select_related(
            "company__category",
            "rule",
            "sale",
            "contact",
            "lead_status",
            "from_category",
            "suggested_category",
            "to_category",
            "caused_by",
            "asked_of",
            "decided_by",
            "batch__user",
            "retried_by",
        )


class CategoryDecision(models.Model):
    """What a rule, or a person, did with a company's category, or why nothing was done.

    Append-only, but for the step from waiting to decided. `applied_version` is the company's number for an applied change (A10).
    """

    class Origin(models.TextChoices):
        """Triggers that are not rules'."""

        CREATED = "created", _("Created")
        MANUAL = "manual", _("By hand")
        UNDO = "undo", _("Undo")
        BACKFILL = "backfill", _("Backfill")
        REPLACE = "replace", _("List item replaced")

    TRIGGERS = [*Trigger.choices, *Origin.choices]

    company = HistoryKey(Company, related_name="decisions", verbose_name=_("company"))
    trigger = models.CharField(_("trigger"), max_length=20, choices=TRIGGERS)
    rule = HistoryKey(AutomationRule, null=True, blank=True, related_name="decisions", verbose_name=_("rule"))
    sale = HistoryKey(Sale, null=True, blank=True, related_name="decisions", verbose_name=_("sale"))
    contact = HistoryKey(Contact, null=True, blank=True, related_name="decisions", verbose_name=_("contact"))
    lead_status = HistoryKey(LeadStatus, null=True, blank=True, related_name="decisions", verbose_name=_("lead status"))
    batch = HistoryKey(Batch, null=True, blank=True, related_name="decisions")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by", db_constraint=False)
    retries = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="retried_by", db_constraint=False)
    outcome = models.CharField(_("outcome"), max_length=15, choices=Outcome)
    skip_reason = models.CharField(_("reason"), max_length=20, choices=SkipReason, blank=True)
    error = models.TextField(blank=True)
    applied_version = models.PositiveIntegerField(null=True, blank=True)
    from_category = HistoryKey(CompanyCategory, null=True, blank=True, related_name="+", verbose_name=_("from"))
    suggested_category = HistoryKey(CompanyCategory, null=True, blank=True, related_name="+", verbose_name=_("suggested"))
    to_category = HistoryKey(CompanyCategory, null=True, blank=True, related_name="+", verbose_name=_("to"))
    caused_by = HistoryKey(settings.AUTH_USER_MODEL, null=True, blank=True, related_name="+", verbose_name=_("caused by"))
    asked_of = HistoryKey(settings.AUTH_USER_MODEL, null=True, blank=True, related_name="+", verbose_name=_("asked of"))
    decided_by = HistoryKey(settings.AUTH_USER_MODEL, null=True, blank=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    created_at = models.DateTimeField(_("time"), default=timezone.now)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="waiting", decided_at=None) | ~Q(outcome="waiting") & Q(decided_at__isnull=False), name="undecided_exactly_while_waiting"
            ),
            models.CheckConstraint(condition=Q(decided_by=None) | Q(decided_at__isnull=False), name="decider_implies_time"),
            models.UniqueConstraint(fields=["company"], condition=Q(outcome="waiting"), name="one_waiting_per_company"),
            models.UniqueConstraint(fields=["company", "applied_version"], condition=Q(applied_version__isnull=False), name="one_number_per_applied_change"),
            models.CheckConstraint(
                condition=Q(outcome__in=["changed", "accepted", "chose_other", "undone"], applied_version__isnull=False, to_category__isnull=False)
                | ~Q(outcome__in=["changed", "accepted", "chose_other", "undone"]) & Q(applied_version=None, to_category=None),
                name="applied_exactly_when_numbered",
            ),
            models.CheckConstraint(
                condition=Q(outcome="skipped") & ~Q(skip_reason="") | ~Q(outcome="skipped") & Q(skip_reason=""), name="skipped_exactly_with_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-id"], name="decision_company_recent"),
            models.Index(fields=["asked_of"], condition=Q(outcome="waiting"), name="decision_waiting_of"),
            models.Index(fields=["sale"], condition=Q(outcome="waiting", sale__isnull=False), name="decision_waiting_sale"),
            models.Index(fields=["contact"], condition=Q(outcome="waiting", contact__isnull=False), name="decision_waiting_contact"),
            models.Index(fields=["company"], condition=Q(outcome__in=["kept", "undone"]), name="decision_declined"),
            models.Index(fields=["decided_by", "-decided_at"], condition=Q(decided_by__isnull=False), name="decision_decided_by"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="decision_batch"),
            models.Index(fields=["outcome"], condition=Q(outcome="failed"), name="decision_failed"),
            models.Index(fields=["rule", "outcome", "-created_at"], name="decision_rule_outcome"),
            models.Index(fields=["-decided_at", "-id"], name="decision_decided_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.trigger} {self.outcome}"


class HandOver(models.Model):
    """A waiting suggestion that was given to somebody else: who gave it to whom is kept."""

    decision = models.ForeignKey(CategoryDecision, models.PROTECT, related_name="hand_overs")
    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")

    def __str__(self) -> str:
        return f"{self.decision_id}: {self.to_user_id}"


class Look(models.Model):
    """What an enabled rule sees when it looks at a company (A8): no table, but the columns of a query (verdicts.py) that guards speak of."""

    record_id = models.BigIntegerField(primary_key=True)  # of the sale, or of the contact
    company_id = models.BigIntegerField()
    trigger = models.CharField(max_length=20)
    precedence = models.IntegerField()
    category_id = models.BigIntegerField()  # where the company is
    group_key = models.CharField(max_length=30)
    uses_lead_status = models.BooleanField()
    version = models.IntegerField()
    our_contact_id = models.BigIntegerField(null=True)
    rule_id = models.BigIntegerField()
    target_id = models.BigIntegerField()  # where the rule wants it
    target_is_deleted = models.BooleanField()
    asks = models.BooleanField()
    sale_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)
    lead_status_id = models.BigIntegerField(null=True)
    rules_run = models.BooleanField()

    class Meta:
        managed = False
        db_table = "look"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.trigger} {self.record_id}"
