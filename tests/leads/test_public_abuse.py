"""The public form holds against abuse (I5)."""

from __future__ import annotations

import datetime as dt
import gzip
import uuid
from dataclasses import replace

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.signing import Signer
from django.test import Client
from django.test.client import encode_multipart

from crm.models import Attempts
from leads import limits
from leads.explain import why
from leads.models import Inquiry, LeadForm
from tests.factories import LeadFormFactory
from tests.leads.visiting import key_of, only_one, send, sent

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)


def _swallow(*_args, **_more):
    pass


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


# ------------------------------------------------------------ programs
@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"website": "https://pills.example"}, "trap"), ({"seconds": 2.5}, "too_fast"), ({"seconds": 3.5}, ""), ({"website": "  "}, "")],
)
def test_i5_what_a_program_sent_is_kept_apart_and_it_is_thanked_like_everybody(solar, changes, reason):
    seconds = changes.pop("seconds", 20)
    response = send(solar, form_key=key_of(solar, seconds=seconds), **changes)
    assert (response.status_code, response["Location"]) == (303, "/forms/solar/thanks/")
    assert (only_one().state, only_one().spam_reason) == ("spam" if reason else "received", reason)


# ------------------------------------------------------------ the key
def test_i5_a_page_that_was_open_for_a_day_asks_to_be_sent_again_and_keeps_what_was_typed(solar, clock):
    values = sent(solar, form_key=key_of(solar, seconds=24 * 3600 + 1), utm_source="google")
    html = Client().post("/forms/solar/", values).content.decode()
    assert "This page was open for a long time. Please send it again." in html
    assert 'value="lise@bakkely.example"' in html
    assert 'name="utm_source" value="google"' in html
    key = html.partition('name="form_key" value="')[2].partition('"')[0]
    clock.shift(1.5)
    assert Client().post("/forms/solar/", {**values, "form_key": key}).status_code == 303
    assert only_one().state == "received"


def test_i5_nobody_makes_their_own_key(solar):
    other = LeadFormFactory()
    forged = Signer(salt="something else").sign_object([solar.pk, uuid.uuid4().hex, 0, 0, 1])
    for key in ("x", "a:b:c", key_of(solar) + "x", key_of(solar).swapcase(), forged, key_of(other), "é", "😀"):
        assert send(solar, form_key=key).status_code == 422
    assert not Inquiry.objects.exists()


def test_i5_who_agreed_to_a_text_that_was_changed_meanwhile_reads_it_again(solar):
    key = key_of(solar)
    LeadForm.objects.filter(pk=solar.pk).update(consent_text="You may sell my details.", consent_version=2)
    response = send(solar, form_key=key)
    assert response.status_code == 422
    html = response.content.decode()
    assert "What you agree to has been changed meanwhile." in html
    assert 'id="lf-consent" checked' not in html
    assert "checked" not in html
    assert not Inquiry.objects.exists()


# ------------------------------------------------------------ how often
def test_i5_the_eleventh_in_ten_minutes_from_one_address_waits_and_loses_nothing(solar, clock):
    for number in range(10):
        assert send(solar, message=f"{number}").status_code == 303
        clock.shift(30)
    response = send(solar, message="The <eleventh>")
    assert (response.status_code, response["Retry-After"]) == (429, "300")
    assert "The &lt;eleventh&gt;" in response.content.decode()
    assert "Many have been sent from here just now. Wait 5 minutes, then send it again." in response.content.decode()
    assert send(solar, to="send/").headers["Retry-After"] == "300"
    assert send(solar, extra={"REMOTE_ADDR": "203.0.113.9"}).status_code == 303
    assert send(LeadFormFactory()).status_code == 303
    clock.shift(300)
    assert send(solar, message="Again").status_code == 303


def test_i5_a_retry_of_what_has_come_need_not_wait(solar, clock):
    values = sent(solar)
    for number in range(10):
        send(solar, message=f"{number}")
    assert Client().post("/forms/solar/", {**values, "message": "5"}).status_code == 429
    values["form_key"] = key_of(solar)
    Attempts.objects.all().delete()
    for _time in range(14):
        assert Client().post("/forms/solar/", values).status_code == 303
    assert Inquiry.objects.count() == 11


def from_everywhere(form, count, **changes):
    """The answers to so many, each from an address of its own and with other words."""
    start = Inquiry.objects.count()
    return [send(form, extra={"REMOTE_ADDR": f"10.{start}.0.{n}"}, **{"message": f"{start} {n}", **changes}).status_code for n in range(count)]


@pytest.fixture
def small(monkeypatch):
    """Limits of a form that a few reach."""
    for name, count in (("OF_ONE_FORM", 2), ("ABOVE_THAT", 3), ("CAUGHT", 2)):
        monkeypatch.setattr(limits, name, replace(getattr(limits, name), count=count))


def test_i5_what_is_above_a_form_s_limit_is_kept_as_spam_and_far_above_it_is_refused(solar, clock, small):
    assert from_everywhere(solar, 7) == [303] * 5 + [429] * 2
    assert list(Inquiry.objects.order_by("pk").values_list("spam_reason", flat=True)) == ["", "", "too_many", "too_many", "too_many"]
    assert why(Inquiry.objects.latest("pk")) == ["More came in at once than usual."]
    assert send(LeadFormFactory()).status_code == 303
    clock.shift(600)
    assert from_everywhere(solar, 1) == [303]
    assert Inquiry.objects.latest("pk").spam_reason == ""


@pytest.mark.parametrize("caught", [{"website": "https://pills.example"}, {"seconds": 1}])
def test_i5_what_is_caught_takes_nothing_from_what_people_send(solar, clock, small, caught):
    fast = {"form_key": key_of(solar, seconds=1)} if "seconds" in caught else caught
    assert from_everywhere(solar, 4, **fast) == [303, 303, 429, 429]
    assert from_everywhere(solar, 2) == [303, 303]
    assert sorted(Inquiry.objects.values_list("state", flat=True)) == ["received"] * 2 + ["spam"] * 2


def test_i5_a_retry_of_what_has_come_is_no_spam_however_much_comes(solar, clock, small):
    values = sent(solar)
    for _time in range(4):
        assert Client().post("/forms/solar/", values).status_code == 303
    assert only_one().state == "received"


def test_i5_the_limits_of_a_form_are_far_apart():
    assert [limit.count for limit in (limits.FROM_ONE_ADDRESS, limits.OF_ONE_FORM, limits.ABOVE_THAT, limits.CAUGHT)] == [10, 200, 1_000, 200]


def test_i5_what_was_refused_for_its_mistakes_is_not_counted(solar):
    for _time in range(12):
        assert send(solar, email="x").status_code == 422
    assert not Attempts.objects.exists()


def test_i5_addresses_are_kept_as_a_digest_and_not_for_long(solar, clock):
    send(solar, extra={"REMOTE_ADDR": "203.0.113.77"})
    assert "203.0.113.77" not in repr(list(Attempts.objects.values()))
    assert Attempts.objects.count() == 2
    clock.shift(3600)
    send(LeadFormFactory())
    assert Attempts.objects.count() == 2


def test_i5_one_connection_of_version_6_is_one_address(solar, clock, monkeypatch):
    monkeypatch.setattr("leads.inquiries.receive", _swallow)
    values = sent(solar)
    codes = [Client().post("/forms/solar/", values, REMOTE_ADDR=f"2001:db8:1:2::{n:x}").status_code for n in range(11)]
    assert codes == [303] * 10 + [429]
    assert Client().post("/forms/solar/", values, REMOTE_ADDR="2001:db8:1:3::1").status_code == 303


# ------------------------------------------------------------ how much
def test_i5_what_is_too_large_is_refused_before_it_is_read(solar):
    class Unread:
        def read(self, *_size):
            raise AssertionError("read")

        readline = read

    for length in (str(limits.BODY + 1), "9" * 400):
        response = Client().post("/forms/solar/", **{"wsgi.input": Unread(), "CONTENT_LENGTH": length, "CONTENT_TYPE": FORM})
        assert response.status_code == 413
        assert "This is more than the form can take." in response.content.decode()


def test_i5_ten_megabytes_are_refused(solar):
    assert send(solar, message="x" * 10_000_000).status_code == 413
    assert send(solar, to="send/", message="x" * 10_000_000).status_code == 413


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"email=a%00b", FORM, 400),
        (b"email=%ff%fe", FORM, 400),
        (b"email=\xe6", FORM, 400),
        (b"email=a", f"{FORM}; charset=utf-16", 400),
        (b"email=a", f"{FORM}; charset=nonsense", 400),
        (b"email=a", f"{FORM}; charset=UTF-8", 422),
        (b'{"email": "a"}', "application/json", 415),
        (b"email=a", "text/plain", 415),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=b", 422),
        (b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", "multipart/form-data; boundary=b", 422),
        (b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.exe"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b", 400),
        (b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n\xff\r\n--b--\r\n', "multipart/form-data; boundary=b", 400),
        (b"&".join(b"a%d=1" % n for n in range(101)), FORM, 400),
        (b"&".join(b"a=1" for n in range(5000)), FORM, 400),
        (gzip.compress(b"email=a", mtime=0), FORM, 400),
        (b"", "", 422),
    ],
)
def test_i5_what_is_no_form_is_refused_with_a_sentence(solar, body, kind, code):
    for to in ("", "embed/", "send/"):
        response = Client().generic("POST", f"/forms/solar/{to}", body, content_type=kind)
        assert response.status_code == code, response.content
        assert len(response.content) > 20


OTHER_CHARSETS = ["utf-7", "unicode_escape", "raw_unicode_escape", "utf-16", "hex", "rot13", "zip", "idna", "punycode", "undefined", "latin-1", "nonsense"]


@pytest.mark.parametrize("charset", OTHER_CHARSETS)
def test_i5_a_form_in_another_charset_is_refused_with_a_sentence(solar, charset):
    values = {**sent(solar), "first_name": "+2AA-", "message": "\\ud800"}
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    for to in ("", "embed/", "send/"):
        response = Client().generic("POST", f"/forms/solar/{to}", encode_multipart("b", values), content_type=kind)
        assert response.status_code == 400
        assert "What was sent cannot be read." in response.content.decode()
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape"])
def test_i5_what_an_address_brings_in_another_charset_is_refused_too(solar, charset):
    response = Client().get("/forms/solar/?utm_source=%2B2AA-%5Cud800", headers={"Content-Type": f"text/plain; charset={charset}"})
    assert response.status_code == 400
    assert "What was sent cannot be read." in response.content.decode()


def test_i5_a_body_of_unknown_length_is_refused(solar):
    response = Client().post("/forms/solar/", CONTENT_LENGTH="", CONTENT_TYPE=FORM, HTTP_TRANSFER_ENCODING="chunked")
    assert response.status_code == 411
    assert Client().post("/forms/solar/", CONTENT_LENGTH="-5", CONTENT_TYPE=FORM).status_code == 400


def test_i5_control_characters_are_taken_out_and_texts_are_bounded(solar):
    send(solar, company="Bak\x07kely\x1b[31m \u202egnp", first_name="Li\tse", message="a\x08b\r\n\r\nc\u2028", email=" lise @bakkely.example ")
    inquiry = only_one()
    assert (inquiry.company_name, inquiry.first_name, inquiry.message) == ("Bakkely[31m gnp", "Li se", "ab\n\nc")
    assert inquiry.email == "lise@bakkely.example"
    assert send(solar, company="x" * 201).status_code == 422
    assert send(solar, message="x" * 5001).status_code == 422
    assert send(solar, message="\r\n" * 2400 + "x" * 200, company="y").status_code == 303


def test_i5_a_choice_is_one_of_the_list(solar):
    solar.fields.create(key="own_1", kind="choice", label="Roof?", choices="Flat\nPitched", position=9)
    assert send(solar, own_1="Gold").status_code == 422
    assert send(solar, own_1="Flat").status_code == 303
    assert only_one().own == [["Roof?", "Flat"]]


def test_i5_other_methods_are_refused(solar):
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        assert Client().generic(method, "/forms/solar/").status_code == 405
    assert Client().head("/forms/solar/").status_code == 200
    assert Client().get("/forms/solar/send/").status_code == 405
    assert Client().post("/forms/solar/key/").status_code == 405


# ------------------------------------------------------------ nobody's cookie, nobody's session
@pytest.mark.parametrize("visitor", ["nobody", "maja"])
def test_i5_no_public_answer_sets_a_cookie_or_touches_a_session(solar, administrator, visitor):
    client = Client()
    if visitor == "maja":
        client.force_login(administrator)
    before = dict(client.cookies)
    sessions = list(Session.objects.values())
    answers = [client.get(f"/forms/{path}") for path in ("solar/", "solar/embed/", "solar/thanks/", "solar/embed/thanks/", "solar/key/", "embed.js", "no/")]
    answers += [send(solar, client), send(solar, client, email=""), send(solar, client, to="send/"), send(solar, client, form_key=None)]
    assert [response.cookies for response in answers if response.cookies] == []
    assert dict(client.cookies) == before
    assert list(Session.objects.values()) == sessions
    assert b"csrf" not in b"".join(response.content for response in answers)


def test_i5_who_is_logged_in_finds_what_they_typed_when_they_go_back_like_every_visitor(solar, administrator):
    client = Client()
    client.force_login(administrator)
    for path in ("", "embed/", "thanks/"):
        kept = [visitor.get(f"/forms/solar/{path}")["Cache-Control"] for visitor in (client, Client())]
        assert kept == ["private, no-cache"] * 2
    assert "no-store" in send(solar, client, email="")["Cache-Control"]
    assert "no-store" in client.get("/")["Cache-Control"]


def test_i5_showing_and_sending_cost_a_fixed_number_of_statements(solar, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr("leads.inquiries.receive", _swallow)
    with django_assert_num_queries(2):  # the form, its fields
        Client().get("/forms/solar/")
    values = sent(solar)
    Client().post("/forms/solar/", values)
    with django_assert_num_queries(4):  # and a count for the address and for the form
        Client().post("/forms/solar/", values)
