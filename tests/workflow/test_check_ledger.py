"""check_ledger: a good ledger passes after whatever happens, and every kind of drift is found and said."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.actor import acting_as, working
from crm.models import Company, CompanyCategory, Contact, Sale, SaleTransition, SettingsChange
from leads.models import Lead, LeadStatusChange
from tests.crm.writes import change, plain, roll_back
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import assert_ledger_is_true, latest, numbers, where
from workflow import decisions
from workflow.again import ask_again, retry
from workflow.checks import check
from workflow.checks.reading import one_moment
from workflow.models import AutomationRule, CategoryDecision
from workflow.undo import undo

pytestmark = pytest.mark.django_db
NOBODY = 999_999  # a key that no row has
PATIENCE = 20  # seconds, after which something hangs


@contextmanager
def ago(**span):
    """As if it were that long ago."""
    with time_machine.travel(timezone.now() - dt.timedelta(**span)):
        yield


def rule_of_yesterday(trigger, target, **values):
    with ago(days=1):
        return rule(trigger, target, **values)


def found(**options):
    """Every finding in words, by kind."""
    return {finding.kind: finding.sentences for finding in check(**options).findings}


def run(*arguments, capsys):
    call_command("check_ledger", *arguments)
    return capsys.readouterr().out


def raw(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def forget(decision):
    """Take a decision away as only raw SQL can."""
    raw("DELETE FROM workflow_categorydecision WHERE id = %s", decision.pk)


@pytest.fixture
def broken():
    """Breaks that the database itself would refuse at the end of the test."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# ------------------------------------------------------------------ a good ledger
def _live(category, status, salesperson, many):
    """Whatever may happen to a company, `many` times, with three rules on since yesterday."""
    with acting_as(salesperson):
        for _ in range(many):
            sale, contact = SaleFactory(), ContactFactory()
            change("save", sale, status="won")
            change("save", sale, status="open")
            change("update", sale, status="won")
            change("save", contact.lead, status=status["Qualified"])
            change("save", contact.lead, status=status["Contacting"])
            change("save", contact, company=CompanyFactory())
            for answer in (decisions.accept, decisions.keep):
                asked = latest(company=SaleFactory(status="lost").company)
                answer(asked.pk, by=salesperson, seen_version=1)
            other = latest(company=SaleFactory(status="lost").company)
            decisions.choose(other.pk, category["Other"], by=salesperson, seen_version=1)
            change("save", other.sale, company=CompanyFactory())
            change("save", SaleFactory(status="lost"), archived_at=timezone.now())
            change("bulk_update", *CompanyFactory.create_batch(2), category=category["Partner"])
            company = CompanyFactory()
            Sale.objects.bulk_create(Sale(title="x", company=company, status=closed) for closed in ("won", "lost", "open"))
            roll_back(lambda: SaleFactory(status="won"))
            with working(kind="import", run_rules=False):
                SaleFactory(status="won")


@pytest.fixture
def life(category, status, salesperson):
    rule_of_yesterday("sale_won", category["Customer"])
    rule_of_yesterday("sale_lost", category["Lost opportunity"], ask=True)
    rule_of_yesterday("sale_registered", category["Opportunity"])
    AutomationRule.objects.filter(trigger="sale_registered").update(is_enabled=False)
    for name in ("Qualified", "Open"):
        rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status[name])
    return lambda many=1: _live(category, status, salesperson, many)


def test_a_good_ledger_agrees_after_all_that_may_happen(life, capsys):
    life(2)
    assert CategoryDecision.objects.values("outcome").distinct().count() >= 6
    assert_ledger_is_true()
    counts = (Company.objects.count(), CategoryDecision.objects.count(), SaleTransition.objects.count())
    assert run(capsys=capsys) == "Checked {} companies, {} decisions, {} sale transitions: everything agrees.\n".format(*counts)


def test_a7_a9_undoing_asking_again_and_retrying_leave_a_good_ledger(category, salesperson, administrator):
    rule_of_yesterday("sale_won", category["Customer"])
    rule_of_yesterday("sale_lost", category["Other"], ask=True)
    SaleFactory(status="won")
    undo(undo(latest().pk, by=salesperson).pk, by=salesperson)
    with acting_as(salesperson):
        SaleFactory(status="lost")
    decisions.keep(latest().pk, by=salesperson, seen_version=1)
    again = ask_again(latest().pk, by=salesperson)
    assert check().findings == check().notes == []
    decisions.accept(again.pk, by=salesperson, seen_version=1)
    SaleFactory(status="won", company=CompanyFactory(category=category["Partner"]))
    plain(CategoryDecision).filter(pk=latest().pk).update(outcome="failed", skip_reason="", error="boom")
    assert [note.total for note in check().notes] == [1]
    retry(latest().pk, by=administrator)
    assert check().findings == check().notes == []
    assert CategoryDecision.objects.filter(outcome="undone").count() == CategoryDecision.objects.exclude(retries=None).count() == 2


def test_an_empty_database_agrees(capsys):
    assert run(capsys=capsys) == "Checked 0 companies, 0 decisions, 0 sale transitions: everything agrees.\n"


def test_what_is_checked_costs_the_same_for_1_and_50_companies(life):
    life()
    costs = []
    for companies in (Company.objects.count(), 50):
        CompanyFactory.create_batch(companies - Company.objects.count())
        with CaptureQueriesContext(connection) as captured:
            assert check().findings == []
        costs.append(len(captured))
    life(3)
    with CaptureQueriesContext(connection) as captured:
        assert check().findings == []
    assert costs == [len(captured)] * 2
    assert len(captured) < 50


def test_what_is_found_costs_the_same_for_1_and_15_companies(category):
    rule_of_yesterday("sale_won", category["Customer"])
    companies = [SaleFactory(status="won").company for _ in range(15)]
    costs = []
    for wrong in (companies[:1], companies):
        plain(CategoryDecision).filter(company__in=wrong, trigger="sale_won")._raw_delete("default")
        with CaptureQueriesContext(connection) as captured:
            assert {finding.kind: finding.total for finding in check().findings} == {"category": len(wrong), "no decision of a sale": len(wrong)}
        costs.append(len(captured))
    assert costs[0] == costs[1]


# ----------------------------------------------------------- where companies stand
def test_a_category_that_was_written_past_the_ledger_is_found(category):
    rule("sale_won", category["Customer"])
    company = SaleFactory(status="won").company
    plain(Company).filter(pk=company.pk).update(category=category["Partner"])
    who = f"{company.name} (company {company.pk})"
    assert found() == {"category": [f"{who} is Partner with number 2; expected: Customer with number 2, as its last applied decision says."]}


def test_a10_a_number_that_was_written_past_the_ledger_is_found():
    company = CompanyFactory()
    raw("UPDATE crm_company SET category_version = 7")
    who = f"{company.name} (company {company.pk})"
    assert found() == {"category": [f"{who} is Lead with number 7; expected: Lead with number 1, as its last applied decision says."]}


def test_a8_a_company_that_nothing_tells_of_is_found():
    company = CompanyFactory()
    forget(company.decisions.get())
    expected = "is Lead with number 1, but no decision made it so; expected: one for each change, from its creation on."
    assert found() == {"category": [f"{company.name} (company {company.pk}) {expected}"]}


# ------------------------------------------------------------------------ numbers
@pytest.fixture
def moved(category):
    """A company that has moved twice by hand: Lead, Opportunity, Partner."""
    company = CompanyFactory()
    for name in ("Opportunity", "Partner"):
        change("save", company, category=category[name])
    assert numbers(company) == [1, 2, 3]
    return company


@pytest.mark.parametrize(("number", "follower", "before"), [(2, 3, 1), (1, 2, 0)])
def test_a10_a_number_that_is_missing_is_found(moved, number, follower, before):
    last = moved.decisions.get(applied_version=follower)
    forget(moved.decisions.get(applied_version=number))
    expected = f"change number {follower} (decision {last.pk}) follows number {before}; expected: number {number}."
    assert found() == {"number": [f"{moved.name} (company {moved.pk}): {expected}"]}


@pytest.mark.parametrize(("number", "start", "expected"), [(3, "Other", "Opportunity"), (3, None, "Opportunity"), (1, "Other", "nothing"), (2, None, "Lead")])
def test_a10_a_change_that_does_not_start_where_the_one_before_it_ended_is_found(moved, category, number, start, expected):
    wrong = moved.decisions.get(applied_version=number)
    plain(CategoryDecision).filter(pk=wrong.pk).update(from_category=start and category[start])
    told = f"change number {number} (decision {wrong.pk}) starts from {start or 'nothing'}; expected: {expected}, where the one before it ended."
    assert found() == {"number": [f"{moved.name} (company {moved.pk}): {told}"]}


def test_a10_companies_are_told_apart(category):
    """Two histories that would make one good one."""
    first, second = CompanyFactory.create_batch(2)
    change("save", first, category=category["Opportunity"])
    with_gap = first.decisions.get(applied_version=1)
    forget(second.decisions.get())
    plain(CategoryDecision).filter(pk=with_gap.pk).update(company=second)
    assert list(found()) == ["number"]


# ------------------------------------------------------------------------ waiting
@pytest.fixture
def asked(category):
    """A sale was won, and whether the company should become a customer waits for an answer."""
    rule("sale_won", category["Customer"], ask=True)
    SaleFactory(status="won", title="Solar roof")
    return latest(outcome="waiting")


def _vain(decision, why):
    """The sentence about a suggestion that waits in vain."""
    whose, what = f"{decision.company.name} (company {decision.company.pk})", decision.suggested_category.name
    return [f"{whose}: the suggestion {what} (decision {decision.pk}) waits although {why}; expected: obsolete."]


def test_q4_two_that_wait_for_one_company_are_found(asked, broken):
    if connection.vendor == "postgresql":
        connection.check_constraints()  # the index cannot go while constraints are still to be checked
    raw("DROP INDEX one_waiting_per_company")
    raw(
        "INSERT INTO workflow_categorydecision (company_id, trigger, outcome, skip_reason, error, suggested_category_id, created_at)"
        " SELECT company_id, trigger, outcome, skip_reason, error, suggested_category_id, created_at FROM workflow_categorydecision WHERE id = %s",
        asked.pk,
    )
    last = CategoryDecision.objects.latest("pk").pk
    expected = f"2 suggestions wait, the first is decision {asked.pk}, the last {last}; expected: at most one."
    assert found()["waits twice"] == [f"{asked.company.name} (company {asked.company.pk}): {expected}"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("Partner", "the company is Partner, which is no potential customer"), ("Customer", "the company is Customer, which is no potential customer")],
)
def test_q4_one_that_waits_for_a_company_that_left_the_group_is_found(asked, category, name, why):
    plain(Company).update(category=category[name])
    assert found()["waits in vain"] == _vain(asked, why)


def test_q4_one_that_waits_for_a_category_that_left_the_group_is_found(asked, category):
    plain(CompanyCategory).filter(name="Lead").update(group="other", lead_status_enabled=False)
    assert found() == {"waits in vain": _vain(asked, "the company is Lead, which is no potential customer")}


def test_q4_one_that_waits_although_the_company_is_there_already_is_found(category):
    rule("sale_won", category["Opportunity"], ask=True)
    SaleFactory(status="won")
    plain(Company).update(category=category["Opportunity"])
    assert found()["waits in vain"] == _vain(latest(), "the company is Opportunity already")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"archived_at": "2026-01-01T00:00Z"}, "the sale “Solar roof” is archived"),
        ({"company": None}, "the sale “Solar roof” is not the company’s any more"),
        ({"company": "another"}, "the sale “Solar roof” is not the company’s any more"),
        ({"status": "open", "closed_on": None}, "the sale “Solar roof” is not won any more"),
        ({"status": "lost"}, "the sale “Solar roof” is not won any more"),
    ],
    ids=["archived", "no company", "another company", "reopened", "lost"],
)
def test_q4_one_that_waits_for_a_sale_that_is_no_longer_a_reason_is_found(asked, values, why):
    another = CompanyFactory()
    plain(Sale).update(**{name: another if value == "another" else value for name, value in values.items()})
    assert found()["waits in vain"] == _vain(asked, why)


def test_q4_one_that_waits_for_a_lost_sale_that_was_won_after_all_is_found(category):
    rule("sale_lost", category["Lost opportunity"], ask=True)
    SaleFactory(status="lost", title="Solar roof")
    plain(Sale).update(status="won")
    assert found()["waits in vain"] == _vain(latest(), "the sale “Solar roof” is not lost any more")


@pytest.mark.parametrize("gone", [False, True], ids=["another", "none"])
def test_q4_one_that_waits_for_a_lead_status_that_has_moved_on_is_found(category, status, gone):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    assert_ledger_is_true()
    plain(Lead).filter(pk=contact.pk).delete() if gone else plain(Lead).update(status=status["Open"])
    assert found()["waits in vain"] == _vain(latest(), "the lead status of Torben Friis has moved on")


# ------------------------------------------------------- transitions without decision
@pytest.fixture
def partner(category):
    """A company that rules look at, and leave alone."""
    return CompanyFactory(category=category["Partner"])


def _when():
    return f"{timezone.localtime(SaleTransition.objects.latest('pk').at):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("trigger", "values", "happened"),
    [("sale_won", {"status": "won"}, "was won"), ("sale_lost", {"status": "lost"}, "was lost"), ("sale_registered", {}, "was registered")],
)
@pytest.mark.parametrize("late", [False, True], ids=["created", "later"])
def test_a8_a_sale_without_its_decision_is_found(category, partner, trigger, values, happened, late):
    on = rule_of_yesterday(trigger, category["Customer"])
    if late:
        sale = SaleFactory(title="Solar roof", company=partner if values else None)
        change("save", sale, **(values or {"company": partner}))
    else:
        sale = SaleFactory(title="Solar roof", company=partner, **values)
    assert found() == {}
    forget(latest())
    told = f"the sale “Solar roof” (sale {sale.pk}) {happened} on {_when()} while rule {on.pk} was on; expected: a decision of that rule."
    assert found() == {"no decision of a sale": [f"{partner.name} (company {partner.pk}): {told}"]}


def test_a3_a_sale_won_twice_needs_two_decisions(category, partner):
    on = rule_of_yesterday("sale_won", category["Customer"])
    sale = SaleFactory(title="Solar roof", company=partner, status="won")
    change("save", sale, status="open")
    change("save", sale, status="won")
    assert found() == {}
    forget(latest())
    told = f"was won 2 times, last on {_when()} while rule {on.pk} was on; expected: as many decisions of that rule, found 1."
    assert found() == {"no decision of a sale": [f"{partner.name} (company {partner.pk}): the sale “Solar roof” (sale {sale.pk}) {told}"]}


@pytest.mark.parametrize("what", ["of another sale", "of another company", "of another rule", "a retry", "a backfill", "of another trigger"])
def test_a8_only_the_decision_of_that_rule_sale_and_company_counts(category, partner, what):
    rule_of_yesterday("sale_won", category["Customer"])
    lost = rule_of_yesterday("sale_lost", category["Other"])
    AutomationRule.objects.filter(pk=lost.pk).update(is_enabled=False)
    other = SaleFactory(company=CompanyFactory(category=category["Partner"]))
    sale = SaleFactory(company=partner, status="won")
    values = {
        "of another sale": {"sale": other},
        "of another company": {"company": other.company},
        "of another rule": {"rule": lost},
        "a retry": {"retries": partner.decisions.first()},
        "a backfill": {"trigger": "backfill"},
        "of another trigger": {"trigger": "sale_lost"},
    }
    plain(CategoryDecision).filter(pk=latest(sale=sale).pk).update(**values[what])
    assert list(found()) == ["no decision of a sale"]


def test_a8_sales_beside_the_one_without_its_decision_are_not_mistaken_for_it(category, partner):
    rule_of_yesterday("sale_won", category["Customer"])
    sales = SaleFactory.create_batch(5, company=partner, status="won")
    for missing in (sales[0], sales[2], sales[4]):
        forget(latest(sale=missing))
    assert [f"(sale {sale.pk})" in sentence for sale, sentence in zip(sales[::2], found()["no decision of a sale"], strict=True)] == [True] * 3


def test_a8_a_sale_moved_to_another_company_needs_a_decision_there(category, partner):
    rule_of_yesterday("sale_won", category["Customer"])
    sale = SaleFactory(status="won", company=partner)
    elsewhere = CompanyFactory(category=category["Partner"])
    change("save", sale, company=elsewhere)
    assert found() == {}
    forget(latest(company=elsewhere))
    assert [sentence.split(":")[0] for sentence in found()["no decision of a sale"]] == [f"{elsewhere.name} (company {elsewhere.pk})"]


@pytest.mark.parametrize("trigger", ["sale_won", "sale_lost", "sale_registered"])
def test_a3_what_is_no_transition_of_a_rule_needs_no_decision(category, trigger):
    rule_of_yesterday(trigger, category["Customer"])
    for sale in (SaleFactory(company=None), SaleFactory(company=None, status="won")):
        change("save", sale, status="stalled", reopen_on="2030-01-01")
    assert CategoryDecision.objects.exclude(rule=None).count() == 0
    assert found() == {}


def test_a8_a_lead_status_without_its_decision_is_found(category, status):
    on = rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    change("save", contact.lead, status=status["Contacting"])
    change("save", contact.lead, status=status["Qualified"])
    assert found() == {}
    forget(latest(outcome="skipped"))
    when = f"{timezone.localtime(LeadStatusChange.objects.latest('pk').at):%Y-%m-%d %H:%M}"
    told = f"was set to Qualified 2 times, last on {when} while rule {on.pk} was on; expected: as many decisions of that rule, found 1."
    who = f"{contact.company.name} (company {contact.company.pk})"
    assert found() == {"no decision of a lead status": [f"{who}: the lead status of Torben Friis (contact {contact.pk}) {told}"]}


def test_l3_a_default_needs_no_decision_even_of_a_rule_for_that_status(category, status):
    rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status["Open"])
    contact = ContactFactory()
    assert (LeadStatusChange.objects.get().is_automatic, found()) == (True, {})
    plain(LeadStatusChange).update(is_automatic=False)
    assert [f"(contact {contact.pk})" in sentence for sentence in found()["no decision of a lead status"]] == [True]


# ------------------------------------------------------------------- when a rule was on
@pytest.mark.parametrize(("seconds", "judged"), [(30, False), (59, False), (61, True)])
@pytest.mark.parametrize("values", [{"is_enabled": False}, {"ask_user": True}], ids=["off", "another change"])
def test_a_transition_close_to_a_change_of_the_rule_is_not_judged(category, partner, seconds, judged, values):
    on = rule_of_yesterday("sale_won", category["Customer"])
    with ago(hours=1, seconds=seconds):
        SaleFactory(company=partner, status="won")
    with ago(hours=1):
        change("save", on, **values)
    assert found() == {}
    forget(latest())
    assert list(found()) == (["no decision of a sale"] if judged else [])


@pytest.mark.parametrize(("seconds", "judged"), [(30, False), (59, False), (61, True)])
def test_a_transition_right_after_the_rule_was_switched_on_is_not_judged(category, partner, seconds, judged):
    with ago(hours=1, seconds=seconds):
        rule("sale_won", category["Customer"])
    with ago(hours=1):
        SaleFactory(company=partner, status="won")
    forget(latest())
    assert list(found()) == (["no decision of a sale"] if judged else [])
    assert list(found(margin=dt.timedelta(0))) == ["no decision of a sale"]


def test_a1_what_happened_while_the_rule_was_off_needs_no_decision(category, partner):
    on = rule_of_yesterday("sale_won", category["Customer"])
    for hours, enabled in ((20, False), (16, True), (12, False)):
        with ago(hours=hours):
            change("update", on, is_enabled=enabled)
    for hours in (30, 18, 8):
        with ago(hours=hours):
            plain(SaleTransition).filter(sale=SaleFactory(company=partner, status="open")).update(to_status="won", at=timezone.now())
    plain(Sale).update(status="won", closed_on="2026-01-01")
    assert found() == {}
    with ago(hours=14):
        plain(SaleTransition).filter(pk=SaleTransition.objects.latest("pk").pk).update(at=timezone.now())
    assert list(found()) == ["no decision of a sale"]


@pytest.mark.parametrize(("hours", "judged"), [(14, False), (8, True)])
def test_a1_rule_4_is_judged_by_the_lead_status_it_had(category, status, hours, judged):
    on = rule_of_yesterday("lead_status_set", category["Customer"], lead_status=status["Contacting"])
    with ago(hours=10):
        change("save", on, lead_status=status["Qualified"])
    contact = ContactFactory()
    with ago(hours=hours):
        plain(LeadStatusChange).bulk_create([LeadStatusChange(contact=contact, to_status=status["Qualified"], from_status=status["Open"])])
    plain(Lead).update(status=status["Qualified"])
    assert list(found()) == (["no decision of a lead status"] if judged else [])


def test_a_rule_that_was_switched_on_past_the_log_is_found(category):
    wrong = rule("sale_won", category["Customer"])
    AutomationRule.objects.update(is_enabled=False)
    plain(AutomationRule).update(is_enabled=True, ask_user=True)
    expected = "has ask_user True, is_enabled True; expected: ask_user False, is_enabled False, as the settings log says."
    assert found() == {"rule": [f"Rule {wrong.pk} (sale_won) {expected}"]}


def test_a_rule_that_was_switched_off_past_the_log_makes_no_false_alarms(category, partner):
    wrong = rule_of_yesterday("sale_won", category["Customer"])
    plain(AutomationRule).update(is_enabled=False)
    SaleFactory(company=partner, status="won")
    assert found() == {"rule": [f"Rule {wrong.pk} (sale_won) has is_enabled False; expected: is_enabled True, as the settings log says."]}


def test_a_rule_that_the_log_does_not_know_is_found_and_not_judged(category, partner):
    unknown = rule_of_yesterday("sale_won", category["Customer"])
    SaleFactory(company=partner, status="won")
    forget(latest())
    plain(SettingsChange).delete()
    expected = "the settings log does not know it; expected: a record of each change since it was made."
    assert found() == {"rule": [f"Rule {unknown.pk} (sale_won): {expected}"]}


def test_a_rule_of_which_only_later_changes_are_known_is_judged_by_what_they_leave_unsaid(category, partner):
    on = rule_of_yesterday("sale_won", category["Customer"])
    with ago(hours=20):
        change("save", on, ask_user=True)
    with ago(hours=10):
        change("save", on, is_enabled=False)
    plain(SettingsChange).filter(pk=SettingsChange.objects.earliest("pk").pk).delete()
    for hours, expected in ((15, ["no decision of a sale"]), (22, []), (5, [])):
        sale = SaleFactory(company=partner, status="open")
        with ago(hours=hours):
            plain(SaleTransition).filter(sale=sale).update(to_status="won", at=timezone.now())
        plain(Sale).filter(pk=sale.pk).update(status="won", closed_on="2026-01-01")
        assert list(found()) == expected
        plain(SaleTransition).delete()
        plain(Sale).delete()


# ------------------------------------------------------------------ records around it
@pytest.mark.parametrize(
    ("values", "now"),
    [({"status": "won", "closed_on": "2026-01-01"}, "won at company {company}"), ({"company": None}, "open at no company")],
    ids=["status", "company"],
)
def test_s4_a_sale_that_was_written_past_everything_is_found(values, now):
    sale = SaleFactory(title="Solar roof")
    change("save", sale, status="stalled", reopen_on="2030-01-01")
    change("save", sale, status="open")
    assert found() == {}
    plain(Sale).update(**values)
    told = f"is {now.format(company=sale.company.pk)}; expected: open at company {sale.company.pk}, as its last transition says."
    assert found() == {"sale": [f"The sale “Solar roof” (sale {sale.pk}) {told}"]}


def test_s4_a_sale_that_came_past_everything_is_found():
    sale = plain(Sale).bulk_create([Sale(title="Solar roof", company=CompanyFactory())])[0]
    assert found() == {"sale": [f"The sale “Solar roof” (sale {sale.pk}) has no transition; expected: one from its creation on."]}


def test_l4_a_lead_status_that_was_written_past_everything_is_found(status):
    contact = ContactFactory()
    change("save", contact.lead, status=status["Qualified"])
    plain(Lead).update(status=status["Open"])
    expected = "is Open; expected: Qualified, as its last change says."
    assert found() == {"lead status": [f"The lead status of Torben Friis (contact {contact.pk}) {expected}"]}


def test_l4_a_lead_status_that_came_past_everything_is_found(category, status):
    contact = ContactFactory(company=CompanyFactory(category=category["Partner"]))
    plain(Lead).bulk_create([Lead(contact=contact, status=status["Open"])])
    expected = "has no change; expected: one from its first on."
    assert found() == {"lead status": [f"The lead status of Torben Friis (contact {contact.pk}) {expected}"]}


# -------------------------------------------------------------------- what decisions name
REFERENCES = [field.attname for field in CategoryDecision._meta.concrete_fields if field.is_relation]


def test_every_reference_of_a_decision_is_looked_at():
    columns = {"company_id", "rule_id", "sale_id", "contact_id", "lead_status_id", "batch_id", "undoes_id", "retries_id"}
    columns |= {"from_category_id", "suggested_category_id", "to_category_id", "caused_by_id", "asked_of_id", "decided_by_id"}
    assert set(REFERENCES) >= columns


@pytest.mark.parametrize("column", REFERENCES)
def test_a8_a_decision_that_names_what_does_not_exist_is_found(category, broken, column):
    rule("sale_won", category["Customer"])
    SaleFactory(status="won")
    decision = latest()
    assert found() == {}
    raw(f"UPDATE workflow_categorydecision SET {column} = {NOBODY} WHERE id = {decision.pk}")
    whose = f"Company {NOBODY}, which does not exist" if column == "company_id" else f"{decision.company.name} (company {decision.company.pk})"
    names = f"names {column.removesuffix('_id').replace('_', ' ')} {NOBODY}, which does not exist; expected: one that does."
    assert found()["reference"] == [f"{whose}: decision {decision.pk} {names}"]


@pytest.mark.parametrize("column", ["sale_id", "from_company_id", "to_company_id", "by_id"])
def test_s4_a_transition_that_names_what_does_not_exist_is_found(salesperson, broken, column):
    with acting_as(salesperson):
        sale = SaleFactory()
        change("save", sale, company=CompanyFactory())
    last = SaleTransition.objects.latest("pk")
    raw(f"UPDATE crm_saletransition SET {column} = {NOBODY} WHERE id = {last.pk}")
    whose = f"Company {NOBODY}, which does not exist" if column == "to_company_id" else f"{last.to_company.name} (company {last.to_company.pk})"
    names = f"names {column.removesuffix('_id').replace('_', ' ')} {NOBODY}, which does not exist; expected: one that does."
    assert found()["reference"] == [f"{whose}: sale transition {last.pk} {names}"]


# ------------------------------------------------------------------------- failed
@pytest.fixture
def failure(category, partner):
    """A rule that failed."""
    rule_of_yesterday("sale_won", category["Customer"])
    SaleFactory(company=partner, status="won")
    plain(CategoryDecision).filter(pk=latest().pk).update(outcome="failed", skip_reason="", error="boom")
    return latest()


def test_a7_a_failure_that_nobody_has_retried_is_a_note_and_no_error(failure, partner, capsys):
    when = f"{timezone.localtime(failure.created_at):%Y-%m-%d %H:%M}"
    expected = f"Note: failed: {partner.name} (company {partner.pk}): decision {failure.pk} of {when} failed (boom), and nobody has tried again."
    assert run(capsys=capsys).splitlines() == [expected, "Checked 1 companies, 2 decisions, 1 sale transitions: everything agrees."]


def test_a7_a_failure_that_was_retried_is_not_mentioned(failure, partner, capsys):
    plain(CategoryDecision).bulk_create(
        [
            CategoryDecision(
                company=partner,
                trigger="sale_won",
                rule=failure.rule,
                sale=failure.sale,
                outcome="skipped",
                skip_reason="not_potential",
                retries=failure,
                decided_at=timezone.now(),
            )
        ]
    )
    assert run(capsys=capsys).splitlines() == ["Checked 1 companies, 3 decisions, 1 sale transitions: everything agrees."]


# ------------------------------------------------------------------------ the command
def test_what_is_found_is_said_and_the_exit_status_is_1(category, capsys):
    companies = CompanyFactory.create_batch(3)
    plain(Company).update(category=category["Partner"])
    with pytest.raises(CommandError) as refused:
        run("--limit", "2", capsys=capsys)
    assert refused.value.returncode == 1
    assert str(refused.value) == (
        "Checked 3 companies, 3 decisions, 0 sale transitions. Findings: category 3. docs/operations.md says what each means, and what to do."
    )
    expected = "is Partner with number 1; expected: Lead with number 1, as its last applied decision says."
    assert capsys.readouterr().out.splitlines() == [
        *(f"category: {company.name} (company {company.pk}) {expected}" for company in companies[:2]),
        "... and 1 more of this kind (category); --limit prints more.",
    ]


@pytest.mark.parametrize("many", [20, 21, 45])
def test_of_each_kind_20_are_said_and_all_are_counted(category, many):
    rule_of_yesterday("sale_won", category["Customer"])
    companies = CompanyFactory.create_batch(many)
    Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
    plain(CategoryDecision).filter(trigger="sale_won")._raw_delete("default")
    plain(CategoryDecision).update(from_category=category["Other"])
    counted = {finding.kind: (finding.total, len(finding.sentences)) for finding in check().findings}
    assert counted == dict.fromkeys(["category", "number", "no decision of a sale"], (many, 20))


def test_a_limit_below_one_is_refused(capsys):
    with pytest.raises(CommandError, match="1 or more"):
        run("--limit", "0", capsys=capsys)


@pytest.mark.django_db(transaction=True)
def test_while_it_looks_others_go_on_and_it_sees_one_moment():
    CompanyFactory()
    may_go_on = threading.Event()

    def work():
        try:
            may_go_on.wait(PATIENCE)
            return CompanyFactory().pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(work)
        with one_moment():
            before = Company.objects.count()
            may_go_on.set()
            other.result(PATIENCE)
            during = Company.objects.count()
    assert (before, during, Company.objects.count()) == (1, 1, 2)
    with transaction.atomic():  # and afterwards everything is as it was
        CompanyFactory()
    assert_ledger_is_true()


# ----------------------------------------------------------------------- one company
@pytest.fixture
def story(category, salesperson, administrator):
    """Brønnum: created by Maja, won by Jonas, declined, moved by hand, and asked again."""
    with ago(hours=5), acting_as(administrator):
        company = CompanyFactory(name="Brønnum & Søn ApS")
        rule("sale_won", category["Customer"], ask=True)
    with ago(hours=4), acting_as(salesperson):
        SaleFactory(company=company, status="won", title="Solar roof")
    with ago(hours=3):
        decisions.keep(latest().pk, by=salesperson, seen_version=1)
    with ago(hours=2), acting_as(administrator):
        change("save", company, category=category["Opportunity"])
    with ago(hours=1), acting_as(salesperson):
        SaleFactory(company=company, status="won", title="Heat pump")
    return company


def _hours_ago(hours):
    return f"{timezone.localtime(timezone.now() - dt.timedelta(hours=hours)):%Y-%m-%d %H:%M}"


def test_the_story_of_a_company_is_told_oldest_first(story, capsys):
    told = run("--explain", str(story.pk), capsys=capsys).splitlines()
    times = [line[6:22] for line in told[1:5]]
    assert times == [_hours_ago(hours) for hours in (5, 3, 2, 1)]
    assert [line.replace(time, "TIME") for line, time in zip(told[1:5], times, strict=True)] == [
        "   1  TIME  Maja Lindholm  Created by Maja Lindholm [- > Lead]",
        "   -  TIME  Jonas Krogh  Jonas Krogh declined Customer: the sale “Solar roof” was won.",
        "   2  TIME  Maja Lindholm  Changed by Maja Lindholm [Lead > Opportunity]",
        "   -  TIME  Jonas Krogh  Waits for Jonas Krogh: the sale “Heat pump” was won.",
    ]
    assert (told[0], told[5:]) == (
        f"Brønnum & Søn ApS (company {story.pk})",
        ["Stands at Opportunity, number 2.", "Customer? Waits for Jonas Krogh: the sale “Heat pump” was won."],
    )


def test_the_story_follows_the_numbers_whatever_the_clock_said(moved, capsys):
    for number, hours in ((1, 1), (2, 3), (3, 2)):
        with ago(hours=hours):
            plain(CategoryDecision).filter(applied_version=number).update(decided_at=timezone.now())
    told = run("--explain", str(moved.pk), capsys=capsys).splitlines()
    assert [line[:4].strip() for line in told[1:4]] == ["1", "2", "3"]
    assert told[4:] == ["Stands at Partner, number 3.", "Nothing is waiting"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Jonas Krogh declined Customer: the sale “Solar roof” was won."),
        (("--language", "da"), "Jonas Krogh afviste Customer: salget ”Solar roof” blev vundet."),
    ],
    ids=["default", "Danish"],
)
def test_the_story_is_told_in_the_language_that_is_asked_for(story, capsys, options, sentence):
    assert sentence in run("--explain", str(story.pk), *options, capsys=capsys)


@pytest.mark.parametrize("name", ["Brønnum & Søn ApS", "BRØNNUM & SØN APS", "brønnum  & søn aps "])
def test_a_company_is_found_by_its_exact_name_in_any_case(story, capsys, name):
    CompanyFactory(name="Brønnum & Søn ApS, Vejle")
    assert run("--explain", name, capsys=capsys).startswith(f"Brønnum & Søn ApS (company {story.pk})\n")


def test_of_several_with_one_name_the_id_is_asked_for(story, capsys):
    other = CompanyFactory(name="BRØNNUM & søn ApS", city="")
    with pytest.raises(CommandError) as refused:
        run("--explain", "brønnum & søn aps", capsys=capsys)
    assert str(refused.value).splitlines() == [
        "2 companies are named “brønnum & søn aps”. Give the id:",
        f"  {story.pk}  Brønnum & Søn ApS, Vejle, Opportunity",
        f"  {other.pk}  BRØNNUM & søn ApS, no town, Lead",
    ]


@pytest.mark.parametrize("wanted", ["Brønnum", str(NOBODY), "Nobody A/S"])
def test_a_company_that_is_not_there_is_said(story, capsys, wanted):
    with pytest.raises(CommandError, match=f"No company has the id or the name “{wanted}”"):
        run("--explain", wanted, capsys=capsys)


def test_a_company_that_is_named_like_a_number_is_found_when_no_id_is_like_it(capsys):
    company = CompanyFactory(name=str(NOBODY))
    assert where(company) == "Lead"
    assert run("--explain", str(NOBODY), capsys=capsys).startswith(f"{NOBODY} (company {company.pk})")


def test_a_contact_that_has_only_a_first_name_is_named_by_it(status):
    contact = ContactFactory(last_name="")
    plain(Lead).update(status=status["Qualified"])
    assert Contact.objects.count() == 1
    assert found()["lead status"] == [f"The lead status of Torben (contact {contact.pk}) is Qualified; expected: Open, as its last change says."]
