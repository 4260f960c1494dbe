"""Whatever is sent to the public form: an answer, never a failure of ours, and nothing of it as markup (I5)."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm.throttle import Limit
from leads import limits
from leads.models import Inquiry
from leads.render_key import make_key
from tests.leads.visiting import LISE, key_of

pytestmark = pytest.mark.django_db
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}{% now %}", "=cmd|'/C calc'!A0", "+1+1", "@SUM(1)", "-2", "' OR 1=1 --",
    "\x00", "\x1b[2J", "\u202eevil", "\ufeff", "a\r\nSet-Cookie: x=1", "%00", "../../etc/passwd", "x" * 6000, "😀" * 300, "ǅ", "İ", "ß" * 254, "\ud7ff",
    "1e309", "javascript:alert(1)", "http://[::1", "http://x:99999/", "//", "2026-13-45", "9999-12-31T23:59:59.999999+23:59",
]  # fmt: skip
NAMES = [
    *LISE, "phone", "own_1", "website", "form_key", "utm_source", "utm_term", "referrer", "landing_page", "first_utm_source", "first_referrer", "first_at",
    "at", "csrfmiddlewaretoken", "__proto__", "next",
]  # fmt: skip
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=300), st.sampled_from(list(LISE.values())))
pairs = st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=14)


MANY = Limit("fuzz", 1_000_000, dt.timedelta(minutes=10))


def parts_of(pairs, more):
    """Parts of a body, each with `more` behind its name."""
    return b"".join(b'--b\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n" for name, value in pairs)


def look(response):
    """It was answered, and nothing that was sent is markup."""
    assert response.status_code in (200, 303, 400, 403, 411, 413, 415, 422, 429), response.status_code
    html = response.content.decode()
    assert not re.search(r"<script>alert|<img src=x|<script(?! src=\"/static/js/public\.js\" defer>)", html)
    assert "49" not in re.findall(r'value="([^"]*)"', html)
    assert "Set-Cookie" not in response
    return response


@quick
@given(pairs=pairs, own_key=st.booleans(), to=st.sampled_from(["", "embed/", "send/"]))
@example(pairs=[("first_at", "0001-01-01T00:00:00+23:59"), ("landing_page", "http://[::1")], own_key=True, to="")
@example(pairs=[(name, NASTY[0]) for name in NAMES], own_key=False, to="")
def test_i5_any_values_in_any_fields_repeated_or_not(solar, monkeypatch, pairs, own_key, to):
    monkeypatch.setattr(limits, "FROM_ONE_ADDRESS", MANY)
    monkeypatch.setattr(limits, "OF_ONE_FORM", MANY)
    whole = [*LISE.items(), *pairs, *([("form_key", key_of(solar))] if own_key else [])]
    response = look(Client().post(f"/forms/solar/{to}", urlencode(whole), content_type="application/x-www-form-urlencoded"))
    if to == "send/" and response.status_code < 400:
        assert response["Content-Type"] == "application/json"


@quick
@given(
    body=st.binary(max_size=2000),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain", "a/b; c=\x01", ""]),
)
def test_i5_any_bytes_of_any_kind(solar, body, kind):
    look(Client().generic("POST", "/forms/solar/", body, content_type=kind))


CHARSETS = [
    "utf-8",
    "UTF8",
    "utf-7",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-16",
    "hex",
    "rot13",
    "zip",
    "idna",
    "punycode",
    "undefined",
    "x" * 300,
    "é",
    "",
]


@quick
@given(
    changes=st.dictionaries(st.sampled_from(["first_name", "message", "company", "own_1", "utm_source", "first_at"]), texts | st.binary(max_size=40)),
    charset=st.one_of(st.sampled_from(CHARSETS), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)),
    kind=st.sampled_from(["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"]),
)
@example(changes={"first_name": b"+2AA-", "message": b"\\ud800"}, charset="utf-7", kind="multipart/form-data; boundary=b")
@example(changes={"message": b"\\ud800"}, charset="raw_unicode_escape", kind="multipart/form-data; boundary=b")
@example(changes={"message": b"6161"}, charset="hex", kind="multipart/form-data; boundary=b")
@example(changes={}, charset="utf-8", kind="multipart/form-data; boundary=b")
def test_i5_a_whole_form_in_any_charset(solar, monkeypatch, changes, charset, kind):
    monkeypatch.setattr(limits, "FROM_ONE_ADDRESS", MANY)
    monkeypatch.setattr(limits, "OF_ONE_FORM", MANY)
    values = {name: value if isinstance(value, bytes) else value.encode() for name, value in {**LISE, "form_key": key_of(solar), **changes}.items()}
    body = urlencode(values).encode() if "form-u" in kind else parts_of([(name.encode(), value) for name, value in values.items()], b"") + b"--b--\r\n"
    response = look(Client().generic("POST", "/forms/solar/", body, content_type=f"{kind}; charset={charset}"))
    if charset == "utf-8" and not changes:
        assert response.status_code == 303


@quick
@given(
    parts=st.lists(st.tuples(st.sampled_from([b"email", b'a"; filename="x', b"company\r\nX: y", b"\xff", b""]), st.binary(max_size=80)), max_size=6),
    ends=st.sampled_from([b"--b--", b"--b", b"", b"--c--"]),
    encoding=st.sampled_from(
        [b"", b"\r\nContent-Transfer-Encoding: base64", b"\r\nContent-Type: text/plain; charset=utf-7", b"; name*=idna''x%2e%2e", b"; name*=hex''6"]
    ),
)
def test_i5_broken_parts(solar, monkeypatch, parts, ends, encoding):
    monkeypatch.setattr(limits, "FROM_ONE_ADDRESS", MANY)
    monkeypatch.setattr(limits, "OF_ONE_FORM", MANY)
    whole = [(name.encode(), value.encode()) for name, value in {**LISE, "form_key": key_of(solar)}.items()]
    body = parts_of(whole, b"") + parts_of(parts, encoding) + ends
    look(Client().generic("POST", "/forms/solar/", body, content_type="multipart/form-data; boundary=b"))


@quick
@given(values=st.lists(st.binary(max_size=40), max_size=4), to=st.sampled_from(["", "embed/", "thanks/", "key/"]))
def test_i5_any_address(solar, values, to):
    query = "&".join(f"utm_source={quote_from_bytes(value)}&email={quote_from_bytes(value)}" for value in values)
    look(Client().get(f"/forms/solar/{to}?{query}", headers={"Referer": query, "Origin": query, "Accept-Language": query}))


@quick
@given(text=st.text(max_size=80))
def test_i5_any_key(solar, text):
    key = make_key(solar)
    for forged in (text, key + text, key[: len(text)], text + key):
        if forged != key:
            look(Client().post("/forms/solar/", {**LISE, "form_key": forged}))
    assert not Inquiry.objects.exists()
