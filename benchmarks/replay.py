"""The rules in words, on a CSV file: what an import must decide, with no code of Havn's."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from benchmarks import data
from benchmarks.baselines import Reader
from crm.models import Company
from workflow.models import CategoryDecision

TARGETS = {"sale_won": "Customer", "sale_lost": "Lost opportunity", "sale_registered": "Opportunity"}
START = "Lead"
POTENTIAL = {"Lead", "Lost opportunity", "Opportunity"}


def replay(path: Path, reader: Reader) -> Counter[str]:
    """Each row is a save of its own: won or lost goes before registered, and a company moves once for each row."""
    category = dict.fromkeys(reader.companies.values(), START)
    found: Counter[str] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = reader.values(row, source="", by=0)
            company = values["company_id"]
            if not company:
                continue
            before, moved = category[company], False
            closed = [f"sale_{values['status']}"] if values["status"] in ("won", "lost") else []
            for trigger in [*closed, "sale_registered"]:
                target = TARGETS[trigger]
                if before not in POTENTIAL:
                    why = "not_potential"
                elif before == target:
                    why = "already_there"
                else:
                    why = "other_cause" if moved else ""
                if not why:
                    category[company], moved = target, True
                found[f"{company} {values['external_key']} {trigger} {why or 'changed'} from {before}"] += 1
    found.update(f"{company} is {name}" for company, name in category.items())
    return found


def replayed() -> Counter[str]:
    """The same from the database."""
    decisions = data.plain(CategoryDecision).exclude(rule=None)
    found = Counter(
        f"{company} {key} {trigger} {why or outcome} from {before}"
        for company, key, trigger, why, outcome, before in decisions.values_list(
            "company_id", "sale__external_key", "trigger", "skip_reason", "outcome", "from_category__name"
        )
    )
    found.update(f"{company} is {name}" for company, name in data.plain(Company).values_list("pk", "category__name"))
    return found
