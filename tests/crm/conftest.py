"""What only tests of the CRM ask for: a record of each kind, what is said about sales, and the imports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm.models import CompanyCategory, User
from crm.signals import SaleChange, sales_changed
from tests.crm.addresses import one_of_everything
from tests.crm.importing import run_command
from tests.crm.writes import listening
from tests.factories import CompanyFactory, SaleFactory


@pytest.fixture
def world(salesperson: User) -> dict[str, int]:
    """A record of each kind; a question waits for the salesperson."""
    return one_of_everything(salesperson)


@pytest.fixture
def heard() -> Iterator[list[list[SaleChange]]]:
    """What was said about sales."""
    with listening(sales_changed) as lists:
        yield lists


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


@pytest.fixture
def four(salesperson: User, colleague: User, category: dict[str, CompanyCategory]) -> None:
    """A: a lead of Jonas; B: a customer of Signe with an open sale; C: a partner of nobody; D: archived."""
    CompanyFactory(name="A", our_contact=salesperson, city="Vejle")
    SaleFactory(company=CompanyFactory(name="B", our_contact=colleague, category=category["Customer"], city="Aarhus"))
    SaleFactory(company=CompanyFactory(name="C", category=category["Partner"], city=""), status="won")
    CompanyFactory(name="D", archived_at="2026-01-01T00:00Z")
