"""Contacts use lead statuses; lead forms name a category, and perhaps a lead status (C4, C5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.item_uses import RecordsWith
from crm.models import CompanyCategory, ListItem
from crm.numbers import Number
from crm.slots import ItemUse, Shown
from crm.sql import nobody_at_work
from leads import lead_forms
from leads.models import Lead, LeadForm, LeadStatus


class ContactsWithStatus(RecordsWith):
    """Contacts have a lead status, shown or hidden (L1)."""

    model, position, label = LeadStatus, 10, _("Contacts")
    records, field, archived, url_name, parameter = Lead, "status", "contact__archived_at", "crm:contacts", "lead_status"

    def say(self, number: int) -> str:
        """12 contacts."""
        return ngettext("{n} contact", "{n} contacts", number).format(n=Number(number))

    def hold(self) -> None:
        """Whoever is setting the status at this moment is waited for: they have locked the contact first."""
        nobody_at_work("crm_contact")

    def replace(self, item: Any, other: Any) -> int:
        """Each with its change of lead status; no rule answers."""
        return Lead.objects.filter(status=item).replace_status(other)

    def told(self, number: int, other: ListItem) -> str:
        """12 contacts are now Open."""
        return ngettext("{n} contact is now {name}.", "{n} contacts are now {name}.", number).format(n=Number(number), name=other)


class FormsWith(ItemUse):
    """Lead forms that name an item; a deleted form can be restored, so it counts. Whoever names one in a form has locked the item: nothing to hold."""

    position, label, needs_replacement = 6, _("Lead forms"), True
    field: str

    def column(self, items: Sequence[ListItem]) -> dict[int, list[Shown]]:
        """Each by its title, with a link to it. One statement."""
        found: dict[int, list[Shown]] = defaultdict(list)
        for form in LeadForm.objects.active().filter(**{f"{self.field}__in": items}):
            title = form.title if form.is_on else _t("{form} (off)").format(form=form.title)
            found[getattr(form, f"{self.field}_id")].append(Shown(title, reverse("leads:form-edit", args=[form.pk])))
        return found

    def count(self, item: ListItem) -> int:
        """On, off or deleted."""
        return lead_forms.forms_with(self.field, item).count()

    def say(self, number: int) -> str:
        """2 lead forms."""
        return ngettext("{n} lead form", "{n} lead forms", number).format(n=Number(number))

    def describe(self, item: ListItem, number: int) -> str:
        """2 lead forms: Talk to us about solar, Newsletter (deleted)."""
        forms = lead_forms.forms_with(self.field, item)
        names = [_t("{form} (deleted)").format(form=form.title) if form.archived_at else form.title for form in forms]
        return _t("{what}: {names}").format(what=self.say(number), names=", ".join(names))

    def replace(self, item: ListItem, other: ListItem) -> int:
        """The settings log keeps each. Two statements for each form."""
        forms = list(lead_forms.forms_with(self.field, item).select_for_update(no_key=True).order_by("pk"))
        for form in forms:
            lead_forms.put(form, self.field, other)
        return len(forms)

    def told(self, number: int, other: ListItem) -> str:
        """2 lead forms now use Lead."""
        return ngettext("{n} lead form now uses {name}.", "{n} lead forms now use {name}.", number).format(n=Number(number), name=other)


class FormsWithCategory(FormsWith):
    """The category of new companies."""

    model, field = CompanyCategory, "category"
    only = _("Lead forms need a category with lead status enabled, so only those are offered.")

    def takes(self, other: Any) -> bool:
        """What comes in is a lead."""
        return other.lead_status_enabled


class FormsWithStatus(FormsWith):
    """The lead status of new contacts."""

    model, field = LeadStatus, "lead_status"
