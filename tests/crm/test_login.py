"""Guessing a password, and changing one's own."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from django.test import Client

from crm.models import Attempts, User
from crm.throttle import network_of

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def _try(client, password, email="jonas@havn.example", url="/login/", **extra):
    return client.post(url, {"username": email, "password": password}, **extra)


def test_after_five_wrong_passwords_the_right_one_has_to_wait_a_quarter_of_an_hour(client, salesperson, clock):
    assert [_try(client, "wrong").status_code for _time in range(5)] == [200] * 5
    clock.shift(dt.timedelta(minutes=2))
    response = _try(client, "demo", email=" JONAS@havn.example ")
    assert response.status_code == 429
    assert "Too many attempts. Wait 13 minutes, then try again." in response.content.decode()
    clock.shift(dt.timedelta(minutes=12, seconds=59))
    assert "Wait 1 minute, then" in _try(client, "demo").content.decode()
    clock.shift(dt.timedelta(seconds=1))
    assert _try(client, "demo").status_code == 302


def test_trying_while_one_has_to_wait_does_not_make_it_longer(client, salesperson, clock):
    for _minute in range(16):
        _try(client, "wrong")
        clock.shift(dt.timedelta(minutes=1))
    assert Attempts.objects.get().count == 5
    clock.move_to(NOW + dt.timedelta(minutes=19))
    assert _try(client, "demo").status_code == 302


def test_the_right_password_starts_anew(client, salesperson, clock):
    for _time in range(4):
        _try(client, "wrong")
    assert _try(client, "demo").status_code == 302
    assert not Attempts.objects.exists()


def test_old_attempts_are_forgotten_and_the_table_stays_small(client, salesperson, clock):
    for _time in range(4):
        _try(client, "wrong")
    clock.shift(dt.timedelta(minutes=15))
    assert [_try(client, "wrong").status_code for _time in range(5)] == [200] * 5
    clock.shift(dt.timedelta(hours=1))
    _try(client, "wrong", email="other@havn.example")
    assert Attempts.objects.count() == 1


def test_nobody_locks_somebody_else_out_from_another_address(client, administrator, clock):
    for _time in range(6):
        _try(client, "wrong", email="maja@havn.example", REMOTE_ADDR="203.0.113.9")
    assert _try(client, "demo", email="maja@havn.example", REMOTE_ADDR="203.0.113.10").status_code == 302


def test_behind_a_proxy_the_address_is_what_the_proxy_says_and_not_what_the_visitor_says(client, salesperson, settings, clock):
    settings.BEHIND_PROXY = True
    for number in range(5):
        _try(client, "wrong", headers={"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.9"})
    assert _try(client, "demo", headers={"X-Forwarded-For": "8.8.8.8, 203.0.113.9"}).status_code == 429
    assert _try(client, "demo", headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 302


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("203.0.113.9:5678", "203.0.113.9"), ("::ffff:203.0.113.9", "203.0.113.9"), ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::8]", "2001:db8:1:2::/64"), ("2001:db8:1:2::7", "2001:db8:1:2::/64"), ("unknown:5678", "unknown"), ("_x", "_x"), ("[", ""),
        ("a:b:c", "a:b:c"),
    ],
)  # fmt: skip
def test_i5_a_port_that_a_proxy_writes_behind_an_address_makes_it_no_other_address(rf, settings, said, counted):
    settings.BEHIND_PROXY = True
    assert network_of(rf.get("/", headers={"X-Forwarded-For": f"10.0.0.1, {said}"})) == counted


def test_an_account_that_does_not_exist_answers_like_one_that_does(client, salesperson, clock):
    for email in ("jonas@havn.example", "nobody@havn.example"):
        assert [_try(client, "wrong", email=email).status_code for _time in range(6)] == [200] * 5 + [429]


def test_an_empty_form_is_no_attempt(client, db):
    for _time in range(7):
        assert _try(client, "").status_code == 200
    assert not Attempts.objects.exists()


@pytest.mark.parametrize("url", ["/login/", "/admin/login/"])
def test_an_empty_password_neither_counts_nor_starts_anew(client, administrator, clock, url):
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    for password in ("wrong", "wrong", "wrong", "wrong", "", "", "wrong"):
        assert _try(client, password, email="maja@havn.example", url=url).status_code == 200
    assert Attempts.objects.get().count == 5
    _try(client, "", email="maja@havn.example", url=url)
    assert "Too many attempts" in _try(client, "demo", email="maja@havn.example", url=url).content.decode()


def test_djangos_admin_has_no_way_round_it(client, administrator, clock):
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    codes = [_try(client, "wrong", email="maja@havn.example", url="/admin/login/").status_code for _time in range(5)]
    assert codes == [200] * 5
    assert "Too many attempts" in _try(client, "demo", email="maja@havn.example", url="/admin/login/").content.decode()
    assert _try(client, "demo", email="maja@havn.example").status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_hundred_guesses_at_once_are_not_a_hundred(salesperson):
    def guess(number):
        try:
            return _try(Client(), f"wrong {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(guess, range(12)))
    assert codes.count(200) == 5
    assert codes.count(429) == 7


# ------------------------------------------------------- one's own password
def _change(client, **values):
    return client.post("/account/password/", {"old_password": "demo", "new_password1": "Skibsbyg-1908", "new_password2": "Skibsbyg-1908", **values})


def test_changing_the_password_ends_every_other_session_and_keeps_this_one(client, salesperson):
    other = Client()
    for one in (client, other):
        assert _try(one, "demo").status_code == 302
    assert _change(client)["Location"] == "/"
    assert "Your password is changed." in client.get("/").content.decode()
    assert other.get("/").status_code == 302
    assert _try(other, "Skibsbyg-1908").status_code == 302


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"old_password": "wrong"}, "This is not your present password"),
        ({"old_password": ""}, "Enter the password you use now"),
        ({"new_password1": "", "new_password2": ""}, "Enter a password"),
        ({"new_password2": "other"}, "didn’t match"),
        ({"new_password1": "jonas@havn", "new_password2": "jonas@havn"}, "too similar"),
        ({"new_password1": "x", "new_password2": "x"}, "too short"),
    ],
)
def test_a_password_that_does_not_do_is_a_422_that_says_why(client, salesperson, values, words):
    client.force_login(salesperson)
    response = _change(client, **values)
    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert "Skibsbyg" not in html
    assert html.count("data-show=") == 3
    assert client.get("/").status_code == 200


def test_guessing_the_present_password_has_to_wait_as_on_the_login_page(client, salesperson, clock):
    client.force_login(salesperson)
    for guess in ("wrong", "wrong", "", "wrong", "wrong", "wrong"):
        assert _change(client, old_password=guess).status_code == 422
    response = _change(client)
    assert response.status_code == 429
    assert "Too many attempts. Wait 15 minutes, then try again." in response.content.decode()
    clock.shift(dt.timedelta(minutes=15))
    assert _change(client).status_code == 302
    assert not Attempts.objects.exists()
