"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware

from crm.actor import working
from crm.models import CompanyCategory, User
from leads.models import LeadStatus
from tests.browsers import browser
from tests.factories import UserFactory, rule
from tests.starting_point import StartingPoint
from tests.workflow.ledger import assert_ledger_is_true
from workflow import engine
from workflow.models import AutomationRule


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _nobody_at_work() -> Iterator[None]:
    with working():
        yield


@pytest.fixture(autouse=True)
def _nothing_seen_of_rules() -> None:
    engine.forget_rules()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Every test starts from what a migrated database holds; see `starting_point.py`."""
    with django_db_blocker.unblock():
        start = StartingPoint()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: start.restore())
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_found_once() -> Iterator[None]:
    """Each test client has a WhiteNoise of its own, and each of those would look at every static file."""
    found: dict[str, Any] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture
def administrator(db: None) -> User:
    """Maja, who may do everything."""
    return UserFactory(email="maja@havn.example", first_name="Maja", last_name="Lindholm", groups=[Group.objects.get(name="Administrator")])


@pytest.fixture
def other_administrator(db: None) -> User:
    """Karen, who may do everything too."""
    return UserFactory(first_name="Karen", last_name="Holst", groups=[Group.objects.get(name="Administrator")])


@pytest.fixture
def salesperson(db: None) -> User:
    """Jonas, who sells."""
    return UserFactory(email="jonas@havn.example", first_name="Jonas", last_name="Krogh")


@pytest.fixture
def colleague(db: None) -> User:
    """Signe, who also sells."""
    return UserFactory(email="signe@havn.example", first_name="Signe", last_name="Bach")


@pytest.fixture
def maja(administrator: User) -> Client:
    """The administrator's browser."""
    return browser(administrator)


@pytest.fixture
def karen(other_administrator: User) -> Client:
    """The other administrator's browser."""
    return browser(other_administrator)


@pytest.fixture
def jonas(salesperson: User) -> Client:
    """The salesperson's browser."""
    return browser(salesperson)


@pytest.fixture
def signe(colleague: User) -> Client:
    """The colleague's browser."""
    return browser(colleague)


@pytest.fixture
def true_ledger(db: None) -> Iterator[None]:
    """Whatever the test did or was refused, however people met: what is left agrees with itself."""
    yield
    assert_ledger_is_true()


class Names:
    """Look list items up by name: `category["Customer"]`."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __getitem__(self, name: str) -> Any:
        return self.model.objects.get(name=name)


@pytest.fixture
def category(db: None) -> Names:
    """Categories by name."""
    return Names(CompanyCategory)


@pytest.fixture
def status(db: None) -> Names:
    """Lead statuses by name."""
    return Names(LeadStatus)


@pytest.fixture
def asking(category: Names) -> AutomationRule:
    """Rule 1 asks whether the company becomes a customer."""
    return rule("sale_won", category["Customer"], ask=True)


on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row locks")
