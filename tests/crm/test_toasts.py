"""A toast can take back what it tells."""

from __future__ import annotations

import pytest
from django.contrib import messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.template.loader import render_to_string
from django.test import RequestFactory

from crm.slots import UndoOffer
from crm.views.base import say


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
