"""W2: many sales, each at its own company, are won through one `update()`; a silent rule is on."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

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
    large = results[-1]
    sent = {chunks(result.size): len(result.statements[HAVN]) for result in results}
    if len(sent) > 1:
        _hold_statements(large, sent)
    growth = " and ".join(f"{max(cost.memory for cost in result.costs[HAVN]) / result.size:,.0f} at {result.size:,} rows" for result in results)
    large.notes.append(f"Memory of Havn grows by this many bytes a row: {growth}.")
    return results


def chunks(size: int) -> int:
    """In how many pieces Havn does so many companies."""
    return -(-size // CHUNK)


def _hold_statements(result: Result, sent: dict[int, int]) -> None:
    """With a third size: does each further chunk cost the same?"""
    data.fill(2 * CHUNK)
    sent[2] = len(statements(win_havn))
    steps = [(more[1] - less[1]) / (more[0] - less[0]) for less, more in pairwise(sorted(sent.items()))]
    told = ", ".join(f"{count} for {pieces}" for pieces, count in sorted(sent.items()))
    result.notes.append(f"Statements of Havn by chunks of {CHUNK:,} companies: {told}; so {steps[-1]:g} for each further one.")
    result.hold("statements for each further 2,000 companies, most to least", max(steps) / min(steps), 1.0)


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
