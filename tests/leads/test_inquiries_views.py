"""The list of inquiries, their card, and what contacts and companies show of them (I2, I3)."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import CompanyCategory, User
from leads import lead_forms
from leads.corrections import move_to_spam, open_split, split
from leads.explain import why
from leads.intake import Touch
from leads.models import Inquiry
from tests.budgets import assert_costs_the_same, sent_by
from tests.factories import CompanyFactory, ContactFactory, LeadFormFactory
from tests.leads.inquiries import received
from tests.sizes import know_sizes

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def shown(client: Client, query: str = "") -> list[str]:
    return [str(row.first_name) for row in client.get(f"/inquiries/{query}").context["found"].rows]


def given(user: User | None, **values: Any) -> Inquiry:
    inquiry = received(**values)
    Inquiry.objects.filter(pk=inquiry.pk).update(owner=user)
    inquiry.refresh_from_db()
    return inquiry


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_tabs_show_mine_all_unassigned_and_spam(jonas: Client, salesperson: User, colleague: User) -> None:
    """I3, I5."""
    given(salesperson, first_name="Mine", email="a@firma.dk")
    given(colleague, first_name="Hers", email="b@firma.dk")
    given(None, first_name="Nobody's", email="c@firma.dk")
    received(first_name="Bot", spam=Inquiry.SpamReason.TOO_FAST)
    assert sorted(shown(jonas)) == ["Hers", "Mine", "Nobody's"]
    assert (shown(jonas, "?view=mine"), shown(jonas, "?view=unassigned"), shown(jonas, "?view=spam")) == (["Mine"], ["Nobody's"], ["Bot"])


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("info?bcc=spy%40else.dk&subject=x@firma.dk", "mailto:info%3Fbcc%3Dspy%2540else.dk%26subject%3Dx@firma.dk"),
        ("lise+sol@bakkely.dk", "mailto:lise%2Bsol@bakkely.dk"),
    ],
)
def test_an_address_is_written_to_and_nobody_else(jonas: Client, typed: str, link: str) -> None:
    """I5: whatever it holds, on the inquiry, the contact and the company."""
    found = received(email=typed)
    for page in (found, found.contact, found.company):
        assert set(re.findall(r'href="(mailto:[^"]*)"', jonas.get(page.get_absolute_url()).content.decode())) == {link}


def test_the_navigation_counts_what_is_mine_and_not_handled(jonas: Client, salesperson: User) -> None:
    given(salesperson, email="a@firma.dk")
    done = given(salesperson, email="b@firma.dk")
    assert 'id="nav-count-inquiries">2<' in jonas.get("/").content.decode()
    jonas.post(f"/inquiries/{done.pk}/handled/", {"handled": "yes"})
    assert 'id="nav-count-inquiries">1<' in jonas.get("/").content.decode()


def test_the_list_is_narrowed_by_form_source_period_handling_and_words(jonas: Client) -> None:
    """I2."""
    form = LeadFormFactory()
    received(form, first_name="Ads", email="a@firma.dk", first=Touch(utm_source="google", utm_campaign="roof"), message="Taget på Ærø")
    received(first_name="Old", email="b@firma.dk", at=timezone.now() - dt.timedelta(days=90))
    for query in (f"?form={form.pk}", "?source=google", "?campaign=roof", "?received=week", "?q=ÆRØ"):
        assert shown(jonas, query) == ["Ads"], query
    assert shown(jonas, "?source=none") == ["Old"]
    assert shown(jonas, "?handled=yes") == []
    assert sorted(shown(jonas, "?handled=no&received=nonsense&source=nonsense&form=999")) == ["Ads", "Old"]


def test_contacts_are_found_by_their_lead_source_which_is_the_first_touch_of_the_first_inquiry(jonas: Client) -> None:
    """I2: what came later, and what is spam, is not where they came from."""
    form = LeadFormFactory()
    first = received(form, email="a@firma.dk", first=Touch(utm_source="google"), sent=Touch(utm_source="mail"), at=timezone.now() - dt.timedelta(days=9))
    received(email="a@firma.dk", first=Touch(utm_source="facebook"))
    received(email="b@firma.dk", first=Touch(utm_source="facebook"), spam=Inquiry.SpamReason.TRAP)
    unknown = received(email="c@nykunde.dk").contact
    ContactFactory()

    def found(query: str) -> list[Any]:
        return list(jonas.get(f"/contacts/{query}").context["found"].rows)

    assert found("?source=google") == found(f"?form={form.pk}") == [first.contact]
    assert found("?source=facebook") == []
    assert found("?source=none") == [unknown]


def test_contact_and_company_show_where_they_came_from_and_what_they_sent(jonas: Client) -> None:
    """I2: both touches, apart."""
    known = ContactFactory(email="a@firma.dk")
    url = known.get_absolute_url()
    assert "Lead source" not in text_of(jonas.get(url))
    received(email="a@firma.dk", message="Ring til mig", first=Touch(utm_source="google", landing_page="https://firma.dk/sol"), sent=Touch(utm_source="brev"))
    for page in (url, known.company.get_absolute_url()):
        html = text_of(jonas.get(page))
        for words in ("Lead source", "google", "https://firma.dk/", "Visit in which the form was sent", "brev", "Ring til mig"):
            assert words in html, (page, words)


def test_what_was_typed_is_shown_and_never_run(jonas: Client) -> None:
    """I5, I2: no stored markup is rendered."""
    bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    found = received(
        first_name=bad[:80], company=bad, message=f"{bad}\nsecond line", own=[(bad, bad)], email="a@firma.dk", phone=bad[:40],
        first=Touch(utm_source=bad, landing_page="javascript:alert(1)", referring_domain=bad),
    )  # fmt: skip
    for page in (f"/inquiries/{found.pk}/", "/inquiries/", found.contact.get_absolute_url(), found.company.get_absolute_url(), f"/inquiries/{found.pk}/spam/"):
        html = jonas.get(page).content.decode()
        assert "<script>alert" not in html, page
        assert "<img src=x" not in html, page
        assert 'href="javascript:' not in html, page


@pytest.mark.parametrize(
    ("before", "typed", "sentences"),
    [
        ("contact", {}, ["The email address was known: it belongs to Torben Friis.", "Bakkely is the company of this contact."]),
        ("name", {"company": "BAKKELY"}, ["Nobody with this email address was known, so Lise Bakke is a new contact.", "exactly this name was known: Bakkely"]),
        ("domain", {}, ["Nobody with this email", "Bakkely was chosen because its people or its website are at bakkely.dk."]),
        ("two", {}, ["Nobody with this email", "2 companies share the email domain bakkely.dk, so none of them was chosen; Lise Bakke is new."]),
        ("", {"email": "lise@gmail.com"}, ["Nobody", "anybody can have an address at gmail.com, so Lise Bakke is new and named after the person."]),
        ("", {"company": "Ny"}, ["Nobody", "No company of this name or email domain was known, so Ny is new."]),
        ("", {"email": ""}, ["There was no email address to recognise anybody by", "No company was named or recognised"]),
        ("archived", {}, ["belongs to", "is the company", "Torben Friis and Bakkely were archived and have been brought back."]),
    ],
)
def test_an_inquiry_says_why_it_is_where_it_is(before: str, typed: dict[str, str], sentences: list[str]) -> None:
    """I3."""
    if before in ("contact", "archived"):
        at = timezone.now() if before == "archived" else None
        ContactFactory(email="lise@bakkely.dk", company__name="Bakkely", archived_at=at, company__archived_at=at)
    elif before == "name":
        CompanyFactory(name="Bakkely")
    for _ in range({"domain": 1, "two": 2}.get(before, 0)):
        ContactFactory(email="bo@bakkely.dk", company__name="Bakkely")
    said = why(received(**typed))
    assert len(said) == len(sentences)
    for sentence, words in zip(said, sentences, strict=True):
        assert words in sentence


def test_splitting_asks_which_and_is_undone_from_its_message(jonas: Client, salesperson: User) -> None:
    """I3: *Not the same?*"""
    ContactFactory(email="info@bakkely.dk", company__name="Bakkely")
    found = received(email="info@bakkely.dk", company="Dam ApS")
    url = f"/inquiries/{found.pk}/split/"
    assert "Another person, also at Bakkely" in text_of(jonas.get(url, **HTMX))
    assert jonas.post(url, {}).status_code == 422
    refused = jonas.post(url, {"what": "company", "company_name": ""}, **HTMX)
    assert (refused.status_code, "Write what the company is called" in text_of(refused)) == (422, True)
    assert jonas.post(url, {"what": "company", "company_name": "Dam ApS"}, **HTMX).status_code == 200
    found.refresh_from_db()
    assert (found.company.name, open_split(found).by) == ("Dam ApS", salesperson)
    assert jonas.post(url, {"what": "company", "company_name": "Dam ApS"}, **HTMX).status_code == 409
    assert "Back to Torben Friis, Bakkely" in text_of(jonas.get(found.get_absolute_url()))
    assert jonas.post(f"/inquiries/{found.pk}/unsplit/", **HTMX).status_code == 200
    assert jonas.post(f"/inquiries/{found.pk}/unsplit/", **HTMX).status_code == 409
    found.refresh_from_db()
    assert found.company.name == "Bakkely"


def test_spam_is_asked_about_and_comes_back(jonas: Client) -> None:
    """I5: also what the trap caught; without JavaScript too."""
    found = received()
    assert "Both stay as they are" in text_of(jonas.get(f"/inquiries/{found.pk}/spam/"))
    assert jonas.post(f"/inquiries/{found.pk}/spam/").status_code == 302
    assert "Not spam" in text_of(jonas.get(found.get_absolute_url()))
    assert jonas.post(f"/inquiries/{found.pk}/not-spam/").status_code == 302
    bot = received(first_name="Bot", email="bot@nykunde.dk", spam=Inquiry.SpamReason.TRAP)
    assert jonas.post(f"/inquiries/{bot.pk}/not-spam/", **HTMX).status_code == 200
    bot.refresh_from_db()
    assert bot.contact.first_name == "Bot"


def test_what_was_erased_offers_neither_spam_nor_the_way_back_and_says_why(jonas: Client, salesperson: User) -> None:
    """I3, I5, S5: what somebody still has open in another window is answered in plain words."""
    form = LeadFormFactory()
    received(form)
    apart, spam, bot = received(form), received(form, email="bo@nykunde.dk"), received(form, email="bot@nykunde.dk", spam=Inquiry.SpamReason.TRAP)
    split(apart, company_name="", by=salesperson)
    move_to_spam(spam, by=salesperson)
    lead_forms.delete(form.pk, erase=True)
    for inquiry, verb in ((apart, "unsplit"), (apart, "spam"), (spam, "not-spam"), (bot, "not-spam")):
        url = f"/inquiries/{inquiry.pk}/{verb}/"
        assert url not in text_of(jonas.get(inquiry.get_absolute_url()))
        answer = jonas.post(url, **HTMX)
        assert (answer.status_code, "has been erased" in text_of(answer)) == (409, True)
    assert "not-spam" not in text_of(jonas.get("/inquiries/?view=spam"))


def test_who_may_not_change_inquiries_sees_them_and_changes_nothing(client: Client, django_user_model: Any) -> None:
    reader = django_user_model.objects.create_user(email="reader@havn.example", password="x", first_name="Reader")
    found = received()
    client.force_login(reader)
    assert client.get("/inquiries/").status_code == 403
    for verb in ("handled", "spam", "not-spam", "split", "unsplit"):
        assert client.post(f"/inquiries/{found.pk}/{verb}/").status_code == 403


def test_old_spam_is_deleted_from_the_folder_by_administrators_only(jonas: Client, maja: Client) -> None:
    """I5: it is for good, so a salesperson is not offered it and cannot do it."""
    received(spam=Inquiry.SpamReason.TRAP, at=timezone.now() - dt.timedelta(days=40))
    assert "Delete old spam" not in text_of(jonas.get("/inquiries/?view=spam"))
    assert (jonas.get("/inquiries/spam/delete/").status_code, jonas.post("/inquiries/spam/delete/").status_code) == (403, 403)
    assert "Delete old spam" in text_of(maja.get("/inquiries/?view=spam"))
    assert "1 inquiry has been in the spam folder" in text_of(maja.get("/inquiries/spam/delete/"))
    maja.post("/inquiries/spam/delete/")
    assert not Inquiry.objects.exists()


def test_the_lists_and_the_card_cost_the_same_with_10_and_with_1000(jonas: Client, salesperson: User) -> None:
    """House rule 4."""
    form, contact = LeadFormFactory(), ContactFactory()
    made: list[Inquiry] = []

    def grow(size: int) -> None:
        for state in ("received", "spam"):
            here = {"contact": contact, "company": contact.company, "owner": salesperson} if state == "received" else {}
            rows = [
                Inquiry(form=form, key=f"{state[0] == 's':08d}-0000-0000-0000-{n:012d}", state=state, first_name="Bo", **here) for n in range(len(made), size)
            ]
            made.extend(Inquiry.objects.bulk_create(rows)) if state == "spam" else Inquiry.objects.bulk_create(rows)

    pages = {
        "all": "/inquiries/", "mine": f"/inquiries/?view=mine&form={form.pk}&received=week&handled=no&q=bo", "spam": "/inquiries/?view=spam",
        "of a contact": f"/inquiries/?contact={contact.pk}", "contact": contact.get_absolute_url(), "company": contact.company.get_absolute_url(),
    }  # fmt: skip
    costs = assert_costs_the_same(jonas, lambda: {**pages, "card": Inquiry.objects.received().first().get_absolute_url()}, grow)
    assert costs["all"] <= 21
    assert costs["card"] <= 17


def test_the_forms_category_without_lead_status_gives_no_lead_source_less(jonas: Client) -> None:
    """L1 hides lead status, not where somebody came from (I2)."""
    found = received(LeadFormFactory(category=CompanyCategory.objects.get(name="Other")), first=Touch(utm_source="google"))
    assert "google" in text_of(jonas.get(found.contact.get_absolute_url()))


def test_receiving_costs_the_same_whoever_is_known_already() -> None:
    """House rule 4: matching asks indexes, and as often with one contact as with two hundred at the same domain."""
    form, company = LeadFormFactory(), CompanyFactory(name="Bakkely")
    received(form, email="first@nykunde.dk")  # what a process remembers does not count
    costs = []
    for size in (1, 200):
        company.contacts.model.objects.bulk_create(company.contacts.model(company=company, first_name="P", email=f"p{n}@bakkely.dk") for n in range(size))
        know_sizes()
        costs.append([len(sent_by(partial(received, form, **typed))) for typed in ({"email": f"p{size - 1}@bakkely.dk"}, {"email": f"new{size}@bakkely.dk"})])
    assert costs[0] == costs[1]
    assert max(costs[1]) <= 45
