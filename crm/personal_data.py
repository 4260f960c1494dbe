"""What this app keeps about a person: handed out, and erased (S5)."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.mentions import Mentions, erased_person, erased_text
from crm.models import BulkEdit, Company, Contact, FollowUp, Note, Notification, Sale
from crm.numbers import Number
from crm.slots import PersonalData


def _plain(row: models.Model, *names: str) -> dict[str, Any]:
    """These columns; what they point to by its name."""
    values = {name: getattr(row, name) for name in names}
    return {name: str(value) if isinstance(value, models.Model) else value for name, value in values.items()}


class TheContact(PersonalData):
    """Name, title, addresses, and where another system knew them."""

    key, permission, position = "contact", "crm.view_contact", 10
    KEPT = ("first_name", "last_name", "title", "email", "phone", "company", "created_at", "updated_at", "archived_at", "external_source", "external_key")

    def export(self, contact: Contact) -> Any:
        return _plain(contact, *self.KEPT)

    def goes(self, contact: Contact, words: Mentions) -> list[str]:
        return [_("Name, title, email address and telephone; the contact is archived and cannot be restored.")]

    def stays(self, contact: Contact) -> list[str]:
        return [_("That there was a person: their history shows “{name}”.").format(name=erased_person())]

    def erase(self, contact: Contact, words: Mentions) -> None:
        now = timezone.now()
        contact.archived_at = contact.archived_at or now
        contact.save()  # says by whom
        nothing = dict.fromkeys(("last_name", "title", "email", "phone", "external_source", "external_key", "search_text", "email_key", "email_domain"), "")
        models.QuerySet(Contact).filter(pk=contact.pk).update(first_name=erased_person(), erased_at=now, **nothing)
        kind = ContentType.objects.get_for_model(Contact)
        LogEntry.objects.filter(content_type=kind, object_id=str(contact.pk)).update(object_repr=erased_person(), change_message="")
        words.clear(LogEntry, ["object_repr", "change_message"])


class TheirSales(PersonalData):
    """Sales are the company's: they stay, without the name."""

    key, permission, position = "sales", "crm.view_sale", 20
    TEXTS = ("title", "description", "reason_note")
    KEPT = (*TEXTS, "company", "status", "stage", "amount", "currency", "owner", "expected_close", "closed_on", "created_at")

    def export(self, contact: Contact) -> Any:
        return [_plain(sale, *self.KEPT) for sale in contact.sales.select_related("company", "stage", "owner").order_by("pk")]

    def stays(self, contact: Contact) -> list[str]:
        number = contact.sales.count()
        return [ngettext("{n} sale.", "{n} sales.", number).format(n=Number(number))] if number else []

    def erase(self, contact: Contact, words: Mentions) -> None:
        for sale, new in list(words.found(Sale, self.TEXTS, company="company")):
            for name, text in new.items():
                setattr(sale, name, text)
            sale.save()


class TheirRemarks(PersonalData):
    """Notes and follow-ups about them, and what others say of them."""

    key, permission, position = "notes_and_follow_ups", "crm.view_contact", 40

    def export(self, contact: Contact) -> Any:
        notes = contact.notes.select_related("created_by", "company").order_by("pk")
        follow_ups = contact.followups.select_related("created_by", "company", "owner").order_by("pk")
        return {
            "notes": [_plain(note, "text", "company", "created_at", "created_by", "edited_at", "archived_at") for note in notes],
            "follow_ups": [_plain(one, "text", "company", "due_on", "owner", "created_at", "created_by", "done_at", "archived_at") for one in follow_ups],
        }

    def goes(self, contact: Contact, words: Mentions) -> list[str]:
        about = contact.notes.count() + contact.followups.count()
        beside = sum(row.contact_id != contact.pk for model in (Note, FollowUp) for row, _new in words.found(model, ["text"], company="company"))
        found = [ngettext("The text of {n} note or follow-up.", "The text of {n} notes and follow-ups.", about).format(n=Number(about))] if about else []
        if beside:
            text = ngettext("The name and address in {n} other note or follow-up.", "The name and address in {n} other notes and follow-ups.", beside)
            found.append(text.format(n=Number(beside)))
        return found

    def erase(self, contact: Contact, words: Mentions) -> None:
        for model, query in ((Note, contact.notes), (FollowUp, contact.followups)):
            query.update(text=erased_text())
            words.clear(model, ["text"], company="company")
        contact.followups.filter(done_at=None, archived_at=None).update(archived_at=timezone.now())  # nobody can do it any more


class WhatWasSaid(PersonalData):
    """What Havn itself has noted down; with it e-mail addresses in what is kept of companies."""

    key, permission, position = "notifications", "crm.view_contact", 90

    def export(self, contact: Contact) -> Any:
        return []  # they are about inquiries, and stand there

    def erase(self, contact: Contact, words: Mentions) -> None:
        words.clear(Notification, ["facts"])
        words.clear(BulkEdit, ["before", "after", "told"])
        _clear_skipped(words)


def _clear_skipped(words: Mentions) -> None:
    """A bulk edit tells which records it left as they were: those of their companies are called there as they are now."""
    records: list[Any] = [*Company.objects.filter(pk__in=words.companies), *Sale.objects.filter(company__in=words.companies)]
    names = {record.get_absolute_url(): words.remove(str(record), near=True) for record in records}
    for edit in BulkEdit.objects.filter(told__has_key="skipped"):
        skipped = [{**row, "name": names.get(row["url"], row["name"])} for row in edit.told["skipped"]]
        if skipped != edit.told["skipped"]:
            BulkEdit.objects.filter(pk=edit.pk).update(told={**edit.told, "skipped": skipped})


PERSONAL_DATA = (TheContact(), TheirSales(), TheirRemarks(), WhatWasSaid())
