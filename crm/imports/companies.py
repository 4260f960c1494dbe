"""Companies of another system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from django.db import transaction

from crm.imports.names import active, people
from crm.imports.plan import KEY
from crm.imports.records import Importer, Prepared
from crm.imports.values import Names, Reader, plain, web_address
from crm.models import Company, CompanyCategory, User
from crm.text import fold

SAME_NAME = "with the same name as another company"


class CompanyImport(Importer):
    """Companies. None of the four rules looks at a company as such; each gets its decision of having been created."""

    model = Company
    plural = "companies"
    url_name = "crm:companies"
    fields = ("name", "category", "our_contact", "registration_number", "business", "phone", "website", "address", "postcode", "city", "country", KEY)
    required = ("name",)

    def reader(self, name: str) -> Reader:
        special: dict[str, Callable[[], Reader]] = {
            "category": lambda: Names("category", active(CompanyCategory.objects)),
            "our_contact": lambda: Names("user", people(User.objects)),
            "website": lambda: web_address,
        }
        return special.get(name, lambda: plain)()

    @cached_property
    def names(self) -> set[str]:
        """The names companies have. One statement."""
        return {fold(name) for name in Company.objects.values_list("name", flat=True)}

    def complete(self, prepared: Prepared) -> None:
        name = fold(prepared.values.get("name", ""))
        if name in self.names:
            prepared.notes.append(SAME_NAME)
        self.names.add(name)

    def create(self, rows: Sequence[Prepared]) -> int:
        with transaction.atomic():
            Company.objects.bulk_create(self.records(rows))
        return 0
