"""Models that tell what happened to them, whichever way they are written.

A transition is what the database says: the row is read under a lock in the transaction of the write, and the old value
is compared with the new one. In memory a model only remembers what was last loaded or committed, as a cheap filter, and
writes only the fields that differ from it. So a rolled-back save fires again when repeated, a second save in the same
transaction does not, and a stale instance neither invents a transition nor silently undoes a colleague's.

Exceptions, found by checking the ledger and not by this module: raw SQL, and `loaddata`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

from django.conf import settings
from django.db import connections, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor

CHUNK = 2_000  # rows per statement: bounds the parameters of one statement, not what one batch may hold
_held: ContextVar[bool] = ContextVar("held", default=False)


class Row(NamedTuple):
    """One row's watched values before (None: it was created) and after a write, by column name."""

    pk: int
    old: dict[str, Any] | None
    new: dict[str, Any]


def is_held() -> bool:
    """Whether this `update()` is a step of a `bulk_update()`, which looks after the rest."""
    return _held.get()


@contextmanager
def _hold() -> Iterator[None]:
    """`bulk_update()` calls `update()` inside; the outer one announces."""
    token = _held.set(True)
    try:
        yield
    finally:
        _held.reset(token)


class WatchedQuerySet(models.QuerySet):
    """Announces what `update()`, `bulk_create()` and `bulk_update()` changed, once for each call."""

    def update(self, **kwargs: Any) -> int:
        """As Django's; costs two statements more for each 2,000 rows (lock, and read what is really there)."""
        kwargs = self.model.derive_update(kwargs)
        if is_held() or self.query.is_sliced:  # Django refuses a slice with its own words
            return super().update(**kwargs)
        kwargs = self.model.touch_update(kwargs)
        if self.model.WATCHED.isdisjoint(self._attnames(kwargs)):
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            rows = self._lock()
            new = self.write(rows, kwargs)
            self.model.announce([Row(pk, old, new.get(pk, old)) for pk, old in rows.items()])
        return len(rows)

    update.alters_data = True

    def bulk_create(  # type: ignore[override]
        self, objs: Iterable[Any], batch_size: int | None = None, ignore_conflicts: bool = False, update_conflicts: bool = False, **kwargs: Any
    ) -> list[Any]:
        """As Django's, without conflicts: what such a statement did cannot be known, so it could not be told."""
        if ignore_conflicts or update_conflicts:
            raise ValueError(f"{self.model.__name__}.bulk_create() cannot ignore or update conflicts: rules could not learn what happened.")
        objs = list(objs)
        self.model.derive_all(objs)
        for obj in objs:
            obj.touch()
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, batch_size=batch_size, **kwargs)
            self.model.announce([Row(obj.pk, None, obj.watched_values()) for obj in created])
            transaction.on_commit(lambda: [obj.remember() for obj in created], using=self.db)
        return created

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """As Django's; costs one statement more for each 2,000 rows."""
        objs, names = list(objs), set(fields)
        self.model.derive_all(objs)
        names |= self.model.derived_names(names)
        with transaction.atomic(using=self.db):
            watched = not self.model.WATCHED.isdisjoint(self._attnames(names))
            old = self.filter(pk__in=[obj.pk for obj in objs]).order_by()._lock() if watched else {}
            for obj in objs:
                names |= obj.before_write(old[obj.pk]) if obj.pk in old else set()
                names |= obj.touch()
            with _hold():
                count = super().bulk_update(objs, sorted(names), batch_size=batch_size)
            if watched:
                new = self._read(old) if any(_has_expression(obj) for obj in objs) else {obj.pk: obj.watched_values() for obj in objs}
                self.model.announce([Row(pk, values, new[pk]) for pk, values in old.items()])
        return count

    def write(self, rows: dict[int, dict[str, Any]], kwargs: dict[str, Any]) -> dict[int, dict[str, Any]]:
        """Write `kwargs` to the locked `rows` and return their new watched values."""
        plain = self if self.query.annotations else models.QuerySet(self.model, using=self.db)
        pks = list(rows)
        for start in range(0, len(pks), CHUNK):
            models.QuerySet.update(plain.filter(pk__in=pks[start : start + CHUNK]), **kwargs)
        literal = {}
        for name, value in kwargs.items():
            field = self.model._meta.get_field(name)
            if field.attname in self.model.WATCHED:
                if hasattr(value, "resolve_expression"):
                    return self._read(rows)
                literal[field.attname] = field.to_python(value.pk if isinstance(value, models.Model) else value)
        return {pk: {**old, **literal} for pk, old in rows.items()}

    def _lock(self) -> dict[int, dict[str, Any]]:
        """Lock the rows of this query in the order of their keys; then ask again, since waiting may have changed the answer.

        The lock is on a plain query: PostgreSQL refuses FOR UPDATE with DISTINCT, and misses rows when a join had to wait.
        """
        plain = models.QuerySet(self.model, using=self.db)
        unordered = self.order_by()
        if not connections[self.db].features.has_select_for_update:
            return self._collect(unordered)
        pks = list(plain.filter(pk__in=unordered.values("pk")).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        found: dict[int, dict[str, Any]] = {}
        for start in range(0, len(pks), CHUNK):
            found |= self._collect(unordered.filter(pk__in=pks[start : start + CHUNK]))
        return found

    def _collect(self, query: models.QuerySet) -> dict[int, dict[str, Any]]:
        columns = sorted(self.model.WATCHED | self.model.READ)
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in query.values_list("pk", *columns).order_by("pk")}

    def _read(self, rows: Iterable[int]) -> dict[int, dict[str, Any]]:
        pks, found = list(rows), {}
        for start in range(0, len(pks), CHUNK):
            found |= self._collect(models.QuerySet(self.model, using=self.db).filter(pk__in=pks[start : start + CHUNK]))
        return found

    def _attnames(self, names: Iterable[str]) -> set[str]:
        return {self.model._meta.get_field(name).attname for name in names}


class Watched(models.Model):
    """Base of the models that send domain signals. Subclasses name their columns and say what to announce."""

    WATCHED: ClassVar[frozenset[str]] = frozenset()  # columns whose change is announced
    READ: ClassVar[frozenset[str]] = frozenset()  # columns read with them

    updated_at = models.DateTimeField(_("last change"), auto_now=True, db_index=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+")

    class Meta:
        abstract = True

    _loaded: dict[str, Any] | None = None

    # ------------------------------------------------- what subclasses say
    def derive(self) -> None:
        """Fill the columns that follow from others."""

    @classmethod
    def derive_all(cls, objs: list[Any]) -> None:
        """`derive()` for a batch; a subclass that needs a query for it asks once."""
        for obj in objs:
            obj.derive()

    @classmethod
    def derived_names(cls, names: set[str]) -> set[str]:
        """Columns that `derive()` may change when these are written."""
        return set()

    @classmethod
    def derive_update(cls, kwargs: dict[str, Any]) -> dict[str, Any]:
        """`derive()` for the arguments of a bare `update()`."""
        return kwargs

    def before_write(self, old: dict[str, Any] | None) -> set[str]:
        """Set what depends on the locked row (None: about to be created). Returns the columns to write with the rest."""
        return set()

    @classmethod
    def announce(cls, rows: list[Row]) -> None:
        """Send the domain signal for these written rows."""
        raise NotImplementedError

    # ------------------------------------------------------------- writing
    def save(self, *, force_insert: Any = False, force_update: bool = False, using: str | None = None, update_fields: Iterable[str] | None = None) -> None:
        """Write the fields that differ from what was loaded, and announce a transition the database agrees on.

        Costs nothing where nothing differs, one UPDATE where no watched field does, else one locking SELECT more.
        """
        using = using or router.db_for_write(type(self), instance=self)
        self.derive()
        names = None if force_insert else self._names_to_write(update_fields)
        if names is not None and not names:
            return
        if names is not None:
            names |= self.touch()
        else:
            self.touch()
        options: dict[str, Any] = {"using": using, "force_update": force_update}
        if names is not None and self.WATCHED.isdisjoint(names):
            super().save(update_fields=names, **options)
            self._remember_on_commit(names, using)
            return
        with transaction.atomic(using=using):
            old = None if force_insert or self.pk is None else self._locked_row(using)
            extra = self.before_write(old)
            if names is None:
                super().save(force_insert=force_insert, **options)
            else:
                names |= extra
                super().save(update_fields=names, **options)
            new = self.watched_values()
            if _has_expression(self):
                new = type(self).objects.using(using)._read([self.pk])[self.pk]
            self.announce([Row(self.pk, old, new)])
            self._remember_on_commit(names, using)

    save.alters_data = True

    def touch(self) -> set[str]:
        """Note who writes, and when."""
        self.updated_at = timezone.now()
        actor = current_actor()
        self.updated_by_id = actor.pk if actor else None
        return {"updated_at", "updated_by_id"}

    @classmethod
    def touch_update(cls, kwargs: dict[str, Any]) -> dict[str, Any]:
        """`touch()` for the arguments of a bare `update()`."""
        return {"updated_at": timezone.now(), "updated_by": current_actor(), **kwargs}

    # ----------------------------------------------------------- remembering
    @classmethod
    def from_db(cls, db: str | None, field_names: Iterable[str], values: Any, **kwargs: Any) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        instance.remember()
        return instance

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.remember()

    def remember(self) -> None:
        """Take the present values for what the database has."""
        self.__dict__.pop("_loaded", None)
        self._loaded = dict(self.__dict__)

    def _remember_on_commit(self, names: set[str] | None, using: str) -> None:
        written = dict(self.__dict__) if names is None else {name: self.__dict__[name] for name in names if name in self.__dict__}
        written.pop("_loaded", None)
        transaction.on_commit(partial(self._learn, written), using=using)

    def _learn(self, written: dict[str, Any]) -> None:
        self._loaded = {**(self._loaded or {}), **written}

    def watched_values(self) -> dict[str, Any]:
        """The watched columns as they stand in memory, in the types the database returns."""
        return {
            name: self._meta.get_field(name).to_python(getattr(self, name)) if name in self.WATCHED else getattr(self, name)
            for name in self.WATCHED | self.READ
        }

    def _names_to_write(self, update_fields: Iterable[str] | None) -> set[str] | None:
        """Columns that differ from what was loaded; None when nothing is known, so that everything must be written."""
        asked = None if update_fields is None else self._asked(update_fields)
        loaded = self._loaded
        if self._state.adding or loaded is None or loaded.get(self._meta.pk.attname) != self.pk:
            return asked
        missing = object()
        here = self.__dict__
        dirty = {
            field.attname
            for field in self._meta.concrete_fields
            if not field.primary_key and field.attname in here and here[field.attname] != loaded.get(field.attname, missing)
        } - {"updated_at", "updated_by_id"}
        return dirty if asked is None else dirty & asked

    def _asked(self, names: Iterable[str]) -> set[str]:
        known = {self._meta.get_field(name).attname for name in names}
        return known | {self._meta.get_field(name).attname for name in self.derived_names(known)}

    def _locked_row(self, using: str) -> dict[str, Any] | None:
        columns = sorted(self.WATCHED | self.READ)
        row = models.QuerySet(type(self), using=using).filter(pk=self.pk).order_by().select_for_update(no_key=True).values_list(*columns).first()
        return dict(zip(columns, row, strict=True)) if row else None


def _has_expression(obj: Watched) -> bool:
    return any(hasattr(obj.__dict__.get(name), "resolve_expression") for name in obj.WATCHED)
