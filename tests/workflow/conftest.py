"""What only tests of the workflow ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workflow.processes import People


@pytest.fixture(scope="session")
def _everybody(django_db_setup: None) -> Iterator[People]:
    everybody = People()
    yield everybody
    everybody.send_home()


@pytest.fixture
def people(_everybody: People, transactional_db: None) -> Iterator[People]:
    """People in processes of their own, on the database of the test. Starting one takes a second or two, so they stay."""
    yield _everybody
    _everybody.send_home(all_of_them=False)
