"""The four lists of Settings: add, edit, order, delete, restore, default, and what uses an item (C2, C4, C5, C8, L2, S1)."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Company, CompanyCategory, Sale, SaleReason, SaleStage, SettingsChange
from leads.models import Lead, LeadStatus
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
CATEGORIES, STATUSES = "/settings/lists/company-categories/", "/settings/lists/lead-statuses/"
STAGES, REASONS = "/settings/lists/sale-stages/", "/settings/lists/sale-reasons/"
LISTS = {CATEGORIES: CompanyCategory, STATUSES: LeadStatus, STAGES: SaleStage, REASONS: SaleReason}
OWN = {CATEGORIES: {"group": "partner"}, STATUSES: {"meaning": "open"}, STAGES: {"probability": "40"}, REASONS: {"applies_to": "won"}}
each_list = pytest.mark.parametrize(("address", "model"), LISTS.items(), ids=["categories", "lead statuses", "stages", "reasons"])
with_default = pytest.mark.parametrize(("address", "model"), [(CATEGORIES, CompanyCategory), (STATUSES, LeadStatus)], ids=["categories", "lead statuses"])
headers = pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
TYPED = {"name": "Trial", "colour": "lime", "description": "Tries it"}


def events(response):
    """What the answer tells the page to do."""
    return json.loads(response["HX-Trigger-After-Settle"])


def names(model):
    return list(model.objects.active().order_by("position").values_list("name", flat=True))


def last(model):
    """An item that is no default."""
    return model.objects.active().order_by("position").last()


def edit(client, url, **values):
    return client.post(url, {**values, "seen": client.get(url).context["form"]["seen"].value()}, headers=HTMX)


def using(item):
    """A record that has the item."""
    if isinstance(item, CompanyCategory):
        return CompanyFactory(category=item)
    if isinstance(item, LeadStatus):
        contact = ContactFactory()
        Lead.objects.filter(contact=contact).update(status=item)
        return contact
    field = "stage" if isinstance(item, SaleStage) else "reason"
    sale = SaleFactory(status="lost" if field == "reason" else "open")
    plain(Sale).filter(pk=sale.pk).update(**{field: item})
    return sale


def item_of(record):
    """The item that this record has now, by name."""
    if isinstance(record, Company):
        return Company.objects.get(pk=record.pk).category.name
    if isinstance(record, Sale):
        sale = Sale.objects.get(pk=record.pk)
        return (sale.reason if sale.is_closed else sale.stage).name
    return Lead.objects.get(contact=record).status.name


# ------------------------------------------------------------------ add and edit
@each_list
@headers
def test_an_item_is_added_at_the_end_with_what_only_its_list_has(maja, administrator, address, model, headers):
    response = maja.post(f"{address}new/", {**TYPED, **OWN[address]}, headers=headers)
    assert response.status_code == (200 if headers else 302)
    item = last(model)
    assert (item.name, item.colour, item.description) == ("Trial", "lime", "Tries it")
    kept = SettingsChange.objects.get()
    assert (kept.area, kept.item_id, kept.by, kept.before) == (address.split("/")[-2], item.pk, administrator, {})


def test_s1_a_stage_has_a_probability_and_a_reason_what_it_is_for(maja):
    stage, reason = SaleStage.objects.get(name="Proposal"), SaleReason.objects.get(name="Price")
    edit(maja, f"{STAGES}{stage.pk}/", name="Offer", probability="55", colour="sky")
    edit(maja, f"{REASONS}{reason.pk}/", name="Best price", applies_to="won", colour="sky")
    assert SaleStage.objects.values_list("name", "probability").get(pk=stage.pk) == ("Offer", 55)
    assert SaleReason.objects.values_list("name", "applies_to").get(pk=reason.pk) == ("Best price", "won")
    assert [change.before for change in SettingsChange.objects.order_by("pk")] == [
        {"name": "Proposal", "probability": 60, "colour": "grey"},
        {"name": "Price", "applies_to": "lost", "colour": "grey"},
    ]


@pytest.mark.parametrize("wrong", ["", "-1", "101", "half", "1e9", "\x00"])
def test_s1_a_probability_is_a_number_from_0_to_100(maja, wrong):
    response = maja.post(f"{STAGES}new/", {**TYPED, "probability": wrong}, headers=HTMX)
    assert response.status_code == 422
    assert "Enter a probability from 0 to 100" in response.content.decode()
    assert "Tries it" in response.content.decode()


def test_s1_what_a_reason_is_for_cannot_change_while_sales_have_it(maja):
    reason = SaleReason.objects.get(name="Price")
    using(reason)
    response = edit(maja, f"{REASONS}{reason.pk}/", name="Price", applies_to="won", colour="grey")
    assert response.status_code == 422
    assert "Sales have this reason already. Add another reason instead" in response.content.decode()


@each_list
def test_c2_a_name_that_is_too_long_to_be_compared_is_a_422(maja, address, model):
    response = maja.post(f"{address}new/", {**TYPED, **OWN[address], "name": "ﬃ" * 80}, headers=HTMX)
    assert response.status_code == 422
    assert "This name is too long. Choose a shorter one" in response.content.decode()
    assert maja.post(f"{address}new/", {**TYPED, **OWN[address], "name": "ﬃ" * 66}, headers=HTMX).status_code == 200


@each_list
def test_c2_the_name_of_a_deleted_item_is_taken_and_the_form_says_where_it_is(maja, address, model):
    item = last(model)
    maja.post(f"{address}{item.pk}/delete/")
    response = maja.post(f"{address}new/", {**TYPED, **OWN[address], "name": item.name.upper()}, headers=HTMX)
    assert response.status_code == 422
    assert "A deleted item already has this name. Show deleted items to restore it" in response.content.decode()


@each_list
@headers
def test_a_deleted_item_is_not_edited_but_said_to_be_deleted(maja, address, model, headers):
    item = last(model)
    url = f"{address}{item.pk}/"
    sent = {"name": "Changed", "colour": "grey", **OWN[address], "seen": maja.get(url).context["form"]["seen"].value()}
    maja.post(f"{url}delete/")
    for response in (maja.post(url, sent, headers=headers), maja.get(url, headers=headers)):
        if headers:
            assert response.status_code == 409
            assert f"{item.name} has been deleted. Show deleted items to restore it." in response.content.decode()
        else:
            assert response["Location"] == f"{address}?deleted=1"
    assert model.objects.get(pk=item.pk).name == item.name


@pytest.mark.parametrize("is_on", [True, False])
def test_c3_looking_at_another_group_and_back_keeps_lead_status_as_it_was(maja, category, is_on):
    category["Lead"].lead_status_enabled = is_on
    category["Lead"].save()
    url, fields = f"{CATEGORIES}{category['Lead'].pk}/", {"lead_status_enabled": "on"} if is_on else {}
    away = maja.get(url, {"group": "customer", **fields}, headers=HTMX).content.decode()
    assert 'name="lead_status_enabled"' not in away
    assert ('name="lead_status_kept"' in away) is is_on
    back = maja.get(url, {"group": "potential_customer", **({"lead_status_kept": "on"} if is_on else {})}, headers=HTMX).content.decode()
    assert (" checked" in back) is is_on


def test_another_group_in_the_address_means_nothing_to_lists_without_groups(maja):
    assert maja.get(f"{STATUSES}new/", {"group": "customer"}, headers=HTMX).status_code == 200


# ----------------------------------------------------------------------- order
@each_list
def test_an_item_moves_up_and_down_and_the_answer_says_where_it_is(maja, address, model):
    before = names(model)
    item = model.objects.active().order_by("position")[1]
    up = maja.post(f"{address}{item.pk}/move/", {"direction": "up"}, headers=HTMX)
    assert names(model) == [before[1], before[0], *before[2:]]
    assert events(up)["announce"]["value"] == f"{item.name} moved to place 1 of {len(before)}"
    assert "page:changed" in events(up)
    maja.post(f"{address}{item.pk}/move/", {"direction": "down"}, headers=HTMX)
    assert names(model) == before
    assert [(change.before, change.after) for change in SettingsChange.objects.order_by("pk")] == [
        ({"position": 2}, {"position": 1}),
        ({"position": 1}, {"position": 2}),
    ]


@each_list
def test_at_the_end_of_the_list_an_item_stays_and_nothing_is_kept(maja, address, model):
    before = names(model)
    first, bottom = model.objects.get(name=before[0]), model.objects.get(name=before[-1])
    maja.post(f"{address}{first.pk}/move/", {"direction": "up"}, headers=HTMX)
    maja.post(f"{address}{bottom.pk}/move/", {"direction": "down"}, headers=HTMX)
    assert (names(model), SettingsChange.objects.count()) == (before, 0)


def test_an_item_moves_over_deleted_ones_and_equal_positions_do_not_hold_it_up(maja):
    plain(SaleStage).update(position=1)
    second = SaleStage.objects.get(name="Needs analysis")
    maja.post(f"{STAGES}{second.pk}/delete/")
    third = SaleStage.objects.get(name="Proposal")
    maja.post(f"{STAGES}{third.pk}/move/", {"direction": "up"})
    assert names(SaleStage) == ["Proposal", "Qualification", "Negotiation"]
    maja.post(f"{STAGES}{second.pk}/restore/")
    assert sorted(SaleStage.objects.values_list("position", flat=True)) == [1, 2, 3, 4]


def test_without_javascript_the_message_is_on_the_page(maja):
    item = SaleStage.objects.get(name="Proposal")
    response = maja.post(f"{STAGES}{item.pk}/move/", {"direction": "up", "next": f"{STAGES}?deleted=1"}, follow=True)
    assert response.redirect_chain == [(f"{STAGES}?deleted=1", 302)]
    assert "Proposal moved to place 2 of 4" in response.content.decode()


# ---------------------------------------------------------- delete and restore
@each_list
@headers
def test_c4_an_item_that_nothing_uses_is_deleted_shown_and_restored(maja, administrator, address, model, headers):
    item = last(model)
    url = f"{address}{item.pk}/"
    assert "Nothing uses it." in maja.get(f"{url}delete/", headers=headers).content.decode()
    maja.post(f"{url}delete/", headers=headers)
    assert item.name not in names(model)
    assert f'id="item-{item.pk}"' not in maja.get(address).content.decode()
    assert f'id="restore-{item.pk}"' in maja.get(address, {"deleted": "1"}, headers=headers).content.decode()
    maja.post(f"{url}restore/", headers=headers)
    maja.post(f"{url}restore/", headers=headers)  # a double click
    assert names(model)[-1] == item.name
    kept = SettingsChange.objects.order_by("pk")
    assert [(change.after, change.item_id, change.by) for change in kept] == [
        ({"archived": True}, item.pk, administrator),
        ({"archived": False}, item.pk, administrator),
    ]


@each_list
def test_c4_what_only_records_have_they_may_keep_or_change(maja, address, model):
    keeps, goes = [item for item in model.objects.active().order_by("position") if not getattr(item, "is_default", False)][:2]
    other = goes.replacements().exclude(pk=keeps.pk).first()
    kept, moved = using(keeps), using(goes)
    page = maja.get(f"{address}{goes.pk}/delete/", headers=HTMX).content.decode()
    assert "Nothing: they keep it" in page
    assert "In use by:" in page
    assert maja.post(f"{address}{keeps.pk}/delete/", {"replacement": "keep"}, headers=HTMX).status_code == 200
    answer = maja.post(f"{address}{goes.pk}/delete/", {"replacement": other.pk}, headers=HTMX).content.decode()
    assert f"{goes.name} deleted. 1 " in answer
    assert other.name in answer
    assert (item_of(kept), item_of(moved)) == (keeps.name, other.name)
    assert SettingsChange.objects.first().after == {"archived": True, "replaced_by": other.name}


def test_c4_the_message_names_what_happened(maja, category):
    for _ in range(3):
        CompanyFactory(category=category["Partner"])
    CompanyFactory(category=category["Partner"], archived_at="2026-01-01T00:00Z")
    html = maja.get(f"{CATEGORIES}{category['Partner'].pk}/delete/").content.decode()
    assert "4 companies, 1 of them archived" in html
    answer = maja.post(f"{CATEGORIES}{category['Partner'].pk}/delete/", {"replacement": category["Other"].pk}, headers=HTMX)
    assert "Partner deleted. 4 companies are now Other." in answer.content.decode()


@each_list
def test_c4_what_to_do_with_what_uses_it_is_never_guessed(maja, address, model):
    item = last(model)
    using(item)
    assert maja.post(f"{address}{item.pk}/delete/", headers=HTMX).status_code == 422
    assert model.objects.get(pk=item.pk).archived_at is None


@each_list
@pytest.mark.parametrize("wrong", ["itself", "deleted", "0", "x", "²", "99999999999999999999999", "\x00", "-1"])
def test_a_replacement_that_is_none_is_a_422_with_the_form(maja, address, model, wrong):
    item, other = model.objects.active().order_by("-position")[:2]
    record = using(item)
    plain(model).filter(pk=other.pk).update(archived_at="2026-01-01T00:00Z")
    sent = {"itself": item.pk, "deleted": other.pk}.get(wrong, wrong)
    response = maja.post(f"{address}{item.pk}/delete/", {"replacement": sent}, headers=HTMX)
    assert response.status_code == 422
    assert "That is no longer in the list. Choose another one" in response.content.decode()
    assert (item_of(record), model.objects.get(pk=item.pk).archived_at) == (item.name, None)


def test_a_reason_of_a_lost_sale_is_not_replaced_by_one_of_a_won_sale(maja):
    lost, won = SaleReason.objects.get(name="Price"), SaleReason.objects.get(name="Best solution")
    using(lost)
    assert maja.post(f"{REASONS}{lost.pk}/delete/", {"replacement": won.pk}, headers=HTMX).status_code == 422


@each_list
@headers
def test_deleting_twice_deletes_once_and_says_so(maja, address, model, headers):
    item = last(model)
    maja.post(f"{address}{item.pk}/delete/")
    again = maja.post(f"{address}{item.pk}/delete/", headers=headers)
    assert again.status_code == (409 if headers else 302)
    moved = maja.post(f"{address}{item.pk}/move/", {"direction": "up"}, headers=headers)
    assert moved.status_code == (409 if headers else 302)
    assert SettingsChange.objects.count() == 1


def test_c4_what_still_has_a_deleted_item_can_be_moved_from_it_later(maja, category):
    company = CompanyFactory(category=category["Partner"])
    url = f"{CATEGORIES}{category['Partner'].pk}/delete/"
    maja.post(url, {"replacement": "keep"})
    html = maja.get(CATEGORIES, {"deleted": "1"}).content.decode()
    assert f'href="/companies/?category={category["Partner"].pk}"' in html
    assert "Replace “Partner”?" in maja.get(url).content.decode()
    assert maja.post(url, {"replacement": "keep"}, headers=HTMX).status_code == 422
    maja.post(url, {"replacement": category["Other"].pk})
    assert item_of(company) == "Other"


def test_after_deleting_focus_goes_to_the_next_item(maja):
    first, second, *_rest, bottom = SaleStage.objects.order_by("position")
    response = maja.post(f"{STAGES}{first.pk}/delete/", headers=HTMX)
    assert events(response)["focus:on"]["value"] == f"#item-{second.pk}"
    response = maja.post(f"{STAGES}{bottom.pk}/delete/", headers=HTMX)
    assert events(response)["focus:on"]["value"] != f"#item-{bottom.pk}"


def test_a_list_whose_items_are_all_deleted_says_so(maja):
    SaleStage.objects.update(archived_at="2026-01-01T00:00Z")
    assert "No items yet" in maja.get(STAGES).content.decode()
    assert "Qualification" in maja.get(STAGES, {"deleted": "1"}).content.decode()


# --------------------------------------------------------------------- default
@with_default
def test_c8_the_default_is_not_deleted_while_it_is_the_default(maja, address, model):
    item = model.objects.get(is_default=True)
    html = maja.get(f"{address}{item.pk}/delete/", headers=HTMX).content.decode()
    assert "so it cannot be deleted. Choose another default first." in html
    refused = maja.post(f"{address}{item.pk}/delete/", {"replacement": last(model).pk}, headers=HTMX)
    assert refused.status_code in (409, 422)
    assert model.objects.get(pk=item.pk).archived_at is None


@with_default
@headers
def test_c8_another_default_is_chosen_in_one_step_and_kept_in_the_log(maja, address, model, headers):
    old, new = model.objects.get(is_default=True), last(model)
    maja.post(f"{address}default/", {"item": new.pk}, headers=headers)
    assert model.objects.get(is_default=True) == new
    assert {(change.item_id, change.after["is_default"]) for change in SettingsChange.objects.all()} == {(old.pk, False), (new.pk, True)}
    maja.post(f"{address}default/", {"item": new.pk}, headers=headers)
    assert SettingsChange.objects.count() == 2
    assert maja.post(f"{address}{old.pk}/delete/", headers=HTMX).status_code == 200


@with_default
@pytest.mark.parametrize("wrong", ["deleted", "", "0", "x", "²"])
def test_c8_a_deleted_or_unknown_item_does_not_become_the_default(maja, address, model, wrong):
    old, item = model.objects.get(is_default=True), last(model)
    plain(model).filter(pk=item.pk).update(archived_at="2026-01-01T00:00Z")
    assert maja.post(f"{address}default/", {"item": item.pk if wrong == "deleted" else wrong}, headers=HTMX).status_code == 422
    assert model.objects.get(is_default=True) == old


@with_default
def test_c8_the_default_is_chosen_while_editing_too_or_with_a_new_item(maja, address, model):
    item = last(model)
    values = {"name": item.name, "colour": "grey", **OWN[address]}
    edit(maja, f"{address}{item.pk}/", **values, make_default="on")
    assert model.objects.get(is_default=True) == item
    assert "make_default" not in maja.get(f"{address}{item.pk}/").context["form"].fields
    edit(maja, f"{address}{item.pk}/", **values)  # leaving it out takes nothing away
    maja.post(f"{address}new/", {**TYPED, **OWN[address], "make_default": "on"})
    assert model.objects.get(is_default=True).name == "Trial"


# --------------------------------------------------------------------- C5: use
@each_list
def test_c5_an_item_shows_how_many_use_it_with_a_link_to_just_those(maja, address, model):
    item, other = model.objects.active().order_by("-position")[:2]
    mine, _theirs = using(item), using(other)
    rows = {row["item"].pk: row["uses"][-1] for row in maja.get(address).context["rows"]}
    [shown] = rows[item.pk]
    assert shown.text == "1"
    found = maja.get(shown.url)
    assert [record.pk for record in found.context["found"].rows] == [mine.pk]
    assert item.name in found.content.decode()


def test_c5_a_category_names_the_rules_that_set_it(maja, category, status):
    rule("sale_won", category["Customer"])
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
    off = rule("sale_lost", category["Other"])
    type(off).objects.filter(pk=off.pk).update(is_enabled=False)
    rows = {str(row["item"]): [shown.text for shown in row["uses"][0]] for row in maja.get(CATEGORIES).context["rows"]}
    assert (rows["Customer"], rows["Other"], rows["Lead"]) == (["Sale won", "Lead status Qualified"], ["Sale lost (off)"], [])
    rows = {str(row["item"]): [shown.text for shown in row["uses"][0]] for row in maja.get(STATUSES).context["rows"]}
    assert rows["Qualified"] == ["Lead status set"]


@pytest.mark.parametrize(("url", "name"), [("/contacts/?lead_status=", "lead_status"), ("/sales/?stage=", "stage"), ("/sales/?reason=", "reason")])
def test_c5_the_filter_stands_above_the_list_and_can_be_taken_out(maja, url, name):
    model = {"lead_status": LeadStatus, "stage": SaleStage, "reason": SaleReason}[name]
    item = last(model)
    using(item)
    html = maja.get(f"{url}{item.pk}&q=").content.decode()
    assert f'id="filter-{name}" href="?q="' in html
    assert f'<input type="hidden" name="{name}" value="{item.pk}">' in html
    for nothing in ("x", "²", "0", "99999999999999999999999", "987654"):
        assert f'id="filter-{name}"' not in maja.get(f"{url}{nothing}").content.decode()


def test_c5_a_deleted_category_is_still_a_filter_that_says_its_name(maja, category):
    company = CompanyFactory(category=category["Partner"])
    CompanyCategory.objects.filter(name="Partner").update(archived_at="2026-01-01T00:00Z")
    found = maja.get("/companies/", {"category": category["Partner"].pk})
    assert [row.pk for row in found.context["found"].rows] == [company.pk]
    assert f'<option value="{category["Partner"].pk}" selected>Partner</option>' in found.content.decode()


@each_list
def test_c5_a_list_costs_as_many_statements_whatever_uses_its_items(maja, address, model):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            maja.get(address)
        return len(captured)

    cost()
    few = cost()
    for item in model.objects.active():
        using(item)
        using(item)
    assert cost() == few
