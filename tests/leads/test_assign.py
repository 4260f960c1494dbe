"""To whom an inquiry is given, and why (I4)."""

from __future__ import annotations

import pytest

from crm.models import Company
from leads import distribution as distributing
from leads.distribution import assign, default_distribution, distribution_of
from leads.models import Assignment, Distribution, DistributionSeat, Inquiry
from tests.budgets import sent_by
from tests.factories import CompanyFactory, LeadFormFactory, UserFactory
from tests.leads.seats import an_inquiry, comes_in, seat

pytestmark = pytest.mark.django_db
Reason = Assignment.Reason


@pytest.fixture
def told(monkeypatch):
    """What is notified: kind, to whom, about which inquiry."""
    found = []
    monkeypatch.setattr(distributing, "notify", lambda kind, users, *, subject_id: found.append((kind, list(users), subject_id)))
    return found


def test_i4_the_next_in_turn_gets_it_becomes_our_contact_and_is_told(salesperson, told):
    seat(salesperson)
    inquiry = an_inquiry()
    given = assign(inquiry)
    assert (given.reason, given.to_user, given.from_user, given.by) == (Reason.TURN, salesperson, None, None)
    assert given.distribution == default_distribution()
    assert inquiry.owner == Inquiry.objects.get(pk=inquiry.pk).owner == salesperson
    assert inquiry.company.our_contact == Company.objects.get(pk=inquiry.company_id).our_contact == salesperson
    assert told == [("new-lead", [salesperson.pk], inquiry.pk)]


def test_i4_seats_take_turns_the_first_one_first():
    first, second = seat(), seat()
    assert [comes_in().to_user for _ in range(5)] == [first.user, second.user, first.user, second.user, first.user]
    assert list(DistributionSeat.objects.values_list("given", flat=True)) == [3, 2]


def test_i4_who_is_responsible_already_gets_it_and_keeps_the_turn_for_the_others(salesperson, told):
    salesperson.is_available = False
    salesperson.save()
    other = seat()
    given = comes_in(company=CompanyFactory(our_contact=salesperson))
    assert (given.reason, given.to_user) == (Reason.RESPONSIBLE, salesperson)
    assert DistributionSeat.objects.get().given == 0
    assert comes_in().to_user == other.user


def test_i4_switched_off_the_next_in_turn_gets_it_and_the_company_keeps_its_our_contact(salesperson):
    Distribution.objects.filter(pk=default_distribution().pk).update(only_unassigned=False)
    other = seat()
    company = CompanyFactory(our_contact=salesperson)
    given = comes_in(company=company)
    assert (given.reason, given.to_user) == (Reason.TURN, other.user)
    company.refresh_from_db()
    assert company.our_contact == salesperson


def test_i4_who_cannot_act_any_more_is_not_responsible_and_the_new_owner_becomes_our_contact(salesperson):
    company = CompanyFactory(our_contact=salesperson)
    salesperson.is_active = False
    salesperson.save()
    other = seat()
    given = comes_in(company=company)
    company.refresh_from_db()
    assert (given.reason, given.to_user, company.our_contact) == (Reason.TURN, other.user, other.user)


def _paused(user):
    DistributionSeat.objects.filter(user=user).update(is_paused=True)


def _away(user):
    user.is_available = False
    user.save()


def _deactivated(user):
    user.is_active = False
    user.save()


def _without_rights(user):
    user.groups.clear()


WAYS = [_paused, _away, _deactivated, _without_rights]


@pytest.mark.parametrize("how", WAYS)
def test_i4_who_is_not_available_is_passed_over(how):
    first, second = seat(), seat()
    how(first.user)
    assert [comes_in().to_user for _ in range(2)] == [second.user, second.user]


@pytest.mark.parametrize("how", WAYS)
def test_i4_the_fallback_gets_it_where_nobody_is_available(administrator, how):
    Distribution.objects.filter(pk=default_distribution().pk).update(fallback=administrator)
    how(seat().user)
    given = comes_in()
    assert (given.reason, given.to_user) == (Reason.FALLBACK, administrator)


@pytest.mark.parametrize("fallback", [True, False])
def test_i4_with_nobody_at_all_it_stays_unassigned_and_all_administrators_are_told(administrator, other_administrator, told, fallback):
    if fallback:
        gone = UserFactory(is_active=False)
        Distribution.objects.filter(pk=default_distribution().pk).update(fallback=gone)
    inquiry = an_inquiry()
    given = assign(inquiry)
    assert (given.reason, given.to_user, inquiry.owner, inquiry.company.our_contact) == (Reason.NOBODY, None, None, None)
    ((kind, users, subject),) = told
    assert (kind, subject, set(users)) == ("unassigned-lead", inquiry.pk, {administrator.pk, other_administrator.pk})


def test_i4_a_form_with_its_own_distribution_uses_that(salesperson, colleague):
    own, other = LeadFormFactory(), LeadFormFactory()
    seat(salesperson)
    seat(colleague, distribution=Distribution.objects.create(form=own))
    assert comes_in(own).to_user == colleague
    assert comes_in(other).to_user == salesperson


def test_i4_the_default_distribution_is_made_once():
    form = LeadFormFactory()
    assert distribution_of(form.pk) == distribution_of(form.pk) == Distribution.objects.get()


def test_i4_who_was_overtaken_looks_again(monkeypatch):
    """Somebody takes a turn between our look and our claim: we take the next one, not the same."""
    first, second = seat(), seat()
    default = default_distribution()
    assert distributing.claim(distribution_of(LeadFormFactory().pk)).user_id == first.user_id
    assert distributing.claim(default).user_id == second.user_id
    assert default.version == Distribution.objects.get().version == 2


@pytest.mark.parametrize("seats", [2, 20])
def test_i4_giving_an_inquiry_costs_the_same_however_many_seats_there_are(told, seats):
    for _ in range(seats):
        seat()
    inquiry = an_inquiry()
    assert len(sent_by(lambda: assign(inquiry))) == 8
