"""How events are played on Havn and on the model (model.py), and how the two are compared. The events are in test_model.py."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from crm.actor import working
from tests.crm.writes import roll_back
from tests.workflow.havn import Havn
from tests.workflow.model import Model
from tests.workflow.model_words import POTENTIAL, Category, Decision, Refused, Rule, User
from tests.workflow.roads import Save, Values
from workflow import engine

USERS = {"jonas": User(), "signe": User(), "maja": User(is_administrator=True), "former": User(is_active=False), "guest": User(may_edit=False)}
CATEGORIES = {
    "Lead": Category(POTENTIAL, True),
    "Opportunity": Category(POTENTIAL, True),
    "Lost opportunity": Category(POTENTIAL),
    "Customer": Category("customer"),
    "Other": Category("other"),
}
STATUSES = ("Open", "Contacting", "Qualified")  # the first is the default
Slot = tuple[str, str | None]  # a rule's place on the screen: its trigger, and for rule 4 the lead status
SLOTS: tuple[Slot, ...] = (("sale_won", None), ("sale_lost", None), ("sale_registered", None), *[("lead_status_set", status) for status in STATUSES])


@dataclass(frozen=True)
class Work:
    """Who does it, whether rules are run, whether each row of a batch is a save of its own, and whether all of it fails first and is then repeated."""

    by: str | None = None
    run_rules: bool = True
    in_turn: bool = False
    fails_first: bool = False


def event(**drawn: st.SearchStrategy) -> Callable[[Callable], Callable]:
    """A step: it is counted once it was played and compared."""

    def mark(play: Callable) -> Callable:
        @rule(**drawn)
        @functools.wraps(play)
        def step(self: Player, **values: Any) -> None:
            play(self, **values)
            self.compare()
            Player.steps += 1

        return step

    return mark


class _EveryEvent:
    """Hypothesis would leave out half of the events of each example: too few of what is left do anything together."""

    def is_enabled(self, name: str) -> bool:
        return True


class Player(RuleBasedStateMachine):
    """One example. It begins and ends as the database was: everything happens in a savepoint that is rolled back."""

    steps: ClassVar[int] = 0  # played and compared, in all examples

    def __init__(self, users: dict[str, Any]) -> None:
        super().__init__()
        self._rules_strategy.enabled_rules_strategy = st.just(_EveryEvent())
        engine.forget_rules()  # so that an example goes the same way when it is repeated
        self.example = transaction.atomic()
        self.example.__enter__()
        self.model = Model(
            {name: User(**vars(user)) for name, user in USERS.items()}, {name: Category(**vars(c)) for name, c in CATEGORIES.items()}, "Lead", STATUSES[0]
        )
        for name, user in self.model.users.items():
            users[name].is_active = user.is_active
        self.havn = Havn(users, CATEGORIES, STATUSES)
        self.row_of: dict[Slot, int] = {}  # the rule that is on screen for each slot

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    # ------------------------------------------------------------- compare
    def compare(self) -> None:
        """Havn and the model say the same of every company, contact, sale and decision."""
        model = self.model
        for what, theirs, ours in (
            ("decision", self.havn.decisions(), model.decisions),
            ("company (category, version)", self.havn.companies(), {n: (c.category, c.version) for n, c in model.companies.items()}),
            ("contact (company, lead status)", self.havn.contacts(), {n: (c.company, c.lead_status) for n, c in model.contacts.items()}),
            ("sale (company, status, archived)", self.havn.sales(), {n: (s.company, s.status, s.is_archived) for n, s in model.sales.items()}),
        ):
            if theirs != ours:
                raise AssertionError("\n".join([f"They differ in a {what}:", *_differences(theirs, ours)]))

    # ---------------------------------------------------------------- play
    def some(self, kind: str, picks: list[int]) -> list[int]:
        """The records that these picks mean, each once, in that order."""
        there = sorted(self._all(kind))
        return list(dict.fromkeys(there[index % len(there)] for index in picks))

    def _all(self, kind: str) -> dict[int, Any]:
        model = self.model
        leads = {number: contact for number, contact in model.contacts.items() if contact.lead_status}
        return {"company": model.companies, "contact": model.contacts, "sale": model.sales, "lead": leads}[kind]

    def rows(self, kind: str) -> dict[int, Values]:
        """All records of a kind as they are."""
        return {number: {**vars(row), "status": row.lead_status} if kind == "lead" else vars(row) for number, row in self._all(kind).items()}

    def play(self, kind: str, saves: list[Save], work: Work, *, creates: bool = False) -> None:
        """Send these writes, and tell the model of each. Where it fails first, nothing remains of it; then it is repeated with the same instances."""
        tell = {"company": self.model.save_companies, "contact": self.model.save_contacts, "sale": self.model.save_sales, "lead": self.model.save_leads}[kind]
        batch = "" if work.run_rules and not work.in_turn else "import"
        with working(user=self.havn.users[work.by], kind=batch, run_rules=work.run_rules, in_turn=work.in_turn):
            if work.fails_first:
                roll_back(lambda: [save.send() for save in saves])
                self.compare()
            for save in saves:
                rows = save.send()
                if creates and kind != "lead":
                    for number, row in zip(save.changes, rows, strict=True):
                        self.havn.keys.add(kind, number, row.pk)
                for changes in [{number: values} for number, values in save.changes.items()] if work.in_turn else [save.changes]:
                    tell(changes, by=work.by, run_rules=work.run_rules)

    def create(self, kind: str, how: str, new: list[Values], work: Work) -> None:
        """New records, with the next numbers."""
        first = len(self._all(kind)) + 1
        self.play(kind, self.havn.roads.create(kind, how, dict(enumerate(new, first))), work, creates=True)

    def change(self, kind: str, how: str, wanted: dict[int, Values], work: Work) -> None:
        """Give records of a kind these values."""
        self.play(kind, self.havn.roads.change(kind, how, wanted, self.rows(kind)), work)

    def at(self, index: int | None) -> int | None:
        """The company that a pick means."""
        return None if index is None else self.some("company", [index])[0]

    def resolved(self, values: Values) -> Values:
        """Picks as companies."""
        return {**values, "company": self.at(values["company"])} if "company" in values else values

    def set_rule(self, slot: Slot, **values: Any) -> None:
        """Change the rule of this slot; make it, if there is none."""
        number = self.row_of.setdefault(slot, len(self.model.rules) + 1)
        self.model.rules[number] = Rule(*slot, **values)
        self.havn.edit_rule(number, *slot, **values)

    def remove_rule(self, slot: Slot) -> None:
        """Take the row away, if there is one; the next rule of this slot is another one."""
        number = self.row_of.pop(slot, None)
        if number:
            self.model.rules[number].is_on = False
            self.havn.remove_rule(number)

    def give_another_status(self, slot: Slot) -> Slot:
        """Give the row of rule 4 for this lead status another one. Returns the new slot."""
        new = (slot[0], STATUSES[(STATUSES.index(slot[1] or "") + 1) % len(STATUSES)])
        self.remove_rule(new)
        self.row_of[new] = self.row_of.pop(slot)
        return new

    def decide(self, decision: Decision, ask_model: Callable[[], None], ask_havn: Callable[[int], Any], *, fails_first: bool) -> None:
        """Do something with a decision; both do it, or both refuse for the same reason."""
        place = next(place for place, other in enumerate(self.model.decisions[decision.company]) if other is decision)
        if fails_first:
            roll_back(lambda: self.havn.decide(decision.company, place, ask_havn))
            self.compare()
        try:
            ask_model()
            refusal = ""
        except Refused as refused:
            refusal = str(refused)
        assert self.havn.decide(decision.company, place, ask_havn) == refusal


def _differences(theirs: dict[int, Any], ours: dict[int, Any]) -> list[str]:
    """What Havn has (-) and the model has not (+), by company or record."""
    lines = []
    for number in sorted(theirs.keys() | ours.keys()):
        one, other = (found.get(number, []) for found in (theirs, ours))
        if one != other:
            one, other = (found if isinstance(found, list) else [found] for found in (one, other))
            for place in range(max(len(one), len(other))):
                pair = [found[place] if place < len(found) else "nothing" for found in (one, other)]
                if pair[0] != pair[1]:
                    lines += [f"{number}, {place}: Havn  {pair[0]}", f"{number}, {place}: model {pair[1]}"]
    return lines
