"""Sales of another system, with their companies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from crm.imports.errors import RefusedError
from crm.imports.names import CompanyNames, active, people
from crm.imports.plan import KEY
from crm.imports.records import Importer, Prepared
from crm.imports.values import Choice, Names, Reader, amounts, dates, plain, upper
from crm.models import Company, Contact, Sale, SaleReason, SaleStage, User
from crm.models.companies import lock_companies
from crm.text import fold

NO_DATE = "won or lost without a closing date: dated today"
NOT_KEPT = "with a closing date, reason or re-open date that their status does not keep: it was left out"


class SaleImport(Importer):
    """Sales. A company is found by its name; a sale without one gets it later (S1)."""

    model = Sale
    plural = "sales"
    url_name = "crm:sales"
    fields = (
        *("title", "company", "contact", "status", "stage", "amount", "currency", "owner", "expected_close", "closed_on"),
        *("reopen_on", "reason", "reason_note", "description", KEY),
    )
    required = ("title",)
    apart = ("company", "contact", "reason")

    def reader(self, name: str) -> Reader:
        special: dict[str, Callable[[], Reader]] = {
            "status": lambda: Choice("status", Sale.Status.choices),
            "stage": lambda: Names("stage", active(SaleStage.objects)),
            "amount": lambda: amounts(decimal_comma=self.settings.decimal_comma),
            "currency": lambda: upper,
            "owner": lambda: Names("user", people(User.objects)),
        }
        if name in ("expected_close", "closed_on", "reopen_on"):
            return dates(self.settings.date_format)
        return special.get(name, lambda: plain)()

    @cached_property
    def companies(self) -> CompanyNames:
        """Companies by name. One statement."""
        return CompanyNames()

    @cached_property
    def contacts(self) -> dict[int, Names]:
        """Contacts by company, each by e-mail address or full name. One statement."""
        found: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for contact in Contact.objects.current().only("company_id", "email", "first_name", "last_name"):
            found[contact.company_id] += [(contact.email, contact.pk), (contact.name, contact.pk)]
        return {company: Names("contact at this company", pairs) for company, pairs in found.items()}

    @cached_property
    def reasons(self) -> dict[str, Names]:
        """Reasons by what they apply to. Two statements."""
        return {status: Names(f"reason of a {status} sale", active(SaleReason.objects.filter(applies_to=status))) for status in SaleReason.AppliesTo.values}

    def complete(self, prepared: Prepared) -> None:
        values, cells = prepared.values, prepared.row.cells
        prepared.company = self.plan.text("company", cells)
        company = self._find_company(prepared.company) if prepared.company else None
        prepared.creates_company = bool(prepared.company) and company is None
        if contact := self.plan.text("contact", cells):
            values["contact_id"] = self.contacts.get(company or 0, Names("contact at this company", ()))(contact)
        self._close(values, self.plan.text("reason", cells), prepared.notes)

    def _close(self, values: dict[str, Any], reason: str, notes: list[str]) -> None:
        """Fill the reason of a closed sale, and note what `Sale.derive()` will make of dates and reasons that do not go with the status."""
        status, closed_on = values.get("status", Sale.Status.OPEN), values.get("closed_on")
        if status in Sale.CLOSED:
            values["reason_id"] = self.reasons[status](reason) if reason else None
            if not closed_on:
                notes.append(NO_DATE)
            lost = values.get("reopen_on")
        else:
            lost = reason or closed_on or values.get("reason_note") or (status == Sale.Status.OPEN and values.get("reopen_on"))
        if lost:
            notes.append(NOT_KEPT)

    def _find_company(self, name: str) -> int | None:
        """The company's key, or None for one that is to be created."""
        found = self.companies.find(name)
        if found is None:
            if not self.settings.create_companies:
                raise RefusedError(f"No company named “{name}” (--create-companies would create it)")
            try:
                Company(name=name).clean_fields(exclude=[other.name for other in Company._meta.concrete_fields if other.name != "name"])
            except ValidationError as error:
                raise RefusedError(f"company: {' '.join(error.messages)}") from None
        return found

    def lock(self, rows: Sequence[Prepared]) -> None:
        found = {self.companies.find(row.company) for row in rows if row.company}
        lock_companies([pk for pk in found if pk is not None])

    def keep(self) -> None:
        self.companies.keep()

    def forget(self) -> None:
        self.companies.forget()

    def create(self, rows: Sequence[Prepared]) -> int:
        with transaction.atomic():
            new = self._create_companies(rows)
            sales = self.records(rows)
            for sale, row in zip(sales, rows, strict=True):
                sale.company_id = self._company_of(row, new)
            Sale.objects.bulk_create(sales)
        self.companies.learn(new)  # not before: a row that the database refuses takes its company with it
        return len(new)

    def _create_companies(self, rows: Sequence[Prepared]) -> dict[str, int]:
        missing: dict[str, str] = {}  # spelled as in the first row that names it
        for row in rows:
            if row.company and self.companies.find(row.company) is None:
                missing.setdefault(fold(row.company), row.company)
        if not missing:
            return {}
        created = Company.objects.bulk_create(Company(name=name, external_source=self.settings.source) for name in missing.values())
        return {fold(company.name): company.pk for company in created}

    def _company_of(self, row: Prepared, new: dict[str, int]) -> int | None:
        if not row.company:
            return None
        return new.get(fold(row.company)) or self.companies.find(row.company)
