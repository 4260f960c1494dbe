"""The figures as tables: for the terminal, and as Markdown for RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- begin: written by make bench -->", "<!-- end -->"
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
COSTS = ("Competitor", "CPU", "ratio", "client", "server", "wall", "rows/s", "statements", "grows by", "allocates")
OF_PAGES = ("W6", "W7", "W8", "W9")
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
    single = workload(result) in ("W1", "W3")
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


def _pages(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The pages of one database: a line for each page and size."""
    first = results[0]
    yield f"### Pages, {NAMES[first['database']]}"
    yield ""
    yield f"CPU of one answer, client and server; median of {first['rounds']} rounds of {first['size']} (least..most). Ratio to “{first['baseline']}”."
    yield ""
    rows = []
    for result in results:
        if not result["costs_of"]:
            continue
        whole, orm, bare = (_each(result, name) for name in result["costs_of"])
        ratio = result["competitors"][result["costs_of"][0]]["ratio_of_cpu_to_baseline"]["median"]
        sent = result["competitors"][result["costs_of"][0]]["statements"]
        rows.append((result["workload"], result["what"], f"{result['companies']:,}", whole, orm, bare, f"{ratio:.1f}", str(sent)))
    yield from _table(("", "Page", "Companies", "Request to response", "of it Django's ORM", "Its statements alone", "ratio", "statements"), rows)
    yield ""
    for result in results:
        yield from (f"- {result['workload']}: {note}" for note in result["notes"])
    yield ""


def _each(result: dict[str, Any], name: str) -> str:
    cpu = result["competitors"][name]["cpu"]
    each = result["size"]
    return f"{_time(cpu['median'] / each)} ({_time(cpu['min'] / each)}..{_time(cpu['max'] / each)})"


def workload(result: dict[str, Any]) -> str:
    """W1 to W9."""
    return result["workload"].split()[0]


def _measured_at(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Which workloads were measured at which commit."""
    at: dict[tuple[str, str], list[str]] = {}
    for result in results:
        names = at.setdefault((result["date"], result["commit"]), [])
        names += [workload(result)] if workload(result) not in names else []
    yield from (f"{' '.join(sorted(names))} on {date} at commit {commit}" for (date, commit), names in at.items())


def text(report: dict[str, Any]) -> str:
    """Everything, as Markdown that can be read in a terminal too."""
    machine, versions = report["machine"], ", ".join(f"{name} {value}" for name, value in report["versions"].items())
    lines = [
        f"`{report['command']}`: {', '.join(_measured_at(report['results']))}.",
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
    pages = [{**result, "costs_of": [*result["competitors"]]} for result in report["results"] if result["workload"] in OF_PAGES]
    for result in report["results"]:
        if result["workload"] not in OF_PAGES:
            lines += _result(result)
    for database in NAMES:
        if found := [result for result in pages if result["database"] == database]:
            lines += _pages(found)
    return "\n".join(lines).rstrip() + "\n"


def write(path: Path, found: str) -> None:
    """Put the tables between the markers of RESULTS.md."""
    whole = path.read_text(encoding="utf-8")
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{found}{END}{after}", encoding="utf-8")
