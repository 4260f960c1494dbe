"""What the tests of inquiries share."""

from __future__ import annotations

import uuid
from itertools import count
from typing import Any

from leads.inquiries import receive
from leads.intake import Sent
from leads.models import Inquiry, LeadForm
from tests.factories import LeadFormFactory

WORDS = count(1)  # nobody says the same twice: that would be one inquiry


def sent(**values: Any) -> Sent:
    """A filled-in form of somebody, with a key of its own."""
    words = {"first_name": "Lise", "last_name": "Bakke", "email": "lise@bakkely.dk", "message": f"Call me ({next(WORDS)})"}
    return Sent(**{"key": uuid.uuid4(), **words, "consent": True, **values})


def received(form: LeadForm | None = None, *, spam: str = "", **values: Any) -> Inquiry:
    """An inquiry that came in by the road of all."""
    return receive(form or LeadFormFactory(), sent(**values), spam=spam)[0]
