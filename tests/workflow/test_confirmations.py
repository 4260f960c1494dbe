"""The confirmation dialog over HTTP: three answers, and everything that may have happened before one is given (Q1 to Q5)."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Sale, User
from leads.models import Lead
from tests.browsers import HTMX, NOT_AN_ID
from tests.crm.writes import plain
from tests.factories import ContactFactory, SaleFactory, UserFactory, rule
from tests.workflow.ledger import by_rules, latest, numbers, where
from tests.workflow.questions import outcome
from workflow import decisions
from workflow.models import AutomationRule, CategoryDecision

pytestmark = pytest.mark.django_db


def look(client, decision, headers=HTMX):
    """The dialog, as it opens."""
    return client.get(f"/confirmations/{decision.pk}/", headers=headers)


def answer(client, decision, what, headers=HTMX, quick=False, **values):
    """Press Confirm, or the buttons of the inbox."""
    sent = {"answer": what, "seen_version": Company.objects.get(pk=decision.company_id).category_version, **values}
    return client.post(f"/confirmations/{decision.pk}/{'quick/' if quick else ''}", sent, headers=headers)


def preselected(response):
    """The answer that Enter would give."""
    return re.findall(r'name="answer" value="(\w+)"[^>]*\schecked', response.content.decode())


# --------------------------------------------------------------------- answers
def test_q1_the_dialog_says_why_what_follows_and_preselects_the_suggestion(jonas, asked):
    ContactFactory.create_batch(3, company=asked.company)
    response = look(jonas, asked)
    html = response.content.decode()
    assert "The sale “Solar roof” was won." in html
    assert "Lead status is hidden for 3 contacts. The values are kept." in html
    assert "The sale is already saved." in html
    assert preselected(response) == ["accept"]
    assert "<html" not in html
    assert "<html" in look(jonas, asked, headers={}).content.decode()


def test_q1_what_follows_is_not_said_where_nothing_follows(jonas, asked, category):
    ContactFactory(company=asked.company)
    plain(CategoryDecision).filter(pk=asked.pk).update(suggested_category=category["Opportunity"])
    assert "Lead status is hidden" not in look(jonas, asked).content.decode()


ANSWERS = [
    ("accept", {}, "accepted", "Customer", "Fjordbo is now Customer"),
    ("other", {"category": "Partner"}, "chose_other", "Partner", "Fjordbo is now Partner"),
    ("other", {"category": "Customer"}, "accepted", "Customer", "Fjordbo is now Customer"),
    ("other", {"category": "Lead"}, "kept", "Lead", "Fjordbo stays Lead"),
    ("keep", {}, "kept", "Lead", "Fjordbo stays Lead"),
]


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
@pytest.mark.parametrize(("what", "values", "ending", "there", "words"), ANSWERS)
def test_q1_each_answer_does_what_it_says_and_is_recorded(jonas, salesperson, asked, category, headers, what, values, ending, there, words):
    values = {name: category[value].pk for name, value in values.items()}
    response = answer(jonas, asked, what, headers=headers, **values)
    assert (outcome(asked), where(asked.company)) == (ending, there)
    asked.refresh_from_db()
    assert (asked.decided_by, asked.applied_version) == (salesperson, None if ending == "kept" else 2)
    if headers:
        assert (response.status_code, response["HX-Reswap"]) == (200, "none")
        assert "dialog:close" in response["HX-Trigger-After-Settle"]
        assert words in response.content.decode()
    else:
        assert response["Location"] == asked.company.get_absolute_url()
        assert words in jonas.get(response["Location"]).content.decode()


@pytest.mark.parametrize(("what", "ending"), [("accept", "accepted"), ("keep", "kept")])
def test_an_answer_is_given_straight_from_the_inbox(jonas, asked, what, ending):
    assert answer(jonas, asked, what, quick=True).status_code == 200
    assert outcome(asked) == ending


def test_q4_switching_the_rule_off_leaves_the_question_valid(jonas, asked):
    AutomationRule.objects.update(is_enabled=False)
    assert answer(jonas, asked, "accept").status_code == 200
    assert where(asked.company) == "Customer"


def test_q5_what_was_kept_is_not_asked_again_for_the_same_sale_but_for_a_new_one(jonas, asked):
    answer(jonas, asked, "keep")
    for verb in ("reopen", "won"):
        jonas.post(f"/sales/{asked.sale_id}/{verb}/", headers=HTMX)
    assert by_rules()[-1] == ("sale_won", "skipped", "already_declined")
    SaleFactory(company=asked.company, status="won")
    assert CategoryDecision.objects.waiting().count() == 1


# ------------------------------------------------------------------ 422: unclear
@pytest.mark.parametrize("chosen", NOT_AN_ID)
def test_another_category_without_naming_one_is_a_422_at_the_list(jonas, asked, chosen):
    response = answer(jonas, asked, "other", category=chosen)
    assert response.status_code == 422
    assert "Select the category you want instead" in response.content.decode()
    assert preselected(response) == ["other"]
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")


@pytest.mark.parametrize("what", ["", "yes", "later", "ACCEPT"])
@pytest.mark.parametrize("quick", [False, True])
def test_no_answer_is_a_422_and_never_a_yes(jonas, asked, what, quick):
    response = answer(jonas, asked, what, quick=quick)
    assert response.status_code == 422
    assert "Choose an answer" in response.content.decode()
    assert preselected(response) == []
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")


def test_another_category_that_has_been_deleted_is_a_422(jonas, asked, category):
    CompanyCategory.objects.filter(name="Partner").update(archived_at=timezone.now())
    assert answer(jonas, asked, "other", category=category["Partner"].pk).status_code == 422
    assert where(asked.company) == "Lead"


def test_a_suggested_category_that_has_been_deleted_leaves_the_two_other_answers(jonas, asked, category):
    CompanyCategory.objects.filter(name="Customer").update(archived_at=timezone.now())
    for response, status in ((look(jonas, asked), 200), (answer(jonas, asked, "accept"), 422)):
        html = response.content.decode()
        assert response.status_code == status
        assert "The suggested category Customer has been deleted." in html
        assert re.findall(r'name="answer" value="(\w+)"', html) == ["other", "keep"]
        assert preselected(response) == []
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")
    assert answer(jonas, asked, "other", category=category["Partner"].pk).status_code == 200
    assert (outcome(asked), where(asked.company)) == ("chose_other", "Partner")


# ---------------------------------------------------------- 409: something came between
@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("what", ["accept", "other", "keep"])
def test_q4_a_colleague_who_changed_the_category_is_a_409_with_nothing_preselected_and_nothing_applied(jonas, colleague, asked, category, what, quick):
    with acting_as(colleague):
        Company.objects.filter(pk=asked.company_id).update(category=category["Opportunity"])
    response = answer(jonas, asked, what, quick=quick, seen_version=1, category=category["Partner"].pk)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Signe Bach changed the category meanwhile." in html
    assert "It is now Opportunity. Please choose again." in html
    assert preselected(response) == []
    assert (outcome(asked), where(asked.company)) == ("waiting", "Opportunity")
    assert re.search(r'name="seen_version" value="(\d+)"', html)[1] == "2"
    assert answer(jonas, asked, "accept", seen_version=2).status_code == 200
    asked.refresh_from_db()
    assert (asked.from_category.name, numbers(asked.company)) == ("Opportunity", [1, 3, 2])


def test_q4_the_dialog_that_opens_later_says_what_changed_with_nothing_preselected(jonas, asked, category, colleague):
    with acting_as(colleague):
        Company.objects.filter(pk=asked.company_id).update(category=category["Opportunity"])
    response = look(jonas, asked)
    assert (response.status_code, preselected(response)) == (200, [])
    assert "Signe Bach changed the category meanwhile." in response.content.decode()


@pytest.mark.parametrize("seen", ["", "x", "²", "-1", "99999999999999999999999"])
def test_an_answer_that_does_not_say_what_it_saw_is_asked_again(jonas, asked, seen):
    assert answer(jonas, asked, "accept", seen_version=seen).status_code == 409
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")


def _leaves(decision):
    Company.objects.filter(pk=decision.company_id).update(category=CompanyCategory.objects.get(name="Partner"))


def _leaves_unseen(decision):
    plain(Company).filter(pk=decision.company_id).update(category=CompanyCategory.objects.get(name="Partner"))


def _reopened(decision):
    Sale.objects.filter(pk=decision.sale_id).update(status="open")


def _replaced(decision):
    SaleFactory(company=decision.company, status="won")


ENDINGS = {
    "left the group": (_leaves, "The category is now Partner. The suggestion no longer applies.", "obsolete"),
    "left the group unseen": (_leaves_unseen, "The category is now Partner. The suggestion no longer applies.", "obsolete"),
    "reopened": (_reopened, "The suggestion no longer applies.", "obsolete"),
    "replaced": (_replaced, "A newer suggestion has replaced this one.", "replaced"),
}


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("what", ["accept", "keep"])
@pytest.mark.parametrize(("happen", "words", "ending"), ENDINGS.values(), ids=ENDINGS.keys())
def test_q4_a_question_that_no_longer_applies_is_a_409_that_says_so_and_changes_nothing(jonas, asked, happen, words, ending, what, quick):
    happen(asked)
    there = where(asked.company)
    response = answer(jonas, asked, what, quick=quick)
    assert response.status_code == 409
    assert "Nothing to decide any more" in response.content.decode()
    assert words in response.content.decode()
    assert (outcome(asked), where(asked.company)) == (ending, there)
    assert 'name="answer"' not in response.content.decode()


@pytest.mark.parametrize("first", ["accept", "keep"])
@pytest.mark.parametrize("second", ["accept", "keep"])
def test_q4_deciding_twice_changes_once(jonas, asked, first, second):
    assert answer(jonas, asked, first).status_code == 200
    there, versions = where(asked.company), numbers(asked.company)
    response = answer(jonas, asked, second)
    assert response.status_code == 409
    assert f"Jonas Krogh has already answered: Fjordbo is {there}." in response.content.decode()
    assert (where(asked.company), numbers(asked.company)) == (there, versions)


def test_q4_lead_status_that_moved_on_ends_the_question(jonas, salesperson, category, status):
    rule("lead_status_set", category["Customer"], lead_status=status["Qualified"], ask=True)
    contact = ContactFactory()
    for name in ("Qualified", "Contacting"):
        with acting_as(salesperson):
            lead = Lead.objects.get(contact=contact)
            lead.status = status[name]
            lead.save()
    decision = latest()
    assert answer(jonas, decision, "accept").status_code == 409
    assert where(contact.company) == "Lead"


# ------------------------------------------------------------------------ rights
@pytest.mark.parametrize("what", ["accept", "keep", "other"])
def test_q3_a_question_asked_of_a_colleague_is_a_403_with_a_plain_sentence(client, colleague, asked, category, what):
    client.force_login(colleague)
    for response in (
        look(client, asked, headers={}),
        answer(client, asked, what, headers={}, category=category["Partner"].pk),
        answer(client, asked, what, quick=True),
    ):
        assert response.status_code == 403
        assert "This question was asked of Jonas Krogh." in response.content.decode()
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")


def test_q3_an_administrator_may_answer_for_a_colleague_and_the_ledger_says_who(client, administrator, salesperson, asked):
    client.force_login(administrator)
    assert answer(client, asked, "accept").status_code == 200
    asked.refresh_from_db()
    assert (asked.decided_by, asked.asked_of) == (administrator, salesperson)


def test_q4_what_is_applied_is_checked_with_the_rights_of_that_moment(jonas, salesperson, asked):
    salesperson.groups.clear()
    assert answer(jonas, asked, "accept").status_code == 403
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")


def test_q4_rights_that_were_lost_while_the_request_ran_are_seen_under_the_lock(salesperson, asked):
    assert salesperson.may_edit_companies  # remembered by this instance
    User.objects.get(pk=salesperson.pk).groups.clear()
    with pytest.raises(PermissionDenied):
        decisions.accept(asked.pk, by=salesperson, seen_version=1)
    assert (outcome(asked), where(asked.company)) == ("waiting", "Lead")


def test_q3_somebody_who_may_not_edit_the_company_is_not_asked_and_may_not_answer(client, asked):
    seller = UserFactory(groups=[])
    seller.user_permissions.set(Permission.objects.filter(codename__in=["view_sale", "change_sale"]))
    plain(CategoryDecision).filter(pk=asked.pk).update(asked_of=seller)
    client.force_login(seller)
    assert answer(client, asked, "accept").status_code == 403
    assert where(asked.company) == "Lead"
