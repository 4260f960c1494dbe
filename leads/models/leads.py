"""The lead status of each contact, and its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor
from crm.models import Contact, User
from crm.models.bulk import Row, WatchedQuerySet
from crm.models.companies import lock_companies, lock_contacts
from crm.models.watch import Watched
from crm.sql import among, insert_rows, keys
from leads.models.statuses import LeadStatus
from leads.signals import LeadChange, leads_changed

NEW = dt.timedelta(days=14)


def _lock_companies_of(contacts: list[int]) -> None:
    """Before the first status of these locked contacts is written: whoever moves their company may be about to give them one."""
    lock_companies(set(models.QuerySet(Contact).filter(pk__in=contacts).values_list("company_id", flat=True)))


class LeadQuerySet(WatchedQuerySet):
    """Locks contacts before leads: a contact that is moving at this moment is judged by where it arrives."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        with transaction.atomic(using=self.db):
            by_people = [lead.contact_id for lead in objs if not lead.is_automatic]
            if by_people:
                lock_contacts(by_people)
                _lock_companies_of(by_people)
            return super().bulk_create(objs, *args, **kwargs)

    def count_of(self, company_ids: Collection[int]) -> int:
        """How many contacts of these companies have a lead status. One statement, however many they are."""
        with connection.cursor() as cursor:
            text = f"SELECT COUNT(*) FROM leads_lead l JOIN crm_contact p ON p.id = l.contact_id WHERE {among('p.company_id')}"
            cursor.execute(text, [keys(company_ids)])
            return cursor.fetchone()[0]

    def new_of(self, user: User) -> Self:
        """Leads that wait for a first step: at current companies of this user, open, given by Havn or new, and touched by nobody."""
        touched = LeadStatusChange.objects.filter(contact=models.OuterRef("pk"), from_status__isnull=False, is_automatic=False, is_replacement=False)
        company = {"our_contact": user, "archived_at": None, "category__lead_status_enabled": True}  # L1
        return self.filter(
            models.Q(is_automatic=True) | models.Q(created_at__gte=timezone.now() - NEW),
            ~models.Exists(touched),
            status__meaning=LeadStatus.Meaning.OPEN,
            contact__archived_at=None,
            **{f"contact__company__{name}": value for name, value in company.items()},
        )

    def replace_status(self, new: LeadStatus) -> int:
        """Give these another status because theirs goes (C4): each change is kept, and fires no rule. Returns how many.

        Three statements, two more for each 2,000.
        """
        with transaction.atomic(using=self.db):
            rows = self._lock()
            self.write(rows, self.model.touch_update({"status": new}))
            changes = [LeadChange(pk, old["status_id"], new.pk, replaced=True) for pk, old in rows.items() if old["status_id"] != new.pk]
            if changes:
                LeadStatusChange.record(changes)
                leads_changed.send(self.model, changes=changes)
        return len(changes)

    replace_status.alters_data = True

    def _lock(self) -> dict[int, dict[str, Any]]:
        lock_contacts(self.order_by().values("pk"))
        return super()._lock()


class Lead(Watched):
    """A contact's lead status. Kept when the company's category hides it (L1)."""

    WATCHED = frozenset({"status_id"})
    READ = frozenset({"is_automatic"})

    contact = models.OneToOneField(Contact, models.PROTECT, primary_key=True, related_name="lead", verbose_name=_("contact"))
    status = models.ForeignKey(LeadStatus, models.PROTECT, related_name="leads", verbose_name=_("lead status"))
    is_automatic = models.BooleanField(_("assigned by Havn"), default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = LeadQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["status", "updated_at", "contact"], name="lead_board")]
        verbose_name = _("lead")
        verbose_name_plural = _("leads")

    def __str__(self) -> str:
        return f"{self.contact}: {self.status}"

    def save(self, **kwargs: Any) -> None:
        """As Watched's; costs one statement more, which locks the contact, and two more for a first status.

        A first status meets the default that somebody's move of the company gives at this moment: then it follows that.
        """
        with transaction.atomic():
            lock_contacts([self.contact_id])
            if self._state.adding:
                _lock_companies_of([self.contact_id])
            try:
                with transaction.atomic(savepoint=self._state.adding):
                    super().save(**kwargs)
            except IntegrityError:
                if not self._state.adding or not models.QuerySet(Lead).filter(pk=self.pk, is_automatic=True).exists():
                    raise
                super().save(**{**kwargs, "force_insert": False})

    @classmethod
    def announce(cls, rows: list[Row]) -> None:
        changes = [
            LeadChange(row.pk, row.old["status_id"] if row.old else None, row.new["status_id"], not row.old and row.new["is_automatic"])
            for row in rows
            if not row.old or row.old["status_id"] != row.new["status_id"]
        ]
        if changes:
            LeadStatusChange.record(changes)
            leads_changed.send(cls, changes=changes)


class LeadStatusChange(models.Model):
    """One change of a contact's lead status (L4). Before the first `from_status` is empty."""

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="lead_status_changes")
    from_status = models.ForeignKey(LeadStatus, models.PROTECT, null=True, related_name="+")
    to_status = models.ForeignKey(LeadStatus, models.PROTECT, related_name="+")
    is_automatic = models.BooleanField(default=False)
    is_replacement = models.BooleanField(default=False)  # the status it had was deleted, and replaced by this one (C4)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("lead status change")
        verbose_name_plural = _("lead status changes")

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.to_status_id}"

    @classmethod
    def record(cls, changes: Iterable[LeadChange]) -> None:
        """Keep these changes; one statement for 2,000."""
        now, actor = timezone.now(), current_actor()
        who = actor.pk if actor else None
        insert_rows(
            cls,
            ("contact", "from_status", "to_status", "is_automatic", "is_replacement", "at", "by"),
            [(change.contact_id, change.old_status_id, change.new_status_id, change.automatic, change.replaced, now, who) for change in changes],
        )
