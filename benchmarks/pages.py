"""W6 to W9: what a page costs from request to response, next to its own statements alone, and how that grows with the organisation.

Three things are measured apart: the whole answer (Django's test client: URL, middleware, session, rights, view, statements, templates), of it
what is spent in Django's ORM (making statements, waiting for them, building rows and models), and the very same statements with the
same parameters sent through a bare cursor, all rows fetched. The targets are about the first next to the last.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.models.query import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.test import Client
from django.urls import NoReverseMatch, reverse

from benchmarks import crowd, data
from benchmarks.measure import Cost, Measure, compare, cost_of, server_process, server_seconds, statements
from benchmarks.results import Result, Sizes
from crm.models import Company
from workflow.models import CategoryDecision

PAGE, ORM, SQL = "request to response", "of it Django's ORM", "its statements alone"
FAR = 5_000  # rows into the list
HOST = "localhost"
Sent = list[tuple[str, Any]]


class Missing(Exception):
    """There is no such page (yet)."""


# --------------------------------------------------------------------------------------------------------------- the pages
def _list(**query: str | int) -> str:
    return reverse("crm:companies", query=query)


def _far(client: Client) -> str:
    """The page of the list that is 5,000 rows in, or in the middle of a smaller one: found as people do, by *Next*."""
    address = _list()
    for _ in range(min(FAR, Company.objects.current().count() // 2) // 25):
        found = re.search(r'id="pager-next"[^>]*?href="([^"]+)"|href="([^"]+)"[^>]*?id="pager-next"', _get(client, address))
        if not found:
            break
        address = reverse("crm:companies") + (found[1] or found[2]).replace("&amp;", "&")
    return address


def _last() -> Company:
    return Company.objects.current().order_by("-pk")[0]


def _card(_client: Client) -> str:
    """That of a company with a question."""
    return CategoryDecision.objects.waiting().filter(asked_of=data.actor())[0].company.get_absolute_url()


def _named(name: str, _client: Client) -> str:
    try:
        return reverse(name)
    except NoReverseMatch as error:
        raise Missing(f"There is no page {name} yet, so it was left out.") from error


PAGES: dict[str, dict[str, Callable[[Client], str]]] = {
    "W6": {
        "companies, first page": lambda _: _list(),
        "companies, 5,000 rows in": _far,
        "companies, latest change first": lambda _: _list(sort="changed"),
        "companies, mine": lambda _: _list(view="mine"),
        "companies of one category": lambda _: _list(category=_last().category_id),
        "search, one company's number": lambda _: _list(q=_last().registration_number),
        "search, a common word": lambda _: _list(q="energi"),
        "search, two words": lambda _: _list(q="tømrer skagen"),
        "search, two letters": lambda _: _list(q="øs"),
        "search, nothing found": lambda _: _list(q="findes ikke"),
    },
    "W7": {"a company's card": _card},
    "W8": {"pipeline": partial(_named, "crm:pipeline")},
    "W9": {"confirmations": partial(_named, "workflow:confirmations")},
}


def _get(client: Client, address: str) -> str:
    answer = client.get(address, SERVER_NAME=HOST)
    if answer.status_code != 200:
        raise AssertionError(f"{address} answered {answer.status_code}")
    return answer.content.decode()


# ------------------------------------------------------------------------------------------------------------- competitors
@contextmanager
def _recorded() -> Iterator[Sent]:
    """Every statement with its parameters, as Django hands it to the driver."""
    sent: Sent = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def _send(sent: Sent, times: int) -> None:
    """The statements again, without Django between; every row is fetched."""
    connection.ensure_connection()
    for _ in range(times):
        for sql, params in sent:
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(sql, params)
                if cursor.description:
                    cursor.fetchall()


class _Clock:
    """Processor time and time inside some functions, not counted twice where they call each other."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0
        self.inside = False

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, watched."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return function(*args, **kwargs)
            self.inside = True
            cpu, wall = time.process_time(), time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.cpu += time.process_time() - cpu
                self.wall += time.perf_counter() - wall
                self.inside = False

        return watched


def _cost_in_orm(work: Callable[[], object]) -> Cost:
    """What `work` costs within Django's ORM, the server's part included."""
    process, clock = server_process(), _Clock()
    server = server_seconds(process)
    with (
        patch.object(QuerySet, "_fetch_all", clock.around(QuerySet._fetch_all)),
        patch.object(SQLCompiler, "execute_sql", clock.around(SQLCompiler.execute_sql)),
    ):
        work()
    return Cost(clock.cpu, server_seconds(process) - server, clock.wall)


def _measured(name: str, what: str, address: str, client: Client, *, sizes: Sizes, companies: int) -> Result:
    """One page at one size."""
    _get(client, address)  # what a process does once
    with _recorded() as sent:
        _get(client, address)
    times = sizes.page_times
    works: dict[str, Callable[[], object]] = {
        PAGE: lambda: [_get(client, address) for _ in range(times)],
        ORM: lambda: [_get(client, address) for _ in range(times)],
        SQL: partial(_send, _for_driver(sent), times),
    }
    turn = iter([*works] * sizes.page_rounds)

    def measure(work: Callable[[], object]) -> Cost:
        return _cost_in_orm(work) if next(turn) == ORM else cost_of(work)

    costs = compare(works, rounds=sizes.page_rounds, before=int, after=lambda _name: None, measure=measure)
    result = Result(name, what, times, sizes.page_rounds, SQL, costs, companies=companies)
    result.statements = {PAGE: statements(lambda: _get(client, address))}
    return result


def _for_driver(sent: Sent) -> Sent:
    """Statements as the driver wants them: SQLite's has question marks where Django writes %s."""
    if connection.vendor == "postgresql":
        return sent
    return [(sql % (("?",) * len(params)) if params is not None else sql, params) if params else (sql.replace("%%", "%"), ()) for sql, params in sent]


# --------------------------------------------------------------------------------------------------------------- measuring
def run(sizes: Sizes, names: Sequence[str] = tuple(PAGES), *, measure: Measure | None = None) -> list[Result]:
    """Measure the pages of these workloads at each size; the targets stand at the largest."""
    found: dict[tuple[str, str], list[Result]] = {}
    notes: dict[str, str] = {}
    for companies in sizes.organisations:
        crowd.fill(companies)
        client = Client()
        client.force_login(data.actor())
        for name in names:
            for what, where in PAGES[name].items():
                try:
                    result = _measured(name, what, where(client), client, sizes=sizes, companies=companies)
                except Missing as missing:
                    notes[name] = str(missing)
                    continue
                found.setdefault((name, what), []).append(result)
    for results in found.values():
        first, last = results[0], results[-1]
        last.hold("CPU, times its statements alone", last.ratio(PAGE), 3.0)
        last.hold(f"CPU, times that at {first.companies:,}", last.median(PAGE) / first.median(PAGE), 1.2)
    left_out = [Result(name, "left out", 1, 0, SQL, {}, notes=[note]) for name, note in notes.items()]
    return [*(result for results in found.values() for result in results), *left_out]
