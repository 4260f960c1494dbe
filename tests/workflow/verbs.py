"""What people do in `test_process*.py`. Arguments are plain values; each verb reads what it needs, as a new request does."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from crm.actor import current_actor
from crm.models import Company, CompanyCategory, Contact, Sale
from crm.models.companies import lock_companies
from crm.throttle import claim
from leads import limits
from leads.defaults import LeadStatusNotEnabled
from leads.defaults import set_lead_status as set_status
from leads.distribution import assign
from leads.inquiries import receive
from leads.intake import Sent
from leads.models import Inquiry, Lead, LeadForm, LeadStatus
from leads.seats import set_paused
from workflow import decisions
from workflow.again import CannotAskAgain
from workflow.again import ask_again as ask_decision_again
from workflow.decisions import NothingToDecide, Stale, TargetDeleted
from workflow.forms.setup import SetupForm
from workflow.models import AutomationRule, CategoryDecision
from workflow.undo import CannotUndo
from workflow.undo import undo as undo_decision

REFUSALS = (NothingToDecide, Stale, TargetDeleted, LeadStatusNotEnabled, CannotUndo, CannotAskAgain)  # the domain's own


def _me() -> Any:
    me = current_actor()
    if me is None:
        raise ValueError("Say who does this: by=...")
    return me


# ------------------------------------------------------------ leads that come in
def receive_leads(form: int, number: int, who: str, roll_back_every: int = 0) -> int:
    """So many people fill in the form, one after the other, each from a company of their own. Every so often a request fails at its end."""
    kept = 0
    for n in range(number):
        sent = Sent(key=uuid.uuid4(), company=f"{who} {n}", first_name=who, last_name=str(n), email=f"{who}@company-{who}-{n}.example")
        with suppress(_Fails), transaction.atomic():
            receive(LeadForm.objects.get(pk=form), sent)
            if roll_back_every and n % roll_back_every == 0:
                raise _Fails
            kept += 1
    return kept


def assign_leads(inquiries: Sequence[int]) -> int:
    """Give these to somebody, as when each has just been received. Nobody is told: that is a fifth of the work, and another test's."""
    with patch("leads.distribution.notify"):
        for inquiry in Inquiry.objects.filter(pk__in=inquiries).order_by("pk"):
            with transaction.atomic():
                lock_companies([inquiry.company_id])
                assign(inquiry)
    return len(inquiries)


class _Fails(Exception):
    """Something else in the transaction went wrong."""


def pause_seat(seat: int) -> None:
    """An administrator passes somebody over."""
    set_paused(seat, True)


# --------------------------------------------------------------------- sales
def win(sale: int) -> None:
    """Win a sale."""
    Sale.objects.get(pk=sale).win()


def receive_inquiry(form: int, key: str, **typed: str) -> tuple[int, bool]:
    """Send a lead form."""
    inquiry, is_new = receive(LeadForm.objects.get(pk=form), Sent(key=uuid.UUID(key), **typed))
    return inquiry.pk, is_new


def close(sale: int, status: str) -> None:
    """Give a sale a status."""
    mine = Sale.objects.get(pk=sale)
    mine.status = status
    mine.save()


def reopen(sale: int) -> None:
    """Open a sale again."""
    Sale.objects.get(pk=sale).reopen()


def move(sale: int, company: int | None) -> None:
    """Give a sale another company, or none."""
    mine = Sale.objects.get(pk=sale)
    mine.company_id = company
    mine.save()


def archive_sale(sale: int) -> None:
    """Put a sale away."""
    mine = Sale.objects.get(pk=sale)
    mine.archived_at = timezone.now()
    mine.save()


def update(sales: Sequence[int], **values: Any) -> int:
    """Many sales in one statement, in whatever order they are named."""
    return Sale.objects.filter(pk__in=sales).update(**values)


def create(companies: Sequence[int], status: str = "open") -> int:
    """A new sale at each of these companies, in one batch."""
    return len(Sale.objects.bulk_create(Sale(title="Solar roof", company_id=company, status=status) for company in companies))


def import_sales(path: str, options: Sequence[str] = ()) -> None:
    """Import a file of sales."""
    call_command("import_sales", path, *options, stdout=Path("/dev/null").open("w"))  # noqa: SIM115


# ---------------------------------------------------------- companies, people
def categorise(company: int, category: int) -> None:
    """Change a category by hand."""
    mine = Company.objects.get(pk=company)
    mine.category_id = category
    mine.save()


def categorise_all(companies: Sequence[int], category: int) -> int:
    """Change many categories by hand at once."""
    return Company.objects.filter(pk__in=companies).update(category=category)


def set_lead_status(contact: int, status: int) -> bool:
    """Set a lead status, as the page does."""
    return set_status(contact=Contact.objects.get(pk=contact), status=LeadStatus.objects.get(pk=status))


def first_lead(contact: int, status: int) -> None:
    """Give a person their first lead status, as Django's admin does."""
    Lead.objects.create(contact_id=contact, status_id=status)


def update_leads(contacts: Sequence[int], status: int) -> int:
    """Set many lead statuses at once."""
    return Lead.objects.filter(pk__in=contacts).update(status=status)


def move_contact(contact: int, company: int) -> None:
    """A person changes jobs."""
    mine = Contact.objects.get(pk=contact)
    mine.company_id = company
    mine.save()


# --------------------------------------------------------------- administrators
def set_rule(rule: int, **values: Any) -> None:
    """Change a rule: on, target, ask."""
    mine = AutomationRule.objects.get(pk=rule)
    for name, value in values.items():
        setattr(mine, name, value)
    mine.save()


def edit_category(category: int, **values: Any) -> None:
    """Edit a category: its name, its group, or whether it uses lead status."""
    mine = CompanyCategory.objects.get(pk=category)
    for name, value in values.items():
        setattr(mine, name, value)
    mine.save()


def delete_category(category: int, deleted: bool = True) -> None:
    """Delete a category, which is soft; or bring it back."""
    CompanyCategory.objects.filter(pk=category).update(archived_at=timezone.now() if deleted else None)


# -------------------------------------------------------------------- answers
def accept(decision: int, seen: int) -> str:
    """Accept a suggestion; the outcome."""
    return decisions.accept(decision, by=_me(), seen_version=seen).decision.outcome


def keep(decision: int, seen: int) -> str:
    """Keep the category; the outcome."""
    return decisions.keep(decision, by=_me(), seen_version=seen).decision.outcome


def choose(decision: int, category: int, seen: int) -> str:
    """Choose another category; the outcome."""
    return decisions.choose(decision, CompanyCategory.objects.get(pk=category), by=_me(), seen_version=seen).decision.outcome


def undo(decision: int) -> int:
    """Take back the last change of a company; the new decision."""
    return undo_decision(decision, by=_me()).pk


def ask_again(decision: int) -> int:
    """Ask what was kept once more; the new decision."""
    return ask_decision_again(decision, by=_me()).pk


def undo_last(company: int) -> int:
    """Take back the last change of this company, whatever it is."""
    last = CategoryDecision.objects.filter(company=company, applied_version__isnull=False).latest("applied_version")
    return undo(last.pk)


def lock_decision(decision: int) -> int:
    """Hold up whoever wants to end a suggestion."""
    return CategoryDecision.objects.select_for_update().values_list("pk", flat=True).get(pk=decision)


def report_statistics() -> None:
    """Let PostgreSQL count now what this connection has met, and not some seconds later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")


# -------------------------------------------------------------------- browsing
_browser: dict[str, Client] = {}


def post(path: str, data: dict[str, Any] | None = None) -> int:
    """Send a form as the page does; the status of the answer. What the view raises, is raised."""
    return _browser["mine"].post(path, data or {}, headers={"HX-Request": "true"}).status_code


def _log_in(user: Any) -> None:
    _browser["mine"] = Client(SERVER_NAME="localhost")
    _browser["mine"].force_login(user)


def set_up(category: int, group: str) -> int:
    """Say on *Set up categories* what this category means, with the page as it is now; the status of the answer."""
    return post("/settings/workflow/setup/", {"seen": SetupForm().seen, f"c{category}-group": group, f"c{category}-lead": "on"})


post.prepare = set_up.prepare = _log_in  # type: ignore[attr-defined]


# ---------------------------------------------------------------------- a storm
def storm(seed: int, times: int, **what: Any) -> dict[str, int]:
    """Do `times` random things; how often each was done, or refused."""
    dice, done = random.Random(seed), {}
    for _ in range(times):
        did = _something(dice, **what)
        done[did] = done.get(did, 0) + 1
    return done


def _something(
    dice: random.Random, *, companies: list[int], sales: list[int], contacts: list[int], categories: list[int], statuses: list[int], rules: list[int]
) -> str:
    def some(pks: list[int]) -> list[int]:
        return dice.sample(pks, dice.randint(2, len(pks)))

    deeds: list[tuple[int, Callable[[], Any]]] = [
        (6, lambda: _as_a_page(win, dice.choice(sales))),
        (4, lambda: _as_a_page(close, dice.choice(sales), "lost")),
        (4, lambda: _as_a_page(reopen, dice.choice(sales))),
        (3, lambda: _as_a_page(move, dice.choice(sales), dice.choice([*companies, None]))),
        (3, lambda: set_lead_status(dice.choice(contacts), dice.choice(statuses))),
        (1, lambda: move_contact(dice.choice(contacts), dice.choice(companies))),
        (4, lambda: categorise(dice.choice(companies), dice.choice(categories))),
        (6, lambda: _answer(dice)),
        (2, lambda: undo_last(dice.choice(companies))),
        (2, lambda: set_rule(dice.choice(rules), is_enabled=dice.random() < 0.8, ask_user=dice.random() < 0.5)),
        (2, lambda: update(some(sales), status=dice.choice(["won", "lost", "open"]))),
        (1, lambda: update_leads(some(contacts), dice.choice(statuses))),
        (1, lambda: create(some(companies), dice.choice(["open", "won"]))),
        (1, lambda: categorise_all(some(companies), dice.choice(categories))),
    ]
    weights = [weight for weight, _deed in deeds]
    number = dice.choices(range(len(deeds)), weights)[0]
    try:
        deeds[number][1]()
    except REFUSALS as refused:
        return type(refused).__name__
    return "done"


def _as_a_page(verb: Callable[..., Any], sale: int, *arguments: Any) -> None:
    """With the sale locked from the moment it is read."""
    with transaction.atomic():
        Sale.objects.select_for_update(no_key=True).get(pk=sale)
        verb(sale, *arguments)


def _answer(dice: random.Random) -> None:
    waiting = list(CategoryDecision.objects.waiting().values_list("pk", "company__category_version"))
    if waiting:
        decision, seen = dice.choice(waiting)
        dice.choice([accept, accept, keep])(decision, seen)


def claim_often(times: int) -> int:
    """Try to send one form from one address; how often that was allowed."""
    return sum(claim(limits.FROM_ONE_ADDRESS, 1, "203.0.113.9") == 0 for _time in range(times))


def claim_many(times: int, mark: int) -> int:
    """Count that many new things; how many were allowed."""
    return sum(claim(limits.FROM_ONE_ADDRESS, mark, number) == 0 for number in range(times))
