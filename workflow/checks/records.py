"""Checks of what lies around the ledger: sales and lead statuses against their history, rules against the settings log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from crm.models import Company, Contact, Sale, SaleTransition
from leads.models import Lead, LeadStatusChange
from workflow.checks.evidence import Missing, missing_of_contacts, missing_of_sales
from workflow.checks.reading import Part, Reading, company, key
from workflow.models import AutomationRule, Trigger

HAPPENED = {Trigger.SALE_WON: "was won", Trigger.SALE_LOST: "was lost", Trigger.SALE_REGISTERED: "was registered"}


def sales(reading: Reading) -> Iterator[Part]:
    """A sale's status and company are those of its last transition (S4)."""
    last = SaleTransition.objects.order_by().values("sale").annotate(last=Max("pk")).values("last")
    query = (
        SaleTransition.objects.filter(pk__in=last)
        .annotate(has=key("sale__company_id"), told=key("to_company_id"))
        .filter(~Q(to_status=F("sale__status")) | ~Q(has=F("told")))
        .order_by("sale_id")
    )

    def say(row: Any) -> str:
        is_, told = (f"{status} at {f'company {pk}' if pk else 'no company'}" for status, pk in ((row.sale__status, row.has), (row.to_status, row.told)))
        return f"The sale “{row.sale__title}” (sale {row.sale_id}) is {is_}; expected: {told}, as its last transition says."

    yield reading.ask(query.values_list("sale_id", "sale__title", "sale__status", "to_status", "has", "told", named=True), say)
    silent = Sale.objects.filter(~Exists(SaleTransition.objects.filter(sale=OuterRef("pk")))).order_by("pk").values_list("pk", "title", named=True)
    yield reading.ask(silent, lambda row: f"The sale “{row.title}” (sale {row.pk}) has no transition; expected: one from its creation on.")


def lead_statuses(reading: Reading) -> Iterator[Part]:
    """A contact's lead status is that of its last change (L4)."""
    last = LeadStatusChange.objects.order_by().values("contact").annotate(last=Max("pk")).values("last")
    query = LeadStatusChange.objects.filter(pk__in=last).exclude(to_status=F("contact__lead__status")).order_by("contact_id")
    names = ("contact__first_name", "contact__last_name")

    def say(row: Any) -> str:
        who, now, told = _person(row.contact_id, row[2], row[3]), reading.status(row.contact__lead__status_id), reading.status(row.to_status_id)
        return f"The lead status of {who} is {now}; expected: {told}, as its last change says."

    yield reading.ask(query.values_list("contact_id", "to_status_id", *names, "contact__lead__status_id", named=True), say)
    silent = Lead.objects.filter(~Exists(LeadStatusChange.objects.filter(contact=OuterRef("pk")))).order_by("pk").values_list("pk", *names, named=True)
    yield reading.ask(silent, lambda row: f"The lead status of {_person(*row)} has no change; expected: one from its first on.")


def rules(reading: Reading) -> Iterator[Part]:
    """Each rule is as the settings log says, which therefore knows when it was on. No statement."""
    sentences = [f"{_rule(rule)}: the settings log does not know it; expected: a record of each change since it was made." for rule in reading.log.unknown]
    for rule, differing in reading.log.differing:
        now, told = (", ".join(f"{name} {values[place]}" for name, values in differing.items()) for place in (0, 1))
        sentences.append(f"{_rule(rule)} has {now}; expected: {told}, as the settings log says.")
    yield Part(len(sentences), sentences[: reading.limit])


def decisions_of_sales(reading: Reading) -> Iterator[Part]:
    """Every sale that was won, lost or registered while a rule for that was on has its decision (A8)."""
    total, first = _counted(missing_of_sales(reading.log), reading.limit)
    titles = Sale.objects.in_bulk([missing.record_id for missing in first])
    names = Company.objects.in_bulk([missing.answer.subject_id for missing in first])

    def say(missing: Missing) -> str:
        sale, whose = titles.get(missing.record_id), names.get(missing.answer.subject_id)
        what = f"the sale “{sale}” (sale {missing.record_id}) {HAPPENED[Trigger(missing.answer.trigger)]}"
        return f"{company(whose.name if whose else None, missing.answer.subject_id)}: {what} {_told(missing)}"

    yield Part(total, [say(missing) for missing in first])


def decisions_of_contacts(reading: Reading) -> Iterator[Part]:
    """Every lead status that somebody set while a rule for it was on has its decision (A8)."""
    total, first = _counted(missing_of_contacts(reading.log), reading.limit)
    people = Contact.objects.select_related("company").in_bulk([missing.record_id for missing in first])

    def say(missing: Missing) -> str:
        person = people[missing.record_id]
        what = f"the lead status of {_person(person.pk, person.first_name, person.last_name)} was set to {reading.status(missing.answer.subject_id)}"
        return f"{company(person.company.name, person.company_id)}: {what} {_told(missing)}"

    yield Part(total, [say(missing) for missing in first])


def _counted(found: Iterator[Missing], limit: int) -> tuple[int, Sequence[Missing]]:
    first = list(islice(found, limit))
    return len(first) + sum(1 for _missing in found), first


def _told(missing: Missing) -> str:
    times = f"{len(missing.moments)} times, " if len(missing.moments) > 1 else ""
    last = f"{'last ' if times else ''}on {timezone.localtime(missing.moments[-1]):%Y-%m-%d %H:%M}"
    expected = f"as many decisions of that rule, found {missing.found}" if times else "a decision of that rule"
    return f"{times}{last} while rule {missing.answer.rule_id} was on; expected: {expected}."


def _person(pk: int, first_name: str, last_name: str) -> str:
    return f"{first_name} {last_name}".strip() + f" (contact {pk})"


def _rule(rule: AutomationRule) -> str:
    return f"Rule {rule.pk} ({rule.trigger})"
