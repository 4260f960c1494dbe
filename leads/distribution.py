"""Whose turn it is, and giving an inquiry to them (I4)."""

from __future__ import annotations

from leads.models import Assignment, Inquiry


def assign(inquiry: Inquiry) -> Assignment:
    """Give an inquiry that has its company to who is next, in the transaction that received it.

    Sets `inquiry.owner`, and makes them *our contact* of a company that has none. The caller holds the company's lock.
    """
    raise NotImplementedError
