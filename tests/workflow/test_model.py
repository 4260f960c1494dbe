"""Random events, played on Havn and on a second statement of its rules (model.py): after every one of them both say the same.

`HAVN_MODEL_STEPS` says how many events (500); a long run: `HAVN_MODEL_STEPS=20000 python -m pytest tests/workflow/test_model.py`.
A failure is shrunk, printed as the calls that lead to it, and tried first the next time (`.hypothesis`).
"""

from __future__ import annotations

import os
from math import ceil

import pytest
from django.contrib.auth.models import Group
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import run_state_machine_as_test

from crm.models import User
from tests.factories import UserFactory
from tests.workflow.events import Machine
from tests.workflow.machine import USERS, Player

STEPS = int(os.environ.get("HAVN_MODEL_STEPS", "500"))
STEPS_PER_EXAMPLE = 40


@pytest.fixture
def users(db: None) -> dict[str, User]:
    """Who they are, by the names that the model gives them."""
    salesperson, administrator = Group.objects.get(name="Salesperson"), Group.objects.get(name="Administrator")
    groups = {name: ([administrator] if user.is_administrator else [salesperson] if user.may_edit else []) for name, user in USERS.items()}
    return {name: UserFactory(email=f"{name}@havn.example", is_active=USERS[name].is_active, groups=groups[name]) for name in USERS}


def test_a1_to_a10_c7_l3_q3_to_q5_random_events_leave_havn_where_the_model_says(users: dict[str, User]) -> None:
    """Sections 2 to 6: categories, rules, decisions, questions, default lead statuses."""

    def example() -> Machine:
        return Machine(users)

    before = Player.steps
    for _again in range(100):  # an example may end early
        missing = STEPS - (Player.steps - before)
        if missing <= 0:
            break
        run_state_machine_as_test(
            example,
            settings=settings(
                max_examples=ceil(missing / STEPS_PER_EXAMPLE),
                stateful_step_count=STEPS_PER_EXAMPLE,
                deadline=None,
                derandomize=False,
                print_blob=True,
                report_multiple_bugs=False,
                backend="hypothesis-urandom",  # every example new: with so few of them, growing small ones and varying them would be most of the run
                database=DirectoryBasedExampleDatabase(".hypothesis/examples"),
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert Player.steps - before >= STEPS
