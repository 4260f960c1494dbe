"""Seats, and inquiries that wait to be given to somebody."""

from __future__ import annotations

import uuid
from typing import Any

from crm.models import Company, Contact, User
from leads.distribution import assign, default_distribution
from leads.models import Assignment, Distribution, DistributionSeat, Inquiry, LeadForm
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory, UserFactory


def seat(user: User | None = None, *, distribution: Distribution | None = None, **values: Any) -> DistributionSeat:
    """A seat of the default distribution, unless another is named, of a new salesperson."""
    return DistributionSeat.objects.create(distribution=distribution or default_distribution(), user=user or UserFactory(), **values)


def an_inquiry(form: LeadForm | None = None, *, company: Company | None = None, **values: Any) -> Inquiry:
    """What somebody sent, with its contact and company, given to nobody yet."""
    company = company or CompanyFactory()
    contact = ContactFactory(company=company, first_name=values.get("first_name", "Lise"), last_name=values.get("last_name", "Bakke"))
    form = form or LeadForm.objects.first() or LeadFormFactory()
    return Inquiry.objects.create(form=form, key=uuid.uuid4(), contact=contact, company=company, **{"first_name": "Lise", "last_name": "Bakke", **values})


def comes_in(form: LeadForm | None = None, **values: Any) -> Assignment:
    """One that is given to somebody."""
    return assign(an_inquiry(form, **values))


def many_inquiries(form: LeadForm, number: int) -> list[int]:
    """So many, each with a company of its own; their keys. A few statements."""
    companies = Company.objects.bulk_create(Company(name=f"Company {n}") for n in range(number))
    contacts = Contact.objects.bulk_create(Contact(company=company, first_name="Lise") for company in companies)
    rows = [Inquiry(form=form, key=uuid.uuid4(), contact=contact, company=contact.company, first_name="Lise") for contact in contacts]
    return [inquiry.pk for inquiry in Inquiry.objects.bulk_create(rows)]
