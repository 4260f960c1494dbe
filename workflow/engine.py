"""One pass for one save: lock the companies, judge every cause, write the decisions, move the companies (docs/engine.md).

Set-based: a batch of 10,000 sales costs the same statements as one sale, for each 2,000 companies.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import batched
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from crm.actor import current_actor, current_work
from crm.models import Company, move_companies
from crm.models.companies import Standing, lock_companies
from crm.retrying import can_repeat, is_passing
from crm.signals import CategoryChange
from crm.sql import CHUNK, Prepared, insert_rows
from leads.models import Lead
from workflow import notifications, suggestions, verdicts
from workflow.models import AutomationRule, Batch, CategoryDecision, Outcome, Trigger
from workflow.triggers import Cause
from workflow.verdicts import Setting, Verdict

LATER = CategoryDecision.Origin.BACKFILL
RULE = "rule"  # origin of a category change whose decision the engine has written
TRIES = 3  # of a pass that ran into somebody else's
MOST_ALONE = 50  # companies of one save whose failure is looked at one by one; more of them means that it is not the company
logger = logging.getLogger(__name__)

ByCompany = dict[int, list[Cause]]

# For which triggers this process has lately seen a rule that is on: whether one asked, and until when to believe it. It only
# spares a look: the pass reads the rules again under the lock. Where it is out of date, a save costs a few statements more.
BELIEVED_FOR = 60  # seconds
_seen_on: dict[frozenset[Trigger], tuple[bool, float]] = {}


class Later(NamedTuple):
    """The causes happened some time ago, and the rules are applied to them now. It is asked of `asked_of_id`, or by Q3 of others."""

    asked_of_id: int | None


def run(causes: Iterable[Cause], *, beside: Iterable[int] = (), retries: CategoryDecision | None = None, later: Later | None = None) -> None:
    """Let the enabled rules answer to `causes`, which came from one save (A4). In the transaction of that save (A6).

    Never raises because of a rule: what fails is recorded, and the save goes on (A7). Costs one statement where no rule is on
    for these triggers. Never moves a company twice, never triggers a rule itself. `beside` are companies that the caller will
    lock afterwards: they are locked with the others, in the order of all keys, so that two saves do not wait for each other in a
    circle. `retries` is the failed decision that is done again; the new ones name it, and whoever caused it. With `later` the
    caller has locked the records of the causes.
    """
    by_company: ByCompany = defaultdict(list)
    for cause in causes:
        by_company[cause.company_id].append(cause)
    if not by_company:
        return
    triggers = frozenset(cause.trigger for found in by_company.values() for cause in found)
    may_ask, until = _seen_on.get(triggers, (False, 0))
    if until < time.monotonic():
        asks = _rules_on(triggers)
        if not asks:
            return
        may_ask, until = any(asks), time.monotonic() + BELIEVED_FOR
    for company in beside:
        by_company.setdefault(company, [])  # where there is no cause it is only locked
    run = _Run(may_ask=may_ask, retries=retries, later=later)
    run.settle_all(by_company)
    if run.decided:
        _seen_on[triggers] = (run.may_ask, until)
    else:
        _seen_on.pop(triggers, None)  # no rule looked at these: next time, look for one first


def forget_rules() -> None:
    """Look for rules again at the next save, as a process that has just begun. For tests that count statements."""
    _seen_on.clear()


def _rules_on(triggers: Collection[Trigger]) -> list[bool]:
    """Whether each rule that is on for these asks first. A look without a lock, to spare a save the rest; the pass looks again."""
    places = ", ".join(["%s"] * len(triggers))
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT ask_user FROM workflow_automationrule WHERE is_enabled AND trigger IN ({places})", sorted(triggers))
            return [bool(row[0]) for row in cursor.fetchall()]
    except Exception:
        logger.exception("Could not see whether a rule is on; the pass will tell.")
        return [True]


class _Run:
    """What the passes of one save share."""

    def __init__(self, *, may_ask: bool, retries: CategoryDecision | None, later: Later | None) -> None:
        self.may_ask, self.retries, self.later = may_ask, retries, later
        self.alone = 0  # companies that have failed alone
        self.decided = False  # whether a rule looked at all

    def settle_all(self, by_company: ByCompany) -> None:
        """2,000 companies at a time, in the order of their keys."""
        for part in batched(sorted(by_company), CHUNK):
            self._settle({company: by_company[company] for company in part})

    def _settle(self, by_company: ByCompany) -> None:
        """Do a pass in a savepoint, again where it met somebody else's. What fails is halved until the bad company is alone (A7)."""
        try:
            self._attempt(by_company)
        except Exception as error:
            if not _is_usable() or (is_passing(error) and can_repeat()):
                raise  # the transaction is lost, or whoever began it does it all again
            if len(by_company) == 1 or self.alone >= MOST_ALONE:
                self.alone += 1
                record_failure(by_company, error, retries=self.retries, trigger=LATER if self.later else None)
                return
            companies = list(by_company)
            half = len(companies) // 2
            for part in (companies[:half], companies[half:]):
                self._settle({company: by_company[company] for company in part})

    def _attempt(self, by_company: ByCompany) -> None:
        for left in range(TRIES - 1, -1, -1):
            try:
                with transaction.atomic():
                    self._pass(by_company)
                return
            except Exception as error:
                if isinstance(error, IntegrityError):
                    self.may_ask = True  # a rule began to ask while we waited for the company
                elif not is_passing(error) and not Prepared.forget(error):
                    raise
                if not left or not _is_usable():
                    raise

    def _pass(self, by_company: ByCompany) -> None:
        locked = lock_companies(by_company)
        setting = self._setting()
        todo = [cause for company in by_company if company in locked for cause in by_company[company]]
        asked: list[Verdict] = []
        while todo:
            found = verdicts.write(todo, setting, may_ask=self.may_ask)
            self.decided |= bool(found)
            asked += [verdict for verdict in found if verdict.outcome == Outcome.WAITING]
            changed = {verdict.company_id: verdict for verdict in found if verdict.outcome == Outcome.CHANGED}
            _move(changed, found, locked)
            later = setting.in_turn and changed
            todo = [cause for cause in todo if cause.company_id in changed and cause.record_id > changed[cause.company_id].record_id] if later else []
        actor = current_actor()
        others = [(verdict.decision_id, verdict.asked_of_id) for verdict in asked if actor is None or verdict.asked_of_id != actor.pk]
        if others:
            notifications.asked(others, batch_id=setting.batch_id)
            notifications.replaced_at([verdict.company_id for verdict in asked])
        if self.later:  # nobody waits at a screen for these
            return
        suggestions.announce([verdict.decision_id for verdict in asked if actor and verdict.asked_of_id == actor.pk])

    def _setting(self) -> Setting:
        work = current_work()
        actor = self.retries.caused_by if self.retries else current_actor()
        return Setting(
            run_rules=work.run_rules,
            in_turn=work.in_turn,
            backfill=self.later is not None,
            batch_id=current_batch_id(),
            caused_by_id=actor.pk if actor else None,
            asked_of_id=self.later.asked_of_id if self.later else actor.pk if actor else None,
            retries_id=self.retries.pk if self.retries else None,
        )


def _move(changed: dict[int, Verdict], found: list[Verdict], locked: dict[int, Standing]) -> None:
    """Move the companies whose cause acted, and end the questions that make no sense any more (Q4)."""
    if not changed:
        return
    wanted = {company: verdict.to_category_id or 0 for company, verdict in changed.items()}
    uses = {verdict.to_category_id or 0: bool(verdict.uses_lead_status) for verdict in changed.values()}
    move_companies(wanted, origin=RULE, locked=locked, uses_lead_status=uses)
    questions = {verdict.company_id for verdict in found if verdict.company_id in changed and (verdict.had_question or verdict.outcome == Outcome.WAITING)}
    if questions:
        suggestions.retire_for_companies(questions)


def _is_usable() -> bool:
    """Whether the transaction around us can go on."""
    return not connection.needs_rollback and connection.connection is not None


def record_failure(by_company: ByCompany, error: Exception, *, retries: CategoryDecision | None = None, trigger: str | None = None) -> None:
    """Write down that the rules failed for these (A7), with what they were looking at. Four statements and a savepoint.

    `trigger` is that of the decisions, where it is not the cause's. Where even that fails, it is logged, and `check_ledger` finds what is missing.
    """
    logger.error("Rules failed for %d companies, the first is %d", len(by_company), next(iter(by_company)), exc_info=error)
    try:
        with transaction.atomic():
            _write_failure(by_company, error, retries, trigger)
    except Exception:
        if not _is_usable():
            raise
        logger.exception("The failure could not be recorded either.")


def _write_failure(by_company: ByCompany, error: Exception, retries: CategoryDecision | None, trigger: str | None) -> None:
    # Without a lock: nothing is numbered here, and the lock may be what failed.
    stands = dict(Company.objects.filter(pk__in=by_company).values_list("pk", "category_id"))
    causes = [cause for company in by_company if company in stands for cause in by_company[company]]
    rules = {(rule.trigger, rule.lead_status_id): rule for rule in AutomationRule.objects.filter(is_enabled=True)}
    leads = [cause.record_id for cause in causes if cause.trigger == Trigger.LEAD_STATUS_SET]
    statuses = dict(Lead.objects.filter(pk__in=leads).values_list("pk", "status_id")) if leads else {}
    actor = retries.caused_by if retries else current_actor()
    now, reason, batch = timezone.now(), describe(error), current_batch_id()
    rows = []
    for cause in causes:
        is_lead = cause.trigger == Trigger.LEAD_STATUS_SET
        status = statuses.get(cause.record_id) if is_lead else None
        rule = rules.get((cause.trigger, status))
        if rule:
            record = (None, cause.record_id, status) if is_lead else (cause.record_id, None, None)
            rows.append((
                *(cause.company_id, *record, trigger or cause.trigger, rule.pk, Outcome.FAILED, "", reason, stands[cause.company_id], rule.target_category_id),
                *(batch, retries.pk if retries else None, actor.pk if actor else None, now, now),
            ))  # fmt: skip
    names = ("company", "sale", "contact", "lead_status", "trigger", "rule", "outcome", "skip_reason", "error", "from_category", "suggested_category")
    if rows:
        insert_rows(CategoryDecision, (*names, "batch", "retries", "caused_by", "decided_at", "created_at"), rows)


def describe(error: Exception) -> str:
    """An error in one line, for the people who will read it."""
    return f"{type(error).__name__}: {error}".partition("\n")[0].strip()[:500]


def current_batch_id() -> int | None:
    """The batch that decisions of this moment belong to. One statement inside a batch, none outside."""
    work = current_work()
    if not work.kind:
        return None
    return Batch.objects.get_or_create(token=work.token, defaults={"kind": work.kind, "user": work.user})[0].pk


def record_changes(changes: Sequence[CategoryChange], *, trigger: str) -> None:
    """Write the decisions of changes that no rule made: created, or by hand (A8). One statement for 2,000."""
    now, actor, batch = timezone.now(), current_actor(), current_batch_id()
    who = actor.pk if actor else None
    names = ("company", "trigger", "outcome", "skip_reason", "error", "applied_version", "from_category", "to_category", "batch", "caused_by", "decided_by")
    insert_rows(
        CategoryDecision,
        (*names, "decided_at", "created_at"),
        [
            (change.company_id, trigger, Outcome.CHANGED, "", "", change.version, change.old_category_id, change.new_category_id, batch, who, who, now, now)
            for change in changes
        ],
    )
