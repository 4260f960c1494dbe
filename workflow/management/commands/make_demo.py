"""`manage.py make_demo`: a company's year, for looking around."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from time_machine import travel
from tqdm import tqdm

from crm.apps import ADMINISTRATOR, SALESPERSON
from crm.models import Company, User
from workflow.demo.companies import COLLEAGUES
from workflow.demo.lead_form import allow_sites
from workflow.demo.replay import Year
from workflow.models import AutomationRule, CategoryDecision

PASSWORD = "demo"
ENGLISH = {"maja", "jonas"}  # the two whom the documentation lets a newcomer log in as; the others use the installation's language


class Command(BaseCommand):
    """Fills a new database with demo data; a database that has it keeps it."""

    help = "Fills a new database with the demo company. Does nothing where the demo is already."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the demo's website is."""
        parser.add_argument("--site", action="append", default=[], metavar="ADDRESS", help="A site that may show the demo's lead form; may be repeated.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, and tell the form where its website is."""
        self._make(quiet=options["verbosity"] == 0)
        allow_sites(options["site"])

    def _make(self, *, quiet: bool) -> None:
        """All or nothing: an interrupted run leaves no half demo behind."""
        if User.objects.filter(email="maja@havn.example").exists():
            return self._say(quiet, "The demo is here already; its data is kept.")
        if Company.objects.exists() or AutomationRule.objects.exists():
            raise CommandError("This database is in use. The demo wants a new one, since its people have a password that everybody knows.")
        now = timezone.now()
        with transaction.atomic():
            # disable=None: a bar where somebody watches, nothing in a log
            count = Year(users=make_users(now), now=now).play(partial(tqdm, desc="Replaying a year", unit=" events", disable=True if quiet else None))
        waiting = CategoryDecision.objects.waiting().count()
        self._say(quiet, f"The demo is ready: {Company.objects.count()} companies, {count} events, {waiting} suggestions waiting.")
        return self._say(quiet, f"Log in as maja@havn.example (administrator) or jonas@havn.example (salesperson); the password is {PASSWORD}.")

    def _say(self, quiet: bool, text: str) -> None:
        if not quiet:
            self.stdout.write(text)


def make_users(now: datetime) -> dict[str, User]:
    """The five of the demo, by first name in lower case; they came just before the year began."""
    users = {}
    with travel(now - timedelta(days=366), tick=False):
        for key, name in COLLEAGUES.items():
            first, last = name.split(" ")
            language = {"language": "en"} if key in ENGLISH else {}
            make = User.objects.create_superuser if key == "maja" else User.objects.create_user
            users[key] = make(f"{key}@havn.example", PASSWORD, first_name=first, last_name=last, last_login=now - timedelta(hours=18), **language)
            users[key].groups.set([Group.objects.get(name=ADMINISTRATOR if key == "maja" else SALESPERSON)])
    return users
