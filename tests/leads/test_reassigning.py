"""Inquiries that change hands: by hand, to the next in turn, and when somebody leaves (I4)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm import users
from crm.actor import acting_as
from crm.models import Notification
from leads.distribution import assign
from leads.models import Assignment, DistributionSeat, Inquiry
from tests.factories import CompanyFactory, UserFactory
from tests.leads.seats import an_inquiry, seat

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
Reason = Assignment.Reason


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


def of(inquiry, verb="reassign"):
    return reverse(f"leads:inquiry-{verb}", args=[inquiry.pk])


@pytest.fixture
def given(salesperson):
    """An inquiry that Jonas got in turn; he is our contact there since."""
    seat(salesperson)
    inquiry = an_inquiry()
    assign(inquiry)
    return inquiry


def test_i4_an_inquiry_is_given_to_a_colleague_with_the_company_recorded_told_and_takes_no_turn(maja, administrator, salesperson, colleague, given):
    html = text_of(maja.get(of(given), headers=HTMX))
    assert "Also make them our contact for" in html
    assert "checked" in html[html.index("id_our_contact") - 100 :]
    answer = maja.post(of(given), {"seen": salesperson.pk, "to": colleague.pk, "our_contact": "on"}, headers=HTMX)
    assert answer.status_code == 200
    given.refresh_from_db()
    given.company.refresh_from_db()
    assert (given.owner, given.company.our_contact) == (colleague, colleague)
    last = Assignment.objects.first()
    assert (last.reason, last.from_user, last.to_user, last.by) == (Reason.BY_HAND, salesperson, colleague, administrator)
    assert Notification.objects.filter(user=colleague, kind="new-lead", subject_id=given.pk).exists()
    assert DistributionSeat.objects.get().given == 1


def test_i4_giving_it_away_is_undone_with_the_company(maja, salesperson, colleague, given):
    maja.post(of(given), {"seen": salesperson.pk, "to": colleague.pk, "our_contact": "on"})
    undo = {"assignment": Assignment.objects.first().pk, "our_contact": 1}
    assert maja.post(of(given, "take-back"), undo, headers=HTMX).status_code == 200
    given.refresh_from_db()
    assert (given.owner, given.company.our_contact) == (salesperson, salesperson)
    assert maja.post(of(given, "take-back"), undo, headers=HTMX).status_code == 409  # given on meanwhile
    assert Assignment.objects.count() == 3


def test_i4_without_the_tick_the_company_stays_where_it_is(maja, salesperson, colleague, given):
    maja.post(of(given), {"seen": salesperson.pk, "to": colleague.pk})
    given.refresh_from_db()
    assert (given.owner, given.company.our_contact) == (colleague, salesperson)


def test_i4_a_colleague_who_was_faster_is_told_of(maja, signe, salesperson, colleague, given):
    third = UserFactory()
    assert signe.post(of(given), {"seen": salesperson.pk, "to": colleague.pk}, headers=HTMX).status_code == 200
    answer = maja.post(of(given), {"seen": salesperson.pk, "to": third.pk}, headers=HTMX)
    assert answer.status_code == 409
    assert "Signe Bach has given “Lise Bakke” to Signe Bach meanwhile." in text_of(answer)
    given.refresh_from_db()
    assert given.owner == colleague


@pytest.mark.parametrize("to", ["", "x", "987654"])
def test_i4_nobody_who_cannot_act_gets_it(maja, salesperson, given, to):
    assert maja.post(of(given), {"seen": salesperson.pk, "to": to}, headers=HTMX).status_code == 422
    assert maja.post(of(given), {"seen": salesperson.pk, "to": UserFactory(groups=[]).pk}, headers=HTMX).status_code == 422
    assert maja.post(of(given), {"seen": "x" * 30, "to": UserFactory().pk}, headers=HTMX).status_code == 409


def test_i4_what_nobody_has_goes_to_the_next_in_turn(maja, salesperson, administrator):
    inquiry = an_inquiry()
    assign(inquiry)
    assert maja.post(of(inquiry, "next"), headers=HTMX).status_code == 422  # still nobody
    assert Assignment.objects.count() == 1
    seat(salesperson)
    assert maja.post(of(inquiry, "next"), headers=HTMX).status_code == 200
    last = Assignment.objects.first()
    assert (last.reason, last.to_user, last.by) == (Reason.TURN, salesperson, administrator)
    assert DistributionSeat.objects.get().given == 1
    assert maja.post(of(inquiry, "next"), headers=HTMX).status_code == 409  # somebody has it


def test_i4_giving_what_nobody_had_is_undone_to_nobody(maja, salesperson):
    inquiry = an_inquiry()
    maja.post(of(inquiry), {"seen": "", "to": salesperson.pk})
    inquiry.company.refresh_from_db()
    assert inquiry.company.our_contact == salesperson
    maja.post(of(inquiry, "take-back"), {"assignment": Assignment.objects.get().pk, "our_contact": 1})
    inquiry.refresh_from_db()
    inquiry.company.refresh_from_db()
    assert (inquiry.owner, inquiry.company.our_contact) == (None, None)


def test_i4_spam_is_given_to_nobody(maja, salesperson, given):
    Inquiry.objects.filter(pk=given.pk).update(state="spam", contact=None, company=None, owner=None)
    assert maja.get(of(given), headers=HTMX).status_code == 409
    assert maja.post(of(given, "next"), headers=HTMX).status_code == 409


def test_s5_what_belongs_to_an_archived_company_stays(maja, salesperson, colleague, given):
    given.company.archived_at = "2026-01-01T00:00Z"
    given.company.save()
    assert maja.post(of(given), {"seen": salesperson.pk, "to": colleague.pk}, headers=HTMX).status_code == 409


def test_i4_without_the_right_nobody_gives_anything(client, given):
    client.force_login(UserFactory(groups=[]))
    for verb in ("reassign", "next", "take-back"):
        assert client.post(of(given, verb)).status_code == 403


# ------------------------------------------------------------------------------------------------- somebody leaves
def test_i4_who_leaves_gives_what_is_not_handled_to_who_takes_over(administrator, salesperson, colleague, given):
    handled = an_inquiry(company=given.company, handled_at="2026-01-01T00:00Z", owner=salesperson)
    with acting_as(administrator):
        users.deactivate(salesperson, companies_to=colleague)
    given.refresh_from_db()
    handled.refresh_from_db()
    assert (given.owner, handled.owner) == (colleague, salesperson)
    last = Assignment.objects.first()
    assert (last.reason, last.from_user, last.to_user, last.by) == (Reason.BY_HAND, salesperson, colleague, administrator)
    assert Notification.objects.filter(user=colleague, kind="new-lead").exists()


def test_i4_with_nobody_to_take_over_each_goes_where_it_would_go_now(administrator, salesperson, colleague, given):
    theirs = an_inquiry(company=CompanyFactory(our_contact=administrator), owner=salesperson)
    other = seat(colleague)
    with acting_as(administrator):
        users.deactivate(salesperson)
    given.refresh_from_db()
    given.company.refresh_from_db()
    theirs.refresh_from_db()
    assert (given.owner, theirs.owner) == (other.user, administrator)
    assert given.company.our_contact == salesperson  # as whoever deactivated wanted
    assert set(Assignment.objects.values_list("reason", flat=True)) == {Reason.TURN, Reason.RESPONSIBLE}


def test_i4_deactivating_asks_who_takes_over_where_only_inquiries_wait(maja, salesperson, administrator):
    an_inquiry(company=CompanyFactory(our_contact=administrator), owner=salesperson)
    html = text_of(maja.get(f"/settings/users/{salesperson.pk}/deactivate/"))
    assert "1 inquiry that is not handled goes to whoever takes over" in html
    assert '<select name="companies_to"' in html
