"""A person in a process of their own: `python -m tests.workflow.worker`, told what to do by `processes.py`.

Speaks JSON, one object a line. Hears a task, says *ready*, waits for a line, does it, and says *done*: with what came of
it, with the domain's own refusal, or with the exception that reached them. A task may be told to *hold* before its
transaction ends, so that somebody else can run into it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import tests.environment  # noqa: F401  (settings of the test run; DATABASE_URL comes from whoever started us)

if __name__ == "__main__":
    import django

    django.setup()

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from crm.actor import working
from crm.models import User
from crm.retrying import retrying
from tests.workflow import verbs
from workflow.decisions import NothingToDecide

WRITES = ("BEGIN", "SAVEPOINT", "INSERT", "UPDATE", "DELETE", "WITH")


class RollBack(Exception):
    """The task was told that something else in its transaction fails."""


class Line:
    """What this process hears and says. Only this writes to the pipe: whatever prints goes to the error stream."""

    def __init__(self) -> None:
        self.out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def say(self, what: str, **more: Any) -> None:
        self.out.write(json.dumps({"say": what, **more}, default=str) + "\n")
        self.out.flush()

    def hear(self) -> dict[str, Any]:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        return json.loads(line)


class Task:
    """One task: steps, each the name of a verb and its arguments; `together` in one transaction, which `retry` repeats."""

    def __init__(self, line: Line, told: dict[str, Any]) -> None:
        self.line, self.told = line, told
        self.user = User.objects.get(pk=told["by"]) if told.get("by") else None
        self.steps = [(getattr(verbs, name), arguments) for name, arguments in told["steps"]]
        for verb, _arguments in self.steps:
            if prepare := getattr(verb, "prepare", None):
                prepare(self.user)
        self.tries = 0
        self.hold_after = told.get("hold_after")
        self.spoke = False

    def run(self) -> dict[str, Any]:
        """Do it, and tell what came of it."""
        with working(user=self.user), connection.execute_wrapper(self._before_statement):
            try:
                return {"results": self._all(), "tries": self.tries}
            except RollBack:
                return {"results": [], "tries": self.tries}
            except Exception as error:
                return {"error": f"{type(error).__name__}: {error}", "trace": _path(error), "tries": self.tries}

    def _all(self) -> list[Any]:
        if self.told.get("retry"):
            return retrying(self._together)
        if self.told.get("together") or self.hold_after is not None:
            return self._together()
        self.tries = 1
        return [self._one(verb, arguments) for verb, arguments in self.steps]

    def _together(self) -> list[Any]:
        """One transaction for all steps."""
        self.tries += 1
        with transaction.atomic():
            results = []
            for number, (verb, arguments) in enumerate(self.steps, start=1):
                results.append(self._one(verb, arguments))
                if number == self.hold_after and self.tries == 1:
                    self._hold(results)
            return results

    def _hold(self, results: list[Any]) -> None:
        self.line.say("held", results=results)
        if self.line.hear().get("roll_back"):
            raise RollBack

    def _one(self, verb: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """What came of one step. The domain may refuse; anything else would have reached a person."""
        try:
            return verb(**arguments)
        except NothingToDecide as ended:
            return f"NothingToDecide: {ended.decision.outcome}"
        except (PermissionDenied, *verbs.REFUSALS) as refused:
            return type(refused).__name__
        finally:
            if self.told.get("close"):  # as at the end of a request
                connection.close()

    def _before_statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Say when the first write begins: there SQLite waits, and nobody can look from outside."""
        if self.told.get("say_begins") and not self.spoke and sql.lstrip().upper().startswith(WRITES):
            self.spoke = True
            self.line.say("begins")
        return execute(sql, params, many, context)


def _path(error: BaseException) -> str:
    """Where it came from, in our own code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    return "".join(traceback.format_list(frames))


def backend() -> int | None:
    """PostgreSQL's number for our connection; by it others see whether we wait."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def main() -> None:
    """Work until nobody speaks any more."""
    line = Line()
    if connection.vendor == "postgresql":
        with suppress(DatabaseError), connection.cursor() as cursor:  # only a superuser may; then a deadlock costs no second
            cursor.execute("SET deadlock_timeout = '100ms'")
    while True:
        told = line.hear()
        try:
            task = Task(line, told)
            line.say("ready", backend=backend())
        except (DatabaseError, AttributeError) as error:
            line.say("done", error=f"{type(error).__name__}: {error}", trace=_path(error))
            continue
        line.hear()
        line.say("done", **task.run())


if __name__ == "__main__":
    main()
