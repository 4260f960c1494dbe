"""Browsers without a screen: Django's test client, logged in. The fixtures `maja`, `karen`, `jonas` and `signe` are made of these."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from crm.models import User

HTMX = {"HX-Request": "true"}
both_ways = pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain form"])
for_real = pytest.mark.django_db(transaction=True)  # a question is announced when it is committed
NOT_AN_ID = ["", "x", "-1", "0", "1.5", "²", "99999999999999999999999", "1 or 1=1", "\x00"]  # "²".isdigit(), but it is no number


def browser(user: User) -> Client:
    """A browser of its own for this person. What a view raises is raised in the test."""
    client = Client()
    client.force_login(user)
    return client


def events(response: HttpResponse) -> dict[str, Any]:
    """What htmx is told to do when it has settled."""
    return json.loads(response.headers["HX-Trigger-After-Settle"])
