"""Every address of Havn, asked the same questions: who may open it, whole or as a fragment, and with which headers."""

from __future__ import annotations

import re
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User
from tests.browsers import HTMX
from tests.crm.addresses import (
    FOR_ADMINISTRATORS,
    FOR_ANYBODY,
    FOR_EVERY_USER,
    PAGES,
    PRIVATE,
    ROUTES,
    SCREENS,
    SETTINGS,
    VERBS,
    WHOLE,
    WITH_RECORD,
    address,
    ask,
)
from tests.factories import LeadFormFactory, UserFactory

pytestmark = pytest.mark.django_db

ONLY_ADMINISTRATORS = {
    "en": "Only administrators can open Settings and maintenance.",
    "da": "Kun administratorer har adgang til Indstillinger og vedligeholdelse.",
}


# ------------------------------------------------------------------- who may
def test_a_logged_out_visitor_goes_to_the_login_page_and_comes_back(client, world, subtests):
    for name in PRIVATE:
        with subtests.test(name):
            url = address(name, world)
            response = ask(client, name, url)
            back = url if response.request["REQUEST_METHOD"] == "GET" else "/"  # a button's own address shows nothing
            assert (response.status_code, response["Location"]) == (302, f"{reverse('crm:login')}?next={back}")


def test_a_fragment_for_a_logged_out_visitor_is_a_401_that_htmx_does_not_swap(client, world, subtests):
    for name in PRIVATE:
        with subtests.test(name):
            response = ask(client, name, address(name, world), headers=HTMX)
            assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize("name", sorted(FOR_ANYBODY - {"crm:language", "crm:welcome", "leads:public-send"}))  # verbs, and a page that only a link opens
def test_what_is_for_anybody_needs_no_login(client, db, name):
    of = [LeadFormFactory().slug] if "<slug:" in ROUTES[name] else []
    assert client.get(reverse(name, args=of)).status_code == 200


def test_after_logging_in_the_visitor_is_where_they_wanted_to_go(client, world, salesperson):
    url = address("crm:company", world)
    login = client.get(url, follow=True)
    assert login.templates[0].name == "crm/login.html"
    response = client.post(reverse("crm:login"), {"username": "JONAS@havn.example", "password": "demo", "next": login.context["next"]})
    assert response["Location"] == url
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_logging_in_never_leads_to_another_site(client, salesperson, elsewhere):
    response = client.post(reverse("crm:login"), {"username": salesperson.email, "password": "demo", "next": elsewhere})
    assert response["Location"] == reverse("crm:overview")


def test_a_wrong_password_is_said_without_saying_which_of_the_two_was_wrong(client, salesperson):
    wrong = client.post(reverse("crm:login"), {"username": salesperson.email, "password": "x"}).content.decode()
    assert "The email address or the password is not right." in wrong
    assert (
        "The email address or the password is not right." in client.post(reverse("crm:login"), {"username": "no@one.example", "password": "x"}).content.decode()
    )
    assert 'value="jonas@havn.example"' in wrong


def test_a_salesperson_opens_every_crm_screen(client, world, salesperson, subtests):
    client.force_login(salesperson)
    for name in SCREENS:
        with subtests.test(name):
            assert client.get(address(name, world)).status_code == 200


@pytest.mark.parametrize("language", ["en", "da"])
def test_a_settings_screen_is_a_403_with_a_plain_sentence_for_a_salesperson(client, world, salesperson, language, subtests):
    client.force_login(salesperson)
    User.objects.filter(pk=salesperson.pk).update(language=language)
    for name, method, headers in product(SETTINGS, ["get", "post"], [{}, HTMX]):
        with subtests.test(name, method=method, headers=headers):
            response = getattr(client, method)(address(name, world), headers=headers)
            if response.status_code != 405 or (method == "post") == (name in VERBS):
                assert response.status_code == 403
                assert ONLY_ADMINISTRATORS[language] in response.content.decode()


def test_settings_lead_an_administrator_to_the_first_screen(client, administrator):
    client.force_login(administrator)
    assert client.get("/settings/", follow=True).redirect_chain == [("/settings/lists/company-categories/", 302)]
    assert client.get("/settings/workflow/", follow=True).redirect_chain == [("/settings/workflow/lead-categorization/", 302)]


def test_somebody_without_rights_gets_a_403_everywhere(client, world, subtests):
    client.force_login(UserFactory(groups=[]))
    for name in (name for name in PRIVATE if name not in FOR_EVERY_USER):
        with subtests.test(name):
            assert ask(client, name, address(name, world)).status_code == 403


@pytest.mark.parametrize("who", ["salesperson", "administrator"])
def test_an_unknown_record_is_a_404_in_plain_words(client, world, request, who, subtests):
    client.force_login(request.getfixturevalue(who))
    theirs = [name for name in WITH_RECORD if (name in FOR_ADMINISTRATORS) == (who == "administrator")]
    for name, (pk, headers) in product(theirs, [(0, {}), (987_654_321, HTMX), (10**25, {})]):  # the last one is beyond what a column holds
        with subtests.test(name, pk=pk, headers=headers):
            answer = ask(client, name, address(name, dict.fromkeys(world, pk)), headers=headers)
            assert answer.status_code == 404
            assert "This no longer exists, or the address is wrong." in answer.content.decode()


def test_no_access_and_a_wrong_address_are_a_line_in_the_servers_log_and_no_traceback(client, salesperson, caplog):
    client.force_login(salesperson)
    assert [client.get(url).status_code for url in ("/settings/users/", "/companies/987654321/", "/no/such/page/")] == [403, 404, 404]
    assert [(record.levelname, record.exc_info) for record in caplog.records if record.name == "django.request"] == [("WARNING", None)] * 3


@pytest.mark.parametrize("who", [None, "salesperson"])
def test_an_unknown_address_is_a_404_page_also_for_a_visitor(client, request, db, who):
    if who:
        client.force_login(request.getfixturevalue(who))
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "This no longer exists, or the address is wrong." in response.content.decode()


def test_looking_at_a_verb_does_nothing(client, world, administrator, subtests):
    client.force_login(administrator)
    for name in sorted(VERBS):
        with subtests.test(name):
            assert client.get(address(name, world)).status_code == 405


def test_a_form_that_was_open_too_long_is_a_403_with_its_own_words(world, salesperson):
    client = Client(enforce_csrf_checks=True)
    client.force_login(salesperson)
    response = client.post(address("crm:sale-reopen", world))
    assert response.status_code == 403
    assert "Go back, reload the page, and try again." in response.content.decode()


# ------------------------------------------------------------- whole or part
def test_every_page_opens_whole_and_as_a_fragment_is_kept_by_no_cache_and_allows_nothing_inline(client, world, administrator, subtests):
    client.force_login(administrator)
    for name in PAGES:
        with subtests.test(name):
            url = address(name, world)
            whole, part = client.get(url), client.get(url, headers=HTMX)
            assert whole.status_code == 200
            for answer in (whole, part):
                _is_kept_by_no_cache(answer)
            _allows_nothing_inline(whole)
            if name not in WHOLE:
                _is_a_fragment_of(part.content.decode(), whole.content.decode())


def _is_kept_by_no_cache(answer):
    assert "HX-Request" in answer["Vary"]
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))


def _is_a_fragment_of(part, whole):
    assert "<!doctype html>" in whole
    assert 'id="main"' in whole
    assert "<html" not in part
    assert 'id="main"' not in part
    assert part.strip()


def _allows_nothing_inline(answer):
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_the_login_page_allows_nothing_inline_either(client, db):
    _allows_nothing_inline(client.get("/login/"))


def test_error_pages_carry_the_policy_too(client, salesperson):
    client.force_login(salesperson)
    assert "script-src 'self'" in client.get("/companies/987654321/")["Content-Security-Policy"]
    assert "script-src 'self'" in client.get("/settings/")["Content-Security-Policy"]


def test_the_login_page_does_not_load_htmx(client, db):
    assert "htmx" not in re.sub(r"<meta[^>]*>|hx-headers", "", client.get("/login/").content.decode())
