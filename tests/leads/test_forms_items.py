"""Lead forms name a category and a lead status: the lists show them, and an item goes only when something takes its place (C4, C5)."""

from __future__ import annotations

import re

import pytest

from crm.models import CompanyCategory
from leads.models import LeadForm
from tests.browsers import HTMX
from tests.factories import LeadFormFactory
from tests.leads.editor import at, logged, save, sent

pytestmark = pytest.mark.django_db
CATEGORIES, STATUSES = "/settings/lists/company-categories/", "/settings/lists/lead-statuses/"


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def offered(response) -> set[str]:
    return set(re.findall(r'<option value="\d+"[^>]*>([^<]+)</option>', response.content.decode()))


def used_by(client, url, label="Lead forms"):
    context = client.get(url).context
    place = [str(one) for one in context["uses"]].index(label)
    return {str(row["item"]): [shown.text for shown in row["uses"][place]] for row in context["rows"] if row["uses"][place]}


def test_c5_categories_and_lead_statuses_name_the_forms_that_use_them(maja, category, status):
    LeadFormFactory(title="Sol", category=category["Lead"], lead_status=status["Contacting"])
    LeadFormFactory(title="Vind", category=category["Lead"], is_on=False)
    LeadFormFactory(title="Gammel", category=category["Lead"], is_on=False, archived_at="2026-01-01T00:00Z")
    assert used_by(maja, CATEGORIES) == {"Lead": ["Sol", "Vind (off)"]}
    assert used_by(maja, STATUSES) == {"Contacting": ["Sol"]}


def test_c4_a_category_of_a_form_needs_a_replacement_with_lead_status_and_the_dialog_says_why(maja, category):
    form = LeadFormFactory(title="Sol", category=category["Opportunity"])
    gone = LeadFormFactory(title="Gammel", category=category["Opportunity"], is_on=False, archived_at="2026-01-01T00:00Z")
    url = f"{CATEGORIES}{category['Opportunity'].pk}/delete/"
    page = maja.get(url, headers=HTMX)
    assert "2 lead forms: Gammel (deleted), Sol" in text_of(page)
    assert "Lead forms need a category with lead status enabled" in text_of(page)
    assert offered(page) == {"Lead", "Marketing qualified lead"}
    for wrong in ("keep", "", category["Customer"].pk):
        assert maja.post(url, {"replacement": wrong}, headers=HTMX).status_code == 422
    response = maja.post(url, {"replacement": category["Lead"].pk}, headers=HTMX)
    assert "2 lead forms now use Lead." in text_of(response)
    assert {one.category.name for one in (LeadForm.objects.get(pk=form.pk), LeadForm.objects.get(pk=gone.pk))} == {"Lead"}
    assert logged(form) == ({"category": category["Opportunity"].pk}, {"category": category["Lead"].pk})
    assert LeadForm.objects.get(pk=form.pk).version == 2


def test_c4_what_no_form_uses_is_replaced_by_anything_as_before(maja, category):
    page = maja.get(f"{CATEGORIES}{category['Partner'].pk}/delete/", headers=HTMX)
    assert "lead form" not in text_of(page)


def test_c4_a_replacement_that_loses_its_lead_status_between_look_and_click_is_refused(maja, category):
    form = LeadFormFactory(category=category["Opportunity"])
    CompanyCategory.objects.filter(name="Marketing qualified lead").update(lead_status_enabled=False)
    response = maja.post(f"{CATEGORIES}{form.category_id}/delete/", {"replacement": category["Marketing qualified lead"].pk}, headers=HTMX)
    assert response.status_code == 422
    assert LeadForm.objects.get().category == category["Opportunity"]


def test_c4_a_lead_status_of_a_form_is_replaced(maja, status):
    form = LeadFormFactory(title="Sol", lead_status=status["Contacting"])
    url = f"{STATUSES}{status['Contacting'].pk}/delete/"
    assert "1 lead form: Sol" in text_of(maja.get(url, headers=HTMX))
    assert maja.post(url, {"replacement": "keep"}, headers=HTMX).status_code == 422
    assert maja.post(url, {"replacement": status["Qualified"].pk}, headers=HTMX).status_code == 200
    assert LeadForm.objects.get().lead_status == status["Qualified"]
    assert logged(form) == ({"lead_status": status["Contacting"].pk}, {"lead_status": status["Qualified"].pk})


def test_c3_before_lead_status_is_switched_off_the_forms_are_named(maja, category):
    LeadFormFactory(title="Sol", category=category["Lead"])
    assert "1 lead form puts new companies here: Sol" in text_of(maja.get(f"{CATEGORIES}{category['Lead'].pk}/", headers=HTMX))
    assert "puts new companies here" not in text_of(maja.get(f"{CATEGORIES}{category['Customer'].pk}/", headers=HTMX))


def test_c4_a_category_that_was_replaced_while_the_editor_was_open_is_asked_for_again(maja, karen, category):
    form = LeadFormFactory(title="Sol", category=category["Opportunity"])
    page = maja.get(at(form)).content.decode()
    karen.post(f"{CATEGORIES}{category['Opportunity'].pk}/delete/", {"replacement": category["Lead"].pk})
    response = maja.post(at(form), sent(page, title="Vind"))
    assert response.status_code == 422
    assert "no longer in the list" in text_of(response)
    assert save(maja, form, title="Vind").status_code == 302
    assert LeadForm.objects.get().category == category["Lead"]


def test_i1_django_s_admin_shows_forms_and_changes_none(client, administrator):
    administrator.is_staff = administrator.is_superuser = True
    administrator.save()
    client.force_login(administrator)
    form = LeadFormFactory(title="Sol")
    assert "Sol" in text_of(client.get("/admin/leads/leadform/"))
    assert client.get(f"/admin/leads/leadform/{form.pk}/change/").status_code == 200
    assert client.get("/admin/leads/leadformfield/").status_code == 200
    assert client.post(f"/admin/leads/leadform/{form.pk}/change/", {"title": "Vind"}).status_code == 403
