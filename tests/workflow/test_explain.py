"""A8: whatever came of it, a decision reads as whole sentences, in both languages, and names why."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone, translation

from crm.models import Company, CompanyCategory, Contact, Sale, User
from leads.models import LeadStatus
from workflow.explain import explain
from workflow.models import AutomationRule, Batch, CategoryDecision, Outcome, SkipReason, Trigger

Origin = CategoryDecision.Origin
LANGUAGES = ["en", "da"]


def decision(**values):
    """A decision about Fjordbo as it comes from the database with every name; nothing is saved."""
    lead, customer = CompanyCategory(name="Lead"), CompanyCategory(name="Customer")
    jonas, trigger = User(first_name="Jonas", last_name="Krogh"), values.get("trigger", Trigger.SALE_WON)
    applied = values.get("outcome") in ("changed", "accepted", "chose_other", "undone")
    made = CategoryDecision(
        company=Company(name="Fjordbo"), trigger=trigger, rule=AutomationRule(trigger=trigger), sale=Sale(title="Solar roof"),
        contact=Contact(first_name="Torben", last_name="Friis"), lead_status=LeadStatus(name="Qualified"), from_category=lead,
        suggested_category=customer, to_category=customer if applied else None, caused_by=jonas, asked_of=jonas,
        decided_by=jonas if values.get("outcome") in ("accepted", "chose_other", "kept") else None, decided_at=timezone.now(),
    )  # fmt: skip
    for name, value in values.items():
        setattr(made, name, value)
    return made


def retried(outcome):
    """What came of a rule that failed and looked again."""
    return decision(outcome=outcome, retries_id=1, batch=Batch(kind="retry", user=User(first_name="Maja", last_name="Lindholm")))


EVERY = {
    **{
        f"{trigger}, {outcome}": lambda trigger=trigger, outcome=outcome: decision(trigger=trigger, outcome=outcome)
        for trigger in Trigger.values
        for outcome in Outcome.values
        if outcome not in ("skipped", "undone")
    },
    **{f"skipped, {reason}": lambda reason=reason: decision(outcome="skipped", skip_reason=reason) for reason in SkipReason.values},
    "failed": lambda: decision(outcome="failed", error="RuntimeError: the rule is broken"),
    "asked of nobody": lambda: decision(outcome="waiting", asked_of=None),
    "kept by nobody": lambda: decision(outcome="kept", decided_by=None),
    "retried, changed": lambda: retried("changed"),
    "retried, obsolete": lambda: retried("obsolete"),
    **{origin: lambda origin=origin: decision(trigger=origin, outcome="changed") for origin in Origin.values if origin != "undo"},
    "by the system": lambda: decision(trigger="manual", outcome="changed", caused_by=None),
    "created by an import": lambda: decision(trigger="created", outcome="changed", batch=Batch(kind="import")),
    "undone": lambda: decision(trigger="undo", outcome="undone"),
    "undone, of a sale": lambda: decision(trigger="undo", outcome="undone", contact=None, rule=AutomationRule(trigger="sale_lost")),
    "undone, of no rule": lambda: decision(trigger="undo", outcome="undone", rule=None, sale=None, contact=None, lead_status=None),
    "backfill, skipped": lambda: decision(
        trigger="backfill", outcome="skipped", skip_reason="already_there", contact=None, rule=AutomationRule(trigger="sale_won")
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", EVERY)
def test_a8_every_outcome_reads_as_whole_sentences(what, language):
    with translation.override(language):
        told = explain(EVERY[what]())
    for text in (told.cause, told.result):
        assert re.fullmatch(r"[A-ZÆØÅ][^{}]*[^.\s]\.", text), text
        assert "None" not in text
        assert ".." not in text
        assert len(re.findall(r"\.(?: |$)", text)) in (1, 2, 3 if what.startswith("backfill") else 2), text


@pytest.mark.parametrize("what", EVERY)
def test_a8_every_sentence_is_said_in_danish(what):
    said = {}
    for language in LANGUAGES:
        with translation.override(language):
            said[language] = explain(EVERY[what]()).result
    assert said["en"] != said["da"]


def test_a8_a_skip_says_why_and_what_the_rule_looked_for():
    made = decision(outcome="skipped", skip_reason="not_potential", from_category=CompanyCategory(name="Customer"))
    assert str(explain(made)) == "Skipped: Fjordbo is Customer, and rules only move potential customers. The rule looked because the sale “Solar roof” was won."
    with translation.override("da"):
        assert str(explain(made)) == (
            "Sprunget over: Fjordbo er Customer, og reglerne flytter kun potentielle kunder. Reglen så på firmaet, fordi salget ”Solar roof” blev vundet."
        )


def test_a7_a_failure_is_said_in_plain_words_and_the_technical_ones_apart():
    told = explain(decision(outcome="failed", error="OperationalError: disk is full"))
    assert told.result == "The rule could not be carried out, so nothing was changed. It looked because the sale “Solar roof” was won."
    assert told.technical == "Technical reason: OperationalError: disk is full"


def test_a9_an_undo_of_a_rule_for_lead_status_names_the_person():
    told = str(explain(decision(trigger="undo", outcome="undone")))
    assert told == "Undone by Jonas Krogh. It had been changed because lead status for Torben Friis was set to Qualified; that will not move it again."


def test_a_retry_that_found_nothing_to_do_says_so_and_does_not_speak_of_a_suggestion():
    assert str(explain(retried("obsolete"))).startswith("Retried by Maja Lindholm, but there was nothing to do any more.")
