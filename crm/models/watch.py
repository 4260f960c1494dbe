"""Models that tell what happened to them, whichever way they are written.

A transition is what the database says: the row is read under a lock in the transaction of the write, and the old value
is compared with the new one. In memory a model only remembers what was last loaded or committed, as a cheap filter, and
writes only the fields that differ from it. So a rolled-back save fires again when repeated, a second save in the same
transaction does not, and a stale instance neither invents a transition nor silently undoes a colleague's.

Exceptions, found by checking the ledger and not by this module: raw SQL, and `loaddata`.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from functools import cache
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models, router, transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actor import current_actor
from crm.models.bulk import Row, is_expression
from crm.models.memory import Memory, Values, remember
from crm.sql import is_postgresql


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

        Costs nothing where nothing differs, else one UPDATE; two statements more for somebody who has been overtaken.
        """
        using = using or router.db_for_write(type(self), instance=self)
        options: Values = {"using": using, "force_update": force_update}
        if self.pk and not force_insert and any(is_expression(self.__dict__.get(name)) for name in self.WATCHED):
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
            old = self._believed(using) if names is not None else None
            if old is None or not self._write_believing(old, names, options):
                old = None if force_insert or self.pk is None else self._locked_row(using)
                extra = self.before_write(old)
                if names is None:
                    super().save(force_insert=force_insert, **options)
                else:
                    names |= extra | self._attnames(self.derived_names(names))  # derived from what we say, not from what they said
                    super().save(update_fields=names, **options)
            remember([(self.memory, self.columns(names))], using)
            self.announce([Row(self.pk, old, self.watched_values(old, names))])

    save.alters_data = True

    def _believed(self, using: str) -> Values | None:
        """The watched columns as we last saw them; None where we have not seen them all."""
        known, columns = self.memory.known(using) or {}, self.WATCHED | self.READ
        return {name: self._meta.get_field(name).to_python(known[name]) for name in columns} if known.keys() >= columns else None

    def _write_believing(self, old: Values, names: set[str], options: Values) -> bool:
        """Write, provided that the row is still as `old` says: the UPDATE itself asks. Adds to `names`; returns whether it was.

        Spares nearly every save the look before it; whoever was overtaken looks under a lock, as if this had not been tried.
        """
        names |= self.before_write(old)
        self.__dict__["_expects"] = old
        try:
            super().save(update_fields=names, **options)
        except self.NotUpdated:
            transaction.set_rollback(False, using=options["using"])  # no row was written, so nothing is half done
            return False
        finally:
            del self.__dict__["_expects"]
        return True

    def _do_update(self, base_qs: Any, *args: Any) -> Any:
        """Where Django sends a save's UPDATE."""
        expected = self.__dict__.get("_expects")
        return super()._do_update(base_qs.filter(self._is_still(expected, base_qs.db)) if expected else base_qs, *args)

    @classmethod
    def _is_still(cls, values: Values, using: str) -> RawSQL:
        """The condition that the row has these values. One expression, since every save of a watched column pays for it."""
        same = "IS NOT DISTINCT FROM" if is_postgresql(using) else "IS"
        fields = [cls._meta.get_field(name) for name in values]
        text = " AND ".join(f"{connections[using].ops.quote_name(field.column)} {same} %s" for field in fields)
        params = [field.get_db_prep_value(value, connections[using]) for field, value in zip(fields, values.values(), strict=True)]
        return RawSQL(text, params, models.BooleanField())

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
        wanted = self._all_columns() if names is None else names
        return {name: here[name] for name in wanted if name in here}

    @classmethod
    @cache
    def _all_columns(cls) -> tuple[str, ...]:
        return tuple(field.attname for field in cls._meta.concrete_fields)

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
        known = self._attnames(names)
        return known | self._attnames(self.derived_names(known))

    def _attnames(self, names: Iterable[str]) -> set[str]:
        return {self._meta.get_field(name).attname for name in names}

    def _locked_row(self, using: str) -> Values | None:
        columns = sorted(self.WATCHED | self.READ)
        row = models.QuerySet(type(self), using=using).filter(pk=self.pk).order_by().select_for_update(no_key=True).values_list(*columns).first()
        return dict(zip(columns, row, strict=True)) if row else None
