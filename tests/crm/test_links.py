"""The link by which somebody chooses a password: once, for some days, in their language."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from crm import links
from crm.models import SettingsChange, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
GOOD = {"new_password1": "a long sentence 7", "new_password2": "a long sentence 7"}


@pytest.fixture
def invited(db):
    """Ida, who has never logged in."""
    ida = User(email="ida@havn.example", first_name="Ida", last_name="Bech", language="da")
    ida.set_unusable_password()
    ida.save()
    return ida


@pytest.fixture
def link(invited):
    """Ida's link."""
    return links.make_link(invited, root="http://testserver/")


def test_the_link_is_a_page_in_the_language_of_whoever_it_is_for(client, link):
    page = client.get(link)
    assert page.status_code == 200
    assert '<html lang="da"' in page.content.decode()
    assert "ida@havn.example" in page.content.decode()
    assert "htmx" not in re.sub(r"<meta[^>]*>|hx-headers", "", page.content.decode())


def test_choosing_a_password_logs_in_and_leads_to_the_overview(client, link, invited):
    response = client.post(link, GOOD, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert response.context["user"] == invited
    assert Client().login(email="ida@havn.example", password=GOOD["new_password1"])
    assert SettingsChange.objects.count() == 0


def test_looking_does_not_use_the_link_up_but_choosing_does(client, link):
    assert [client.get(link).status_code for _look in range(3)] == [200] * 3
    client.post(link, GOOD)
    client.logout()
    for answer in (client.get(link), client.post(link, {"new_password1": "another one 8", "new_password2": "another one 8"})):
        assert answer.status_code == 410
        assert "ask the person who invited you" in answer.content.decode()
    assert Client().login(email="ida@havn.example", password=GOOD["new_password1"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"new_password1": "a long sentence 7", "new_password2": "another"}, "ikke identiske"),
        ({"new_password1": "kort1", "new_password2": "kort1"}, "for kort"),
        ({"new_password1": "password123", "new_password2": "password123"}, "for almindelig"),
        ({"new_password1": "ida@havn.example", "new_password2": "ida@havn.example"}, "minder for meget"),
        ({"new_password1": "", "new_password2": ""}, "Indtast en adgangskode"),
    ],
)
def test_a_bad_password_is_a_422_that_says_why(client, link, fields, words):
    response = client.post(link, fields)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not User.objects.get().has_usable_password()


def test_what_is_wrong_with_a_password_is_said_under_the_first_field_and_every_problem_is_counted(client, link):
    client.post("/language/", {"language": "en", "next": "/"})
    response = client.post(link, {"new_password1": "12345", "new_password2": "12345"})
    assert (len(response.context["form"].errors["new_password1"]), "new_password2" in response.context["form"].errors) == (2, False)
    assert "There are 2 problems" in response.content.decode()
    response = client.post(link, {"new_password1": "a long sentence 7", "new_password2": "another"})
    assert list(response.context["form"].errors) == ["new_password2"]
    assert "There is 1 problem<" in response.content.decode()


def test_the_link_expires_with_djangos_timeout(client, link, settings, monkeypatch):
    later = dt.datetime.now() + dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 5)
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda _self: later)
    assert client.get(link).status_code == 410


@pytest.mark.parametrize(
    "where", ["/welcome/x/y/", "/welcome/MQ/x-y/", "/welcome/%C3%A6/y/", "/welcome/OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5/a-b/", "/welcome/MA/%00/"]
)
def test_a_link_that_is_none_says_so(client, invited, where):
    assert client.get(where).status_code == 410
    assert client.post(where, GOOD).status_code == 410


def test_s5_the_link_of_somebody_deactivated_does_not_work(client, link, invited):
    invited.is_active = False
    invited.save()
    assert client.get(link).status_code == 410
    assert client.post(link, GOOD).status_code == 410


def test_the_language_can_be_changed_on_the_page(client, link):
    client.post("/language/", {"language": "en", "next": "/"})
    assert '<html lang="en"' in client.get(link).content.decode()


def test_a_new_password_ends_the_sessions_there_were(client, salesperson):
    client.force_login(salesperson)
    Client().post(links.make_link(salesperson, root="http://testserver/"), GOOD)
    assert client.get("/").status_code == 302


# ---------------------------------------------------------------- who makes a link
def test_an_administrator_makes_a_new_link_for_anybody(maja, salesperson, administrator):
    response = maja.post(f"/settings/users/{salesperson.pk}/link/", follow=True)
    assert Client().post(response.context["link"], GOOD)["Location"] == "/"
    kept = SettingsChange.objects.get()
    assert (kept.by, kept.item_id, kept.after) == (administrator, salesperson.pk, {"password_link": True})


def test_who_has_never_logged_in_is_invited_again(maja, invited):
    page = maja.get(f"/settings/users/{invited.pk}/").content.decode()
    assert "Invite again" in page
    assert "Has not logged in yet" in page


def test_an_administrator_makes_no_way_into_a_superusers_account(maja, client):
    root = User.objects.create_superuser("root@havn.example", "demo")
    assert maja.post(f"/settings/users/{root.pk}/link/").status_code == 403
    assert SettingsChange.objects.count() == 0
    client.force_login(root)
    assert client.post(f"/settings/users/{root.pk}/link/", follow=True).status_code == 200
    client.force_login(User.objects.get(first_name="Maja"))
    assert client.get(f"/settings/users/{root.pk}/link/made/").status_code == 403


def _new_link(client, user):
    return client.post(f"/settings/users/{user.pk}/link/", follow=True).context["link"]


def test_a_new_link_ends_the_earlier_ones(maja, salesperson):
    first = _new_link(maja, salesperson)
    second = _new_link(maja, salesperson)
    assert [Client().get(link).status_code for link in (first, second)] == [410, 200]
    assert Client().post(first, GOOD).status_code == 410


def test_a_new_link_for_somebody_leaves_those_of_others(maja, salesperson, invited, link):
    _new_link(maja, salesperson)
    assert Client().get(link).status_code == 200


def test_looking_at_the_link_again_shows_the_same_one_and_makes_none(maja, salesperson):
    first = _new_link(maja, salesperson)
    page = maja.get(f"/settings/users/{salesperson.pk}/link/made/")
    assert page.context["link"] == first
    assert "no-store" in page["Cache-Control"]
    assert SettingsChange.objects.count() == 1


def test_a_link_that_was_used_or_is_somebody_elses_is_not_shown(maja, salesperson, invited):
    shown = f"/settings/users/{salesperson.pk}/link/made/"
    first = _new_link(maja, salesperson)
    Client().post(first, GOOD)
    response = maja.get(shown, follow=True)
    assert "There is no link to show any more." in response.content.decode()
    assert response.redirect_chain == [(f"/settings/users/{salesperson.pk}/", 302)]
    _new_link(maja, invited)
    assert maja.get(shown).status_code == 302


def test_saving_a_user_as_they_were_brings_no_earlier_link_back(maja, salesperson):
    as_they_were = User.objects.get(pk=salesperson.pk)
    first = links.make_link(salesperson, root="http://testserver/")
    _new_link(maja, salesperson)
    as_they_were.save()
    assert Client().get(first).status_code == 410


def test_the_link_in_the_mail_is_as_good_as_the_one_on_the_page(maja, salesperson, settings, mailoutbox, django_capture_on_commit_callbacks):
    settings.MAIL_IS_SENT = True
    with django_capture_on_commit_callbacks(execute=True):
        shown = _new_link(maja, salesperson)
    mailed = re.search(r"http://testserver/welcome/\S+", mailoutbox[0].body)[0]
    assert [Client().get(link).status_code for link in (shown, mailed)] == [200, 200]


def test_a_deactivated_user_gets_no_link(maja):
    left = UserFactory(is_active=False)
    response = maja.post(f"/settings/users/{left.pk}/link/", follow=True)
    assert "is deactivated. Reactivate first, then make a link." in response.content.decode()


# ------------------------------------------------------------------------- the mail
def _invite(client, capture, **changes):
    fields = {"first_name": "Ida", "last_name": "Bech", "email": "ida@havn.example", "role": "salesperson", "language": "da", **changes}
    with capture(execute=True):
        return client.post("/settings/users/new/", fields, follow=True)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [("da", "Velkommen til Havn", "Maja Lindholm har inviteret dig til Havn"), ("en", "Welcome to Havn", "Maja Lindholm has invited you to Havn")],
)
def test_the_mail_is_sent_after_commit_in_the_language_of_who_gets_it(maja, settings, mailoutbox, django_capture_on_commit_callbacks, language, subject, words):
    settings.MAIL_IS_SENT = True
    response = _invite(maja, django_capture_on_commit_callbacks, language=language)
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == (subject, ["ida@havn.example"])
    assert words in mail.body
    assert Client().get(re.search(r"http://testserver/welcome/\S+", mail.body)[0]).status_code == 200
    assert "on its way to ida@havn.example" in response.content.decode()


def test_a_new_link_for_somebody_who_uses_havn_has_words_of_its_own(maja, salesperson, settings, mailoutbox, django_capture_on_commit_callbacks):
    settings.MAIL_IS_SENT = True
    User.objects.filter(pk=salesperson.pk).update(last_login=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        maja.post(f"/settings/users/{salesperson.pk}/link/")
    assert mailoutbox[0].subject == "Choose a new password for Havn"


def test_without_a_mail_server_the_page_says_that_the_link_is_to_be_handed_on(maja, settings, mailoutbox, django_capture_on_commit_callbacks):
    settings.MAIL_IS_SENT = False
    page = _invite(maja, django_capture_on_commit_callbacks).content.decode()
    assert "Havn sends no mail here, so hand the link to Ida Bech yourself." in page
    assert mailoutbox == []


def test_a_mail_that_cannot_be_sent_costs_nobody_the_invitation(maja, settings, monkeypatch, django_capture_on_commit_callbacks):
    settings.MAIL_IS_SENT = True
    monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda _self: 1 / 0)
    assert _invite(maja, django_capture_on_commit_callbacks).status_code == 200
    assert User.objects.filter(email="ida@havn.example").exists()


def test_a_mail_is_not_sent_for_an_invitation_that_was_refused(maja, salesperson, settings, mailoutbox, django_capture_on_commit_callbacks):
    settings.MAIL_IS_SENT = True
    assert _invite(maja, django_capture_on_commit_callbacks, email=salesperson.email).status_code == 422
    assert mailoutbox == []
