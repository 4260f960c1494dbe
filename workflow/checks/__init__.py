"""Does the ledger agree with everything else? Reads only; a fixed number of statements, and memory that does not grow with the data.

What each kind of finding means, and what to do about it, is in docs/operations.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crm.models import Company, CompanyCategory, Contact, Sale, SaleTransition
from leads.models import Lead, LeadStatus, LeadStatusChange
from workflow.checks import ledger, records
from workflow.checks.periods import MARGIN, read_log
from workflow.checks.reading import Part, Reading, let_planner_know, one_moment
from workflow.models import AutomationRule, CategoryDecision

READ = (Company, Contact, Sale, SaleTransition, Lead, LeadStatusChange, CategoryDecision)  # of the tables those that grow
LIMIT = 20  # sentences of each kind
Check = Callable[[Reading], Iterable[Part]]

CHECKS: dict[str, Check] = {
    "rule": records.rules,
    "sale": records.sales,
    "lead status": records.lead_statuses,
    "category": ledger.categories,
    "number": ledger.numbers,
    "waits twice": ledger.waiting_twice,
    "waits in vain": ledger.waiting_in_vain,
    "handed over": ledger.hand_overs,
    "no decision of a sale": records.decisions_of_sales,
    "no decision of a lead status": records.decisions_of_contacts,
    "reference": ledger.references,
}
NOTES: dict[str, Check] = {"failed": ledger.failed}


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything of one kind that does not agree."""

    kind: str
    total: int
    sentences: list[str]  # the first of them


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, what does not agree, and what is only worth knowing."""

    companies: int
    decisions: int
    transitions: int  # of sales
    findings: list[Finding]
    notes: list[Finding]


def check(*, limit: int = LIMIT, margin: dt.timedelta = MARGIN) -> Report:
    """Compare the ledger with companies, sales, lead statuses and the settings log. Writes nothing, waits for nobody, holds nobody up.

    `limit`: sentences of each kind, at least 1. `margin`: a transition that is not farther from a change of a rule is not judged
    by that rule. About 40 statements, two more for each kind that is found; seconds for 100,000 companies.
    """
    let_planner_know(*READ)
    with one_moment():
        categories, statuses = (dict(model.objects.values_list("pk", "name")) for model in (CompanyCategory, LeadStatus))
        reading = Reading(limit, read_log(AutomationRule.objects.all(), margin=margin), categories, statuses)
        return Report(
            companies=Company.objects.count(),
            decisions=CategoryDecision.objects.count(),
            transitions=SaleTransition.objects.count(),
            findings=_run(CHECKS, reading),
            notes=_run(NOTES, reading),
        )


def _run(checks: dict[str, Check], reading: Reading) -> list[Finding]:
    found = []
    for kind, parts_of in checks.items():
        parts = list(parts_of(reading))
        sentences = [sentence for part in parts for sentence in part.sentences]
        found.append(Finding(kind, sum(part.total for part in parts), sentences[: reading.limit]))
    return [finding for finding in found if finding.total]
