"""Who changed which setting, from what to what, and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from crm import log
from crm.http import Request
from crm.models import SettingsChange, User
from crm.paging import paginate
from crm.slots import settings_areas
from crm.text import as_pk
from crm.views.base import page
from crm.views.lists import require_administrator


@require_safe
def settings_log(request: Request) -> HttpResponse:
    """Newest first; screen, person and period are in the address."""
    require_administrator(request)
    asked = {name: request.GET.get(name, "") for name in ("screen", "person", "from", "to")}
    found = paginate(_chosen(asked), field="id", descending=True, cursor=request.GET.get("page", ""))
    areas = {*settings_areas, *SettingsChange.objects.order_by().values_list("area", flat=True).distinct()}
    context = {
        "active": "log", "found": found, "lines": log.lines(found.rows), "asked": asked, "is_filtered": any(asked.values()),
        "screens": sorted(((area, log.label_of(area)) for area in areas), key=lambda choice: choice[1].casefold()),
        "people": User.objects.filter(pk__in=SettingsChange.objects.order_by().values("by")),
    }  # fmt: skip
    return page(request, "settings/log.html", context, fragment="results")


def _chosen(asked: dict[str, Any]) -> QuerySet[SettingsChange]:
    """The changes that were asked for. What cannot be understood is taken out of `asked`, so that the page shows no filter there."""
    query = SettingsChange.objects.select_related("by")
    if asked["screen"]:
        query = query.filter(area=asked["screen"].replace("\0", ""))
    asked["person"] = str(as_pk(asked["person"]) or "")
    if asked["person"]:
        query = query.filter(by=asked["person"])
    for name, days, lookup in (("from", 0, "at__gte"), ("to", 1, "at__lt")):
        moment = _midnight(asked[name], days)
        asked[name] = asked[name] if moment else ""
        if moment:
            query = query.filter(**{lookup: moment})
    return query


def _midnight(text: str, days: int) -> dt.datetime | None:
    """The beginning of this day (ISO), or of one so many days later; None for what is none."""
    try:
        day = parse_date(text)
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days), dt.time.min)) if day else None
    except (ValueError, OverflowError):
        return None
