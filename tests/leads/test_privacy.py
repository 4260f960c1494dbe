"""A person's data: handed out as a file, and erased (S5)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse
from django.utils import timezone

from crm.actor import acting_as
from crm.bulk_edit import Skipped
from crm.models import BulkEdit, Company, Contact, FollowUp, Note, Notification, SettingsChange, User
from crm.text import fold
from crm.views.bulk_told import left
from leads.defaults import set_lead_status
from leads.imports import NAMESPACE
from leads.intake import Touch
from leads.models import Inquiry, LeadForm, LeadStatus, LeadStatusChange, Visit
from leads.privacy import AlreadyErased, erase
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory, SaleFactory, rule
from tests.leads.inquiries import received
from tests.leads.seats import seat
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NAME, EMAIL, PHONE = "Ødgård Æblemose", "Oedgaard.Aeblemose@private.example", "+45 11 22 33 44"


def text_of(answer):
    return answer.content.decode().replace("&#x27;", "'")


def everything_in_the_database() -> list[tuple[str, str, str]]:
    """Table, column and text of every value, whatever its type; also of tables that no model knows."""
    found = []
    with connection.cursor() as cursor:
        tables = [table.name for table in connection.introspection.get_table_list(cursor) if table.type in "tp"]
        for table in tables:
            if table.startswith("sqlite_") or "_search_" in table or (connection.vendor == "sqlite" and table.endswith("_search")):
                continue  # SQLite's own, and an index without text
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            found += [(table, name, str(value)) for row in cursor.fetchall() for name, value in zip(names, row, strict=True) if value is not None]
    return found


def places_of(*texts: str) -> set[tuple[str, str]]:
    """Where any of these stands, whatever its case, also as JSON spells it, and as it is searched."""
    spelled = {form.casefold() for text in texts for form in (text, json.dumps(text)[1:-1], fold(text))}
    return {(table, column) for table, column, value in everything_in_the_database() if any(text in value.casefold() for text in spelled)}


@pytest.fixture
def person(salesperson, administrator, category) -> Contact:
    """Somebody who stands everywhere: inquiries, lead status, decisions, notes, follow-ups, sales, notifications, Django's admin."""
    seat(salesperson)
    form = LeadFormFactory(lead_status=LeadStatus.objects.get(name="Contacting"))
    rule("lead_status_set", category["Customer"], ask=True, lead_status=LeadStatus.objects.get(name="Qualified"))
    first, last = NAME.split()
    touch = Touch(
        utm_source="newsletter",
        utm_medium="email",
        utm_campaign=f"for {EMAIL}",
        utm_content=EMAIL,
        landing_page=f"/til/{EMAIL}",
        referring_domain="mail.example",
    )
    values: dict[str, Any] = {
        "first_name": first,
        "last_name": last,
        "email": EMAIL,
        "phone": PHONE,
        "message": f"Ring til {NAME}",
        "sent": touch,
        "first": touch,
    }
    inquiry = received(form, own=[("Hvem?", NAME)], external_source="web", external_key=EMAIL, **values)
    received(form, spam="trap", **values)
    received(form, company=NAME, first_name="Bo", last_name="Ek", email="bo@private.example", message=f"Jeg skrev med {NAME}, {EMAIL}")
    contact = Contact.objects.get(pk=inquiry.contact_id)
    contact.title, contact.external_source, contact.external_key = f"Ejer, {NAME}", "old", EMAIL
    contact.save()
    with acting_as(salesperson):
        set_lead_status(contact=contact, status=LeadStatus.objects.get(name="Qualified"))
    company = contact.company
    sale = SaleFactory(company=company, contact=contact, title=f"Tag til {NAME.upper()}", description=f"Skriv til {EMAIL.lower()}", reason_note=NAME)
    Note.objects.create(company=company, contact=contact, text=f"{NAME} vil have et tilbud", created_by=salesperson)
    Note.objects.create(company=company, text=f"Talte med {NAME} i går.", created_by=salesperson)
    FollowUp.objects.create(company=company, contact=contact, text=f"Ring {PHONE}", due_on="2026-01-05", owner=salesperson)
    FollowUp.objects.create(company=company, sale=sale, text=f"Spørg {NAME.lower()}", due_on="2026-01-05", owner=salesperson)
    elsewhere = CompanyFactory()
    Note.objects.create(company=elsewhere, text=f"Anbefalet af {EMAIL}", created_by=salesperson)
    Notification.objects.create(user=administrator, kind="unassigned-lead", subject_id=inquiry.pk, facts={"name": NAME, "to": [EMAIL]})
    LogEntry.objects.create(
        user=administrator, content_type=ContentType.objects.get_for_model(Contact), object_id=str(contact.pk), object_repr=NAME, action_flag=CHANGE,
        change_message=f"Changed {EMAIL}",
    )  # fmt: skip
    BulkEdit.objects.create(token="11111111-1111-4111-8111-111111111111", place="companies", told={"text": f"{EMAIL} left"}, user=administrator)
    names = [Skipped(sale.pk, sale.title, "It has been archived.")]
    BulkEdit.objects.create(token=uuid.uuid4(), place="sales", told=left("sales", names, "{what}"), user=administrator)
    names = [Skipped(company.pk, company.name, "It has been archived.")]
    BulkEdit.objects.create(token=uuid.uuid4(), place="companies", told=left("companies", names, "{what}"), user=administrator)
    return contact


def test_s5_after_erasing_the_name_and_the_addresses_stand_nowhere_in_the_database(person, administrator):
    assert len(places_of(NAME, EMAIL, PHONE)) > 20, "the test shows nothing"
    with acting_as(administrator):
        erase(person.pk, rename=[person.company_id])
    assert places_of(NAME, EMAIL, PHONE, "Ødgård", "Æblemose", "aeblemose") == set()


def test_s5_what_is_counted_stays_with_its_shape(person, administrator):
    before = {model: model.objects.count() for model in (Contact, Inquiry, Visit, Note, FollowUp, LeadStatusChange, CategoryDecision)}
    with acting_as(administrator):
        erase(person.pk)
    assert {model: model.objects.count() for model in before} == before
    person.refresh_from_db()
    assert (str(person), bool(person.archived_at), bool(person.erased_at)) == ("Erased person", True, True)
    inquiry = person.inquiries.get()
    assert (inquiry.consent, bool(inquiry.consent_text), inquiry.consent_version) == (True, True, 1)
    assert str(inquiry) == "Erased person"
    visit = inquiry.visits.get(touch="sent")
    assert (visit.utm_source, visit.utm_medium, visit.utm_campaign, visit.utm_content, visit.landing_page) == (
        "newsletter",
        "email",
        "for Erased person",
        "",
        "",
    )
    assert CategoryDecision.objects.filter(contact=person, outcome="waiting").exists()  # the question is about the company
    assert person.followups.get().archived_at


def test_s5_erasing_is_in_the_settings_log_without_the_name(person, administrator, maja):
    with acting_as(administrator):
        erase(person.pk)
    change = SettingsChange.objects.get(area="erased-people")
    assert (change.item, change.item_id, change.by) == ("Erased person", person.pk, administrator)
    assert "Erased people" in text_of(maja.get("/settings/log/"))


def test_s5_every_page_still_opens_and_says_erased_person(person, maja, administrator):
    company = person.company
    erase(person.pk)
    html = text_of(maja.get(person.get_absolute_url()))
    assert "Nothing is kept of who this was" in html
    assert 'id="restore"' not in html
    assert 'id="export"' not in html
    for url in (
        company.get_absolute_url(),
        f"{company.get_absolute_url()}history/",
        "/contacts/",
        "/",
        "/confirmations/",
        "/settings/distribution/",
        "/notifications/",
    ):
        answer = maja.get(url)
        assert answer.status_code == 200, url
        assert "Æblemose" not in text_of(answer).replace(str(Company.objects.get(pk=company.pk).name), "")


def test_s5_nobody_who_was_erased_is_restored_or_erased_twice(person, maja):
    erase(person.pk)
    assert maja.post(reverse("crm:contact-restore", args=[person.pk]), headers=HTMX).status_code == 409
    assert maja.post(reverse("leads:contact-export", args=[person.pk]), headers=HTMX).status_code == 409
    assert maja.get(reverse("leads:contact-erase", args=[person.pk]), headers=HTMX).status_code == 409
    with pytest.raises(AlreadyErased):
        erase(person.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.QuerySet(Contact).filter(pk=person.pk).update(archived_at=None)


def test_s5_a_new_inquiry_from_the_same_address_makes_somebody_new(person):
    erase(person.pk, rename=[person.company_id])
    again = received(Inquiry.objects.first().form, first_name="Ødgård", last_name="Æblemose", email=EMAIL)
    assert again.contact != person
    assert again.contact_match == "new"


def test_s5_somebody_else_of_the_same_name_at_another_company_stays(person, salesperson):
    other = Note.objects.create(company=CompanyFactory(), text=f"{NAME} fra Sorø, en anden", created_by=salesperson)
    namesake = ContactFactory(first_name="Ødgård", last_name="Æblemose", email="another@else.example")
    erase(person.pk)
    other.refresh_from_db()
    namesake.refresh_from_db()
    assert NAME in other.text
    assert namesake.name == NAME


def test_s5_the_dialog_says_what_goes_what_stays_and_who_has_the_same_address(person, maja):
    ContactFactory(first_name="Bo", last_name="Holm", email=EMAIL)
    html = text_of(maja.get(reverse("leads:contact-erase", args=[person.pk]), headers=HTMX))
    for words in (
        "The text of 2 notes and follow-ups",
        "in 3 other notes and follow-ups",
        "What was typed into 2 inquiries",
        "1 sale.",
        "Bo Holm",
        "cannot be undone",
    ):
        assert words in html, words
    assert f"take the name out of the company “{NAME}”" in html  # an inquiry had named it after them


def test_s5_erasing_needs_a_tick_and_an_administrator(person, maja, jonas):
    url = reverse("leads:contact-erase", args=[person.pk])
    assert maja.post(url, {}, headers=HTMX).status_code == 422
    assert jonas.post(url, {"understood": "on"}).status_code == 403
    assert 'id="erase"' not in text_of(jonas.get(person.get_absolute_url()))
    assert 'id="erase"' in text_of(maja.get(person.get_absolute_url()))
    person.refresh_from_db()
    assert person.erased_at is None
    assert maja.post(url, {"understood": "on", f"rename_{person.company_id}": "on"}, headers=HTMX).status_code == 200
    person.refresh_from_db()
    assert person.erased_at
    assert person.company.name == "Erased person"


def test_s5_without_the_tick_the_company_keeps_its_name(person, maja):
    maja.post(reverse("leads:contact-erase", args=[person.pk]), {"understood": "on"})
    person.company.refresh_from_db()
    assert person.company.name == NAME


def test_s5_the_key_of_an_erased_inquiry_is_a_fresh_one(person):
    form = LeadForm.objects.first()
    imported = received(form, key=uuid.uuid5(NAMESPACE, f"web\n{EMAIL}"), external_source="old", external_key=EMAIL, email=EMAIL)
    before = set(Inquiry.objects.values_list("key", flat=True))
    erase(person.pk)
    erased = Inquiry.objects.filter(erased_at__isnull=False)
    after = set(erased.values_list("key", flat=True))
    assert len(after) == erased.count() > 2
    assert not after & before
    assert {key.version for key in after} == {4}
    again = received(form, key=uuid.uuid5(NAMESPACE, f"web\n{EMAIL}"), external_source="old", external_key=EMAIL, email=EMAIL)
    assert again.pk != imported.pk  # importing the same file makes them anew: docs/decisions/0018
    assert again.contact != person


def test_s5_the_name_stands_in_the_language_of_the_installation(person, settings):
    settings.LANGUAGE_CODE = "da"
    erase(person.pk)
    person.refresh_from_db()
    assert person.name == "Slettet person"


# ------------------------------------------------------------------------------------------------- handing out
def exported(client, contact):
    answer = client.post(reverse("leads:contact-export", args=[contact.pk]))
    assert answer.status_code == 200
    return answer, json.loads(answer.content)


def test_s5_the_file_holds_everything_that_is_kept(person, jonas):
    answer, found = exported(jonas, person)
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"] == f'attachment; filename="havn-person-{person.pk}.json"'
    assert found["contact"]["email"] == EMAIL
    assert found["inquiries"][0]["consent"] == {
        "given": True,
        "text": "You may contact me about this enquiry.",
        "version": 1,
        "at": found["inquiries"][0]["received_at"],
    }
    assert {visit["touch"] for visit in found["inquiries"][0]["visits"]} == {"first", "sent"}
    assert found["inquiries"][0]["answers"] == [["Hvem?", NAME]]
    assert [row["to"] for row in found["lead_status_history"]][-1] == "Qualified"
    assert found["notes_and_follow_ups"]["notes"][0]["text"].startswith(NAME)
    assert found["notes_and_follow_ups"]["follow_ups"][0]["text"].endswith(PHONE)
    assert found["sales"][0]["title"].startswith("Tag")
    assert found["decisions"][0]["outcome"] == "waiting"
    assert NAME in answer.content.decode()  # as people read it, not \\u00d8


def test_s5_the_file_is_only_by_post_and_for_who_may_change_contacts(person, client, jonas, salesperson):
    url = reverse("leads:contact-export", args=[person.pk])
    assert jonas.get(url).status_code == 405
    salesperson.groups.clear()
    assert jonas.post(url).status_code == 403
    assert client.post(url).status_code == 302


@pytest.mark.parametrize(
    ("missing", "parts"),
    [
        ("leads.view_inquiry", {"inquiries"}),
        ("leads.view_lead", {"lead_status_history"}),
        ("crm.view_sale", {"sales"}),
        ("crm.view_company", {"decisions"}),
    ],
)
def test_s5_the_file_leaves_out_what_somebody_may_not_see_and_says_so(person, salesperson, client, missing, parts):
    kept = [permission for permission in salesperson.get_all_permissions() if permission != missing]
    salesperson.groups.clear()
    salesperson.user_permissions.set(Permission.objects.filter(codename__in=[name.partition(".")[2] for name in kept]))
    client.force_login(User.objects.get(pk=salesperson.pk))
    found = exported(client, person)[1]
    assert set(found["left_out"]) == parts
    assert not parts & found.keys()
    assert found["contact"]["email"] == EMAIL
    assert "A file with what you may see of this person." in text_of(client.get(person.get_absolute_url()))


def test_s5_the_file_of_somebody_who_may_see_everything_leaves_nothing_out(person, jonas):
    found = exported(jonas, person)[1]
    assert {"inquiries", "sales", "decisions", "lead_status_history"} <= found.keys()
    assert "left_out" not in found
    assert "A file with everything that is kept about this person." in text_of(jonas.get(person.get_absolute_url()))


@pytest.mark.parametrize("odd", ["", "\U0001f600", '"}]{', "<script>", "a\u2028b", "=1+1", "x" * 80])
def test_s5_odd_data_is_no_error(jonas, odd):
    contact = ContactFactory(first_name=odd or " ", last_name=odd, title=odd)
    Note.objects.create(company=contact.company, contact=contact, text=odd * 50, archived_at=timezone.now())
    SaleFactory(company=None, contact=None)
    found = exported(jonas, contact)[1]
    assert found["contact"]["last_name"] == odd
    erase(contact.pk)


def test_s5_somebody_with_nothing_is_erased_too(jonas):
    contact = ContactFactory(first_name="Bo", last_name="")
    assert exported(jonas, contact)[1]["contact"]["first_name"] == "Bo"
    note = Note.objects.create(company=contact.company, text="Bo er ikke den eneste", created_by=None)
    erase(contact.pk)
    note.refresh_from_db()
    assert note.text == "Bo er ikke den eneste"  # a first name alone may be anybody's
