"""What tests of the lists ask of a page."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.test import Client


def shown(response: Any) -> list[str]:
    """The records on this page of the list, in its order."""
    return [str(row) for row in response.context["found"].rows]


def cursor(value: Any) -> str:
    """A link to a page, made by hand."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def there_and_back(client: Client, path: str, query: dict[str, Any]) -> tuple[list[list[int]], list[list[int]]]:
    """The keys on each page, going on to the end and back to the beginning."""
    query, forwards = dict(query), []
    while True:
        found = client.get(path, query).context["found"]
        forwards.append([row.pk for row in found.rows])
        assert len(forwards) < 100, "it never ends"
        if not found.next:
            break
        query["page"] = found.next
    backwards = [forwards[-1]]
    while found.previous:
        found = client.get(path, {**query, "page": found.previous}).context["found"]
        backwards.append([row.pk for row in found.rows])
        assert found.next
    return forwards, backwards[::-1]
