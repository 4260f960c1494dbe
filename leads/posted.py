"""Reading what anybody on the internet sends: bounded before it is read, and refused with a plain sentence (I5)."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _

from leads import limits

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"


class Refused(Exception):
    """This cannot be read. `status` is the answer's; the text says what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def posted(request: HttpRequest) -> QueryDict:
    """The values that were sent. Raises Refused."""
    _look_at_size(request)
    look_at_charset(request)
    if request.content_type not in (FORM, PARTS, ""):
        raise Refused(415, _("Only a form can be sent here."))
    try:
        raw = request.body
        if len(raw) > limits.BODY:
            raise _too_large()
        text = (raw if request.content_type == PARTS else unquote_to_bytes(raw)).decode()
        values, files = request.POST, request.FILES
    except (UnicodeError, LookupError, BadRequest, SuspiciousOperation, UnreadablePostError, MultiPartParserError):
        raise _unreadable() from None
    if files:
        raise Refused(400, _("Files cannot be sent with this form."))
    if "\0" in text or sum(map(len, values.values())) > limits.BODY or len(values) > limits.FIELDS:
        raise _unreadable()
    return values


def look_at_charset(request: HttpRequest) -> None:
    """Forms are sent in UTF-8. Django would read this one, and its address, in whatever else it names: `utf-7` and others make text of it
    that no database takes, and `hex` none at all. Raises Refused."""
    if request.content_params and request.content_params.get("charset", "utf-8").lower() not in ("", "utf-8", "utf8"):
        raise _unreadable()


def _look_at_size(request: HttpRequest) -> None:
    """By what the request says of itself: nothing is read yet."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise Refused(411, _("What was sent does not say how large it is."))  # no browser sends a form in pieces
    if length and not (length.isascii() and length.isdigit()):
        raise _unreadable()
    if length and (len(length) > 9 or int(length) > limits.BODY):
        raise _too_large()


def _unreadable() -> Refused:
    return Refused(400, _("What was sent cannot be read. Reload the page and try again."))


def _too_large() -> Refused:
    return Refused(413, _("This is more than the form can take. Shorten the message and try again."))
