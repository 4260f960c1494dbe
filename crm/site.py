"""Where this Havn is reached, for links that leave it: in a mail, in a snippet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@contextmanager
def asked_at(request: HttpRequest) -> Iterator[None]:
    """What is done inside is done for this request."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def root() -> str:
    """The address of Havn: as whoever is at work knows it, otherwise `settings.SITE_URL`.

    A visitor is not asked: what they send is mailed to our people, and a link to a host of their choice is not.
    """
    request = _request.get()
    if request is None or not request.user.is_authenticated:
        return settings.SITE_URL
    return request.build_absolute_uri("/")


def absolute(url: str, *, at: str = "") -> str:
    """A whole address for a path on this site; `at` is the root where that is known."""
    return urljoin(at or root(), url)
