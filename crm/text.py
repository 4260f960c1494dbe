"""Text that is compared or searched. SQLite's LOWER and LIKE know only ASCII, so Æ, Ø and Å are folded here, in Python."""

import unicodedata
import uuid
from itertools import groupby

LONGEST = 200  # letters of what is searched for: each word is a condition of the statement


def as_pk(text: object) -> int:
    """A primary key that came in an address or a form; 0, which no record has, for anything that is none."""
    word = str(text or "")
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 0


def fold(text: str) -> str:
    """`text` in the form used for comparing: NFC, single spaces, no case. "  Ærø  Is" and "ÆRØ IS" become equal."""
    return " ".join(unicodedata.normalize("NFC", text.replace("\0", "")).split()).casefold()


def hits(text: str, words: list[str]) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it is one of the folded `words`: "Ærø Is", ["ær"] gives ("Ær", True), ("ø Is", False)."""
    text = unicodedata.normalize("NFC", text)
    origin = [place for place, letter in enumerate(text) for _part in letter.casefold()]  # ß folds to two letters
    folded, marked = text.casefold(), [False] * len(text)
    for word in filter(None, words):
        start = folded.find(word)
        while start >= 0:
            for place in origin[start : start + len(word)]:
                marked[place] = True
            start = folded.find(word, start + len(word))
    return [("".join(text[place] for place in places), is_hit) for is_hit, places in groupby(range(len(text)), marked.__getitem__)]


def as_uuid(text: object) -> uuid.UUID | None:
    """A one-time key that came in a form; None for anything that is none."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
