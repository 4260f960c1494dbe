"""Settings, Distribution: seats, who is next and why, own distributions (I4, W0, W3)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm.models import SettingsChange
from crm.slots import UndoOffer
from leads.distribution import default_distribution
from leads.models import Distribution, DistributionSeat
from leads.seats import add_seat, make_own
from leads.turns import ROAD
from tests.budgets import statements
from tests.factories import LeadFormFactory, UserFactory
from tests.leads.seats import comes_in, seat

pytestmark = pytest.mark.django_db
URL = "/settings/distribution/"
HTMX = {"HX-Request": "true"}


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


def test_i4_without_seats_the_page_says_what_happens(maja, administrator):
    html = text_of(maja.get(URL))
    assert "Nobody takes part yet" in html
    assert "stays unassigned, and all administrators are told" in html
    Distribution.objects.update(fallback=administrator)
    assert "goes to Maja Lindholm" in text_of(maja.get(URL))


def test_i4_the_page_shows_who_is_next_why_and_who_is_passed_over(maja):
    people = [UserFactory(first_name=name, last_name="Krogh") for name in ("Jonas", "Signe", "Karen", "Bo")]
    seats = [seat(user) for user in people]
    DistributionSeat.objects.filter(pk=seats[2].pk).update(is_paused=True)
    people[3].is_available = False
    people[3].save()
    html = text_of(maja.get(URL))
    order = html[html.index('id="next-order"') : html.index('id="next-why"')]
    assert order.count("Jonas Krogh") == 3
    assert order.count("Signe Krogh") == 2
    assert "Jonas Krogh is level with Signe Krogh, and was added first." in html
    passed = html[html.index('id="passed-over"') :]
    assert "Paused" in passed
    assert "Away" in passed
    comes_in()
    html = text_of(maja.get(URL))
    assert "Signe Krogh is furthest behind in this round, by weight." in html
    assert "Next in turn" in html  # the last assignment, with its reason


def test_i4_the_page_costs_the_same_for_any_number_of_seats(maja):
    seat()
    comes_in()
    few = statements(maja, URL)
    for _ in range(12):
        seat()
        comes_in()
    assert statements(maja, URL) == few


def test_i4_somebody_is_added_and_removed_again_with_undo(maja, salesperson):
    default = default_distribution()
    url = reverse("leads:seat-new", args=[default.pk])
    assert 'class="dialog' in text_of(maja.get(url, headers=HTMX))
    answer = maja.post(url, {"user": salesperson.pk, "weight": 3}, headers=HTMX)
    added = DistributionSeat.objects.get()
    assert (added.user, added.weight, added.turn) == (salesperson, 3, default.turn)
    assert reverse("leads:seat-remove", args=[added.pk]) in text_of(answer)  # Undo
    answer = maja.post(reverse("leads:seat-remove", args=[added.pk]), headers=HTMX)
    assert not DistributionSeat.objects.exists()
    assert url in text_of(answer)
    maja.post(url, {"user": salesperson.pk, "weight": 3})
    assert DistributionSeat.objects.get().weight == 3


def undone(client, answer):
    """Press Undo in the toast of that answer."""
    offer = UndoOffer.unpacked(next(message.extra_tags for message in answer.context["messages"]))
    return client.post(offer.url, {**offer.fields, "next": URL}, headers=HTMX)


def test_i4_undoing_the_removal_of_a_paused_seat_leaves_it_paused(maja, salesperson):
    paused = seat(salesperson, is_paused=True, weight=2)
    answer = undone(maja, maja.post(reverse("leads:seat-remove", args=[paused.pk]), headers=HTMX))
    back = DistributionSeat.objects.get()
    assert (back.user, back.weight, back.is_paused) == (salesperson, 2, True)
    assert "is paused, and is passed over" in text_of(answer)


def test_i4_nobody_gets_a_lead_earlier_by_being_removed_and_put_back(maja, salesperson, colleague):
    first = seat(salesperson)
    seat(colleague)
    assert comes_in().to_user == salesperson
    undone(maja, maja.post(reverse("leads:seat-remove", args=[first.pk]), headers=HTMX))
    assert [comes_in().to_user for _ in range(3)] == [colleague, colleague, salesperson]


@pytest.mark.parametrize(("asked", "turn"), [(0, 5000), (5001, 5001), (10**17, 5000 + ROAD)])
def test_i4_a_seat_that_is_put_back_is_neither_behind_the_round_nor_out_of_reach(salesperson, asked, turn):
    default = default_distribution()
    Distribution.objects.filter(pk=default.pk).update(turn=5000)
    assert add_seat(default.pk, user=salesperson, turn=asked).turn == turn


def test_i4_undoing_a_removal_after_a_colleague_did_says_so(maja, salesperson):
    seat(salesperson)
    answer = maja.post(reverse("leads:seat-new", args=[default_distribution().pk]), {"user": salesperson.pk, "weight": 1, "next": URL}, headers=HTMX)
    assert answer.status_code == 409
    assert "has just been added" in text_of(answer)


@pytest.mark.parametrize("data", [{}, {"user": "x"}, {"user": "987654"}, {"weight": "11"}, {"weight": "0"}, {"weight": "x"}])
def test_i4_what_cannot_be_is_refused_and_what_was_typed_stays(maja, salesperson, data):
    url = reverse("leads:seat-new", args=[default_distribution().pk])
    answer = maja.post(url, {"user": salesperson.pk, "weight": "1", **data} if data else {}, headers=HTMX)
    assert answer.status_code == 422
    assert "field__error" in text_of(answer)
    assert not DistributionSeat.objects.exists()


def test_i4_nobody_has_two_seats_and_who_may_not_edit_companies_has_none(maja, salesperson):
    seat(salesperson)
    url = reverse("leads:seat-new", args=[default_distribution().pk])
    assert maja.post(url, {"user": salesperson.pk, "weight": 1}).status_code == 422
    assert maja.post(url, {"user": UserFactory(groups=[]).pk, "weight": 1}).status_code == 422
    assert maja.post(url, {"user": UserFactory(is_active=False).pk, "weight": 1}).status_code == 422


def test_i4_a_weight_is_changed_and_whoever_has_not_seen_the_last_one_is_told(maja, karen):
    one = seat()
    url = reverse("leads:seat-weight", args=[one.pk])
    assert maja.post(url, {"weight": 4, "seen": 1}, headers=HTMX).status_code == 200
    answer = karen.post(url, {"weight": 2, "seen": 1}, headers=HTMX)
    assert answer.status_code == 409
    assert "with weight 4. Nothing was changed." in text_of(answer)
    assert DistributionSeat.objects.get().weight == 4
    assert karen.post(url, {"weight": 4, "seen": 1}, headers=HTMX).status_code == 200  # both want the same
    for wrong in ("0", "11", "x", ""):
        assert karen.post(url, {"weight": wrong, "seen": 4}, headers=HTMX).status_code == 422


def test_i4_pausing_twice_pauses_once_and_resuming_starts_at_the_present_turn(maja, karen):
    first, second = seat(), seat()
    pause, resume = (reverse(f"leads:seat-{verb}", args=[second.pk]) for verb in ("pause", "resume"))
    assert maja.post(pause, headers=HTMX).status_code == 200
    assert karen.post(pause, headers=HTMX).status_code == 409
    assert [comes_in().to_user for _ in range(4)] == [first.user] * 4
    assert maja.post(resume, headers=HTMX).status_code == 200
    assert {comes_in().to_user for _ in range(2)} == {first.user, second.user}
    maja.post(reverse("leads:seat-remove", args=[second.pk]))
    assert karen.post(pause, headers=HTMX).status_code == 404


def test_w3_two_administrators_who_change_how_it_works_are_told_of_each_other(maja, karen, administrator, salesperson):
    default = default_distribution()
    url = reverse("leads:distribution-edit", args=[default.pk])
    seen = maja.get(url).context["form"]["seen"].value()
    assert karen.post(url, {"seen": seen, "only_unassigned": "on", "fallback": salesperson.pk}, headers=HTMX).status_code == 200
    answer = maja.post(url, {"seen": seen, "only_unassigned": "on", "fallback": administrator.pk}, headers=HTMX)
    assert answer.status_code == 409
    assert "Karen Holst saved this" in text_of(answer)
    assert "When nobody is available: Jonas Krogh" in text_of(answer)
    again = answer.context["form"]["seen"].value()
    assert maja.post(url, {"seen": again, "only_unassigned": "on", "fallback": administrator.pk}, headers=HTMX).status_code == 200
    default.refresh_from_db()
    assert default.fallback == administrator


def test_w3_a_lead_that_arrives_meanwhile_is_no_conflict(maja, administrator):
    seat()
    url = reverse("leads:distribution-edit", args=[default_distribution().pk])
    seen = maja.get(url).context["form"]["seen"].value()
    comes_in()
    assert maja.post(url, {"seen": seen, "fallback": administrator.pk}).status_code == 302
    default = Distribution.objects.get()
    assert (default.only_unassigned, default.turn, default.seats.get().given) == (False, 0, 1)


def test_i4_what_is_changed_is_in_the_settings_log_in_words(maja, salesperson):
    default = default_distribution()
    maja.post(reverse("leads:seat-new", args=[default.pk]), {"user": salesperson.pk, "weight": 2})
    one = DistributionSeat.objects.get()
    maja.post(reverse("leads:seat-weight", args=[one.pk]), {"weight": 5, "seen": 2})
    maja.post(reverse("leads:seat-pause", args=[one.pk]))
    how = reverse("leads:distribution-edit", args=[default.pk])
    maja.post(how, {"seen": maja.get(how).context["form"]["seen"].value(), "fallback": salesperson.pk})
    maja.post(reverse("leads:seat-remove", args=[one.pk]))
    html = text_of(maja.get("/settings/log/"))
    assert SettingsChange.objects.count() == 5
    for words in ("Takes part no more", "Paused", "Weight:", "Only if nobody is responsible:", "When nobody is available:", "Jonas Krogh"):
        assert words in html, words


def test_i4_a_form_gets_a_distribution_of_its_own_as_a_copy_and_goes_back_to_the_default(maja, salesperson):
    form = LeadFormFactory()
    seat(salesperson, weight=3)
    url = f"{URL}?form={form.pk}"
    assert "This form uses the default distribution." in text_of(maja.get(url))
    own_url = reverse("leads:distribution-own", args=[form.pk])
    assert maja.post(own_url).status_code == maja.post(own_url).status_code == 302
    own = form.distribution
    assert [(one.user, one.weight) for one in own.seats.all()] == [(salesperson, 3)]
    assert comes_in(form).distribution == own
    assert f'href="{url}"' in text_of(maja.get(URL))
    drop = reverse("leads:distribution-delete", args=[own.pk])
    assert "Back to the default distribution?" in text_of(maja.get(drop, headers=HTMX))
    assert maja.post(drop, headers=HTMX).status_code == 200
    assert comes_in(form).distribution == default_distribution()
    assert maja.post(drop).status_code == 404
    assert maja.get(reverse("leads:distribution-delete", args=[default_distribution().pk])).status_code == 404  # the default one stays
    assert SettingsChange.objects.filter(area="distribution").count() == 2


@pytest.mark.parametrize("asked", ["x", "-1", "", "0"])
def test_i4_an_unknown_form_in_the_address_is_no_crash(maja, asked):
    assert maja.get(URL, {"form": asked}).status_code == 200
    assert maja.get(URL, {"form": 987654}).status_code == 404
    assert maja.get(URL, {"page": asked}).status_code == 200


def test_i4_salespeople_do_not_get_in(jonas):
    one = seat()
    own = make_own(LeadFormFactory())
    for url in (
        URL,
        reverse("leads:seat-new", args=[own.pk]),
        reverse("leads:distribution-edit", args=[own.pk]),
        reverse("leads:distribution-delete", args=[own.pk]),
    ):
        assert jonas.get(url).status_code == 403
    for verb in ("weight", "pause", "resume", "remove"):
        assert jonas.post(reverse(f"leads:seat-{verb}", args=[one.pk])).status_code == 403
    assert DistributionSeat.objects.filter(pk=one.pk, is_paused=False).exists()


def test_i4_the_assignments_are_paged(maja):
    seat()
    for _ in range(27):
        comes_in()
    html = text_of(maja.get(URL))
    assert "Showing 25 of 27" in html
    following = html[html.index("?page=") :].partition('"')[0]
    assert "Showing 2 of 27" in text_of(maja.get(f"{URL}{following}"))
    assert following.startswith("?page=")


def test_i4_people_say_themselves_that_they_are_away_and_back(jonas, salesperson):
    seat(salesperson)
    assert 'id="available"' in text_of(jonas.get("/"))
    jonas.post("/account/available/", {"available": "0", "next": "/companies/"})
    salesperson.refresh_from_db()
    assert salesperson.is_available is False
    assert comes_in().to_user is None
    assert "You do not receive new leads" in text_of(jonas.get("/"))
    jonas.post("/account/available/", {"available": "1"})
    assert comes_in().to_user == salesperson
    assert [change.after for change in SettingsChange.objects.order_by("pk")] == [{"is_available": False}, {"is_available": True}]
    assert {change.by for change in SettingsChange.objects.all()} == {salesperson}
