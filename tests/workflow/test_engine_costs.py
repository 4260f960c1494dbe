"""What the engine costs: a batch has the statements of one sale."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Sale
from tests.factories import CompanyFactory, SaleFactory, rule
from workflow.models import CategoryDecision, Trigger

pytestmark = pytest.mark.django_db


def _statements_for(count, *, ask, category):
    sales = [SaleFactory(company=company) for company in CompanyFactory.create_batch(count)]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status=Sale.Status.WON)
    assert CategoryDecision.objects.filter(trigger=Trigger.SALE_WON, sale__in=sales, outcome="waiting" if ask else "changed").count() == count
    return [query["sql"].split()[0] for query in captured.captured_queries]


@pytest.mark.parametrize("ask", [False, True])
def test_a_batch_of_1_2_and_100_sales_sends_the_same_statements(category, ask):
    rule(Trigger.SALE_WON, category["Customer"], ask=ask)
    one, two, hundred = (_statements_for(count, ask=ask, category=category) for count in (1, 2, 100))
    assert one == two == hundred
