"""C6, W3 through pages: setting up while others work, and two administrators at the same moment."""

from __future__ import annotations

import pytest

from crm.models import CompanyCategory, SettingsChange
from leads.models import Lead, LeadStatus
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from tests.workflow.processes import do, each
from tests.workflow.rules_form import as_sent
from tests.workflow.truth import assert_everything_is_true
from workflow.forms.setup import SetupForm
from workflow.models import AutomationRule, CategoryDecision

pytestmark = pytest.mark.django_db(transaction=True)

SETUP = "/settings/workflow/setup/"


def _send(user, path, **data):
    return do("post", path=path, data=data).with_options(by=user.pk)


def _setup(category, group, **more):
    """What a page that is opened now sends, whatever is saved meanwhile."""
    return {"seen": SetupForm().seen, f"c{category.pk}-group": group, f"c{category.pk}-lead": "on", **more}


def test_c6_setting_up_while_sales_are_won_leaves_everything_true(people, category, administrator, salesperson):
    rule("sale_won", category["Customer"], ask=True)
    lead = category["Lead"]
    sales = [SaleFactory(company=ContactFactory().company) for _ in range(20)]
    groups = ["customer", "potential_customer"] * 3 + ["customer"]
    tasks = [each(*[_send(salesperson, f"/sales/{sale.pk}/won/") for sale in sales], by=salesperson.pk)]
    tasks.append(each(*[do("set_up", category=lead, group=group) for group in groups], by=administrator.pk))
    seller, boss = people.at_once(*tasks)
    assert set(seller.results) == {200}
    assert boss.results == [302] * len(groups)
    assert SettingsChange.objects.filter(area="company-categories", item_id=lead.pk).count() == len(groups), "each of them changed what it means"
    waiting = CategoryDecision.objects.waiting().exclude(company__category__group="potential_customer")
    assert not waiting.exists(), "no question waits where it makes no sense (Q4)"
    assert_everything_is_true()


def test_c6_two_administrators_who_apply_at_once_make_each_item_once(people, category, administrator):
    LeadStatus.objects.filter(name="Qualified").delete()
    CompanyCategory.objects.filter(name="Lead").update(lead_status_enabled=False)
    contact = ContactFactory(company=CompanyFactory())
    karen = UserFactory(groups=administrator.groups.all())
    plan = _setup(category["Lead"], "potential_customer", status="3")
    codes = people.meet(_send(administrator, SETUP, **plan), _send(karen, SETUP, **plan))
    assert set(codes) <= {200, 302, 409}
    assert LeadStatus.objects.filter(name="Qualified").count() == 1
    assert Lead.objects.get(contact=contact).status.is_default
    assert_everything_is_true()


def test_w3_two_administrators_who_add_the_same_lead_status_at_once_leave_one_rule(people, category, status, administrator):
    karen = UserFactory(groups=administrator.groups.all())
    sent = [
        as_sent(r4_enabled="on", rows=[{"status": status["Qualified"].pk, "category": category[target].pk}], r4_seen="on:0")
        for target in ("Opportunity", "Partner")
    ]
    path = "/settings/workflow/lead-categorization/"
    codes = people.meet(*[_send(user, path, **data) for user, data in zip((administrator, karen), sent, strict=True)])
    assert sorted(codes) == [200, 409]
    assert AutomationRule.objects.count() == 1
    assert_everything_is_true()
