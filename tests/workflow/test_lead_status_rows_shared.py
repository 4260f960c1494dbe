"""Rule 4 has a row for each lead status (A1), and two administrators edit them at the same time (W3)."""

from __future__ import annotations

import re

import pytest

from tests.browsers import HTMX
from tests.workflow.rules_form import URL, as_sent, fields_of, rows_saved, save, untouched
from workflow.models import AutomationRule

pytestmark = pytest.mark.django_db


def test_w3_a_row_that_only_the_other_added_stays_and_so_does_mine(maja, karen, two, row):
    mine = untouched(maja)
    assert save(karen, r4_enabled="on", rows=[row("Qualified", "Opportunity"), row("Disqualified", "Other"), row("Contacting", "Partner")]).status_code == 200
    mine |= {"r4-rows": "1,2,3", "r4-3-status": row("Re-nurture", "Other")["status"], "r4-3-category": row("Re-nurture", "Other")["category"]}
    assert maja.post(URL, mine, headers=HTMX).status_code == 200
    assert [name for name, *_rest in rows_saved()] == ["Contacting", "Qualified", "Disqualified", "Re-nurture"]


def test_w3_a_row_that_only_the_other_took_out_stays_out(maja, karen, two, row, category):
    mine = untouched(maja)
    save(karen, r4_enabled="on", rows=[row("Qualified", "Opportunity")])
    assert maja.post(URL, {**mine, "r1-enabled": "on", "r1-category": category["Customer"].pk}, headers=HTMX).status_code == 200
    assert [name for name, *_rest in rows_saved()] == ["Qualified"]


def _told(response) -> str:
    assert response.status_code == 409
    found = re.findall(r'class="rule__theirs">(.*?)</p>', response.content.decode(), re.DOTALL)
    return " | ".join(re.sub(r"\s+([,.])", r"\1", re.sub(r"(<[^>]+>|\s)+", " ", text)).strip() for text in found)


def _saves_again(client, response) -> int:
    return client.post(URL, fields_of(response.content.decode()), headers=HTMX).status_code


def test_w3_a_row_that_the_other_took_out_while_i_changed_it_is_told_and_i_decide(maja, karen, two, row, category):
    mine = untouched(maja)
    save(karen, r4_enabled="on", rows=[row("Qualified", "Opportunity")])
    response = maja.post(URL, {**mine, "r4-2-category": category["Partner"].pk}, headers=HTMX)
    assert _told(response) == "Saved by Karen Holst: removed"
    assert _saves_again(maja, response) == 200
    assert rows_saved() == [("Qualified", "Opportunity", False, True), ("Disqualified", "Partner", False, True)]


def test_w3_a_row_that_i_took_out_while_the_other_changed_it_is_told_and_i_decide(maja, karen, two, row):
    mine = untouched(maja)
    save(karen, r4_enabled="on", rows=[row("Qualified", "Opportunity"), row("Disqualified", "Partner", ask="on")])
    response = maja.post(URL, {**mine, "r4-rows": "1"}, headers=HTMX)
    assert _told(response) == "Saved by Karen Holst: Disqualified, Partner, asks first You have removed it."
    assert len(rows_saved()) == 2
    assert _saves_again(maja, response) == 200
    assert [name for name, *_rest in rows_saved()] == ["Qualified"]


def test_w3_both_added_the_same_lead_status_and_say_otherwise(maja, karen, two, row):
    mine = untouched(maja)
    theirs = [row("Qualified", "Opportunity"), row("Disqualified", "Other")]
    save(karen, r4_enabled="on", rows=[*theirs, row("Open", "Partner")])
    added = row("Open", "Customer")
    response = maja.post(URL, {**mine, "r4-rows": "1,2,3", "r4-3-status": added["status"], "r4-3-category": added["category"]}, headers=HTMX)
    assert _told(response) == "Saved by Karen Holst: Open, Partner, without asking"
    assert _saves_again(maja, response) == 200
    assert rows_saved()[0] == ("Open", "Customer", False, True)


def test_w3_the_other_turned_the_switch_while_i_changed_a_row(maja, karen, two, row, category):
    mine = untouched(maja)
    save(karen, rows=[row("Qualified", "Opportunity"), row("Disqualified", "Other")])
    response = maja.post(URL, {**mine, "r4-1-category": category["Partner"].pk}, headers=HTMX)
    assert _told(response) == "Saved by Karen Holst: Off"
    assert fields_of(response.content.decode())["r4-enabled"] == "on"
    assert _saves_again(maja, response) == 200
    assert rows_saved()[0] == ("Qualified", "Partner", False, True)


def test_w3_i_turn_the_switch_while_the_other_changed_a_row(maja, karen, two, row):
    save(karen, rows=[row("Qualified", "Opportunity"), row("Disqualified", "Other")])
    mine = untouched(maja)
    save(karen, rows=[row("Qualified", "Customer"), row("Disqualified", "Other")])
    response = maja.post(URL, {**mine, "r4-enabled": "on"}, headers=HTMX)
    assert _told(response) == "Saved by Karen Holst: Qualified, Customer, without asking"
    assert fields_of(response.content.decode())["r4-1-category"] == str(row("Qualified", "Customer")["category"])
    assert _saves_again(maja, response) == 200
    assert rows_saved()[0] == ("Qualified", "Customer", False, True)


def test_w3_the_other_turned_the_switch_and_i_changed_another_rule(maja, karen, two, row, category):
    mine = untouched(maja)
    save(karen, rows=[row("Qualified", "Opportunity"), row("Disqualified", "Other")])
    assert maja.post(URL, {**mine, "r1-enabled": "on", "r1-category": category["Customer"].pk}, headers=HTMX).status_code == 200
    assert {is_on for *_rest, is_on in rows_saved()} == {False}


def test_w3_what_was_written_past_the_screen_is_noticed_too(maja, karen, two, category):
    """Such as a category that was replaced by another: no version moved, but the page has shown something else."""
    mine = untouched(maja)
    AutomationRule.objects.filter(pk=two[0].pk).update(target_category=category["Customer"])
    response = maja.post(URL, {**mine, "r4-1-category": category["Partner"].pk}, headers=HTMX)
    assert _told(response).endswith("Qualified, Customer, without asking")
    assert maja.post(URL, {**mine, "r4-1-category": category["Customer"].pk}, headers=HTMX).status_code == 200


def test_w3_a_row_added_after_the_conflict_was_told_does_not_make_it_forgotten(maja, karen, two, row, category):
    mine = untouched(maja)
    save(karen, r4_enabled="on", rows=[row("Qualified", "Customer"), row("Disqualified", "Other")])
    typed = maja.post(URL, {**mine, "r4-1-category": category["Partner"].pk, "add-row": "1"}, headers=HTMX)
    sent = fields_of(typed.content.decode())
    again = maja.post(URL, {**sent, "r4-rows": "1,2"}, headers=HTMX)
    assert _told(again) == "Saved by Karen Holst: Qualified, Customer, without asking"


@pytest.mark.parametrize("seen", ["", "x", "on:1", "on:1 5:zz 5", ":::", "\x00"])
def test_w3_a_form_that_does_not_know_which_rows_it_saw_takes_none_out(maja, two, row, seen):
    sent = {**as_sent(seen="0", r4_enabled="on", rows=[row("Qualified", "Partner")]), "r4-seen": seen}
    assert maja.post(URL, sent, headers=HTMX).status_code == 409
    assert rows_saved() == [("Qualified", "Opportunity", False, True), ("Disqualified", "Other", False, True)]
