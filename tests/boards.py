"""What tests of the boards ask of a page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from tests.browsers import HTMX


def columns(client: Client, board: str, **asked: Any) -> dict[str, list[str]]:
    """What each column shows: its head, and the names of its cards."""
    found = {}
    for part in re.findall(r'<section class="board__col.*?</section>', client.get(board, asked, headers=HTMX).content.decode(), flags=re.DOTALL):
        head = " ".join(unescape(re.sub(r"<[^>]*>", " ", re.search(r"<header>.*?</header>", part, flags=re.DOTALL)[0])).split())
        found[head] = [unescape(name) for name in re.findall(r'<h3.*?draggable="false">(.*?)</a>', part)]
    return found


def cards(client: Client, board: str, **asked: Any) -> list[str]:
    """The name of every card, in the order of the page."""
    return [name for column in columns(client, board, **asked).values() for name in column]


def by_show_more(client: Client, board: str, column: str) -> list[str]:
    """The names that *Show more* of this column leads through, from the first card to the last."""
    seen, url = [], board
    while url:
        html = client.get(url, headers=HTMX).content.decode()
        seen += [unescape(name) for name in re.findall(r'<h3.*?draggable="false">(.*?)</a>', html)]
        further = re.search(rf'id="more-{column}" href="([^"]*)"', html)
        url = further and board + unescape(further[1])
    return seen
