"""The four lists of Settings: what uses an item, with a link to just those (C5)."""

from __future__ import annotations

import re

import pytest

from crm.models import CompanyCategory, SaleReason, SaleStage
from leads.models import LeadStatus
from tests.budgets import statements
from tests.crm.list_items import CATEGORIES, STATUSES, each_list, last, using
from tests.factories import CompanyFactory, rule

pytestmark = pytest.mark.django_db


@each_list
def test_c5_an_item_shows_how_many_use_it_with_a_link_to_just_those(maja, address, model):
    item, other = model.objects.active().order_by("-position")[:2]
    mine, _theirs = using(item), using(other)
    rows = {row["item"].pk: row["uses"][-1] for row in maja.get(address).context["rows"]}
    [shown] = rows[item.pk]
    assert shown.text == "1"
    found = maja.get(shown.url)
    assert [record.pk for record in found.context["found"].rows] == [mine.pk]
    assert item.name in found.content.decode()


def test_c5_a_category_names_the_rules_that_set_it(maja, category, status):
    rule("sale_won", category["Customer"])
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    off = rule("sale_lost", category["Other"])
    type(off).objects.filter(pk=off.pk).update(is_enabled=False)
    rows = {str(row["item"]): [shown.text for shown in row["uses"][0]] for row in maja.get(CATEGORIES).context["rows"]}
    assert (rows["Customer"], rows["Other"], rows["Lead"]) == (["Sale won", "Lead status Qualified"], ["Sale lost (off)"], [])
    rows = {str(row["item"]): [shown.text for shown in row["uses"][0]] for row in maja.get(STATUSES).context["rows"]}
    assert rows["Qualified"] == ["Lead status set"]


@pytest.mark.parametrize(("url", "name"), [("/contacts/?lead_status=", "lead_status"), ("/sales/?stage=", "stage"), ("/sales/?reason=", "reason")])
def test_c5_the_filter_stands_above_the_list_and_can_be_taken_out(maja, url, name):
    model = {"lead_status": LeadStatus, "stage": SaleStage, "reason": SaleReason}[name]
    item = last(model)
    using(item)
    html = maja.get(f"{url}{item.pk}&q=").content.decode()
    assert '<a class="filter is-set" href="?q="' in html
    assert re.search(rf'name="{name}" value="{item.pk}"(?: checked)?>', html)  # the form keeps it
    for nothing in ("x", "²", "0", "99999999999999999999999", "987654"):
        assert 'class="filter is-set"' not in maja.get(f"{url}{nothing}").content.decode()


def test_c5_a_deleted_category_is_still_a_filter_that_says_its_name(maja, category):
    company = CompanyFactory(category=category["Partner"])
    CompanyCategory.objects.filter(name="Partner").update(archived_at="2026-01-01T00:00Z")
    found = maja.get("/companies/", {"category": category["Partner"].pk})
    assert [row.pk for row in found.context["found"].rows] == [company.pk]
    assert f'name="category" value="{category["Partner"].pk}" checked><span>Partner</span>' in found.content.decode()


@each_list
def test_c5_a_list_costs_as_many_statements_whatever_uses_its_items(maja, address, model):
    few = statements(maja, address)
    for item in model.objects.active():
        using(item)
        using(item)
    assert statements(maja, address) == few
