"""What becomes of a filled-in form: the verbs of an inquiry."""

from __future__ import annotations

from leads.intake import Sent
from leads.models import Inquiry, LeadForm


def receive(form: LeadForm, sent: Sent, *, spam: str = "") -> tuple[Inquiry, bool]:
    """Keep what was sent, and unless it is spam add it to its contact and company, and give it to somebody (I3, I4).

    `spam` is one of `Inquiry.SpamReason`. Returns the inquiry, and whether this call made it: the same key again finds the first.
    One transaction.
    """
    raise NotImplementedError
