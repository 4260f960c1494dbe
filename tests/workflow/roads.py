"""Every road by which a record is written (A5), for playing random events: what is sent, and what it changes in the model's terms (model.py)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Case, Q, Value, When
from django.utils import timezone

from crm.models import Company, CompanyCategory, Contact, Sale
from leads.models import Lead, LeadStatus

Values = dict[str, Any]
CREATIONS = ("save", "create", "related", "bulk_create")  # the last one is one write for all
SINGLE = ("save", "verb", "update_fields", "stale", "reloaded", "twice")  # one write for each record
BULK = ("update", "joined", "case", "related", "bulk_update", "bulk_stale")  # one write for all


class Save(NamedTuple):
    """One write. `send` can be repeated after a rollback, and returns the records it created; `changes` is what the model is told."""

    send: Callable[[], Any]
    changes: dict[int, Values]


class Kind(NamedTuple):
    """A kind of record: its fields in the model's terms (field, kind of what it refers to), and the manager that leads to it from one of those."""

    model: Any
    fields: dict[str, tuple[str, str]]
    parent: str
    manager: str
    label: str = ""


KINDS = {
    "company": Kind(Company, {"category": ("category", "category"), "our_contact": ("our_contact", "user")}, "category", "companies", "name"),
    "contact": Kind(Contact, {"company": ("company", "company")}, "company", "contacts", "first_name"),
    "sale": Kind(Sale, {"company": ("company", "company"), "status": ("status", ""), "is_archived": ("archived_at", "")}, "company", "sales", "title"),
    "lead": Kind(Lead, {"status": ("status", "status")}, "status", "leads"),
}
PARENTS = {"category": CompanyCategory, "company": Company, "status": LeadStatus}


class Keys:
    """The model's numbers and names, and the primary keys that stand for them. A lead has the number of its contact."""

    def __init__(self) -> None:
        self._pks: dict[tuple[str, Any], Any] = {}
        self._names: dict[tuple[str, Any], Any] = {}

    def add(self, kind: str, name: Any, pk: Any) -> None:
        """From now on `name` stands for `pk`."""
        self._pks[kind, name] = pk
        self._names[kind, pk] = name

    def pk(self, kind: str, name: Any) -> Any:
        """The primary key of what the model calls `name`."""
        return None if name is None else self._pks["contact" if kind == "lead" else kind, name]

    def knows(self, kind: str, name: Any) -> bool:
        """Whether there is such a record."""
        return (kind, name) in self._pks

    def name(self, kind: str, pk: Any) -> Any:
        """What the model calls it."""
        return None if pk is None else self._names[kind, pk]


class Roads:
    """Makes writes; remembers the instances that somebody holds on to."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._held: dict[tuple[str, int], Any] = {}

    # ------------------------------------------------------------- creating
    def create(self, kind: str, how: str, new: dict[int, Values]) -> list[Save]:
        """Writes that create records with these numbers. `how` is one of CREATIONS."""
        if how == "bulk_create":
            rows = [self._new(kind, number, values) for number, values in new.items()]
            return [Save(partial(KINDS[kind].model.objects.bulk_create, rows), new)]
        return [Save(self._creation(kind, how, number, values), {number: values}) for number, values in new.items()]

    def _creation(self, kind: str, how: str, number: int, values: Values) -> Callable[[], list[Any]]:
        parent = KINDS[kind].parent
        if how == "related" and values.get(parent) is not None:
            manager = self._manager(kind, values[parent])
            columns = self._label(kind, number) | self._columns(kind, {name: value for name, value in values.items() if name != parent})
            return lambda: [manager.create(**columns)]
        if how != "save":
            columns = self._label(kind, number) | self._columns(kind, values)
            return lambda: [KINDS[kind].model.objects.create(**columns)]
        row = self._new(kind, number, values)

        def save() -> list[Any]:
            row.save()
            return [row]

        return save

    def _new(self, kind: str, number: int, values: Values) -> Any:
        row = KINDS[kind].model(**self._label(kind, number))
        self._assign(kind, row, values)
        return row

    def _label(self, kind: str, number: int) -> Values:
        return {KINDS[kind].label: f"{kind} {number}"} if KINDS[kind].label else {"contact_id": self.keys.pk(kind, number)}

    # ------------------------------------------------------------- changing
    def change(self, kind: str, how: str, wanted: dict[int, Values], everybody: dict[int, Values]) -> list[Save]:
        """Writes that give records their wanted values. `how` is one of SINGLE or BULK; `everybody` is all records of that kind as they are.

        A road that gives all of them the same values gives them those of the first.
        """
        if how in SINGLE:
            return [self._change_one(kind, how, number, values) for number, values in wanted.items()]
        if how in ("bulk_update", "bulk_stale"):
            return [self._bulk_update(kind, wanted, self.hold if how == "bulk_stale" else self.fetch)]
        return [{"update": self._update, "joined": self._joined, "case": self._case, "related": self._related}[how](kind, wanted, everybody)]

    def _change_one(self, kind: str, how: str, number: int, values: Values) -> Save:
        """Only what differs from what the instance has seen is written: a stale one undoes nobody's change."""
        row = self.hold(kind, number) if how == "stale" else self.fetch(kind, number)
        if how == "reloaded":
            row = copy.deepcopy(self.hold(kind, number))
            row.refresh_from_db()
        seen = self._seen(kind, row)
        self._assign(kind, row, values)
        names = [KINDS[kind].fields[name][0] for name in values]
        write = partial(row.save, update_fields=names) if how == "update_fields" else row.save
        if how == "verb" and kind == "sale" and values in ({"status": "won"}, {"status": "open"}):
            write = partial(self._verb, number, "win" if values["status"] == "won" else "reopen")

        def twice() -> None:
            write()
            write()

        return Save(twice if how == "twice" else write, {number: {name: value for name, value in values.items() if seen[name] != value}})

    def _verb(self, number: int, name: str) -> None:
        getattr(self.fetch("sale", number), name)()  # as a view does, with a sale of its own

    def _bulk_update(self, kind: str, wanted: dict[int, Values], get: Callable[[str, int], Any]) -> Save:
        """As Django's: each of the columns is written from each instance, whatever it has seen."""
        names = list(dict.fromkeys(name for values in wanted.values() for name in values))
        rows, changes = [], {}
        for number, values in wanted.items():
            row = get(kind, number)
            self._assign(kind, row, values)
            rows.append(row)
            changes[number] = {name: self._seen(kind, row)[name] for name in names}
        return Save(partial(KINDS[kind].model.objects.bulk_update, rows, [KINDS[kind].fields[name][0] for name in names]), changes)

    def _update(self, kind: str, wanted: dict[int, Values], everybody: dict[int, Values]) -> Save:
        values = next(iter(wanted.values()))
        query = KINDS[kind].model.objects.filter(pk__in=[self.keys.pk(kind, number) for number in wanted])
        return Save(partial(query.update, **self._columns(kind, values)), dict.fromkeys(wanted, values))

    def _joined(self, kind: str, wanted: dict[int, Values], everybody: dict[int, Values]) -> Save:
        """Through joins that find some records twice, and in another order."""
        values = next(iter(wanted.values()))
        company = {"company": "", "lead": "contact__company__"}.get(kind, "company__")
        some = Q(**{f"{company}contacts__pk__gt": 0}) | Q(**{f"{company}sales__pk__gt": 0}) | Q(pk__gt=0)
        query = KINDS[kind].model.objects.filter(some, pk__in=[self.keys.pk(kind, number) for number in wanted]).order_by("-pk")
        return Save(partial(query.update, **self._columns(kind, values)), dict.fromkeys(wanted, values))

    def _case(self, kind: str, wanted: dict[int, Values], everybody: dict[int, Values]) -> Save:
        """Each record gets its own value by an expression, of which only the database knows the result."""
        name = next(iter(next(iter(wanted.values()))))
        changes = {number: {name: values[name]} for number, values in wanted.items() if values.get(name) is not None}
        if not changes or name in ("is_archived", "our_contact"):
            return self._update(kind, wanted, everybody)
        field = KINDS[kind].fields[name][0]
        cases = [When(pk=self.keys.pk(kind, number), then=Value(self._value(kind, name, values[name]))) for number, values in changes.items()]
        query = KINDS[kind].model.objects.filter(pk__in=[self.keys.pk(kind, number) for number in changes])
        return Save(partial(query.update, **{field: Case(*cases)}), changes)

    def _related(self, kind: str, wanted: dict[int, Values], everybody: dict[int, Values]) -> Save:
        """`company.sales.add(...)` where they only come to a company; else `company.sales.update(...)`, which reaches all that are there."""
        (first, values), parent = next(iter(wanted.items())), KINDS[kind].parent
        if set(values) == {parent} and values[parent] is not None:
            return Save(partial(self._manager(kind, values[parent]).add, *[self.fetch(kind, number) for number in wanted]), dict.fromkeys(wanted, values))
        here = everybody[first][parent]
        reached = {number: values for number, row in everybody.items() if row[parent] == here}
        return Save(partial(self._manager(kind, here).update, **self._columns(kind, values)), reached)

    def _manager(self, kind: str, parent: Any) -> Any:
        name = KINDS[kind].parent
        if parent is None:
            return KINDS[kind].model.objects.filter(**{name: None})  # no road leads there; the same rows
        return getattr(PARENTS[name].objects.get(pk=self.keys.pk(name, parent)), KINDS[kind].manager)

    # ------------------------------------------------------------ instances
    def hold(self, kind: str, number: int) -> Any:
        """An instance that somebody loaded earlier; or loads now, and keeps."""
        if (kind, number) not in self._held:
            self._held[kind, number] = self.fetch(kind, number)
        return self._held[kind, number]

    def fetch(self, kind: str, number: int) -> Any:
        """A fresh instance."""
        return KINDS[kind].model.objects.get(pk=self.keys.pk(kind, number))

    def _seen(self, kind: str, row: Any) -> Values:
        """What an instance holds, in the model's terms."""
        seen = {}
        for name, (field, refers) in KINDS[kind].fields.items():
            value = getattr(row, row._meta.get_field(field).attname)
            seen[name] = self.keys.name(refers, value) if refers else value is not None if name == "is_archived" else value
        return seen

    def _assign(self, kind: str, row: Any, values: Values) -> None:
        seen = self._seen(kind, row)
        for name, value in values.items():
            if seen[name] != value:
                setattr(row, row._meta.get_field(KINDS[kind].fields[name][0]).attname, self._value(kind, name, value))

    def _value(self, kind: str, name: str, value: Any) -> Any:
        if name == "is_archived":
            return timezone.now() if value else None
        refers = KINDS[kind].fields[name][1]
        return self.keys.pk(refers, value) if refers else value

    def _columns(self, kind: str, values: Values) -> Values:
        """Arguments of `update()` or `create()`."""
        model = KINDS[kind].model
        return {model._meta.get_field(KINDS[kind].fields[name][0]).attname: self._value(kind, name, value) for name, value in values.items()}
