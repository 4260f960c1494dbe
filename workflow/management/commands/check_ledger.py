"""`manage.py check_ledger`: does the ledger agree with everything else? And `--explain`: one company's story."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import Company
from crm.text import as_pk, fold
from workflow.checks import LIMIT, Finding, Report, check
from workflow.explain import explain
from workflow.history import in_order, when
from workflow.models import CategoryDecision


class Command(BaseCommand):
    """Prints a sentence for each thing that does not agree. Exit status 1 when there is any."""

    help = (
        "Compare every company's category, the decisions, sales, lead statuses and rules with each other; nothing is written. "
        "Exit status 0 when everything agrees, 1 otherwise. What the findings mean is in docs/operations.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"how many findings of each kind are printed (default: {LIMIT})")
        parser.add_argument("--explain", default="", metavar="COMPANY", help="instead tell one company's story: its id, or its exact name in any case")
        languages = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--language", choices=languages, default=settings.LANGUAGE_CODE, help="of the decisions' sentences (default: the installation's)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] < 1:
            raise CommandError("--limit must be 1 or more.")
        with translation.override(options["language"]):
            if options["explain"]:
                for line in story_of(find_company(options["explain"])):
                    self.stdout.write(line)
            else:
                self._check(options["limit"])

    def _check(self, limit: int) -> None:
        report = check(limit=limit)
        for finding in report.findings:
            self._say(finding, "")
        for note in report.notes:
            self._say(note, "Note: ")
        if report.findings:
            raise CommandError(summary(report))
        self.stdout.write(summary(report))

    def _say(self, finding: Finding, before: str) -> None:
        for sentence in finding.sentences:
            self.stdout.write(f"{before}{finding.kind}: {sentence}")
        more = finding.total - len(finding.sentences)
        if more:
            self.stdout.write(f"{before}... and {more} more of this kind ({finding.kind}); --limit prints more.")


def summary(report: Report) -> str:
    """One line: what was looked at, and what came of it."""
    looked = f"Checked {report.companies} companies, {report.decisions} decisions, {report.transitions} sale transitions"
    if not report.findings:
        return f"{looked}: everything agrees."
    return (
        f"{looked}. Findings: "
        + ", ".join(f"{finding.kind} {finding.total}" for finding in report.findings)
        + ". docs/operations.md says what each means, and what to do."
    )


def find_company(wanted: str) -> Company:
    """The company with this id, or of exactly this name in any case. Raises CommandError when there is none, or several."""
    companies = Company.objects.select_related("category")
    by_id = companies.filter(pk=as_pk(wanted)).first()
    if by_id:
        return by_id
    # The search column folds Æ, Ø and Å on both databases, and holds the name among others.
    found = [company for company in companies.filter(search_text__contains=fold(wanted)).order_by("pk") if fold(company.name) == fold(wanted)]
    if not found:
        raise CommandError(f"No company has the id or the name “{wanted}”.")
    if len(found) > 1:
        listed = "".join(f"\n  {company.pk}  {company.name}, {company.city or 'no town'}, {company.category}" for company in found)
        raise CommandError(f"{len(found)} companies are named “{wanted}”. Give the id:{listed}")
    return found[0]


def story_of(company: Company) -> Iterator[str]:
    """Every decision about a company, oldest first, in the words that its card uses; then where it stands, and what waits. Two statements."""
    yield f"{company.name} (company {company.pk})"
    decisions = CategoryDecision.objects.filter(company=company).with_names()
    for decision in reversed([*in_order(decisions)]):
        number = decision.applied_version or "-"
        at = timezone.localtime(when(decision)).strftime("%Y-%m-%d %H:%M")
        who = decision.decided_by or decision.caused_by or "-"
        move = f" [{decision.from_category or '-'} > {decision.to_category}]" if decision.to_category else ""
        yield f"{number:>4}  {at}  {who}  {explain(decision)}{move}"
    yield _("Stands at {category}, number {number}.").format(category=company.category, number=company.category_version)
    waiting = decisions.waiting()
    yield from (f"{decision.suggested_category}? {explain(decision)}" for decision in waiting)
    if not waiting:
        yield _("Nothing is waiting")
