"""A toast can take back what it tells."""

from __future__ import annotations

import re

import pytest
from django.contrib import messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.template.loader import render_to_string
from django.test import RequestFactory

from crm.slots import UndoOffer
from crm.views.base import say
from tests.factories import SaleFactory, StageFactory


@pytest.fixture
def request_with_messages(rf: RequestFactory):
    request = rf.get("/companies/?q=<b>")
    request.session = {}
    request._messages = FallbackStorage(request)
    return request


def _toasts(request):
    return render_to_string("ui/toasts.html", {"messages": messages.get_messages(request), "oob": False}, request)


def test_undo_in_a_toast_is_a_form_that_works_without_scripts(request_with_messages):
    say(request_with_messages, "Fjordbo is now Customer", undo=UndoOffer("/category-changes/7/undo/", {"version": 3}))
    html = _toasts(request_with_messages)
    assert 'action="/category-changes/7/undo/"' in html
    assert '<input type="hidden" name="version" value="3">' in html
    assert "<button data-undo>Undo</button>" in html
    assert 'name="next" value="/companies/?q=%3Cb%3E"' in html


def test_a_toast_without_undo_has_no_button(request_with_messages):
    say(request_with_messages, "Settings saved")
    messages.error(request_with_messages, "No", extra_tags="sticky")
    html = _toasts(request_with_messages)
    assert html.count("data-dismiss") == 2
    assert "data-undo" not in html


def test_that_undo_is_there_is_said_to_a_screen_reader_too(request_with_messages):
    say(request_with_messages, "Fjordbo is now Customer", undo=UndoOffer("/x/"))
    assert 'data-also="Undo is available."' in _toasts(request_with_messages)


def _move(client, sale, stage, **values):
    return client.post(f"/sales/{sale.pk}/stage/", {"stage": stage.pk, **values}, headers={"HX-Request": "true"})


def _offer(response):
    form = re.search(r"<form.*?</form>", response.content.decode(), re.DOTALL)
    return dict(re.findall(r'name="(stage|seen_stage)" value="(\d+)"', form[0])) if form else None


@pytest.mark.django_db
def test_a_sale_goes_back_to_the_stage_it_was_in_once(jonas):
    first, second = StageFactory(), StageFactory()
    sale = SaleFactory(stage=first)
    offer = _offer(_move(jonas, sale, second))
    assert offer == {"stage": str(first.pk), "seen_stage": str(second.pk)}
    url = f"/sales/{sale.pk}/stage/"
    assert jonas.post(url, offer, headers={"HX-Request": "true"}).status_code == 200
    sale.refresh_from_db()
    assert sale.stage == first
    assert jonas.post(url, offer, headers={"HX-Request": "true"}).status_code == 200  # a second press changes nothing
    third = StageFactory()
    _move(jonas, sale, third)
    assert jonas.post(url, offer, headers={"HX-Request": "true"}).status_code == 409
    sale.refresh_from_db()
    assert sale.stage == third


@pytest.mark.django_db
def test_a_sale_goes_back_only_to_a_stage_that_is_there(jonas):
    gone, here = StageFactory(archived_at="2026-01-01T00:00Z"), StageFactory()
    assert _offer(_move(jonas, SaleFactory(stage=gone), here)) is None
    assert _offer(_move(jonas, SaleFactory(stage=here), here)) is None
