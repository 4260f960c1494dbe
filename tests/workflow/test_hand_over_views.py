"""Handing over as a browser meets it: from the inbox, the dialog and the card, one or many, with and without JavaScript."""

from __future__ import annotations

import pytest

from crm.actor import acting_as
from tests.browsers import HTMX, both_ways, browser, events
from tests.crm.writes import change, plain
from tests.factories import UserFactory
from tests.workflow.changes import said
from tests.workflow.questions import ask, whom
from workflow import decisions, handing
from workflow.models import CategoryDecision, HandOver
from workflow.views import confirmations

pytestmark = pytest.mark.django_db
URL, BACK = "/confirmations/hand-over/", "/confirmations/take-back/"


@pytest.fixture
def asked(asking, salesperson):
    """Jonas is asked about A, B and C."""
    return ask(salesperson, *"ABC")


def ids(found):
    return ",".join(str(one.pk) for one in found)


@both_ways
def test_one_is_handed_to_a_colleague_and_taken_back(jonas, salesperson, colleague, asked, headers):
    html = said(jonas, jonas.post(URL, {"ids": asked[0].pk, "to": colleague.pk, "note": "Yours?"}, headers=headers))
    handed = HandOver.objects.get()
    assert "A was handed to Signe Bach" in html
    assert f'action="{BACK}"' in html
    assert f'value="{handed.pk}"' in html
    assert ([*map(whom, asked)], handed.note) == ([colleague, salesperson, salesperson], "Yours?")
    assert "1 suggestion was taken back" in said(jonas, jonas.post(BACK, {"ids": handed.pk}, headers=headers))
    assert [*map(whom, asked)] == [salesperson] * 3


@both_ways
def test_many_are_handed_over_at_once(jonas, salesperson, colleague, asked, headers):
    html = jonas.get(URL, {"chosen": [asked[0].pk, asked[2].pk]}, headers=headers).content.decode()
    assert "Hand over 2 suggestions" in html
    assert "2 suggestions were handed to Signe Bach" in said(jonas, jonas.post(URL, {"ids": ids([asked[0], asked[2]]), "to": colleague.pk}, headers=headers))
    assert [*map(whom, asked)] == [colleague, salesperson, colleague]
    handed = ids(HandOver.objects.all())
    assert "2 suggestions were taken back" in said(jonas, jonas.post(BACK, {"ids": handed}, headers=headers))


def test_the_choice_has_whoever_may_answer_but_not_whom_it_waits_for(jonas, salesperson, colleague, administrator, asked):
    UserFactory(first_name="Lone", groups=[])
    UserFactory(first_name="Left", is_active=False)
    field = jonas.get(URL, {"ids": asked[0].pk}).context["form"].fields["to"]
    assert list(field.queryset) == [administrator, colleague]


@pytest.mark.parametrize("to", ["", "0", "x", "\x00", "99999999999999999999999"])
def test_without_a_colleague_it_is_a_422_with_what_was_typed(jonas, salesperson, asked, to):
    response = jonas.post(URL, {"ids": asked[0].pk, "to": to, "note": "Typed"}, headers=HTMX)
    assert response.status_code == 422
    assert 'value="Typed"' in response.content.decode()
    assert [*map(whom, asked)] == [salesperson] * 3


@pytest.mark.parametrize("named", ["", "x", "²", "99999999999999999999999", "\x00", "0,-1"])
def test_naming_nothing_is_said_and_never_fails(jonas, asked, named):
    assert jonas.get(URL, {"ids": named}).status_code == 200
    assert jonas.get(URL, {"ids": named}, headers={**HTMX, "HX-Current-URL": "http://testserver/confirmations/"}).status_code in (409, 422)
    assert jonas.post(URL, {"ids": named, "to": "1"}, headers=HTMX).status_code in (409, 422)
    assert jonas.post(BACK, {"ids": named}, headers=HTMX).status_code in (200, 404)


def test_what_a_colleague_is_asked_is_not_mine_to_hand_over(client, colleague, administrator, salesperson, asked):
    client.force_login(colleague)
    assert client.post(URL, {"ids": ids(asked), "to": administrator.pk}, headers=HTMX).status_code == 409
    assert [*map(whom, asked)] == [salesperson] * 3
    client.force_login(administrator)
    assert "3 suggestions were handed to Signe Bach" in said(client, client.post(URL, {"ids": ids(asked), "to": colleague.pk}, headers=HTMX))


@both_ways
def test_q4_what_was_answered_meanwhile_is_said_and_the_others_are_handed_over(jonas, salesperson, colleague, asked, headers, monkeypatch):
    real = decisions.locked_for

    def ended_just_before(pk, by):
        if pk == asked[0].pk:
            plain(CategoryDecision).filter(pk=pk).update(outcome="obsolete", decided_at="2026-01-01T00:00Z")
        return real(pk, by)

    monkeypatch.setattr("workflow.handing.locked_for", ended_just_before)
    html = said(jonas, jonas.post(URL, {"ids": ids(asked[:2]), "to": colleague.pk}, headers=headers))
    assert "A was answered or handed over meanwhile." in html
    assert "1 suggestion was handed to Signe Bach" in html
    assert [*map(whom, asked[1:])] == [colleague, salesperson]


@both_ways
def test_q4_what_a_colleague_has_answered_is_not_taken_back(jonas, colleague, asked, headers):
    jonas.post(URL, {"ids": asked[0].pk, "to": colleague.pk})
    decisions.accept(asked[0].pk, by=colleague, seen_version=1)
    assert "A was answered meanwhile: it is Customer." in said(jonas, jonas.post(BACK, {"ids": HandOver.objects.get().pk}, headers=headers))


def test_a_hand_over_that_is_not_mine_is_not_taken_back(jonas, client, colleague, asked):
    jonas.post(URL, {"ids": asked[0].pk, "to": colleague.pk})
    client.force_login(UserFactory())
    assert client.post(BACK, {"ids": HandOver.objects.get().pk}, headers=HTMX).status_code == 403


@both_ways
def test_what_is_not_mine_to_take_back_is_said_and_what_was_mine_is_taken_back(jonas, salesperson, colleague, asked, headers):
    jonas.post(URL, {"ids": ids(asked[:2]), "to": colleague.pk})
    HandOver.objects.filter(decision=asked[1]).update(by=colleague)
    response = jonas.post(BACK, {"ids": ids(HandOver.objects.order_by("pk"))}, headers=headers)
    html = said(jonas, response)
    assert "1 suggestion was taken back" in html
    assert "1 suggestion is not yours to take back." in html
    assert [*map(whom, asked[:2])] == [salesperson, colleague]


# --------------------------------------------------------------- who sees it, and where
def test_the_chain_is_told_in_the_inbox_the_dialog_the_card_and_the_history(jonas, client, administrator, colleague, asked):
    (decision, *_others) = asked
    jonas.post(URL, {"ids": decision.pk, "to": colleague.pk, "note": "You know them"})
    hers = browser(colleague)
    hers.post(URL, {"ids": decision.pk, "to": administrator.pk})
    client.force_login(administrator)
    card, history = decision.company.get_absolute_url(), f"/companies/{decision.company_id}/history/"
    for page in ("/confirmations/", f"/confirmations/{decision.pk}/", card, history):
        html = client.get(page).content.decode()
        assert "Jonas Krogh handed this to Signe Bach." in html, page
        assert "You know them" in html, page
        assert "Signe Bach handed this to you." in html, page
    decisions.accept(decision.pk, by=administrator, seen_version=1)
    assert "Signe Bach handed this to Maja Lindholm." in jonas.get(card).content.decode()
    assert "Jonas Krogh handed this to Signe Bach." in client.get("/confirmations/?tab=answered").content.decode()


def test_a_question_is_handed_over_from_the_card_and_the_dialog_by_whoever_may_answer_it(jonas, client, colleague, asked):
    card = asked[0].company.get_absolute_url()
    assert 'id="pending-hand-over"' in jonas.get(card).content.decode()
    assert 'id="confirm-hand-over"' in jonas.get(f"/confirmations/{asked[0].pk}/").content.decode()
    client.force_login(colleague)
    assert 'id="pending-hand-over"' not in client.get(card).content.decode()


def test_whoever_leaves_after_a_hand_over_passes_it_on_and_all_of_it_is_told(jonas, client, administrator, colleague, asked):
    jonas.post(URL, {"ids": asked[0].pk, "to": colleague.pk})
    with acting_as(administrator):
        change("save", colleague, is_active=False)
    client.force_login(administrator)
    html = client.get("/confirmations/").content.decode()
    assert "Maja Lindholm handed this from Signe Bach to the administrators." in html


def test_whoever_gave_it_away_can_take_it_back_from_the_card_while_it_waits_and_nobody_else_is_offered_that(jonas, colleague, administrator, asked):
    jonas.post(URL, {"ids": asked[0].pk, "to": colleague.pk}, headers=HTMX)
    handed, card = HandOver.objects.get(), asked[0].company.get_absolute_url()
    offer = f'name="ids" value="{handed.pk}"'
    assert offer in jonas.get(card).content.decode()
    assert [offer in browser(other).get(card).content.decode() for other in (colleague, administrator)] == [False, False]
    jonas.post(BACK, {"ids": handed.pk}, headers=HTMX)
    assert 'id="pending-take-back"' not in jonas.get(card).content.decode()


# ------------------------------------------------ taken back under the hands of whoever was asked
IN_INBOX = {**HTMX, "HX-Current-URL": "http://testserver/confirmations/"}
PRESSES = {
    "open": lambda browser, url: browser.get(url, headers=IN_INBOX),
    "answer": lambda browser, url: browser.post(url, {"answer": "accept", "seen_version": 1}, headers=IN_INBOX),
    "quick": lambda browser, url: browser.post(f"{url}quick/", {"answer": "keep", "seen_version": 1}, headers=IN_INBOX),
}


@pytest.fixture
def taken_back(asked, salesperson, colleague):
    """Jonas handed A to Signe and has taken it back."""
    with acting_as(salesperson):
        handed = handing.hand_over(asked[0].pk, to=colleague, by=salesperson)
        handing.take_back(handed.pk, by=salesperson)
    return asked[0]


@pytest.mark.parametrize("press", PRESSES.values(), ids=PRESSES)
def test_q3_what_was_taken_back_is_said_with_by_whom_and_dialog_and_inbox_follow(signe, taken_back, salesperson, press):
    response = press(signe, f"/confirmations/{taken_back.pk}/")
    assert response.status_code == 409
    assert "Jonas Krogh has taken back the question about A." in response.content.decode()
    assert {"dialog:close", "page:changed"} <= events(response).keys()
    assert whom(taken_back) == salesperson


@pytest.mark.parametrize("press", PRESSES.values(), ids=PRESSES)
def test_q3_what_was_handed_on_is_said_with_who_has_it_now(jonas, asked, salesperson, colleague, press):
    with acting_as(salesperson):
        handing.hand_over(asked[0].pk, to=colleague, by=salesperson)
    response = press(jonas, f"/confirmations/{asked[0].pk}/")
    assert response.status_code == 409
    assert "A has been handed on: Signe Bach is asked now." in response.content.decode()


def test_q3_on_a_page_of_its_own_it_leads_to_the_inbox(signe, taken_back):
    url = f"/confirmations/{taken_back.pk}/"
    for answer in (signe.get(url, follow=True), signe.post(url, {"answer": "accept", "seen_version": 1}, follow=True)):
        assert answer.redirect_chain == [("/confirmations/", 302)]
        assert "Jonas Krogh has taken back the question about A." in answer.content.decode()
    alone = signe.post(url, {"answer": "accept", "seen_version": 1}, headers={**HTMX, "HX-Current-URL": f"http://testserver{url}"})
    assert alone["HX-Redirect"] == "/confirmations/"


def test_q3_what_is_taken_back_while_it_is_answered_is_said_too(signe, salesperson, colleague, asked, monkeypatch):
    with acting_as(salesperson):
        handed = handing.hand_over(asked[0].pk, to=colleague, by=salesperson)
    real = confirmations.give

    def taken_back_just_before(*args, **kwargs):
        handing.take_back(handed.pk, by=salesperson)
        return real(*args, **kwargs)

    monkeypatch.setattr(confirmations, "give", taken_back_just_before)
    response = PRESSES["answer"](signe, f"/confirmations/{asked[0].pk}/")
    assert response.status_code == 409
    assert "Jonas Krogh has taken back the question about A." in response.content.decode()


def test_q6_what_was_taken_back_of_several_is_said_and_the_others_are_answered(signe, asked, salesperson, colleague):
    with acting_as(salesperson):
        first, _second = [handing.hand_over(one.pk, to=colleague, by=salesperson) for one in asked[:2]]
        handing.take_back(first.pk, by=salesperson)
    sent = {"ids": ids(asked[:2]), "all": "keep", **{f"seen-{one.pk}": 1 for one in asked[:2]}}
    html = signe.post("/confirmations/answers/", sent, headers=IN_INBOX).content.decode()
    assert "Jonas Krogh has taken back the question about A." in html
    assert "B stays" in html


def test_q3_whoever_may_not_edit_companies_is_told_nothing_of_it(signe, taken_back, colleague):
    colleague.groups.clear()
    assert signe.get(f"/confirmations/{taken_back.pk}/", headers=IN_INBOX).status_code == 403
