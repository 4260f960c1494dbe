"""A card costs the same number of statements, and shows as many rows, for ten as for a thousand of everything."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.actor import acting_as
from crm.models import CompanyCategory, Contact, FollowUp, Note, Sale, SaleTransition
from leads.models import LeadStatus
from tests.factories import CompanyFactory, ContactFactory, SaleFactory
from tests.sizes import know_sizes

pytestmark = pytest.mark.django_db


def grown(size, user):
    """A company with so many contacts, sales and notes, and a contact and sale of it with so many of theirs."""
    today = timezone.localdate()
    with acting_as(user):
        company = CompanyFactory(our_contact=user)
        contact = ContactFactory(company=company)
        sale = SaleFactory(company=company, contact=contact, owner=user)
        Contact.objects.bulk_create(Contact(company=company, first_name=f"Anne {number}") for number in range(size))
        Sale.objects.bulk_create(Sale(company=company, contact=contact, title=f"Roof {number}", amount=1, owner=user) for number in range(size))
        about = {"company": company, "contact": contact, "sale": sale}
        Note.objects.bulk_create(Note(**about, text=f"Note {number}", created_by=user, edited_by=user) for number in range(size))
        FollowUp.objects.bulk_create(FollowUp(**about, text=f"Call {number}", due_on=today, owner=user, created_by=user) for number in range(size))
        SaleTransition.objects.bulk_create(SaleTransition(sale=sale, from_status="won", to_status="open", by=user) for _number in range(size))
        contact.lead_status_changes.bulk_create(
            type(contact.lead_status_changes.first())(contact=contact, to_status=status, by=user) for status in [*LeadStatus.objects.all()] * (size // 5)
        )
        for name in ["Partner", "Customer", "Lead"] * (4 if size > 10 else 1):
            company.category = CompanyCategory.objects.get(name=name)
            company.save()
    return company, contact, sale


def test_cards_and_the_overview_cost_the_same_with_10_and_with_1000_of_everything(client, administrator):
    client.force_login(administrator)
    costs, sizes = [], []
    for size in (10, 1_000):
        pages = [record.get_absolute_url() for record in grown(size, administrator)]
        pages += [f"{page}{part}/" for page in pages for part in ("notes", "follow-ups")] + ["/"]
        know_sizes()
        counted, lengths = [], []
        client.get(pages[0])  # the first request of a process reads more
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                html = client.get(page).content
            counted.append(len(captured))
            lengths.append(len(html))
        costs.append(counted)
        sizes.append(lengths)
    assert costs[0] == costs[1]
    assert max(costs[1]) <= 27  # the company
    assert max(big / small for small, big in zip(*sizes, strict=True)) < 4
