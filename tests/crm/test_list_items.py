"""The four lists of Settings: add, edit, order, the default (C2, C3, C8, S1)."""

from __future__ import annotations

import pytest

from crm.models import SaleReason, SaleStage, SettingsChange
from tests.browsers import HTMX, events
from tests.crm.list_items import CATEGORIES, OWN, REASONS, STAGES, STATUSES, TYPED, each_list, edit, headers, last, names, using, with_default
from tests.crm.writes import plain

pytestmark = pytest.mark.django_db


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
