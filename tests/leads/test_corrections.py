"""What people do with an inquiry after it came in, and how it is taken back (I3, I5)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.management import call_command
from django.utils import timezone

from crm.actor import acting_as
from crm.archiving import RecordArchived
from crm.models import Company, Contact, Note, User
from leads import lead_forms, spam
from leads.corrections import CannotSplit, Erased, move_out_of_spam, move_to_spam, set_handled, split, take_back_split, what_can_be_split
from leads.inquiries import receive
from leads.models import Inquiry, InquiryChange, Visit
from leads.models.inquiries import VisitChanged
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory, SaleFactory
from tests.leads.inquiries import received, sent
from tests.leads.seats import seat

pytestmark = pytest.mark.django_db
Match, CompanyMatch = Inquiry.ContactMatch, Inquiry.CompanyMatch


def place(inquiry: Inquiry) -> tuple[object, ...]:
    inquiry = Inquiry.objects.get(pk=inquiry.pk)
    return inquiry.contact, inquiry.company, inquiry.contact_match, inquiry.company_match


def test_another_person_at_the_same_company_gets_a_contact_of_their_own_and_nothing_else_moves(salesperson: User) -> None:
    """I3: not the same?"""
    lise = ContactFactory(email="info@bakkely.dk")
    older, found = received(email="info@bakkely.dk"), received(email="info@bakkely.dk", first_name="Bo", last_name="Dam")
    before = place(found)
    with acting_as(salesperson):
        change = split(found, company_name="", by=salesperson)
    assert (found.contact.name, found.company, found.contact_match) == ("Bo Dam", lise.company, Match.SPLIT)
    assert place(older)[0] == lise
    with acting_as(salesperson):
        assert take_back_split(found, by=salesperson) == [change.to_contact]
    assert place(found) == before
    assert Contact.objects.get(pk=change.to_contact_id).archived_at
    kinds = InquiryChange.objects.filter(inquiry=found).order_by("pk").values_list("kind", "by")
    assert list(kinds) == [("split", salesperson.pk), ("unsplit", salesperson.pk)]


def test_another_person_at_another_company_gets_both(salesperson: User) -> None:
    """I3: the new company has the form's category, and the inquiry's owner as our contact."""
    ContactFactory(email="info@bakkely.dk")
    found = received(email="info@bakkely.dk")
    Inquiry.objects.filter(pk=found.pk).update(owner=salesperson)
    found.refresh_from_db()
    split(found, company_name="Dam ApS", by=salesperson)
    assert (found.company.name, found.company.category, found.company.our_contact) == ("Dam ApS", found.form.category, salesperson)
    assert found.contact.company == found.company
    assert [str(record) for record in take_back_split(found, by=salesperson)] == ["Lise Bakke", "Dam ApS"]


def test_a_contact_that_the_inquiry_made_goes_along_to_a_company_of_its_own_and_back(salesperson: User) -> None:
    """I3: the company was recognised by its domain, and was the wrong one."""
    known = ContactFactory(email="bo@bakkely.dk").company
    found = received()
    contact, before = found.contact, place(found)
    assert what_can_be_split(found) == {"company"}
    split(found, company_name="Bakkely Ejendomme", by=salesperson)
    contact.refresh_from_db()
    assert (contact.company.name, found.contact, found.contact_match, found.company_match) == ("Bakkely Ejendomme", contact, Match.NEW, CompanyMatch.SPLIT)
    take_back_split(found, by=salesperson)
    contact.refresh_from_db()
    assert (contact.company, place(found)) == (known, before)
    assert Company.objects.get(name="Bakkely Ejendomme").archived_at


def test_what_a_split_made_stays_when_somebody_uses_it_by_now(salesperson: User) -> None:
    """I3: nothing of a colleague's is lost."""
    ContactFactory(email="info@bakkely.dk")
    found = received(email="info@bakkely.dk")
    split(found, company_name="Dam ApS", by=salesperson)
    SaleFactory(company=found.company)
    Note.objects.create(company=found.company, contact=found.contact, text="Ring", created_by=salesperson)
    assert take_back_split(found, by=salesperson) == []


def test_what_is_its_own_already_is_not_split_again(salesperson: User) -> None:
    """I3: two windows, a double click."""
    ContactFactory(email="info@bakkely.dk")
    found = received(email="info@bakkely.dk")
    split(found, company_name="", by=salesperson)
    with pytest.raises(CannotSplit):
        split(found, company_name="", by=salesperson)
    assert what_can_be_split(received(email="new@nykunde.dk")) == set()
    with pytest.raises(CannotSplit):
        take_back_split(received(email="other@nykunde2.dk"), by=salesperson)


def test_a_split_is_not_taken_back_to_what_is_archived_or_away_from_where_somebody_moved_them(salesperson: User) -> None:
    """I3, S5."""
    known = ContactFactory(email="bo@bakkely.dk").company
    found = received()
    split(found, company_name="Dam ApS", by=salesperson)
    Company.objects.filter(pk=known.pk).update(archived_at=timezone.now())
    with pytest.raises(RecordArchived):
        take_back_split(found, by=salesperson)
    Company.objects.filter(pk=known.pk).update(archived_at=None)
    found.contact.company = CompanyFactory()
    found.contact.save()
    with pytest.raises(CannotSplit):
        take_back_split(found, by=salesperson)


def test_handled_and_not_handled_say_who_and_change_once(salesperson: User) -> None:
    found = received()
    assert set_handled(found, handled=True, by=salesperson)
    assert not set_handled(found, handled=True, by=salesperson)
    assert found.handled_by == salesperson
    assert set_handled(found, handled=False, by=salesperson)
    assert (found.handled_at, found.changes.count()) == (None, 2)


def test_what_is_moved_to_spam_leaves_its_contact_and_goes_back_to_it(salesperson: User) -> None:
    """I5: both stay as they are."""
    found = received(phone="", email="")
    before = place(found)
    assert move_to_spam(found, by=salesperson)
    assert place(found) == (None, None, "", "")
    assert Inquiry.objects.get(pk=found.pk).spam_reason == "by_hand"
    assert move_out_of_spam(found, by=salesperson)
    assert place(found) == before
    assert not move_out_of_spam(found, by=salesperson)


@pytest.mark.parametrize("gone", [{}, {"erased_at": timezone.now(), "email": "", "email_key": ""}])
def test_what_is_no_spam_does_not_go_back_to_a_contact_that_is_archived_or_erased(salesperson: User, gone: dict[str, object]) -> None:
    """I5, S5: it is received anew, by what was typed."""
    found = received(email="", phone="22 33 44 55")
    former = found.contact
    move_to_spam(found, by=salesperson)
    Contact.objects.filter(pk=former.pk).update(archived_at=timezone.now(), **gone)
    assert move_out_of_spam(found, by=salesperson)
    assert found.contact != former
    assert (found.contact.phone, found.contact.archived_at) == ("22 33 44 55", None)


def test_what_is_no_spam_is_given_to_somebody_else_where_its_owner_has_left(salesperson: User, colleague: User) -> None:
    """I4, I5: nothing waits for somebody who cannot see it."""
    seat(salesperson)
    found = received()
    company = found.company
    assert (found.owner, company.our_contact_id) == (salesperson, salesperson.pk)
    move_to_spam(found, by=colleague)
    User.objects.filter(pk=salesperson.pk).update(is_active=False)
    seat(colleague)
    assert move_out_of_spam(found, by=colleague)
    assert (Inquiry.objects.get(pk=found.pk).owner, found.assignments.first().from_user) == (colleague, salesperson)


def test_what_is_no_spam_stays_with_whoever_had_it_and_is_still_there(salesperson: User, colleague: User) -> None:
    """I4: nobody's turn is taken by an Undo."""
    seat(salesperson)
    found = received()
    seat(colleague)
    move_to_spam(found, by=colleague)
    move_out_of_spam(found, by=colleague)
    assert (Inquiry.objects.get(pk=found.pk).owner, found.assignments.count()) == (salesperson, 1)


@pytest.mark.parametrize("reason", ["", Inquiry.SpamReason.TRAP])
def test_what_was_erased_does_not_come_back_out_of_spam(salesperson: User, reason: str) -> None:
    """I5, S5: nobody is made of nothing."""
    found = received(spam=reason)
    move_to_spam(found, by=salesperson)
    lead_forms.delete(found.form_id, erase=True)
    before = Company.objects.count()
    with pytest.raises(Erased):
        move_out_of_spam(found, by=salesperson)
    assert (Inquiry.objects.get(pk=found.pk).is_spam, Company.objects.count()) == (True, before)


def test_a_split_of_what_was_erased_is_not_taken_back_and_it_is_not_moved_to_spam(salesperson: User) -> None:
    """I3, S5: how it had been matched is gone."""
    form = LeadFormFactory()
    received(form)
    found = received(form)
    split(found, company_name="", by=salesperson)
    lead_forms.delete(form.pk, erase=True)
    before = place(found)
    for verb in (take_back_split, move_to_spam):
        with pytest.raises(Erased):
            verb(found, by=salesperson)
    assert place(found) == before


def test_what_the_trap_caught_is_received_as_if_it_had_just_come(salesperson: User) -> None:
    """I5, I3: matched now, not when it came."""
    found = received(spam=Inquiry.SpamReason.TRAP)
    lise = ContactFactory(email="lise@bakkely.dk")
    with acting_as(salesperson):
        move_out_of_spam(found, by=salesperson)
    assert (found.state, found.spam_reason, found.contact) == ("received", "", lise)
    assert found.assignments.count() <= 1
    assert found.changes.get().by == salesperson


def test_old_spam_is_deleted_for_good_and_what_somebody_has_just_moved_there_is_not(salesperson: User, capsys: pytest.CaptureFixture[str]) -> None:
    """I5: after 30 days."""
    old = timezone.now() - dt.timedelta(days=31)
    gone = received(spam=Inquiry.SpamReason.TRAP, at=old)
    kept = [received(spam=Inquiry.SpamReason.TRAP), received(at=old), received(at=old, email="x@y.dk")]
    move_to_spam(kept[2], by=salesperson)
    call_command("delete_spam", "--dry-run")
    assert "1 inquiries would be deleted" in capsys.readouterr().out
    assert spam.delete_old() == 1
    assert set(Inquiry.objects.all()) == set(kept)
    assert not Visit.objects.filter(inquiry=gone.pk).exists()


def test_where_an_inquiry_came_from_is_never_changed() -> None:
    """I2: not by save, not by update, not by bulk_update."""
    visit = received().visits.first()
    visit.utm_source = "google"
    with pytest.raises(VisitChanged):
        visit.save()
    with pytest.raises(VisitChanged):
        Visit.objects.update(utm_source="google")
    with pytest.raises(VisitChanged):
        Visit.objects.bulk_update([visit], ["utm_source"])


def test_what_is_searched_follows_what_is_erased() -> None:
    """A list finds nothing of a person whose words were removed."""
    found, other = received(message="Sol på Ærø"), received(message="Sol på Ærø")
    Inquiry.objects.filter(pk=found.pk).update(first_name="", last_name="", email="", message="")
    assert list(Inquiry.objects.found_by("ærø SOL")) == [other]
    assert Inquiry.objects.get(pk=found.pk).search_text == ""
    other.message = ""
    other.save(update_fields=["message"])
    assert not Inquiry.objects.found_by("ærø").exists()


def test_one_key_of_another_system_is_one_inquiry_whatever_form_it_came_by() -> None:
    """I3: imported through two forms."""
    first = receive(LeadFormFactory(), sent(external_source="old", external_key="7"))[0]
    assert receive(LeadFormFactory(), sent(key=uuid.uuid4(), external_source="old", external_key="7")) == (first, False)
