"""What the ledger keeps about a person: handed out, and kept without the name (S5)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import ngettext

from crm.mentions import Mentions
from crm.models import Contact
from crm.numbers import Number
from crm.slots import PersonalData
from workflow.models import CategoryDecision, HandOver


class DecisionsAboutThem(PersonalData):
    """What their lead status moved their company to. The ledger keeps its shape: a decision names the contact by its key."""

    key, permission, position = "decisions", "crm.view_company", 70

    def export(self, contact: Contact) -> Any:
        found = CategoryDecision.objects.filter(contact=contact).with_names().order_by("pk")
        return [
            {
                "at": one.created_at, "company": str(one.company), "lead_status": one.lead_status and str(one.lead_status), "outcome": one.outcome,
                "from": one.from_category and str(one.from_category), "to": str(one.to_category or one.suggested_category or ""),
                "decided_by": one.decided_by and str(one.decided_by), "decided_at": one.decided_at,
            }
            for one in found
        ]  # fmt: skip

    def stays(self, contact: Contact) -> list[str]:
        number = CategoryDecision.objects.filter(contact=contact).count()
        return [ngettext("{n} decision about a category.", "{n} decisions about categories.", number).format(n=Number(number))] if number else []

    def erase(self, contact: Contact, words: Mentions) -> None:
        words.clear(CategoryDecision, ["error"], company="company")
        words.clear(HandOver, ["note"], company="decision__company")


PERSONAL_DATA = (DecisionsAboutThem(),)
