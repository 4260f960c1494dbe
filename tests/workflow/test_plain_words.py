"""What a newcomer asked about: which event an Undo speaks of, and where Cancel leads (A9, Q1)."""

from __future__ import annotations

import pytest

from crm.actor import acting_as
from tests.browsers import browser
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def undone(person):
    """What the toast says when the latest change is undone."""
    latest = CategoryDecision.objects.filter(outcome="changed").latest("pk")
    return browser(person).post(f"/category-changes/{latest.pk}/undo/", headers=HTMX).content.decode()


@pytest.mark.parametrize(("status", "said"), [("won", "Winning"), ("lost", "Losing"), ("open", "Registering")])
def test_a9_the_undo_says_which_event_will_not_move_the_company_again(salesperson, category, status, said):
    trigger = "sale_registered" if status == "open" else f"sale_{status}"
    rule(trigger, category["Customer"])
    with acting_as(salesperson):
        SaleFactory(company=CompanyFactory(), title="Roof", status=status)
    assert f"{said} “Roof” again will not move it." in undone(salesperson)


def test_a9_so_does_that_of_a_lead_status(salesperson, category, status):
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    contact = ContactFactory()
    browser(salesperson).post(f"/contacts/{contact.pk}/lead-status/", {"status": status["Qualified"].pk}, headers=HTMX)
    assert "Setting the lead status of Torben Friis to Qualified again will not move it." in undone(salesperson)


def test_q1_whoever_thinks_better_of_handing_over_is_back_at_the_question(salesperson, category):
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        SaleFactory(company=CompanyFactory(), status="won")
    question, client = CategoryDecision.objects.waiting().get(), browser(salesperson)
    back = f'hx-get="/confirmations/{question.pk}/"'
    inside = {**HTMX, "HX-Target": "confirm-form"}
    assert back in client.get(f"/confirmations/hand-over/?ids={question.pk}", headers=inside).content.decode()
    assert back not in client.get(f"/confirmations/hand-over/?ids={question.pk}", headers=HTMX).content.decode()
    refused = client.post("/confirmations/hand-over/", {"ids": question.pk, "in_dialog": "1"}, headers={**HTMX, "HX-Target": "hand-over-form"})
    assert (refused.status_code, back in refused.content.decode()) == (422, True)
    form = client.get(f"/confirmations/{question.pk}/", headers={**HTMX, "HX-Target": "hand-over-form"}).content.decode()
    assert form.lstrip().startswith("<form")
