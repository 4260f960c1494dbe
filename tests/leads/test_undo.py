"""A lead status set by hand is taken back from the toast, where it is still the one that was set."""

from __future__ import annotations

import re

import pytest

from leads.models import LeadStatus
from tests.browsers import HTMX
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def _set(client, contact, status, **values):
    return client.post(f"/contacts/{contact.pk}/lead-status/", {"status": status.pk, **values}, headers=HTMX)


def _offer(response):
    """What the Undo of the toast would send."""
    form = re.search(r"<form.*?</form>", response.content.decode(), re.DOTALL)
    return dict(re.findall(r'name="(status|seen_lead_status)" value="(\d+)"', form[0])) if form else None


def test_l4_undo_sets_the_one_before_and_both_changes_are_kept(jonas, status):
    contact = ContactFactory()
    offer = _offer(_set(jonas, contact, status["Qualified"]))
    assert offer == {"status": str(status["Open"].pk), "seen_lead_status": str(status["Qualified"].pk)}
    assert "Lead status of Torben Friis is now Open" in jonas.post(f"/contacts/{contact.pk}/lead-status/", offer, headers=HTMX).content.decode()
    assert contact.lead_status_changes.filter(is_automatic=False).count() == 2


def test_undo_pressed_twice_or_after_a_colleague_undoes_nothing_and_says_so(jonas, status):
    contact = ContactFactory()
    offer = _offer(_set(jonas, contact, status["Qualified"]))
    _set(jonas, contact, status["Contacting"])
    response = jonas.post(f"/contacts/{contact.pk}/lead-status/", offer, headers=HTMX)
    assert response.status_code == 409
    assert "was not moved" in response.content.decode()
    contact.refresh_from_db()
    assert contact.lead.status == status["Contacting"]


def test_there_is_no_undo_of_what_changed_nothing_or_back_to_a_deleted_status(jonas, status):
    contact = ContactFactory()
    assert _offer(_set(jonas, contact, status["Open"])) is None
    _set(jonas, contact, status["Contacting"])
    LeadStatus.objects.filter(name="Contacting").update(archived_at="2026-01-01T00:00Z")
    assert _offer(_set(jonas, contact, status["Qualified"])) is None
