"""Q3, S5: what waits for somebody who leaves passes on, whichever way they leave, and who handed it to whom is kept."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from crm import users
from crm.actor import acting_as
from crm.models import Company, Sale, User
from tests.budgets import sent_by
from tests.crm.writes import CHANGES, change, roll_back
from tests.factories import UserFactory
from tests.workflow.ledger import assert_ledger_is_true
from tests.workflow.questions import ask, whom
from workflow import inbox
from workflow.models import HandOver

pytestmark = pytest.mark.django_db


def _asked(user, **company):
    """A suggestion that waits for this user."""
    return ask(user, "Fjordbo", **company)[0]


def _handed():
    return list(HandOver.objects.order_by("pk").values_list("decision", "from_user", "to_user", "by"))


# ------------------------------------------------------------------ every way of leaving
@pytest.mark.parametrize("how", CHANGES)
def test_q3_what_waits_for_a_deactivated_user_passes_to_our_contact_else_to_the_administrators(asking, administrator, salesperson, colleague, how):
    to_contact, to_nobody, to_self = _asked(salesperson, our_contact=colleague), _asked(salesperson), _asked(salesperson, our_contact=salesperson)
    kept = _asked(colleague, our_contact=salesperson)
    with acting_as(administrator):
        change(how, salesperson, is_active=False)
    assert [whom(decision) for decision in (to_contact, to_nobody, to_self, kept)] == [colleague, None, None, colleague]
    assert _handed() == [
        (to_contact.pk, salesperson.pk, colleague.pk, administrator.pk),
        (to_nobody.pk, salesperson.pk, None, administrator.pk),
        (to_self.pk, salesperson.pk, None, administrator.pk),
    ]
    assert set(inbox.waiting_for(administrator)) == {to_nobody, to_self}
    assert_ledger_is_true()


@pytest.mark.parametrize("how", CHANGES)
def test_q3_coming_back_takes_nothing_back(asking, administrator, salesperson, how):
    waiting = _asked(salesperson)
    change(how, salesperson, is_active=False)
    change(how, salesperson, is_active=True)
    assert (whom(waiting), len(_handed())) == (None, 1)


@pytest.mark.parametrize("how", CHANGES)
def test_what_was_rolled_back_passes_nothing_on(asking, administrator, salesperson, how):
    waiting = _asked(salesperson)
    roll_back(lambda: change(how, salesperson, is_active=False))
    assert (whom(waiting), _handed()) == (salesperson, [])


def test_q3_our_contact_who_may_not_edit_companies_or_has_left_is_not_asked(asking, administrator, salesperson):
    left, without = UserFactory(is_active=False), UserFactory(groups=[])
    waiting = [_asked(salesperson, our_contact=left), _asked(salesperson, our_contact=without)]
    change("save", salesperson, is_active=False)
    assert [whom(decision) for decision in waiting] == [None, None]


@pytest.mark.parametrize("how", ["update", "bulk_update"])
def test_q3_two_who_leave_at_once_do_not_pass_to_each_other(asking, administrator, salesperson, colleague, how):
    waiting = [_asked(salesperson, our_contact=colleague), _asked(colleague, our_contact=salesperson)]
    change(how, salesperson, colleague, is_active=False)
    assert [whom(decision) for decision in waiting] == [None, None]


def test_q3_answered_suggestions_stay_as_they_are(asking, administrator, salesperson):
    answered = _asked(salesperson)
    sale = Sale.objects.get(company=answered.company)
    sale.status = "open"
    sale.save()  # obsolete
    change("save", salesperson, is_active=False)
    assert (whom(answered), _handed()) == (salesperson, [])


def test_q3_a_role_that_may_not_edit_companies_passes_on_too(asking, administrator):
    special = UserFactory(groups=[Group.objects.get(name="Administrator")])
    Group.objects.get(name="Salesperson").permissions.clear()
    waiting = _asked(special)
    users.change(User.objects.get(pk=special.pk), role="salesperson")
    assert (whom(waiting), len(_handed())) == (None, 1)


def test_q3_a_role_that_may_keeps_what_waits(asking, administrator, salesperson):
    waiting = _asked(salesperson)
    users.change(salesperson, role="administrator")
    assert (whom(waiting), _handed()) == (salesperson, [])


# ------------------------------------------------------------------------- the screen
def test_q3_the_page_says_beforehand_how_many_pass_on_and_the_new_contact_gets_them(maja, asking, administrator, salesperson, colleague):
    mine, other = _asked(salesperson, our_contact=salesperson), _asked(salesperson)
    page = maja.get(f"/settings/users/{salesperson.pk}/deactivate/").content.decode()
    assert "2 suggestions that wait for an answer pass on" in page
    assert "Jonas Krogh is our contact for 1 company" in page
    maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": colleague.pk})
    assert (whom(mine), whom(other)) == (colleague, None)
    assert Company.objects.get(pk=mine.company_id).our_contact == colleague
    assert {by for *_rest, by in _handed()} == {administrator.pk}


def test_q3_djangos_admin_passes_on_too(client, asking, salesperson, colleague):
    client.force_login(User.objects.create_superuser("root@havn.example", "demo"))
    waiting = _asked(salesperson, our_contact=colleague)
    fields = {"email": salesperson.email, "first_name": "Jonas", "language": "en", "theme": "system", "groups": [Group.objects.get(name="Salesperson").pk]}
    client.post(f"/admin/crm/user/{salesperson.pk}/change/", fields)
    assert (whom(waiting), len(_handed())) == (colleague, 1)


# ------------------------------------------------------------------------------- cost
def test_passing_on_costs_the_same_for_1_and_20_suggestions(asking, administrator):
    def statements(count):
        leaver, contacts = UserFactory(), UserFactory.create_batch(count)
        for contact in contacts:
            _asked(leaver, our_contact=contact)
        return len(sent_by(lambda: change("update", leaver, is_active=False)))

    assert statements(1) == statements(20)
