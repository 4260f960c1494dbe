"""Several suggestions at once: from one save in one dialog (Q6), or chosen in the inbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from crm.archiving import RecordArchived
from crm.http import Request
from crm.models import CompanyCategory
from crm.retrying import retrying
from crm.slots import UndoOffer
from crm.text import as_pk
from crm.views.base import done, finish, next_url, page, refused, require
from crm.views.base import say as tell
from workflow import decisions, handing, inbox
from workflow.decisions import Answered, NothingToDecide, Stale, TargetDeleted
from workflow.models import CategoryDecision, DecisionQuerySet
from workflow.undo import CannotUndo, undo

MOST_IN_A_DIALOG = 50  # Q6: more are answered in the inbox
EDIT = "crm.change_company"


def give(pk: int, answer: str, category: CompanyCategory | None, *, by: Any, seen_version: int) -> Answered:
    """Pass one answer on to the verb it names; done again after a deadlock."""
    if answer == "accept":
        return retrying(lambda: decisions.accept(pk, by=by, seen_version=seen_version))
    if answer == "keep":
        return retrying(lambda: decisions.keep(pk, by=by, seen_version=seen_version))
    if category is None:
        raise ValueError("Another category was chosen, but none was named.")
    return retrying(lambda: decisions.choose(pk, category, by=by, seen_version=seen_version))


def say(answered: Answered) -> str:
    """What an answer did, for a toast."""
    text = _("{company} is now {category}") if answered.changed else _("{company} stays {category}")
    return text.format(company=answered.decision.company, category=answered.category)


def asked_ids(request: Request, *, ticked: bool = True) -> list[int]:
    """The suggestions that an address or a form names: `ids`, separated by commas; without them, what is ticked in the inbox."""
    values = request.POST if request.method == "POST" else request.GET
    named = values.get("ids", "").split(",") if values.get("ids") or not ticked else values.getlist("chosen")
    return pks_in(named)


def pks_in(parts: Iterable[str]) -> list[int]:
    """The keys among these, each once."""
    return list(dict.fromkeys(pk for part in parts if (pk := as_pk(part))))


@dataclass(slots=True)
class Result:
    """What became of several answers."""

    given: list[Answered] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)  # asked again, with the reason
    over: list[str] = field(default_factory=list)  # there was nothing to decide any more, or not while the company is archived

    @property
    def summary(self) -> str:
        """What was done, in one sentence or two; empty where nothing was."""
        changed = sum(answered.changed for answered in self.given)
        kept = len(self.given) - changed
        if len(self.given) == 1:
            return say(self.given[0])
        parts = [
            ngettext("{n} company has a new category.", "{n} companies have a new category.", changed).format(n=changed) if changed else "",
            ngettext("{n} stays as it is.", "{n} stay as they are.", kept).format(n=kept) if kept else "",
        ]
        return " ".join(filter(None, parts))


def several(request: Request, ids: list[int], *, status: int = 200, fragment: str = "dialog", result: Result | None = None, **extra: Any) -> HttpResponse:
    """Several suggestions from one save: one dialog with one list (Q6)."""
    query = inbox.answerable_by(request.user).filter(pk__in=ids)
    return page(request, "workflow/several.html", {**several_context(request, query, result), **extra}, fragment=fragment, status=status)


def named_by(request: Request, named: Mapping[str, str]) -> DecisionQuerySet:
    """What an address names of what waits: by `ids`, by its `batch`, else all that waits for this person (Q6)."""
    if "ids" in named:
        return inbox.answerable_by(request.user).filter(pk__in=pks_in(named["ids"].split(",")))
    mine = inbox.waiting_for(request.user)
    return mine.filter(batch=as_pk(named["batch"])) if "batch" in named else mine


def several_named(request: Request, named: Mapping[str, str]) -> dict[str, Any]:
    """The list of what an address names. At most five statements."""
    address = urlencode({name: named[name] for name in ("ids", "batch") if name in named}, safe=",")
    return several_context(request, named_by(request, named)) | {"address": address}


def several_context(request: Request, query: DecisionQuerySet, result: Result | None = None) -> dict[str, Any]:
    """The list of those, which still wait for this person. Four statements; where they are too many for a dialog, two."""
    found = list(query.with_names().order_by("company__name", "pk")[: MOST_IN_A_DIALOG + 1])
    too_many, problems = len(found) > MOST_IN_A_DIALOG, result.problems if result else {}
    shown = [] if too_many else inbox.questions(found, request.user)
    first = next((one.decision.pk for one in shown if one.decision.pk in problems), shown[0].decision.pk if shown else 0)
    return {
        "active": "confirmations", "ids": ",".join(str(one.pk) for one in found[:MOST_IN_A_DIALOG]), "too_many": too_many,
        "count": query.count() if too_many else len(found),
        "rows": [{"question": one, "decision": one.decision, "problem": problems.get(one.decision.pk, "")} for one in shown],
        "categories": CompanyCategory.objects.active(), "next": next_url(request, "/"), "first": first, "has_problems": bool(problems),
        "done": result.summary if result else "", "over": result.over if result else [],
    }  # fmt: skip


@require_POST
def answer_several(request: Request) -> HttpResponse:
    """Answer a list: each row stands for itself, and what could not be done is asked again.

    From the dialog each row has its answer, or `all` is the answer of all; from the inbox `all` is that of what is ticked.
    """
    ids = asked_ids(request)[:MOST_IN_A_DIALOG]
    everything = request.POST.get("all", "") if request.POST.get("all") in ("accept", "keep") else ""
    fragment = "dialog" if request.htmx.target == "modal" else "body"
    result = Result()
    for pk in ids:
        answer, seen = everything or request.POST.get(f"answer-{pk}", ""), as_pk(request.POST.get(f"seen-{pk}"))
        if seen and answer:
            _answer_one(request, pk, answer, seen, result)
    if result.problems:
        _tell_given(request, result)
        response = several(request, ids, status=409, fragment=fragment, result=result)
        return trigger_client_event(response, "page:changed", {"target": "body"}, after="settle")
    if not result.given and not result.over:
        return _nothing_answered(request, ids, fragment)
    return _told(request, result)


def _nothing_answered(request: Request, ids: list[int], fragment: str) -> HttpResponse:
    if fragment == "dialog" or not ids:  # nothing is ticked in the inbox
        return refused(request, _("Choose at least one suggestion."), to=reverse("workflow:confirmations"), status=422)
    return several(request, ids, status=422, fragment=fragment, answer_missing=True)


def _answer_one(request: Request, pk: int, answer: str, seen: int, result: Result) -> None:
    category = CompanyCategory.objects.active().filter(pk=as_pk(answer)).first() if answer not in ("accept", "keep") else None
    answer = "other" if category else answer
    if answer not in ("accept", "keep", "other"):
        result.problems[pk] = _("The category has been deleted. Choose another one.")
        return
    try:
        result.given.append(give(pk, answer, category, by=request.user, seen_version=seen))
    except Stale:
        result.problems[pk] = _("The category has changed meanwhile. Please choose again.")
    except NothingToDecide as ended:
        result.over.append(_over(ended.decision))
    except RecordArchived as refusal:
        result.over.append(str(refusal))
    except TargetDeleted:
        result.problems[pk] = _("The category has been deleted. Choose another one.")
    except PermissionDenied:
        gone = handing.gone_from(CategoryDecision.objects.with_names().get(pk=pk), request.user)
        result.over += [gone] if gone else []  # else it was never theirs to answer
    except CategoryDecision.DoesNotExist:
        pass


def _over(decision: CategoryDecision) -> str:
    """Why there was nothing to decide any more."""
    if decision.decided_by:
        text = _("{name} has already answered: {company} is {category}.")
        return text.format(name=decision.decided_by, company=decision.company, category=decision.company.category)
    return _("{company} is {category}; the suggestion no longer applies.").format(company=decision.company, category=decision.company.category)


def _told(request: Request, result: Result) -> HttpResponse:
    """What was done, with Undo for all of it; and what needed no answer any more."""
    _tell_given(request, result)
    for text in result.over:
        messages.error(request, text)
    return finish(request, to=reverse("workflow:confirmations"))


def _tell_given(request: Request, result: Result) -> None:
    """What was done, with Undo for all of it, whatever became of the others."""
    changed = [answered.decision.pk for answered in result.given if answered.changed]
    if result.given:
        label = _("Undo all") if len(changed) > 1 else ""
        offer = UndoOffer(reverse("workflow:undo-several"), {"ids": ",".join(map(str, changed))}, label)
        tell(request, result.summary, undo=offer if changed else None)


@require_POST
def undo_several(request: Request) -> HttpResponse:
    """Take several answers back: each is a decision of its own, and what has changed since stays (A9)."""
    require(request, EDIT)
    count, refusals = 0, list[str]()
    for pk in asked_ids(request)[:MOST_IN_A_DIALOG]:
        try:
            retrying(lambda pk=pk: undo(pk, by=request.user))  # type: ignore[misc]
            count += 1
        except CannotUndo as refusal:
            refusals.append(refusal.why)
        except RecordArchived as refusal:
            refusals.append(str(refusal))
        except CategoryDecision.DoesNotExist:
            continue
    return _undone(request, count, refusals)


def _undone(request: Request, count: int, refusals: Iterable[str]) -> HttpResponse:
    for why in refusals:
        messages.error(request, why)
    if not count:
        return finish(request, to=reverse("workflow:confirmations"))
    text = ngettext(
        "Undone for {n} company. The same sale or lead status will not move it again.",
        "Undone for {n} companies. The same sales and lead statuses will not move them again.",
        count,
    )
    return done(request, text.format(n=count), to=reverse("workflow:confirmations"))
