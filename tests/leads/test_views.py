"""Lead statuses over HTTP: setting one, and the two list screens of categories and lead statuses (C2, C3, L1, L2)."""

from __future__ import annotations

import pytest

from crm.models import Company, CompanyCategory, SettingsChange
from leads.models import Lead, LeadStatus
from tests.browsers import HTMX, NOT_AN_ID
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, UserFactory, rule
from tests.workflow.ledger import by_rules, where

pytestmark = pytest.mark.django_db

CATEGORIES, STATUSES = "/settings/lists/company-categories/", "/settings/lists/lead-statuses/"


def set_status(client, contact, status, headers=None, **values):
    """The button in the menu beside a person."""
    return client.post(f"/contacts/{contact.pk}/lead-status/", {"status": getattr(status, "pk", status), **values}, headers=headers or {})


# ------------------------------------------------------------- set lead status
@pytest.mark.parametrize("name", ["Contacting", "Qualified", "Disqualified", "Re-nurture"])
def test_l4_a_lead_status_is_set_and_the_change_is_kept(jonas, salesperson, status, name):
    contact = ContactFactory()
    response = set_status(jonas, contact, status[name], headers=HTMX)
    assert (response.status_code, response["HX-Reswap"]) == (200, "none")
    assert f"Lead status of Torben Friis is now {name}" in response.content.decode()
    change = contact.lead_status_changes.first()
    assert (change.from_status, change.to_status, change.by, change.is_automatic) == (status["Open"], status[name], salesperson, False)


def test_a_lead_status_that_is_set_runs_rule_4(jonas, category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    contact = ContactFactory()
    set_status(jonas, contact, status["Qualified"], headers=HTMX)
    assert where(contact.company) == "Customer"


def test_a3_the_same_status_twice_runs_the_rule_once(jonas, category, status):
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    contact = ContactFactory()
    assert [set_status(jonas, contact, status["Qualified"], headers=HTMX).status_code for _time in range(2)] == [200, 200]
    assert by_rules() == [("lead_status_set", "changed", "")]
    assert contact.lead_status_changes.count() == 2


def test_without_javascript_it_leads_back_to_the_page_the_menu_was_on(jonas, status):
    contact = ContactFactory()
    assert set_status(jonas, contact, status["Qualified"], next="/contacts/")["Location"] == "/contacts/"
    assert set_status(jonas, contact, status["Open"])["Location"] == contact.company.get_absolute_url()
    assert set_status(jonas, contact, status["Open"], next="//evil.example")["Location"] == contact.company.get_absolute_url()


@pytest.mark.parametrize("name", ["Customer", "Lost opportunity", "Partner"])
def test_l1_it_is_a_422_where_the_category_does_not_use_lead_status(jonas, category, status, name):
    contact = ContactFactory()
    Company.objects.update(category=category[name])
    response = set_status(jonas, contact, status["Qualified"], headers=HTMX)
    assert response.status_code == 422
    assert f"Lead status is not used for companies in {name}. Nothing was saved." in response.content.decode()
    assert Lead.objects.get().status == status["Open"]


def test_l2_a_deleted_status_is_a_422_that_says_so(jonas, status):
    contact = ContactFactory()
    LeadStatus.objects.filter(name="Qualified").update(archived_at="2026-01-01T00:00Z")
    response = set_status(jonas, contact, status["Qualified"], headers=HTMX)
    assert response.status_code == 422
    assert "This lead status has been deleted. Choose another one." in response.content.decode()
    assert Lead.objects.get().status == status["Open"]
    assert "Qualified" not in jonas.get(contact.company.get_absolute_url()).content.decode()


@pytest.mark.parametrize("chosen", NOT_AN_ID)
def test_what_is_no_status_is_a_422_and_changes_nothing(jonas, status, chosen):
    contact = ContactFactory()
    assert set_status(jonas, contact, chosen, headers=HTMX).status_code == 422
    assert Lead.objects.get().status == status["Open"]


def test_somebody_who_may_look_but_not_edit_sees_the_status_and_no_menu(client, status):
    from django.contrib.auth.models import Permission

    contact, viewer = ContactFactory(), UserFactory(groups=[])
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_company", "view_contact", "view_sale"]))
    client.force_login(viewer)
    html = client.get(contact.company.get_absolute_url()).content.decode()
    assert "Open" in html
    assert f'id="status-menu-{contact.pk}"' not in html
    assert set_status(client, contact, status["Qualified"]).status_code == 403


def test_l5_the_history_of_a_person_is_on_their_page_while_the_category_uses_lead_status(jonas, category, status):
    contact = ContactFactory()
    set_status(jonas, contact, status["Qualified"])
    url = contact.get_absolute_url()
    assert "Lead status history" in jonas.get(url).content.decode()
    Company.objects.update(category=category["Partner"])
    assert "Lead status history" not in jonas.get(url).content.decode()


# ---------------------------------------------------------------- list screens
def _item(address, **values):
    own = {"group": "potential_customer", "lead_status_enabled": "on"} if address == CATEGORIES else {"meaning": "open"}
    return {"name": "Trial", "colour": "lime", "description": "Tries it", **own, **values}


def _seen(client, url):
    return client.get(url).context["form"]["seen"].value()


both = pytest.mark.parametrize(("address", "model"), [(CATEGORIES, CompanyCategory), (STATUSES, LeadStatus)], ids=["categories", "lead statuses"])
headers = pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "dialog"])


@both
@headers
def test_an_item_is_added_at_the_end_and_the_settings_log_knows_by_whom(maja, administrator, address, model, headers):
    last = model.objects.order_by("position").last()
    response = maja.post(f"{address}new/", _item(address), headers=headers)
    assert (response.status_code, response.get("Location")) == ((200, None) if headers else (302, address))
    assert "Trial saved" in (response if headers else maja.get(address)).content.decode()
    item = model.objects.get(name="Trial")
    assert (item.colour, item.description, item.archived_at, item.is_default) == ("lime", "Tries it", None, False)
    assert item.position > last.position
    log = SettingsChange.objects.get()
    assert (log.area, log.item, log.by, log.before, log.after["name"]) == (address.split("/")[-2], "Trial", administrator, {}, "Trial")


@both
def test_an_item_is_edited_and_the_settings_log_keeps_what_differs(maja, address, model):
    item = model.objects.get(position=2)
    name, url = item.name, f"{address}{item.pk}/"
    maja.post(url, {**_item(address, name="Renamed", description=item.description, colour=item.colour), "seen": _seen(maja, url)})
    log = SettingsChange.objects.get()
    assert (log.before, log.after) == ({"name": name}, {"name": "Renamed"})
    assert model.objects.get(pk=item.pk).is_default is item.is_default
    maja.post(url, {**_item(address, name="Renamed", description=item.description, colour=item.colour), "seen": _seen(maja, url)})
    assert SettingsChange.objects.count() == 1


@both
@pytest.mark.parametrize("twin", ["Årsag Ægte Øl", "årsag ægte øl", "ÅRSAG ÆGTE ØL", "  Årsag   Ægte Øl ", "A\u030arsag Ægte Øl"])
@pytest.mark.parametrize("archived_at", [None, "2026-01-01T00:00Z"], ids=["in use", "deleted"])
def test_c2_a_name_is_taken_whatever_its_case_also_by_a_deleted_item(maja, address, model, twin, archived_at):
    values = {"group_id": "other"} if model is CompanyCategory else {}
    model.objects.create(name="Årsag Ægte Øl", archived_at=archived_at, **values)
    count, other = model.objects.count(), model.objects.get(position=2)
    added = maja.post(f"{address}new/", _item(address, name=twin), headers=HTMX)
    url = f"{address}{other.pk}/"
    edited = maja.post(url, {**_item(address, name=twin), "seen": _seen(maja, url)}, headers=HTMX)
    for response in (added, edited):
        assert response.status_code == 422
        assert "already has this name" in response.content.decode()
        assert "Tries it" in response.content.decode()
    assert (model.objects.count(), model.objects.get(pk=other.pk).name, SettingsChange.objects.count()) == (count, other.name, 0)


@both
def test_c2_an_item_may_change_the_case_of_its_own_name(maja, address, model):
    item = model.objects.get(position=2)
    url = f"{address}{item.pk}/"
    maja.post(url, {**_item(address, name=item.name.upper()), "seen": _seen(maja, url)})
    assert model.objects.get(pk=item.pk).name == item.name.upper()


@both
@headers
@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "   "}, {"name": "x" * 81}, {"colour": "mauve"}, {"colour": "#f00"}, {"name": "a\x00"}])
def test_a_wrong_value_is_a_422_with_the_form_and_what_was_typed(maja, address, model, headers, wrong):
    count = model.objects.count()
    response = maja.post(f"{address}new/", _item(address, **wrong), headers=headers)
    assert response.status_code == 422
    assert 'class="field__error"' in response.content.decode()
    assert "Tries it" in response.content.decode()
    assert ("<html" in response.content.decode()) is not bool(headers)
    assert model.objects.count() == count


@pytest.mark.parametrize(
    ("address", "wrong"), [(CATEGORIES, {"group": "x"}), (CATEGORIES, {"group": ""}), (STATUSES, {"meaning": "x"}), (STATUSES, {"meaning": ""})]
)
def test_an_unknown_group_or_meaning_is_a_422(maja, address, wrong):
    assert maja.post(f"{address}new/", _item(address, **wrong)).status_code == 422


def _saves(browser, url, values):
    assert browser.post(url, {**values, "seen": _seen(browser, url)}).status_code == 302


def _shown(client, url):
    """What the form sends when nothing is touched."""
    form = client.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value not in (None, False)}


@both
def test_w3_what_two_administrators_both_changed_is_shown_with_who_saved_it_and_the_second_save_goes_through(maja, karen, address, model):
    item = model.objects.get(position=2)
    url = f"{address}{item.pk}/"
    mine = {**_shown(maja, url), "name": "Mine", "description": "Tries it"}
    _saves(karen, url, {**_shown(maja, url), "description": "Theirs", "colour": "lime"})
    response = maja.post(url, mine, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Karen Holst saved this while you were editing" in html
    assert "<li>Description: Theirs</li>" in html
    assert "<li>Colour" not in html
    assert 'value="Mine"' in html
    assert model.objects.get(pk=item.pk).description == "Theirs"
    form = response.context["form"]
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert maja.post(url, again, headers=HTMX).status_code == 200
    assert model.objects.values_list("name", "description", "colour").get(pk=item.pk) == ("Mine", "Tries it", "lime")


@both
def test_w3_changes_of_two_administrators_that_do_not_overlap_are_both_kept_without_a_question(maja, karen, address, model):
    item = model.objects.get(position=2)
    url = f"{address}{item.pk}/"
    mine = {**_shown(maja, url), "name": "Mine"}
    _saves(karen, url, {**_shown(maja, url), "description": "Theirs"})
    assert maja.post(url, mine, headers=HTMX).status_code == 200
    assert model.objects.values_list("name", "description").get(pk=item.pk) == ("Mine", "Theirs")
    log = SettingsChange.objects.filter(item_id=item.pk).latest("pk")
    assert set(log.after) == {"name"}


def test_w3_c3_what_a_colleague_saved_and_does_not_go_with_what_was_typed_is_said(maja, karen, category):
    """Lead status switched on here, while the category left Potential customer there."""
    item = category["Lead"]
    url = f"{CATEGORIES}{item.pk}/"
    plain(CompanyCategory).filter(pk=item.pk).update(lead_status_enabled=False)
    mine = {**_shown(maja, url), "lead_status_enabled": "on"}
    _saves(karen, url, {**_shown(maja, url), "group": "partner"})
    response = maja.post(url, mine, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Lead status needs the group Potential customer" in html
    assert "Karen Holst saved this while you were editing" in html
    assert "<li>Category group: Partner</li>" in html
    item.refresh_from_db()
    assert (item.group_id, item.lead_status_enabled) == ("partner", False)


@both
def test_c5_the_list_says_how_many_use_an_item(maja, category, status, address, model):
    ContactFactory(company=CompanyFactory(category=category["Lead"]))
    ContactFactory(company=CompanyFactory(category=category["Lead"], archived_at="2026-01-01T00:00Z"), archived_at="2026-01-01T00:00Z")
    rows = {str(row["item"]): [shown.text for shown in row["uses"][-1]] for row in maja.get(address).context["rows"]}
    assert (rows["Lead"], rows["Customer"]) == (["1"], []) if model is CompanyCategory else (rows["Open"], rows["Qualified"]) == (["1"], [])


# --------------------------------------------------------------------- C3, A10
@pytest.mark.parametrize("group", ["customer", "partner", "lost", "other"])
def test_c3_the_server_refuses_lead_status_outside_potential_customer(maja, category, group):
    response = maja.post(f"{CATEGORIES}new/", _item(CATEGORIES, group=group), headers=HTMX)
    assert response.status_code == 422
    assert "Lead status needs the group Potential customer" in response.content.decode()
    url = f"{CATEGORIES}{category['Customer'].pk}/"
    assert maja.post(url, {**_item(CATEGORIES, group=group), "seen": _seen(maja, url)}).status_code == 422
    assert not CompanyCategory.objects.filter(lead_status_enabled=True).exclude(group="potential_customer").exists()


@pytest.mark.parametrize("group", ["customer", "partner", "lost", "other"])
def test_c3_the_form_shows_the_choice_only_in_potential_customer(maja, category, group):
    url = f"{CATEGORIES}{category['Lead'].pk}/"
    assert 'name="lead_status_enabled"' in maja.get(url, {"group": "potential_customer"}, headers=HTMX).content.decode()
    assert 'name="lead_status_enabled"' not in maja.get(url, {"group": group}, headers=HTMX).content.decode()
    assert category["Lead"].group_id == "potential_customer"


@pytest.mark.parametrize("ticked", [{"lead_status_enabled": "on"}, {}], ids=["ticked", "hidden"])
def test_c3_moving_a_category_out_of_the_group_says_what_is_hidden_and_switches_lead_status_off_in_the_same_save(maja, category, ticked):
    contact = ContactFactory()
    ContactFactory(company=contact.company)
    url = f"{CATEGORIES}{category['Lead'].pk}/"
    assert "the lead status of 2 contacts" in maja.get(url, headers=HTMX).content.decode()
    fields = {"name": "Lead", "group": "other", "colour": "sky", "seen": _seen(maja, url), **ticked}
    assert maja.post(url, fields).status_code == 302
    lead = category["Lead"]
    assert (lead.group_id, lead.lead_status_enabled) == ("other", False)
    assert SettingsChange.objects.get().after["lead_status_enabled"] is False
    assert Lead.objects.count() == 2


def test_l3_switching_lead_status_on_gives_the_contacts_there_the_default(maja, category, status):
    contact = ContactFactory(company=CompanyFactory(category=category["Lost opportunity"]))
    url = f"{CATEGORIES}{category['Lost opportunity'].pk}/"
    maja.post(url, {**_item(CATEGORIES, name="Lost opportunity"), "seen": _seen(maja, url)})
    assert Lead.objects.get(contact=contact).status == status["Open"]


def test_q4_a_question_ends_when_its_category_is_moved_out_of_the_group(maja, category):
    from tests.factories import SaleFactory

    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory(status="won")
    url = f"{CATEGORIES}{category['Lead'].pk}/"
    maja.post(url, {**_item(CATEGORIES, name="Lead", group="partner"), "seen": _seen(maja, url)})
    assert sale.decisions.get().outcome == "obsolete"


def test_a_category_of_the_default_cannot_be_lost_by_editing(maja, category):
    url = f"{CATEGORIES}{category['Lead'].pk}/"
    maja.post(url, {**_item(CATEGORIES, name="New lead"), "seen": _seen(maja, url), "is_default": "", "archived_at": "2026-01-01"})
    assert CompanyCategory.objects.values_list("name", "archived_at").get(is_default=True) == ("New lead", None)
