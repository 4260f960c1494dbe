"""The screens of preview, applying a rule and trying the rules."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from tests.browsers import HTMX
from tests.crm.writes import change
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory, rule
from tests.workflow.ledger import keep, latest, where
from workflow.models import AutomationRule, Batch, CategoryDecision
from workflow.views import preview as views

pytestmark = pytest.mark.django_db
PREVIEW, DIALOG, APPLY, TRY = (reverse(f"workflow:{name}") for name in ("preview", "preview-dialog", "preview-apply", "try"))


@pytest.fixture
def won():
    return [SaleFactory(title=f"Roof {number}", status="won") for number in range(3)]


def _html(response):
    return " ".join(response.content.decode().split())


def _form(acting, **values):
    """What the page's form sends for a saved rule."""
    ask = "on" if acting.ask_user else ""
    return {"trigger": acting.trigger, "category": acting.target_category_id, "ask": ask, "days": 90, "request_id": uuid.uuid4(), **values}


def test_it_lists_the_companies_that_a_saved_rule_would_move(maja, won, category):
    rule("sale_won", category["Customer"])
    page = _html(maja.get(PREVIEW, {"trigger": "sale_won"}))
    assert "It would move 3 companies" in page
    assert all(sale.company.name in page for sale in won)
    assert "The sale “Roof 0” was won." in page
    assert "Apply to existing companies" in page


def test_a_rule_that_is_off_or_not_saved_like_this_cannot_be_applied_from_here(maja, won, category):
    acting = rule("sale_won", category["Customer"])
    page = _html(maja.get(PREVIEW, {"trigger": "sale_won", "category": category["Partner"].pk}))
    assert "It would move 3 companies" in page
    assert "Apply to existing companies" not in page
    change("save", acting, is_enabled=False)
    assert "Apply to existing companies" not in _html(maja.get(PREVIEW, {"trigger": "sale_won"}))


def test_the_dialog_shows_the_rule_as_it_stands_in_the_form(maja, won, category):
    page = _html(maja.get(DIALOG, {"trigger": "sale_won", "prefix": "r1", "r1-category": category["Customer"].pk, "r1-ask": "on"}, headers=HTMX))
    assert "It would ask about 3 companies" in page
    assert "<dialog" in page


def test_it_says_what_would_stay_and_why_and_what_would_be_hidden(maja, won, category):
    ContactFactory(company=won[0].company)
    change("save", won[1].company, category=category["Partner"])
    page = _html(maja.get(PREVIEW, {"trigger": "sale_won", "category": category["Customer"].pk}))
    assert "1 company would stay, and why" in page
    assert "not a potential customer" in page
    assert "Lead status is hidden for 1 contact." in page


@pytest.mark.parametrize(
    "bad", [{"trigger": "nonsense"}, {"days": "7"}, {"category": "999999"}, {"category": "x"}, {"trigger": "lead_status_set", "status": "-1"}, {"go": "x"}]
)
def test_values_that_do_not_exist_do_no_harm(maja, won, bad):
    assert maja.get(PREVIEW, bad).status_code == 200
    assert maja.post(PREVIEW, bad).status_code == 200
    assert maja.get(DIALOG, {**bad, "prefix": "\0"}, headers=HTMX).status_code == 200
    assert maja.get(TRY, bad).status_code == 200


def test_another_rule_is_shown_as_it_is_saved(maja, won, category, status):
    rule("sale_won", category["Customer"])
    rule("sale_lost", category["Lost opportunity"], ask=True)
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    rule("lead_status_set", category["Partner"], lead_status=status["Contacting"])
    form = maja.get(PREVIEW, {"trigger": "sale_won"}).context["form"]
    other = maja.get(PREVIEW, {"trigger": "sale_lost", "for": form.shown_for, "category": category["Customer"].pk}).context["form"]
    assert (other.draft.target_id, other.draft.asks, other.is_saved) == (category["Lost opportunity"].pk, True, True)
    first = maja.get(PREVIEW, {"trigger": "lead_status_set", "for": other.shown_for, "category": category["Customer"].pk}).context["form"]
    second = {"trigger": "lead_status_set", "for": first.shown_for, "status": status["Contacting"].pk, "category": first.draft.target_id}
    assert maja.get(PREVIEW, second).context["form"].draft.target_id == category["Partner"].pk
    typed = {"trigger": "sale_won", "for": "sale_won:", "category": category["Partner"].pk}
    assert maja.get(PREVIEW, typed).context["form"].draft.target_id == category["Partner"].pk


def test_who_is_asked_is_kept_when_the_page_turns_q3(maja, won, category):
    page = _html(maja.post(PREVIEW, _form(rule("sale_won", category["Customer"], ask=True), whom="our-contact")))
    assert 'value="our-contact" checked' in page
    assert 'value="me" checked' not in page


def test_too_many_that_are_left_out_are_refused_in_words(maja, won, category):
    ids = ",".join(str(pk) for pk in range(10_000, 16_000))
    response = maja.post(APPLY, _form(rule("sale_won", category["Customer"]), left_out=ids))
    assert response.status_code == 409
    assert "More than 5,000 companies are left out." in _html(response)
    assert {where(sale.company) for sale in won} == {"Lead"}


def test_somebody_else_who_looks_at_it_does_not_go_on_with_it_and_can_stop_it(maja, administrator, won, category, monkeypatch, client):
    monkeypatch.setattr(views, "STEP", 1)
    maja.post(APPLY, _form(rule("sale_won", category["Customer"], ask=True)))
    batch = Batch.objects.get(kind="backfill")
    other = UserFactory(groups=[Group.objects.get(name="Administrator")])
    client.force_login(other)
    page = _html(client.get(batch.get_absolute_url()))
    assert "Maja Lindholm began this." in page
    assert "load delay" not in page
    assert "Not finished" in _html(client.get(reverse("workflow:batches")))
    step = reverse("workflow:batch-apply", args=[batch.pk])
    client.post(step)
    asked = CategoryDecision.objects.filter(batch=batch)
    assert {(decision.asked_of, decision.caused_by) for decision in asked} == {(administrator, administrator)}  # as if Maja had gone on
    client.post(step, {"stop": "1"})
    assert "It ended at 2 of 3 companies" in _html(client.get(batch.get_absolute_url()))
    assert asked.count() == 2


def test_turning_the_page_keeps_who_was_left_out(maja, won, category, monkeypatch):
    monkeypatch.setattr(views, "SIZE", 1)
    acting = rule("sale_won", category["Customer"], ask=True)
    first = maja.get(PREVIEW, {"trigger": "sale_won"})
    shown = first.context["entries"][0]["company"].pk
    second = maja.post(PREVIEW, _form(acting, shown=shown, go=first.context["go_on"]))
    assert second.context["first"] == 2
    assert second.context["left_out"] == {shown}
    back = maja.post(
        PREVIEW,
        _form(
            acting,
            left_out=shown,
            shown=second.context["entries"][0]["company"].pk,
            chosen=second.context["entries"][0]["company"].pk,
            go=second.context["go_back"],
        ),
    )
    assert f'id="chosen-{shown}" name="chosen" value="{shown}">' in _html(back)


def test_applying_moves_all_but_those_that_were_left_out(maja, won, category):
    acting = rule("sale_won", category["Customer"])
    out = won[0].company_id
    response = maja.post(APPLY, _form(acting, shown=[out, won[1].company_id], chosen=[won[1].company_id]))
    batch = Batch.objects.get(kind="backfill")
    assert response.url == batch.get_absolute_url()
    assert [where(sale.company) for sale in won] == ["Lead", "Customer", "Customer"]
    page = _html(maja.get(batch.get_absolute_url()))
    assert "2 companies were moved" in page
    assert "Undo for 2 companies" in page


def test_with_htmx_it_leads_to_the_page_of_the_batch(maja, won, category):
    response = maja.post(APPLY, _form(rule("sale_won", category["Customer"])), headers=HTMX)
    assert response.headers["HX-Redirect"] == Batch.objects.get(kind="backfill").get_absolute_url()


def test_a_double_click_applies_once(maja, won, category):
    form = _form(rule("sale_won", category["Customer"]))
    assert maja.post(APPLY, form).url == maja.post(APPLY, form).url
    assert Batch.objects.filter(kind="backfill").count() == 1
    assert CategoryDecision.objects.filter(trigger="backfill").count() == 3


def test_a_rule_that_a_colleague_changed_is_not_applied_and_the_page_says_so(maja, won, category):
    form = _form(rule("sale_won", category["Customer"]))
    AutomationRule.objects.update(target_category=category["Partner"])
    response = maja.post(APPLY, form)
    assert response.status_code == 409
    assert "Only a rule that is saved like this, and on, can be applied. Nothing was changed." in _html(response)
    assert {where(sale.company) for sale in won} == {"Lead"}


def test_what_it_asks_is_one_list_under_confirmations_q6(maja, won, category):
    rule("sale_registered", category["Opportunity"], ask=True)
    SaleFactory()  # another question, of nobody
    maja.post(APPLY, _form(rule("sale_won", category["Customer"], ask=True)))
    batch = Batch.objects.get(kind="backfill")
    page = _html(maja.get(batch.get_absolute_url()))
    assert "3 questions wait for an answer" in page
    assert "Withdraw the questions" in page
    assert len(maja.get(reverse("workflow:confirmations"), {"batch": batch.pk}).context["questions"]) == 3
    assert "3 questions that nobody has answered would be withdrawn" in page
    response = maja.post(reverse("workflow:batch-undo", args=[batch.pk]), follow=True)
    assert [str(message) for message in response.context["messages"]] == ["3 questions withdrawn"]
    assert "3 questions were withdrawn, or made no sense any more" in _html(response)
    assert "Applied: Update category when a sale is won → Customer" in _html(maja.get(reverse("workflow:batches")))


def test_a_long_one_goes_on_from_its_page(maja, won, category, monkeypatch):
    monkeypatch.setattr(views, "STEP", 1)
    maja.post(APPLY, _form(rule("sale_won", category["Customer"])))
    batch = Batch.objects.get(kind="backfill")
    assert "1 of 3 companies are done" in _html(maja.get(batch.get_absolute_url()))
    assert "Undo for" not in _html(maja.get(batch.get_absolute_url()))
    step = reverse("workflow:batch-apply", args=[batch.pk])
    assert "2 of 3 companies are done" in _html(maja.post(step, headers=HTMX))
    maja.post(step)
    assert "3 companies were moved" in _html(maja.get(batch.get_absolute_url()))


def test_a_batch_that_is_no_applied_rule_cannot_be_gone_on_with(maja, administrator):
    batch = Batch.objects.create(token=uuid.uuid4(), kind="import", user=administrator)
    assert maja.post(reverse("workflow:batch-apply", args=[batch.pk])).status_code == 404


def test_try_it_finds_a_company_by_a_part_of_its_name(maja):
    company = CompanyFactory(name="Ærø Skibsbyg")
    assert company.name in _html(maja.get(TRY, {"q": "ærø"}))
    assert "No company has this in its name." in _html(maja.get(TRY, {"q": "zzz"}))


def test_try_it_reads_each_rules_answer_in_order_with_its_reason_a4(maja, category, status):
    rule("sale_registered", category["Opportunity"])
    rule("sale_won", category["Customer"], ask=True)
    AutomationRule.objects.create(trigger="sale_lost", target_category=category["Lost opportunity"])
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    company = CompanyFactory(name="Fjordbo")
    answers = maja.get(TRY, {"company": company.pk, "event": "registered-won"}).context["answers"]
    assert [(answer.rule.trigger, answer.text) for answer in answers] == [
        ("sale_won", "Asks whoever does it whether Fjordbo is to move from Lead to Customer."),
        ("sale_lost", "The rule is off."),
        ("lead_status_set", "The rule is about something else."),
        ("sale_registered", "Skipped: another cause acted in the same save."),
    ]


def test_try_it_says_why_a_customer_stays_a2(maja, category):
    rule("sale_won", category["Opportunity"])
    company = CompanyFactory(name="Fjordbo", category=category["Customer"])
    page = _html(maja.get(TRY, {"company": company.pk, "event": "won"}))
    assert "Skipped: Fjordbo is Customer, and rules only move potential customers." in page
    assert "Fjordbo stays Customer." in page


def test_try_it_with_a_sale_that_was_declined_for_says_so_q5(maja, category, administrator):
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory(status="won")
    keep(latest(outcome="waiting"))
    answers = maja.get(TRY, {"company": sale.company_id, "event": "won", "sale": sale.pk}).context["answers"]
    assert answers[0].text == "Skipped: Customer was declined for the same cause before."


@pytest.mark.parametrize("size", [1, 30])
def test_the_page_costs_the_same_whatever_their_number(maja, category, size, django_assert_max_num_queries):
    SaleFactory.create_batch(size, status="won")
    with django_assert_max_num_queries(22):
        maja.get(PREVIEW, {"trigger": "sale_won", "category": category["Customer"].pk})
