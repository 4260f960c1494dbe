"""The bulk writes of watched models: `update()`, `bulk_create()` and `bulk_update()` (see watch.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import batched
from typing import Any, NamedTuple

from django.db import connections, models, transaction
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import Lookup
from django.db.models.sql.where import WhereNode

from crm.models.memory import Values, remember
from crm.sql import CHUNK, among, keys

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
        column = f"{connections[self.db].ops.quote_name(self.model._meta.db_table)}.{connections[self.db].ops.quote_name(self.model._meta.pk.column)}"
        for part in batched(pks, CHUNK):
            models.QuerySet.update(plain.filter(RawSQL(among(column, self.db), [keys(part, self.db)], models.BooleanField())), **kwargs)
        new = {}
        for name, value in kwargs.items():
            field = self.model._meta.get_field(name)
            if field.attname in self.model.WATCHED:
                new[field.attname] = field.to_python(value.pk if isinstance(value, models.Model) else value)
        return {pk: {**old, **new} for pk, old in rows.items()}

    def _by_value(self, rows: dict[int, Values], kwargs: Values) -> list[tuple[list[int], Values]]:
        """Rows by what they become: where a watched column is an expression, the database says what, row by row."""
        expressions = {name: value for name, value in kwargs.items() if is_expression(value) and not self._attnames([name]).isdisjoint(self.model.WATCHED)}
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
            cases = [models.When(pk=obj.pk, then=obj.__dict__[name]) for obj in objs if obj.pk and is_expression(obj.__dict__.get(name))]
            if cases:
                query = models.QuerySet(self.model, using=self.db).filter(pk__in=[obj.pk for obj in objs]).order_by()
                values = dict(query.annotate(resolved=models.Case(*cases)).values_list("pk", "resolved"))
                for obj in objs:
                    if is_expression(obj.__dict__.get(name)):
                        setattr(obj, name, values.get(obj.pk))

    def _lock(self) -> dict[int, Values]:
        """Lock the rows of this query in the order of their keys; then ask again, since waiting may have changed the answer.

        The lock is on a plain query: PostgreSQL refuses FOR UPDATE with DISTINCT, and misses rows when a join had to wait.
        """
        plain = models.QuerySet(self.model, using=self.db)
        unordered = self.order_by()
        if not connections[self.db].features.has_select_for_update:
            return self._collect(unordered)
        if self._asks_only_its_own_columns():  # then the database asks again by itself, of each row it had to wait for
            return self._collect(unordered.select_for_update(no_key=True))
        pks = list(plain.filter(pk__in=unordered.values("pk")).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        found: dict[int, Values] = {}
        for start in range(0, len(pks), CHUNK):
            found |= self._collect(unordered.filter(pk__in=pks[start : start + CHUNK]))
        return found

    def _asks_only_its_own_columns(self) -> bool:
        """Whether the conditions compare columns of this table with plain values: no join, no subquery, no DISTINCT."""
        query = self.query
        joined = sum(1 for alias in query.alias_map if query.alias_refcount[alias]) > 1
        return not (joined or query.distinct or query.combinator or query.annotations or query.extra) and all(map(_is_plain, _leaves(query.where)))

    def _collect(self, query: models.QuerySet) -> dict[int, Values]:
        columns = sorted(self.model.WATCHED | self.model.READ)
        return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in query.values_list("pk", *columns).order_by("pk")}

    def _attnames(self, names: Iterable[str]) -> set[str]:
        return {self.model._meta.get_field(name).attname for name in names}


def _leaves(node: WhereNode) -> Iterator[Any]:
    for child in node.children:
        if isinstance(child, WhereNode):
            yield from _leaves(child)
        else:
            yield child


def _is_plain(condition: Any) -> bool:
    """Whether this compares a column with values."""
    return isinstance(condition, Lookup) and isinstance(condition.lhs, Col) and not hasattr(condition.rhs, "as_sql") and not is_expression(condition.rhs)


def is_expression(value: Any) -> bool:
    """Whether only the database knows what this will be."""
    return hasattr(value, "resolve_expression")
