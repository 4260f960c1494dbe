"""Browsers without a screen: Django's test client, logged in. The fixtures `maja`, `karen`, `jonas` and `signe` are made of these."""

from __future__ import annotations

from django.test import Client

from crm.models import User


def browser(user: User) -> Client:
    """A browser of its own for this person. What a view raises is raised in the test."""
    client = Client()
    client.force_login(user)
    return client
