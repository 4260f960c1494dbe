"""W2: many sales, each at its own company, are won through one `update()`; a silent rule is on."""

from __future__ import annotations

from functools import partial

from benchmarks import data, handwritten
from benchmarks.measure import Measure, Work, compare, cost_in_child, cost_of, statements, traced_in_child
from benchmarks.results import Result, Sizes
from crm.actor import acting_as
from crm.models import Sale
from crm.models.bulk import CHUNK

HAVN, SQL = "Havn update()", "SQL by hand"


def win_havn() -> None:
    """Win every open sale the way Havn does."""
    with acting_as(data.actor()):
        Sale.objects.filter(status="open").update(status="won")


def competitors() -> dict[str, Work]:
    """How each wins all open sales."""
    return {HAVN: win_havn, SQL: partial(handwritten.win, handwritten.ALL_OPEN, by=data.actor().pk)}


def check(size: int) -> None:
    """Havn and the SQL leave the same rows, whatever the guards say."""
    data.rules_on(sale_won="Opportunity")
    data.fill(size)
    data.vary()
    works = competitors()
    data.expect(data.afterwards(works[SQL]), data.afterwards(works[HAVN]), "W2: SQL by hand")


def run(sizes: Sizes, *, measure: Measure = cost_in_child) -> list[Result]:
    """Check that the competitors do the same, then measure them at each size."""
    check(sizes.check)
    data.rules_on(sale_won="Customer")
    results = [_at(size, sizes, measure) for size in sizes.updates]
    small, large = results[0], results[-1]
    chunks = [-(-result.size // CHUNK) for result in (small, large)]
    if chunks[1] > chunks[0]:
        each = (len(large.statements[HAVN]) - len(small.statements[HAVN])) / (chunks[1] - chunks[0])
        fixed = len(large.statements[HAVN]) - each * chunks[1]
        large.notes.append(f"Havn sends {each:g} statements for each {CHUNK:,} companies and {fixed:g} besides.")
        large.hold("statements for each 2,000 companies: times those of the smaller size", each * chunks[0] / (len(small.statements[HAVN]) - fixed), 1.0)
        growth = [max(cost.memory for cost in result.costs[HAVN]) / result.size for result in (small, large)]
        large.notes.append(f"Memory of Havn grows by {growth[0]:,.0f} and {growth[1]:,.0f} bytes a row at {small.size:,} and {large.size:,} rows.")
    return results


def _at(size: int, sizes: Sizes, measure: Measure) -> Result:
    works = competitors()
    allocated = {}
    if measure is not cost_of:
        data.fill(size)
        allocated[HAVN] = traced_in_child(works[HAVN])  # by hand nothing comes to the client
    sent = {}
    for name, work in works.items():
        data.fill(size)
        sent[name] = statements(work)
    done = {"won": size, "moved": size, "transitions": size, "changed": size, "skipped": 0}
    costs = compare(
        works,
        rounds=sizes.update_rounds,
        before=lambda: data.fill(size),
        after=lambda name: data.expect(data.counts(), done, f"W2: {name}"),
        measure=measure,
    )
    what = f"{size:,} sales won through one update(), a silent rule on"
    result = Result("W2", what, size, sizes.update_rounds, SQL, costs, sent, allocated)
    result.hold("CPU, times the SQL by hand", result.ratio(HAVN), 1.5)
    return result
