"""The figures as tables: for the terminal, and as Markdown for RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- begin: written by make bench -->", "<!-- end -->"
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
COSTS = ("Competitor", "CPU", "ratio", "client", "server", "wall", "rows/s", "statements", "grows by", "allocates")
TARGETS = ("Workload", "Database", "What", "Found", "Target", "Stretch", "")


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.2f} ms"


def _bytes(value: float | None) -> str:
    return "" if not value else f"{value:,.0f} B"


def _row(name: str, found: dict[str, Any], size: int) -> tuple[str, ...]:
    """One competitor. Times are of one row where rows are saved one by one."""
    each = 1 if found["per_round"] else size

    def spread(what: str) -> str:
        value = found[what]
        return f"{_time(value['median'] / each)} ({_time(value['min'] / each)}..{_time(value['max'] / each)})"

    ratio = found["ratio_of_cpu_to_baseline"]
    return (
        name,
        spread("cpu"),
        f"{ratio['median']:.2f} ({ratio['min']:.2f}..{ratio['max']:.2f})",
        _time(found["client"]["median"] / each),
        _time(found["server"]["median"] / each),
        _time(found["wall"]["median"] / each),
        f"{found['rows_per_second']:,.0f}",
        "" if found["statements"] is None else str(found["statements"]),
        _bytes(found["memory_growth_per_row"]),
        _bytes(found["allocated_per_row"]),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(str(row[place])) for row in [head, *rows]) for place in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _kinds(found: dict[str, Any]) -> str:
    return ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in found["statements_by_kind"].items())


def _result(result: dict[str, Any]) -> Iterator[str]:
    single = result["workload"].split()[0] in ("W1", "W3")
    yield f"### {result['workload']}, {NAMES[result['database']]}: {result['what']}"
    yield ""
    per = f"each of {result['size']} sales" if single else "the whole"
    yield f"Cost of {per}; median of {result['rounds']} rounds (least..most); ratio to “{result['baseline']}”."
    yield ""
    competitors = {name: {**found, "per_round": not single} for name, found in result["competitors"].items()}
    yield from _table(COSTS, [_row(name, found, result["size"]) for name, found in competitors.items()])
    yield ""
    if single:
        for name, found in competitors.items():
            yield f"- {name}: {_kinds(found) or 'no statement'}"
    for note in result["notes"]:
        yield f"- {note}"
    yield ""


def text(report: dict[str, Any]) -> str:
    """Everything, as Markdown that can be read in a terminal too."""
    machine, versions = report["machine"], ", ".join(f"{name} {value}" for name, value in report["versions"].items())
    lines = [
        f"`{report['command']}` on {report['date']}, commit {report['commit']}.",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, Linux {machine['kernel']}. {versions}.",
        "",
        *(f"{note}" for note in report["notes"]),
        "",
        "### Targets",
        "",
    ]
    rows = [
        (
            result["workload"],
            NAMES[result["database"]],
            f"{result['what']}: {target['what']}",
            f"{target['value']:g}",
            f"{target['limit']:g}",
            "" if target["stretch"] is None else f"{target['stretch']:g}",
            target["verdict"].upper() if target["verdict"] == "missed" else target["verdict"],
        )
        for result in report["results"]
        for target in result["targets"]
    ]
    lines += [*_table(TARGETS, rows), ""]
    for result in report["results"]:
        lines += _result(result)
    return "\n".join(lines).rstrip() + "\n"


def write(path: Path, found: str) -> None:
    """Put the tables between the markers of RESULTS.md."""
    whole = path.read_text(encoding="utf-8")
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{found}{END}{after}", encoding="utf-8")
