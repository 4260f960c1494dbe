"""`manage.py remind`: once a day, from cron."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from crm.notifications import KEPT, forget_old
from workflow import inbox
from workflow.reminders import Reminder, reminders

MOST_DAYS = 3650


class Command(BaseCommand):
    """Remind people of suggestions that have waited for long, and forget what was read long ago. Exit status 0."""

    help = "Remind everybody of the suggestions that have waited for them for long. Run it once a day; nobody is reminded twice in a day."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--days", type=_days, default=inbox.LONG, help="how long a suggestion has waited before its person is reminded (default: 3)")
        parser.add_argument("--dry-run", action="store_true", help="say who would be reminded, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run, found = options["dry_run"], False
        for reminder in reminders(days=options["days"]):
            found = True
            self.stdout.write(_line(reminder, "would be reminded" if dry_run else "reminded" if reminder.send() else "was reminded today already"))
        if not found:
            self.stdout.write("Nothing has waited that long.")
        if not dry_run and (forgotten := forget_old()):
            self.stdout.write(f"{forgotten:,} old notification{'' if forgotten == 1 else 's'} deleted: read more than {KEPT} days ago.")


def _line(reminder: Reminder, what: str) -> str:
    suggestions = "suggestion" if reminder.count == 1 else "suggestions"
    return f"{reminder.user} <{reminder.user.email}>: {what}, {reminder.count} {suggestions}, the oldest about {reminder.oldest[0].company}."


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days from 0 to {MOST_DAYS}.")
    return int(text)
