"""What import_companies and import_sales have in common: their options, and their order of work."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from crm.actor import current_actor, working
from crm.imports.errors import ImportFileError
from crm.imports.plan import KEY, Plan, Wishes, make_plan
from crm.imports.reading import DEFAULT_ENCODING, Table, read_table
from crm.imports.records import Importer, Settings
from crm.imports.report import Refusals, summary
from crm.imports.run import Run, StoppedError
from crm.imports.told import tell_user
from crm.imports.values import ISO_DATE
from crm.models import User
from crm.models.companies import Record

LONGEST_SOURCE = int(Record._meta.get_field("external_source").max_length or 0)


class ImportCommand(BaseCommand):
    """Import a CSV file. Exit status 0 also when rows were refused: the summary says so; 1 when the file could not be used."""

    importer: ClassVar[type[Importer]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        many: dict[str, Any] = {"action": "append", "default": []}
        add("file", type=Path, metavar="FILE", help="a CSV file with a header")
        add("--map", **many, metavar="FIELD=HEADER", help=self._help_on_map())
        add("--default", **many, metavar="FIELD=VALUE", help="a value for cells that are empty, or for every row; repeatable")
        add("--value", **many, metavar="FIELD.VALUE=TEXT", help="what a text in the file means (status.won=Won); FIELD.=TEXT: nothing; repeatable")
        add("--key", default="", metavar="HEADER", help="the column with the other system's key: rows whose key was imported before are passed over")
        add("--source", default="", metavar="NAME", help="the other system's name, within which a key is unique (default: the file's name)")
        add("--date-format", default=ISO_DATE, metavar="FORMAT", help="how dates are written, such as %%d-%%m-%%y for 31-12-17 (default: %%Y-%%m-%%d)")
        add("--decimal-comma", action="store_true", help="amounts are written 1.234,50 (default: 1,234.50)")
        add("--order-by", default="", metavar="FIELD", help="import in the order of this field; rows without it last, equal ones as in the file")
        add("--rules", choices=["run", "skip"], default="run", help="with skip the rules do nothing, and their decisions say so (default: run)")
        add("--user", default="", metavar="EMAIL", help="who is said to have done it, and told when it has ended (default: nobody)")
        add("--encoding", default=DEFAULT_ENCODING, help="of the file, such as windows-1252 (default: utf-8)")
        add("--delimiter", default="", help="between cells: a character, or tab (default: comma, semicolon or tab, found out from the header)")
        add("--errors", type=Path, metavar="FILE", help="write every refused row here, with its line and the reason; replaced if it exists")
        add("--dry-run", action="store_true", help="read and check everything, write nothing")

    def _help_on_map(self) -> str:
        fields = ", ".join(self.importer.fields)
        return f"read a field from this column; repeatable. By default from the column named like the field; FIELD= leaves that one out. Fields: {fields}"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except ImportFileError as problem:
            raise CommandError(str(problem)) from problem
        except DatabaseError as error:
            raise CommandError(f"The database does not answer as it should: {error}. Nothing was imported.") from error

    def _import(self, options: dict[str, Any]) -> None:
        path, errors = options["file"], options["errors"]
        delimiter = {"tab": "\t", "\\t": "\t"}.get(options["delimiter"], options["delimiter"])
        table = read_table(path, encoding=options["encoding"], delimiter=delimiter)
        if errors and errors.resolve() == path.resolve():
            raise ImportFileError("--errors names the file that is imported. Give it another name.")
        wishes = Wishes(options["map"], options["default"], options["value"], options["key"])
        plan = make_plan(table.headers, wishes, fields=self.importer.fields, required=self.importer.required)
        with (
            working(user=_find_user(options["user"]), kind="import", run_rules=options["rules"] == "run", in_turn=True),
            tqdm(total=table.count, unit=" rows", disable=None, leave=False) as bar,
        ):
            run = Run(self.make_importer(plan, _settings(options), options), order_by=options["order_by"], tick=bar.update)
            with Refusals(table, errors) as refusals:  # last, so that a mistake in the options does not empty an older file
                self._run(run, table, refusals, dry_run=options["dry_run"], bar=bar)

    def make_importer(self, plan: Plan, settings: Settings, options: dict[str, Any]) -> Importer:
        """The importer, of a command that needs more options too. Raises ImportFileError."""
        return self.importer(plan, settings)

    def _run(self, run: Run, table: Table, refusals: Refusals, *, dry_run: bool, bar: tqdm) -> None:
        """Import or check, then say what came of it, also when it was stopped half-way."""
        stopped = ""
        try:
            (run.check if dry_run else run.write)(table, refusals)
        except StoppedError as problem:
            stopped = str(problem)
        except KeyboardInterrupt:
            stopped = "Stopped."
        bar.close()
        importer = run.importer
        for line in summary(table, run.result, refusals, plural=importer.plural, dry_run=dry_run, source=importer.settings.source):
            self.stdout.write(line)
        if (user := current_actor()) and not dry_run:
            tell_user(user, run.result, file=table.name, refused=refusals.count, stopped=bool(stopped), url_name=importer.url_name)
        if stopped and dry_run:
            raise CommandError(stopped)
        if stopped:
            again = "The same command continues." if KEY in importer.plan.columns else "Without --key, running it again imports those rows twice."
            raise CommandError(f"{stopped} What the summary counts as imported is saved. {again}")


def _settings(options: dict[str, Any]) -> Settings:
    source = options["source"] or options["file"].stem
    if len(source) > LONGEST_SOURCE:
        raise ImportFileError(f"The source “{source}” is longer than {LONGEST_SOURCE} characters. Give a shorter one with --source.")
    return Settings(source, options["date_format"], options["decimal_comma"], options.get("create_companies", False))


def _find_user(email: str) -> User | None:
    user = User.objects.filter(email=email.strip().lower()).first() if email else None
    if email and not user:
        raise ImportFileError(f"--user {email}: nobody has this email address.")
    return user
