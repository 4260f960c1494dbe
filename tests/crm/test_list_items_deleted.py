"""The four lists of Settings: an item is deleted, replaced where it is in use, and restored (C4)."""

from __future__ import annotations

import pytest

from crm.models import SaleReason, SaleStage, SettingsChange
from tests.browsers import HTMX, events
from tests.crm.list_items import CATEGORIES, REASONS, STAGES, each_list, headers, item_of, last, names, using
from tests.crm.writes import plain
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db


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
