"""Text that is compared or searched. SQLite's LOWER and LIKE know only ASCII, so Æ, Ø and Å are folded here, in Python."""

import unicodedata


def fold(text: str) -> str:
    """`text` in the form used for comparing: NFC, single spaces, no case. "  Ærø  Is" and "ÆRØ IS" become equal."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()
