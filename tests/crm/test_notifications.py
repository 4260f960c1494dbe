"""Telling people things: who is told, how often, and what is mailed (I4)."""

from __future__ import annotations

import pytest

from crm.actor import acting_as
from crm.models import Notification
from crm.notifications import notify
from crm.slots import NotificationKind, Told, notification_kinds
from tests.budgets import sent_by

pytestmark = pytest.mark.django_db


def _tell(notifications):
    return {one.pk: Told(f"Parcel {one.subject_id}", f"/sales/?parcel={one.subject_id}", one.facts.get("from", "")) for one in notifications}


@pytest.fixture(autouse=True)
def parcel(monkeypatch):
    """A kind of its own: a parcel has come."""
    kind = NotificationKind("parcel", "A parcel has come", _tell, 1)
    monkeypatch.setitem(notification_kinds, kind.key, kind)
    return kind


def whom():
    return set(Notification.objects.values_list("user__email", flat=True))


def test_i4_each_of_these_people_is_told_once_in_two_statements(salesperson, colleague):
    sent = sent_by(lambda: notify("parcel", [salesperson.pk, colleague.pk, salesperson.pk, None], subject_id=7, facts={"from": "Vejle"}))
    assert len([sql for sql in sent if "SAVEPOINT" not in sql]) == 2
    assert sorted(Notification.objects.values_list("user_id", "subject_id", "facts")) == [(one.pk, 7, {"from": "Vejle"}) for one in (salesperson, colleague)]


def test_nobody_is_told_what_they_did_themselves(salesperson, colleague):
    with acting_as(salesperson):
        notify("parcel", [salesperson.pk, colleague.pk], subject_id=7)
        assert sent_by(lambda: notify("parcel", [salesperson.pk], subject_id=8)) == []
    assert whom() == {colleague.email}


def test_s5_who_is_deactivated_is_told_nothing(salesperson, colleague):
    colleague.is_active = False
    colleague.save()
    notify("parcel", [salesperson.pk, colleague.pk], subject_id=7)
    assert whom() == {salesperson.email}
