"""Inquiries are received once, and added to whom they belong (I3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from crm.actor import working
from crm.models import Company, CompanyCategory, Contact
from leads import inquiries
from leads.distribution import default_distribution
from leads.explain import why
from leads.inquiries import receive
from leads.models import Inquiry, Lead, LeadStatus
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory, UserFactory, rule
from tests.leads.inquiries import received, sent
from workflow.models import CategoryDecision, Trigger

pytestmark = pytest.mark.django_db
Match, CompanyMatch = Inquiry.ContactMatch, Inquiry.CompanyMatch


def test_a_new_person_of_a_new_company_makes_both() -> None:
    """I3: named as typed, with the form's category."""
    category = CompanyCategory.objects.get(name="Opportunity")
    found = received(LeadFormFactory(category=category), company="Bakkely Gartneri", phone="23 45 67 89")
    assert (found.state, found.contact_match, found.company_match) == ("received", Match.NEW, CompanyMatch.NEW)
    assert (found.company.name, found.company.category) == ("Bakkely Gartneri", category)
    assert (found.contact.name, found.contact.email, found.contact.phone) == ("Lise Bakke", "lise@bakkely.dk", "23 45 67 89")


@pytest.mark.parametrize("typed", ["LISE@Bakkely.dk", "  lise@bakkely.dk ", "lise+solar@bakkely.dk", "Lise+@BAKKELY.DK."])
def test_a_known_address_is_known_however_it_is_typed(typed: str) -> None:
    """I3: case, spaces and what follows a plus."""
    lise = ContactFactory(email="Lise@bakkely.dk")
    found = received(email=typed, company="Something else")
    assert (found.contact, found.company) == (lise, lise.company)
    assert (found.contact_match, found.company_match) == (Match.EMAIL, CompanyMatch.CONTACT)


def test_of_several_with_one_address_the_current_one_that_changed_last_gets_it() -> None:
    """I3: and it is kept that there were several."""
    ContactFactory(email="lise@bakkely.dk")
    newer = ContactFactory(email="lise@bakkely.dk")
    ContactFactory(email="lise@bakkely.dk", archived_at=timezone.now())
    ContactFactory(email="lise@bakkely.dk", company=CompanyFactory(archived_at=timezone.now()))
    found = received()
    assert (found.contact, found.match_facts["contacts"]) == (newer, 4)


def test_of_several_with_one_address_the_one_whose_address_is_written_like_it_gets_it() -> None:
    """I3: also where somebody else with a plus was changed last; then who is at the company that was named."""
    exact = ContactFactory(email="Lise@bakkely.dk")
    ContactFactory(email="lise+news@bakkely.dk")
    assert received(email="lise@BAKKELY.dk").contact == exact
    twin = ContactFactory(email="lise@bakkely.dk", company=CompanyFactory(name="Bakkely"))
    ContactFactory(email="lise@bakkely.dk")
    assert received(company="bakkely").contact == twin


def test_the_same_words_sent_again_by_the_back_button_are_one_inquiry() -> None:
    """I3: the page has a new key then. Other words, another form, a later hour, and rows of an import are inquiries of their own."""
    form = LeadFormFactory()
    first = received(form, message="Call me")
    assert received(form, message="Call me") == first
    assert received(form, message="Call me", spam="too_fast") == first
    others = [received(form, message="Call me now"), received(form, message="Call me", own=[("Roof?", "Flat")]), received(message="Call me")]
    with working(kind="import"):
        others.append(received(form, message="Call me"))
    Inquiry.objects.filter(form=form).update(received_at=timezone.now() - inquiries.AGAIN)
    others.append(received(form, message="Call me"))
    assert len({first, *others}) == 6


def test_what_was_caught_as_spam_is_received_when_it_is_sent_again() -> None:
    """I5: somebody was too fast once."""
    form = LeadFormFactory()
    assert received(form, spam="too_fast", message="Call me").is_spam
    assert not received(form, message="Call me").is_spam


def test_nothing_of_a_known_contact_changes_a_missing_telephone_is_not_filled_either() -> None:
    """I3: anybody can type a known address and a number of their own. The inquiry says that there is none, until there is one."""
    lise = ContactFactory(first_name="Elisabeth", last_name="", email="lise@bakkely.dk")
    before = Contact.objects.values().get(pk=lise.pk)
    found = received(phone="23 45 67 89")
    assert Contact.objects.values().get(pk=lise.pk) == before
    assert why(found)[-1].startswith("Elisabeth has no telephone number yet. The one that was sent is kept here only")
    lise.phone = "99 99 99 99"
    lise.save()
    assert not [text for text in why(Inquiry.objects.get(pk=found.pk)) if "telephone" in text]
    assert not [text for text in why(received()) if "telephone" in text]


def test_a_company_is_known_by_its_exact_name() -> None:
    """I3: whatever its case and spaces; a longer name is another company."""
    known = CompanyFactory(name="Ærø Gartneri A/S")
    CompanyFactory(name="Ærø Gartneri A/S Holding")
    found = received(company="  ærø   GARTNERI a/s")
    assert (found.company, found.company_match, found.contact_match) == (known, CompanyMatch.NAME, Match.NEW)


def test_of_several_companies_of_one_name_the_one_with_the_address_gets_it() -> None:
    """I3."""
    right = ContactFactory(email="bo@bakkely.dk", company__name="Bakkely").company
    CompanyFactory(name="Bakkely")
    found = received(company="Bakkely")
    assert (found.company, found.match_facts["names"]) == (right, 2)


@pytest.mark.parametrize("road", ["contact", "website"])
def test_a_company_is_known_by_its_email_domain(road: str) -> None:
    """I3: that of its contacts' addresses, or of its website."""
    known = ContactFactory(email="bo@Bakkely.dk").company if road == "contact" else CompanyFactory(website="https://www.bakkely.dk/om-os?x=1")
    found = received()
    assert (found.company, found.company_match, found.match_facts["domain"]) == (known, CompanyMatch.DOMAIN, "bakkely.dk")


@pytest.mark.parametrize("domain", ["gmail.com", "hotmail.dk", "stofanet.dk", "icloud.com"])
def test_a_domain_that_anybody_can_have_is_never_a_company(domain: str) -> None:
    """I3."""
    ContactFactory(email=f"bo@{domain}")
    found = received(email=f"lise@{domain}")
    assert (found.company_match, found.company.name) == (CompanyMatch.NEW, "Lise Bakke")


def test_a_domain_that_several_companies_share_chooses_none_and_that_is_kept() -> None:
    """I3."""
    for _ in range(3):
        ContactFactory(email="bo@bakkely.dk")
    found = received()
    assert (found.company_match, found.match_facts["domains"]) == (CompanyMatch.NEW, 3)


def test_an_archived_company_does_not_make_a_shared_domain_unclear() -> None:
    """I3."""
    ContactFactory(email="bo@bakkely.dk", company__archived_at=timezone.now())
    current = ContactFactory(email="bo2@bakkely.dk").company
    assert received().company == current


def test_an_archived_contact_and_company_come_back() -> None:
    """S5, I3: whoever writes is no longer in the past."""
    lise = ContactFactory(email="lise@bakkely.dk", archived_at=timezone.now(), company__archived_at=timezone.now())
    found = received()
    lise.refresh_from_db()
    assert (lise.archived_at, lise.company.archived_at) == (None, None)
    assert found.match_facts["contact_restored"]
    assert found.match_facts["company_restored"]


@pytest.mark.parametrize(
    ("typed", "person", "company"),
    [
        ({"first_name": "", "last_name": ""}, "lise", "lise@bakkely.dk"),
        ({"first_name": "", "last_name": "Bakke"}, "Bakke", "Bakke"),
        ({"first_name": "", "last_name": "", "email": "", "phone": "23 45 67 89"}, "23 45 67 89", "23 45 67 89"),
        ({"first_name": "", "last_name": "", "email": ""}, "Unnamed", "Unnamed"),
    ],
)
def test_whoever_gives_no_name_is_named_after_what_they_gave(typed: dict[str, str], person: str, company: str) -> None:
    """I3."""
    found = received(**typed)
    assert (found.contact.name, found.company.name) == (person, company)


@pytest.mark.parametrize("longest", [{"email": f"{'a' * 244}@gmail.com"}, {"first_name": "é" * 80, "last_name": "ß" * 80}, {"last_name": "x" * 80}])
def test_the_longest_that_can_be_typed_fits_the_names_it_gives(longest: dict[str, str]) -> None:
    """I3: a company and a contact are named after it, cut where it is longer than a name."""
    found = received(**{"first_name": "", "last_name": "", "email": "", **longest})
    typed = found.name or found.email
    assert (found.company.name, found.contact.first_name) == (typed[:200], (found.first_name or typed)[:80])


def test_the_same_key_again_is_the_same_inquiry() -> None:
    """I3: a double click, a retry."""
    form, one = LeadFormFactory(), sent()
    first, again = receive(form, one), receive(form, one)
    assert (first[0], again) == (again[0], (first[0], False))
    assert Inquiry.objects.count() == Contact.objects.filter(email="lise@bakkely.dk").count() == 1


def test_the_same_key_of_another_form_is_another_inquiry() -> None:
    """I3."""
    one = sent()
    assert receive(LeadFormFactory(), one)[1]
    assert receive(LeadFormFactory(), one)[1]


def test_spam_is_kept_without_contact_and_given_to_nobody() -> None:
    """I5."""
    before = Company.objects.count()
    found = received(spam=Inquiry.SpamReason.TRAP)
    assert (found.state, found.contact, found.company, found.owner) == ("spam", None, None, None)
    assert (found.assignments.count(), Company.objects.count()) == (0, before)
    assert found.visits.count() == 2


def test_the_form_s_category_goes_only_to_a_new_company() -> None:
    """I3."""
    customer = CompanyCategory.objects.get(name="Customer")
    known = CompanyFactory(name="Bakkely", category=customer)
    assert received(company="Bakkely").company.category == customer
    known.refresh_from_db()
    assert known.category_version == 1


def test_the_form_s_lead_status_goes_to_a_new_contact_and_not_to_one_that_has_one() -> None:
    """I3, L3: who was there before keeps theirs."""
    contacting = LeadStatus.objects.get(name="Contacting")
    form = LeadFormFactory(lead_status=contacting)
    assert Lead.objects.get(contact=received(form).contact).status == contacting
    known = ContactFactory(email="bo@bakkely.dk")
    received(form, email="bo@bakkely.dk")
    assert Lead.objects.get(contact=known).status.is_default


def test_without_lead_status_in_the_category_there_is_none() -> None:
    """I3, L1."""
    form = LeadFormFactory(lead_status=LeadStatus.objects.get(name="Contacting"), category=CompanyCategory.objects.get(name="Other"))
    assert not Lead.objects.filter(contact=received(form).contact).exists()


def test_rule_4_sees_the_form_s_lead_status_and_asks_the_new_our_contact() -> None:
    """I3, Q3: given to somebody first, then the status is set."""
    qualified, opportunity = LeadStatus.objects.get(name="Qualified"), CompanyCategory.objects.get(name="Opportunity")
    rule(Trigger.LEAD_STATUS_SET, opportunity, ask=True, lead_status=qualified)
    owner = UserFactory()
    default_distribution().seats.create(user=owner)
    with working(user=UserFactory()):
        found = received(LeadFormFactory(lead_status=qualified))
    decision = CategoryDecision.objects.get(company=found.company, trigger=Trigger.LEAD_STATUS_SET)
    assert (decision.outcome, decision.asked_of, decision.caused_by) == ("waiting", owner, None)
    assert (found.owner, found.company.our_contact) == (owner, owner)


def test_the_default_that_havn_gives_fires_no_rule() -> None:
    """L3."""
    default = LeadStatus.objects.get(is_default=True)
    rule(Trigger.LEAD_STATUS_SET, CompanyCategory.objects.get(name="Opportunity"), lead_status=default)
    found = received(LeadFormFactory(lead_status=default))
    assert not CategoryDecision.objects.filter(company=found.company, trigger=Trigger.LEAD_STATUS_SET).exists()


def test_a_distribution_that_fails_costs_nobody_their_inquiry(monkeypatch: Any) -> None:
    """A7's promise for inquiries: received, without owner."""

    def fail(inquiry: Inquiry) -> None:
        raise RuntimeError

    monkeypatch.setattr(inquiries, "assign", fail)
    found = received()
    assert (found.state, found.owner, found.contact.name) == ("received", None, "Lise Bakke")
