"""What people write down about a company: notes, and what is to be done next, so that nobody is forgotten."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.companies import Company, Contact
from crm.models.rights import EDIT_COMPANY
from crm.models.sales import Sale
from crm.models.users import User


class RemarkQuerySet(models.QuerySet):
    """What is written about one record."""

    def about(self, record: Company | Contact | Sale) -> Self:
        """What concerns this record and has not been deleted; of a company also what was written about its contacts and sales."""
        return self.filter(**{type(record)._meta.model_name: record}, archived_at=None)

    def follow_sales(self, sale_ids: Collection[int]) -> None:
        """Sales without a company have got one: what was written about them is about the company too. One statement."""
        company = Sale.objects.filter(pk=OuterRef("sale")).values("company")[:1]
        self.filter(sale__in=sale_ids, company=None).update(company=Subquery(company))


class Remark(models.Model):
    """What notes and follow-ups share. Written about a company; perhaps about one contact or sale of it. Deleting is soft."""

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), null=True, blank=True, related_name="%(class)ss")
    contact = models.ForeignKey(Contact, models.PROTECT, verbose_name=_("contact"), null=True, blank=True, related_name="%(class)ss")
    sale = models.ForeignKey(Sale, models.PROTECT, verbose_name=_("sale"), null=True, blank=True, related_name="%(class)ss")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("written by"), related_name="+")
    archived_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def subject(self) -> Company | Contact | Sale:
        """What it is about, as closely as it says."""
        subject = self.sale or self.contact or self.company
        assert subject is not None  # the database does not hold a remark about nothing
        return subject

    def get_absolute_url(self) -> str:
        return self.subject.get_absolute_url()


def about_something(name: str) -> models.CheckConstraint:
    """A sale may have no company yet; everything else has one."""
    return models.CheckConstraint(condition=Q(company__isnull=False) | Q(sale__isnull=False), name=name)


class Note(Remark):
    """What somebody wants colleagues to know."""

    text = models.TextField(_("note"), max_length=5_000)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True, editable=False)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")

    objects: ClassVar[Any] = RemarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-pk"]
        constraints = [about_something("note_about_something")]
        indexes = [models.Index(fields=[name, "-id"], condition=Q(archived_at=None), name=f"note_of_{name}_newest") for name in ("company", "contact", "sale")]

    def __str__(self) -> str:
        return self.text[:60]


class FollowUpQuerySet(RemarkQuerySet):
    """What is still to be done, and by whom."""

    def open(self) -> Self:
        """Not done, not deleted."""
        return self.filter(done_at=None, archived_at=None)

    def due_for(self, user: User, until: dt.date) -> Self:
        """What this person is to do up to and including that day, the most urgent first; what concerns an archived record is not due.

        Of an administrator also what nobody else sees to: its owner has left, or may not edit companies.
        """
        mine = Q(owner=user)
        if user.is_administrator:
            mine |= ~Q(owner__in=User.objects.who_may(EDIT_COMPANY).order_by().values("pk"))
        current = [Q(**{name: None}) | Q(**{f"{name}__archived_at": None}) for name in ("company", "contact", "sale")]
        return self.open().filter(mine, *current, due_on__lte=until).select_related("company", "contact", "sale", "owner").order_by("due_on", "pk")

    def follow_records(self, name: str, companies: Mapping[int, int]) -> None:
        """These contacts or sales (`name`) have moved to these companies: what is still to be done there goes with them.

        What is done stays where it was done. What names a sale goes where the sale is, not where its contact went. One statement
        for each company.
        """
        records: dict[int, list[int]] = defaultdict(list)
        for pk, company in companies.items():
            records[company].append(pk)
        moving = self.open() if name == "sale" else self.open().filter(sale=None)
        for company, pks in records.items():
            moving.filter(**{f"{name}__in": pks}).exclude(company=company).update(company=company)

    def waiting_of(self, user_ids: Collection[int]) -> Self:
        """What these users have still to do."""
        return self.open().filter(owner__in=user_ids)

    def pass_on(self, user_ids: Collection[int]) -> None:
        """Who leaves gives what is to be done to each company's our contact, where that is somebody else who may. One statement."""
        new = User.objects.who_may(EDIT_COMPANY).filter(companies=OuterRef("company")).order_by().values("pk")[:1]
        self.waiting_of(user_ids).update(owner=Coalesce(Subquery(new), F("owner")))


class FollowUp(Remark):
    """What is to be done next, when and by whom."""

    text = models.CharField(_("what"), max_length=200)
    due_on = models.DateField(_("when"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("who"), related_name="follow_ups")
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(_("last change"), auto_now=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")

    objects: ClassVar[Any] = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["due_on", "pk"]
        constraints = [
            about_something("follow_up_about_something"),
            models.CheckConstraint(condition=Q(done_by__isnull=True) | Q(done_at__isnull=False), name="follow_up_done_by_means_done"),
        ]
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(done_at=None, archived_at=None), name="follow_up_due"),
            *(
                models.Index(fields=[name, "due_on"], condition=Q(done_at=None, archived_at=None), name=f"follow_up_of_{name}")
                for name in ("company", "contact", "sale")
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been done before today."""
        return self.done_at is None and self.due_on < timezone.localdate()

    @property
    def is_today(self) -> bool:
        """Whether today is the day."""
        return self.due_on == timezone.localdate()

    def get_plan_url(self) -> str:
        """Where the next one is planned."""
        return reverse(f"crm:{self.subject._meta.model_name}-follow-up", args=[self.subject.pk])
