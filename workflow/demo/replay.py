"""A year at the demo company, replayed through the write paths everybody uses, under a moved clock: its history is real.

Planning turns the stories of `companies.py` into events in the order of time; each event then runs at its own moment.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import time_machine

from crm.actor import acting_as
from crm.models import User
from crm.notifications import without_mail
from workflow.demo import companies as data
from workflow.demo.bell import look_under_the_bell
from workflow.demo.events import Lists, Played, Settings, create, import_old, take_step, unplaced_sale
from workflow.demo.inquiries import planned
from workflow.demo.lead_form import make_lead_form
from workflow.models import Trigger

SEED = 2026
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
OPENS, OFFICE_MINUTES = dt.time(8), 510  # to half past four
HOLIDAYS = {(1, 1), (6, 5), (12, 24), (12, 25), (12, 26), (12, 31)}
IMPORTED_ON = 363  # days ago
ANSWERS = ("a", "A", "k", "x")


class OfficeHours:
    """The working minutes of the year up to `now`, counted through: a later number is a later moment, and none is in the future."""

    def __init__(self, now: dt.datetime) -> None:
        local = now.astimezone(COPENHAGEN)
        days = (local.date() - dt.timedelta(days=ago) for ago in range(364, -1, -1))
        self.days = [day for day in days if day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS]
        self.last = len(self.days) * OFFICE_MINUTES - 1
        if self.days[-1] == local.date():
            opened = dt.datetime.combine(local.date(), OPENS, COPENHAGEN)
            passed = int((local - opened).total_seconds() // 60)
            self.last -= OFFICE_MINUTES - min(max(passed, 0), OFFICE_MINUTES)

    def at(self, minute: int) -> dt.datetime:
        """The moment of this working minute. In UTC, since with a named zone time_machine would move the process to that zone."""
        day, rest = divmod(minute, OFFICE_MINUTES)
        return (dt.datetime.combine(self.days[day], OPENS, COPENHAGEN) + dt.timedelta(minutes=rest)).astimezone(dt.UTC)

    def ago(self, days: float) -> int:
        """The working minute that many calendar days ago, not before the first."""
        return max(0, self.last - round(days / 365 * len(self.days) * OFFICE_MINUTES))


class Event(NamedTuple):
    """Something that somebody does in a working minute."""

    minute: int
    by: User
    act: Callable[[], object]


class Year:
    """Plans and plays the year. `users` are keyed by first name in lower case, as in `companies.py`."""

    def __init__(self, *, users: dict[str, User], now: dt.datetime) -> None:
        self.now = now
        self.users, self.lists, self.hours, self.rng = users, Lists(), OfficeHours(now), random.Random(SEED)
        self.names = [f"{first} {last}" for first in data.FIRST_NAMES.split() for last in data.LAST_NAMES.split()]
        self.rng.shuffle(self.names)

    def play(self, progress: Callable[[list[Event]], Iterable[Event]] = iter) -> int:
        """Run every event at its moment, as whoever did it, and say how many there were. `progress` may wrap the list, as tqdm does."""
        events = self.plan()
        for event in progress(events):
            with time_machine.travel(self.hours.at(event.minute), tick=False), acting_as(event.by), without_mail():
                event.act()
        look_under_the_bell(self.now)
        return len(events)

    def plan(self) -> list[Event]:
        """All events, in the order of time. Needs the lists, writes nothing."""
        events = self._settings()
        imported: list[Played] = []
        for firm in data.FIRMS:
            events += self._story(firm, imported)
        events.append(Event(self.hours.ago(IMPORTED_ON), self.users["maja"], partial(import_old, imported, self.lists)))
        for title, amount, owner, ago in data.UNPLACED:
            events.append(Event(self.hours.ago(ago), self.users[owner], partial(unplaced_sale, title, amount, self.lists)))
        events += [Event(self.hours.ago(ago), by, act) for ago, by, act in planned(self.users)]
        return sorted(events, key=lambda event: event.minute)

    def _settings(self) -> list[Event]:
        settings = Settings(self.lists)
        acts: list[tuple[float, Callable[[], object]]] = [
            (364, settings.first_rules),
            (262, settings.tiers),
            (261.9, partial(settings.save_rules, {Trigger.SALE_WON: {"ask": True}})),
            (240, make_lead_form),
            (75, partial(settings.save_rules, {Trigger.SALE_LOST: {"ask": True}})),
            # Off at the end: the first thing a newcomer may do is to switch it on.
            (12, partial(settings.save_rules, {Trigger.SALE_LOST: {"ask": False, "enabled": False}})),
        ]
        return [Event(self.hours.ago(ago), self.users["maja"], act) for ago, act in acts]

    def _story(self, firm: data.Firm, imported: list[Played]) -> list[Event]:
        played = Played(firm, self.users[firm.owner], random.Random(self.rng.getrandbits(32)), self._people(firm.people))
        steps = firm.story.split()
        first = steps.pop(0) if steps and "=" in steps[0] else "=lead"
        minutes = self._spread(played, steps)
        events = []
        if first.startswith("import"):
            imported.append(played)
        else:
            creator = self.users[played.rng.choice((firm.owner, firm.owner, "karen"))]
            events.append(Event(minutes[0], creator, partial(create, played, self.lists.categories[first[1:]])))
        taken = [step for step in steps if step[0] != "@"]
        for minute, step in zip(minutes[1:], taken, strict=True):
            by = self.users["maja"] if step == "A" else played.owner
            events.append(Event(minute, by, partial(take_step, played, step, self.lists)))
        return events

    def _people(self, people: int | str) -> list[tuple[str, str]]:
        if isinstance(people, int):
            return [(self.names.pop(), job) for job in self.rng.sample(list(data.JOBS), people)]
        named = [person.split(":") for person in people.split(", ")]
        return [(name, job) for name, job in named]

    def _spread(self, played: Played, steps: list[str]) -> list[int]:
        """The minute of the company's creation, and of each step: evenly between those that are given, an answer soon after its question."""
        since, until = (self.hours.ago(float(days)) for days in played.firm.span.split("-"))
        given, taken = {0: since}, [""]
        for step in steps:
            if step[0] == "@":
                given[len(taken)] = self.hours.ago(float(step[1:]))
            else:
                taken.append(step)
        soon = [place for place, step in enumerate(taken) if step.startswith(ANSWERS) and place not in given]
        slots = [place for place in range(len(taken)) if place not in soon]
        given.setdefault(slots[-1], until)
        minutes = dict(given)
        fixed = sorted(given)
        for left, right in pairwise(fixed):
            between = [place for place in slots if left < place < right]
            for number, place in enumerate(between, start=1):
                share = (number + played.rng.uniform(-0.35, 0.35)) / (len(between) + 1)
                minutes[place] = given[left] + round((given[right] - given[left]) * share)
        for place in soon:
            minutes[place] = min(minutes[place - 1] + played.rng.choice((2, 4, 7, 25, 95, 400)), self.hours.last)
        return [minutes[place] for place in range(len(taken))]
