"""What the model speaks of (model.py). Companies, contacts, sales and rules have numbers, a higher one is newer; categories, lead statuses and users names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

POTENTIAL = "potential_customer"


class Refused(Exception):
    """What was asked for is not done, and nothing changes."""


@dataclass
class User:
    may_edit: bool = True
    is_administrator: bool = False
    is_active: bool = True


@dataclass
class Category:
    group: str
    uses_lead_status: bool = False
    is_deleted: bool = False


@dataclass
class Rule:
    trigger: str
    lead_status: str | None = None  # rule 4 only
    target: str | None = None
    asks: bool = False
    is_on: bool = False


@dataclass
class Company:
    category: str
    our_contact: str | None = None
    version: int = 1  # A10: the number of its last applied change


@dataclass
class Contact:
    company: int
    lead_status: str | None = None


@dataclass
class Sale:
    company: int | None = None
    status: str = "open"
    is_archived: bool = False


class Cause(NamedTuple):
    """What a rule answers to, and at which company. `record` is the sale, or with a lead status the contact."""

    trigger: str
    company: int
    record: int
    lead_status: str | None = None


@dataclass
class Decision:
    """A8. `undoes` and `retries` are places in the company's list of decisions."""

    company: int
    trigger: str
    outcome: str
    rule: int | None = None
    record: int | None = None
    lead_status: str | None = None
    skip_reason: str = ""
    before: str | None = None
    suggested: str | None = None
    after: str | None = None
    number: int | None = None
    caused_by: str | None = None
    asked_of: str | None = None
    decided_by: str | None = None
    undoes: int | None = None
    retries: int | None = None
