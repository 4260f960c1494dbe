"""Companies, the people at them, and the one road by which a company's category changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any, ClassVar, NamedTuple, Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import search_index
from crm.actor import current_actor
from crm.models.bulk import CHUNK, Row, WatchedQuerySet, is_held
from crm.models.categories import CompanyCategory
from crm.models.watch import Watched
from crm.signals import CREATED, MANUAL, CategoryChange, ContactChange, categories_changed, contacts_changed
from crm.sql import among, is_postgresql, keys, moment
from crm.text import LONGEST, fold

MANY = 100  # names that begin like the one that is looked for


class Record(Watched):
    """What companies, contacts and sales share: archiving, search, and the key of another system (for imports)."""

    SEARCHED: ClassVar[tuple[str, ...]] = ()

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    external_source = models.CharField(_("imported from"), max_length=40, blank=True)
    external_key = models.CharField(_("key in that system"), max_length=100, blank=True)
    search_text = models.TextField(editable=False, default="")

    class Meta:
        abstract = True

    def derive(self) -> None:
        here = self.__dict__
        if not here.keys() >= set(self.SEARCHED):  # some are deferred: read them only where another has changed
            known = self.memory.known(self._state.db or DEFAULT_DB_ALIAS) or {}
            if all(here[name] == known.get(name, here) for name in self.SEARCHED if name in here):
                return
        self.search_text = fold(" ".join(str(getattr(self, name) or "") for name in self.SEARCHED))

    @classmethod
    def derived_names(cls, names: set[str]) -> set[str]:
        return {"search_text"} if names & set(cls.SEARCHED) else set()


class RecordQuerySet(WatchedQuerySet):
    """Search and archive, as every list offers them."""

    def current(self) -> Self:
        """Records that are not archived."""
        return self.filter(archived_at=None)

    def search(self, text: str) -> Self:
        """Records that hold every word of `text`, whatever its case, Æ, Ø and Å included. Asks the index at once: a statement."""
        words = fold(text[:LONGEST]).split()
        query = self
        for word in words:
            query = query.filter(search_text__contains=word)
        few = search_index.find(self.model._meta.db_table, words, self.db)
        if few is None:
            return query
        return query.filter(pk__among=few) if few else self.none()

    def found_by(self, text: str) -> Self:
        """What the search of their list finds: `search()`, and where rows show more than that looks at, that too."""
        return self.search(text)

    def update(self, **kwargs: Any) -> int:
        """As `WatchedQuerySet.update()`; the search column follows the columns it is made of."""
        if is_held() or not self.model.derived_names(set(kwargs)) & {"search_text"}:
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            pks = list(self.values_list("pk", flat=True))
            count = super().update(**kwargs)
            plain = models.QuerySet(self.model, using=self.db)
            rows = list(plain.filter(pk__in=pks))
            for row in rows:
                row.derive()
            plain.bulk_update(rows, ["search_text"], batch_size=CHUNK)
        return count

    update.alters_data = True


def external_constraint(name: str) -> models.UniqueConstraint:
    """One record for each key of another system."""
    return models.UniqueConstraint(fields=["external_source", "external_key"], condition=~Q(external_key=""), name=name)


class CompanyQuerySet(RecordQuerySet):
    """Every write of `category` counts the company's changes (A10)."""

    def namesakes(self, name: str, *, most: int = 5) -> list[Any]:
        """Companies of exactly this name, whatever its case. Two statements."""
        wanted = fold(name)
        rows = self.search(name).filter(search_text__startswith=wanted).order_by("pk")[:MANY]
        return [company for company in rows if fold(company.name) == wanted][:most]

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

    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), related_name="contacts")
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    title = models.CharField(_("title"), max_length=80, blank=True)
    email = models.EmailField(_("email address"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["first_name", "last_name", "pk"]
        indexes = [
            models.Index(fields=["first_name", "last_name", "id"], name="contact_name_order"),
            models.Index(fields=["last_name", "first_name", "id"], name="contact_last_name_order"),
        ]
        constraints = [external_constraint("one_contact_per_external_key")]

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
