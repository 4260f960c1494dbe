"""The request as our views meet it: somebody is logged in, and it knows about htmx."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from crm.models import User


class Request(HttpRequest):
    """What `LoginRequired` and django-htmx make of a request; only for type hints."""

    user: User
    htmx: HtmxDetails
