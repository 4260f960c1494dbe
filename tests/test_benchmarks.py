"""The benchmarks at tiny sizes: every workload runs, and its competitors leave the same rows. Nothing here looks at a clock.

This is what keeps the SQL written by hand honest: when Havn leaves something else behind, it must follow.
"""

from __future__ import annotations

import json
from functools import partial

import pytest

from benchmarks import data, handwritten, pages, report, results, w1, w2, w3, w4, w5
from benchmarks.measure import cost_of, statements
from benchmarks.run import renewed
from crm.models import Company, Sale
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
TINY = results.TINY


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch):
    """Memory is cleared for the clock's sake before each piece of work; here nobody looks at it, and that would be half of the time."""
    monkeypatch.setattr("benchmarks.measure.gc.collect", int)


def test_w1_the_sql_by_hand_leaves_what_a_save_leaves_whatever_the_guards_say():
    w1.check(12)
    assert set(data.plain(Sale).values_list("status", flat=True)) == {"open"}  # it was all taken back
    assert data.plain(Sale).count() == 14
    assert data.plain(Company).count() == 12


def test_w1_and_w2_meet_every_guard_and_a_second_cause():
    data.actor()
    data.rules_on(sale_won="Opportunity")
    data.fill(12)
    data.vary()
    handwritten.win(handwritten.ALL_OPEN, by=data.actor().pk)
    found = set(CategoryDecision.objects.filter(trigger="sale_won", sale__status="won").values_list("outcome", "skip_reason"))
    skipped = {("skipped", reason) for reason in ("not_potential", "already_there", "already_declined", "other_cause")}
    assert found == {("changed", ""), ("kept", ""), *skipped}


def test_w2_the_sql_by_hand_leaves_what_an_update_leaves_whatever_the_guards_say():
    w2.check(12)
    assert set(data.plain(Sale).values_list("status", flat=True)) == {"open"}


def test_w4_the_sql_by_hand_names_the_companies_that_the_preview_names_whatever_the_guards_say():
    data.actor()
    w4.check(12)
    assert len(w4.look_havn()) == 4


def test_unequal_work_stops_a_run(monkeypatch):
    honest = handwritten.win

    def forgetful(where, **options):
        honest(where, **options)
        data.plain(CategoryDecision).filter(skip_reason="already_there").delete()

    monkeypatch.setattr(handwritten, "win", forgetful)
    with pytest.raises(AssertionError, match="Unequal work, W2: SQL by hand\n  CategoryDecision missing"):
        w2.check(6)


@pytest.mark.parametrize(
    ("workload", "options", "workloads"),
    [
        (w1, {}, {"W1"}),
        (w2, {"measure": cost_of}, {"W2"}),
        (w3, {}, {"W3 i", "W3 ii", "W3 iii"}),
        (w4, {"measure": cost_of}, {"W4"}),
        (w5, {"measure": cost_of, "real": False}, {"W5"}),
    ],
    ids=["W1", "W2", "W3", "W4", "W5"],
)
def test_every_workload_does_equal_work_and_can_be_told(workload, options, workloads):
    found = [result.as_json() for result in workload.run(TINY, **options)]
    assert {result["workload"] for result in found} == workloads
    assert all(result["targets"] or result["notes"] or "save alone" in result["what"] for result in found)
    assert all(len(costs["rounds"]) == 1 for result in found for costs in result["competitors"].values())
    told = told_of(found)
    assert all(f"### {result['workload']}, " in told for result in found)


def told_of(found):
    """The report about these results, as a run writes it."""
    machine = {"processor": "x", "cores": 1, "memory_gb": 1, "kernel": "x"}
    measured = [{"commit": "abc", "date": "today", **result} for result in found]
    return report.text(json.loads(json.dumps({"command": "make bench", "machine": machine, "versions": {}, "notes": [], "results": measured})))


def test_a_part_renews_its_own_results_and_each_says_where_it_was_measured():
    def result(workload, database, commit):
        return {"workload": workload, "database": database, "commit": commit, "date": "today"}

    before = [result("W1", "postgresql", "old"), result("W3 ii", "postgresql", "old"), result("W3 i", "sqlite", "old")]
    now = [result("W3 i", "sqlite", "new"), result("W3 i", "postgresql", "new"), result("W6", "postgresql", "new")]
    found = renewed(before, now)
    assert [(one["workload"], one["database"], one["commit"]) for one in found] == [
        ("W1", "postgresql", "old"), ("W3 i", "postgresql", "new"), ("W6", "postgresql", "new"), ("W3 i", "sqlite", "new"),
    ]  # fmt: skip
    for one in found:
        one |= {"competitors": {}, "targets": [], "what": "", "notes": [], "size": 1, "rounds": 1, "baseline": "", "costs_of": []}
    assert "`make bench`: W1 on today at commit old, W3 W6 on today at commit new." in told_of(found)


def test_pages_are_measured_next_to_their_own_statements_and_told_in_a_table():
    found = [result.as_json() for result in pages.run(TINY)]
    asked = {(result["workload"], result["what"], result["companies"]) for result in found if result["competitors"]}
    assert {("W6", what, size) for what in pages.PAGES["W6"] for size in TINY.organisations} < asked
    assert {target["what"] for result in found for target in result["targets"]} == {"CPU, times its statements alone", "CPU, times that at 30"}
    told = told_of(found)
    assert told.count("| W6 ") == (2 + 2) * len(pages.PAGES["W6"])  # two sizes, two targets


def test_a_page_that_is_not_there_yet_is_left_out_with_a_word(monkeypatch):
    monkeypatch.setitem(pages.PAGES, "W8", {"pipeline": partial(pages._named, "crm:no-such-page")})
    (left_out,) = pages.run(TINY, ["W8"])
    assert left_out.notes == ["There is no page crm:no-such-page yet, so it was left out."]


def test_statements_are_told_by_kind_with_their_transaction():
    data.actor()
    data.rules_on()
    data.fill(1)
    pk = data.plain(Sale).get().pk
    by = data.actor().pk
    sent = statements(lambda: w1.save_in_transaction(pk, by))
    assert sent == ["SAVEPOINT", "SELECT crm_sale", "UPDATE crm_sale", "RELEASE"]  # the test itself is a transaction


def test_a_missed_target_is_called_missed():
    assert results.Target("", 2.51, 2.5).verdict == "missed"
    assert results.Target("", 2.5, 2.5, 1.8).verdict == "met"
    assert results.Target("", 1.8, 2.5, 1.8).verdict == "stretch met"


def test_results_go_between_the_markers(tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write(path, "new\n")
    assert path.read_text() == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
