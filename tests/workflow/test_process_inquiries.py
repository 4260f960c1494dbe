"""The same form sent twenty times at once, and different people of one new company at the same moment, by real processes (I3)."""

from __future__ import annotations

import uuid

import pytest

from crm.models import Company, Contact
from leads.models import Inquiry
from tests.conftest import on_postgresql
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory
from tests.workflow.processes import Task, do, each, rounds
from tests.workflow.truth import assert_everything_is_true

pytestmark = pytest.mark.django_db(transaction=True)


def sends(form, key=None, **typed):
    return do("receive_inquiry", form=form, key=str(key or uuid.uuid4()), **typed)


def test_i3_the_same_form_sent_twenty_times_at_once_is_one_inquiry(people):
    """Four processes, five times each; again with a key of its own for each process, of a person who is new."""
    form, key = LeadFormFactory(), uuid.uuid4()
    lise = {"first_name": "Lise", "email": "lise@bakkely.dk", "company": "Bakkely"}
    done = people.at_once(*[each(*[sends(form, key, **lise)] * 5) for _ in range(4)])
    found = [tuple(result) for one in done for result in one.results]
    assert len({pk for pk, _is_new in found}) == 1
    assert [is_new for _pk, is_new in found].count(True) == 1
    assert (Inquiry.objects.count(), Contact.objects.count(), Company.objects.count()) == (1, 1, 1)
    assert_everything_is_true()


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "lise@bakkely.dk"},
        {"company": "Bakkely"},
        {"domain": "bakkely.dk"},
    ],
    ids=["one person", "one company name", "one domain"],
)
def test_i3_different_inquiries_of_one_new_company_or_person_make_it_once(people, typed):
    """Whoever is second waits until the first is there to be found."""
    form = LeadFormFactory()
    for turn in rounds(4):
        Inquiry.objects.all().delete()
        tasks: list[Task] = []
        for number in range(4):
            values = {"first_name": f"P{number}", "email": f"p{number}@gmail.com", **typed}
            if domain := values.pop("domain", ""):
                values["email"] = f"p{number}.{turn}@{turn}{domain}"
            elif "company" in typed:
                values["company"] = f"Bakkely {turn}"
            else:
                values["email"] = f"{turn}{typed['email']}"
            tasks.append(sends(form, **values))
        people.at_once(*tasks)
        inquiries = Inquiry.objects.all()
        assert len({one.company_id for one in inquiries}) == 1, turn
        assert len({one.contact_id for one in inquiries}) == (1 if "email" in typed else 4), turn
    assert_everything_is_true()


@on_postgresql
def test_i3_an_inquiry_that_is_rolled_back_leaves_the_next_one_to_be_the_first(people):
    form, key = LeadFormFactory(), uuid.uuid4()
    lise = {"first_name": "Lise", "email": "lise@bakkely.dk"}
    _held, second = people.meet(sends(form, key, **lise).with_options(together=True), sends(form, key, **lise), roll_back=True)
    assert second[1] is True
    assert Inquiry.objects.get().contact.email == "lise@bakkely.dk"


@on_postgresql
def test_i3_two_who_name_the_same_things_in_another_order_do_not_wait_in_a_circle(people):
    """Address, domain and name are locked in one order; a contact, then its company."""
    form, before = LeadFormFactory(), people.deadlocks()
    known = ContactFactory(email="a@firma.dk", company=CompanyFactory(name="Firma"))
    for turn in rounds(5):
        one = {"first_name": "A", "email": f"x{turn}@firma.dk", "company": f"Ny {turn}"}
        other = {"first_name": "B", "email": f"y{turn}@firma.dk", "company": f"Ny {turn}"}
        known_one = {"first_name": "A", "email": "a@firma.dk", "company": f"Ny {turn}"}
        people.at_once(sends(form, **one), sends(form, **other), sends(form, **known_one), sends(form, **known_one))
    assert set(Inquiry.objects.values_list("company", flat=True)) == {known.company_id}  # known by its domain
    assert known.inquiries.count() == 10
    assert people.deadlocks() == before
    assert_everything_is_true()
