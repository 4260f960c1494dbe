"""The whole interface exists in English and Danish, switchable per user (section 1)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.test import Client

from tests.crm.addresses import OURS, PAGES, address

pytestmark = pytest.mark.django_db


VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Words(HTMLParser):
    """What a person reads, or has read out: text, and the attributes that are words. Not what is in a language of its own, or in none."""

    def __init__(self):
        super().__init__()
        self.found, self.silent = set(), 0
        self.apart = []  # what is open, from the element that is not in the language of the page

    def handle_starttag(self, tag, attrs):
        is_apart = self.apart or (tag != "html" and not {"lang", "translate"}.isdisjoint(dict(attrs)))
        if is_apart and tag not in VOID:
            self.apart.append(tag)
        if is_apart:
            return
        self.silent += tag in ("script", "style", "svg")
        self.found |= {
            " ".join(value.split()) for key, value in attrs if key in ("aria-label", "title", "placeholder", "alt", "data-alt", "hx-confirm") and value
        }

    def handle_endtag(self, tag):
        if self.apart:
            while self.apart and self.apart.pop() != tag:
                pass
            return
        self.silent -= tag in ("script", "style", "svg")

    def handle_data(self, data):
        if not self.silent and not self.apart:
            self.found.add(" ".join(data.split()))


def words_of(client, url, language):
    """The words of a page in this language, and the page."""
    user = apps.get_model("crm.User").objects.get(pk=client.session["_auth_user_id"])
    user.language = language
    user.save(update_fields=["language"])
    html = client.get(url).content.decode()
    assert f'<html lang="{language}"' in html
    parser = Words()
    parser.feed(html)
    return {text for text in parser.found if re.search(r"[^\W\d_]{2}", text)}


@pytest.fixture(scope="module")
def the_same_in_danish():
    """Words that Danish writes like English, says the catalogue."""
    with (Path(settings.BASE_DIR) / "locale/da/LC_MESSAGES/django.po").open("rb") as file:
        return {message.id for message in read_po(file) if message.id and message.id == message.string} | {"Havn", "English", "Dansk", "· Havn"}


def _data():
    """Everything the organisation itself has written."""
    rows = (row for app in OURS for model in apps.get_app_config(app).get_models() if model._meta.managed for row in model._base_manager.values_list())
    return "\n".join(" ".join(value for value in row if isinstance(value, str)) for row in rows)


def _is_data(text, data):
    """A name, perhaps with a count or the name of the site; or somebody's initials."""
    return re.sub(r"^\d+ | · Havn$", "", text) in data or re.fullmatch(r"[A-ZÆØÅ]{2}", text)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_render_every_page_and_nothing_english_is_left_in_danish(client, world, administrator, the_same_in_danish, name):
    client.force_login(administrator)
    url = address(name, world)
    english, danish = words_of(client, url, "en"), words_of(client, url, "da")
    data = _data()
    left = {text for text in english & danish if text.removesuffix(" · Havn") not in the_same_in_danish and not _is_data(text, data)}
    assert left == set()
    assert not [text for text in english | danish if re.search(r"%\(|\{\w*\}", text)], "a placeholder nobody filled"


def test_a_visitor_chooses_a_language_before_logging_in(client, db):
    assert "Adgangskode" in client.get("/login/", headers={"Accept-Language": "da"}).content.decode()
    client.post("/language/", {"language": "en", "next": "/login/"})
    assert "Password" in client.get("/login/", headers={"Accept-Language": "da"}).content.decode()


def test_a_user_switches_language_and_stays_on_the_page(client, world, salesperson):
    client.force_login(salesperson)
    url = address("crm:company", world)
    assert client.post("/language/", {"language": "da", "next": url})["Location"] == url
    assert 'lang="da"' in client.get(url).content.decode()
    assert client.post("/language/", {"language": "tlh"}).status_code == 400
    assert client.post("/language/", {"language": "en", "next": "https://evil.example"})["Location"] == "/"


def test_the_appearance_is_the_users_own(client, salesperson):
    client.force_login(salesperson)
    assert "data-theme" not in client.get("/").content.decode()
    client.post("/theme/", {"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/").content.decode()
    assert client.post("/theme/", {"theme": "purple"}).status_code == 400


@pytest.mark.parametrize(("language", "sentence"), [("en", "Something went wrong on our side."), ("da", "Noget gik galt hos os.")])
def test_a_failure_is_said_in_the_users_language_and_marked_as_such(salesperson, monkeypatch, language, sentence):
    salesperson.language = language
    salesperson.save()
    client = Client(raise_request_exception=False)
    client.force_login(salesperson)
    monkeypatch.delattr("crm.record_lists.paginate")
    response = client.get("/contacts/")
    assert response.status_code == 500
    assert sentence in response.content.decode()
    assert f'<html lang="{language}"' in response.content.decode()
