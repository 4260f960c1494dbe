"""ASGI entry point."""

import os
from collections.abc import Callable
from typing import Any

from django.core.asgi import get_asgi_application

from config.charsets import readable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_asgi_application()


async def application(scope: dict[str, Any], receive: Callable, send: Callable) -> None:
    """As Django's, but a charset that is none of text is not read."""
    headers = [(name, readable(value.decode("latin1")).encode("latin1") if name == b"content-type" else value) for name, value in scope.get("headers", ())]
    await _django({**scope, "headers": headers} if headers else scope, receive, send)
