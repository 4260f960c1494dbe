"""Models that tell what happened to them, whichever way they are written.

A transition is what the database says: the row is read under a lock in the transaction of the write, and the old value
is compared with the new one. In memory a model only remembers what was last loaded or committed, as a cheap filter, and
writes only the fields that differ from it. So a rolled-back save fires again when repeated, a second save in the same
transaction does not, and a stale instance neither invents a transition nor silently undoes a colleague's.

Exceptions, found by checking the ledger and not by this module: raw SQL, and `loaddata`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from typing import Any, ClassVar, NamedTuple, Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor
from crm.models.memory import Memory, Values, remember

CHUNK = 2_000  # rows per statement: bounds the parameters of one statement, not what one batch may hold
_held: ContextVar[bool] = ContextVar("held", default=False)


class Row(NamedTuple):
    """One row's watched values before (None: it was created) and after a write, by column name."""

    pk: int
    old: Values | None
    new: Values


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
        if is_held() or self.query.is_sliced:  # Django refuses a slice with its own words
            return super().update(**kwargs)
        kwargs = self.model.touch_update(self.model.derive_update(kwargs))
        if self.model.WATCHED.isdisjoint(self._attnames(kwargs)):
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            rows, new = self._lock(), {}
            for pks, values in self._by_value(rows, kwargs):
                new |= self.write({pk: rows[pk] for pk in pks}, values)
            self.model.announce([Row(pk, old, new[pk]) for pk, old in rows.items()])
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
            remember(((obj.memory, obj.columns()) for obj in created), self.db)
            self.model.announce([Row(obj.pk, None, obj.watched_values()) for obj in created])
        return created

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """As Django's; costs one statement more for each 2,000 rows."""
        objs, names = list(objs), set(fields)
        with transaction.atomic(using=self.db):
            watched = not self.model.WATCHED.isdisjoint(self._attnames(names))
            old = self.filter(pk__in=[obj.pk for obj in objs]).order_by()._lock() if watched else {}
            self._resolve(objs)
            self.model.derive_all(objs)
            names |= self.model.derived_names(names)
            for obj in objs:
                names |= obj.before_write(old[obj.pk]) if obj.pk in old else set()
                names |= obj.touch()
            with _hold():
                count = super().bulk_update(objs, sorted(names), batch_size=batch_size)
            written = self._attnames(names)
            remember(((obj.memory, obj.columns(written)) for obj in objs), self.db)
            self.model.announce([Row(obj.pk, old[obj.pk], obj.watched_values(old[obj.pk], written)) for obj in objs if obj.pk in old])
        return count

    def write(self, rows: dict[int, Values], kwargs: Values) -> dict[int, Values]:
        """Write `kwargs`, in which watched columns are plain values, to the locked `rows`; returns their new watched values."""
        plain = self if self.query.annotations else models.QuerySet(self.model, using=self.db)
        pks = list(rows)
        for start in range(0, len(pks), CHUNK):
            models.QuerySet.update(plain.filter(pk__in=pks[start : start + CHUNK]), **kwargs)
        new = {}
        for name, value in kwargs.items():
            field = self.model._meta.get_field(name)
            if field.attname in self.model.WATCHED:
                new[field.attname] = field.to_python(value.pk if isinstance(value, models.Model) else value)
        return {pk: {**old, **new} for pk, old in rows.items()}

    def _by_value(self, rows: dict[int, Values], kwargs: Values) -> list[tuple[list[int], Values]]:
        """Rows by what they become: where a watched column is an expression, the database says what, row by row."""
        expressions = {name: value for name, value in kwargs.items() if _is_expression(value) and not self._attnames([name]).isdisjoint(self.model.WATCHED)}
        if not expressions:
            return [(list(rows), kwargs)]
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        pks, aliases = list(rows), {f"resolved_{index}": value for index, value in enumerate(expressions.values())}
        for start in range(0, len(pks), CHUNK):
            for pk, *values in self.filter(pk__in=pks[start : start + CHUNK]).annotate(**aliases).order_by("pk").values_list("pk", *aliases):
                groups[tuple(values)].append(pk)
        return [(found, self.model.derive_update({**kwargs, **dict(zip(expressions, values, strict=True))})) for values, found in groups.items()]

    def _resolve(self, objs: list[Any]) -> None:
        """Give instances whose watched columns hold expressions the plain values. One statement for each such column."""
        for name in self.model.WATCHED:
            cases = [models.When(pk=obj.pk, then=obj.__dict__[name]) for obj in objs if obj.pk and _is_expression(obj.__dict__.get(name))]
            if cases:
                query = models.QuerySet(self.model, using=self.db).filter(pk__in=[obj.pk for obj in objs]).order_by()
                values = dict(query.annotate(resolved=models.Case(*cases)).values_list("pk", "resolved"))
                for obj in objs:
                    if _is_expression(obj.__dict__.get(name)):
                        setattr(obj, name, values.get(obj.pk))

    def _lock(self) -> dict[int, Values]:
        """Lock the rows of this query in the order of their keys; then ask again, since waiting may have changed the answer.

        The lock is on a plain query: PostgreSQL refuses FOR UPDATE with DISTINCT, and misses rows when a join had to wait.
        """
        plain = models.QuerySet(self.model, using=self.db)
        unordered = self.order_by()
        if not connections[self.db].features.has_select_for_update:
            return self._collect(unordered)
        pks = list(plain.filter(pk__in=unordered.values("pk")).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        found: dict[int, Values] = {}
        for start in range(0, len(pks), CHUNK):
            found |= self._collect(unordered.filter(pk__in=pks[start : start + CHUNK]))
        return found

    def _collect(self, query: models.QuerySet) -> dict[int, Values]:
        columns = sorted(self.model.WATCHED | self.model.READ)
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in query.values_list("pk", *columns).order_by("pk")}

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
    def derive_update(cls, kwargs: Values) -> Values:
        """`derive()` for the arguments of a bare `update()`."""
        return kwargs

    def before_write(self, old: Values | None) -> set[str]:
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
        options: Values = {"using": using, "force_update": force_update}
        if self.pk and not force_insert and any(_is_expression(self.__dict__.get(name)) for name in self.WATCHED):
            with transaction.atomic(using=using):
                self._locked_row(using)
                type(self)._default_manager.using(using)._resolve([self])
                self.save(update_fields=update_fields, **options)
            return
        self.derive()
        names = None if force_insert else self._names_to_write(using, update_fields)
        if names is not None and not names:
            return
        touched = self.touch()
        if names is not None:
            names |= touched
            if self.WATCHED.isdisjoint(names):
                super().save(update_fields=names, **options)
                remember([(self.memory, self.columns(names))], using)
                return
        with transaction.atomic(using=using):
            old = None if force_insert or self.pk is None else self._locked_row(using)
            extra = self.before_write(old)
            if names is None:
                super().save(force_insert=force_insert, **options)
            else:
                names |= extra
                super().save(update_fields=names, **options)
            remember([(self.memory, self.columns(names))], using)
            self.announce([Row(self.pk, old, self.watched_values(old, names))])

    save.alters_data = True

    def touch(self) -> set[str]:
        """Note who writes, and when. Returns the columns."""
        self.updated_at = timezone.now()
        actor = current_actor()
        self.updated_by_id = actor.pk if actor else None
        return {"updated_at", "updated_by_id"}

    @classmethod
    def touch_update(cls, kwargs: Values) -> Values:
        """`touch()` for the arguments of a bare `update()`."""
        return {"updated_at": timezone.now(), "updated_by": current_actor(), **kwargs}

    # ----------------------------------------------------------- remembering
    @property
    def memory(self) -> Memory:
        """What this instance knows of its row."""
        return self.__dict__.setdefault("_memory", Memory())

    def columns(self, names: Iterable[str] | None = None) -> Values:
        """The columns as they stand in memory, all that are loaded or those named."""
        here = self.__dict__
        wanted = [field.attname for field in self._meta.concrete_fields] if names is None else names
        return {name: here[name] for name in wanted if name in here}

    @classmethod
    def from_db(cls, db: str | None, field_names: Iterable[str], values: Any, **kwargs: Any) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        instance.__dict__["_memory"] = Memory(dict(instance.__dict__))
        return instance

    def refresh_from_db(self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any) -> None:  # type: ignore[override]
        """As Django's, which also calls it to fetch a deferred field."""
        super().refresh_from_db(using=using, fields=fields, **kwargs)
        names = None if fields is None else [self._meta.get_field(name).attname for name in fields if self._meta.get_field(name).concrete]
        remember([(self.memory, self.columns(names))], using or self._state.db or DEFAULT_DB_ALIAS)

    def __getstate__(self) -> Values:
        state = super().__getstate__()
        if "_memory" in state:  # a copy goes its own way
            state["_memory"] = copy(state["_memory"])
        return state

    def watched_values(self, old: Values | None = None, names: Iterable[str] | None = None) -> Values:
        """The watched columns as the row has them after a write of `names` (None: all): a column that was not written is as it was."""
        columns = self.WATCHED | self.READ
        written = columns if old is None or names is None else columns & set(names)
        return {**(old or {}), **{name: self._meta.get_field(name).to_python(getattr(self, name)) for name in written}}

    def _names_to_write(self, using: str, update_fields: Iterable[str] | None) -> set[str] | None:
        """Columns that differ from what is known of the row; None when nothing is, so that everything must be written."""
        asked = None if update_fields is None else self._asked(update_fields)
        known = self.memory.known(using)
        if self._state.adding or known is None or known.get(self._meta.pk.attname) != self.pk:
            return asked
        missing, here = object(), self.__dict__
        dirty = {
            field.attname
            for field in self._meta.concrete_fields
            if not field.primary_key and field.attname in here and here[field.attname] != known.get(field.attname, missing)
        } - {"updated_at", "updated_by_id"}
        return dirty if asked is None else dirty & asked

    def _asked(self, names: Iterable[str]) -> set[str]:
        known = {self._meta.get_field(name).attname for name in names}
        return known | {self._meta.get_field(name).attname for name in self.derived_names(known)}

    def _locked_row(self, using: str) -> Values | None:
        columns = sorted(self.WATCHED | self.READ)
        row = models.QuerySet(type(self), using=using).filter(pk=self.pk).order_by().select_for_update(no_key=True).values_list(*columns).first()
        return dict(zip(columns, row, strict=True)) if row else None


def _is_expression(value: Any) -> bool:
    return hasattr(value, "resolve_expression")
