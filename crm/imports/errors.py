"""The two ways in which an import goes wrong."""


class ImportFileError(Exception):
    """The file or the options cannot be used at all; nothing was imported. The message says what to do."""


class RefusedError(Exception):
    """One row is not imported. The message is the reason, in plain words."""
