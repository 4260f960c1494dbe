"""Suggestions: who is asked, by their rights at that moment (Q3)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from crm.actor import acting_as
from crm.models import Sale, User
from tests.crm.writes import change
from tests.factories import CompanyFactory, SaleFactory, UserFactory, rule
from tests.workflow.ledger import latest
from workflow import inbox
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


def test_q3_the_person_who_caused_it_is_asked(category, salesperson, colleague):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(company=CompanyFactory(our_contact=colleague), status="won")
    assert latest().asked_of == salesperson
    assert (inbox.waiting_for(salesperson).count(), inbox.waiting_for(colleague).count()) == (1, 0)


def _may_not_edit():
    return UserFactory(groups=[])


def _deactivated():
    return UserFactory(is_active=False)


@pytest.mark.parametrize("actor", [_may_not_edit, _deactivated, lambda: None], ids=["may not edit", "deactivated", "the system"])
def test_q3_else_our_contact_is_asked(category, colleague, actor):
    rule("sale_won", category["Customer"], ask=True)
    user = actor()
    with acting_as(user):
        SaleFactory(company=CompanyFactory(our_contact=colleague), status="won")
    assert (latest().asked_of, latest().caused_by) == (colleague, user)


@pytest.mark.parametrize("responsible", [lambda: None, _deactivated], ids=["nobody", "deactivated"])
def test_q3_else_the_administrators_are_asked(category, administrator, salesperson, responsible):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(_may_not_edit()):
        SaleFactory(company=CompanyFactory(our_contact=responsible()), status="won")
    assert latest().asked_of is None
    assert list(inbox.waiting_for(administrator)) == [latest()]
    assert not inbox.waiting_for(salesperson).exists()


def test_q3_each_company_of_a_batch_asks_its_own_person(category, salesperson, colleague):
    rule("sale_won", category["Customer"], ask=True)
    companies = [CompanyFactory(our_contact=user) for user in (salesperson, colleague, None)]
    Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
    assert list(CategoryDecision.objects.waiting().order_by("company_id").values_list("asked_of", flat=True)) == [salesperson.pk, colleague.pk, None]


def test_q3_the_suggestion_of_somebody_who_leaves_goes_to_the_administrators(category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(status="won")
    assert not inbox.waiting_for(administrator).exists()
    User.objects.filter(pk=salesperson.pk).update(is_active=False)
    assert list(inbox.waiting_for(administrator)) == [latest()]


def test_q3_our_contact_who_may_not_edit_companies_is_passed_over(category, administrator):
    rule("sale_won", category["Customer"], ask=True)
    SaleFactory(company=CompanyFactory(our_contact=_may_not_edit()), status="won")
    assert latest().asked_of is None
    assert list(inbox.waiting_for(administrator)) == [latest()]


@pytest.mark.parametrize("how", ["own permission", "superuser"])
def test_q3_our_contact_who_may_edit_without_being_in_a_group_is_asked(category, how):
    rule("sale_won", category["Customer"], ask=True)
    user = UserFactory(groups=[], is_superuser=how == "superuser")
    if how == "own permission":
        user.user_permissions.set(Permission.objects.filter(codename="change_company"))
    SaleFactory(company=CompanyFactory(our_contact=user), status="won")
    assert latest().asked_of == user


def test_q3_rights_are_those_of_the_moment_of_asking_not_those_a_request_read_before(category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    assert salesperson.may_edit_companies  # remembered by this instance from now on
    change("save", User.objects.get(pk=salesperson.pk), is_active=False)
    with acting_as(salesperson):
        SaleFactory(status="won")
    assert (latest().asked_of, latest().caused_by) == (None, salesperson)
