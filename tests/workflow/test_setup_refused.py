"""Setting Havn up (C6): what no page would send, what a colleague did meanwhile (W3), and what it costs."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.models import Company, CompanyCategory, SettingsChange
from leads.models import LeadStatus
from tests.browsers import HTMX
from tests.budgets import sent_by
from tests.workflow.setup_form import URL, fields_of, potential, text_of, untouched
from workflow.models import AutomationRule

pytestmark = pytest.mark.django_db


# --------------------------------------------------------------------- refused
@pytest.mark.parametrize("value", ["", "x", "potential", "\x00", "x" * 5000])
def test_c6_an_unknown_group_is_a_422_with_the_form_as_typed(maja, own, value):
    sent = {**untouched(maja), **potential(own["Kunde A"]), f"c{own['Emne'].pk}-group": value, "status": ["5"]}
    response = maja.post(URL, sent)
    html = response.content.decode()
    assert response.status_code == 422
    assert "Emne: select a category group" in html
    assert f'href="#c{own["Emne"].pk}-group"' in html
    assert fields_of(html)[f"c{own['Kunde A'].pk}-group"] == "potential_customer"
    assert fields_of(html)["status"] == ["5"]
    assert not SettingsChange.objects.exists()
    assert maja.post(URL, {**sent, "preview": "1"}, headers=HTMX).status_code == 200


@pytest.mark.parametrize(
    "tampered",
    [
        {"status": ["99", "x", "²", "\x00"]},
        {"category": ["1", "99"]},
        {"c999999-group": "customer", "c-group": "customer", "cx-lead": "on"},
        {"seen": " ".join(f"{n}:x" for n in range(20_000))},
        {"seen": "::: \x00 ² :x 1:"},
    ],
    ids=["statuses", "categories", "unknown categories", "a long memory", "a mangled one"],
)
def test_c6_what_no_page_offered_is_left_alone(maja, own, tampered):
    names = set(CompanyCategory.objects.values_list("name", flat=True))
    assert maja.post(URL, {**untouched(maja), **tampered}).status_code == 302
    assert (set(CompanyCategory.objects.values_list("name", flat=True)), LeadStatus.objects.count()) == (names, 1)


def test_a_salesperson_sets_nothing_up(client, salesperson, own):
    client.force_login(salesperson)
    for more in ({}, {"preview": "1"}):
        assert client.post(URL, {**potential(own["Emne"]), **more}).status_code == 403
    assert not SettingsChange.objects.exists()


# ------------------------------------------------------------- two administrators
def test_w3_a_category_that_a_colleague_changed_meanwhile_is_a_409_and_both_are_shown(maja, own):
    sent = {**untouched(maja), **potential(own["Emne"])}
    CompanyCategory.objects.filter(name="Emne").update(group="partner")
    response = maja.post(URL, sent)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Emne was changed." in html
    assert "Saved meanwhile: Partner" in text_of(html)
    assert fields_of(html)[f"c{own['Emne'].pk}-group"] == "potential_customer"
    assert not SettingsChange.objects.exists()
    assert maja.post(URL, fields_of(html)).status_code == 302
    assert CompanyCategory.objects.get(name="Emne").lead_status_enabled


def test_w3_what_only_the_colleague_changed_stays_and_a_new_category_is_left_alone(maja, own):
    sent = {**untouched(maja), **potential(own["Emne"])}
    CompanyCategory.objects.filter(name="Kunde A").update(group="customer")
    CompanyCategory.objects.create(name="New one", group_id="lost")
    assert maja.post(URL, sent).status_code == 302
    groups = dict(CompanyCategory.objects.values_list("name", "group"))
    assert (groups["Kunde A"], groups["Emne"], groups["New one"]) == ("customer", "potential_customer", "lost")


def test_w3_a_category_that_was_deleted_meanwhile_is_said_only_where_it_was_to_be_changed(maja, own):
    sent = {**untouched(maja), **potential(own["Emne"])}
    CompanyCategory.objects.filter(name="Leverandør").update(archived_at=timezone.now())
    CompanyCategory.objects.filter(name="Kunde B").update(archived_at=timezone.now())
    response = maja.post(URL, {**sent, f"c{own['Kunde B'].pk}-group": "customer"})
    assert response.status_code == 409
    assert response.context["form"].conflicts == ["Kunde B was deleted."]
    assert maja.post(URL, fields_of(response.content.decode())).status_code == 302


def test_w3_a_deleted_category_is_said_however_its_key_is_written(maja, own):
    sent, key = untouched(maja), own["Kunde B"].pk
    CompanyCategory.objects.filter(pk=key).update(archived_at=timezone.now())
    response = maja.post(URL, {**sent, "seen": sent["seen"].replace(f"{key}:", f"00{key}:"), f"c{key}-group": "customer"})
    assert response.status_code == 409
    assert response.context["form"].conflicts == ["Kunde B was deleted."]


def test_w3_an_item_that_somebody_made_meanwhile_is_not_made_twice(maja, own):
    sent = {**untouched(maja), "status": ["3"], **potential(own["Emne"])}
    LeadStatus.objects.create(name="qualified")
    assert maja.post(URL, sent).status_code == 302
    assert LeadStatus.objects.count() == 2


def test_w3_an_item_made_between_the_look_and_the_save_is_a_409_and_nothing_is_saved(maja, own, monkeypatch):
    sent = {**untouched(maja), "status": ["3"], **potential(own["Emne"])}
    LeadStatus.objects.create(name="qualified")
    monkeypatch.setattr("crm.standard.fold", lambda text: f"not {text}")
    response = maja.post(URL, sent)
    assert response.status_code == 409
    assert not SettingsChange.objects.exists()
    assert CompanyCategory.objects.get(name="Emne").group_id == "other"


# ---------------------------------------------------------------------------- cost
def test_the_page_and_its_summary_cost_the_same_however_many_categories_there_are(maja, own):
    def cost(**more):
        sent = {**untouched(maja), **potential(*CompanyCategory.objects.all()), **more}
        return len(sent_by(lambda: maja.post(URL, {**sent, "preview": "1"}, headers=HTMX)))

    cost()
    few = cost()
    CompanyCategory.objects.bulk_create(CompanyCategory(name=f"Category {n}", group_id="other") for n in range(30))
    Company.objects.update(category=own["Emne"])
    assert cost() == few
    assert not AutomationRule.objects.exists()
