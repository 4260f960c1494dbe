"""Every page of Havn, asked what a screen reader, a keyboard and a tab of the browser ask of it."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from django.urls import reverse

from crm import links
from crm.models import User
from tests.crm.addresses import PAGES, WITH_RECORD, address

pytestmark = pytest.mark.django_db

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "path", "circle", "use", "rect", "stop"}


class Page(HTMLParser):
    """What there is on a page, in order. Text of <template> is left out: a script brings it in when it is wanted."""

    def __init__(self, html):
        super().__init__()
        self.found = []  # tag, attributes, [text], what it is in
        self.open = []
        self.title = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        element = (
            tag,
            dict(attributes),
            [],
            "label" if any(one[0] == "label" for one in self.open) else "menu" if any("popover" in one[1] for one in self.open) else "",
        )
        if not any(one[0] == "template" for one in self.open):
            self.found.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        pass  # parts of drawings

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element[2].append(data)
        if self.open and self.open[-1][0] == "title":
            self.title += data

    def all(self, *tags):
        return [(tag, attributes, "".join(text).strip(), where) for tag, attributes, text, where in self.found if tag in tags or not tags]


def problems(html, language="en"):
    """What is wrong with this page, in words."""
    page = Page(html)
    found = []
    if page.found[0][0] != "html" or page.found[0][1].get("lang") != language:
        found.append("the page does not say its language")
    if not re.fullmatch(r"\S.*\S · Havn", page.title):
        found.append(f"title {page.title!r}")
    headings = [(int(tag[1]), text) for tag, _attributes, text, where in page.all("h1", "h2", "h3", "h4", "h5", "h6") if where != "menu"]  # closed
    found += [f"{sum(level == 1 for level, _text in headings)} first headings"] if sum(level == 1 for level, _text in headings) != 1 else []
    main = headings[next((place for place, (level, _text) in enumerate(headings) if level == 1), 0) :]
    found += [f"heading {text!r} jumps" for (before, _text), (level, text) in pairwise(main) if level > before + 1]
    found += [f"heading without text, level {level}" for level, text in headings if not text]
    ids = Counter(attributes["id"] for _tag, attributes, _text, _in in page.all() if "id" in attributes)
    found += [f"id {name!r} {number} times" for name, number in ids.items() if number > 1]
    found += [f"{tag} with tabindex {attributes['tabindex']}" for tag, attributes, _text, _in in page.all() if int(attributes.get("tabindex") or 0) > 0]
    labels = {attributes.get("for") for _tag, attributes, text, _in in page.all("label") if text}
    for tag, attributes, _text, where in page.all("input", "select", "textarea"):
        named = attributes.get("aria-label") or attributes.get("aria-labelledby") or attributes.get("id") in labels or where == "label"
        if attributes.get("type") not in ("hidden", "submit") and not named:
            found.append(f"{tag} {attributes.get('name')!r} has no label")
    for tag, attributes, text, _in in page.all("button", "a"):  # "#" waits for a script to fill it, unseen
        if attributes.get("href") != "#" and not (text or attributes.get("aria-label") or attributes.get("aria-labelledby")):
            found.append(f"{tag} {attributes.get('href') or attributes.get('id')!r} has no name")
    for _tag, attributes, _text, _in in page.all():
        for name in ("aria-labelledby", "aria-describedby", "aria-controls", "popovertarget"):
            found += [f"{name} names {one!r}, which is not there" for one in (attributes.get(name) or "").split() if one not in ids]
    names = Counter(attributes.get("aria-label") or attributes.get("aria-labelledby") for _tag, attributes, _text, _in in page.all("nav"))
    found += ["a nav without a name"] if names[None] else []
    found += [f"{number} main parts"] if (number := len(page.all("main"))) != 1 else []
    return found


def test_every_page_says_what_it_is_has_its_parts_in_order_and_a_title_of_its_own(client, world, administrator, subtests):
    client.force_login(administrator)
    User.objects.filter(pk=administrator.pk).update(language="da")
    titles = {}
    for name in PAGES:
        html = client.get(address(name, world)).content.decode()
        titles.setdefault(Page(html).title, []).append(name)
        with subtests.test(name):
            assert problems(html, "da") == []
    assert {title: names for title, names in titles.items() if len(names) > 1} == {}


def test_what_is_for_visitors_too(client, administrator):
    for url in (reverse("crm:login"), links.make_link(administrator, root="/"), "/welcome/x/y/"):
        assert problems(client.get(url).content.decode()) == [], url
    assert problems(client.post(reverse("crm:login"), {"username": "x@y.example", "password": "x"}).content.decode()) == []


def test_error_pages_too(client, salesperson):
    assert problems(client.get("/no/such/page/").content.decode()) == []
    client.force_login(salesperson)
    for url in ("/companies/987654321/", "/settings/", "/no/such/page/"):
        assert problems(client.get(url).content.decode()) == [], url


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(("-new", "-edit", "password")) or name in WITH_RECORD])
def test_a_form_that_was_refused_too(client, world, administrator, name):
    client.force_login(administrator)
    response = client.post(address(name, world), {"x": "y"})
    if response.status_code == 422:
        html = response.content.decode()
        assert problems(html) == []
        assert 'aria-invalid="true"' in html or "field__error" in html or 'role="alert"' in html


def test_the_questions_find_what_they_are_for():
    html = '<html lang="da"><title> · Havn</title><main><h1>A</h1><h3>B</h3><h1></h1><p id="x">'
    html += '<i id="x" tabindex="1"></i><input name="n"><a href="/"></a><nav aria-labelledby="y">'
    assert len(problems(html)) == 10
