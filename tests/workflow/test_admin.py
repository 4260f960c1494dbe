"""Django's admin takes the same road as every other screen: rules run, decisions are written, and name who did it (A5)."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from crm.models import Company, Contact, Sale, SaleTransition, User
from leads.models import Lead
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import by_rules, latest, numbers, where
from workflow.models import AutomationRule, CategoryDecision

pytestmark = pytest.mark.django_db

REGISTERED = sorted((model._meta.label_lower for model in admin.site._registry), key=str)
OURS = sorted(model._meta.label_lower for app in ("crm", "leads", "workflow") for model in apps.get_app_config(app).get_models())


@pytest.fixture
def root(client, db):
    """Whoever runs it, in the browser."""
    user = User.objects.create_superuser("root@havn.example", "demo", first_name="Rasmus", last_name="Dam")
    client.force_login(user)
    return client


def url(label, view, *args):
    """The address of an admin page."""
    return reverse(f"admin:{label.replace('.', '_')}_{view}", args=args)


def fields_of(client, record):
    """What the change form of a record would send back untouched."""
    form = client.get(url(record._meta.label_lower, "change", record.pk)).context["adminform"].form
    values = {}
    for bound in form:
        data = bound.field.widget.value_from_datadict({}, {}, bound.name) if bound.value() is None else bound.value()
        if hasattr(bound.field.widget, "decompress"):
            for number, part in enumerate(bound.field.widget.decompress(bound.value())):
                values[f"{bound.name}_{number}"] = str(part or "")
        elif data is not False:
            values[bound.name] = "on" if data is True else data or ""
    return values


def change(client, record, **values):
    """Open the record's form, change these fields, save; what the form refuses is the test's failure."""
    sent = {**fields_of(client, record), **values}
    response = client.post(url(record._meta.label_lower, "change", record.pk), sent)
    refused = response.context and response.context["adminform"].form.errors
    assert not refused, refused
    assert response.status_code == 302


# ----------------------------------------------------------------- every screen
@pytest.fixture
def world(category, status):
    """Something in most tables."""
    rule("sale_won", category["Customer"], ask=True)
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    SaleFactory(company=contact.company, contact=contact, status="won")


@pytest.mark.parametrize("label", REGISTERED)
def test_every_list_and_every_form_for_a_new_record_answers(root, world, label):
    model = apps.get_model(label)
    assert root.get(url(label, "changelist")).status_code == 200
    may_add = admin.site._registry[model].has_add_permission(root.get("/admin/").wsgi_request)
    assert root.get(url(label, "add")).status_code == (200 if may_add else 403)


@pytest.mark.parametrize("label", REGISTERED)
def test_every_record_can_be_looked_at_and_none_of_ours_deleted(root, world, label):
    model = apps.get_model(label)
    record = model._base_manager.order_by("-pk").first()
    if record is None:
        return
    assert root.get(url(label, "change", record.pk)).status_code == 200
    if label in OURS:
        assert root.get(url(label, "delete", record.pk)).status_code == 403


@pytest.mark.parametrize("label", REGISTERED)
def test_every_list_can_be_searched_where_it_can_be(root, world, label):
    assert root.get(url(label, "changelist"), {"q": "fjordbo"}).status_code == 200


@pytest.mark.parametrize(
    "label", ["crm.saletransition", "crm.settingschange", "workflow.categorydecision", "workflow.workflowsettings", "leads.leadstatuschange"]
)
def test_history_is_looked_at_and_never_written(root, world, label):
    assert root.post(url(label, "add"), {}).status_code == 403
    record = apps.get_model(label)._base_manager.first()
    if record is not None:
        assert root.post(url(label, "change", record.pk), {}).status_code == 403


def test_somebody_who_is_no_staff_does_not_get_in(client, administrator):
    client.force_login(administrator)
    assert client.get("/admin/crm/company/").status_code == 302


# ------------------------------------------------------------------- rules run
@pytest.mark.parametrize(("status", "target"), [("won", "Customer"), ("lost", "Lost opportunity")])
@pytest.mark.parametrize("closed_on", ["2026-02-03", ""], ids=["with its date", "without a date"])
def test_a5_a_sale_closed_in_the_admin_runs_the_rule_and_names_who_did_it(root, category, status, target, closed_on):
    """Without a date it is closed today (S1)."""
    rule(f"sale_{status}", category[target])
    sale = SaleFactory()
    change(root, sale, status=status, closed_on=closed_on)
    assert (where(sale.company), by_rules()) == (target, [(f"sale_{status}", "changed", "")])
    assert latest().caused_by == User.objects.get()
    assert SaleTransition.objects.filter(sale=sale).first().by == User.objects.get()


@pytest.mark.parametrize("emptied", [True, False], ids=["date taken out", "date left"])
def test_s2_a_sale_reopened_in_the_admin_loses_its_date_and_runs_nothing(root, category, emptied):
    sale = SaleFactory(status="won")
    rule("sale_won", category["Customer"])
    change(root, sale, status="open", **({"closed_on": ""} if emptied else {}))
    assert Sale.objects.values_list("status", "closed_on").get() == ("open", None)
    assert by_rules() == []


def test_a5_a_sale_that_gets_its_company_in_the_admin_is_registered(root, category):
    rule("sale_registered", category["Opportunity"])
    sale, company = SaleFactory(company=None), CompanyFactory()
    change(root, sale, company=company.pk)
    assert by_rules(company) == [("sale_registered", "changed", "")]


def test_a5_a_sale_made_in_the_admin_runs_the_rules(root, category):
    rule("sale_won", category["Customer"])
    rule("sale_registered", category["Opportunity"])
    company = CompanyFactory()
    response = root.post(
        url("crm.sale", "add"), {"title": "Roof", "company": company.pk, "status": "won", "closed_on": "2026-02-03", "amount": "1", "currency": "DKK"}
    )
    assert response.status_code == 302
    assert by_rules() == [("sale_won", "changed", ""), ("sale_registered", "skipped", "other_cause")]


def test_a5_a_lead_status_set_in_the_admin_runs_rule_4(root, category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    change(root, Lead.objects.get(contact=contact), status=status["Qualified"].pk)
    assert (where(contact.company), latest().caused_by) == ("Customer", User.objects.get())
    assert contact.lead_status_changes.first().by == User.objects.get()


def test_a5_a_rule_that_asks_asks_whoever_is_in_the_admin(root, category):
    rule("sale_won", category["Customer"], ask=True)
    change(root, SaleFactory(), status="won", closed_on="2026-02-03")
    assert CategoryDecision.objects.waiting().get().asked_of == User.objects.get()
    assert latest().company.category.name == "Lead"


# ------------------------------------------------------------ by hand, and settings
def test_c7_a_category_chosen_in_the_admin_is_a_change_by_hand(root, category):
    company = CompanyFactory()
    change(root, company, category=category["Customer"].pk)
    decision = company.decisions.first()
    assert (decision.trigger, decision.outcome, decision.caused_by, decision.decided_by) == ("manual", "changed", User.objects.get(), User.objects.get())
    assert (where(company), Company.objects.get().category_version, sorted(numbers(company))) == ("Customer", 2, [1, 2])


def test_a_company_made_in_the_admin_is_in_the_ledger(root, category):
    root.post(url("crm.company", "add"), {"name": "Fjordbo", "category": category["Lead"].pk})
    assert CategoryDecision.objects.values_list("trigger", "caused_by", "applied_version").get() == ("created", User.objects.get().pk, 1)


def test_l5_a_contact_who_moves_in_the_admin_gets_the_default_where_they_have_none(root, category, status):
    contact = ContactFactory(company=CompanyFactory(category=category["Customer"]))
    change(root, contact, company=CompanyFactory().pk)
    assert Lead.objects.get(contact=Contact.objects.get()).status == status["Open"]


def test_saving_without_changing_anything_decides_nothing(root, category):
    rule("sale_won", category["Customer"])
    sale = SaleFactory(status="won", company=CompanyFactory(category=category["Opportunity"]))
    before = CategoryDecision.objects.count()
    change(root, sale)
    change(root, sale.company)
    assert CategoryDecision.objects.count() == before


@pytest.mark.parametrize(
    "values",
    [
        {"trigger": "sale_won", "is_enabled": "on"},
        {"trigger": "lead_status_set", "is_enabled": "on", "target_category": "1"},
        {"trigger": "sale_won", "lead_status": "1"},
    ],
    ids=["no category", "no lead status", "a lead status that is not rule 4's"],
)
def test_w2_an_incomplete_rule_is_refused_in_the_admin_too(root, category, status, values):
    ids = {"target_category": category["Customer"].pk, "lead_status": status["Qualified"].pk}
    response = root.post(url("workflow.automationrule", "add"), {name: ids.get(name, value) for name, value in values.items()})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors
    assert not AutomationRule.objects.exists()


def test_a1_several_lead_statuses_have_a_rule_each_but_none_has_two(root, category, status):
    sent = {"trigger": "lead_status_set", "is_enabled": "on", "target_category": category["Customer"].pk}
    codes = [
        root.post(url("workflow.automationrule", "add"), {**sent, "lead_status": status[name].pk}).status_code
        for name in ("Qualified", "Contacting", "Qualified")
    ]
    assert (codes, AutomationRule.objects.count()) == ([302, 302, 200], 2)
