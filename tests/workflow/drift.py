"""How tests let a database drift from its ledger, and what check_ledger then says."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests.factories import rule
from workflow.checks import check

NOBODY = 999_999  # a key that no row has


@contextmanager
def ago(**span):
    """As if it were that long ago."""
    with time_machine.travel(timezone.now() - dt.timedelta(**span)):
        yield


def rule_of_yesterday(trigger, target, **values):
    """A rule that has been on since yesterday."""
    with ago(days=1):
        return rule(trigger, target, **values)


def found(**options):
    """Every finding in words, by kind."""
    return {finding.kind: finding.sentences for finding in check(**options).findings}


def run(*arguments, capsys):
    """Run the command; what it prints."""
    call_command("check_ledger", *arguments)
    return capsys.readouterr().out


def raw(sql, *params):
    """Write past everything, even the models."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def forget(decision):
    """Take a decision away as only raw SQL can."""
    raw("DELETE FROM workflow_categorydecision WHERE id = %s", decision.pk)
