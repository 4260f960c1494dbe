"""Who is told that a suggestion waits for them, and what that says later (Q2, Q3, Q4)."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import translation

from crm.actor import acting_as, working
from crm.models import Notification, Sale, User
from crm.notifications import unread_of
from crm.telling import told_of
from tests.budgets import sent_by
from tests.crm.writes import change, plain
from tests.factories import CompanyFactory, SaleFactory, UserFactory
from tests.workflow.questions import ask
from workflow import decisions, engine
from workflow.engine import Later
from workflow.handing import hand_over, take_back
from workflow.models import CategoryDecision, HandOver, Trigger
from workflow.triggers import Cause

pytestmark = pytest.mark.django_db


def told(user, language="en"):
    """What this person is told, the latest first."""
    found = list(Notification.objects.filter(user=user))
    with translation.override(language):
        words = told_of(user, found)
    return [words[one.pk] for one in found]


def whom():
    return list(Notification.objects.order_by("pk").values_list("user__first_name", flat=True))


# ----------------------------------------------------------------------- who is told
def test_q3_whoever_caused_it_has_seen_the_dialog_and_is_told_nothing(asking, salesperson):
    ask(salesperson, "Fjordbo")
    assert not Notification.objects.exists()


def test_q3_our_contact_is_told_of_what_somebody_else_caused(asking, colleague):
    (decision,) = ask(UserFactory(groups=[]), "Fjordbo", our_contact=colleague)
    (one,) = told(colleague)
    assert (one.text, one.url) == ("Should Fjordbo change to Customer?", f"/confirmations/{decision.pk}/")
    assert (one.detail, one.is_over) == ("The sale “Sale at Fjordbo” was won.", False)
    assert whom() == ["Signe"]


def test_q3_where_nobody_else_can_be_asked_every_administrator_is_told(asking, administrator, other_administrator, salesperson):
    ask(None, "Fjordbo")
    assert whom() == ["Maja", "Karen"]


def test_a_save_of_many_tells_each_person_once(asking, salesperson, colleague, administrator):
    companies = [CompanyFactory(our_contact=user) for user in (salesperson, salesperson, colleague, None)]
    Sale.objects.bulk_create(Sale(title="Roof", company=company, status="won") for company in companies)
    assert sorted(whom()) == ["Jonas", "Maja", "Signe"]
    ids = ",".join(str(pk) for pk in CategoryDecision.objects.waiting().filter(asked_of=salesperson).order_by("pk").values_list("pk", flat=True))
    assert [(one.text, one.url) for one in told(salesperson)] == [("2 suggestions wait for you", f"/confirmations/?ids={ids}")]
    assert [one.text.startswith("Should Fjordbo") for one in told(colleague)] == [True]


def test_a_batch_of_several_passes_tells_each_person_once_and_says_how_many_wait_now(asking, colleague):
    with working(kind="import") as work:
        first = ask_in(work, "Fjordbo", colleague)
        ask_in(work, "Brørup", colleague)
        ask_in(work, "Ærø", colleague)
    assert whom() == ["Signe"]
    assert [(one.text, one.url) for one in told(colleague)] == [("3 suggestions wait for you", f"/confirmations/?batch={first.batch_id}")]
    decisions.keep(first.pk, by=colleague, seen_version=1)
    assert [one.text for one in told(colleague)] == ["2 suggestions wait for you"]
    CategoryDecision.objects.waiting().update(outcome="obsolete", decided_at="2026-01-01T00:00Z")
    assert [(one.text, one.is_over) for one in told(colleague)] == [("Several suggestions waited for you. None of them does any more.", True)]


def ask_in(work, name, contact):
    """A pass of its own in this batch."""
    company = CompanyFactory(name=name, our_contact=contact)
    SaleFactory(company=company, status="won", title="Roof")
    return CategoryDecision.objects.waiting().get(company=company)


def test_what_a_rule_asks_about_existing_companies_is_told_to_our_contact_too(asking, administrator, colleague):
    asking.is_enabled = False
    asking.save()
    sale = SaleFactory(company=CompanyFactory(our_contact=colleague), status="won")
    asking.is_enabled = True
    asking.save()
    with transaction.atomic(), working(user=administrator, kind="backfill"):
        engine.run([Cause(Trigger.SALE_WON, sale.company_id, sale.pk)], later=Later(None))
    assert whom() == ["Signe"]


def test_what_is_rolled_back_was_asked_of_nobody(asking, colleague):
    with transaction.atomic():
        ask(None, "Fjordbo", our_contact=colleague)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_asking_whoever_caused_it_costs_no_statement_more(asking, salesperson):
    companies = [CompanyFactory() for _number in range(2)]

    def win(company):
        with acting_as(salesperson):
            SaleFactory(company=company, status="won")

    win(companies[0])
    assert [sql for sql in sent_by(lambda: win(companies[1])) if "notification" in sql] == []


# ------------------------------------------------------------------- from hand to hand
def test_q3_what_is_handed_over_tells_who_gave_it_and_with_which_words(asked, salesperson, colleague):
    hand_over(asked.pk, to=colleague, by=salesperson, note="You know them.")
    assert [(one.text, one.detail) for one in told(colleague)] == [("Should Fjordbo change to Customer?", "Jonas Krogh handed this to you. “You know them.”")]
    assert whom() == ["Signe"]


def test_many_that_are_handed_over_at_once_are_one_notification_and_so_is_taking_them_back(asking, jonas, salesperson, colleague):
    ids = [one.pk for one in ask(salesperson, "Fjordbo", "Brørup", "Ærø")]
    jonas.post("/confirmations/hand-over/", {"ids": ",".join(map(str, ids)), "to": colleague.pk, "note": ""})
    assert [one.text for one in told(colleague)] == ["3 suggestions wait for you"]
    jonas.post("/confirmations/take-back/", {"ids": ",".join(str(pk) for pk in HandOver.objects.values_list("pk", flat=True))})
    assert [one.is_over for one in told(colleague)] == [True]
    assert whom() == ["Signe"]  # Jonas has taken them back himself


def test_q3_what_is_taken_back_is_read_for_whoever_had_it_and_says_who_is_asked_now(asked, salesperson, colleague, administrator):
    handed = hand_over(asked.pk, to=colleague, by=salesperson)
    take_back(handed.pk, by=administrator)
    assert (unread_of(colleague), unread_of(salesperson)) == (0, 1)
    assert [(one.detail, one.is_over, one.url) for one in told(colleague)] == [("Jonas Krogh is asked now.", True, asked.company.get_absolute_url())]
    assert [one.detail for one in told(salesperson)] == ["Maja Lindholm took this back from Signe Bach."]


def test_who_takes_it_themselves_is_told_nothing(asked, administrator, salesperson):
    hand_over(asked.pk, to=administrator, by=administrator)
    assert whom() == []
    hand_over(asked.pk, to=salesperson, by=administrator)
    assert whom() == ["Jonas"]


def test_s5_what_somebody_leaves_behind_is_told_once_to_each_who_is_asked_now(asking, administrator, salesperson, colleague):
    for name in ("Fjordbo", "Brørup"):
        ask(salesperson, name, our_contact=colleague)
    ask(salesperson, "Ærø")
    change("update", salesperson, is_active=False)
    assert sorted(whom()) == ["Maja", "Signe"]
    assert [one.text for one in told(colleague)] == ["2 suggestions wait for you"]
    assert [one.text for one in told(administrator)] == ["Should Ærø change to Customer?"]


# ------------------------------------------------------------------------- afterwards
@pytest.fixture
def question(asking, colleague):
    """Signe was told that a question waits for her."""
    return ask(None, "Fjordbo", our_contact=colleague)[0]


def test_q4_an_answer_marks_it_as_read_and_it_says_who_answered(question, colleague, administrator):
    decisions.accept(question.pk, by=administrator, seen_version=1)
    assert unread_of(colleague) == 0
    assert [(one.detail, one.is_over) for one in told(colleague)] == [("Maja Lindholm has answered: Fjordbo is Customer.", True)]


def test_q4_what_has_become_obsolete_is_read_by_itself_and_says_so(question, colleague):
    Sale.objects.filter(company=question.company).update(status="open", closed_on=None)
    assert unread_of(colleague) == 0
    assert [(one.detail, one.is_over) for one in told(colleague)] == [("The suggestion no longer applies.", True)]


def test_q4_what_a_newer_one_has_replaced_says_so_beside_the_newer_one(question, colleague):
    SaleFactory(company=question.company, status="won", title="Wall")
    assert [(one.detail, one.is_over) for one in told(colleague)] == [("The sale “Wall” was won.", False), ("A newer suggestion has replaced this one.", True)]
    assert unread_of(colleague) == 1


def test_s5_at_an_archived_company_it_waits(question, colleague):
    plain(type(question.company)).filter(pk=question.company_id).update(archived_at="2026-01-01T00:00Z")
    (one,) = told(colleague)
    assert (one.detail, one.is_over) == ("The company is archived. The question waits until it is restored.", False)
    assert one.url == question.company.get_absolute_url()


def test_who_may_no_longer_edit_companies_is_told_that_alone(question, colleague):
    colleague.groups.clear()
    assert [(one.text, one.url) for one in told(User.objects.get(pk=colleague.pk))] == [("You no longer have access to what this was about.", "")]


def test_in_danish(question, colleague):
    (one,) = told(colleague, "da")
    assert (one.text, one.detail) == ("Skal Fjordbo skifte til Customer?", "Salget ”Sale at Fjordbo” blev vundet.")


def test_following_it_opens_the_question(question, signe):
    pk = Notification.objects.get().pk
    page = signe.get(f"/notifications/{pk}/", follow=True)
    assert page.redirect_chain == [(f"/confirmations/{question.pk}/", 302)]
    assert "Change the company’s category?" in page.content.decode()


@pytest.mark.parametrize("kinds", ["single", "handed", "batch"])
def test_words_cost_as_many_statements_for_2_as_for_20(asking, administrator, salesperson, colleague, kinds):
    def add(count):
        for number in range(count):
            (one,) = ask(salesperson if kinds == "handed" else None, f"{number}", our_contact=colleague, kind="import" if kinds == "batch" else "")
            if kinds == "handed":
                hand_over(one.pk, to=colleague, by=salesperson)

    costs = []
    for count in (2, 18):
        add(count)
        found, reader = list(Notification.objects.filter(user=colleague)), User.objects.get(pk=colleague.pk)
        reader.has_perm("crm.change_company")
        costs.append(len(sent_by(lambda found=found, reader=reader: told_of(reader, found))))
    assert costs[0] == costs[1] <= 3
