"""People in processes of their own, for the tests of A6 and Q4: who meet at a barrier, or run into one another."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 40  # seconds without a word, after which something hangs; for each step of a task


class Task(NamedTuple):
    """What somebody does: steps one after the other, each a verb of `verbs.py` with its arguments."""

    steps: tuple[tuple[str, dict[str, Any]], ...]
    options: dict[str, Any]

    def with_options(self, **more: Any) -> Task:
        """`by`: who. `together`: one transaction. `retry`: repeated by `retrying()`. `close`: a connection for each step."""
        return Task(self.steps, {**self.options, **more})


def do(verb: str, **arguments: Any) -> Task:
    """One verb; records are named by their keys."""
    return Task(((verb, {name: getattr(value, "pk", value) for name, value in arguments.items()}),), {})


def each(*tasks: Task, **options: Any) -> Task:
    """These one after the other."""
    return Task(tuple(step for task in tasks for step in task.steps), options)


class Done(NamedTuple):
    """What came of a task: of each step its result, or the name of the domain's refusal."""

    results: list[Any]
    tries: int

    @property
    def result(self) -> Any:
        """Of the only step."""
        (result,) = self.results
        return result


class Person:
    """One process. Its errors are kept in a file, for the message of a test that fails."""

    def __init__(self) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.workflow.worker"],
            bufsize=0,
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.backend: int | None = None
        self.is_busy = False
        self.steps = 1

    def say(self, **what: Any) -> None:
        """One line."""
        self.process.stdin.write(json.dumps(what, default=str).encode() + b"\n")  # type: ignore[union-attr]

    def hear(self, *expected: str) -> dict[str, Any]:
        """The next line, which is one of these; an exception that reached this person fails the test."""
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE * self.steps)
        line = self.process.stdout.readline() if ready else b""  # type: ignore[union-attr]
        if not line:
            self.errors.seek(0)
            raise AssertionError(f"A process {'ended' if ready else 'hangs'}: {self.errors.read()[-2000:]}")
        heard = json.loads(line)
        if heard["say"] == "done":
            self.is_busy = False
        assert "error" not in heard, f"This reached a person: {heard['error']}\n{heard['trace']}"
        assert heard["say"] in expected, heard
        return heard

    def has_spoken(self) -> bool:
        """Whether a line can be heard."""
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def prepare(self, task: Task, **options: Any) -> None:
        """Tell the task; it begins with `go()`."""
        self.is_busy, self.steps = True, len(task.steps)
        self.say(steps=task.steps, **task.options, **options)
        self.backend = self.hear("ready")["backend"]

    def go(self) -> None:
        """Begin, or go on."""
        self.say()

    def finish(self) -> Done:
        """Wait for what came of it."""
        heard = self.hear("done")
        return Done(heard["results"], heard["tries"])

    def leave(self) -> None:
        """End the process."""
        if self.is_busy:
            self.process.kill()
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait(PATIENCE)
        self.process.stdout.close()  # type: ignore[union-attr]
        self.errors.close()


class People:
    """As many as a test needs at once; they stay for the next test."""

    def __init__(self) -> None:
        self.here: list[Person] = []

    def __call__(self, number: int) -> list[Person]:
        """This many, idle."""
        self.here += [Person() for _ in range(number - len(self.here))]
        return self.here[:number]

    def send_home(self, *, all_of_them: bool = True) -> None:
        """End those who hang, or everybody."""
        for person in [person for person in self.here if all_of_them or person.is_busy]:
            self.here.remove(person)
            person.leave()

    def at_once(self, *tasks: Task) -> list[Done]:
        """Begin these at the same moment; what came of each. An exception that reached anybody is raised."""
        people = self(len(tasks))
        for person, task in zip(people, tasks, strict=True):
            person.prepare(task)
        for person in people:
            person.go()
        return [person.finish() for person in people]

    def meet(self, first: Task, second: Task, *, roll_back: bool = False, must_wait: bool = True) -> tuple[Any, Any]:
        """Let `second` run into the open transaction of `first`, which ends when `second` waits for it; both results."""
        holder, other = self(2)
        other.prepare(second, say_begins=connection.vendor == "sqlite")
        holder.prepare(first, hold_after=len(first.steps))
        holder.go()
        held = holder.hear("held")["results"]
        waited = self.waits(other)
        holder.say(roll_back=roll_back)
        holder.finish()
        result = other.finish().results
        assert waited or not must_wait, "the two did not meet: this test shows nothing"
        return held[-1], result[-1]

    def waits(self, person: Person) -> bool:
        """Let somebody begin who is prepared; whether they then wait for a transaction that is open."""
        person.go()
        if connection.vendor == "sqlite":  # cannot be looked at, but it waits where it begins to write: one at a time may
            person.hear("begins")
            return True
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not person.has_spoken():
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [person.backend])
                if cursor.fetchone()[0]:
                    return True
            time.sleep(0.005)
        return False

    def deadlocks(self) -> int:
        """How often PostgreSQL has ended one. The engine begins again by itself, so that nothing else would tell."""
        if connection.vendor != "postgresql":
            return 0
        for person in self.here:
            person.prepare(do("report_statistics"))
            person.go()
            person.finish()
        with connection.cursor() as cursor:
            cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            return cursor.fetchone()[0]


def database_url() -> str:
    """The database of this test run, for another process."""
    here = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{here['NAME']}"
    who = ":".join(part for part in (here["USER"], here["PASSWORD"]) if part)
    return f"postgres://{who}@{here['HOST']}:{here['PORT']}/{here['NAME']}"


def rounds(number: int) -> Iterator[int]:
    """That often, so that what happens only sometimes is met."""
    yield from range(number)
