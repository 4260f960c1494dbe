"""The settings log in words: a page of it at once, in the reader's language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import SettingsChange
from crm.slots import SettingsArea, settings_areas
from crm.text import as_pk

DELETED = (gettext_lazy("Brought back"), gettext_lazy("Deleted"))
EVENTS = {"archived": DELETED, "archived_at": DELETED, "deleted": DELETED}  # in every area
LABELS = {"order": gettext_lazy("Order"), "replaced_by": gettext_lazy("Replaced by"), "name": gettext_lazy("Name")}
WITHOUT_BEFORE = {"replaced_by"}  # where there was nothing before, and that goes without saying


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was changed. An event is told by its label alone."""

    label: str
    before: str = ""
    after: str = ""
    is_event: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A change as a person reads it. `url` is empty where the item has no page."""

    change: SettingsChange
    area: str
    item: str
    url: str
    is_new: bool
    steps: list[Step]


def lines(changes: Sequence[SettingsChange]) -> list[Line]:
    """These changes in words. A statement for each model that any of them names, however many they are."""
    names = _Names(changes)
    return [_line(change, settings_areas.get(change.area), names) for change in changes]


def label_of(area: str) -> str:
    """What an area is called; one that no app knows (any more), by its key."""
    return str(settings_areas[area].label) if area in settings_areas else _spoken(area)


def _line(change: SettingsChange, area: SettingsArea | None, names: _Names) -> Line:
    item, url = change.item, ""
    if area and change.item_id:
        item = names.items[area.key].get(change.item_id, change.item)
        url = _url(area, change.item_id) if change.item_id in names.found[area.model] else ""
    is_new = not change.before and change.item_id is not None
    told = [key for key, value in change.after.items() if not is_new or (value not in (None, "", False, []) and key not in _events(area))]
    steps = [_step(change, area, key, names) for key in sorted(told, key=_place(area))]
    return Line(change, label_of(change.area), item, url, is_new, [step for step in steps if not (is_new and item.startswith(step.after))])


def _place(area: SettingsArea | None) -> Callable[[str], tuple[bool, int, str]]:
    """The order in which things are told: what happened, then values as the model has them (PostgreSQL keeps no order), then the rest."""
    fields = area.model._meta.concrete_fields if area else ()
    places = {name: place for place, field in enumerate(fields) for name in (field.name, field.attname)}
    return lambda key: (key not in _events(area), places.get(key, len(places)), key)


def _url(area: SettingsArea, item_id: int) -> str:
    try:
        return area.url(item_id)
    except NoReverseMatch:  # the records of a screen that is no more
        return ""


def _events(area: SettingsArea | None) -> dict[str, Any]:
    return {**EVENTS, **(area.events if area else {})}


def _step(change: SettingsChange, area: SettingsArea | None, key: str, names: _Names) -> Step:
    after, events = change.after[key], _events(area)
    if key in events:
        return Step(str(events[key][bool(after)]), is_event=True)
    before = names.words(area, key, change.before[key]) if key in change.before and key not in WITHOUT_BEFORE else ""
    return Step(_label(area, key), before, names.words(area, key, after))


def _field(area: SettingsArea | None, key: str) -> Any:
    try:
        return area.model._meta.get_field(key) if area else None
    except FieldDoesNotExist:
        return None


def _label(area: SettingsArea | None, key: str) -> str:
    if area and key in area.labels:
        return str(area.labels[key])
    field = _field(area, key)
    return str(LABELS[key]) if key in LABELS else capfirst(str(field.verbose_name)) if field else _spoken(key)


def _spoken(key: str) -> str:
    return capfirst(key.removesuffix("_id").replace("_", " ").replace("-", " "))


def _related(area: SettingsArea | None, key: str) -> type[models.Model] | None:
    """The model that values under this key are keys of."""
    if area is None:
        return None
    field = _field(area, key)
    return area.relations.get(key) or (field.related_model if field is not None and field.is_relation else None)


class _Names:
    """The names of everything that some changes mention, asked for once for each model."""

    def __init__(self, changes: Sequence[SettingsChange]) -> None:
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        items: dict[str, set[int]] = defaultdict(set)
        for change in changes:
            area = settings_areas.get(change.area)
            if area and change.item_id:
                wanted[area.model].add(change.item_id)
                items[area.key].add(change.item_id)
            for key, value in _values(change):
                model = _related(area, key)
                if model:
                    wanted[model].add(value)
        self.found = {model: self._fetch(model, keys) for model, keys in wanted.items()}
        self.items: dict[str, dict[int, str]] = defaultdict(dict)
        for key, pks in items.items():
            names = settings_areas[key].names
            self.items[key] = dict(names(pks)) if names else {}

    def _fetch(self, model: type[models.Model], keys: set[Any]) -> dict[Any, models.Model]:
        return model._default_manager.in_bulk([key for key in keys if isinstance(key, _key_type(model)) and (isinstance(key, str) or as_pk(key))])

    def words(self, area: SettingsArea | None, key: str, value: Any) -> str:
        """A kept value as people read it."""
        model = _related(area, key)
        if value in (None, "", [], {}):
            return _("empty")
        if isinstance(value, list):
            return ", ".join(self.words(area, key, one) for one in value)
        if isinstance(value, bool):
            return _("On") if value else _("Off")
        if isinstance(value, dict | float):
            return str(value)
        if area and key in area.choices:
            return str(area.choices[key].get(value, value))
        if model and isinstance(value, _key_type(model)):
            found = self.found[model].get(value)
            return str(found) if found else _("no. {number}, which no longer exists").format(number=value)
        field = _field(area, key)
        if field is not None and field.choices:
            return str(dict(field.flatchoices).get(value, value))
        return _plain(value)


def _key_type(model: type[models.Model]) -> type:
    return str if isinstance(model._meta.pk, models.CharField) else int


def _plain(value: Any) -> str:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment and timezone.is_aware(moment) else str(value)


def _values(change: SettingsChange) -> Iterator[tuple[str, Any]]:
    for values in (change.before, change.after):
        for key, value in values.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, int | str) and not isinstance(one, bool) and one != "":
                    yield key, one
