"""`manage.py delete_spam`: empty the spam folder of what has been there for long."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads import spam


class Command(BaseCommand):
    """For a nightly timer."""

    help = "Delete for good the inquiries that have been in the spam folder for long."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=spam.DAYS, help=f"that an inquiry stays in the folder at least (default: {spam.DAYS})")
        parser.add_argument("--dry-run", action="store_true", help="say how many there are, delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 0:
            raise CommandError("--days is a number of days, 0 or more.")
        count = spam.old(options["days"]).count() if options["dry_run"] else spam.delete_old(options["days"])
        self.stdout.write(f"{count:,} inquiries {'would be ' if options['dry_run'] else ''}deleted.")
