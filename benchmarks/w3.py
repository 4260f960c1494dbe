"""W3: saves that no rule has anything to do with: nothing changed, the title changed, the status changed while no rule is on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

from django.utils import timezone

from benchmarks import data
from benchmarks.baselines import PlainSale, save_won, save_won_with_history
from benchmarks.measure import Costs, compare, statements
from benchmarks.results import Result, Sizes
from benchmarks.w1 import COMPANIES, each, save_havn, save_in_transaction
from crm.actor import acting_as
from crm.models import Sale
from crm.signals import sales_changed
from workflow.receivers import sales_moved

HAVN, PLAIN = "Havn save()", "plain save"
RETITLED = "Solar roof, larger"
Change = Callable[[Any], None]
OfSales = Callable[[list[int]], object]
DEAF, ATOMIC, HISTORY = "Havn save(), engine disconnected", "plain save in atomic()", "plain, locked, with history"


@contextmanager
def engine_disconnected() -> Iterator[None]:
    """Havn without the app `workflow` listening to sales."""
    sales_changed.disconnect(sales_moved)
    try:
        yield
    finally:
        sales_changed.connect(sales_moved)


def _retitle(sale: Any) -> None:
    sale.title = RETITLED


def _leave(sale: Any) -> None:
    """Nothing changes."""


def _win(sale: Any) -> None:
    sale.status = "won"
    if isinstance(sale, PlainSale):
        sale.closed_on = timezone.localdate()


def _get_and_save(model: Any, change: Callable[[Any], None], by: int, pk: int) -> None:
    sale = model.objects.get(pk=pk)
    change(sale)
    if model is PlainSale and change is not _leave:
        sale.updated_by_id = by
    sale.save()


def _deaf(sales: list[int]) -> None:
    with engine_disconnected():
        each(save_havn, sales)


def check(sales: list[int], by: int) -> None:
    """Havn and plain Django leave the same sales, and the same history where both keep one."""
    for change in (_leave, _retitle, _win):
        found = [data.afterwards(partial(each, partial(_get_and_save, model, change, by), sales), PlainSale) for model in (Sale, PlainSale)]
        data.expect(found[1], found[0], f"W3: {change.__name__}")
    havn = data.afterwards(partial(each, save_havn, sales))
    data.expect(data.afterwards(partial(each, partial(save_won_with_history, by=by), sales)), havn, "W3: plain with history")
    data.expect(data.afterwards(partial(_deaf, sales)), havn, "W3: engine disconnected")


class Case:
    """One kind of save: `change` is what happens to each of the sales `pks`."""

    def __init__(self, number: str, what: str, change: Change, *, pks: list[int], by: int, sizes: Sizes) -> None:
        self.workload, self.what, self.change = f"W3 {number}", what, change
        self.pks, self.by, self.sizes = pks, by, sizes

    def get_and_save(self, works: dict[str, OfSales] | None = None) -> Result:
        """The sale is fetched and saved, as a view does."""
        if works is None:
            works = {name: partial(each, partial(_get_and_save, model, self.change, self.by)) for name, model in ((HAVN, Sale), (PLAIN, PlainSale))}
        sent = {}
        for name, work in works.items():
            data.reopen(self.pks)
            work(self.pks[:2])
            sent[name] = statements(partial(work, self.pks[2:3]))
        costs = compare(
            {name: partial(work, self.pks) for name, work in works.items()},
            rounds=self.sizes.save_rounds,
            before=lambda: data.reopen(self.pks),
            after=self._check,
        )
        return self._result(f"get and save, {self.what}", costs, sent)

    def save_alone(self) -> Result:
        """The sales are loaded before the clock starts."""
        loaded: dict[str, list[Any]] = {}

        def load() -> None:
            data.reopen(self.pks)
            for name, model in ((HAVN, Sale), (PLAIN, PlainSale)):
                loaded[name] = list(model._default_manager.filter(pk__in=self.pks))

        def save(name: str, count: int | None = None) -> None:
            for sale in loaded[name][:count]:
                self.change(sale)
                sale.save()

        sent = {}
        for name in (HAVN, PLAIN):
            load()
            sent[name] = statements(partial(save, name, 1))
        works = {name: partial(save, name) for name in (HAVN, PLAIN)}
        costs = compare(works, rounds=self.sizes.save_rounds, before=load, after=self._check)
        return self._result(f"save alone, {self.what}", costs, sent)

    def _result(self, what: str, costs: Costs, sent: dict[str, list[str]]) -> Result:
        result = Result(self.workload, what, len(self.pks), self.sizes.save_rounds, PLAIN, costs, sent)
        if self.change is not _win:
            result.hold("CPU, times the plain save", result.ratio(HAVN), 1.05)
            result.hold("statements more than the plain save", result.more(HAVN), 0)
        return result

    def _check(self, name: str) -> None:
        """After a round: the sales are as they should be, and the history has them where there is one."""
        size = len(self.pks)
        if self.change is _retitle:
            data.expect(data.plain(Sale).filter(title=RETITLED).count(), size, f"W3: {name}")
        won = size if self.change is _win else 0
        with_history = self.change is _win and name not in (PLAIN, ATOMIC)
        data.expect(data.counts(), {"won": won, "moved": 0, "transitions": won if with_history else 0, "changed": 0, "skipped": 0}, f"W3: {name}")


def _status(case: Case) -> Result:
    """What the transaction, the lock and the transition (S4), the rest of Havn, and the engine each add."""
    wins = {PLAIN: save_won, ATOMIC: save_in_transaction, HISTORY: save_won_with_history}
    works: dict[str, OfSales] = {name: partial(each, partial(win, by=case.by)) for name, win in wins.items()}
    result = case.get_and_save(works | {DEAF: _deaf, HAVN: partial(each, save_havn)})
    result.hold("statements that the engine adds", result.more(HAVN, DEAF), 1)
    for before, name in pairwise([PLAIN, ATOMIC, HISTORY, DEAF, HAVN]):
        share = result.ratio(name) - result.ratio(before)
        result.notes.append(f"{name}: {result.more(name, before):+d} statements and {share:+.2f} times the plain save, compared with “{before}”.")
    return result


def run(sizes: Sizes) -> list[Result]:
    """Check that the competitors do the same, then measure each kind of save."""
    user = data.actor()
    data.rules_on()
    data.fill(max(COMPANIES if sizes.saves >= 100 else 0, sizes.saves))
    pks = list(data.plain(Sale).order_by("pk").values_list("pk", flat=True)[: sizes.saves])
    given: dict[str, Any] = {"pks": pks, "by": user.pk, "sizes": sizes}
    with acting_as(user):
        check(pks[:20], user.pk)
        nothing = Case("i", "nothing changed", _leave, **given)
        title = Case("ii", "the title changed", _retitle, **given)
        status = Case("iii", "the status changed, no rule on", _win, **given)
        return [nothing.get_and_save(), nothing.save_alone(), title.get_and_save(), title.save_alone(), _status(status), status.save_alone()]
