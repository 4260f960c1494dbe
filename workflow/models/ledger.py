"""The one ledger of every decision about a company's category."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.models import Company, CompanyCategory, Contact, Sale
from crm.models.history import HistoryKey
from leads.models import LeadStatus
from workflow.models.rules import AutomationRule, Trigger


class Batch(models.Model):
    """Decisions that belong together: an import, a bulk edit, a backfill."""

    RETRY = "retry"

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
        if self.kind == "backfill":
            return _t("Applied: {rule} → {category}").format(rule=self.backfill.rule, category=self.backfill.target_category)
        titles = {"import": _("Import"), "bulk": _("Bulk edit"), "undo": _("Undo"), "retry": _("Retry"), "replace": _("List item replaced")}
        return str(titles.get(self.kind, self.kind))


class Backfill(models.Model):
    """A rule that is applied to existing companies, as it was when somebody asked for it. Its decisions are those of the batch.

    Companies are gone through in the order of their keys; `done_to` is the last of them. Who changes the rule stops it.
    """

    batch = models.OneToOneField(Batch, models.PROTECT, primary_key=True, related_name="backfill")
    rule = models.ForeignKey(AutomationRule, models.PROTECT, related_name="+")
    lead_status = models.ForeignKey(LeadStatus, models.PROTECT, null=True, related_name="+")
    target_category = models.ForeignKey(CompanyCategory, models.PROTECT, related_name="+")
    ask_user = models.BooleanField()
    ask_our_contact = models.BooleanField(default=False)  # rather than whoever applies it
    since = models.DateTimeField()  # it looks at what happened between these two
    until = models.DateTimeField()
    left_out = models.JSONField(default=list)  # keys of companies
    total = models.PositiveIntegerField()  # companies it wants to look at
    done_to = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    stopped = models.BooleanField(default=False)  # before it was done, since the rule had changed

    class Meta:
        verbose_name = _("applied rule")
        verbose_name_plural = _("applied rules")

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.rule_id}"

    @property
    def asked_of_id(self) -> int | None:
        """Who is asked where the rule asks; None is by Q3 our contact, else the administrators. Expects `batch`."""
        return None if self.ask_our_contact else self.batch.user_id


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
    SALE_ARCHIVED = "sale_archived", _("the sale is archived")
    ALREADY_ACTED = "already_acted", _("the rule has acted on this already")
    QUESTION_WAITS = "question_waits", _("a question about it waits already")
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
            models.Index(fields=["asked_of", "-created_at", "-id"], condition=Q(outcome="waiting"), name="decision_waiting_of_recent"),
            models.Index(fields=["-created_at", "-id"], condition=Q(outcome="waiting"), name="decision_waiting_recent"),
            models.Index(fields=["sale"], condition=Q(outcome="waiting", sale__isnull=False), name="decision_waiting_sale"),
            models.Index(fields=["contact"], condition=Q(outcome="waiting", contact__isnull=False), name="decision_waiting_contact"),
            models.Index(fields=["company"], condition=Q(outcome__in=["kept", "undone"]), name="decision_declined"),
            models.Index(fields=["decided_by", "-decided_at"], condition=Q(decided_by__isnull=False), name="decision_decided_by"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="decision_batch"),
            models.Index(fields=["outcome"], condition=Q(outcome="failed"), name="decision_failed"),
            models.Index(fields=["rule", "outcome", "-created_at"], name="decision_rule_outcome"),
            models.Index(fields=["-decided_at", "-id"], name="decision_decided_recent"),
            models.Index(fields=["-created_at", "-id"], name="decision_created_recent"),
            # Beside the unique ones, which SQLite does not use once it has counted them: they are of nearly nothing but NULL.
            models.Index(fields=["retries"], condition=Q(retries__isnull=False), name="decision_retries"),
            models.Index(fields=["undoes"], condition=Q(undoes__isnull=False), name="decision_undoes"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.trigger} {self.outcome}"

    @property
    def cause(self) -> str:
        """The trigger that a rule answered to, also where it was applied later, or undone; empty where no rule was at work. Expects `rule`."""
        if self.trigger in Trigger.values:
            return self.trigger
        return self.rule.trigger if self.rule else ""


class HandOver(models.Model):
    """A waiting suggestion that was given to somebody else: who gave it to whom is kept. Nobody is the administrators.

    `takes_back` is the one that this one took back.
    """

    decision = models.ForeignKey(CategoryDecision, models.PROTECT, related_name="hand_overs")
    from_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(_("note"), max_length=300, blank=True)
    takes_back = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="taken_back_by")

    class Meta:
        ordering = ["pk"]
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            models.CheckConstraint(condition=~Q(from_user=F("to_user")), name="handed_to_somebody_else"),
            models.CheckConstraint(condition=Q(from_user__isnull=False) | Q(to_user__isnull=False), name="handed_from_or_to_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id}: {self.to_user_id}"
