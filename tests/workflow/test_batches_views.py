"""Imports and bulk changes over HTTP (A9): who sees them, and how they are undone. The screens of changes in Danish."""

from __future__ import annotations

import re

import pytest

from crm.actor import working
from crm.models import Company, CompanyCategory, Sale
from tests.browsers import HTMX, browser, events
from tests.budgets import statements
from tests.factories import CompanyFactory, SaleFactory
from tests.workflow.changes import BATCHES, FAILURES, move, press, said, win_rule
from tests.workflow.ledger import assert_ledger_is_true
from workflow.models import Batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(category, salesperson):
    """Jonas won a sale at five companies at once."""
    win_rule(category["Customer"])
    sales = [SaleFactory(company=CompanyFactory(name=f"Company {n}", category=category["Opportunity"])) for n in range(5)]
    with working(user=salesperson, kind="bulk"):
        Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status="won")
    return Batch.objects.get()


def categories():
    """Of all companies, by name."""
    return list(Company.objects.order_by("name").values_list("category__name", flat=True))


def undo_batch(client, batch, headers=HTMX, **more):
    """Press Undo on the page of a batch."""
    return client.post(f"{batch.get_absolute_url()}undo/", headers={**headers, **more})


def test_a9_administrators_see_imports_and_bulk_changes_but_not_each_retry(maja, jonas, batch, fail):
    for decision in fail("Fjordbo", "Havgaard"):
        press(maja, "retry", decision)
    assert Batch.objects.count() == 3
    html = maja.get(BATCHES).content.decode()
    assert re.findall(r'href="/category-changes/batches/(\d+)/"', html) == [str(batch.pk)]
    assert "Bulk edit" in html
    assert "Jonas Krogh" in html
    assert jonas.get(BATCHES).status_code == 403


def test_a9_the_page_of_a_batch_says_how_far_it_can_be_undone(maja, batch, category, colleague):
    first, second = Company.objects.order_by("name")[:2]
    move(first, category["Partner"], colleague)
    press(maja, "undo", second.decisions.latest("pk"))
    html = maja.get(batch.get_absolute_url()).content.decode()
    for sentence in (
        "3 companies can go back to the category they had before",
        "1 company stays as it is: somebody has changed its category since",
        "1 company is back already",
        "Undo for 3 companies",
    ):
        assert sentence in html
    CompanyCategory.objects.filter(name="Opportunity").update(archived_at="2026-01-01T00:00Z")
    html = maja.get(batch.get_absolute_url()).content.decode()
    assert "3 companies stay as they are: the category they had has been deleted" in html
    assert 'id="undo-batch"' not in html


def test_a9_a_batch_that_changed_nothing_says_so(maja, administrator):
    with working(user=administrator, kind="import"):
        CompanyFactory()
    html = maja.get(Batch.objects.get().get_absolute_url()).content.decode()
    assert "There is nothing to undo." in html
    assert "It changed no category." in html


def test_a9_a_batch_is_undone_in_parts_by_a_page_that_goes_on_by_itself(maja, batch, monkeypatch):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    first = undo_batch(maja, batch, **{"HX-Trigger": "undo-form"})
    html = first.content.decode()
    assert categories().count("Opportunity") == 2
    assert "2 companies are back, 3 to go" in html
    assert 'max="5" value="2"' in html
    assert re.search(r'hx-trigger="load', html)
    assert "<html" not in html
    assert events(first)["focus:on"]["value"] == "#page-title"  # the button is gone
    second = undo_batch(maja, batch)
    assert "4 companies are back, 1 to go" in second.content.decode()
    assert "HX-Trigger-After-Settle" not in second.headers  # nobody's focus is taken
    last = undo_batch(maja, batch)
    assert "Undone for 5 companies" in last.content.decode()
    assert last["HX-Reswap"] == "none"
    assert "page:changed" in events(last)
    assert categories() == ["Opportunity"] * 5
    assert_ledger_is_true()


def test_a9_without_javascript_each_part_is_a_press(maja, batch, monkeypatch):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    response = undo_batch(maja, batch, {})
    assert response["Location"] == batch.get_absolute_url()
    html = said(maja, response)
    assert "Undone for 2 companies" in html
    assert "Undo for 3 companies" in html
    assert categories().count("Opportunity") == 2


def test_a9_a_company_that_somebody_changed_since_stays_and_that_is_said(maja, batch, category, colleague, monkeypatch):
    monkeypatch.setattr("workflow.views.changes.STEP", 2)
    move(Company.objects.get(name="Company 2"), category["Partner"], colleague)
    for _ in range(3):
        undo_batch(maja, batch)
    assert categories() == ["Opportunity", "Opportunity", "Partner", "Opportunity", "Opportunity"]
    html = maja.get(batch.get_absolute_url()).content.decode()
    assert "1 company stays as it is: somebody has changed its category since" in html
    assert "4 companies are back already" in html
    assert 'id="undo-batch"' not in html


def test_a9_whoever_did_it_sees_and_undoes_it_without_being_an_administrator(jonas, batch):
    card = Company.objects.get(name="Company 1").get_absolute_url()
    assert f'href="{batch.get_absolute_url()}"' in jonas.get(card).content.decode()
    html = jonas.get(batch.get_absolute_url()).content.decode()
    assert "Undo for 5 companies" in html
    assert "/settings/" not in html
    undo_batch(jonas, batch)
    assert categories() == ["Opportunity"] * 5


def test_a9_a_stranger_gets_a_403_and_no_link(colleague, batch):
    signe = browser(colleague)
    assert "/category-changes/batches/" not in signe.get(Company.objects.first().get_absolute_url()).content.decode()
    assert signe.get(batch.get_absolute_url()).status_code == 403
    assert undo_batch(signe, batch).status_code == 403
    assert categories() == ["Customer"] * 5


def test_a_large_batch_costs_no_more_statements_than_a_small_one(maja, administrator, category):
    win_rule(category["Customer"])
    costs = []
    for count in (2, 40):
        with working(user=administrator, kind="bulk"):
            Sale.objects.bulk_create(Sale(title="Solar roof", company=company, status="won") for company in CompanyFactory.create_batch(count))
        batch = Batch.objects.latest("pk")
        maja.get(batch.get_absolute_url())
        costs.append(statements(maja, batch.get_absolute_url()))
    assert costs[0] == costs[1]


def test_the_screens_speak_danish(maja, administrator, batch, fail, moved, category, colleague):
    administrator.language = "da"
    administrator.save(update_fields=["language"])
    (failed,) = fail("Havgaard")
    change = moved.decisions.latest("pk")
    card = maja.get(moved.get_absolute_url()).content.decode()
    assert 'aria-label="Fortryd, tilbage til Lead">' in card
    assert "1 regel fejlede" in card
    assert "Teknisk årsag: RuntimeError: the rule is broken" in maja.get(FAILURES).content.decode()
    assert "Masseredigering" in maja.get(BATCHES).content.decode()
    assert "Fortryd for 5 firmaer" in maja.get(batch.get_absolute_url()).content.decode()
    assert "Fortrudt. Fjordbo er Lead igen." in said(maja, press(maja, "undo", change))
    move(moved, category["Partner"], colleague)
    assert "Fjordbo er ændret igen: kategorien er nu Partner. Intet blev fortrudt." in said(maja, press(maja, "undo", change))
    assert "Havgaard: Kørt igen af Maja Lindholm og ændret automatisk" in said(maja, press(maja, "retry", failed))
