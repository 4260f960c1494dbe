"""A sale in two tabs: what a page offers says what it has shown, so that a colleague's date, reason and stage are not lost (S2)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Sale
from tests.browsers import HTMX
from tests.factories import SaleFactory, StageFactory

pytestmark = pytest.mark.django_db


def form_to(html, address):
    """The hidden values of the first form that posts to this address."""
    form = re.search(rf'<form[^>]*action="{address}".*?</form>', html, re.DOTALL)[0]
    return {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form) if name != "csrfmiddlewaretoken"}


def links_to(html, address):
    """Every address of a link that goes there, for htmx and without."""
    return [unescape(url) for url in re.findall(rf'(?:href|hx-get)="({address}[^"]*)"', html)]


def meanwhile(colleague, sale, **values):
    """What a colleague has made of it since."""
    with acting_as(colleague):
        Sale.objects.filter(pk=sale.pk).update(**values)


def test_s2_reopen_in_the_toast_does_not_take_back_what_a_colleague_has_made_of_the_sale_since(jonas, colleague):
    sale = SaleFactory()
    offer = form_to(jonas.post(f"/sales/{sale.pk}/won/", headers=HTMX).content.decode(), f"/sales/{sale.pk}/reopen/")
    meanwhile(colleague, sale, status="lost", reason_note="Too dear")
    assert jonas.post(f"/sales/{sale.pk}/reopen/", offer, headers=HTMX).status_code == 409
    assert Sale.objects.values_list("status", "reason_note").get() == ("lost", "Too dear")


@pytest.mark.parametrize(("at", "verb"), [("{own}", "lost"), ("{own}", "stall"), ("{company}", "lost"), ("/sales/board/", "lost")])
def test_s2_every_link_that_closes_or_stalls_says_what_the_page_showed(jonas, colleague, at, verb):
    sale = SaleFactory(stage=StageFactory())
    pages = {"own": sale.get_absolute_url(), "company": sale.company.get_absolute_url()}
    links = links_to(jonas.get(at.format(**pages)).content.decode(), f"/sales/{sale.pk}/{verb}/")
    assert links
    meanwhile(colleague, sale, status="won", closed_on=timezone.localdate(), reason_note="Came early")
    for link in links:
        assert jonas.get(link, headers=HTMX).status_code == 409, link
    assert Sale.objects.get().status == "won"


@pytest.mark.parametrize(("at", "status"), [("{own}", "lost"), ("{company}", "lost"), ("/sales/board/", "lost"), ("/", "stalled")])
def test_s2_every_reopen_says_what_the_page_showed(jonas, salesperson, colleague, at, status):
    sale = SaleFactory(status=status, owner=salesperson, **({"reopen_on": timezone.localdate()} if status == "stalled" else {}))
    pages = {"own": sale.get_absolute_url(), "company": sale.company.get_absolute_url()}
    sent = form_to(jonas.get(at.format(**pages)).content.decode(), f"/sales/{sale.pk}/reopen/")
    meanwhile(colleague, sale, status="won", closed_on=timezone.localdate(), reason_note="Came early")
    assert jonas.post(f"/sales/{sale.pk}/reopen/", sent, headers=HTMX).status_code == 409
    assert Sale.objects.values_list("status", "reason_note").get() == ("won", "Came early")


# --------------------------------------------------------- date and reason
def opened(client, sale):
    """The dialog *Date and reason ...* as it is sent when nothing is changed in it."""
    response = client.get(f"/sales/{sale.pk}/close/", {"seen_status": sale.status}, headers=HTMX)
    form = response.context["form"]
    return {**{name: form[name].value() or "" for name in ("closed_on", "reason", "reason_note", "seen")}, "seen_status": sale.status}


@pytest.mark.parametrize("status", ["won", "lost"])
def test_the_second_of_two_who_write_a_reason_sees_both_and_decides(jonas, signe, status):
    sale = SaleFactory(status=status)
    mine, hers = opened(jonas, sale), opened(signe, sale)
    assert signe.post(f"/sales/{sale.pk}/close/", {**hers, "reason_note": "Hers"}, headers=HTMX).status_code == 200
    response = jonas.post(f"/sales/{sale.pk}/close/", {**mine, "reason_note": "Mine"}, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Signe Bach saved this while you were editing" in html
    assert "Note: Hers" in html
    assert 'value="Mine"' in html
    assert Sale.objects.get().reason_note == "Hers"
    again = {**mine, "reason_note": "Mine", "seen": response.context["form"]["seen"].value()}
    assert jonas.post(f"/sales/{sale.pk}/close/", again, headers=HTMX).status_code == 200
    assert Sale.objects.get().reason_note == "Mine"


def test_a_note_that_only_a_colleague_has_written_stays_when_the_date_is_changed(jonas, signe):
    sale = SaleFactory(status="won")
    mine, hers = opened(jonas, sale), opened(signe, sale)
    signe.post(f"/sales/{sale.pk}/close/", {**hers, "reason_note": "Hers"}, headers=HTMX)
    assert jonas.post(f"/sales/{sale.pk}/close/", {**mine, "closed_on": "2026-01-05"}, headers=HTMX).status_code == 200
    sale.refresh_from_db()
    assert (sale.reason_note, sale.closed_on.isoformat()) == ("Hers", "2026-01-05")


# --------------------------------------------------------------- stage path
@pytest.mark.parametrize("theirs", ["moved", "stalled"])
def test_the_stage_path_of_a_stale_page_moves_nothing(jonas, colleague, theirs):
    first, second, third = StageFactory.create_batch(3)
    sale = SaleFactory(title="Solar roof", stage=first)
    sent = form_to(jonas.get(sale.get_absolute_url()).content.decode(), f"/sales/{sale.pk}/stage/")
    meanwhile(colleague, sale, **({"stage": third} if theirs == "moved" else {"status": "stalled"}))
    before = Sale.objects.values().get()
    response = jonas.post(f"/sales/{sale.pk}/stage/", {**sent, "stage": second.pk}, headers=HTMX)
    assert response.status_code == 409
    assert "Solar roof was not moved: it is in " in response.content.decode()
    assert Sale.objects.values().get() == before
