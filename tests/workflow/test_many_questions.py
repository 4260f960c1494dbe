"""Q6: however many questions one action raises, whoever did it is led to them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.http import HttpResponse

from tests.browsers import HTMX
from tests.workflow.questions import ask
from workflow import suggestions
from workflow.middleware import announce_suggestions
from workflow.models import Batch, CategoryDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(asking, salesperson, monkeypatch):
    """Jonas is asked about three companies, one more than an address or a dialog takes."""
    monkeypatch.setattr("workflow.middleware.MOST", 2)
    monkeypatch.setattr("workflow.views.several.MOST_IN_A_DIALOG", 2)
    return ask(salesperson, *"ABC", kind="import")


def raising(asked, user, *, htmx):
    """What a request that has raised these answers, and its session."""

    def view(request):
        suggestions.raised.get().extend(one.pk for one in asked)
        return HttpResponse()

    request = SimpleNamespace(user=user, htmx=htmx, session={})
    return announce_suggestions(view)(request), request.session


def test_q6_those_of_one_batch_are_named_by_it(jonas, salesperson, asked):
    response, _session = raising(asked, salesperson, htmx=True)
    assert f"/confirmations/?dialog=1&batch={Batch.objects.get().pk}" in response["HX-Trigger-After-Settle"]


def test_q6_else_the_dialog_leads_to_all_that_wait(jonas, salesperson, asked):
    CategoryDecision.objects.filter(pk=asked[0].pk).update(batch=None)
    response, _session = raising(asked, salesperson, htmx=True)
    assert '"/confirmations/?dialog=1"' in response["HX-Trigger-After-Settle"]
    html = jonas.get("/confirmations/?dialog=1", headers=HTMX).content.decode()
    assert "3 category changes wait for your answer" in html
    assert '<a href="/confirmations/" autofocus>' in html


def test_q6_after_a_plain_form_the_next_page_leads_there(jonas, salesperson, asked):
    _response, session = raising(asked, salesperson, htmx=False)
    stored = jonas.session
    stored.update(session)
    stored.save()
    html = jonas.get("/companies/").content.decode()
    assert "3 category changes wait for your answer" in html
    assert f'<a href="/confirmations/?batch={Batch.objects.get().pk}" autofocus>' in html
    assert "3 category changes wait for your answer" not in jonas.get("/companies/").content.decode()


@pytest.mark.parametrize("named", ["ids=", "ids=x", "batch=", "batch=x", "batch=99999999999999999999999", "batch=0", "ids=%00"])
def test_naming_nothing_never_fails(jonas, asked, named):
    assert jonas.get(f"/confirmations/?dialog=1&{named}", headers=HTMX).status_code == 200
