"""Checks of the ledger itself: where companies stand, the numbers of their changes, what waits, and what decisions name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Value, When, Window
from django.db.models.functions import Lag
from django.utils import timezone

from crm.models import Company, Sale, SaleTransition
from crm.models.categories import POTENTIAL_CUSTOMER
from workflow.checks.look import Look, Part, company, key
from workflow.models import CategoryDecision, Outcome, Trigger


def categories(look: Look) -> Iterator[Part]:
    """A company is where its last applied decision took it, and counts as many changes."""
    applied = CategoryDecision.objects.filter(company=OuterRef("pk"), applied_version__isnull=False).order_by("-applied_version")
    query = Company.objects.annotate(last=key(Subquery(applied.values("applied_version")[:1])), told=key(Subquery(applied.values("to_category")[:1]))).filter(
        ~Q(last=F("category_version")) | ~Q(told=F("category_id"))
    )

    def say(row: Any) -> str:
        where = f"{company(row.name, row.pk)} is {look.category(row.category_id)} with number {row.category_version}"
        if not row.told:
            return f"{where}, but no decision made it so; expected: one for each change, from its creation on."
        return f"{where}; expected: {look.category(row.told)} with number {row.last}, as its last applied decision says."

    yield look.ask(query.order_by("pk").values_list("pk", "name", "category_id", "category_version", "last", "told", named=True), say)


def numbers(look: Look) -> Iterator[Part]:
    """The applied changes of a company are numbered 1, 2, 3 (A10), and each starts where the one before it ended."""
    earlier: dict[str, Any] = {"partition_by": F("company_id"), "order_by": "applied_version"}
    query = (
        CategoryDecision.objects.filter(applied_version__isnull=False)
        .annotate(
            start=key("from_category_id"),
            before=Window(Lag("applied_version", default=Value(0)), **earlier),
            ended=Window(Lag(key("to_category_id"), default=Value(0)), **earlier),
        )
        .filter(~Q(applied_version=F("before") + 1) | ~Q(start=F("ended")))
        .order_by("company_id", "applied_version")
    )

    def say(row: Any) -> str:
        what = f"{company(row.company__name, row.company_id)}: change number {row.applied_version} (decision {row.pk})"
        if row.applied_version != row.before + 1:
            return f"{what} follows number {row.before}; expected: number {row.before + 1}."
        return f"{what} starts from {look.category(row.from_category_id)}; expected: {look.category(row.ended or None)}, where the one before it ended."

    yield look.ask(query.values_list("pk", "company_id", "company__name", "applied_version", "from_category_id", "before", "ended", named=True), say)


def waiting_twice(look: Look) -> Iterator[Part]:
    """A company has at most one waiting suggestion (Q4)."""
    query = CategoryDecision.objects.waiting().values("company_id", "company__name").annotate(many=Count("pk"), first=Min("pk"), last=Max("pk"))

    def say(row: dict[str, Any]) -> str:
        whose = company(row["company__name"], row["company_id"])
        return f"{whose}: {row['many']} suggestions wait, the first is decision {row['first']}, the last {row['last']}; expected: at most one."

    yield look.ask(query.filter(many__gt=1).order_by("company_id"), say)


# When a suggestion makes no sense any more (Q4), and how that is said. The first that holds is the reason.
ENDED: list[tuple[str, Q]] = [
    ("the company is {category}, which is no potential customer", ~Q(company__category__group=POTENTIAL_CUSTOMER)),
    ("the company is {category} already", Q(suggested_category=F("company__category"))),
    ("the sale “{sale}” is archived", Q(sale__archived_at__isnull=False)),
    ("the sale “{sale}” is not the company’s any more", Q(sale__isnull=False) & ~Q(sale__company=F("company"))),
    ("the sale “{sale}” is not won any more", Q(trigger=Trigger.SALE_WON) & ~Q(sale__status=Sale.Status.WON)),
    ("the sale “{sale}” is not lost any more", Q(trigger=Trigger.SALE_LOST) & ~Q(sale__status=Sale.Status.LOST)),
    ("the lead status of {contact} has moved on", Q(trigger=Trigger.LEAD_STATUS_SET) & (Q(status_now=None) | ~Q(status_now=F("lead_status")))),
]


def waiting_in_vain(look: Look) -> Iterator[Part]:
    """Nothing waits that has become obsolete (Q4)."""
    query = (
        CategoryDecision.objects.waiting()
        .annotate(status_now=F("contact__lead__status"))
        .annotate(why=Case(*(When(condition, then=Value(words)) for words, condition in ENDED), default=Value(""), output_field=CharField()))
        .exclude(why="")
        .order_by("company_id")
    )
    names = ("company__category_id", "suggested_category_id", "sale__title", "contact__first_name", "contact__last_name")

    def say(row: Any) -> str:
        contact = f"{row.contact__first_name} {row.contact__last_name}".strip()
        why = row.why.format(category=look.category(row.company__category_id), sale=row.sale__title, contact=contact)
        whose, what = company(row.company__name, row.company_id), look.category(row.suggested_category_id)
        return f"{whose}: the suggestion {what} (decision {row.pk}) waits although {why}; expected: obsolete."

    yield look.ask(query.values_list("pk", "company_id", "company__name", "why", *names, named=True), say)


def references(look: Look) -> Iterator[Part]:
    """Everything that a decision or a transition names exists; no constraint sees to it. One statement for each column."""
    for model, noun, owner in ((CategoryDecision, "decision", "company_id"), (SaleTransition, "sale transition", "to_company_id")):
        name = Subquery(Company.objects.filter(pk=OuterRef(owner)).values("name")[:1])
        for field in model._meta.concrete_fields:
            other: Any = field.related_model
            if other is None:
                continue
            there = other._base_manager.filter(pk=OuterRef(field.attname))
            wrong = model._base_manager.filter(~Exists(there), **{f"{field.attname}__isnull": False})
            rows = wrong.annotate(owner_name=name, owner=F(owner), named=F(field.attname)).order_by("pk")
            yield look.ask(rows.values_list("pk", "owner_name", "owner", "named"), partial(_dangling, noun, field.name.replace("_", " ")))


def _dangling(noun: str, column: str, row: tuple[int, str | None, int | None, int]) -> str:
    pk, name, owner, named = row
    whose = f"{company(name, owner)}: " if owner else ""
    return f"{whose}{noun} {pk} names {column} {named}, which does not exist; expected: one that does."


def failed(look: Look) -> Iterator[Part]:
    """Rules that failed, and nobody has tried again since (A7)."""
    query = CategoryDecision.objects.filter(outcome=Outcome.FAILED, retried_by=None).order_by("pk")

    def say(row: Any) -> str:
        when = f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"
        return f"{company(row.company__name, row.company_id)}: decision {row.pk} of {when} failed ({row.error}), and nobody has tried again."

    yield look.ask(query.values_list("pk", "company_id", "company__name", "created_at", "error", named=True), say)
