"""Text that is compared or searched. SQLite's LOWER and LIKE know only ASCII, so Æ, Ø and Å are folded here, in Python."""

import unicodedata
import uuid


def as_pk(text: object) -> int:
    """A primary key that came in an address or a form; 0, which no record has, for anything that is none."""
    word = str(text or "")
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 0


def fold(text: str) -> str:
    """`text` in the form used for comparing: NFC, single spaces, no case. "  Ærø  Is" and "ÆRØ IS" become equal."""
    return " ".join(unicodedata.normalize("NFC", text.replace("\0", "")).split()).casefold()


def as_uuid(text: object) -> uuid.UUID | None:
    """A one-time key that came in a form; None for anything that is none."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
