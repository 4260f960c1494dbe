"""W1: one sale is won through `save()`, a silent rule is on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.db import transaction

from benchmarks import data, handwritten
from benchmarks.baselines import PlainSale, save_won
from benchmarks.measure import compare, statements
from benchmarks.results import Result, Sizes
from crm.actor import acting_as
from crm.models import Sale

HAVN, PLAIN, ATOMIC, SQL = "Havn save()", "plain save", "plain save in atomic()", "SQL by hand"
COMPANIES = 10_000  # so that the planner sees tables, not toys


def save_havn(pk: int) -> None:
    """Win one sale the way Havn does. In the name of whoever is at work."""
    sale = Sale.objects.get(pk=pk)
    sale.status = "won"
    sale.save()


def save_in_transaction(pk: int, by: int) -> None:
    """The plain save, in a transaction."""
    with transaction.atomic():
        save_won(pk, by)


def competitors(by: int) -> dict[str, Callable[[int], object]]:
    """How each wins one sale."""
    return {
        HAVN: save_havn,
        PLAIN: partial(save_won, by=by),
        ATOMIC: partial(save_in_transaction, by=by),
        SQL: lambda pk: handwritten.win(handwritten.ONE, by=by, sale=pk),
    }


def each(win: Callable[[int], object], sales: list[int]) -> None:
    """One after the other."""
    for pk in sales:
        win(pk)


def check(size: int) -> None:
    """Havn and the SQL leave the same rows, whatever the guards say; the plain save leaves the same sales."""
    user = data.actor()
    data.rules_on(sale_won="Opportunity")
    data.fill(size)
    data.vary()
    sales = list(data.plain(Sale).order_by("pk").values_list("pk", flat=True))
    with acting_as(user):
        works = {name: partial(each, win, sales) for name, win in competitors(user.pk).items()}
        havn = data.afterwards(works[HAVN])
        data.expect(data.afterwards(works[SQL]), havn, "W1: SQL by hand")
        for name in (PLAIN, ATOMIC):
            data.expect(data.afterwards(works[name], PlainSale)["PlainSale"], havn["Sale"], f"W1: {name}")


def run(sizes: Sizes) -> list[Result]:
    """Check that the competitors do the same, then measure them."""
    check(min(sizes.check, 60))
    user = data.actor()
    data.rules_on(sale_won="Customer")
    data.fill(max(COMPANIES if sizes.saves >= 100 else 0, sizes.saves))
    sales = list(data.plain(Sale).order_by("pk").values_list("pk", flat=True)[: sizes.saves])
    wins = competitors(user.pk)
    done = {
        HAVN: {"won": len(sales), "moved": len(sales), "transitions": len(sales), "changed": len(sales), "skipped": 0},
        PLAIN: {"won": len(sales), "moved": 0, "transitions": 0, "changed": 0, "skipped": 0},
    }
    done |= {SQL: done[HAVN], ATOMIC: done[PLAIN]}

    with acting_as(user):
        sent = {}
        for name, win in wins.items():
            each(win, sales[:2])
            sent[name] = statements(partial(win, sales[2]))
            data.reopen(sales)
        costs = compare(
            {name: partial(each, win, sales) for name, win in wins.items()},
            rounds=sizes.save_rounds,
            before=lambda: data.reopen(sales),
            after=lambda name: data.expect(data.counts(), done[name], f"W1: {name}"),
        )
    result = Result("W1", "one sale won through save(), a silent rule on", len(sales), sizes.save_rounds, PLAIN, costs, sent)
    result.hold("CPU, times the plain save", result.ratio(HAVN), 2.5, 1.8)
    result.hold("statements more than the plain save", result.more(HAVN), 8, 6)
    if result.database == "sqlite":
        result.notes.append("SQLite has no data-modifying CTE: the SQL by hand is four statements in one transaction.")
    return [result]
