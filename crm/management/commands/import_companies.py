"""`manage.py import_companies FILE`: companies from a CSV file of another system."""

from crm.imports.command import ImportCommand
from crm.imports.companies import CompanyImport


class Command(ImportCommand):
    """Companies."""

    help = "Import companies from a CSV file. A row is imported whole or refused whole, with its line and the reason."
    importer = CompanyImport
