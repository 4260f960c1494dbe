"""C4: an item in use is replaced. Companies and contacts move in one transaction, and no rule fires."""

from __future__ import annotations

from itertools import batched

import pytest
from django.db import DatabaseError

from crm.lists import CannotDelete, IsDefault
from crm.models import Company, CompanyCategory
from crm.slots import uses_of
from leads.models import Lead, LeadStatus, LeadStatusChange
from tests.browsers import HTMX
from tests.budgets import sent_by
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.sizes import know_sizes
from tests.workflow.ledger import by_rules, numbers, where
from tests.workflow.replacing import replace, waiting
from workflow.models import AutomationRule, Batch
from workflow.undo import undo_batch, why_not

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("true_ledger")]


# -------------------------------------------------------------------- companies
def test_a9_a_replacement_is_listed_and_undone_as_a_whole_once_the_category_is_restored(maja, administrator, category):
    companies, partner = CompanyFactory.create_batch(2, category=category["Partner"]), category["Partner"]
    address = f"/settings/lists/company-categories/{partner.pk}/"
    maja.post(f"{address}delete/", {"replacement": category["Other"].pk})
    batch = Batch.objects.get()
    assert (batch.kind, batch.title, batch.user) == ("replace", "List item replaced", administrator)
    assert "List item replaced" in maja.get("/settings/workflow/batches/").content.decode()
    page = maja.get(batch.get_absolute_url()).content.decode()
    assert "2 companies stay as they are: the category they had has been deleted" in page
    assert "Restore it first, then they can go back" in page
    restored = maja.post(f"{address}restore/", headers=HTMX).content.decode()
    assert "Partner restored. What was moved to another item stays there." in restored
    assert [where(company) for company in companies] == ["Other", "Other"]
    assert "Restore it first" not in maja.get(batch.get_absolute_url()).content.decode()
    assert undo_batch(batch, by=administrator) == 2
    assert [where(company) for company in companies] == ["Partner", "Partner"]


def test_a_replacement_that_moves_no_company_is_no_batch_and_restoring_what_was_only_deleted_says_no_more(maja, category):
    address = f"/settings/lists/company-categories/{category['Partner'].pk}/"
    maja.post(f"{address}delete/")
    text = maja.post(f"{address}restore/", headers=HTMX).content.decode()
    assert "Partner restored" in text
    assert "stays there" not in text
    rule("sale_won", category["Partner"])
    maja.post(f"{address}delete/", {"replacement": category["Other"].pk})
    assert not Batch.objects.exists()


def test_c4_each_company_gets_its_decision_and_its_number(administrator, client, category):
    company, archived = CompanyFactory(category=category["Partner"]), CompanyFactory(category=category["Partner"], archived_at="2026-01-01T00:00Z")
    client.force_login(administrator)
    client.post(f"/settings/lists/company-categories/{category['Partner'].pk}/delete/", {"replacement": category["Other"].pk})
    for one in (company, archived):
        decision = one.decisions.latest("pk")
        assert (decision.trigger, decision.outcome, decision.applied_version) == ("replace", "changed", 2)
        assert (decision.from_category.name, decision.to_category.name) == ("Partner", "Other")
        assert (decision.caused_by, decision.decided_by) == (administrator, administrator)
        assert (where(one), numbers(one)) == ("Other", [1, 2])
    assert "Moved by Maja Lindholm, because the category Partner was replaced." in client.get(company.get_absolute_url()).content.decode()


def test_c4_replacing_fires_no_rule_but_l3_gives_contacts_the_default(category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Open"])
    contact = ContactFactory(company=CompanyFactory(category=category["Lost opportunity"]))
    SaleFactory(company=contact.company)
    replace(category["Lost opportunity"], category["Opportunity"])
    assert (where(contact.company), by_rules()) == ("Opportunity", [])
    assert Lead.objects.get(contact=contact).status.name == "Open"


def test_c4_what_was_replaced_cannot_be_undone_until_it_is_restored(category):
    company = CompanyFactory(category=category["Partner"])
    replace(category["Partner"], category["Other"])
    assert why_not(company.decisions.with_names().latest("pk"))


def test_c4_a_failure_in_the_middle_leaves_everything_as_it_was(category, monkeypatch):
    rule("sale_won", category["Partner"])
    company = CompanyFactory(category=category["Partner"])
    last = uses_of(CompanyCategory)[-1]

    def fail(*_args):
        raise DatabaseError("full")

    monkeypatch.setattr(type(last), "count", lambda *_args: 1)
    monkeypatch.setattr(type(last), "replace", fail)
    with pytest.raises(DatabaseError):
        replace(category["Partner"], category["Other"])
    assert (where(company), AutomationRule.objects.get().target_category.name, category["Partner"].archived_at) == ("Partner", "Partner", None)


def test_locks_are_taken_in_the_order_of_the_house(db):
    assert [use.position for use in uses_of(CompanyCategory)] == [5, 6, 30, 40]
    assert [use.position for use in uses_of(LeadStatus)] == [5, 6, 10, 40]


# ---------------------------------------------------------------- lead statuses
def test_c4_each_contact_gets_its_change_of_lead_status_and_no_rule_fires(administrator, client, category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    shown = ContactFactory()
    hidden = ContactFactory(company=CompanyFactory(category=category["Opportunity"]))
    for contact in (shown, hidden):
        lead = Lead.objects.get(contact=contact)
        lead.status = status["Contacting"]
        lead.save()
    Company.objects.filter(pk=hidden.company_id).update(category=category["Partner"])
    client.force_login(administrator)
    answer = client.post(f"/settings/lists/lead-statuses/{status['Contacting'].pk}/delete/", {"replacement": status["Qualified"].pk}, headers=HTMX)
    assert "Contacting deleted. 2 contacts are now Qualified." in answer.content.decode()
    for contact in (shown, hidden):
        change = LeadStatusChange.objects.filter(contact=contact).latest("pk")
        assert (change.from_status.name, change.to_status.name, change.by) == ("Contacting", "Qualified", administrator)
        assert (change.is_automatic, change.is_replacement) == (False, True)
    assert by_rules() == []
    assert "Moved by Maja Lindholm: the list item was replaced" in client.get(shown.get_absolute_url()).content.decode()


def test_c4_a_question_because_of_the_status_goes_on_waiting_with_the_other_one(category, status):
    one = rule("lead_status_set", category["Customer"], ask=True, lead_status=status["Contacting"])
    contact = ContactFactory()
    lead = Lead.objects.get(contact=contact)
    lead.status = status["Contacting"]
    lead.save()
    replace(status["Contacting"], status["Qualified"])
    new = waiting().get()
    assert (new.lead_status.name, new.rule, new.suggested_category.name, new.contact) == ("Qualified", one, "Customer", contact)
    assert by_rules() == [("lead_status_set", "replaced", ""), ("lead_status_set", "waiting", "")]


def test_l1_a_lead_status_that_was_deleted_since_it_was_offered_is_not_set(client, salesperson, status):
    contact = ContactFactory()
    replace(status["Contacting"])
    client.force_login(salesperson)
    answer = client.post(f"/contacts/{contact.pk}/lead-status/", {"status": status["Contacting"].pk}, headers=HTMX)
    assert answer.status_code == 422
    assert "This lead status has been deleted. Choose another one." in answer.content.decode()


# ------------------------------------------------------------ overtaken, refused
def test_what_came_to_use_the_item_since_the_dialog_was_opened_is_said(maja, category, monkeypatch):
    url = f"/settings/lists/company-categories/{category['Partner'].pk}/delete/"
    uses = uses_of(CompanyCategory)
    counted = []

    def count_late(self, item):
        counted.append(item)
        return 0 if len(counted) == 1 else 1

    monkeypatch.setattr(type(uses[0]), "count", count_late)
    monkeypatch.setattr(type(uses[0]), "describe", lambda *_args: "1 rule: Sale won")
    answer = maja.post(url, headers=HTMX)
    assert answer.status_code == 409
    assert "Something changed since this was opened, and nothing was deleted." in answer.content.decode()
    assert category["Partner"].archived_at is None


def test_the_default_is_refused_by_the_verb_too(category):
    with pytest.raises(IsDefault):
        replace(category["Lead"], category["Other"])
    assert issubclass(IsDefault, CannotDelete)


def test_c3_replacing_says_first_how_many_lead_statuses_may_be_hidden(maja, category):
    ContactFactory(company=CompanyFactory(category=category["Opportunity"]))
    html = maja.get(f"/settings/lists/company-categories/{category['Opportunity'].pk}/delete/").content.decode()
    assert "If the other category does not use lead status, the lead status of 1 contact is hidden." in html


# ------------------------------------------------------------------------ costs
def _cost(item, other):
    return len(sent_by(lambda: replace(item, other)))


def _many(category, many):
    for part in batched(range(many), 1_000):
        Company.objects.bulk_create([Company(name=f"Company {number}", category=category) for number in part])
    know_sizes()


def test_c4_what_replacing_costs_does_not_grow_with_the_companies(category):
    _many(category["Partner"], 2)
    few = _cost(category["Partner"], category["Other"])
    _many(category["Customer"], 1_900)
    many = _cost(category["Customer"], category["Former customer"])
    assert many == few


def test_c4_each_2000_companies_more_cost_the_same_again(category):
    costs = []
    for name, chunks in (("Partner", 1), ("Customer", 3), ("Former customer", 5)):
        _many(category[name], 2_000 * chunks)
        costs.append(_cost(category[name], category["Other"]))
    one, three, five = costs
    know_sizes()  # for the check of the ledger
    assert three - one == five - three
    assert (five - one) // 4 <= 7


def test_c4_what_replacing_costs_does_not_grow_with_contacts_and_suggestions(category, status):
    rule("lead_status_set", category["Customer"], ask=True, lead_status=status["Contacting"])
    costs = []
    for many, (old, new) in ((2, ("Contacting", "Qualified")), (40, ("Qualified", "Disqualified"))):
        contacts = [ContactFactory() for _ in range(many)]
        Lead.objects.filter(contact__in=contacts).update(status=status[old])
        costs.append(_cost(status[old], status[new]))
    assert costs[0] == costs[1]
    assert waiting().count() == 42
