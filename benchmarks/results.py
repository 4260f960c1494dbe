"""What a workload found: the costs of the competitors, and the targets they are held to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection

from benchmarks.measure import Costs, ratio, spread


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. Rounds are how often each competitor has its turn."""

    saves: int = 400  # sales of one round of W1 and W3
    save_rounds: int = 5
    updates: tuple[int, ...] = (10_000, 100_000)
    update_rounds: int = 3
    rows: int = 100_000
    companies: int = 20_000
    skewed: int = 10_000
    import_rounds: int = 2  # a minute and more each
    skewed_rounds: int = 1  # of the skewed files, which have no target and take long
    check: int = 2_000  # rows that are compared one by one
    organisations: tuple[int, ...] = (1_000, 100_000, 1_000_000)  # companies, for pages
    page_times: int = 10  # each page is asked for so often in one round
    page_rounds: int = 3


QUICK = Sizes(
    saves=100, save_rounds=3, updates=(2_000, 10_000), update_rounds=3, rows=5_000, companies=1_000, skewed=500, import_rounds=3, check=500,
    organisations=(1_000, 20_000), page_times=10, page_rounds=3,
)  # fmt: skip
TINY = Sizes(
    saves=4, save_rounds=1, updates=(6, 12), update_rounds=1, rows=60, companies=10, skewed=20, import_rounds=1, check=30,
    organisations=(30, 120), page_times=1, page_rounds=1,
)  # fmt: skip


@dataclass(slots=True)
class Target:
    """A figure with its limit; `stretch` is what would be better still."""

    what: str
    value: float
    limit: float
    stretch: float | None = None

    @property
    def verdict(self) -> str:
        """In one word."""
        if self.value > self.limit:
            return "missed"
        return "stretch met" if self.stretch is not None and self.value <= self.stretch else "met"


@dataclass(slots=True)
class Result:
    """One workload at one size on this connection's database. Costs are seconds for `size` rows."""

    workload: str
    what: str
    size: int
    rounds: int
    baseline: str  # the competitor that ratios are to
    costs: Costs
    statements: dict[str, list[str]] = field(default_factory=dict)
    allocated: dict[str, int] = field(default_factory=dict)  # peak of a traced pass, bytes
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    companies: int = 0  # of the organisation whose pages are asked for
    database: str = field(default_factory=lambda: connection.vendor)

    def hold(self, what: str, value: float, limit: float, stretch: float | None = None) -> None:
        """Hold `value` to `limit`."""
        self.targets.append(Target(what, round(value, 2), limit, stretch))

    def ratio(self, of: str, to: str = "") -> float:
        """The ratio of the medians of processor time; to the baseline unless told."""
        return ratio(self.costs, of, to or self.baseline)["median"]

    def median(self, of: str) -> float:
        """Processor time for all rows."""
        return spread([cost.cpu for cost in self.costs[of]])["median"]

    def more(self, of: str, to: str = "") -> int:
        """How many statements more."""
        return len(self.statements[of]) - len(self.statements[to or self.baseline])

    def as_json(self) -> dict[str, Any]:
        """Every figure, per round and summed up."""
        competitors = {}
        for name, costs in self.costs.items():
            competitors[name] = {
                "ratio_of_cpu_to_baseline": ratio(self.costs, name, self.baseline),
                **{what: spread([getattr(cost, what) for cost in costs]) for what in ("cpu", "client", "server", "wall")},
                "rows_per_second": self.size / spread([cost.wall for cost in costs])["median"],
                "rounds": [cost._asdict() for cost in costs],
                "memory_growth_per_row": max(cost.memory for cost in costs) / self.size,
                "allocated_per_row": self.allocated[name] / self.size if name in self.allocated else None,
                "statements": len(self.statements[name]) if name in self.statements else None,
                "statements_by_kind": Counter(self.statements.get(name, [])),
            }
        told = {name: value for name, value in asdict(self).items() if name not in ("costs", "statements", "allocated", "targets")}
        targets = [{**asdict(target), "verdict": target.verdict} for target in self.targets]
        return {**told, "unit": "seconds for all rows; bytes for one row", "competitors": competitors, "targets": targets}
