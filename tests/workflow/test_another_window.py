"""Whoever was faster is named; was it I myself, in another window, then that is what I am told."""

from __future__ import annotations

import re

import pytest

from crm.actor import acting_as
from crm.models import FollowUp, Sale
from tests.browsers import browser
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, rule
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def said(response):
    assert response.status_code == 409
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def me(salesperson):
    return browser(salesperson)


def test_a_sale_that_i_lost_myself_is_not_won_from_the_other_window(me, salesperson):
    sale = SaleFactory()
    with acting_as(salesperson):
        sale.status = "lost"
        sale.save()
    assert "You changed it in another window at " in said(me.post(f"/sales/{sale.pk}/won/", {"seen_status": "open"}, headers=HTMX))


def test_a_sale_that_i_moved_myself(me, salesperson):
    sale, stage = SaleFactory(), StageFactory()
    with acting_as(salesperson):
        Sale.objects.filter(pk=sale.pk).update(stage=stage)
    asked = {"stage": StageFactory().pk, "seen_stage": "none"}
    assert f"it is in {stage} now. You changed it in another window at " in said(me.post(f"/sales/{sale.pk}/stage/", asked, headers=HTMX))


def test_a_lead_status_that_i_set_myself(me, status):
    contact = ContactFactory()
    url = f"/contacts/{contact.pk}/lead-status/"
    me.post(url, {"status": status["Qualified"].pk}, headers=HTMX)
    answer = me.post(url, {"status": status["Contacting"].pk, "seen_lead_status": status["Open"].pk}, headers=HTMX)
    assert "the lead status is Qualified now. You changed it in another window at " in said(answer)


def test_a_form_whose_value_i_saved_myself(me):
    company = CompanyFactory(phone="1")
    url = f"/companies/{company.pk}/facts/phone/"
    seen = me.get(url, headers=HTMX).context["form"]["seen"].value()
    me.post(url, {"phone": "2", "seen": seen}, headers=HTMX)
    assert "You saved this in another window at " in said(me.post(url, {"phone": "3", "seen": seen}, headers=HTMX))


def test_s5_a_record_that_i_archived_myself(me):
    company = CompanyFactory(name="Ærø")
    me.post(f"/companies/{company.pk}/archive/", headers=HTMX)
    assert "You have archived “Ærø”." in said(me.post(f"/companies/{company.pk}/facts/phone/", {"phone": "3"}, headers=HTMX))


def test_a_follow_up_that_i_did_myself(me, salesperson):
    company = CompanyFactory()
    follow_up = FollowUp.objects.create(company=company, text="Ring", due_on="2027-01-05", owner=salesperson)
    me.post(f"/follow-ups/{follow_up.pk}/done/", headers=HTMX)
    assert "You did this in another window at " in said(me.get(f"/follow-ups/{follow_up.pk}/edit/", headers=HTMX))


def test_q4_a_category_that_i_changed_myself(me, salesperson, category):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        company = SaleFactory(status="won").company
        company.category = category["Opportunity"]
        company.save()
    decision = CategoryDecision.objects.waiting().get()
    answer = me.post(f"/confirmations/{decision.pk}/", {"answer": "accept", "seen_version": "1"}, headers=HTMX)
    assert "You changed the category in another window at " in said(answer)
