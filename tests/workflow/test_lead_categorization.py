"""Settings, Workflow, Lead categorization over HTTP: four toggles and one Save (A1, W1, W2)."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from crm.models import CompanyCategory, SettingsChange
from leads.models import LeadStatus
from tests.browsers import HTMX
from tests.factories import rule
from tests.workflow.rules_form import URL, fields_of, rows_saved, save, saved, version
from workflow.models import RULES_AREA, AutomationRule, WorkflowSettings

pytestmark = pytest.mark.django_db

TRIGGERS = ["sale_won", "sale_lost", "sale_registered", "lead_status_set"]
LABELS = {
    "en": [
        "Update category when a sale is won", "Update category when a sale is lost",
        "Update category when a sale is registered with the company", "Update category when a lead status is set to",
    ],
    "da": [
        "Opdater kategori, når et salg er vundet", "Opdater kategori, når et salg er tabt",
        "Opdater kategori, når et salg registreres hos firmaet", "Opdater kategori, når en leadstatus er indstillet til",
    ],
}  # fmt: skip
OPTIONS = {
    "en": [
        "Lead categorization",
        "Set category to",
        "Ask for user confirmation before updating",
        "Runs when a sale is linked to the company.",
        "Save",
        "Cancel",
    ],
    "da": [
        "Leadkategorisering",
        "Indstil kategori til",
        "Bed om brugerbekræftelse før opdatering",
        "Kører, når et salg knyttes til firmaet.",
        "Gem",
        "Annuller",
    ],
}


# ---------------------------------------------------------------------- shown
@pytest.mark.parametrize("language", ["en", "da"])
def test_w1_one_screen_has_the_four_toggles_in_order_with_their_labels(maja, administrator, language):
    administrator.language = language
    administrator.save()
    html = maja.get(URL).content.decode()
    assert re.findall(r'class="rule__label"[^>]*>([^<]+)<', html) == LABELS[language]
    assert [words for words in OPTIONS[language] if words not in html] == []
    assert html.count(OPTIONS[language][1]) == html.count(OPTIONS[language][2]) == 4
    assert len(re.findall(r'role="switch"', html)) == 4
    assert not re.findall(r'role="switch"[^>]*checked', html)


def test_every_category_of_every_group_may_be_a_target(maja):
    html = re.search(r'<select[^>]*id="r1-cat".*?</select>', maja.get(URL).content.decode(), re.DOTALL)[0]
    assert re.findall(r'optgroup label="([^"]+)"', html) == ["Potential customer", "Customer", "Partner", "Lost", "Other"]
    assert [name for name in CompanyCategory.objects.values_list("name", flat=True) if f">{name}</option>" not in html] == []


def test_it_says_so_when_no_rule_can_run(maja):
    words = "No category belongs to Potential customer, so no rule can run."
    assert words not in maja.get(URL).content.decode()
    CompanyCategory.objects.update(group="customer", lead_status_enabled=False)
    assert words in maja.get(URL).content.decode()


def test_without_javascript_save_is_never_a_dead_end(maja, customer):
    for html in (maja.get(URL).content.decode(), save(maja, headers={}, r1_enabled="on").content.decode()):
        assert "disabled" not in re.search(r'<button[^>]*id="rules-save"[^>]*>', html)[0]


# ----------------------------------------------------------------------- saved
@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("ask", [{}, {"ask": "on"}], ids=["silent", "asking"])
def test_w1_a_rule_is_switched_on(maja, administrator, status, customer, trigger, ask):
    prefix = f"r{TRIGGERS.index(trigger) + 1}_"
    values = {"enabled": "on", "category": customer, **ask, **({"status": status["Qualified"].pk} if trigger == "lead_status_set" else {})}
    response = save(maja, **{prefix + name: value for name, value in values.items()})
    assert response.status_code == 200
    assert "Settings saved" in response.content.decode()
    assert "<html" not in response.content.decode()
    assert saved(trigger) == (True, "Customer", bool(ask), "Qualified" if trigger == "lead_status_set" else None)
    settings = WorkflowSettings.objects.get()
    assert (settings.version, settings.saved_by, settings.lead_status_rules_on) == (2, administrator, trigger == "lead_status_set")
    log = SettingsChange.objects.get()
    assert (log.area, log.by, log.after["is_enabled"]) == ("lead-categorization", administrator, True)
    assert AutomationRule.objects.exclude(trigger=trigger).filter(is_enabled=True).count() == 0


def test_without_javascript_saving_leads_back_to_the_page_that_says_it(maja, customer):
    response = maja.post(URL, {"version": 1, "r1-enabled": "on", "r1-category": customer}, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    assert "Settings saved" in response.content.decode()
    assert re.findall(r'role="switch" id="(r\d)"[^>]*checked', response.content.decode()) == ["r1"]


def test_w1_off_keeps_the_options(maja, status, customer):
    save(maja, r1_enabled="on", r1_category=customer, r1_ask="on", r4_enabled="on", r4_status=status["Qualified"].pk, r4_category=customer)
    save(maja, r1_category=customer, r1_ask="on", r4_status=status["Qualified"].pk, r4_category=customer)
    assert (saved(), saved("lead_status_set")) == ((False, "Customer", True, None), (False, "Customer", False, "Qualified"))
    html = maja.get(URL).content.decode()
    assert len(re.findall(rf'value="{customer}" selected', html)) == 2
    assert re.search(r'id="r1-ask"[^>]*checked', html)


def test_the_version_moves_only_when_something_changed(maja, customer):
    seen = []
    for values in (
        {},
        {"r1_enabled": "on", "r1_category": customer},
        {"r1_enabled": "on", "r1_category": customer},
        {"r1_category": customer},
        {"r1_category": customer},
    ):
        assert save(maja, **values).status_code == 200
        seen.append(version())
    assert seen == [1, 2, 2, 3, 3]
    assert SettingsChange.objects.count() == 2
    assert AutomationRule.objects.count() == 1


# ------------------------------------------------------------------ W2: refused
def _error_words(html, what):
    what = what.replace("r4-", "r4-1-")
    return re.search(rf'id="{what}-err"[^>]*>.*?<span data-kind="empty"[^>]*>([^<]+)</span>', html)[1]


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize(("trigger", "number"), [(trigger, number) for number, trigger in enumerate(TRIGGERS, 1)])
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["fragment", "page"])
def test_w2_an_incomplete_rule_is_a_422_with_the_words_the_page_itself_would_have_used(maja, administrator, customer, language, trigger, number, headers):
    administrator.language = language
    administrator.save()
    parts = ["cat", "st"] if trigger == "lead_status_set" else ["cat"]
    before = [_error_words(maja.get(URL).content.decode(), f"r{number}-{part}") for part in parts]
    other = 1 if number != 1 else 2
    row = f"r{number}-1" if number == 4 else f"r{number}"
    response = save(maja, headers, **{f"r{number}_enabled": "on", f"r{number}_ask": "on", f"r{other}_category": customer})
    html = response.content.decode()
    assert response.status_code == 422
    assert [_error_words(html, f"r{number}-{part}") for part in parts] == before
    assert [html.count(words) >= 2 for words in before] == [True] * len(parts), "in the summary and at the field"
    assert f'href="#{row}-cat"' in html
    assert re.findall(r'role="switch" id="(r\d)"[^>]*checked', html) == [f"r{number}"]
    assert re.search(rf'id="{row}-ask"[^>]*checked', html)
    assert f'value="{customer}" selected' in html
    assert (version(), AutomationRule.objects.count(), SettingsChange.objects.filter(area=RULES_AREA).count()) == (1, 0, 0)


def test_w2_one_incomplete_rule_holds_back_the_others(maja, customer):
    assert save(maja, r1_enabled="on", r1_category=customer, r2_enabled="on").status_code == 422
    assert not AutomationRule.objects.exists()


def test_w2_rule_4_needs_a_lead_status_as_well(maja, customer):
    html = save(maja, r4_enabled="on", r4_category=customer).content.decode()
    assert "Select a lead status, or turn the rule off" in html
    assert f'value="{customer}" selected' in html


@pytest.mark.parametrize(
    ("model", "name", "field", "words"),
    [
        (CompanyCategory, "Partner", "r4_category", "This category has been deleted. Select another one."),
        (LeadStatus, "Qualified", "r4_status", "This lead status has been deleted. Select another one."),
    ],
)
def test_w2_what_has_been_deleted_meanwhile_is_a_422_that_says_so(maja, status, customer, model, name, field, words):
    model.objects.filter(name=name).update(archived_at=timezone.now())
    values = {"r4_enabled": "on", "r4_category": customer, "r4_status": status["Contacting"].pk, field: model.objects.get(name=name).pk}
    response = save(maja, **values)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not AutomationRule.objects.exists()


@pytest.mark.parametrize("value", ["x", "²", "-1", "0", "99999999999999999999999", "\x00"])
@pytest.mark.parametrize("field", ["r1_category", "r4_category", "r4_status"])
def test_w2_an_unknown_item_is_a_422_and_nothing_is_saved(maja, status, customer, field, value):
    values = {"r1_enabled": "on", "r1_category": customer, "r4_enabled": "on", "r4_category": customer, "r4_status": status["Qualified"].pk, field: value}
    assert save(maja, **values).status_code == 422
    assert not AutomationRule.objects.exists()


def test_a_saved_rule_whose_category_is_deleted_shows_as_incomplete(maja, category):
    """W2: it is named, so that one knows what it was, and another one is asked for."""
    rule("sale_won", category["Partner"])
    CompanyCategory.objects.filter(name="Partner").update(archived_at=timezone.now())
    html = maja.get(URL).content.decode()
    select = re.search(r'<select[^>]*id="r1-cat".*?</select>', html, re.DOTALL)[0]
    assert re.search(r"selected data-deleted>Partner \(deleted\)<", select)
    assert 'aria-invalid="true"' in select
    assert re.search(r'id="r1-cat-err">.*?<span data-kind="deleted">This category has been deleted. Select another one.', html)
    assert 'class="savebar" data-state="invalid"' in html
    assert maja.post(URL, fields_of(html)).status_code == 422
    assert saved()[:2] == (True, "Partner")


def test_w1_a_rule_that_is_off_keeps_a_deleted_category_until_it_is_switched_on(maja, category, status):
    rule("sale_won", category["Partner"])
    rule("lead_status_set", category["Partner"], lead_status=status["Qualified"])
    AutomationRule.objects.update(is_enabled=False)
    CompanyCategory.objects.filter(name="Partner").update(archived_at=timezone.now())
    LeadStatus.objects.filter(name="Qualified").update(archived_at=timezone.now())
    sent = fields_of(maja.get(URL).content.decode())
    assert maja.post(URL, {**sent, "r1-ask": "on"}).status_code == 302
    assert (saved(), rows_saved()) == ((False, "Partner", True, None), [("Qualified", "Partner", False, False)])
    refused = maja.post(URL, {**sent, "r4-enabled": "on"})
    assert refused.status_code == 422
    assert refused.context["form"].errors == [
        ("r4-1-st", "When a lead status is set to Qualified: This lead status has been deleted. Select another one."),
        ("r4-1-cat", "When a lead status is set to Qualified: This category has been deleted. Select another one."),
    ]


# ---------------------------------------------------------------------- rights
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["fragment", "page"])
def test_a_salesperson_is_a_403_and_saves_nothing(client, salesperson, customer, headers):
    client.force_login(salesperson)
    response = save(client, headers, r1_enabled="on", r1_category=customer)
    assert response.status_code == 403
    assert "Only administrators can open Settings and maintenance." in response.content.decode()
    assert not AutomationRule.objects.exists()


def test_an_administrator_who_is_one_no_longer_is_a_403(maja, administrator, customer):
    administrator.groups.clear()
    assert save(maja, r1_enabled="on", r1_category=customer).status_code == 403
