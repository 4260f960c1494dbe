"""Setting Havn up where there are categories already (C6): the guided page, what it foretells, and what it does."""

from __future__ import annotations

import random

import pytest
from django.apps import apps
from django.utils import timezone

from crm.initial import make_lists
from crm.models import CompanyCategory, SettingsChange
from leads.initial import make_statuses
from leads.models import Lead, LeadStatus, LeadStatusChange
from tests.browsers import HTMX
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.setup_form import SCREEN, URL, fields_of, potential, text_of, untouched
from tests.workflow.truth import assert_everything_is_true
from workflow.forms.setup import SetupForm
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


# ----------------------------------------------------------------------- offered
def test_c6_lead_categorization_says_so_and_offers_the_page(maja, own):
    html = maja.get(SCREEN).content.decode()
    assert "No category belongs to Potential customer, so no rule can run." in html
    assert html.count(f'href="{URL}"') == 2
    CompanyCategory.objects.filter(name="Emne").update(group="potential_customer")
    assert "No category has lead status enabled" in maja.get(SCREEN).content.decode()
    CompanyCategory.objects.filter(name="Emne").update(lead_status_enabled=True)
    html = maja.get(SCREEN).content.decode()
    assert 'id="setup-notice"' not in html
    assert html.count(f'href="{URL}"') == 1, "from the page's head, also later"


def test_c6_a_deleted_category_does_not_count(maja, own):
    CompanyCategory.objects.filter(name="Kunde A").update(group="potential_customer", lead_status_enabled=True, archived_at=timezone.now())
    assert "No category belongs to Potential customer" in maja.get(SCREEN).content.decode()


def test_c6_every_category_is_there_with_its_companies_and_which_lead_statuses_exist(maja, own):
    CompanyFactory.create_batch(2, category=own["Kunde A"])
    CompanyFactory(category=own["Kunde A"], archived_at=timezone.now())
    html = text_of(maja.get(URL).content.decode())
    assert "Kunde A 2 companies" in html
    assert "Emne 0 companies" in html
    assert "OPEN" in html
    form = SetupForm()
    assert [one.values["name"] for one in form.new_statuses] == ["Contacting", "Qualified", "Disqualified", "Re-nurture"], "matched whatever the case (L2)"
    assert untouched(maja).keys() == {"seen", *(f"c{one.pk}-group" for one in own.values())}


def test_c6_in_danish_the_standard_lead_statuses_have_danish_names(maja, own, settings):
    settings.LANGUAGE_CODE = "da"
    LeadStatus.objects.create(name="åben")
    assert [one.values["name"] for one in SetupForm().new_statuses] == ["Kontakter", "Kvalificeret", "Diskvalificeret", "Genoptag kontakt"]


# ----------------------------------------------------------------------- foretold
def test_c6_the_summary_says_what_will_happen_and_nothing_is_saved(maja, own):
    ContactFactory.create_batch(3, company=CompanyFactory(category=own["Emne"]))
    sent = {**untouched(maja), **potential(own["Emne"]), "status": ["3"], "preview": "1"}
    response = maja.post(URL, sent, headers=HTMX)
    text = text_of(response.content.decode())
    assert response.status_code == 200
    assert "<form" not in response.content.decode()
    assert "Emne: Other → becomes Potential customer; lead status on" in text
    assert "The lead status Qualified is added." in text
    assert "3 contacts without a lead status get OPEN." in text
    assert "no rule can run" not in text
    assert not SettingsChange.objects.exists()
    assert not Lead.objects.exists()


def test_c6_without_javascript_the_page_comes_back_as_typed_with_the_summary(maja, own):
    html = maja.post(URL, {**untouched(maja), **potential(own["Emne"]), "status": ["4"], "preview": "1"}).content.decode()
    assert "<!doctype html>" in html
    assert fields_of(html) | potential(own["Emne"]) | {f"c{own['Emne'].pk}-lead": ["on"]} == fields_of(html)
    assert fields_of(html)["status"] == ["4"]
    assert "lead status on" in html


def test_c6_the_summary_warns_when_no_rule_could_run_afterwards(maja, own):
    sent = untouched(maja)
    assert "No category belongs to Potential customer, so no rule can run." in maja.post(URL, {**sent, "preview": "1"}, headers=HTMX).content.decode()
    sent |= potential(own["Emne"], lead_status=False)
    assert "No category has lead status enabled" in maja.post(URL, {**sent, "preview": "1"}, headers=HTMX).content.decode()


def _world(own, seed: int) -> random.Random:
    """Companies in every category, some contacts with a lead status, some companies asked about."""
    dice = random.Random(seed)
    groups = ("potential_customer", "customer", "other")
    for category in own.values():
        group = dice.choice(groups)
        category.group_id, category.lead_status_enabled = group, group == groups[0] and dice.random() < 0.5
        category.save()
    target = CompanyCategory.objects.create(name="Goal", group_id="customer")
    rule("sale_won", target, ask=True)
    for category in own.values():
        for _ in range(3):
            company = CompanyFactory(category=category, archived_at=timezone.now() if dice.random() < 0.2 else None)
            for _ in range(dice.randint(0, 2)):
                contact = ContactFactory(company=company)
                if dice.random() < 0.3 and not Lead.objects.filter(contact=contact).exists():
                    Lead.objects.create(contact=contact, status=LeadStatus.objects.get(name="OPEN"))
            if dice.random() < 0.5:
                SaleFactory(company=company, status="won")
    return dice


@pytest.mark.parametrize("seed", range(12))
def test_c6_what_the_summary_says_is_what_happens(maja, own, seed):
    dice = _world(own, seed)
    sent = untouched(maja)
    for category in own.values():
        sent[f"c{category.pk}-group"] = dice.choice(("potential_customer", "customer", "lost"))
        sent[f"c{category.pk}-lead"] = dice.choice((["on"], []))
    before = {category.pk: category for category in CompanyCategory.objects.all()}
    waiting = CategoryDecision.objects.waiting().count()
    told = maja.post(URL, {**sent, "preview": "1"}, headers=HTMX).context["effects"]
    changes = LeadStatusChange.objects.count()
    assert maja.post(URL, sent).status_code == 302
    after = {category.pk: category for category in CompanyCategory.objects.all()}
    switched_off = [pk for pk in before if before[pk].lead_status_enabled and not after[pk].lead_status_enabled]
    assert told.given == LeadStatusChange.objects.count() - changes
    assert told.hidden == Lead.objects.filter(contact__company__category__in=switched_off).count()
    assert told.obsolete == waiting - CategoryDecision.objects.waiting().count() == CategoryDecision.objects.filter(outcome="obsolete").count()
    assert told.any_lead_status == any(category.lead_status_enabled for category in after.values())
    assert_everything_is_true()


# ----------------------------------------------------------------------- applied
def test_c6_apply_does_it_in_one_go_and_every_item_is_in_the_settings_log(maja, administrator, own):
    contact = ContactFactory(company=CompanyFactory(category=own["Emne"]))
    sent = {**untouched(maja), **potential(own["Emne"]), f"c{own['Kunde A'].pk}-group": "customer", "status": ["2", "3"]}
    response = maja.post(URL, sent, follow=True)
    assert response.redirect_chain == [(SCREEN, 302)]
    assert "The categories are set up" in response.content.decode()
    assert Lead.objects.get(contact=contact).status.name == "OPEN"
    assert list(LeadStatus.objects.values_list("name", "meaning")) == [("OPEN", "open"), ("Contacting", "open"), ("Qualified", "qualified")]
    log = list(SettingsChange.objects.order_by("pk").values_list("area", "item", "before", "after"))
    assert [(area, item) for area, item, *_rest in log] == [
        ("lead-statuses", "Contacting"), ("lead-statuses", "Qualified"), ("company-categories", "Emne"), ("company-categories", "Kunde A"),
    ]  # fmt: skip
    assert log[2][2:] == ({"group": "other", "lead_status_enabled": False}, {"group": "potential_customer", "lead_status_enabled": True})
    assert log[3][2:] == ({"group": "other"}, {"group": "customer"})
    assert set(SettingsChange.objects.values_list("by", flat=True)) == {administrator.pk}
    assert not CategoryDecision.objects.exclude(trigger="created").exists(), "no company moves, and no rule runs"
    assert_everything_is_true()


def test_c6_nothing_chosen_is_nothing_done(maja, own):
    assert "No changes" in maja.post(URL, untouched(maja), follow=True).content.decode()
    assert not SettingsChange.objects.exists()


def test_c3_lead_status_goes_with_the_group_also_here(maja, category):
    lead = category["Lead"]
    sent = untouched(maja)
    assert sent[f"c{lead.pk}-lead"] == ["on"]
    assert maja.post(URL, {**sent, f"c{lead.pk}-group": "customer"}).status_code == 302
    lead.refresh_from_db()
    assert (lead.group_id, lead.lead_status_enabled) == ("customer", False)


def test_c6_a_second_press_of_apply_does_nothing_more(maja, own):
    sent = {**untouched(maja), **potential(own["Emne"]), "status": ["2"]}
    assert maja.post(URL, sent).status_code == 302
    kept = SettingsChange.objects.count()
    assert maja.post(URL, sent).status_code == 302
    assert (SettingsChange.objects.count(), LeadStatus.objects.count()) == (kept, 2)


def test_l2_a_deleted_standard_lead_status_is_restored_and_not_made_twice(maja, own):
    LeadStatus.objects.create(name="qualified", archived_at=timezone.now())
    assert "(deleted; it is restored)" in maja.get(URL).content.decode()
    assert maja.post(URL, {**untouched(maja), "status": ["3"]}).status_code == 302
    assert LeadStatus.objects.get(name="qualified").archived_at is None
    assert SettingsChange.objects.get().after == {"archived": False}


def test_l3_without_a_default_lead_status_the_first_one_becomes_it(maja, own):
    LeadStatus.objects.update(is_default=False)
    contact = ContactFactory(company=CompanyFactory(category=own["Emne"]))
    sent = {**untouched(maja), **potential(own["Emne"])}
    assert "1 contact without a lead status gets OPEN." in text_of(maja.post(URL, {**sent, "preview": "1"}, headers=HTMX).content.decode())
    assert maja.post(URL, sent).status_code == 302
    assert Lead.objects.get(contact=contact).status == LeadStatus.objects.get(is_default=True)
    assert SettingsChange.objects.filter(area="lead-statuses").get().after == {"is_default": True}


def test_l2_without_any_lead_status_the_standard_ones_are_ticked_and_one_is_needed(maja, own):
    LeadStatus.objects.all().delete()
    sent = {**untouched(maja), **potential(own["Emne"])}
    assert sent["status"] == ["1", "2", "3", "4", "5"]
    refused = maja.post(URL, {**sent, "status": []})
    assert refused.status_code == 422
    assert "Choose at least one lead status, or leave lead status off." in refused.content.decode()
    assert maja.post(URL, sent).status_code == 302
    assert LeadStatus.objects.get(is_default=True).name == "Open"


# ------------------------------------------------------------------------- empty
@pytest.fixture
def nothing(db):
    """An installation without any category, lead status or rule."""
    CompanyCategory.objects.all().delete()
    LeadStatus.objects.all().delete()


def test_c6_without_any_category_the_standard_ones_are_offered_and_made(maja, nothing):
    assert "No category belongs to Potential customer" in maja.get(SCREEN).content.decode()
    sent = untouched(maja)
    assert sent == {"seen": "", "category": [str(n) for n in range(1, 9)], "status": [str(n) for n in range(1, 6)]}
    assert maja.post(URL, sent).status_code == 302
    made = list(CompanyCategory.objects.values_list("name", "group", "lead_status_enabled", "is_default", "colour", "description"))
    statuses = list(LeadStatus.objects.values_list("name", "meaning", "is_default", "colour"))
    CompanyCategory.objects.all().delete()
    LeadStatus.objects.all().delete()
    make_lists(apps.get_model)
    make_statuses(apps.get_model)
    assert made == list(CompanyCategory.objects.values_list("name", "group", "lead_status_enabled", "is_default", "colour", "description"))
    assert statuses == list(LeadStatus.objects.values_list("name", "meaning", "is_default", "colour"))
    assert SettingsChange.objects.filter(area="company-categories").count() == 9, "eight, and which is the default"


def test_c6_of_the_standard_categories_one_may_take_some_but_not_none(maja, nothing):
    sent = untouched(maja)
    refused = maja.post(URL, {**sent, "category": []})
    assert (refused.status_code, "Choose at least one category." in refused.content.decode()) == (422, True)
    assert maja.post(URL, {**sent, "category": ["3", "5"]}).status_code == 302
    assert list(CompanyCategory.objects.values_list("name", "is_default")) == [("Opportunity", True), ("Customer", False)]
    CompanyFactory()


def test_c6_categories_that_were_all_deleted_are_restored(maja, category):
    CompanyCategory.objects.update(archived_at=None, is_default=False)
    CompanyCategory.objects.update(archived_at=timezone.now())
    sent = untouched(maja)
    assert maja.post(URL, {**sent, "category": ["1"]}).status_code == 302
    assert list(CompanyCategory.objects.active().values_list("name", "is_default")) == [("Lead", True)]
