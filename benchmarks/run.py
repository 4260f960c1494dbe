"""Measure everything on a throw-away PostgreSQL and on SQLite: `python -m benchmarks.run [--size quick] [--only W1,W2] [--on sqlite]`.

Writes results.json and RESULTS.md beside this file, unless the size is quick or one database only was asked for. A part renews its own
results; the others keep the commit that they were measured at. Needs Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine, report

HERE = Path(__file__).resolve().parent
WITH_POSTGRES = machine.ROOT / "scripts" / "with_postgres.py"
NO_POSTGRES = 77
NOTES = (
    "PostgreSQL runs with fsync=off, synchronous_commit=off and full_page_writes=off, without autovacuum and without parallel workers: "
    "wall time is flattered, so look at the ratios of processor time. SQLite writes a file (WAL, synchronous=NORMAL).",
    "CPU is client and server together; PostgreSQL's is of the process that serves the connection, SQLite works inside the client.",
)


def measure(database: str, options: argparse.Namespace) -> dict[str, Any] | None:
    """What a worker finds on a database of its own; None where there is no PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="havn-bench-") as folder:
        out = Path(folder) / "found.json"
        command = [sys.executable, "-m", "benchmarks.worker", "--size", options.size, "--only", options.only, "--out", str(out)]
        surroundings = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TEST_DATABASE_URL")}  # never somebody's
        if database == "postgresql":
            command = [sys.executable, str(WITH_POSTGRES), *command]
        else:
            surroundings["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        status = subprocess.run(command, cwd=machine.ROOT, env=surroundings).returncode
        if status == NO_POSTGRES:
            return None
        if status:
            sys.exit(status)
        return json.loads(out.read_text())


def renewed(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of `before`, with those of `now` in the place of the same workloads."""
    measured = {report.workload(result) for result in now}
    results = [result for result in before if report.workload(result) not in measured] + now
    return sorted(results, key=lambda result: (list(report.NAMES).index(result["database"]), report.workload(result)))


def _lines(found: dict[str, Any]) -> str:
    """As JSON, with a line for each result."""
    head = json.dumps({name: value for name, value in found.items() if name != "results"}, indent=1, ensure_ascii=False).removesuffix("\n}")
    rows = ",\n".join(f"  {json.dumps(result, ensure_ascii=False)}" for result in found["results"])
    return f'{head},\n "results": [\n{rows}\n ]\n}}\n'


def main() -> None:
    """Run the workers, then tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", choices=["full", "quick"], default="full")
    parser.add_argument("--only", default="", metavar="W1,W2", help="some of W1 to W9")
    parser.add_argument("--on", choices=["postgresql", "sqlite"], action="append", help="one database only")
    parser.add_argument("--json", type=Path, help="write the figures here instead")
    options = parser.parse_args()
    written = options.size == "full" and not options.on

    parts, notes = [], list(NOTES)
    for database in options.on or ("postgresql", "sqlite"):
        part = measure(database, options)
        if part is None:
            notes.append("There is no PostgreSQL on this machine, so it was left out.")
        else:
            parts.append(part)
    versions = machine.versions() | {report.NAMES[part["database"]]: part["version"] for part in parts}
    found = {
        "command": "make bench" + ("" if options.size == "full" else f" SIZE={options.size}"),
        "machine": machine.machine(),
        "versions": versions,
        "notes": notes,
        "results": [{**result, "commit": machine.commit(), "date": machine.today()} for part in parts for result in part["results"]],
    }
    if written and options.only:
        found["results"] = renewed(json.loads((HERE / "results.json").read_text(encoding="utf-8"))["results"], found["results"])
    told = report.text(found)
    sys.stdout.write(told)
    if written or options.json:
        (options.json or HERE / "results.json").write_text(_lines(found), encoding="utf-8")
    if written:
        report.write(HERE / "RESULTS.md", told)
        sys.stdout.write("\nWritten: benchmarks/results.json, benchmarks/RESULTS.md\n")


if __name__ == "__main__":
    main()
