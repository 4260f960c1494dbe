"""`manage.py import_sales FILE`: sales from a CSV file of another system."""

from argparse import ArgumentParser

from crm.imports.command import ImportCommand
from crm.imports.sales import SaleImport


class Command(ImportCommand):
    """Sales, and with `--create-companies` the companies they name."""

    help = (
        "Import sales from a CSV file. A row is imported whole or refused whole, with its line and the reason. "
        "Each row is a save of its own for the rules, in the order of the file or of --order-by."
    )
    importer = SaleImport

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--create-companies", action="store_true", help="create companies that are missing, in the default category")
