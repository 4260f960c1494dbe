"""Budgets of statements: what a page asks the database does not depend on how much there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.sizes import know_sizes

FEW, MANY = 10, 1_000


def sent_by(work: Callable[[], object]) -> list[str]:
    """What this work asks the database."""
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured.captured_queries]


def statements_of(client: Client, address: str) -> list[str]:
    """What this page asks the database; asked once before, so that what a process remembers does not count."""

    def get() -> None:
        answer = client.get(address)
        assert answer.status_code == 200, f"{address} answered {answer.status_code}"

    get()
    return sent_by(get)


def statements(client: Client, address: str) -> int:
    """How many statements it takes to show this page."""
    return len(statements_of(client, address))


def assert_costs_the_same(client: Client, addresses: Callable[[], Mapping[str, str]], grow: Callable[[int], object]) -> dict[str, int]:
    """Each page costs as many statements with 10 rows as with 1,000; returns how many.

    `grow(n)` sees to it that there are n, `addresses()` then says which pages are meant, by name. None may be empty at 10: an empty
    list asks less. A failure shows the statements.
    """
    grow(FEW)
    know_sizes()
    few = {name: statements_of(client, address) for name, address in addresses().items()}
    grow(MANY)
    know_sizes()
    many = {name: statements_of(client, address) for name, address in addresses().items()}
    for name, sent in few.items():
        shown = "\n".join([name, f"{FEW} rows:", *(f"  {sql[:200]}" for sql in sent), f"{MANY:,} rows:", *(f"  {sql[:200]}" for sql in many[name])])
        assert len(sent) == len(many[name]), shown
    return {name: len(sent) for name, sent in many.items()}
