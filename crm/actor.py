"""Who is at work, and how: one context variable, so that a bare `update()` is attributed like a form is.

Middleware sets it for a request; commands and tasks say `with acting_as(user):` or `with working(...)`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm.models import User


@dataclass(slots=True)
class Work:
    """A unit of work. `kind` names a batch ("import", ...) or is empty; `token` tells batches apart.

    `in_turn` says that each row of a batch is a save of its own, in the order of the keys (an import).
    """

    user: User | None = None
    kind: str = ""
    run_rules: bool = True
    in_turn: bool = False
    token: uuid.UUID = field(default_factory=uuid.uuid4)


_current: ContextVar[Work] = ContextVar("work", default=Work())  # noqa: B039  (never mutated: see working())


def current_work() -> Work:
    """The unit of work this code runs in; outside any, one without a user."""
    return _current.get()


def current_actor() -> User | None:
    """The user at work, or None for the system."""
    return _current.get().user


@contextmanager
def working(*, user: User | None = None, kind: str = "", run_rules: bool = True, in_turn: bool = False, continues: uuid.UUID | None = None) -> Iterator[Work]:
    """Attribute everything inside to `user`. With `run_rules=False` rules only record that they were not run.

    `continues` is the token of a batch that was begun before.
    """
    work = Work(user=user, kind=kind, run_rules=run_rules, in_turn=in_turn, token=continues or uuid.uuid4())
    token = _current.set(work)
    try:
        yield work
    finally:
        _current.reset(token)


@contextmanager
def acting_as(user: User | None) -> Iterator[Work]:
    """Attribute everything inside to `user`."""
    with working(user=user) as work:
        yield work
