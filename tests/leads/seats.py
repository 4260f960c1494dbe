"""Seats, and inquiries that wait to be given to somebody."""

from __future__ import annotations

import uuid
from typing import Any

from crm.models import Company, User
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
