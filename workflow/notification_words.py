"""Notifications about suggestions in words, as the suggestions stand when somebody reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Notification, User
from crm.models.rights import EDIT_COMPANY
from crm.numbers import Number
from crm.slots import NotificationKind, Told
from workflow import handing, inbox
from workflow.explain import explain
from workflow.models import CategoryDecision, HandOver, Outcome
from workflow.notifications import ABOUT_MANY, REMINDER, SUGGESTION


def told_of_suggestions(notifications: Sequence[Notification]) -> dict[int, Told]:
    """Suggestions that were asked of one reader, as they stand now. At most four statements."""
    single = [one for one in notifications if one.subject_id != ABOUT_MANY]
    found = CategoryDecision.objects.with_names().in_bulk({one.subject_id for one in single}) if single else {}
    given = {pk for one in single if (pk := one.facts.get("hand_over"))}
    hand_overs = HandOver.objects.select_related("from_user", "to_user", "by").in_bulk(given) if given else {}
    told = {one.pk: _one(one, found[one.subject_id], hand_overs.get(one.facts.get("hand_over"))) for one in single if one.subject_id in found}
    many = [one for one in notifications if one.subject_id == ABOUT_MANY]
    return told | (_many(many, many[0].user) if many else {})


def _one(notification: Notification, decision: CategoryDecision, hand_over: HandOver | None) -> Told:
    reader, company = notification.user, decision.company
    text = _("Should {company} change to {category}?").format(company=company, category=decision.suggested_category)
    url = reverse("workflow:confirmation", args=[decision.pk])
    if decision.outcome != Outcome.WAITING:
        return Told(text, url, _ended(decision), is_over=True)
    if decision.asked_of_id not in (reader.pk, None):
        url = url if reader.is_administrator else company.get_absolute_url()
        return Told(text, url, _("{name} is asked now.").format(name=decision.asked_of), is_over=True)
    if company.archived_at:
        return Told(text, company.get_absolute_url(), _("The company is archived. The question waits until it is restored."))
    if hand_over and hand_over.to_user_id == decision.asked_of_id:
        note = _("“%(note)s”") % {"note": hand_over.note} if hand_over.note else ""
        return Told(text, url, f"{handing.told(hand_over, reader)} {note}".strip())
    return Told(text, url, explain(decision).cause)


def _ended(decision: CategoryDecision) -> str:
    if decision.outcome == Outcome.REPLACED:
        return _("A newer suggestion has replaced this one.")
    if decision.decided_by:
        return _("{name} has answered: {company} is {category}.").format(
            name=decision.decided_by, company=decision.company, category=decision.to_category or decision.from_category
        )
    return _("The suggestion no longer applies.")


def _many(notifications: Sequence[Notification], reader: User) -> dict[int, Told]:
    """Several at once: those of a batch, or those that were passed on. Two statements."""
    waiting = inbox.waiting_for(reader)
    batches = {batch for one in notifications if (batch := one.facts.get("batch"))}
    counts = dict(waiting.filter(batch__in=batches).order_by().values_list("batch").annotate(Count("pk"))) if batches else {}
    named = {pk for one in notifications for pk in one.facts.get("ids", [])}
    left = set(waiting.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    return {one.pk: _batch(one, counts) if "batch" in one.facts else _named(one, left) for one in notifications}


def _batch(notification: Notification, counts: Mapping[int, int]) -> Told:
    batch = notification.facts["batch"]
    return _some(counts.get(batch, 0), batch=batch)


def _named(notification: Notification, left: Collection[int]) -> Told:
    ids, count = notification.facts.get("ids", []), notification.facts.get("count", 0)
    mine = [pk for pk in ids if pk in left]
    if count > len(ids) and mine:  # more than an address can name
        return _some(count)
    return _some(len(mine), ids=",".join(map(str, mine)))


def _some(count: int, **which: Any) -> Told:
    url = reverse("workflow:confirmations")
    if not count:
        return Told(_("Several suggestions waited for you. None of them does any more."), url, is_over=True)
    text = ngettext("{n} suggestion waits for you", "{n} suggestions wait for you", count).format(n=Number(count))
    return Told(text, f"{url}?{urlencode(which, safe=',')}" if which else url)


def told_of_reminders(notifications: Sequence[Notification]) -> dict[int, Told]:
    """What has waited for long. Two statements."""
    reader: Any = notifications[0].user
    named = {pk for one in notifications for pk in one.facts.get("oldest", [])}
    oldest = CategoryDecision.objects.select_related("company", "suggested_category").in_bulk(named)
    waiting = set(inbox.waiting_for(reader).filter(pk__in=named).values_list("pk", flat=True))
    return {one.pk: _reminder(one, [oldest[pk] for pk in one.facts.get("oldest", []) if pk in waiting]) for one in notifications}


def _reminder(notification: Notification, left: Sequence[CategoryDecision]) -> Told:
    count, days = notification.facts.get("count", 0), notification.facts.get("days", inbox.LONG)
    long = ngettext("more than {days} day", "more than {days} days", days).format(days=days)
    text = ngettext("{n} suggestion has waited for you for {long}", "{n} suggestions have waited for you for {long}", count)
    text, url = text.format(n=Number(count), long=long), reverse("workflow:confirmations")
    if not left:
        return Told(text, url, _("Those that had waited longest are answered."), is_over=True)
    first = _("The oldest: {company}").format(company=left[0].company)
    links = [
        (_("{company}: change to {category}?").format(company=one.company, category=one.suggested_category), reverse("workflow:confirmation", args=[one.pk]))
        for one in left
    ]
    return Told(text, url, first, links=links)


ASKED = gettext_lazy("A suggestion waits for me because of a colleague or an import")
LONG = gettext_lazy("Suggestions have waited for me for several days")
KINDS = (
    NotificationKind(SUGGESTION, ASKED, told_of_suggestions, 20, permission=EDIT_COMPANY, icon="tray"),
    NotificationKind(REMINDER, LONG, told_of_reminders, 30, permission=EDIT_COMPANY, icon="wait"),
)
