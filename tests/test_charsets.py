"""I5: whatever charset a request names, no answer is a failure of ours, at no address."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory

from config.asgi import application as asgi
from config.charsets import readable
from config.wsgi import application

NO_TEXT = ["hex", "rot13", "zip", "base64", "undefined", "idna\udc80"]


def answer(content_type: str, path: str = "/healthz") -> str:
    """The status that a server would be told."""
    said: list[str] = []
    environ = RequestFactory()._base_environ(PATH_INFO=path, QUERY_STRING="a=%2B1", CONTENT_TYPE=content_type, HTTP_HOST="localhost")
    application({**environ, "wsgi.input": io.BytesIO()}, lambda status, *_rest: said.append(status))
    return said[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("charset", NO_TEXT)
@pytest.mark.parametrize("path", ["/healthz", "/forms/nowhere/"])
def test_i5_a_charset_that_is_none_of_text_is_not_read(charset, path):
    assert answer(f"multipart/form-data; charset={charset}; boundary=x", path)[0] in "234"


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded; charset=UTF-8", "text/plain; charset=latin1", "text/x; charset=klingon"]
)
def test_i5_any_other_content_type_is_left_alone(content_type):
    assert readable(content_type) == content_type


@pytest.mark.django_db(transaction=True)
def test_i5_the_other_kind_of_server_is_told_the_same():
    said: list[dict[str, Any]] = []

    heard = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(heard, None) or await asyncio.Future()  # nobody leaves

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"text/plain; charset=hex")]
    scope = {"type": "http", "method": "GET", "path": "/healthz", "query_string": b"a=1", "headers": headers}
    async_to_sync(asgi)(scope, receive, send)
    assert said[0]["status"] == 200
