"""Havn's behaviour said a second time, small and slow, for checking the engine against.

Written from the rules of behaviour (docs/rules.md, cited by number), not from the engine, and importing nothing of Havn. There is a method for each thing
that can happen; `by` is who did it (None: the system). *Reading* marks where the rules leave a choice, and which one is taken here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.workflow.model_words import POTENTIAL, Category, Cause, Company, Contact, Decision, Refused, Rule, Sale, User

PRECEDENCE = ["sale_won", "sale_lost", "lead_status_set", "sale_registered"]  # A4


@dataclass
class Model:
    """Everything there is, and what happens to it."""

    users: dict[str, User]
    categories: dict[str, Category]
    default_category: str
    default_status: str
    companies: dict[int, Company] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    sales: dict[int, Sale] = field(default_factory=dict)
    rules: dict[int, Rule] = field(default_factory=dict)
    decisions: dict[int, list[Decision]] = field(default_factory=dict)  # of each company, oldest first

    # ------------------------------------------------------ what happens
    def save_companies(self, changes: dict[int, dict[str, Any]], *, by: str | None = None, run_rules: bool = True) -> None:
        """C7: by hand any category may follow any other, and is recorded. A new company gets the default, if no category is named (C8)."""
        for number, values in sorted(changes.items()):
            if number not in self.companies:
                company = self.companies[number] = Company(**values)
                company.category = company.category or self.default_category
                self.decisions[number] = [Decision(number, "created", "changed", after=company.category, number=1, caused_by=by, decided_by=by)]
                continue
            company = self.companies[number]
            company.our_contact = values.get("our_contact", company.our_contact)
            if values.get("category", company.category) != company.category:  # saving what is there already is no change
                decision = Decision(number, "manual", "changed", caused_by=by, decided_by=by)
                self.decisions[number].append(decision)
                self._apply(decision, values["category"])
        self._settle()

    def save_contacts(self, changes: dict[int, dict[str, Any]], **_work: Any) -> None:
        """L5: a contact that moves keeps its lead status, and its sales stay where they are; L3 applies at the new company."""
        for number, values in changes.items():
            self.contacts[number] = replace(self.contacts[number], **values) if number in self.contacts else Contact(**values)
        self._settle()

    def save_leads(self, changes: dict[int, dict[str, Any]], *, by: str | None = None, run_rules: bool = True) -> None:
        """L4: any status may follow any other. A3: setting the one that is there already is no transition."""
        causes = []
        for number, values in changes.items():
            contact = self.contacts[number]
            if values.get("status", contact.lead_status) != contact.lead_status:
                contact.lead_status = values["status"]
                causes.append(Cause("lead_status_set", contact.company, number, contact.lead_status))
        self._rules_look(causes, by, run_rules)
        self._settle()

    def set_lead_status(self, number: int, status: str, *, by: str | None = None) -> None:
        """L1: on screen only while the company's category uses lead status."""
        if not self.categories[self.companies[self.contacts[number].company].category].uses_lead_status:
            raise Refused("LeadStatusNotEnabled")
        self.save_leads({number: {"status": status}}, by=by)

    def save_sales(self, changes: dict[int, dict[str, Any]], *, by: str | None = None, run_rules: bool = True) -> None:
        """S2, S3, A3: one save of one sale or of several. A reopened or stalled sale is no cause, nor is archiving.

        An archived sale is one like any other, but nobody is asked because of it (Q4).
        """
        causes = []
        for number, values in changes.items():
            old = self.sales.get(number)
            sale = self.sales[number] = replace(old or Sale(), **values)
            if sale.company is None:
                continue
            linked = old is None or old.company != sale.company  # also with the next company when it moves
            if sale.status in ("won", "lost") and (linked or old.status != sale.status):
                causes.append(Cause("sale_" + sale.status, sale.company, number))
            if linked:
                causes.append(Cause("sale_registered", sale.company, number))
        self._rules_look(causes, by, run_rules)
        self._settle()

    def edit_category(self, name: str, **values: Any) -> None:
        """C3: only the group Potential customer uses lead status; leaving it switches that off in the same save."""
        category = self.categories[name] = replace(self.categories[name], **values)
        category.uses_lead_status = category.uses_lead_status and category.group == POTENTIAL
        self._settle()

    def replace_category(self, name: str, other: str, *, by: str | None = None) -> None:
        """C4: companies, rules and questions move to the other category, and no rule looks. Q5: what was declined before is not asked.

        Reading: the category may be deleted already; then what still has it moves.
        """
        if name == self.default_category:
            raise Refused("IsDefault")
        if other == name or self.categories[other].is_deleted:
            raise Refused("NoReplacement")
        for rule in self.rules.values():
            rule.target = other if rule.target == name else rule.target
        for number, company in self.companies.items():
            if company.category == name:
                decision = Decision(number, "replace", "changed", caused_by=by, decided_by=by)
                self.decisions[number].append(decision)
                self._apply(decision, other)
        self._settle()
        for number, history in self.decisions.items():
            for old in [decision for decision in history if decision.outcome == "waiting" and decision.suggested == name]:
                new = replace(old, suggested=other, before=self.companies[number].category, retries=None)
                is_pointless = new.before == other or self._was_declined(new)
                old.outcome = "obsolete" if is_pointless else "replaced"
                history.extend([] if is_pointless else [new])
        self.categories[name].is_deleted = True

    # ------------------------------------------------------------- rules
    def _rules_look(self, causes: list[Cause], by: str | None, run_rules: bool) -> None:
        """A4: the causes of one save, the first that nothing stands in the way of acts; after it the others are skipped.

        Reading: a cause that would have been skipped anyway says that, and not that another one acted. A question counts as acting.
        Reading of A2's *at that moment*: all causes of a save are judged by where the company was when it was saved.
        """
        acted: set[int] = set()
        moving: list[Decision] = []
        for cause in sorted(causes, key=lambda cause: (PRECEDENCE.index(cause.trigger), cause.record)):
            for number, rule in self.rules.items():
                if not rule.is_on or (rule.trigger, rule.lead_status) != (cause.trigger, cause.lead_status):
                    continue  # A8: only an enabled rule looks
                decision = Decision(cause.company, cause.trigger, "skipped", number, cause.record, cause.lead_status, caused_by=by)
                decision.before, decision.suggested = self.companies[cause.company].category, rule.target
                decision.skip_reason = self._why_not(decision, run_rules) or ("other_cause" if cause.company in acted else "")
                if not decision.skip_reason:
                    acted.add(cause.company)
                    if rule.asks:
                        self._ask(decision)
                    else:
                        decision.outcome = "changed"
                        moving.append(decision)
                self.decisions[cause.company].append(decision)
        for decision in moving:
            self._apply(decision, decision.suggested)

    def _why_not(self, decision: Decision, run_rules: bool) -> str:
        """A8's reasons. Reading: of several the first in this order. A rule whose category was deleted (C4) does nothing."""
        category = self.categories[self.companies[decision.company].category]
        if not run_rules:
            return "rules_not_run"
        if self.categories[decision.suggested].is_deleted:
            return "target_deleted"
        if category.group != POTENTIAL:  # A2
            return "not_potential"
        if decision.trigger == "lead_status_set" and not category.uses_lead_status:  # A2
            return "lead_status_off"
        if decision.suggested == decision.before:
            return "already_there"
        if self._was_declined(decision):
            return "already_declined"
        is_archived = decision.trigger != "lead_status_set" and self.sales[decision.record].is_archived
        return "sale_archived" if is_archived and self.rules[decision.rule].asks else ""

    def _was_declined(self, decision: Decision) -> bool:
        """Q5: kept before, for the same sale (or contact and lead status), rule and target; A9: or undone. Reading: and for the same company."""

        def same(old: Decision) -> tuple[Any, ...]:
            return (old.rule, old.suggested, old.record, old.lead_status)

        return any(same(old) == same(decision) and old.outcome in ("kept", "undone") for old in self.decisions[decision.company])

    # --------------------------------------------------------- questions
    def _ask(self, decision: Decision) -> None:
        """Q3, Q4: one question for each company, put to whoever caused it, else to our contact, else (None) to the administrators.

        Our contact is asked if they may edit companies.
        """
        for old in self.decisions[decision.company]:
            if old.outcome == "waiting":
                old.outcome = "replaced"
        decision.outcome = "waiting"
        our_contact = self.companies[decision.company].our_contact
        if self._may_edit(decision.caused_by):
            decision.asked_of = decision.caused_by
        elif self._may_edit(our_contact):
            decision.asked_of = our_contact

    def edit_user(self, name: str, *, is_active: bool) -> None:
        """Q3: what waits for somebody who is deactivated passes on to our contact, if that is somebody else who may edit, else to the administrators."""
        leaves, self.users[name].is_active = self.users[name].is_active and not is_active, is_active
        for company, decisions in self.decisions.items() if leaves else ():
            for decision in decisions:
                if decision.outcome == "waiting" and decision.asked_of == name:
                    our_contact = self.companies[company].our_contact
                    decision.asked_of = our_contact if self._may_edit(our_contact) else None

    def _may_edit(self, name: str | None) -> bool:
        return name is not None and self.users[name].is_active and self.users[name].may_edit

    def answer(self, decision: Decision, answer: str, *, by: str, seen: int) -> None:
        """Q1, Q4: *accept*, *keep*, or the name of another category; `seen` is the number of the company's last change as the dialog showed it.

        Reading: choosing the suggested category accepts, and choosing the present one keeps.
        """
        company = self.companies[decision.company]
        if not self._may_edit(by) or not (decision.asked_of == by or self.users[by].is_administrator):
            raise Refused("PermissionDenied")
        if decision.outcome != "waiting":  # deciding twice changes once
            raise Refused("NothingToDecide")
        if company.version != seen:
            raise Refused("Stale")
        category = {"accept": decision.suggested, "keep": company.category}.get(answer, answer)
        if self.categories[category].is_deleted and category != company.category:
            raise Refused("TargetDeleted")
        decision.decided_by = by
        if category == company.category:
            decision.outcome, decision.before = "kept", company.category  # what was kept, which may not be what it was when asked
        else:
            decision.outcome = "accepted" if category == decision.suggested else "chose_other"
            self._apply(decision, category)
        self._settle()

    def makes_sense(self, decision: Decision) -> bool:
        """Q4: whether a question still does. Reading: *reopened* is about a sale that was closed; a question about a registered sale ends only
        when the sale goes; one about a sale won ends also when it is stalled, or lost after all. A contact that moves takes no question along.
        """
        company = self.companies[decision.company]
        if self.categories[company.category].group != POTENTIAL or company.category == decision.suggested:
            return False
        if decision.trigger == "lead_status_set":
            return self.contacts[decision.record].lead_status == decision.lead_status
        sale = self.sales[decision.record]
        is_still_so = decision.trigger == "sale_registered" or decision.trigger == "sale_" + sale.status
        return is_still_so and sale.company == decision.company and not sale.is_archived

    def undo(self, decision: Decision, *, by: str) -> None:
        """A9: take back the last change of a company. Reading: undoing is a change, and can be undone as well, which declines nothing."""
        company, history = self.companies[decision.company], self.decisions[decision.company]
        if not self._may_edit(by):
            raise Refused("PermissionDenied")
        is_last = decision.number == company.version
        if not is_last or decision.before is None or self.categories[decision.before].is_deleted:  # reading: nobody is sent back to a deleted category
            raise Refused("CannotUndo")
        undoing = Decision(decision.company, "undo", "undone", caused_by=by, decided_by=by, undoes=_place(decision, history))
        if decision.outcome != "undone":  # it names what was undone, which counts as declined
            undoing = replace(undoing, rule=decision.rule, record=decision.record, lead_status=decision.lead_status, suggested=decision.suggested)
        history.append(undoing)
        self._apply(undoing, decision.before)
        self._settle()

    def ask_again(self, decision: Decision, *, by: str) -> None:
        """A9: ask whoever wants to know what was answered with *keep*; once, and only while the rule could still act because of it (A2, Q4)."""
        company, history = self.companies[decision.company], self.decisions[decision.company]
        if not self._may_edit(by):
            raise Refused("PermissionDenied")
        was_retried = any(other.retries == _place(decision, history) for other in history)
        if decision.outcome != "kept" or was_retried or self.categories[decision.suggested].is_deleted or not self.makes_sense(decision):
            raise Refused("CannotAskAgain")
        if decision.lead_status:
            here = self.contacts[decision.record].company == decision.company
            if not here or not self.categories[company.category].uses_lead_status:
                raise Refused("CannotAskAgain")
        again = replace(decision, outcome="waiting", before=company.category, caused_by=by, decided_by=None, retries=_place(decision, history))
        self._ask(again)
        history.append(again)
        self._settle()

    # ------------------------------------------------------ what follows
    def _apply(self, decision: Decision, category: str) -> None:
        """A8, A10: a company moves, its changes are counted, and the decision carries the number."""
        company = self.companies[decision.company]
        decision.before, decision.after = company.category, category
        company.category = category
        company.version += 1
        decision.number = company.version

    def _settle(self) -> None:
        """L3: nobody lacks a status where the category uses it, and the default fires no rule. Q4: questions that make no sense any more end."""
        for contact in self.contacts.values():
            if contact.lead_status is None and self.categories[self.companies[contact.company].category].uses_lead_status:
                contact.lead_status = self.default_status
        for history in self.decisions.values():
            for decision in history:
                if decision.outcome == "waiting" and not self.makes_sense(decision):
                    decision.outcome = "obsolete"


def _place(decision: Decision, history: list[Decision]) -> int:
    """Which of them it is; two may look alike."""
    return next(place for place, other in enumerate(history) if other is decision)
