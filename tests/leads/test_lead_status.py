"""Lead status: L1 to L5."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Contact, Sale
from leads.defaults import LeadStatusNotEnabled, set_lead_status
from leads.initial import make_statuses
from leads.models import Lead, LeadStatus, LeadStatusChange
from tests.crm.writes import CHANGES, CREATIONS, change, create
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from workflow.models import CategoryDecision, Trigger

pytestmark = pytest.mark.django_db
ENABLED = ["Lead", "Marketing qualified lead", "Opportunity"]
NOT_ENABLED = ["Lost opportunity", "Customer", "Partner", "Former customer", "Other"]


def _status(contact):
    return LeadStatus.objects.filter(leads__contact=contact).first()


def _history(contact):
    return [
        (str(kept.from_status) if kept.from_status else None, str(kept.to_status), kept.by)
        for kept in LeadStatusChange.objects.filter(contact=contact).order_by("pk")
    ]


def _at(category, name):
    return ContactFactory(company=CompanyFactory(category=category[name]))


# ---------------------------------------------------------------------- L1
@pytest.mark.parametrize("name", NOT_ENABLED)
def test_l1_a_lead_status_cannot_be_set_where_the_category_does_not_use_it(category, status, name):
    contact = _at(category, name)
    with pytest.raises(LeadStatusNotEnabled):
        set_lead_status(contact=contact, status=status["Qualified"])
    assert _status(contact) is None


@pytest.mark.parametrize("name", ENABLED)
def test_l1_a_lead_status_can_be_set_where_the_category_uses_it(category, status, name):
    contact = _at(category, name)
    assert set_lead_status(contact=contact, status=status["Qualified"]) is True
    assert _status(contact) == status["Qualified"]


@pytest.mark.parametrize("how", CHANGES)
def test_l1_a_lead_status_is_kept_when_the_company_leaves_and_comes_back(category, status, how):
    contact = _at(category, "Lead")
    set_lead_status(contact=contact, status=status["Contacting"])
    change(how, contact.company, category=category["Customer"])
    assert _status(contact) == status["Contacting"]
    change(how, contact.company, category=category["Opportunity"])
    assert _status(contact) == status["Contacting"]
    assert len(_history(contact)) == 2


# ---------------------------------------------------------------------- L2
STATUSES = {
    "en": ["Open", "Contacting", "Qualified", "Disqualified", "Re-nurture"],
    "da": ["Åben", "Kontakter", "Kvalificeret", "Diskvalificeret", "Genoptag kontakt"],
}


@pytest.mark.parametrize("language", ["en", "da"])
def test_l2_a_new_database_has_these_statuses_with_these_meanings(settings, language):
    LeadStatus.objects.all().delete()
    settings.LANGUAGE_CODE = language
    make_statuses(apps.get_model)
    meanings = ["open", "open", "qualified", "disqualified", "paused"]
    assert list(LeadStatus.objects.values_list("name", "meaning")) == list(zip(STATUSES[language], meanings, strict=True))
    assert LeadStatus.objects.get(is_default=True).name == STATUSES[language][0]


def test_l2_a_database_in_use_gets_no_statuses_on_an_upgrade():
    LeadStatus.objects.exclude(name="Qualified").delete()
    LeadStatus.objects.update(archived_at=timezone.now())
    make_statuses(apps.get_model)
    assert list(LeadStatus.objects.values_list("name", flat=True)) == ["Qualified"]


# ---------------------------------------------------------------------- L3
@pytest.mark.parametrize("how", CREATIONS)
@pytest.mark.parametrize("name", ENABLED)
def test_l3_a_contact_created_where_lead_status_is_enabled_gets_the_default(category, status, how, name):
    contact = create(how, Contact, company=CompanyFactory(category=category[name]), first_name="Anne")
    assert _status(contact) == status["Open"]


@pytest.mark.parametrize("how", CREATIONS)
@pytest.mark.parametrize("name", NOT_ENABLED)
def test_l3_a_contact_created_elsewhere_gets_none(category, how, name):
    contact = create(how, Contact, company=CompanyFactory(category=category[name]), first_name="Anne")
    assert _status(contact) is None


def test_l3_the_default_is_the_status_that_is_marked_so_whatever_its_name(category, status):
    LeadStatus.objects.filter(is_default=True).update(is_default=False)
    LeadStatus.objects.filter(name="Contacting").update(is_default=True)
    assert _status(_at(category, "Lead")) == status["Contacting"]


@pytest.mark.parametrize("how", CHANGES)
def test_l3_when_a_company_enters_only_contacts_without_a_status_get_the_default(category, status, how):
    company = CompanyFactory(category=category["Lead"])
    had = ContactFactory(company=company)
    set_lead_status(contact=had, status=status["Qualified"])
    change(how, company, category=category["Customer"])
    came_later = ContactFactory(company=company)
    change(how, company, category=category["Opportunity"])
    assert (_status(had), _status(came_later)) == (status["Qualified"], status["Open"])


@pytest.mark.parametrize("name", ["Lost opportunity", "Partner"])
@pytest.mark.parametrize("how", CHANGES)
def test_l3_a_company_that_enters_another_category_gives_its_contacts_nothing(category, how, name):
    contact = _at(category, "Customer")
    change(how, contact.company, category=category[name])
    assert _status(contact) is None


def test_l3_a_rule_that_moves_a_company_into_such_a_category_gives_the_default(category, status):
    rule(Trigger.SALE_WON, category["Opportunity"])
    contact = _at(category, "Lost opportunity")
    SaleFactory(company=contact.company, status="won")
    assert _status(contact) == status["Open"]


def test_l3_switching_lead_status_on_for_a_category_is_entering_it(category, status):
    contact = _at(category, "Lost opportunity")
    item = category["Lost opportunity"]
    item.lead_status_enabled = True
    item.save()
    assert _status(contact) == status["Open"]


@pytest.mark.parametrize("how", CHANGES)
def test_l3_a_default_that_havn_assigns_fires_no_rule(category, status, how):
    rule(Trigger.LEAD_STATUS_SET, category["Customer"], lead_status=status["Open"])
    contact = _at(category, "Partner")
    change(how, contact.company, category=category["Lead"])
    ContactFactory(company=contact.company)
    assert Lead.objects.filter(status=status["Open"]).count() == 2
    assert Company.objects.get().category == category["Lead"]
    assert not CategoryDecision.objects.exclude(rule=None).exists()


def test_l3_the_default_set_by_a_person_fires_the_rule(category, status):
    rule(Trigger.LEAD_STATUS_SET, category["Customer"], lead_status=status["Open"])
    contact = _at(category, "Lead")
    set_lead_status(contact=contact, status=status["Qualified"])
    set_lead_status(contact=contact, status=status["Open"])
    assert Company.objects.get().category == category["Customer"]


# ---------------------------------------------------------------------- L4
@pytest.mark.parametrize("first", STATUSES["en"])
@pytest.mark.parametrize("second", STATUSES["en"])
def test_l4_any_status_may_follow_any_other(category, status, first, second):
    contact = _at(category, "Lead")
    set_lead_status(contact=contact, status=status[first])
    assert set_lead_status(contact=contact, status=status[second]) is (first != second)
    assert _status(contact) == status[second]


@pytest.mark.parametrize("how", CHANGES)
def test_l4_every_change_is_kept_with_from_to_who_and_when(category, status, how, salesperson):
    contact = _at(category, "Lead")
    started = timezone.now()
    with acting_as(salesperson):
        change(how, contact.lead, status=status["Contacting"])
        change(how, contact.lead, status=status["Contacting"])
        change(how, contact.lead, status=status["Qualified"])
    assert _history(contact)[1:] == [("Open", "Contacting", salesperson), ("Contacting", "Qualified", salesperson)]
    assert all(kept.at >= started for kept in LeadStatusChange.objects.filter(by=salesperson))


@pytest.mark.parametrize("how", CREATIONS)
def test_l4_the_first_status_is_kept_too(category, status, how, salesperson):
    contact = _at(category, "Partner")
    with acting_as(salesperson):
        create(how, Lead, contact=contact, status=status["Qualified"])
    assert _history(contact) == [(None, "Qualified", salesperson)]


def test_l4_a_default_that_havn_assigned_can_be_told_from_what_a_person_set(category, status):
    contact = _at(category, "Lead")
    set_lead_status(contact=contact, status=status["Qualified"])
    assert list(LeadStatusChange.objects.order_by("pk").values_list("is_automatic", flat=True)) == [True, False]


# ---------------------------------------------------------------------- L5
@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", ["Opportunity", "Customer"])
def test_l5_a_contact_that_moves_keeps_its_status_history_and_leaves_its_sales(category, status, how, name):
    contact = _at(category, "Lead")
    set_lead_status(contact=contact, status=status["Qualified"])
    sale = SaleFactory(company=contact.company, contact=contact)
    change(how, contact, company=CompanyFactory(category=category[name]))
    assert _status(contact) == status["Qualified"]
    assert [to for _from, to, _by in _history(contact)] == ["Open", "Qualified"]
    assert Sale.objects.get(pk=sale.pk).company_id == contact.company_id


@pytest.mark.parametrize("how", CHANGES)
def test_l5_a_contact_without_a_status_that_moves_to_such_a_company_gets_the_default(category, status, how):
    contact = _at(category, "Customer")
    change(how, contact, company=CompanyFactory(category=category["Lead"]))
    assert _status(contact) == status["Open"]


def test_l5_after_the_move_the_new_company_decides_whether_the_status_may_be_changed(category, status):
    contact = _at(category, "Lead")
    change("save", contact, company=CompanyFactory(category=category["Customer"]))
    with pytest.raises(LeadStatusNotEnabled):
        set_lead_status(contact=Contact.objects.get(pk=contact.pk), status=status["Qualified"])
    assert CompanyCategory.objects.get(companies__contacts=contact).name == "Customer"


def test_l5_a_contact_loaded_before_the_move_is_judged_by_where_it_is_now(category, status):
    contact = _at(category, "Lead")
    Contact.objects.filter(pk=contact.pk).update(company=CompanyFactory(category=category["Customer"]))
    with pytest.raises(LeadStatusNotEnabled):
        set_lead_status(contact=contact, status=status["Qualified"])
    assert _status(contact) == status["Open"]
