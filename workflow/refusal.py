"""What the verbs of this app raise where they cannot be done."""


class Refusal(Exception):
    """It cannot be done, and nothing was changed. `why` says it in the reader's language."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
