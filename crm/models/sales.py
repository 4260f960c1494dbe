"""Sales, and the record of what happened to them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models, router
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.actor import current_actor
from crm.models.bulk import Row
from crm.models.companies import Company, Contact, Record, RecordQuerySet, external_constraint
from crm.models.history import HistoryKey
from crm.models.lists import SaleReason, SaleStage
from crm.signals import SaleChange, sales_changed
from crm.sql import insert_rows
from crm.text import fold

DERIVED_FROM_STATUS = ("closed_on", "reason", "reason_note", "reopen_on")


def default_currency() -> str:
    """The installation's currency (ISO 4217)."""
    return settings.DEFAULT_CURRENCY


class SaleQuerySet(RecordQuerySet):
    """Sales, and what they are worth."""

    def open(self) -> Self:
        """Open sales that are not archived."""
        return self.filter(status=Sale.Status.OPEN, archived_at=None)

    def found_by(self, text: str) -> Self:
        """Those whose title, or whose company, holds every word of `text`. A statement for each where there is an index."""
        if not fold(text):
            return self
        titled, at = Sale.objects.search(text), Company.objects.search(text)
        return self.filter(Q(pk__in=titled.order_by().values("pk")) | Q(company__in=at.order_by().values("pk")))

    def sums(self) -> list[tuple[str, Decimal]]:
        """What these are worth in each currency, the largest first: amounts of two currencies are never added. One statement."""
        rows = self.order_by().values_list("currency").annotate(total=Sum("amount"))
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def sums_by(self, name: str) -> dict[Any, list[tuple[str, Decimal]]]:
        """As `sums()`, for each value of the column `name`. One statement."""
        return self.totals_by(name)[1]

    def totals_by(self, name: str) -> tuple[dict[Any, int], dict[Any, list[tuple[str, Decimal]]]]:
        """How many there are for each value of the column `name`, and their `sums()`. One statement."""
        counts: dict[Any, int] = defaultdict(int)
        sums: dict[Any, list[tuple[str, Decimal]]] = defaultdict(list)
        rows = self.order_by().values_list(name, "currency").annotate(n=Count("*"), total=Sum("amount"))
        for value, currency, count, total in sorted(rows, key=lambda row: (-row[3], row[1])):
            counts[value] += count
            sums[value].append((currency, total))
        return counts, sums


class Sale(Record):
    """A possible or closed deal (S1). Its company may be filled in later."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("sale", "Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        STALLED = "stalled", _("Stalled")

    CLOSED = (Status.WON, Status.LOST)
    WATCHED = frozenset({"status", "company_id", "archived_at"})
    SEARCHED = ("title",)

    title = models.CharField(_("title"), max_length=200)
    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), null=True, blank=True, related_name="sales")
    contact = models.ForeignKey(Contact, models.PROTECT, verbose_name=_("contact"), null=True, blank=True, related_name="sales")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    stage = models.ForeignKey(SaleStage, models.PROTECT, verbose_name=_("stage"), null=True, blank=True, related_name="sales")
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, default=0, validators=[MinValueValidator(0, _("Enter an amount of 0 or more"))])
    currency = models.CharField(
        _("currency"), max_length=3, default=default_currency, validators=[RegexValidator(r"^[A-Z]{3}$", _("Enter three letters, such as DKK"))]
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("owner"), null=True, blank=True, related_name="sales")
    expected_close = models.DateField(_("expected closing date"), null=True, blank=True)
    closed_on = models.DateField(_("closing date"), null=True, blank=True)
    reopen_on = models.DateField(_("re-open date"), null=True, blank=True)
    reason = models.ForeignKey(SaleReason, models.PROTECT, verbose_name=_("reason"), null=True, blank=True, related_name="sales")
    reason_note = models.CharField(_("note"), max_length=500, blank=True)
    description = models.TextField(_("description"), blank=True)

    objects: ClassVar[Any] = SaleQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-updated_at", "-pk"]
        indexes = [
            models.Index(fields=["company", "status"], name="sale_company_status"),
            models.Index(fields=["-updated_at", "-id"], name="sale_recent_first"),
            models.Index(fields=["stage", "expected_close", "id"], name="sale_pipeline", condition=Q(status="open", archived_at=None)),
            # The pipeline's sums and numbers are read from these alone; SQLite looks for the condition's columns in the index, too.
            models.Index(fields=["stage", "currency", "amount", "status", "archived_at"], name="sale_open_sums", condition=Q(status="open", archived_at=None)),
            models.Index(
                fields=["status", "closed_on", "id", "currency", "amount", "archived_at"],
                name="sale_closed_sums",
                condition=Q(closed_on__isnull=False, archived_at=None),
            ),
            models.Index(fields=["reopen_on", "id", "status", "archived_at"], name="sale_stalled_first", condition=Q(status="stalled", archived_at=None)),
        ]
        constraints = [
            external_constraint("one_sale_per_external_key"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="sale_amount_not_negative", violation_error_message=_("Enter an amount of 0 or more")),
            models.CheckConstraint(condition=Q(status__in=["open", "won", "lost", "stalled"]), name="sale_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["won", "lost"], closed_on__isnull=False) | Q(status__in=["open", "stalled"], closed_on__isnull=True),
                name="sale_closed_has_date",
                violation_error_message=_("A sale has a closing date exactly when it is won or lost"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("crm:sale", args=[self.pk])

    @property
    def is_closed(self) -> bool:
        """Won or lost."""
        return self.status in self.CLOSED

    @property
    def is_overdue(self) -> bool:
        """Open, though it was expected to close before today."""
        return self.status == self.Status.OPEN and self.expected_close is not None and self.expected_close < timezone.localdate()

    def clean(self) -> None:
        """A sale's contact works at the sale's company, when either is chosen (S1). A contact who moved later stays (L5)."""
        self.derive()  # the date that goes with the status, before anybody checks that it does
        before = self.memory.known(router.db_for_write(Sale)) or {}
        touched = (before.get("contact_id"), before.get("company_id")) != (self.contact_id, self.company_id)
        if self.contact and touched and self.contact.company_id != self.company_id:
            raise ValidationError({"contact": _("{contact} does not work at this company").format(contact=self.contact)})

    def win(self) -> None:
        """Mark as won, today; a date and reason of having been lost go. Doing it twice changes once (S2), doing it again after a rollback does."""
        known = self.memory.known(router.db_for_write(Sale)) or {}
        if known.get("status") != self.Status.WON:
            self.status, self.closed_on, self.reason, self.reason_note = self.Status.WON, None, None, ""
            self.save()

    def reopen(self) -> None:
        """Open again: closing date and reason go, and no rule runs (S2)."""
        self.status = self.Status.OPEN
        self.save()

    def derive(self) -> None:
        super().derive()
        if "status" not in self.__dict__:  # deferred: nothing follows from it
            return
        if self.status in self.CLOSED:
            self.closed_on = self.closed_on or timezone.localdate()
            self.reopen_on = None
        else:
            self.closed_on, self.reason, self.reason_note = None, None, ""
            if self.status != self.Status.STALLED:
                self.reopen_on = None

    @classmethod
    def derived_names(cls, names: set[str]) -> set[str]:
        return super().derived_names(names) | (set(DERIVED_FROM_STATUS) if "status" in names else set())

    @classmethod
    def derive_update(cls, kwargs: dict[str, Any]) -> dict[str, Any]:
        status = kwargs.get("status")
        if status in cls.CLOSED:
            return {"closed_on": Coalesce(F("closed_on"), timezone.localdate()), "reopen_on": None, **kwargs}
        if status in (cls.Status.OPEN, cls.Status.STALLED):
            return {"reopen_on": None, **kwargs, "closed_on": None, "reason": None, "reason_note": ""}
        return kwargs

    @classmethod
    def announce(cls, rows: list[Row]) -> None:
        changes = []
        for row in rows:
            old, new = row.old or {"status": "", "company_id": None, "archived_at": None}, row.new
            if row.old != new:
                changes.append(SaleChange(row.pk, old["status"], new["status"], old["company_id"], new["company_id"], old["archived_at"], new["archived_at"]))
        if changes:
            SaleTransition.record(changes)
            sales_changed.send(cls, changes=changes)


class SaleTransition(models.Model):
    """One change of a sale's status or company (S4). Before creation `from_status` is empty."""

    sale = HistoryKey(Sale, related_name="transitions")
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10)
    from_company = HistoryKey(Company, null=True, related_name="+")
    to_company = HistoryKey(Company, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    by = HistoryKey(settings.AUTH_USER_MODEL, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["sale", "-id"], name="transition_of_sale")]
        verbose_name = _("sale transition")
        verbose_name_plural = _("sale transitions")

    def __str__(self) -> str:
        return f"{self.from_status or '-'} > {self.to_status}"

    @classmethod
    def record(cls, changes: list[SaleChange]) -> None:
        """Keep what changed in status or company; one statement for 2,000."""
        now, actor = timezone.now(), current_actor()
        who = actor.pk if actor else None
        rows = [
            (change.sale_id, change.old_status, change.new_status, change.old_company_id, change.new_company_id, now, who)
            for change in changes
            if change.old_status != change.new_status or change.old_company_id != change.new_company_id
        ]
        if rows:
            insert_rows(cls, ("sale", "from_status", "to_status", "from_company", "to_company", "at", "by"), rows)
