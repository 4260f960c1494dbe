"""What rules would do: one rule to what has happened lately, and all of them to something that has not happened.

The causes come from `triggers.py`, the answers from the statement that decides (`verdicts.py`, `guards.py`); only the end of it
differs: it tells, and writes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from crm.models import SaleTransition
from crm.signals import SaleChange
from leads.models import LeadStatusChange
from leads.signals import LeadChange
from workflow import verdicts
from workflow.models import AutomationRule, Trigger
from workflow.triggers import Cause, lead_causes, sale_causes

# What has not happened: a record that is 0 does not exist yet.
IF_SALES = {
    "record": "cause.record_id, NULLIF(cause.record_id, 0) AS sale_id, CAST(NULL AS bigint) AS contact_id, CAST(NULL AS bigint) AS lead_status_id",
    "joins": "JOIN crm_company c ON c.id = cause.company_id",
    "answers_to": "",
    "sale_is_archived": "FALSE",
}
IF_LEADS = {
    "record": "cause.record_id, CAST(NULL AS bigint) AS sale_id, NULLIF(cause.record_id, 0) AS contact_id, this.lead_status_id",
    "joins": IF_SALES["joins"],
    "answers_to": "AND r.lead_status_id = this.lead_status_id",
    "sale_is_archived": "FALSE",
}
THIS = "CAST(%s AS bigint) AS lead_status_id, TRUE AS rules_run"
DRAFT = """(SELECT CAST(%s AS bigint) AS id, CAST(%s AS varchar(20)) AS trigger, CAST(%s AS bigint) AS lead_status_id,
  CAST(%s AS bigint) AS target_category_id, CAST(%s AS boolean) AS ask_user, TRUE AS is_enabled)"""
TELL = """
SELECT company_id, record_id, rule_id, category_id, target_id, asks, skip, place FROM settled ORDER BY precedence, record_id"""


class Seen(NamedTuple):
    """What would become of one cause. The rule acts where `place` is 1; where it is more, another cause acts first (A4)."""

    company_id: int
    record_id: int
    rule_id: int  # 0: nobody has saved it
    category_id: int
    target_id: int
    asks: bool
    skip: str
    place: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as somebody considers it: switched on, saved or not."""

    trigger: Trigger
    target_id: int
    asks: bool
    lead_status_id: int | None = None
    rule_id: int = 0

    @classmethod
    def of(cls, rule: AutomationRule) -> Draft:
        """A saved rule that has a target."""
        return cls(Trigger(rule.trigger), rule.target_category_id or 0, rule.ask_user, rule.lead_status_id, rule.pk)


@dataclass(slots=True)
class Preview:
    """What a rule would do: `acts` has each company once, what happened last first. The rest counts companies."""

    acts: list[Seen] = field(default_factory=list)
    from_categories: Counter[int] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)


def preview(draft: Draft, *, since: dt.datetime, until: dt.datetime) -> Preview:
    """What `draft` would do today to the companies whose sales or lead statuses of that time would have called it. Writes nothing.

    What has not stayed so (a sale that was reopened, a lead status that moved on) counts no more. Two statements, whatever
    their number; memory for each transition of that time, about 1 kB.
    """
    causes = causes_between(draft.trigger, since, until, draft.lead_status_id)
    found = Preview()
    if not causes:
        return found
    is_lead = draft.trigger == Trigger.LEAD_STATUS_SET
    seen = _tell(verdicts.source_of(is_lead, backfill=True), causes, lead_status_id=None, draft=draft)
    latest = {(cause.company_id, cause.record_id): place for place, cause in enumerate(causes)}
    found.acts = sorted((one for one in seen if one.place == 1), key=lambda one: latest[one.company_id, one.record_id])
    found.from_categories.update(one.category_id for one in found.acts)
    acting = {one.company_id for one in found.acts}
    found.skipped.update({one.company_id: one.skip for one in seen if one.skip and one.company_id not in acting}.values())
    return found


def causes_between(trigger: Trigger, since: dt.datetime, until: dt.datetime, lead_status_id: int | None = None) -> list[Cause]:
    """What called for rules with this trigger in that time, each once, the latest first. One statement."""
    if trigger == Trigger.LEAD_STATUS_SET:
        changes = LeadStatusChange.objects.filter(at__gte=since, at__lt=until, to_status=lead_status_id).order_by("-pk")
        names = ("contact_id", "from_status_id", "to_status_id", "is_automatic", "is_replacement")
        found = list(changes.values_list("contact__company_id", *names))
        company_of = {contact: company for company, contact, *_change in found}
        return list(dict.fromkeys(lead_causes([LeadChange(*change) for _company, *change in found], company_of)))
    transitions = SaleTransition.objects.filter(at__gte=since, at__lt=until, to_company__isnull=False).order_by("-pk")
    if trigger != Trigger.SALE_REGISTERED:  # only to read fewer: what calls for a rule, triggers.py says
        transitions = transitions.filter(to_status=trigger.removeprefix("sale_"))
    columns = transitions.values_list("sale_id", "from_status", "to_status", "from_company_id", "to_company_id")
    causes = sale_causes(SaleChange(*row) for row in columns.iterator(10_000))
    return list(dict.fromkeys(cause for cause in causes if cause.trigger == trigger))


def answers_to(causes: Sequence[Cause], *, lead_status_id: int | None = None) -> list[Seen]:
    """What the rules that are on would answer to these, came they from one save at this moment. Writes nothing. One statement.

    The record of a cause may be 0: a sale, or a contact, that does not exist yet. `lead_status_id` is what would be set.
    """
    source = IF_LEADS if causes[0].trigger == Trigger.LEAD_STATUS_SET else IF_SALES
    return _tell(source, causes, lead_status_id=lead_status_id)


def _tell(source: dict[str, str], causes: Sequence[Cause], *, lead_status_id: int | None, draft: Draft | None = None) -> list[Seen]:
    """The answers of the saved rules; with `draft` of that one alone, applied later."""
    later = draft is not None
    judging = verdicts.judging(source, this=THIS, vendor=connection.vendor, backfill=later, rules=DRAFT if later else verdicts.RULES)
    rule: list[Any] = [draft.rule_id, draft.trigger.value, draft.lead_status_id, draft.target_id, draft.asks] if draft else []
    with connection.cursor() as cursor:
        cursor.execute(judging + verdicts.AT_ONCE + TELL, [lead_status_id, *verdicts.cause_params(causes), *rule])
        return [Seen(*row) for row in cursor.fetchall()]
