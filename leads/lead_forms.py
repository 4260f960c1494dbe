"""What administrators do with lead forms: save, copy, switch on and off, delete, restore (I1).

Each locks the form and keeps itself in the settings log. Who names a category or a lead status locks that first, as deleting one does
(docs/decisions/0007): so no form is left with an item that has just gone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import lists
from crm.actor import current_actor
from crm.models import CompanyCategory, SettingsChange
from crm.sql import nobody_at_work
from leads import seats
from leads.erasing import erase_all
from leads.models import Distribution, Inquiry, LeadForm, LeadFormField, LeadStatus
from leads.models.forms import Ask
from leads.web_addresses import slug_of

AREA = "lead-forms"  # in the settings log
OWN, DEFAULT = "own", "default"  # distribution
KEPT = (
    "title", "text", "slug", "language", "is_on", "category", "lead_status", "consent_text", "consent_required", "privacy_url",
    "button", "thanks", "thanks_url", "sites",
)  # fmt: skip
LONGEST_TITLE, LONGEST_SLUG = 120, 60


class FormDeleted(Exception):
    """Somebody has deleted the form."""


def lock_items(*, categories: Collection[int], statuses: Collection[int]) -> None:
    """Nobody deletes these, or switches lead status off for them, until this transaction is over. Before the form is locked. Two statements."""
    lists.locked(CompanyCategory, categories)
    lists.locked(LeadStatus, statuses)


def locked(pk: int, *, deleted: bool = False) -> LeadForm:
    """The form, for writing. Raises LeadForm.DoesNotExist, and FormDeleted unless `deleted` says that this can be done to one."""
    lead_form = LeadForm.objects.select_for_update(no_key=True).get(pk=pk)
    if lead_form.archived_at and not deleted:
        raise FormDeleted
    return lead_form


def free_slug(wanted: str) -> str:
    """`wanted`, with a number where a form has it already, deleted ones included; "form" where it is empty. One statement."""
    base = wanted or "form"
    taken = set(LeadForm.objects.filter(slug__startswith=base[: LONGEST_SLUG - 6]).values_list("slug", flat=True))
    tries = (base if n == 1 else f"{base[: LONGEST_SLUG - len(str(n)) - 1].rstrip('-')}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in tries if slug not in taken)


@transaction.atomic
def save(lead_form: LeadForm, *, asks: Sequence[Ask], distributed_by: str) -> bool:
    """Save a new form, or one that is locked. Returns whether anything was changed.

    Another consent text is another version of it. Its own distribution begins as a copy of the default one, and is gone with its seats
    when the form goes back to that. Twelve statements at most.
    """
    saved = LeadForm.objects.filter(pk=lead_form.pk).first() if lead_form.pk else None
    before = _values(saved, saved.asks, saved.distributed_by) if saved else {}
    if saved and saved.consent_text != lead_form.consent_text:
        lead_form.consent_version = saved.consent_version + 1
    after = _values(lead_form, asks, distributed_by)
    if before == after:
        return False
    if saved:
        lead_form.version = saved.version + 1
    lead_form.updated_by = current_actor()
    lead_form.save()
    _ask(lead_form, asks)
    _distribute(lead_form, distributed_by)
    SettingsChange.record(area=AREA, item=lead_form.title, item_id=lead_form.pk, before=before, after=after)
    return True


def _values(lead_form: LeadForm, asks: Sequence[Ask], distributed_by: str) -> dict[str, Any]:
    """For the settings log."""
    return {
        **model_to_dict(lead_form, fields=KEPT),
        "consent_version": lead_form.consent_version,
        "asks": [ask.key for ask in asks],
        "required": [ask.key for ask in asks if ask.is_required],
        "questions": [ask.label for ask in asks if ask.label],
        "answers": [f"{ask.label}: {', '.join(ask.choices.splitlines())}" for ask in asks if ask.choices],
        "kinds": [ask.kind for ask in asks if ask.kind],
        "distributed_by": distributed_by,
    }


def _ask(lead_form: LeadForm, asks: Sequence[Ask]) -> None:
    lead_form.fields.exclude(key__in=[ask.key for ask in asks]).delete()
    rows = [LeadFormField(form=lead_form, position=place, **ask._asdict()) for place, ask in enumerate(asks)]
    written = ["kind", "label", "choices", "is_required", "position"]
    LeadFormField.objects.bulk_create(rows, update_conflicts=True, unique_fields=["form", "key"], update_fields=written)


def _distribute(lead_form: LeadForm, by: str) -> None:
    own = Distribution.objects.filter(form=lead_form).first()
    if by == OWN:
        seats.make_own(lead_form)
    elif own:
        seats.drop_own(own)


@transaction.atomic
def duplicate(pk: int) -> LeadForm:
    """A copy with an address of its own, switched off. Returns it. Raises FormDeleted. Fourteen statements."""
    seen = LeadForm.objects.get(pk=pk)
    lock_items(categories=[seen.category_id], statuses=[seen.lead_status_id] if seen.lead_status_id else [])
    lead_form = locked(pk)
    copy = LeadForm(**{field.attname: getattr(lead_form, field.attname) for field in LeadForm._meta.concrete_fields if field.name in KEPT})
    copy.title = _("Copy of {title}").format(title=lead_form.title)[:LONGEST_TITLE]
    copy.slug, copy.is_on = free_slug(slug_of(copy.title)), False
    copy.updated_by = current_actor()
    copy.save()
    _ask(copy, lead_form.asks)
    if own := Distribution.objects.filter(form=lead_form).first():
        seats.make_own(copy, like=own)
    SettingsChange.record(area=AREA, item=copy.title, item_id=copy.pk, before={}, after=_values(copy, copy.asks, copy.distributed_by))
    return copy


@transaction.atomic
def switch(pk: int, *, on: bool) -> tuple[LeadForm, bool]:
    """Let the form receive inquiries, or not. Returns it, and whether it was the other way before. Raises FormDeleted. Two statements, two more."""
    lead_form = locked(pk)
    changed = lead_form.is_on != on
    if changed:
        _write(lead_form, {"is_on": on})
    return lead_form, changed


@transaction.atomic
def delete(pk: int, *, erase: bool) -> tuple[LeadForm, int]:
    """Delete the form softly: it no longer answers visitors. With `erase` what they typed goes too, for good, also when it is deleted already.

    Returns the form, and how many inquiries were erased. Raises FormDeleted where there is nothing left to do. Waits for inquiries
    that are coming in at this moment. Three statements, four more to erase.
    """
    lead_form = locked(pk, deleted=erase)
    if erase:
        nobody_at_work("leads_inquiry")  # a lock of the form would not do: a foreign key takes its own only when it is committed
    erased = erase_all(Inquiry.objects.filter(form=pk)) if erase else 0
    if lead_form.archived_at and not erased:
        raise FormDeleted
    _write(lead_form, {"is_on": False, "archived_at": lead_form.archived_at or timezone.now()}, erased=erased)
    return lead_form, erased


@transaction.atomic
def restore(pk: int) -> LeadForm:
    """Bring a deleted form back, switched off. Doing it twice does it once. Returns it. Three statements."""
    lead_form = locked(pk, deleted=True)
    if lead_form.archived_at:
        _write(lead_form, {"archived_at": None})
    return lead_form


def _write(lead_form: LeadForm, values: dict[str, Any], **more: int) -> None:
    """Save these values of a locked form, and keep them in the settings log, with what else there is to tell."""
    before = _told(lead_form, values)
    for name, value in values.items():
        setattr(lead_form, name, value)
    lead_form.version, lead_form.updated_by = lead_form.version + 1, current_actor()
    lead_form.save(update_fields=[*values, "version", "updated_by", "updated_at"])
    after = {**_told(lead_form, values), **{name: number for name, number in more.items() if number}}
    SettingsChange.record(area=AREA, item=lead_form.title, item_id=lead_form.pk, before=before, after=after)


def _told(lead_form: LeadForm, names: Collection[str]) -> dict[str, Any]:
    """A form that is deleted is off: that goes without saying."""
    if "archived_at" in names:
        return {"archived": lead_form.archived_at is not None}
    return {name: getattr(lead_form, f"{name}_id", getattr(lead_form, name)) for name in names}


def forms_with(field: str, item: Any) -> QuerySet[LeadForm]:
    """The forms that name this category or lead status, deleted ones included: they can be restored."""
    return LeadForm.objects.filter(**{field: item})


def put(lead_form: LeadForm, field: str, item: Any) -> None:
    """Let a form name another category or lead status, because the one it names goes (C4). Two statements."""
    _write(lead_form, {field: item})
