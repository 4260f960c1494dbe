"""Instances that others have overtaken: in one transaction, as an import does it, or between two people (A2 to A4, A10)."""

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


def _said(company):
    return [(trigger, outcome) for trigger, outcome, _reason in by_rules(company)]


def test_a3_a_sale_that_a_colleague_won_and_a_stale_instance_moves_is_won_with_the_company_it_comes_to(category):
    rule("sale_won", category["Customer"])
    sale = Sale.objects.create(title="Solar roof", company=CompanyFactory())
    mine, company = Sale.objects.get(pk=sale.pk), CompanyFactory()
    Sale.objects.filter(pk=sale.pk).update(status="won")
    mine.company = company
    mine.save()
    assert (where(company), _said(company)) == ("Customer", [("sale_won", "changed")])


def test_a10_a_sale_that_a_colleague_moved_and_a_stale_instance_wins_moves_the_company_it_is_at(category):
    rule("sale_won", category["Customer"])
    sale = Sale.objects.create(title="Solar roof", company=CompanyFactory())
    mine, company = Sale.objects.get(pk=sale.pk), CompanyFactory()
    Sale.objects.filter(pk=sale.pk).update(company=company)
    mine.status = "won"
    mine.save()
    assert (where(sale.company), _said(sale.company)) == ("Lead", [])
    assert (where(company), _said(company)) == ("Customer", [("sale_won", "changed")])
    assert numbers(company) == [1, 2]
    assert Company.objects.get(pk=company.pk).category_version == 2


def test_s4_the_transitions_of_a_sale_that_a_stale_instance_moved_are_true(category):
    sale = Sale.objects.create(title="Solar roof", company=CompanyFactory())
    mine, company = Sale.objects.get(pk=sale.pk), CompanyFactory()
    Sale.objects.filter(pk=sale.pk).update(status="won")
    mine.company = company
    mine.save()
    kept = [(row.from_status, row.to_status, row.to_company_id) for row in sale.transitions.order_by("pk")]
    assert kept == [("", "open", sale.company_id), ("open", "won", sale.company_id), ("won", "won", company.pk)]
