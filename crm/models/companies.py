"""Companies, the people at them, and the one road by which a company's category changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor
from crm.identity import name_key
from crm.models.bulk import CHUNK, Row
from crm.models.categories import CompanyCategory
from crm.models.records import Record, RecordQuerySet, external_constraint
from crm.signals import CREATED, MANUAL, CategoryChange, ContactChange, categories_changed, contacts_changed
from crm.sql import among, is_postgresql, keys, moment


class CompanyQuerySet(RecordQuerySet):
    """Every write of `category` counts the company's changes (A10)."""

    def namesakes(self, name: str, *, most: int = 5) -> list[Any]:
        """Companies of exactly this name, whatever its case. One statement."""
        wanted = name_key(name)
        return list(self.filter(name_key=wanted).order_by("pk")[:most]) if wanted else []

    def write(self, rows: dict[int, dict[str, Any]], kwargs: dict[str, Any]) -> dict[int, dict[str, Any]]:
        rest = {name: value for name, value in kwargs.items() if name not in ("category", "category_id")}
        target = kwargs.get("category", kwargs.get("category_id"))
        category = target.pk if isinstance(target, models.Model) else int(target)
        if rest:
            super().write(rows, rest)
        moving = dict.fromkeys((pk for pk, old in rows.items() if old["category_id"] != category), category)
        _write_categories(moving, using=self.db)
        return {pk: {**old, "category_id": category, "category_version": old["category_version"] + 1} if pk in moving else old for pk, old in rows.items()}


def _write_categories(moving: Mapping[int, int], using: str = DEFAULT_DB_ALIAS) -> None:
    """Move the locked companies, each of which is elsewhere; one statement for each category and 2,000 companies."""
    by_target: dict[int, list[int]] = defaultdict(list)
    for pk, category in moving.items():
        by_target[category].append(pk)
    now, actor = moment(timezone.now(), using), current_actor()
    text = "UPDATE crm_company SET category_id = %s, category_version = category_version + 1, updated_at = %s, updated_by_id = %s WHERE "
    with connections[using].cursor() as cursor:
        for target, pks in by_target.items():
            for part in batched(pks, CHUNK):
                cursor.execute(text + among("id", using), [target, now, actor.pk if actor else None, keys(part, using)])


class Standing(NamedTuple):
    """Where a company stands: its category, and the number of its last change (A10)."""

    category_id: int
    version: int


class Company(Record):
    """An organisation. It always has one category (C1)."""

    WATCHED = frozenset({"category_id"})
    READ = frozenset({"category_version"})
    SEARCHED = ("name", "city", "registration_number")
    KEYS = {"name_key": "name", "website_domain": "website"}

    name = models.CharField(_("name"), max_length=200)
    category = models.ForeignKey(CompanyCategory, models.PROTECT, verbose_name=_("category"), related_name="companies", db_index=False)
    category_version = models.PositiveIntegerField(default=1, editable=False)
    our_contact = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("our contact"), null=True, blank=True, related_name="companies", db_index=False
    )
    registration_number = models.CharField(_("CVR no."), max_length=20, blank=True)
    business = models.CharField(_("business"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    website = models.URLField(_("website"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("town"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    name_key = models.CharField(max_length=200, editable=False, default="", db_default="")
    website_domain = models.CharField(max_length=254, editable=False, default="", db_default="")

    objects: ClassVar[Any] = CompanyQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["name", "id"], name="company_name_order"),
            models.Index(fields=["category", "name", "id"], name="company_of_category"),  # these two are the keys' own as well
            models.Index(fields=["our_contact", "name", "id"], name="company_of_our_contact"),
            models.Index(fields=["name_key", "id"], name="company_name_key"),
            models.Index(fields=["website_domain", "id"], name="company_website_domain"),
        ]
        constraints = [external_constraint("one_company_per_external_key")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:company", args=[self.pk])

    def derive(self) -> None:
        super().derive()
        if self.__dict__.get("category_id", "deferred") is None:
            self.category = CompanyCategory.objects.get(is_default=True)

    @classmethod
    def derive_all(cls, objs: list[Any]) -> None:
        if any(obj.category_id is None for obj in objs):
            default = CompanyCategory.objects.get(is_default=True)
            for obj in objs:
                if obj.category_id is None:
                    obj.category = default
        super().derive_all(objs)
        for obj in objs:
            if obj._state.adding:
                obj.category_version = 1

    def before_write(self, old: dict[str, Any] | None) -> set[str]:
        if old is None:
            self.category_version = 1
            return set()
        moved = old["category_id"] != int(self.category_id)
        self.category_version = old["category_version"] + (1 if moved else 0)
        return {"category_version"}

    @classmethod
    def announce(cls, rows: list[Row]) -> None:
        created: list[CategoryChange] = []
        moved: list[CategoryChange] = []
        for row in rows:
            old = row.old["category_id"] if row.old else None
            if old != row.new["category_id"]:
                change = CategoryChange(row.pk, old, row.new["category_id"], row.new["category_version"])
                (moved if row.old else created).append(change)
        for changes, origin in ((created, CREATED), (moved, MANUAL)):
            if changes:
                categories_changed.send(cls, changes=changes, origin=origin)


def lock_companies(pks: Iterable[int]) -> dict[int, Standing]:
    """Lock these companies in the order of their keys, without a join, and read where they stand. One statement for 2,000."""
    locked: dict[int, Standing] = {}
    text = f"SELECT id, category_id, category_version FROM crm_company WHERE {among('id')} ORDER BY id{' FOR NO KEY UPDATE' if is_postgresql() else ''}"
    with connection.cursor() as cursor:
        for part in batched(sorted(pks), CHUNK):
            cursor.execute(text, [keys(part)])
            locked |= {pk: Standing(category, version) for pk, category, version in cursor.fetchall()}
    return locked


def move_companies(
    wanted: Mapping[int, int], *, origin: str, locked: dict[int, Standing] | None = None, uses_lead_status: Mapping[int, bool] | None = None
) -> list[CategoryChange]:
    """Move companies to other categories: the road for code that writes its own decision, which `origin` says.

    `wanted` maps company to category; `locked` is what `lock_companies()` returned, if the caller has locked already: it is
    brought up to date. `uses_lead_status` is what the caller has read of the new categories. Returns the changes made; a company
    that is there already has none. One statement for each category and 2,000 companies.
    """
    with transaction.atomic(savepoint=False):
        if locked is None:
            locked = lock_companies(wanted)
        elif not wanted.keys() <= locked.keys():
            raise ValueError("move_companies() was asked to move companies that its caller has not locked.")
        moving = {pk: category for pk, category in wanted.items() if pk in locked and locked[pk].category_id != category}
        _write_categories(moving)
        uses, changes = uses_lead_status or {}, []
        for pk, category in moving.items():
            old = locked[pk]
            locked[pk] = Standing(category, old.version + 1)
            changes.append(CategoryChange(pk, old.category_id, category, old.version + 1, uses.get(category)))
        if changes:
            categories_changed.send(Company, changes=changes, origin=origin)
    return changes


def lock_contacts(pks: Any) -> None:
    """Lock these contacts (a list of keys, or a query of them) in the order of their keys: before their leads, and their companies."""
    list(models.QuerySet(Contact).filter(pk__in=pks).order_by("pk").select_for_update(no_key=True).values_list("pk"))


class Contact(Record):
    """A person at a company."""

    WATCHED = frozenset({"company_id"})
    SEARCHED = ("first_name", "last_name", "email")
    KEYS = {"email_key": "email", "email_domain": "email"}

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), related_name="contacts")
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    title = models.CharField(_("title"), max_length=80, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)  # nothing is kept of who they were
    email = models.EmailField(_("email address"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email_key = models.CharField(max_length=254, editable=False, default="", db_default="")
    email_domain = models.CharField(max_length=254, editable=False, default="", db_default="")

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["first_name", "last_name", "pk"]
        indexes = [
            models.Index(fields=["first_name", "last_name", "id"], name="contact_name_order"),
            models.Index(fields=["last_name", "first_name", "id"], name="contact_last_name_order"),
            models.Index(fields=["email_key", "id"], name="contact_email_key"),
            models.Index(fields=["email_domain", "company", "id"], name="contact_email_domain"),
        ]
        constraints = [
            external_constraint("one_contact_per_external_key"),
            models.CheckConstraint(condition=models.Q(erased_at=None) | models.Q(archived_at__isnull=False), name="erased_contact_is_archived"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:contact", args=[self.pk])

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def initials(self) -> str:
        """Two letters for an avatar."""
        return self.first_name[:1] + self.last_name[:1]

    @classmethod
    def announce(cls, rows: list[Row]) -> None:
        changes = [
            ContactChange(row.pk, row.old["company_id"] if row.old else None, row.new["company_id"])
            for row in rows
            if not row.old or row.old["company_id"] != row.new["company_id"]
        ]
        if changes:
            contacts_changed.send(cls, changes=changes)
