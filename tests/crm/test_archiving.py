"""S5: companies, contacts and sales are archived, not deleted, and can be brought back; meanwhile nobody changes them."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Contact, Sale
from leads.models import LeadStatus
from tests.browsers import HTMX, both_ways
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from workflow import inbox
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db
MAKE = {"company": CompanyFactory, "contact": ContactFactory, "sale": SaleFactory}
every_kind = pytest.mark.parametrize("kind", MAKE)


def press(client, record, verb, headers=HTMX, **values):
    return client.post(f"{record.get_absolute_url()}{verb}/", values, headers=headers)


def archived(record, by):
    """A colleague has archived it in another window."""
    with acting_as(by):
        record.archived_at = timezone.now()
        record.save()
    return record


@every_kind
@both_ways
def test_s5_a_record_is_archived_says_by_whom_and_is_brought_back(jonas, salesperson, kind, headers):
    record = MAKE[kind]()
    response = press(jonas, record, "archive", headers)
    answer = jonas.get(record.get_absolute_url()) if response.status_code == 302 else response
    assert f"{record} is archived" in answer.content.decode().replace("&#x27;", "'")
    assert f'action="{record.get_absolute_url()}restore/"' in answer.content.decode()  # Undo
    record.refresh_from_db()
    assert record.archived_at
    html = jonas.get(record.get_absolute_url()).content.decode()
    assert "By Jonas Krogh, Today" in html
    assert 'id="archive"' not in html
    assert "fact__value" not in html
    assert press(jonas, record, "restore", headers).status_code in (200, 302)
    record.refresh_from_db()
    assert record.archived_at is None
    assert 'id="more"' in jonas.get(record.get_absolute_url()).content.decode()


def test_s5_a_company_without_current_contacts_says_what_is_true_of_them(jonas, colleague):
    company = CompanyFactory()

    def card():
        return jonas.get(company.get_absolute_url()).content.decode()

    assert "Add the people you talk to" in card()
    archived(company, colleague)
    assert "No contacts yet" not in card()
    assert "Restore the company to add people." in card()
    contact = archived(ContactFactory(company=company), colleague)
    html = card()
    assert "No contacts" not in html
    assert "All contacts here are archived" in html
    url = f"/contacts/?company={company.pk}&archived=1"
    assert url.replace("&", "&amp;") in html
    assert [row.pk for row in jonas.get(url).context["found"].rows] == [contact.pk]


@every_kind
def test_archiving_or_restoring_twice_changes_once(jonas, kind):
    record = MAKE[kind]()
    assert [press(jonas, record, "archive").status_code for _press in range(2)] == [200, 200]
    first = type(record).objects.get(pk=record.pk).archived_at
    press(jonas, record, "archive")
    assert type(record).objects.get(pk=record.pk).archived_at == first
    assert [press(jonas, record, "restore").status_code for _press in range(2)] == [200, 200]


def test_what_stays_is_said_beforehand(jonas):
    company = CompanyFactory()
    ContactFactory(company=company)
    SaleFactory.create_batch(2, company=company)
    SaleFactory(company=company, status="won")
    html = jonas.get(company.get_absolute_url()).content.decode()
    assert "1 contact stays." in html
    assert "2 open sales stay." in html
    press(jonas, company, "archive")
    assert (Contact.objects.current().count(), Sale.objects.current().count()) == (1, 3)


VERBS = {
    "company": {"edit": {"name": "x"}, "category": {}, "facts/phone": {"phone": "1"}, "notes": {"text": "x"}, "follow-ups": {"text": "x"}},
    "contact": {"edit": {"first_name": "x"}, "facts/email": {"email": ""}, "lead-status": {}, "notes": {"text": "x"}},
    "sale": {
        "edit": {"title": "x"}, "facts/title": {"title": "x"}, "won": {}, "lost": {}, "stall": {}, "close": {}, "reopen": {}, "stage": {},
        "notes": {"text": "x"},
    },
}  # fmt: skip


@pytest.mark.parametrize(("kind", "verb"), [(kind, verb) for kind, verbs in VERBS.items() for verb in verbs])
@both_ways
def test_s5_what_was_archived_while_it_was_open_in_another_tab_refuses_every_verb_and_says_by_whom(jonas, colleague, kind, verb, headers):
    record = archived(MAKE[kind](), colleague)
    was = type(record).objects.values().get(pk=record.pk)
    category, status = CompanyCategory.objects.get(name="Partner").pk, LeadStatus.objects.get(name="Qualified").pk
    response = press(jonas, record, verb, headers, **{"category": category, "status": status, "version": 1, **VERBS[kind][verb]})
    if headers:
        assert response.status_code == 409
    else:
        response = jonas.get(response["Location"])
    assert "Signe Bach has archived" in response.content.decode()
    assert type(record).objects.values().get(pk=record.pk) == was


@pytest.mark.parametrize("verb", ["edit", "facts/title", "lost", "stall"])
def test_s5_the_form_of_an_archived_record_is_not_offered_either(jonas, colleague, verb):
    sale = archived(SaleFactory(), colleague)
    response = jonas.get(f"{sale.get_absolute_url()}{verb}/", follow=True)
    assert response.redirect_chain == [(sale.get_absolute_url(), 302)]
    assert "Restore it to change it" in response.content.decode()
    assert jonas.get(f"{sale.get_absolute_url()}{verb}/", headers=HTMX).status_code == 409


@every_kind
def test_who_may_not_edit_archives_nothing(client, salesperson, kind):
    salesperson.groups.clear()
    client.force_login(salesperson)
    record = MAKE[kind]()
    assert [press(client, record, verb).status_code for verb in ("archive", "restore")] == [403, 403]


@every_kind
def test_what_does_not_exist_is_a_404(jonas, kind):
    plural = "companies" if kind == "company" else f"{kind}s"
    assert [jonas.post(f"/{plural}/999999/{verb}/").status_code for verb in ("archive", "restore")] == [404, 404]


def test_q4_a_question_about_an_archived_company_goes_on_waiting_out_of_sight_until_it_is_restored(jonas, salesperson, category):
    """Q4 names what ends a question; archiving the company is not among it, and Undo must bring everything back."""
    rule("sale_won", category["Customer"], ask=True)
    with acting_as(salesperson):
        company = SaleFactory(status="won").company
    assert inbox.waiting_for(salesperson).count() == 1
    press(jonas, company, "archive")
    assert (inbox.waiting_for(salesperson).count(), inbox.waiting_for_anyone().count()) == (0, 0)
    assert 'id="pending"' not in jonas.get(company.get_absolute_url()).content.decode()
    press(jonas, company, "restore")
    assert inbox.waiting_for(salesperson).count() == 1
    assert CategoryDecision.objects.waiting().get().company == company


# ------------------------------------------- a company that exists already
def _new(client, name, **values):
    lead = CompanyCategory.objects.get(name="Lead").pk
    return client.post("/companies/new/", {"name": name, "category": lead, "request_id": str(uuid.uuid4()), **values})


@pytest.mark.parametrize("name", ["Ærø Skibsbyg", "ÆRØ  skibsbyg "])
def test_a_new_company_of_a_name_that_exists_is_asked_about_once_and_saved_with_the_second_press(jonas, name):
    known = CompanyFactory(name="Ærø Skibsbyg", city="Marstal")
    first = _new(jonas, name)
    html = first.content.decode()
    assert first.status_code == 409
    assert f'<a href="{known.get_absolute_url()}" target="_blank">Ærø Skibsbyg</a> in Marstal exists already' in html
    assert Company.objects.count() == 1
    assert _new(jonas, name, twins_seen=first.context["form"]["twins_seen"].value()).status_code == 302
    assert Company.objects.count() == 2


def test_another_name_after_the_question_is_asked_about_again(jonas):
    CompanyFactory(name="Brørup")
    CompanyFactory(name="Ærø")
    asked = _new(jonas, "Brørup").context["form"]["twins_seen"].value()
    assert _new(jonas, "Ærø", twins_seen=asked).status_code == 409


@pytest.mark.parametrize("name", ["Brørup Nord", "Brør", "100% Sol_"])
def test_a_name_that_is_only_alike_is_not_asked_about(jonas, name):
    CompanyFactory(name="Brørup")
    CompanyFactory(name="100x Solx")
    assert _new(jonas, name).status_code == 302
