"""How costs are taken: processor time of this process and of the database's process, wall time, memory, statements."""

from __future__ import annotations

import gc
import json
import os
import re
import statistics
import time
import traceback
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

Work = Callable[[], object]


class Cost(NamedTuple):
    """Seconds of one piece of work; `memory` is by how many bytes this process grew at its peak, where that was looked at."""

    client: float
    server: float
    wall: float
    memory: int = 0

    @property
    def cpu(self) -> float:
        """Processor time of both sides."""
        return self.client + self.server


Costs = dict[str, list[Cost]]  # by competitor, one for each round
Measure = Callable[[Work], Cost]


def server_process() -> int:
    """The process that serves this connection. 0 where there is none: SQLite works inside this one. One statement."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def server_seconds(process: int) -> float:
    """Processor time that process has used. From the scheduler's own count (nanoseconds), else from utime + stime (10 ms)."""
    if not process:
        return 0.0
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def cost_of(work: Work) -> Cost:
    """What `work` costs, done once."""
    process = server_process()
    gc.collect()
    server, client, wall = server_seconds(process), time.process_time(), time.perf_counter()
    work()
    wall, client = time.perf_counter() - wall, time.process_time() - client
    return Cost(client, server_seconds(process) - server, wall)


def cost_in_child(work: Work) -> Cost:
    """As `cost_of()`, in a forked process with a connection of its own: nothing that came before lends it memory."""

    def measured() -> dict[str, float]:
        before = _resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts over
        cost = cost_of(work)
        return cost._replace(memory=max(0, _resident("VmHWM") - before))._asdict()

    return Cost(**_in_child(measured))


def traced_in_child(work: Work) -> int:
    """The peak of what Python allocated, in bytes. Slow, so it is a pass of its own."""

    def measured() -> dict[str, float]:
        tracemalloc.start()
        work()
        return {"peak": tracemalloc.get_traced_memory()[1]}

    return int(_in_child(measured)["peak"])


def _in_child(measured: Callable[[], dict[str, float]]) -> dict[str, float]:
    connection.close()  # a connection is not for two processes
    read, write = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            connection.ensure_connection()
            gc.collect()
            gc.freeze()  # what is here already is not copied by looking through it
            os.write(write, json.dumps(measured()).encode())
            connection.close()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1] or not text:
        raise RuntimeError("the measured work failed; see above")
    return json.loads(text)


def _resident(name: str) -> int:
    """Resident memory of this process in bytes: VmRSS now, VmHWM at its peak."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def compare(competitors: Mapping[str, Work], *, rounds: int, before: Callable[[], object], after: Callable[[str], object], measure: Measure = cost_of) -> Costs:
    """Measure the competitors in turn, A B C A B C. `before` makes the data equal for each, `after` checks that the work was done."""
    costs: Costs = {name: [] for name in competitors}
    for _ in range(rounds):
        for name, work in competitors.items():
            before()
            costs[name].append(measure(work))
            after(name)
    return costs


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratio(costs: Costs, of: str, to: str) -> dict[str, float]:
    """The ratio of the medians of processor time, and how far it goes from one round to another."""
    pairs = [one.cpu / other.cpu for one, other in zip(costs[of], costs[to], strict=True)]
    return {**spread(pairs), "median": statistics.median(cost.cpu for cost in costs[of]) / statistics.median(cost.cpu for cost in costs[to])}


# ------------------------------------------------------------------------------------------------------------ statements
KINDS = (
    ("WITH", re.compile(r"\bINSERT INTO\b", re.IGNORECASE), "INSERT"),
    ("SELECT", re.compile(r"\bFOR (NO KEY )?UPDATE\b"), "SELECT locking"),
    ("SAVEPOINT", re.compile(""), "SAVEPOINT"),
    ("RELEASE", re.compile(""), "RELEASE"),
)
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|EXECUTE)\s+"?([a-z_]+)"?', re.IGNORECASE)


def statements(work: Work) -> list[str]:
    """What `work` sends, each as its kind and its first table: BEGIN, SELECT crm_sale, ... Transactions and savepoints included."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return [_short(query["sql"]) for query in captured.captured_queries]


def _short(sql: str) -> str:
    first = sql.split(None, 1)[0].upper().rstrip(";")
    kind = next((name for word, pattern, name in KINDS if word == first and pattern.search(sql)), first)
    written = re.search(r"\bINSERT INTO\s+\"?([a-z_]+)", sql) if kind == "INSERT" else None
    table = written or (TABLE.search(sql) if kind.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE"} else None)
    return f"{kind} {table[1]}" if table else kind
