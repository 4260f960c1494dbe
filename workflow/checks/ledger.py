"""Checks of the ledger itself: where companies stand, the numbers of their changes, what waits, and what decisions name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Value, When, Window
from django.db.models.functions import Lag, Lead
from django.utils import timezone

from crm.models import Company, SaleTransition
from workflow import suggestions
from workflow.checks.reading import Part, Reading, company, key
from workflow.models import CategoryDecision, HandOver, Outcome


def categories(reading: Reading) -> Iterator[Part]:
    """A company is where its last applied decision took it, and counts as many changes."""
    applied = CategoryDecision.objects.filter(company=OuterRef("pk"), applied_version__isnull=False).order_by("-applied_version")
    query = Company.objects.annotate(last=key(Subquery(applied.values("applied_version")[:1])), told=key(Subquery(applied.values("to_category")[:1]))).filter(
        ~Q(last=F("category_version")) | ~Q(told=F("category_id"))
    )

    def say(row: Any) -> str:
        where = f"{company(row.name, row.pk)} is {reading.category(row.category_id)} with number {row.category_version}"
        if not row.told:
            return f"{where}, but no decision made it so; expected: one for each change, from its creation on."
        return f"{where}; expected: {reading.category(row.told)} with number {row.last}, as its last applied decision says."

    yield reading.ask(query.order_by("pk").values_list("pk", "name", "category_id", "category_version", "last", "told", named=True), say)


def numbers(reading: Reading) -> Iterator[Part]:
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
        return f"{what} starts from {reading.category(row.from_category_id)}; expected: {reading.category(row.ended or None)}, where the one before it ended."

    yield reading.ask(query.values_list("pk", "company_id", "company__name", "applied_version", "from_category_id", "before", "ended", named=True), say)


def waiting_twice(reading: Reading) -> Iterator[Part]:
    """A company has at most one waiting suggestion (Q4)."""
    query = CategoryDecision.objects.waiting().values("company_id", "company__name").annotate(many=Count("pk"), first=Min("pk"), last=Max("pk"))

    def say(row: dict[str, Any]) -> str:
        whose = company(row["company__name"], row["company_id"])
        return f"{whose}: {row['many']} suggestions wait, the first is decision {row['first']}, the last {row['last']}; expected: at most one."

    yield reading.ask(query.filter(many__gt=1).order_by("company_id"), say)


# How it is said that a suggestion makes no sense any more. The first that holds is the reason.
ENDED: list[tuple[str, Q]] = [
    ("the company is {category}, which is no potential customer", suggestions.NO_POTENTIAL),
    ("the company is {category} already", suggestions.ALREADY_THERE),
    ("the sale “{sale}” is archived", suggestions.SALE_ARCHIVED),
    ("the sale “{sale}” is not the company’s any more", suggestions.SALE_ELSEWHERE),
    ("the sale “{sale}” is not won any more", suggestions.NOT_WON),
    ("the sale “{sale}” is not lost any more", suggestions.NOT_LOST),
    ("the lead status of {contact} has moved on", suggestions.STATUS_MOVED_ON),
]


def waiting_in_vain(reading: Reading) -> Iterator[Part]:
    """Nothing waits that has become obsolete (Q4)."""
    query = (
        CategoryDecision.objects.waiting()
        .annotate(why=Case(*(When(condition, then=Value(words)) for words, condition in ENDED), default=Value(""), output_field=CharField()))
        .exclude(why="")
        .order_by("company_id")
    )
    names = ("company__category_id", "suggested_category_id", "sale__title", "contact__first_name", "contact__last_name")

    def say(row: Any) -> str:
        contact = f"{row.contact__first_name} {row.contact__last_name}".strip()
        why = row.why.format(category=reading.category(row.company__category_id), sale=row.sale__title, contact=contact)
        whose, what = company(row.company__name, row.company_id), reading.category(row.suggested_category_id)
        return f"{whose}: the suggestion {what} (decision {row.pk}) waits although {why}; expected: obsolete."

    yield reading.ask(query.values_list("pk", "company_id", "company__name", "why", *names, named=True), say)


def hand_overs(reading: Reading) -> Iterator[Part]:
    """Each hand-over starts from whom the one before it ended with, and the last ended with whom the question is asked of."""
    following: dict[str, Any] = {"partition_by": F("decision_id"), "order_by": "pk"}
    query = HandOver.objects.annotate(
        ended=key("to_user_id"),
        then=Window(Lead(key("from_user_id"), default=key("decision__asked_of_id")), **following),
        is_last=Window(Lead("pk"), **following),
    ).filter(~Q(ended=F("then")))

    def say(row: Any) -> str:
        whose = company(row.decision__company__name, row.decision__company_id)
        next_one = "the next starts from" if row.is_last else "it is asked of"
        return f"{whose}: hand-over {row.pk} of decision {row.decision_id} ended with {_user(row.ended)}, but {next_one} {_user(row.then)}; expected: the same."

    names = ("pk", "decision_id", "decision__company_id", "decision__company__name", "ended", "then", "is_last")
    yield reading.ask(query.order_by("pk").values_list(*names, named=True), say)


def _user(pk: int) -> str:
    return f"user {pk}" if pk else "the administrators"


def references(reading: Reading) -> Iterator[Part]:
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
            yield reading.ask(rows.values_list("pk", "owner_name", "owner", "named"), partial(_dangling, noun, field.name.replace("_", " ")))


def _dangling(noun: str, column: str, row: tuple[int, str | None, int | None, int]) -> str:
    pk, name, owner, named = row
    whose = f"{company(name, owner)}: " if owner else ""
    return f"{whose}{noun} {pk} names {column} {named}, which does not exist; expected: one that does."


def failed(reading: Reading) -> Iterator[Part]:
    """Rules that failed, and nobody has tried again since (A7)."""
    query = CategoryDecision.objects.filter(outcome=Outcome.FAILED, retried_by=None).order_by("pk")

    def say(row: Any) -> str:
        when = f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"
        return f"{company(row.company__name, row.company_id)}: decision {row.pk} of {when} failed ({row.error}), and nobody has tried again."

    yield reading.ask(query.values_list("pk", "company_id", "company__name", "created_at", "error", named=True), say)
