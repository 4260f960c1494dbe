"""Telling people things: under the bell at once, by e-mail after the commit, where they want that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def notify(kind: str, user_ids: Collection[int], *, subject_id: int, facts: Mapping[str, Any] | None = None) -> None:
    """Tell these people one thing each. `kind` is the key of a `NotificationKind` in the slots. In the caller's transaction.

    Nobody is told what they did themselves. Two statements; mails are sent after the commit.
    """
