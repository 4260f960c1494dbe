"""Suggestions: what a change of the company's category, of the catalogue or of the rules makes obsolete, and what it leaves (Q4, A2)."""

from __future__ import annotations

import pytest

from crm.models import CompanyCategory
from tests.crm.writes import CHANGES, change
from tests.factories import SaleFactory, rule
from tests.workflow.ledger import latest, where
from tests.workflow.questions import outcome
from workflow.models import AutomationRule

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", ["Partner", "Former customer", "Other", "Customer"])
def test_q4_it_is_obsolete_when_the_company_leaves_the_group(asked, category, how, name):
    change(how, asked.company, category=category[name])
    assert outcome(asked) == "obsolete"
    assert (asked.decided_by, asked.decided_at is None, asked.to_category) == (None, False, None)


@pytest.mark.parametrize("how", CHANGES)
def test_q4_it_is_obsolete_when_the_company_reaches_the_suggested_category_in_another_way(category, how):
    rule("sale_won", category["Opportunity"], ask=True)
    sale = SaleFactory(status="won")
    change(how, sale.company, category=category["Opportunity"])
    assert latest().outcome == "obsolete"


@pytest.mark.parametrize(("target", "expected"), [("Partner", "obsolete"), ("Customer", "obsolete"), ("Opportunity", "waiting")])
def test_q4_it_is_obsolete_when_a_rule_takes_the_company_out_of_the_group(asked, category, target, expected):
    rule("sale_lost", category[target])
    SaleFactory(company=asked.company, status="lost")
    assert where(asked.company) == target
    assert outcome(asked) == expected


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", ["Marketing qualified lead", "Opportunity", "Lost opportunity"])
def test_q4_any_other_change_of_category_leaves_it_waiting(asked, category, how, name):
    change(how, asked.company, category=category[name])
    assert outcome(asked) == "waiting"
    assert asked.decided_at is None


def test_q4_it_is_obsolete_when_the_category_itself_leaves_the_group(asked, category):
    item = category["Lead"]
    item.group_id, item.lead_status_enabled = "other", False
    item.save()
    assert outcome(asked) == "obsolete"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "dialog"])
def test_q4_whoever_moves_a_category_is_told_beforehand_how_many_suggestions_become_obsolete(client, administrator, asked, headers):
    """The number is what happens; a form that was refused says it still."""
    client.force_login(administrator)
    url = f"/settings/lists/company-categories/{asked.from_category_id}/"
    told = "1 suggestion that waits for an answer becomes obsolete."
    response = client.get(url, headers=headers)
    assert told in response.content.decode()
    form = response.context["form"]
    moved = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)} | {"group": "partner"}
    assert told in client.post(url, {**moved, "name": ""}, headers=headers).content.decode()
    client.post(url, moved, headers=headers)
    assert outcome(asked) == "obsolete"
    assert told not in client.get(url, headers=headers).content.decode()


def test_a2_whoever_edits_the_last_category_of_potential_customer_is_told_that_no_rule_could_run(client, administrator, category):
    client.force_login(administrator)
    url = f"/settings/lists/company-categories/{category['Lead'].pk}/"
    assert "category-ends" not in client.get(url).content.decode()  # nothing waits, and there are others
    CompanyCategory.objects.filter(group="potential_customer").exclude(pk=category["Lead"].pk).update(group="partner", lead_status_enabled=False)
    assert "No category belongs to Potential customer, so no rule can run." in client.get(url).content.decode()
    assert "category-ends" not in client.get(f"/settings/lists/company-categories/{category['Partner'].pk}/").content.decode()


def test_q4_switching_the_rule_off_leaves_it_valid(asked):
    AutomationRule.objects.update(is_enabled=False)
    change("save", asked.company, name="Fjordbo A/S")
    assert outcome(asked) == "waiting"
