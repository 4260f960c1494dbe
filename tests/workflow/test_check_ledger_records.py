"""check_ledger: sales and lead statuses that were written past everything, references to nothing, and failures (S4, L4, A7)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Contact, Sale, SaleTransition
from leads.models import Lead
from tests.crm.writes import change, plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.drift import NOBODY, found, raw, rule_of_yesterday, run
from tests.workflow.ledger import latest
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


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


def test_a_contact_that_has_only_a_first_name_is_named_by_it(status):
    contact = ContactFactory(last_name="")
    plain(Lead).update(status=status["Qualified"])
    assert Contact.objects.count() == 1
    assert found()["lead status"] == [f"The lead status of Torben (contact {contact.pk}) is Qualified; expected: Open, as its last change says."]


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
