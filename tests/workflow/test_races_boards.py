"""A6: two people who move one card at the same moment: one moves it, the other is told. Real threads, each with its own connection."""

from __future__ import annotations

import pytest

from crm.models import Sale
from leads.models import Lead
from tests.browsers import HTMX, browser
from tests.conftest import on_postgresql
from tests.factories import ContactFactory, SaleFactory, StageFactory
from tests.workflow.ledger import assert_ledger_is_true
from tests.workflow.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql]


def _one_of_them(url, field, values, people, **seen):
    """Both send their move at once; the value that won, and what the other is told."""
    sends = [lambda who=who, value=value: browser(who).post(url, {field: value, **seen}, headers=HTMX) for who, value in zip(people, values, strict=True)]
    answers = dict(zip(values, at_once(*sends), strict=True))
    assert sorted(answer.status_code for answer in answers.values()) == [200, 409]
    told = next(answer.content.decode() for answer in answers.values() if answer.status_code == 409)
    return next(value for value, answer in answers.items() if answer.status_code == 200), told


def test_of_two_who_move_one_sale_to_different_stages_one_is_refused(salesperson, colleague):
    sale, others = SaleFactory(title="Solar roof", stage=StageFactory()), StageFactory.create_batch(2)
    won, told = _one_of_them(f"/sales/{sale.pk}/stage/", "stage", [stage.pk for stage in others], [salesperson, colleague], seen_stage=sale.stage_id)
    assert Sale.objects.get().stage_id == won
    assert "Solar roof was not moved: " in told


def test_of_two_who_set_different_lead_statuses_one_is_refused(salesperson, colleague, status):
    contact = ContactFactory()
    wanted = [status["Contacting"].pk, status["Qualified"].pk]
    won, told = _one_of_them(f"/contacts/{contact.pk}/lead-status/", "status", wanted, [salesperson, colleague], seen_lead_status=status["Open"].pk)
    assert Lead.objects.get().status_id == won
    assert "Torben Friis was not moved: " in told
    assert contact.lead_status_changes.count() == 2
    assert_ledger_is_true()
