"""Two people change rights, or answer and leave, at the same moment. Real threads, each with its own connection."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from crm import users
from crm.actor import acting_as
from crm.models import Company, User
from crm.models.rights import MANAGE_SETTINGS, LastAdministrator, lock_rights
from tests.conftest import on_postgresql
from tests.crm.writes import change
from tests.factories import CompanyFactory, SaleFactory, UserFactory, rule
from tests.workflow.threads import at_once, meanwhile
from workflow import decisions
from workflow.models import CategoryDecision, HandOver

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql, pytest.mark.usefixtures("true_ledger")]


def _administrators(count: int) -> list[User]:
    return UserFactory.create_batch(count, groups=[Group.objects.get(name="Administrator")])


def _refused(work):
    try:
        work()
    except LastAdministrator:
        return True
    return False


@pytest.mark.parametrize("how", ["deactivate", "role", "update"])
def test_two_administrators_who_remove_each_other_at_the_same_moment_leave_one(how):
    first, second = _administrators(2)
    remove = {
        "deactivate": lambda user: users.deactivate(User.objects.get(pk=user.pk)),
        "role": lambda user: users.change(User.objects.get(pk=user.pk), role="salesperson"),
        "update": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    }[how]
    refused = []
    with meanwhile(lambda: refused.append(_refused(lambda: remove(first)))):
        remove(second)
    assert refused == [True]
    assert list(User.objects.who_may(MANAGE_SETTINGS)) == [first]


def test_many_administrators_who_all_leave_at_once_leave_one():
    people = _administrators(5)
    refused = at_once(*[lambda user=user: _refused(lambda: users.deactivate(User.objects.get(pk=user.pk))) for user in people])
    assert sorted(refused) == [False] * 4 + [True]
    assert User.objects.who_may(MANAGE_SETTINGS).count() == 1


def test_the_second_administrator_can_go_when_the_first_one_stays_after_all():
    first, second = _administrators(2)
    refused = []
    with meanwhile(lambda: refused.append(_refused(lambda: users.deactivate(first))), roll_back=True):
        users.deactivate(second)
    assert refused == [False]
    assert list(User.objects.who_may(MANAGE_SETTINGS)) == [second]


def test_q3_an_answer_that_comes_while_somebody_is_being_deactivated_meets_what_is_true_then(category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        company = SaleFactory(company=CompanyFactory(), status="won").company
    waiting = CategoryDecision.objects.waiting().get()
    outcome = []

    def answer():
        try:
            decisions.accept(waiting.pk, by=User.objects.get(pk=administrator.pk), seen_version=1)
            outcome.append("accepted")
        except Exception as error:
            outcome.append(type(error).__name__)

    with meanwhile(answer):
        users.deactivate(User.objects.get(pk=salesperson.pk))
    assert outcome == ["accepted"]
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.decided_by, waiting.asked_of) == ("accepted", administrator, None)
    assert Company.objects.get(pk=company.pk).category == category["Customer"]
    assert HandOver.objects.get().from_user == salesperson


def test_q3_somebody_deactivated_while_an_answer_is_being_given_keeps_what_was_answered(category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(company=CompanyFactory(), status="won")
    waiting = CategoryDecision.objects.waiting().get()
    with meanwhile(lambda: users.deactivate(User.objects.get(pk=salesperson.pk))):
        decisions.accept(waiting.pk, by=administrator, seen_version=1)
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.asked_of, HandOver.objects.count()) == ("accepted", salesperson, 0)


def test_q3_a_question_that_is_being_asked_while_its_person_is_deactivated_passes_on(category, administrator, salesperson, colleague):
    rule("sale_won", category["Customer"], ask=True)
    companies = [CompanyFactory(our_contact=contact) for contact in (colleague, None)]
    with meanwhile(lambda: users.deactivate(User.objects.get(pk=salesperson.pk))), acting_as(salesperson):
        for company in companies:
            SaleFactory(company=company, status="won")
    asked = CategoryDecision.objects.waiting().order_by("pk").values_list("asked_of", flat=True)
    assert list(asked) == [colleague.pk, None]
    assert HandOver.objects.filter(from_user=salesperson).count() == 2


def test_s5_companies_pass_on_while_a_sale_of_one_of_them_is_being_won(category, salesperson, colleague):
    """Whoever passes them on has not yet locked one when they wait for the others: the two would wait for each other."""
    rule("sale_won", category["Customer"], ask=True)
    first, second = [CompanyFactory(our_contact=salesperson) for _ in range(2)]
    went_on = []

    def leave():
        users.deactivate(User.objects.get(pk=salesperson.pk), companies_to=colleague)

    with meanwhile(leave, then=lambda: went_on.append(SaleFactory(company=first, status="won"))), acting_as(salesperson):
        SaleFactory(company=second, status="won")
    assert set(Company.objects.values_list("our_contact", flat=True)) == {colleague.pk}
    assert went_on
    assert set(CategoryDecision.objects.waiting().values_list("asked_of", flat=True)) == {colleague.pk}


def test_one_link_used_twice_at_the_same_moment_sets_one_password(client):
    from django.test import Client

    from crm import links

    ida = UserFactory(email="ida@havn.example")
    link = links.make_link(ida, root="http://testserver/")

    def choose(password):
        return lambda: Client().post(link, {"new_password1": password, "new_password2": password}).status_code

    assert sorted(at_once(choose("a long sentence 7"), choose("another sentence 8"))) == [302, 410]


def test_logging_in_does_not_wait_for_somebody_who_changes_rights(client, administrator, salesperson):
    with meanwhile(lambda: change("save_update_fields", salesperson, language="da"), must_wait=False):
        lock_rights()
    assert User.objects.get(pk=salesperson.pk).language == "da"
