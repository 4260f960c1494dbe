"""Several saves in one transaction, as an import or a lead form does it: what a rule did in between stays (A2, A4)."""

from __future__ import annotations

import pytest
from django.db import transaction

from crm.models import Company, Sale
from tests.factories import CompanyFactory, rule
from tests.workflow.ledger import by_rules, numbers, where

pytestmark = pytest.mark.django_db


def _created(category):
    return Company.objects.create(name="Fjordbo A/S", category=category["Lead"])


def _built(category):
    company = Company(name="Fjordbo A/S", category=category["Lead"])
    company.save()
    return company


def _made_in_bulk(category):
    return Company.objects.bulk_create([Company(name="Fjordbo A/S", category=category["Lead"])])[0]


def _moved_by_hand(category):
    company = Company.objects.get(pk=CompanyFactory(category=category["Opportunity"]).pk)
    company.category = category["Lead"]
    company.save()
    return company


def _loaded(category):
    return Company.objects.get(pk=CompanyFactory(category=category["Lead"]).pk)


@pytest.mark.parametrize("begin", [_created, _built, _made_in_bulk, _moved_by_hand, _loaded])
@pytest.mark.parametrize("committed", [pytest.param(True, marks=pytest.mark.django_db(transaction=True)), False], ids=["committed", "not committed"])
def test_a2_a_company_that_a_rule_made_a_customer_is_not_made_a_lead_again_by_saving_its_telephone(category, begin, committed):
    rule("sale_won", category["Customer"])
    with transaction.atomic():
        company = begin(category)
        before = numbers(company)
        Sale.objects.create(title="Solar roof", company=company, status="won")
        company.phone = "+45 75 00 00 00"
        company.save()
    assert where(company) == "Customer"
    assert numbers(company) == [*before, len(before) + 1]
    assert Company.objects.get(pk=company.pk).phone == "+45 75 00 00 00"


def test_a4_a_sale_won_in_bulk_is_not_reopened_by_saving_the_instance_that_was_created_before(category):
    rule("sale_won", category["Customer"])
    with transaction.atomic():
        sale = Sale.objects.create(title="Solar roof", company=CompanyFactory())
        Sale.objects.filter(pk=sale.pk).update(status="won")
        sale.description = "Both halls"
        sale.save()
    assert Sale.objects.get().status == "won"
    assert by_rules() == [("sale_won", "changed", "")]


def test_a4_winning_reopening_and_winning_again_in_one_transaction_is_two_wins(category):
    rule("sale_won", category["Opportunity"])
    with transaction.atomic():
        sale = Sale.objects.create(title="Solar roof", company=CompanyFactory())
        for status in ("won", "open", "won"):
            sale.status = status
            sale.save()
    assert by_rules() == [("sale_won", "changed", ""), ("sale_won", "skipped", "already_there")]
