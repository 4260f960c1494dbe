"""Addresses of lead forms: what is made of what an administrator types (I1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.web_addresses import BadAddress, origin_of, origins_of, page_address, slug_of


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Talk to us about solar", "talk-to-us-about-solar"),
        ("Kør på sol, Ærø!", "koer-paa-sol-aeroe"),
        ("ÆØÅ", "aeoeaa"),
        ("Café Olé", "cafe-ole"),
        ("!!!", ""),
        ("x" * 80, "x" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_i1_a_title_suggests_an_address_with_danish_letters_spelled_out(title, slug):
    assert slug_of(title) == slug


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.example.dk", "https://www.example.dk"),
        (" WWW.Example.DK/ ", "https://www.example.dk"),
        ("https://example.dk:443", "https://example.dk"),
        ("https://example.dk:8443", "https://example.dk:8443"),
        ("https://blåbær.dk", "https://xn--blbr-roah.dk"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://127.0.0.1:8001/", "http://127.0.0.1:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_i1_a_site_is_kept_as_browsers_compare_it(typed, origin):
    assert origin_of(typed) == origin


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("https://*.example.dk", "Name each site"),
        ("*", "Name each site"),
        ("https://example.dk/contact", "without a page: https://example.dk"),
        ("https://example.dk?x=1", "without a page"),
        ("http://example.dk", "http is only for trying it out"),
        ("ftp://example.dk", "must begin with https"),
        ("javascript://example.dk", "must begin with https"),
        ("https://", "such as"),
        ("example", "such as"),
        ("https://example.dk:99999", "such as"),
        ("https://example.dk:0", "such as"),
        ("https://maja:x@example.dk", "such as"),
        ("https://example.dk; script-src *", "Name each site"),
        ("https://example.dk;form-action", "such as"),
        ("https://-x.dk", "such as"),
        ("https://[::1", "such as"),
        ("'self'", "such as"),
    ],
)
def test_i1_what_is_no_site_is_refused_with_what_to_write_instead(typed, why):
    with pytest.raises(BadAddress, match=why):
        origin_of(typed)


def test_i1_each_site_counts_once_and_a_bad_line_is_named():
    assert origins_of("example.dk\n\nhttps://EXAMPLE.dk/\r\nhttps://b.dk") == ["https://example.dk", "https://b.dk"]
    with pytest.raises(BadAddress, match=r"^https://b\.dk/x: Only the site"):
        origins_of("example.dk\nhttps://b.dk/x")
    with pytest.raises(BadAddress, match="No more than 20"):
        origins_of("\n".join(f"s{n}.dk" for n in range(21)))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://Example.dk/Tak?a=1#b", "https://example.dk/Tak?a=1#b"),
        ("http://localhost:8001/tak", "http://localhost:8001/tak"),
    ],
)
def test_i1_a_page_of_their_own_is_kept_with_its_path(typed, kept):
    assert page_address(typed) == kept


@pytest.mark.parametrize(
    "typed", ["http://example.dk/tak", "/tak", "example.dk/tak", "javascript:alert(1)", "data:text/html,x", "//example.dk", "https://a b.dk"]
)
def test_i1_a_page_that_is_not_https_is_refused(typed):
    with pytest.raises(BadAddress):
        page_address(typed)


@given(st.text(max_size=60))
def test_i1_whatever_is_typed_is_either_a_plain_origin_or_refused(text):
    try:
        origins = origins_of(text)
    except BadAddress:
        return
    for origin in origins:
        assert origin.isascii()
        assert not set(origin) & set(" ;,'\"*\\<>\n")
        assert origin_of(origin) == origin
