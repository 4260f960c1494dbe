"""`manage.py import_inquiries FILE --form SLUG`: inquiries from a CSV file of another system."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from crm.imports.command import ImportCommand
from crm.imports.errors import ImportFileError
from crm.imports.plan import Plan
from crm.imports.records import Importer, Settings
from leads.imports import InquiryImport
from leads.models import LeadForm


class Command(ImportCommand):
    """Inquiries."""

    help = "Import inquiries from a CSV file, as if each had been sent with a lead form: added to its contact and company, and given to somebody."
    importer = InquiryImport

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--form", required=True, metavar="SLUG", help="the lead form they are said to have come through: the last part of its address")
        parser.add_argument("--handled", action="store_true", help="mark them as handled: nobody has them among the new ones")

    def make_importer(self, plan: Plan, settings: Settings, options: dict[str, Any]) -> Importer:
        form = LeadForm.objects.filter(slug=options["form"]).first()
        if form is None:
            known = ", ".join(LeadForm.objects.active().values_list("slug", flat=True)[:12])
            raise ImportFileError(f"--form {options['form']}: there is no such lead form. Known: {known or 'none; make one under Settings, Lead forms'}.")
        return InquiryImport(plan, settings, form=form, handled=options["handled"])
