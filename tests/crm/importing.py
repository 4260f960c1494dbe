"""How import tests run a command and read what came of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from workflow.models import CategoryDecision


def run_command(name: str, arguments: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> str:
    call_command(name, *map(str, arguments))
    printed = capsys.readouterr()
    assert printed.err == ""  # no progress bar where nobody watches
    return printed.out


def refused(path: Path, **options: Any) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **options))


def decisions(**filters: Any) -> list[tuple[Any, ...]]:
    found = CategoryDecision.objects.filter(**filters).order_by("pk")
    return list(
        found.values_list("company__name", "sale__title", "trigger", "outcome", "skip_reason", "from_category__name", "to_category__name", "applied_version")
    )
