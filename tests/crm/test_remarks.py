"""Notes and follow-ups: what people write down about a company, so that nobody is forgotten (S5 for whoever leaves)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm import users
from crm.actor import acting_as
from crm.models import Company, FollowUp, Note, Sale
from crm.remarks import in_a_month
from tests.browsers import HTMX
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


def write(client, subject, text="Called them", headers=HTMX, **values):
    """Write a note about this record."""
    return client.post(f"{subject.get_absolute_url()}notes/", {"text": text, "request_id": str(uuid.uuid4()), **values}, headers=headers)


def plan(client, subject, *, when="week", text="Call them", headers=HTMX, **values):
    """Plan a follow-up about this record, for the user with the key `owner`."""
    return client.post(f"{subject.get_absolute_url()}follow-ups/", {"text": text, "when": when, "request_id": str(uuid.uuid4()), **values}, headers=headers)


def press(client, remark, verb, headers=HTMX, **values):
    """A verb of a note or follow-up."""
    return client.post(f"/{'notes' if isinstance(remark, Note) else 'follow-ups'}/{remark.pk}/{verb}/", values, headers=headers)


def today(days=0):
    """Today, or so many days later."""
    return timezone.localdate() + dt.timedelta(days=days)


def follow_up(company, owner, days=0, **values):
    """A follow-up that is planned."""
    return FollowUp.objects.create(company=company, owner=owner, due_on=today(days), text=values.pop("text", "Call them"), **values)


# ------------------------------------------------------------------- notes
def test_a_companys_card_shows_the_notes_about_its_contacts_and_sales_and_theirs_show_only_their_own(jonas, salesperson):
    contact = ContactFactory()
    sale, company = SaleFactory(company=contact.company), contact.company
    for subject in (company, contact, sale):
        assert write(jonas, subject, f"About the {type(subject).__name__}").status_code == 200
    shown = {type(subject).__name__: [note.text for note in jonas.get(subject.get_absolute_url()).context["notes"]] for subject in (company, contact, sale)}
    assert shown == {"Company": ["About the Sale", "About the Contact", "About the Company"], "Contact": ["About the Contact"], "Sale": ["About the Sale"]}
    assert set(Note.objects.values_list("company", "created_by")) == {(company.pk, salesperson.pk)}


def test_a_note_without_javascript_leads_back_to_its_card(jonas):
    company = CompanyFactory()
    response = write(jonas, company, headers={})
    assert (response.status_code, response["Location"]) == (302, company.get_absolute_url())


@pytest.mark.parametrize("text", ["", "   ", "x" * 5_001, "a\x00"])
def test_a_note_that_cannot_be_saved_is_a_422_that_keeps_what_was_typed(jonas, text):
    response = write(jonas, CompanyFactory(), text)
    assert response.status_code == 422
    assert not Note.objects.exists()
    assert text.strip().replace("\x00", "�")[:10] in response.content.decode() or "\x00" in text


def test_the_same_note_sent_twice_is_one(jonas):
    company, key = CompanyFactory(), str(uuid.uuid4())
    assert [write(jonas, company, request_id=key).status_code for _press in range(2)] == [200, 200]
    assert Note.objects.count() == 1


def test_what_is_written_is_text_and_no_markup(jonas):
    company = CompanyFactory()
    write(jonas, company, "<script>alert(1)</script> see https://havn.example/a?b=1&c=2")
    html = jonas.get(company.get_absolute_url()).content.decode()
    assert "<script>alert" not in html
    assert 'href="https://havn.example/a?b=1&amp;c=2"' in html


def test_a_note_is_edited_by_its_author_and_by_administrators_and_says_so(client, jonas, salesperson, colleague, administrator):
    company = CompanyFactory()
    write(jonas, company, "Firts")
    note = Note.objects.get()
    form = jonas.get(f"/notes/{note.pk}/edit/", headers=HTMX).context["form"]
    assert press(jonas, note, "edit", text="First", seen=form["seen"].value()).status_code == 200
    note.refresh_from_db()
    assert (note.text, note.edited_by) == ("First", salesperson)
    assert press(jonas, note, "edit", text="Second", seen=form["seen"].value()).status_code == 409  # from another window
    client.force_login(colleague)
    assert [press(client, note, verb, text="x").status_code for verb in ("edit", "delete", "restore")] == [403, 403, 403]
    assert f"/notes/{note.pk}/edit/" not in client.get(company.get_absolute_url()).content.decode()
    client.force_login(administrator)
    assert f"/notes/{note.pk}/edit/" in client.get(company.get_absolute_url()).content.decode()
    assert press(client, note, "delete").status_code == 200


def test_a_deleted_note_is_gone_from_the_card_and_comes_back_with_undo(jonas):
    company = CompanyFactory()
    write(jonas, company)
    note = Note.objects.get()
    assert f'action="/notes/{note.pk}/restore/"' in press(jonas, note, "delete").content.decode()
    assert jonas.get(company.get_absolute_url()).context["notes"] == []
    assert press(jonas, note, "edit", text="x").status_code == 409
    assert press(jonas, note, "restore").status_code == 200
    assert jonas.get(company.get_absolute_url()).context["notes"] == [note]


def test_a_sale_without_a_company_has_notes_and_follow_ups_and_its_company_gets_them_with_it(jonas, salesperson):
    sale, company = SaleFactory(company=None), CompanyFactory()
    write(jonas, sale)
    plan(jonas, sale, owner=salesperson.pk)
    sale.company = company
    sale.save()
    context = jonas.get(company.get_absolute_url()).context
    assert (len(context["notes"]), len(context["follow_ups"])) == (1, 1)
    other = CompanyFactory()
    type(sale).objects.filter(pk=sale.pk).update(company=other)
    assert Note.objects.get().company == company  # it was written about where the sale then was


@pytest.mark.parametrize("model", [Note, FollowUp])
def test_a_remark_about_nothing_cannot_be(model, salesperson):
    values = {"owner": salesperson, "due_on": today()} if model is FollowUp else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(text="x", **values)


# --------------------------------------------------------------- follow-ups
@pytest.mark.parametrize(("when", "days"), [("tomorrow", 1), ("week", 7), ("date", 12)])
def test_a_follow_up_is_planned_for_the_day_that_was_pressed(jonas, salesperson, colleague, when, days):
    company = CompanyFactory()
    assert plan(jonas, company, when=when, due_on=today(12).isoformat(), owner=colleague.pk).status_code == 200
    assert FollowUp.objects.values_list("company", "owner", "created_by", "due_on").get() == (company.pk, colleague.pk, salesperson.pk, today(days))


def test_in_a_month_is_the_same_day_or_the_last_of_the_month():
    days = [dt.date(2026, 1, 31), dt.date(2026, 12, 24), dt.date(2028, 1, 30)]
    assert [in_a_month(day) for day in days] == [dt.date(2026, 2, 28), dt.date(2027, 1, 24), dt.date(2028, 2, 29)]


@pytest.mark.parametrize(
    "values", [{"text": ""}, {"when": "x"}, {"when": ""}, {"when": "date"}, {"when": "date", "due_on": "x"}, {"owner": "0"}, {"owner": "x"}]
)
def test_a_follow_up_that_cannot_be_planned_is_a_422_that_says_why(jonas, salesperson, values):
    response = plan(jonas, CompanyFactory(), **{"owner": salesperson.pk, **values})
    assert response.status_code == 422
    assert "field__error" in response.content.decode()
    assert not FollowUp.objects.exists()


def test_a_day_in_the_past_is_refused_but_what_is_overdue_already_can_be_edited(jonas, salesperson):
    company = CompanyFactory()
    yesterday = today(-1).isoformat()
    assert plan(jonas, company, when="date", due_on=yesterday, owner=salesperson.pk).status_code == 422
    late = follow_up(company, salesperson, -1)
    seen = jonas.get(f"/follow-ups/{late.pk}/edit/").context["form"]["seen"].value()
    assert press(jonas, late, "edit", text="Write", due_on=yesterday, owner=salesperson.pk, seen=seen).status_code == 200
    late.refresh_from_db()
    assert (late.text, late.updated_by) == ("Write", salesperson)


def test_done_is_one_press_that_is_undone_with_one_and_who_was_first_did_it(client, jonas, salesperson, colleague):
    company = CompanyFactory()
    one = follow_up(company, colleague)
    response = press(jonas, one, "done")
    assert f'action="/follow-ups/{one.pk}/undone/"' in response.content.decode()
    assert "#plan-summary" in response["HX-Trigger-After-Settle"]  # the next one is planned at once
    client.force_login(colleague)
    assert press(client, one, "done").status_code == 200
    one.refresh_from_db()
    assert one.done_by == salesperson
    html = client.get(company.get_absolute_url()).content.decode()
    assert "Plan the next one" in html
    assert "Last one done: Call them (Jonas Krogh" in html
    press(client, one, "undone")
    one.refresh_from_db()
    assert (one.done_at, one.done_by) == (None, None)


def test_what_a_colleague_has_done_is_not_undone_by_pressing_done_a_second_time(jonas, signe, colleague):
    one = follow_up(CompanyFactory(), colleague)
    press(signe, one, "done")
    html = press(jonas, one, "done").content.decode()
    assert "Signe Bach has done this already: Call them" in html
    assert "/undone/" not in html
    assert "/undone/" in press(signe, one, "done").content.decode()  # her own double click


def test_what_a_colleague_has_done_meanwhile_is_not_planned_for_another_day_without_a_word(jonas, signe, colleague):
    one = follow_up(CompanyFactory(), colleague)
    seen = jonas.get(f"/follow-ups/{one.pk}/edit/").context["form"]["seen"].value()
    press(signe, one, "done")
    for headers in (HTMX, {}):
        response = press(jonas, one, "edit", headers=headers, text="Write to them", due_on=today(3).isoformat(), owner=colleague.pk, seen=seen)
        html = response.content.decode()
        assert response.status_code == 409
        assert "Signe Bach has done this meanwhile. Nothing was saved." in html
        assert 'value="Write to them"' in html
        assert today(3).isoformat() in html
    assert jonas.get(f"/follow-ups/{one.pk}/edit/", headers=HTMX).status_code == 409  # the pencil of a stale page
    assert FollowUp.objects.values_list("text", "due_on").get() == ("Call them", today())


def test_what_is_to_be_done_about_a_contact_follows_them_to_another_company(jonas, salesperson):
    contact, to = ContactFactory(), CompanyFactory()
    before = contact.company
    sale = SaleFactory(company=before, contact=contact)
    about = {"contact": contact, "company": before}
    note = Note.objects.create(**about, text="Met them", created_by=salesperson)
    planned, finished = follow_up(owner=salesperson, **about), follow_up(owner=salesperson, done_at=timezone.now(), **about)
    of_the_sale = follow_up(owner=salesperson, sale=sale, **about)
    contact.company = to
    contact.save()
    assert [type(one).objects.get(pk=one.pk).company for one in (planned, finished, of_the_sale, note)] == [to, before, before, before]
    assert jonas.get(contact.get_absolute_url()).context["notes"] == [note]
    before.archived_at = timezone.now()
    before.save()
    assert list(FollowUp.objects.due_for(salesperson, today())) == [planned]


def test_what_is_to_be_done_about_a_sale_follows_it_to_another_company(salesperson):
    sale, to = SaleFactory(), CompanyFactory()
    before = sale.company
    planned, finished = (follow_up(before, salesperson, sale=sale, done_at=at) for at in (None, timezone.now()))
    note = Note.objects.create(company=before, sale=sale, text="Met them", created_by=salesperson)
    Sale.objects.filter(pk=sale.pk).update(company=to)
    assert [type(one).objects.get(pk=one.pk).company for one in (planned, finished, note)] == [to, before, before]


def test_what_somebody_is_to_do_who_may_not_edit_companies_is_seen_by_administrators(administrator, salesperson, colleague):
    one = follow_up(CompanyFactory(), salesperson)
    follow_up(CompanyFactory(), colleague)
    assert not FollowUp.objects.due_for(administrator, today())
    salesperson.groups.clear()
    assert list(FollowUp.objects.due_for(administrator, today())) == [one]


def test_a_deleted_follow_up_is_not_due_and_cannot_be_done_but_comes_back(jonas, salesperson):
    one = follow_up(CompanyFactory(), salesperson)
    press(jonas, one, "delete")
    assert press(jonas, one, "done").status_code == 409
    assert not FollowUp.objects.due_for(salesperson, today())
    press(jonas, one, "restore")
    assert FollowUp.objects.due_for(salesperson, today()).get() == one


def test_a_lead_without_a_follow_up_is_said_to_have_none_and_a_customer_is_not_nagged_about(jonas, category):
    lead, customer = CompanyFactory(), CompanyFactory(category=category["Customer"])
    assert "so that this lead is not forgotten" in jonas.get(lead.get_absolute_url()).content.decode()
    assert "so that this lead is not forgotten" not in jonas.get(customer.get_absolute_url()).content.decode()


def test_the_overview_shows_what_i_am_to_do_today_the_most_urgent_first(jonas, salesperson, colleague):
    company = CompanyFactory(name="Fjordbo")
    late, now = follow_up(company, salesperson, -3, text="Late"), follow_up(company, salesperson, text="Now")
    follow_up(company, salesperson, 1, text="Tomorrow's")
    follow_up(company, colleague, text="Hers")
    assert list(FollowUp.objects.due_for(salesperson, today())) == [late, now]
    html = jonas.get("/").content.decode()
    assert html.index("Late") < html.index("Now")
    assert "Overdue since" in html
    assert "Hers" not in html
    assert "Tomorrow's" not in html


@pytest.mark.parametrize("archived", ["company", "contact", "sale"])
def test_s5_what_concerns_an_archived_record_is_not_due_and_cannot_be_changed(jonas, salesperson, archived):
    contact = ContactFactory()
    records = {"company": contact.company, "contact": contact, "sale": SaleFactory(company=contact.company)}
    one = FollowUp.objects.create(**records, text="Call", due_on=today(), owner=salesperson)
    records[archived].archived_at = timezone.now()
    records[archived].save()
    assert not FollowUp.objects.due_for(salesperson, today())
    assert [press(jonas, one, verb).status_code for verb in ("done", "edit", "delete")] == [409, 409, 409]
    assert plan(jonas, records[archived], owner=salesperson.pk).status_code == 409
    assert write(jonas, records[archived]).status_code == 409


# ------------------------------------------------------------ who leaves
def test_s5_what_somebody_who_leaves_was_to_do_passes_to_our_contact_and_what_stays_is_seen_by_administrators(administrator, salesperson, colleague):
    passed = follow_up(CompanyFactory(our_contact=colleague), salesperson)
    moved = follow_up(CompanyFactory(our_contact=salesperson), salesperson)
    stays, finished = follow_up(CompanyFactory(), salesperson), follow_up(CompanyFactory(our_contact=colleague), salesperson)
    FollowUp.objects.filter(pk=finished.pk).update(done_at=timezone.now())
    with acting_as(administrator):
        users.deactivate(salesperson, companies_to=administrator)
    owners = [FollowUp.objects.get(pk=one.pk).owner for one in (passed, moved, stays, finished)]
    assert owners == [colleague, administrator, salesperson, salesperson]
    assert set(FollowUp.objects.due_for(administrator, today())) == {moved, stays}


def test_before_somebody_leaves_the_page_says_how_many_follow_ups_pass_on(client, administrator, salesperson):
    follow_up(CompanyFactory(), salesperson)
    client.force_login(administrator)
    assert "1 follow-up passes" in client.get(f"/settings/users/{salesperson.pk}/deactivate/").content.decode()


def test_the_name_of_somebody_who_has_left_stays_on_what_they_wrote(jonas):
    left = UserFactory(first_name="Viggo", is_active=False)
    company = CompanyFactory()
    Note.objects.create(company=company, text="Met them", created_by=left)
    follow_up(company, left)
    html = jonas.get(company.get_absolute_url()).content.decode()
    assert html.count("Viggo Holst") >= 2


def test_who_may_only_look_reads_notes_and_writes_none(client):
    looker = UserFactory(groups=[])
    looker.user_permissions.add(*_view_permissions())
    client.force_login(looker)
    company = CompanyFactory()
    note = Note.objects.create(company=company, text="Met them", created_by=looker)
    html = client.get(company.get_absolute_url()).content.decode()
    assert "Met them" in html
    assert "note-form" not in html
    assert "fact__value" not in html
    assert [write(client, company).status_code, press(client, note, "delete").status_code, client.get(f"/companies/{company.pk}/notes/").status_code] == [
        403,
        403,
        200,
    ]


def _view_permissions():
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=["view_company", "view_contact", "view_sale"])


# ---------------------------------------------------------------- all of them
def test_all_notes_are_on_a_page_of_their_own_and_all_follow_ups_too(jonas, salesperson):
    company = CompanyFactory()
    Note.objects.bulk_create(Note(company=company, text=f"Note {number}", created_by=salesperson) for number in range(30))
    for number in range(10):
        follow_up(company, salesperson, number)
    card = jonas.get(company.get_absolute_url())
    assert (len(card.context["notes"]), len(card.context["follow_ups"])) == (8, 8)
    assert f'href="/companies/{company.pk}/notes/"' in card.content.decode()
    first = jonas.get(f"/companies/{company.pk}/notes/").context["found"]
    rest = jonas.get(f"/companies/{company.pk}/notes/", {"page": first.next}).context["found"]
    assert (len(first.rows), len(rest.rows)) == (25, 5)
    assert len(jonas.get(f"/companies/{company.pk}/follow-ups/").context["follow_ups"]) == 10
    assert Company.objects.count() == 1
