"""Whatever a test with real transactions has done, the next one starts from what a migrated database holds."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction

from crm.actor import acting_as
from crm.models import CategoryGroup, Company, CompanyCategory, User
from leads.models import LeadStatus
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from tests.starting_point import StartingPoint
from workflow.models import CategoryDecision, WorkflowSettings

pytestmark = pytest.mark.django_db(transaction=True)


def _everything():
    """All rows of all tables."""
    return StartingPoint().filled


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_finds_what_the_migrations_made_whatever_the_one_before_did(turn):
    assert (Group.objects.count(), CategoryGroup.objects.count(), LeadStatus.objects.count(), WorkflowSettings.objects.count()) == (2, 5, 5, 1)
    assert (CompanyCategory.objects.count(), CompanyCategory.objects.get(is_default=True).name) == (8, "Lead")
    assert Group.objects.get(name="Administrator").permissions.count() > Group.objects.get(name="Salesperson").permissions.count() > 0
    assert not User.objects.exists()
    assert not Company.objects.exists()
    CompanyFactory(category=CompanyCategory.objects.get(name="Partner"))
    CompanyCategory.objects.filter(name="Customer").update(name="Client", name_key="client")
    Group.objects.get(name="Salesperson").delete()


def test_what_was_added_goes_and_what_was_changed_or_deleted_comes_back():
    start = StartingPoint()
    before = _everything()
    with acting_as(UserFactory()):
        rule("sale_won", CompanyCategory.objects.get(name="Customer"))
        ContactFactory(company=SaleFactory(status="won").company)
    WorkflowSettings.objects.update(saved_by=User.objects.first(), version=7)
    CompanyCategory.objects.filter(name="Other").delete()
    CompanyCategory.objects.create(name="Another", group_id="other")
    Permission.objects.all().delete()
    assert CategoryDecision.objects.exists()
    assert _everything() != before
    start.restore()
    assert _everything() == before


def test_every_table_that_the_migrations_filled_can_be_filled_again():
    start = StartingPoint()
    before = _everything()
    with transaction.atomic(), connection.cursor() as cursor:
        for table in start.filled:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
    assert not _everything()
    start.restore()
    assert _everything() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        CompanyCategory.objects.create(name="lead", group_id="other")


def test_new_rows_do_not_meet_the_keys_of_those_that_came_back():
    start = StartingPoint()
    CompanyCategory.objects.filter(name="Other").delete()
    start.restore()
    made = CompanyCategory.objects.create(name="Another", group_id="other")
    assert made.pk > max(CompanyCategory.objects.exclude(pk=made.pk).values_list("pk", flat=True))
