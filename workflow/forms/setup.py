"""The form of *Set up categories* (C6): what each category means, and which standard items are added."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from crm.initial import category_rows
from crm.meanings import Meaning
from crm.models import CategoryGroup, CompanyCategory
from crm.models.categories import POTENTIAL_CUSTOMER
from crm.standard import Standard, standard_items
from crm.text import as_pk
from leads.initial import status_rows
from leads.models import LeadStatus
from workflow.forms.options import digest_of
from workflow.setup import Plan

MOST = 1_000  # categories of a page that are looked for, if they are gone


class CategoryRow:
    """One category, as saved and as typed."""

    def __init__(self, category: Any, data: Any) -> None:
        self.category, self.saved, self.prefix = category, Meaning.of(category), f"c{category.pk}"
        self.group, self.lead_status = self.saved
        if data is not None and f"{self.prefix}-group" in data:  # one that was added meanwhile is left alone
            self.group, self.lead_status = data[f"{self.prefix}-group"], bool(data.get(f"{self.prefix}-lead"))
        self.disagrees = False  # with what a colleague has saved meanwhile
        self.is_unknown = False

    @property
    def meaning(self) -> Meaning:
        """As typed. The box for lead status is only to be seen in Potential customer; elsewhere it says nothing (C3)."""
        return Meaning(self.group, self.lead_status and self.group == POTENTIAL_CUSTOMER)

    @property
    def changes(self) -> bool:
        """It would mean something else."""
        return self.meaning != self.saved

    @property
    def theirs_group(self) -> CategoryGroup:
        """The group a colleague has saved."""
        return self.category.group

    @property
    def new_group(self) -> str:
        """The label of the group as typed."""
        return str(CategoryGroup(key=self.group))


class SetupForm:
    """The whole page. Six statements to read, however many categories there are."""

    def __init__(self, data: Any = None) -> None:
        self.data = data
        self.groups = list(CategoryGroup.objects.all())
        uses = Count("companies", filter=Q(companies__archived_at=None))
        query = CompanyCategory.objects.active().select_related("group").annotate(uses=uses).order_by("position", "pk")
        self.rows = [CategoryRow(category, data) for category in query]
        self.statuses = list(LeadStatus.objects.active())
        self.new_statuses = [one for one in standard_items(LeadStatus, status_rows()) if not one.is_there]
        self.new_categories = [] if self.rows else [one for one in standard_items(CompanyCategory, category_rows()) if not one.is_there]
        self.chosen_statuses = self._chosen("status", self.new_statuses, by_default=not self.statuses)
        self.chosen_categories = self._chosen("category", self.new_categories, by_default=True)
        self.seen = data.get("seen", "") if data is not None else self._shown_now()
        self.errors: list[tuple[str, str]] = []
        self.conflicts: list[str] = []

    def _chosen(self, name: str, offered: list[Standard], *, by_default: bool) -> set[str]:
        """The keys of the offered items that are ticked."""
        ticked = {one.key for one in offered} if by_default else set()
        if self.data is not None:
            ticked = set(self.data.getlist(name))
        return {one.key for one in offered if one.key in ticked}

    def _shown_now(self) -> str:
        return " ".join(f"{row.category.pk}:{digest_of(*row.saved)}" for row in self.rows)

    # -------------------------------------------------------------------- checked
    def is_valid(self) -> bool:
        """Whether it can be done. Fills `errors` with the field's id, and what to do about it."""
        known = {group.key for group in self.groups}
        for row in self.rows:
            row.is_unknown = row.group not in known
        self.errors = [(f"{row.prefix}-group", _("{name}: select a category group").format(name=row.category)) for row in self.rows if row.is_unknown]
        uses_lead_status = any(row.meaning.lead_status for row in self.rows)
        if uses_lead_status and not self.statuses and not self.chosen_statuses:
            self.errors.append(("status-1", _("Choose at least one lead status, or leave lead status off.")))
        if self.new_categories and not self.chosen_categories:
            self.errors.append(("category-1", _("Choose at least one category.")))
        return not self.errors

    def conflict(self) -> bool:
        """Whether a colleague said meanwhile of a category something else than this form does. Call it with the lists locked.

        What only they changed stays as they saved it.
        """
        shown = {as_pk(key): value for key, found, value in (part.partition(":") for part in self.seen.split()) if found}
        for row in self.rows:
            mine, theirs, before = digest_of(*row.meaning), digest_of(*row.saved), shown.pop(row.category.pk, None)
            if theirs in (mine, before):
                continue
            if mine == before:
                row.group, row.lead_status = row.saved
            else:
                row.disagrees = True
                self.conflicts.append(_("{name} was changed.").format(name=row.category))
        self.conflicts += [_("{name} was deleted.").format(name=category) for category in self._deleted(shown)]
        self.seen = self._shown_now()
        return bool(self.conflicts)

    def _deleted(self, shown: dict[int, str]) -> list[CompanyCategory]:
        """Categories that this page would have changed, and that are in use no more."""
        gone = CompanyCategory.objects.filter(pk__in=list(shown)[:MOST], archived_at__isnull=False)
        return [category for category in gone if digest_of(*CategoryRow(category, self.data).meaning) != shown[category.pk]]

    # ----------------------------------------------------------------------- meant
    def plan(self) -> Plan:
        """What it says is to be done. Of a group that does not exist nothing."""
        known = {group.key for group in self.groups}
        return Plan(
            before={row.category.pk: row.saved for row in self.rows},
            after={row.category.pk: row.meaning for row in self.rows if row.changes and row.group in known},
            categories=[one for one in self.new_categories if one.key in self.chosen_categories],
            statuses=[one for one in self.new_statuses if one.key in self.chosen_statuses],
        )

    @property
    def changing(self) -> list[CategoryRow]:
        """Categories that would mean something else."""
        return [row for row in self.rows if row.changes and not row.is_unknown]

    @property
    def default_status(self) -> Any:
        """The lead status that contacts would be given."""
        chosen = [one.values for one in self.new_statuses if one.key in self.chosen_statuses]
        return next((status for status in self.statuses if status.is_default), None) or next(iter([*self.statuses, *chosen]), None)
