"""A3: a rule answers to a transition, never to a value. No database."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.signals import SaleChange
from leads.signals import LeadChange
from workflow.models import Trigger
from workflow.triggers import PRECEDENCE, Cause, lead_causes, sale_causes

WON, LOST, REGISTERED, LEAD = Trigger.SALE_WON, Trigger.SALE_LOST, Trigger.SALE_REGISTERED, Trigger.LEAD_STATUS_SET
NEW = ""
TRANSITIONS = {
    # before, after, company before, company after: what happened to the company after
    "created open": (NEW, "open", None, 1, {REGISTERED}),
    "created stalled": (NEW, "stalled", None, 1, {REGISTERED}),
    "created won": (NEW, "won", None, 1, {WON, REGISTERED}),
    "created lost": (NEW, "lost", None, 1, {LOST, REGISTERED}),
    "created without a company": (NEW, "open", None, None, set()),
    "created won without a company": (NEW, "won", None, None, set()),
    "won": ("open", "won", 1, 1, {WON}),
    "lost": ("open", "lost", 1, 1, {LOST}),
    "won after stalling": ("stalled", "won", 1, 1, {WON}),
    "lost after stalling": ("stalled", "lost", 1, 1, {LOST}),
    "won after all": ("lost", "won", 1, 1, {WON}),
    "lost after all": ("won", "lost", 1, 1, {LOST}),
    "saved again": ("open", "open", 1, 1, set()),
    "saved again as won": ("won", "won", 1, 1, set()),
    "saved again as lost": ("lost", "lost", 1, 1, set()),
    "stalled": ("open", "stalled", 1, 1, set()),
    "reopened": ("won", "open", 1, 1, set()),
    "won without a company": ("open", "won", None, None, set()),
    "gets its company": ("open", "open", None, 1, {REGISTERED}),
    "gets its company as it is won": ("open", "won", None, 1, {WON, REGISTERED}),
    "gets its company when it is won already": ("won", "won", None, 1, {WON, REGISTERED}),
    "gets its company when it is lost already": ("lost", "lost", None, 1, {LOST, REGISTERED}),
    "moves to another company": ("open", "open", 2, 1, {REGISTERED}),
    "moves when it is won already": ("won", "won", 2, 1, {WON, REGISTERED}),
    "moves when it is lost already": ("lost", "lost", 2, 1, {LOST, REGISTERED}),
    "moves and is reopened": ("won", "open", 2, 1, {REGISTERED}),
    "moves and is won": ("open", "won", 2, 1, {WON, REGISTERED}),
    "leaves its company": ("open", "open", 1, None, set()),
    "leaves its company as it is won": ("open", "won", 1, None, set()),
}


@pytest.mark.parametrize(("before", "after", "old", "new", "expected"), TRANSITIONS.values(), ids=TRANSITIONS.keys())
def test_a3_only_a_transition_is_a_cause_and_only_for_the_company_the_sale_is_at_now(before, after, old, new, expected):
    causes = sale_causes([SaleChange(7, before, after, old, new)])
    assert len(causes) == len(expected)
    assert set(causes) == {Cause(trigger, 1, 7) for trigger in expected}


@pytest.mark.parametrize(("before", "after"), [(None, dt.datetime(2026, 1, 12, tzinfo=dt.UTC)), (dt.datetime(2026, 1, 12, tzinfo=dt.UTC), None)])
def test_a3_archiving_a_won_sale_or_bringing_it_back_is_no_cause(before, after):
    assert sale_causes([SaleChange(7, "won", "won", 1, 1, before, after)]) == []


def test_a4_a_batch_has_the_causes_of_each_of_its_sales():
    changes = [SaleChange(1, "open", "won", 10, 10), SaleChange(2, "open", "lost", 20, 20), SaleChange(3, "won", "won", 30, 30)]
    assert set(sale_causes(changes)) == {Cause(WON, 10, 1), Cause(LOST, 20, 2)}


@pytest.mark.parametrize(("before", "expected"), [(None, [Cause(LEAD, 10, 5)]), (1, [Cause(LEAD, 10, 5)])])
def test_a3_a_lead_status_that_somebody_set_is_a_cause(before, expected):
    assert lead_causes([LeadChange(5, before, 2)], {5: 10}) == expected


def test_l3_a_default_that_havn_assigned_is_no_cause():
    assert lead_causes([LeadChange(5, None, 1, automatic=True), LeadChange(6, 1, 2)], {5: 10, 6: 10}) == [Cause(LEAD, 10, 6)]


def test_a4_won_comes_before_lost_before_lead_status_before_registered():
    assert PRECEDENCE == (WON, LOST, LEAD, REGISTERED)
