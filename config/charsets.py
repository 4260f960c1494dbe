"""Before Django reads a request: the charset it names must be one that text can be in."""

from __future__ import annotations

import codecs

from django.utils.http import parse_header_parameters


def readable(content_type: str) -> str:
    """A Content-Type that Django can read, or none: of `text/plain; charset=hex` it would make a failure of ours, before any of our code is asked."""
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "")
        if charset:
            "a".encode(charset)
            b"a".decode(charset, "replace")  # as Django does, which idna for one cannot
    except ValueError:  # two charsets, or a character that is in none
        return ""
    except LookupError:  # `rot13` is no text encoding; a name that nobody knows is passed over by Django
        return "" if _is_known(charset) else content_type
    return content_type


def _is_known(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except LookupError:
        return False
    return True
