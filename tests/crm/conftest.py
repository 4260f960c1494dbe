"""Fixtures of the import tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.crm.importing import run_command


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a file: text, or bytes for another encoding."""

    def write_file(content: str | bytes, name: str = "old.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def sales(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run import_sales and return what it printed."""
    return lambda *arguments: run_command("import_sales", arguments, capsys)


@pytest.fixture
def companies(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run import_companies and return what it printed."""
    return lambda *arguments: run_command("import_companies", arguments, capsys)
