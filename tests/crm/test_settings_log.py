"""The settings log in words: what was changed, in the reader's language, whatever screen it was."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone, translation
from django.utils.html import strip_tags

from crm import log, slots
from crm.actor import acting_as
from crm.models import CompanyCategory, SettingsChange, User
from leads.models import LeadStatus
from tests.budgets import statements
from tests.crm.writes import plain
from tests.factories import UserFactory, rule

pytestmark = pytest.mark.django_db


def _record(area="company-categories", item="Lead", item_id=None, before=None, after=None):
    SettingsChange.record(area=area, item=item, item_id=item_id, before=before or {}, after=after or {})


def _told(language="en"):
    """Each line, newest first: item, and what was done to it."""
    with translation.override(language):
        found = log.lines(list(SettingsChange.objects.select_related("by")))
        return [(line.item, line.is_new, [" ".join(filter(None, (step.label, step.before, step.after))) for step in line.steps]) for line in found]


# ------------------------------------------------------------------------- in words
def test_a_category_is_told_by_its_labels_choices_and_groups(maja, category):
    item = category["Opportunity"]
    form = maja.get(f"/settings/lists/company-categories/{item.pk}/").context["form"]
    values = {"seen": form["seen"].value(), "name": "Chance", "group": "customer", "colour": "red", "description": ""}
    assert maja.post(f"/settings/lists/company-categories/{item.pk}/", values).status_code == 302
    told = _told()[0]
    assert told[:2] == ("Chance", False)
    assert {"Name Opportunity Chance", "Category group Potential customer Customer", "Lead status On Off", "Colour Violet Red"} <= set(told[2])
    assert "Kategorigruppe Potentiel kunde Kunde" in _told("da")[0][2]


def test_a_rule_is_told_in_the_readers_language_with_names_for_keys(category, status, administrator):
    with acting_as(administrator):
        made = rule("lead_status_set", category["Customer"], lead_status=status["Qualified"])
        made.target_category, made.is_enabled = category["Partner"], False
        made.save()
    title = "Update category when a lead status is set to Qualified"
    changed, added = _told()
    assert added == (title, True, ["Lead status Qualified", "Set category to Customer", "Rule is on On"])
    assert changed == (title, False, ["Set category to Customer Partner", "Rule is on On Off"])
    assert _told("da")[0] == (
        "Opdater kategori, når en leadstatus er indstillet til Qualified",
        False,
        ["Indstil kategori til Customer Partner", "Regel aktiv Til Fra"],
    )


def test_a_rule_that_was_removed_and_brought_back_reads_as_that(category):
    made = rule("sale_won", category["Customer"])
    for moment in (timezone.now(), None):
        made.is_enabled, made.archived_at = False, moment
        made.save()
    assert [steps for _item, _new, steps in _told()][:2] == [["Brought back"], ["Removed", "Rule is on On Off"]]


def test_a_user_is_told_by_role_and_events(administrator, salesperson, colleague):
    from crm import users

    CompanyCategory.objects.get(name="Lead").companies.create(name="Fjordbo", our_contact=salesperson)
    users.deactivate(User.objects.get(pk=salesperson.pk), companies_to=colleague)
    users.change(User.objects.get(pk=colleague.pk), role="administrator")
    assert _told() == [
        ("Signe Bach", False, ["Role Salesperson Administrator"]),
        ("Jonas Krogh", False, ["Deactivated", "Who becomes our contact for their companies Signe Bach"]),
    ]


def test_a_new_lead_status_is_added_without_telling_what_is_empty_or_off(maja):
    maja.post("/settings/lists/lead-statuses/new/", {"name": "Meeting booked", "meaning": "qualified", "colour": "lime", "description": ""})
    ((item, is_new, steps),) = _told()
    assert (item, is_new) == ("Meeting booked", True)
    assert "Meaning Qualified" in steps
    assert not [step for step in steps if step.startswith(("Description", "Default"))]


def test_an_area_and_fields_that_nobody_knows_are_shown_all_the_same(maja):
    _record(area="sale-forecasts", item="Q3", item_id=7, before={"target_id": 3, "odd": None}, after={"target_id": 4, "odd": {"a": 1}})
    _record(item="Order", after={"order": ["Lead", "Customer"], "deleted": True})
    _record(item="Partner", item_id=1, before={"archived": False, "replaced_by": None}, after={"archived": True, "replaced_by": "Other"})
    _record(area="sale-stages", item="Offer", item_id=1, before={"position": 1, "probability": 10}, after={"position": 2, "probability": 0})
    _record(item="Lead", item_id=1, before={"archived_at": None}, after={"archived_at": "2026-03-02T09:00:00+00:00"})
    _record(item="Lead", item_id=1, before={"reminder": None}, after={"reminder": "2026-03-02T09:00:00+00:00"})
    assert [steps for _item, _new, steps in _told()] == [
        ["Reminder empty 2 Mar 2026, 10:00"], ["Deleted"], ["Order 1 2", "Probability 10 0"], ["Deleted", "Replaced by Other"],
        ["Deleted", "Order Lead, Customer"], ["Odd empty {'a': 1}", "Target 3 4"],
    ]  # fmt: skip
    page = maja.get("/settings/log/").content.decode()
    assert "Sale forecasts" in page


def test_what_no_longer_exists_is_told_by_its_number_and_links_nowhere(maja, category):
    _record(area="lead-categorization", item="Rule: x", item_id=999, before={"target_category_id": 888}, after={"target_category_id": category["Lead"].pk})
    assert _told() == [("Rule: x", False, ["Set category to no. 888, which no longer exists Lead"])]
    assert "Rule: x" in maja.get("/settings/log/").content.decode()


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "x" * 5000, -1, 1.5, [1, [2]], {"a": None}, "2026-13-45T99:99:99", "\u202e"])
def test_no_kept_value_breaks_the_page(maja, value):
    for key in ("group", "name", "position", "is_default", "target_category_id", "role"):
        for area in slots.settings_areas:
            _record(area=area, item_id=1, before={key: value, "z": 1}, after={key: value, "z": 2})
            _record(area=area, item_id=1, before={key: None}, after={key: value})
    page = maja.get("/settings/log/")
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


# ----------------------------------------------------------------- filters and paging
@pytest.fixture
def several(administrator, salesperson):
    """Three changes of two people on two screens and days."""
    for days, who, area in ((0, administrator, "users"), (2, salesperson, "company-categories"), (9, administrator, "company-categories")):
        with acting_as(who):
            _record(area=area, item=f"{days} days ago", before={"name": "a"}, after={"name": "b"})
        SettingsChange.objects.filter(item=f"{days} days ago").update(at=timezone.now() - dt.timedelta(days=days))


def _items(response):
    return [line.item for line in response.context["lines"]]


def _day(days):
    return (timezone.localdate() - dt.timedelta(days=days)).isoformat()


def test_the_log_is_filtered_by_screen_person_and_period(maja, several, administrator, salesperson):
    assert _items(maja.get("/settings/log/?screen=company-categories")) == ["9 days ago", "2 days ago"]
    assert _items(maja.get(f"/settings/log/?person={salesperson.pk}")) == ["2 days ago"]
    assert _items(maja.get(f"/settings/log/?from={_day(2)}&to={_day(1)}")) == ["2 days ago"]
    assert _items(maja.get(f"/settings/log/?to={_day(2)}")) == ["9 days ago", "2 days ago"]
    assert _items(maja.get(f"/settings/log/?screen=users&person={salesperson.pk}")) == []


@pytest.mark.parametrize(
    "query", ["person=x", "from=x&to=9999-12-31", "from=2026-02-31", "page=x", "person=%00&from=%00&to=0001-01-01", "person=99999999999999999999"]
)
def test_a_filter_that_is_none_is_ignored(maja, several, query):
    response = maja.get(f"/settings/log/?{query}")
    assert response.status_code == 200
    if "to=0001" not in query:
        assert len(_items(response)) == 3


def test_an_unknown_screen_has_no_changes_and_a_way_back(maja, several):
    page = maja.get("/settings/log/?screen=%00nowhere").content.decode()
    assert "No changes match these filters" in page
    assert "Clear filters" in page


def test_the_log_pages_by_next_and_previous_and_keeps_the_filter(maja, administrator):
    with acting_as(administrator):
        for number in range(60):
            _record(item=str(number), before={"name": "a"}, after={"name": "b"})
    first = maja.get("/settings/log/?screen=company-categories")
    assert _items(first) == [str(number) for number in range(59, 34, -1)]
    onward = re.search(r'href="(\?[^"]*)" *>Next', first.content.decode().replace("\n", ""))
    assert onward
    second = maja.get("/settings/log/" + onward[1].replace("&amp;", "&"))
    assert "screen=company-categories" in onward[1]
    assert _items(second)[0] == "34"
    back = re.search(r'href="(\?[^"]*)"[^>]*>(?:<svg.*?</svg>)?Previous', second.content.decode().replace("\n", ""))
    assert _items(maja.get("/settings/log/" + back[1].replace("&amp;", "&"))) == _items(first)


def test_an_empty_log_says_so(maja):
    assert "No changes yet" in maja.get("/settings/log/").content.decode()


def test_the_log_costs_the_same_for_10_and_100_changes(maja, administrator, category, status, monkeypatch):
    def grow(count):
        for number in range(count):
            made = LeadStatus.objects.create(name=f"{count} {number}")
            rule("lead_status_set", category["Customer"], lead_status=made)
            with acting_as(UserFactory()):
                _record(item_id=category["Lead"].pk, before={"group": "customer"}, after={"group": "lost"})

    monkeypatch.setattr("crm.paging.paginate.__kwdefaults__", {"size": 100})
    grow(5)
    few = statements(maja, "/settings/log/")
    grow(95)
    assert statements(maja, "/settings/log/") == few


# -------------------------------------------------------------------------- W0: help
def _screens():
    """URL names of every settings screen, and of each tab that has a page."""
    return {screen.key: screen for screen in slots.settings_screens}


@pytest.mark.parametrize("language", ["en", "da"])
def test_w0_every_settings_screen_has_its_help_in_both_languages(maja, administrator, language):
    administrator.language = language
    administrator.save(update_fields=["language"])
    for screen in slots.settings_screens:
        found = slots.help_of(screen.url_name)
        assert found, f"{screen.key} has no help text"
        page = strip_tags(maja.get(screen.url).content.decode())
        with translation.override(language):
            for text in (found.what, found.example, found.check):
                assert str(text) in page.replace("&#x27;", "'"), screen.key
            assert translation.gettext("How this works") in page


def test_w0_no_two_screens_share_their_help_and_danish_is_danish():
    texts = []
    for found in slots.helps.values():
        english = [str(text) for text in (found.what, found.example, found.check)]
        with translation.override("da"):
            danish = [str(text) for text in (found.what, found.example, found.check)]
        assert not set(english) & set(danish), found.key
        texts += english
    assert len(texts) == len(set(texts))


def test_w0_screens_that_are_still_to_come_have_their_help_ready():
    assert {"sale-stages", "sale-reasons"} <= slots.helps.keys()


def test_every_area_of_the_log_has_a_page_for_its_items(category, status, administrator):
    items = {"company-categories": category["Lead"].pk, "lead-statuses": status["Open"].pk, "users": administrator.pk, "lead-categorization": 1}
    assert {key: area.url(items[key]) for key, area in slots.settings_areas.items() if key in items}.keys() == items.keys()
    assert plain(SettingsChange).count() == 0
