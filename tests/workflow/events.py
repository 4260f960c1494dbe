"""What may happen: the events that are played on Havn and on the model (machine.py). What is picked is an index into what there is."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition

from tests.workflow.machine import CATEGORIES, SLOTS, STATUSES, Player, Slot, Values, Work, event
from tests.workflow.model_words import POTENTIAL, Decision, Refused
from tests.workflow.roads import BULK, CREATIONS, SINGLE

pick = st.integers(0, 5)
who = st.sampled_from(["jonas", "signe", "maja", "former", "guest", None])
seldom = st.sampled_from([False] * 5 + [True])
often = seldom.map(lambda not_now: not not_now)
most_may = st.sampled_from(["jonas", "maja", "jonas", "maja", "guest", "former"])
work = st.builds(Work, by=who, run_rules=often, fails_first=seldom)
categories = st.sampled_from([*CATEGORIES, "Lead", "Opportunity", "Lost opportunity"])  # where rules act more often than not
statuses = st.sampled_from(STATUSES)
closed = st.sampled_from(["won", "lost"])
somewhere = st.one_of(pick, st.none())
groups = st.sampled_from([POTENTIAL, POTENTIAL, "customer"])
meanwhile = st.sampled_from(["nothing", "nothing", "another target", "another rule", "another status"])
creations = st.sampled_from(CREATIONS)
roads = st.sampled_from([*SINGLE, *BULK])
sale_values = st.fixed_dictionaries(
    {}, optional={"status": st.sampled_from(["won", "open", "lost", "stalled"]), "company": somewhere, "is_archived": st.booleans()}
)
rule_values = st.fixed_dictionaries({"target": categories, "asks": st.sampled_from([True, True, False]), "is_on": often})
list_roads = st.sampled_from(["save", "update", "bulk_update"])
users_who_leave = st.sampled_from(["jonas", "signe", "former"])
edits = st.one_of(
    st.tuples(st.just("our_contact"), st.fixed_dictionaries({"how": roads, "index": pick, "our_contact": who})),
    st.tuples(st.just("user"), st.fixed_dictionaries({"name": users_who_leave, "is_active": st.booleans()})),
    st.tuples(st.just("deletion"), st.fixed_dictionaries({"name": st.sampled_from(list(CATEGORIES)[1:]), "is_deleted": st.sampled_from([False, False, True])})),
)


class Machine(Player):
    """What may happen."""

    @initialize(rules=st.fixed_dictionaries(dict.fromkeys(SLOTS, rule_values)), second=categories, third=categories)
    def begin(self, rules: dict[Slot, Values], second: str, third: str) -> None:
        """Three companies with somebody at each, and rules, most of them on."""
        where = [("Lead", "signe"), (second, None), (third, "jonas")]
        self.create("company", "save", [{"category": category, "our_contact": name} for category, name in where], Work())
        self.create("contact", "save", [{"company": company} for company in (1, 1, 2, 3)], Work())
        for slot, values in rules.items():
            self.set_rule(slot, **values)
        self.create("sale", "save", [{"company": 1, "status": "open"}, {"company": 2, "status": "open"}], Work("jonas"))
        self.compare()

    # ------------------------------------------------------------ companies
    @precondition(lambda self: len(self.model.companies) < 4)
    @event(how=creations, new=st.lists(st.tuples(st.one_of(st.none(), categories), who), min_size=1, max_size=2), work=work)
    def companies_come(self, how: str, new: list[tuple[str | None, str | None]], work: Work) -> None:
        self.create("company", how, [{"category": category, "our_contact": our_contact} for category, our_contact in new], work)

    @event(how=roads, picks=st.lists(st.tuples(pick, categories), min_size=1, max_size=3), work=work)
    def categories_are_changed_by_hand(self, how: str, picks: list[tuple[int, str]], work: Work) -> None:
        self.change("company", how, {self.some("company", [index])[0]: {"category": category} for index, category in picks}, work)

    @precondition(lambda self: self.not_potential())
    @event(how=roads, category=st.sampled_from(["Lead", "Opportunity", "Lost opportunity"]), work=work)
    def customers_become_leads_again(self, how: str, category: str, work: Work) -> None:
        self.change("company", how, {number: {"category": category} for number in self.not_potential()}, work)

    def not_potential(self) -> list[int]:
        """Companies on which no rule acts."""
        return [number for number, company in self.model.companies.items() if self.model.categories[company.category].group != POTENTIAL]

    # ------------------------------------------------------------- contacts
    @precondition(lambda self: len(self.model.contacts) < 5)
    @event(how=creations, companies=st.lists(pick, min_size=1, max_size=2), work=work)
    def contacts_come(self, how: str, companies: list[int], work: Work) -> None:
        self.create("contact", how, [{"company": self.at(index)} for index in companies], work)

    @event(how=roads, picks=st.lists(st.tuples(pick, pick), min_size=1, max_size=2), work=work)
    def contacts_move(self, how: str, picks: list[tuple[int, int]], work: Work) -> None:
        """Every other time somebody without a lead status, if there is anybody: L3 is about them."""
        without = [number for number, contact in self.model.contacts.items() if contact.lead_status is None]
        movers = [without[index % len(without)] if without and index % 2 else self.some("contact", [index])[0] for index, _company in picks]
        self.change("contact", how, {number: {"company": self.at(company)} for number, (_index, company) in zip(movers, picks, strict=True)}, work)

    @event(how=st.sampled_from(["bulk_update", "bulk_stale", "case"]), index=pick, new=st.lists(statuses, min_size=2, max_size=3), work=work)
    def lead_statuses_of_one_company_are_set_at_once(self, how: str, index: int, new: list[str], work: Work) -> None:
        company = self.at(index)
        there = [number for number, contact in self.model.contacts.items() if contact.company == company and contact.lead_status]
        if there:
            self.change("lead", how, {number: {"status": status} for number, status in zip(there, new, strict=False)}, work)

    @event(how=roads, picks=st.lists(st.tuples(pick, statuses), min_size=1, max_size=3), work=work)
    def lead_statuses_are_set(self, how: str, picks: list[tuple[int, str]], work: Work) -> None:
        wanted = {}
        for index, status in picks:
            number = self.some("contact", [index])[0]
            here = self.model.contacts[number].lead_status
            wanted[number] = {"status": status if status != here or index == 5 else STATUSES[(STATUSES.index(here) + 1) % len(STATUSES)]}
        new = {number: values for number, values in wanted.items() if self.model.contacts[number].lead_status is None}
        if new:
            self.play("lead", self.havn.roads.create("lead", CREATIONS[picks[0][0] % 4], new), work, creates=True)
        old = {number: values for number, values in wanted.items() if number not in new}
        if old:
            self.change("lead", how, old, work)

    @event(index=pick, status=statuses, by=who)
    def somebody_sets_a_lead_status_on_screen(self, index: int, status: str, by: str | None) -> None:
        number = self.some("contact", [index])[0]
        try:
            self.model.set_lead_status(number, status, by=by)
            refusal = ""
        except Refused as refused:
            refusal = str(refused)
        assert self.havn.set_lead_status(number, status, by) == refusal

    # ---------------------------------------------------------------- sales
    @precondition(lambda self: len(self.model.sales) < 6)
    @event(how=creations, new=st.lists(st.tuples(somewhere, closed | st.just("open"), seldom), min_size=1, max_size=3), work=work)
    def sales_come(self, how: str, new: list[tuple[int | None, str, bool]], work: Work) -> None:
        self.create("sale", how, [{"company": self.at(index), "status": status, "is_archived": archived} for index, status, archived in new], work)

    @precondition(lambda self: len(self.model.sales) < 6)
    @event(index=pick, new=st.lists(closed | st.just("open"), min_size=2, max_size=3), work=work, in_turn=seldom)
    def a_company_gets_several_sales_at_once(self, index: int, new: list[str], work: Work, in_turn: bool) -> None:
        self.create("sale", "bulk_create", [{"company": self.at(index), "status": status} for status in new], replace(work, in_turn=in_turn))

    @event(how=st.sampled_from(["bulk_update", "bulk_stale", "case"]), index=pick, new=st.lists(closed, min_size=2, max_size=4), moves=st.booleans(), work=work)
    def sales_of_one_company_are_closed_at_once(self, how: str, index: int, new: list[str], moves: bool, work: Work) -> None:
        """Its own, or others' that come to it with that."""
        company = self.at(index)
        there = [number for number, sale in self.model.sales.items() if moves == (sale.company != company)]
        if there:
            self.change("sale", how, {number: {"status": status, "company": company} for number, status in zip(there, new, strict=False)}, work)

    @event(how=roads, picks=st.lists(st.tuples(pick, sale_values), min_size=1, max_size=3), work=work)
    def sales_are_changed(self, how: str, picks: list[tuple[int, Values]], work: Work) -> None:
        wanted = {self.some("sale", [index])[0]: self.resolved(values) for index, values in picks if values}
        if wanted:
            self.change("sale", how, wanted, work)

    @event(how=roads, picks=st.lists(pick, min_size=1, max_size=3), work=work)
    def sales_are_won(self, how: str, picks: list[int], work: Work) -> None:
        self.close(how, picks, "won", work)

    @event(how=roads, picks=st.lists(pick, min_size=1, max_size=3), work=work)
    def sales_are_lost(self, how: str, picks: list[int], work: Work) -> None:
        self.close(how, picks, "lost", work)

    def close(self, how: str, picks: list[int], status: str, work: Work) -> None:
        """Sales that are not that already, if there are any."""
        there = [number for number, sale in self.model.sales.items() if sale.status != status] or list(self.model.sales)
        self.change("sale", how, {there[index % len(there)]: {"status": status} for index in picks}, work)

    @event(how=roads, status=st.sampled_from(["open", "open", "stalled"]), work=work)
    def closed_sales_are_reopened(self, how: str, status: str, work: Work) -> None:
        wanted = {number: {"status": status} for number, sale in self.model.sales.items() if sale.status in ("won", "lost")}
        if wanted:
            self.change("sale", how, wanted, work)

    @event(kind=st.sampled_from(["company", "contact", "sale", "lead"]), index=pick)
    def somebody_looks_at_a_record_and_keeps_it_open(self, kind: str, index: int) -> None:
        if self.rows(kind):
            self.havn.roads.hold(kind, self.some(kind, [index])[0])

    # ---------------------------------------------------- rules, lists, users
    @event(slot=st.sampled_from(SLOTS), values=rule_values, is_another_row=seldom)
    def a_rule_is_saved(self, slot: Slot, values: Values, is_another_row: bool) -> None:
        if is_another_row:
            self.remove_rule(slot)
        self.set_rule(slot, **values)

    @event(how=list_roads, index=pick, group=groups, flag=st.booleans())
    def a_category_means_something_else(self, how: str, index: int, group: str, flag: bool) -> None:
        name = self.model.companies[self.at(index)].category
        leaves = how == "save" and self.model.categories[name].uses_lead_status  # lead status goes with the group by itself (C3)
        self.havn.edit_category(how, name, group, flag and (leaves or group == POTENTIAL))
        self.model.edit_category(name, group=group, uses_lead_status=flag)

    @event(name=st.sampled_from([*CATEGORIES, "Opportunity", "Customer"]), other=categories, by=who)
    def a_category_is_replaced(self, name: str, other: str, by: str | None) -> None:
        """Nothing would be left if deleted ones did not come back now and then."""
        try:
            self.model.replace_category(name, other, by=by)
            refusal = ""
        except Refused as refused:
            refusal = str(refused)
        assert self.havn.replace_category(name, other, by) == refusal
        if by == "maja" and not refusal:
            self.compare()
            self.edit_deletion(name, is_deleted=False)

    @event(edit=edits)
    def something_else_is_edited(self, edit: tuple[str, Values]) -> None:
        what, values = edit
        getattr(self, f"edit_{what}")(**values)

    def edit_our_contact(self, how: str, index: int, our_contact: str | None) -> None:
        self.change("company", "update" if how == "related" else how, {self.some("company", [index])[0]: {"our_contact": our_contact}}, Work())

    def edit_user(self, name: str, is_active: bool) -> None:
        self.havn.set_active(name, is_active)
        self.model.edit_user(name, is_active=is_active)

    def edit_deletion(self, name: str, is_deleted: bool) -> None:
        self.havn.delete_category(name, is_deleted)
        self.model.edit_category(name, is_deleted=is_deleted)

    # ------------------------------------------------------------ questions
    @precondition(lambda self: self.told("waiting"))
    @event(index=pick, answer=st.sampled_from(["accept", *CATEGORIES]), fails_first=seldom)
    def a_question_is_answered(self, index: int, answer: str, fails_first: bool) -> None:
        self.answer(self.one_of(self.told("waiting"), index), answer, fails_first=fails_first)

    @precondition(lambda self: self.told("waiting"))
    @event(index=pick, fails_first=seldom)
    def a_category_is_kept(self, index: int, fails_first: bool) -> None:
        self.answer(self.one_of(self.told("waiting"), index), "keep", fails_first=fails_first)

    @precondition(lambda self: self.told())
    @event(index=pick, waits=st.booleans(), answer=st.sampled_from(["accept", "keep", *CATEGORIES]), by=who.filter(bool), late=st.integers(-1, 1))
    def somebody_answers(self, index: int, waits: bool, answer: str, by: str, late: int) -> None:
        """Whoever, whatever, having seen whichever version: most of it is refused."""
        self.answer(self.one_of((waits and self.told("waiting")) or self.told(), index), answer, by=by, late=late)

    def answer(self, decision: Decision, answer: str, *, by: str | None = None, late: int = 0, fails_first: bool = False) -> None:
        """As whoever was asked, unless `by` says otherwise."""
        how = {"by": by or decision.asked_of or "maja", "seen": self.model.companies[decision.company].version + late}
        model, havn = self.model, self.havn
        self.decide(decision, lambda: model.answer(decision, answer, **how), lambda pk: havn.answer(pk, answer, **how), fails_first=fails_first)

    def told(self, *outcomes: str) -> list[Decision]:
        """The decisions with these outcomes, or all of rules."""
        return [decision for decision in self.everything() if (decision.outcome in outcomes if outcomes else decision.rule and decision.trigger != "undo")]

    def everything(self) -> list[Decision]:
        """All decisions, those of each company oldest first."""
        return [decision for history in self.model.decisions.values() for decision in history]

    def declined(self) -> list[Decision]:
        """What somebody kept or undid, if it had a cause."""
        undone = [history[old.undoes] for history in self.model.decisions.values() for old in history if old.undoes is not None and old.rule]
        return self.told("kept") + undone

    def one_of(self, decisions: list[Decision], index: int) -> Decision:
        """The newest, the one before that, and so on."""
        return decisions[-1 - index % len(decisions)]

    @event(index=pick, which=st.sampled_from(["last", "last", "undo", "older", "anything"]), by=most_may, fails_first=seldom)
    def a_change_is_undone(self, index: int, which: str, by: str, fails_first: bool) -> None:
        """The last change of a company, which may be an undo itself; or something else, which is refused."""
        last = [next(old for old in history if old.number == self.model.companies[number].version) for number, history in self.model.decisions.items()]
        some = {
            "undo": [old for old in last if old.outcome == "undone"],
            "older": [old for old in self.everything() if old.number and not any(old is other for other in last)],
            "anything": self.everything(),
        }
        decision = self.one_of(some.get(which) or last, index)
        self.decide(decision, lambda: self.model.undo(decision, by=by), lambda pk: self.havn.undo(pk, by), fails_first=fails_first)

    @precondition(lambda self: self.told("kept"))
    @event(index=pick, which=st.sampled_from(["kept", "kept", "senseless", "anything"]), by=most_may, fails_first=seldom)
    def a_question_is_asked_again(self, index: int, which: str, by: str, fails_first: bool) -> None:
        """What was kept, also when its cause is gone; or anything else, which is refused."""
        kept = self.told("kept")
        some = {"senseless": [old for old in kept if not self.model.makes_sense(old)], "anything": self.everything()}
        decision = self.one_of(some.get(which) or kept, index)
        self.decide(decision, lambda: self.model.ask_again(decision, by=by), lambda pk: self.havn.ask_again(pk, by), fails_first=fails_first)

    @precondition(lambda self: self.told())
    @event(index=pick, how=roads, work=work, meanwhile=meanwhile, new_target=categories)
    def the_same_happens_again(self, index: int, how: str, work: Work, meanwhile: str, new_target: str) -> None:
        """A sale is won again, or a lead status set again; first one that somebody declined (Q5, A9)."""
        decision = self.one_of(self.declined() or self.told(), index)
        slot = (decision.trigger, decision.lead_status)
        if meanwhile == "another rule":
            self.remove_rule(slot)
        if meanwhile == "another status" and decision.lead_status and slot in self.row_of:
            slot = self.give_another_status(slot)
        if meanwhile != "nothing":
            self.set_rule(slot, target=new_target if meanwhile == "another target" else decision.suggested, asks=True, is_on=True)
        if decision.lead_status:
            kind, away, back = "lead", {"status": next(name for name in STATUSES if name != slot[1])}, {"status": slot[1]}
        elif decision.trigger == "sale_registered":
            kind, away, back = "sale", {"company": None}, {"company": decision.company}
        else:
            kind, away, back = "sale", {"status": "open"}, {"status": decision.trigger.removeprefix("sale_"), "company": decision.company}
        self.change(kind, "update", {decision.record: away}, work)
        self.compare()
        self.change(kind, how, {decision.record: back}, work)
