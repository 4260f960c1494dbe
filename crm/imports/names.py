"""What is found by name in the database: list items, people, companies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm.imports.errors import RefusedError
from crm.models import Company
from crm.text import fold


def active(items: Any) -> Iterable[tuple[str, int]]:
    """List items that may be chosen: name and key."""
    return items.active().values_list("name", "pk")


def people(users: Any) -> Iterable[tuple[str, int]]:
    """Everybody by full name and by e-mail address, those who have left included: old records are theirs."""
    for pk, email, first, last in users.values_list("pk", "email", "first_name", "last_name"):
        yield from ((f"{first} {last}", pk), (email, pk))


class CompanyNames:
    """All companies by folded name: one statement, then memory. There is no folded name column to ask for."""

    def __init__(self) -> None:
        self._current: dict[str, list[int]] = {}
        self._archived: set[str] = set()
        self._new: list[str] = []  # learned in a transaction that is still open
        for pk, name, archived_at in Company.objects.order_by("pk").values_list("pk", "name", "archived_at"):
            if archived_at:
                self._archived.add(fold(name))
            else:
                self._current.setdefault(fold(name), []).append(pk)

    def find(self, name: str) -> int | None:
        """The company called `name`, or None. Raises RefusedError when several are, or when only an archived one is."""
        found = self._current.get(fold(name))
        if not found:
            if fold(name) in self._archived:
                raise RefusedError(f"The company “{name}” is archived; bring it back first")
            return None
        if len(found) > 1:
            raise RefusedError(f"{len(found)} companies are named “{name}”; which one is meant cannot be known")
        return found[0]

    def learn(self, created: Mapping[str, int]) -> None:
        """Companies that exist from now on, unless they are rolled back: folded name to key."""
        for name, pk in created.items():
            self._current[name] = [pk]
            self._new.append(name)

    def keep(self) -> None:
        """What was learned is committed."""
        self._new.clear()

    def forget(self) -> None:
        """What was learned since the last `keep()` was rolled back."""
        while self._new:
            del self._current[self._new.pop()]
