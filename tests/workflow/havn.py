"""The real Havn as the machine plays on it: its lists and rules, its questions, and what the database says in the model's terms (model.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from crm.actor import acting_as
from crm.lists import CannotDelete, delete_item
from crm.models import Company, CompanyCategory, Contact, Sale, User
from leads.defaults import LeadStatusNotEnabled, set_lead_status
from leads.models import LeadStatus
from tests.workflow.model_words import Decision
from tests.workflow.roads import Keys, Roads
from workflow import decisions
from workflow.again import CannotAskAgain, ask_again
from workflow.models import AutomationRule, CategoryDecision
from workflow.undo import CannotUndo, undo

REFUSALS = (PermissionDenied, decisions.NothingToDecide, decisions.Stale, decisions.TargetDeleted, CannotUndo, CannotAskAgain)
COLUMNS = ("company_id", "trigger", "outcome", "rule_id", "sale_id", "contact_id", "lead_status_id", "skip_reason", "from_category_id", "suggested_category_id",
           "to_category_id", "applied_version", "caused_by_id", "asked_of_id", "decided_by_id", "undoes_id", "retries_id")  # fmt: skip


class Havn:
    """One small Havn, with a handful of rows."""

    def __init__(self, users: dict[str, User], categories: Iterable[str], statuses: Iterable[str]) -> None:
        self.keys = Keys()
        self.roads = Roads(self.keys)
        self.users: dict[str | None, User | None] = {None: None, **users}
        for name, user in users.items():
            self.keys.add("user", name, user.pk)
        for kind, model, names in (("category", CompanyCategory, categories), ("status", LeadStatus, statuses)):
            for name, pk in model.objects.filter(name__in=list(names)).values_list("name", "pk"):
                self.keys.add(kind, name, pk)

    # --------------------------------------------------------- what is edited
    def edit_category(self, how: str, name: str, group: str, uses_lead_status: bool) -> None:
        """By *save*, *update* or *bulk_update*; only the first switches lead status off by itself when the group does not use it."""
        rows = CompanyCategory.objects.filter(pk=self.keys.pk("category", name))
        if how == "update":
            rows.update(group=group, lead_status_enabled=uses_lead_status)
            return
        row = rows.get()
        row.group_id, row.lead_status_enabled = group, uses_lead_status
        if how == "save":
            row.save()
        else:
            CompanyCategory.objects.bulk_update([row], ["group", "lead_status_enabled"])

    def delete_category(self, name: str, is_deleted: bool) -> None:
        """Softly; or bring it back (C4)."""
        CompanyCategory.objects.filter(pk=self.keys.pk("category", name)).update(archived_at=timezone.now() if is_deleted else None)

    def replace_category(self, name: str, other: str, by: str | None) -> str:
        """Delete it, and put another in its place (C4). Returns what it was refused with, or nothing."""
        old, new = self.keys.pk("category", name), self.keys.pk("category", other)
        with acting_as(self.users[by]):
            try:
                delete_item(model=CompanyCategory, pk=old, area="company-categories", replacement=new)
            except CannotDelete as refused:
                return type(refused).__name__
        return ""

    def edit_rule(self, number: int, trigger: str, lead_status: str | None, target: str, asks: bool, is_on: bool) -> None:
        """Change a rule; make it, if there is none with that number."""
        pk = self.keys.pk("rule", number) if self.keys.knows("rule", number) else None
        status, category = self.keys.pk("status", lead_status), self.keys.pk("category", target)
        rule = AutomationRule(pk=pk, trigger=trigger, lead_status_id=status, target_category_id=category, ask_user=asks, is_enabled=is_on)
        rule.save()
        self.keys.add("rule", number, rule.pk)

    def remove_rule(self, number: int) -> None:
        """A row of rule 4 that was taken away."""
        AutomationRule.objects.filter(pk=self.keys.pk("rule", number)).update(is_enabled=False, archived_at=timezone.now())

    def set_active(self, name: str, is_active: bool) -> None:
        """Deactivate a user, or bring them back (S5)."""
        User.objects.filter(pk=self.keys.pk("user", name)).update(is_active=is_active)
        self.users[name].is_active = is_active

    def set_lead_status(self, number: int, status: str, by: str | None) -> str:
        """As the screens do. Returns what it was refused with, or nothing."""
        try:
            with acting_as(self.users[by]):
                set_lead_status(contact=self.roads.fetch("contact", number), status=LeadStatus.objects.get(pk=self.keys.pk("status", status)))
        except LeadStatusNotEnabled as refusal:
            return type(refusal).__name__
        return ""

    # -------------------------------------------------------------- questions
    def decide(self, company: int, place: int, act: Callable[[int], Any]) -> str:
        """Do something with a decision, found by its place in the company's list. Returns what it was refused with, or nothing."""
        pk = CategoryDecision.objects.filter(company=self.keys.pk("company", company)).order_by("pk").values_list("pk", flat=True)[place]
        try:
            act(pk)
        except REFUSALS as refusal:
            return type(refusal).__name__
        return ""

    def answer(self, pk: int, answer: str, by: str, seen: int) -> None:
        """Accept, keep, or choose the category of that name."""
        if answer in ("accept", "keep"):
            getattr(decisions, answer)(pk, by=self.users[by], seen_version=seen)
        else:
            category = CompanyCategory.objects.get(pk=self.keys.pk("category", answer))
            decisions.choose(pk, category, by=self.users[by], seen_version=seen)

    def undo(self, pk: int, by: str) -> None:
        """Take a change back (A9)."""
        undo(pk, by=self.users[by])

    def ask_again(self, pk: int, by: str) -> None:
        """Ask once more what was kept (A9)."""
        ask_again(pk, by=self.users[by])

    # ---------------------------------------------------------------- reading
    def companies(self) -> dict[int, tuple[str, int]]:
        """Category and version of each company."""
        name = self.keys.name
        return {name("company", pk): (name("category", category), version) for pk, category, version in _read(Company, "pk", "category_id", "category_version")}

    def contacts(self) -> dict[int, tuple[int, str | None]]:
        """Company and lead status of each contact."""
        name = self.keys.name
        rows = _read(Contact, "pk", "company_id", "lead__status_id")
        return {name("contact", pk): (name("company", company), name("status", status)) for pk, company, status in rows}

    def sales(self) -> dict[int, tuple[int | None, str, bool]]:
        """Company, status, and whether it is archived, of each sale."""
        name = self.keys.name
        rows = _read(Sale, "pk", "company_id", "status", "archived_at")
        return {name("sale", pk): (name("company", company), status, archived_at is not None) for pk, company, status, archived_at in rows}

    def decisions(self) -> dict[int, list[Decision]]:
        """The decisions of each company, oldest first."""
        name = self.keys.name
        found: dict[int, list[Decision]] = {}
        places: dict[int | None, int | None] = {None: None}
        for row in _read(CategoryDecision, "pk", *COLUMNS):
            pk, company, trigger, outcome, rule, sale, contact, status, reason, before, suggested, after, number, caused, asked, decided, undoes, retries = row
            history = found.setdefault(name("company", company), [])
            places[pk] = len(history)
            record = name("sale", sale) if sale else name("contact", contact)
            history.append(
                Decision(
                    name("company", company), trigger, outcome, name("rule", rule), record, name("status", status), reason,
                    name("category", before), name("category", suggested), name("category", after), number,
                    name("user", caused), name("user", asked), name("user", decided), places[undoes], places[retries],
                )
            )  # fmt: skip
        return found


@cache
def _select(model: Any, columns: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    return QuerySet(model).order_by("pk").values_list(*columns).query.sql_with_params()


def _read(model: Any, *columns: str) -> list[tuple[Any, ...]]:
    """What the database says, past everything that would notice. The SQL is made once: this is asked after every event."""
    with connection.cursor() as cursor:
        cursor.execute(*_select(model, columns))
        return cursor.fetchall()
