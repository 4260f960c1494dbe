"""The leads board: who is on it, in which order, and what a card's move answers (L1, L4)."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone
from time_machine import travel

from crm.actor import acting_as
from crm.models import Company, CompanyCategory, Contact, User
from leads.defaults import set_lead_status
from leads.models import Lead, LeadStatus
from tests.boards import by_show_more, cards, columns
from tests.browsers import HTMX, for_real
from tests.budgets import assert_costs_the_same
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.ledger import where

pytestmark = pytest.mark.django_db
BOARD = "/leads/"


def person(name, company=None, **kwargs):
    """Somebody, at a company that uses lead status unless it is named."""
    return ContactFactory(first_name=name, last_name="", company=company or CompanyFactory(), **kwargs)


def move(client, contact, to, seen, headers=HTMX, **values):
    """A card's menu, or what dragging presses of it."""
    return client.post(f"/contacts/{contact.pk}/lead-status/", {"status": to.pk, "seen_lead_status": seen.pk, **values}, headers=headers)


def test_l1_it_has_the_people_of_companies_that_use_lead_status_counted_by_status_and_category(jonas, category, status):
    person("Ane"), person("Bo", CompanyFactory(category=category["Opportunity"]))
    set_lead_status(contact=person("Curt"), status=status["Qualified"])
    person("Gone", archived_at=timezone.now())
    person("Away", CompanyFactory(archived_at=timezone.now()))
    hidden = person("Hidden").company
    Company.objects.filter(pk=hidden.pk).update(category=category["Partner"])
    found = columns(jonas, BOARD)
    assert found["Open 2 Lead 1 Opportunity 1"] == ["Ane", "Bo"]
    assert found["Qualified 1 Lead 1"] == ["Curt"]
    assert [head for head in found if not found[head]] == ["Contacting 0", "Disqualified 0", "Re-nurture 0"]
    assert "3 contacts" in jonas.get(BOARD).content.decode()


def test_who_has_been_longest_without_a_change_comes_first_and_the_card_says_how_long(jonas, status):
    now = timezone.now()
    people = {}
    for name, days in (("Ane", 3), ("Bo", 40), ("Curt", 1)):
        with travel(now - timedelta(days=days), tick=False):
            people[name] = person(name)
    person("Dea")
    assert cards(jonas, BOARD) == ["Bo", "Ane", "Curt", "Dea"]
    html = jonas.get(BOARD).content.decode()
    assert [unescape(age) for age in re.findall(r"Last change: </span>([^<]*)", html)] == ["40 days", "3 days", "1 day", "Today"]
    set_lead_status(contact=people["Bo"], status=status["Contacting"])
    set_lead_status(contact=people["Bo"], status=status["Open"])
    assert cards(jonas, BOARD)[0] == "Ane"


def test_show_more_goes_on_where_the_cards_end(jonas, status):
    company = CompanyFactory()
    Contact.objects.bulk_create(Contact(first_name=f"Nr{at:02}", company=company) for at in range(60))
    Lead.objects.update(is_automatic=False)
    Lead.objects.filter(contact__first_name__lt="Nr30").update(updated_at=timezone.now() - timedelta(days=5))
    assert by_show_more(jonas, BOARD, f"status-{status['Open'].pk}") == [f"Nr{at:02}" for at in range(60)]


def test_c4_a_deleted_status_stays_while_somebody_has_it_and_nobody_moves_there(jonas, status):
    ane, bo = person("Ane"), person("Bo")
    set_lead_status(contact=ane, status=status["Qualified"])
    LeadStatus.objects.filter(name__in=["Qualified", "Re-nurture"]).update(archived_at=timezone.now())
    assert columns(jonas, BOARD)["Qualified Deleted 1 Lead 1"] == ["Ane"]
    assert "Re-nurture" not in " ".join(columns(jonas, BOARD))
    answer = move(jonas, bo, status["Qualified"], status["Open"])
    assert (answer.status_code, "has been deleted" in answer.content.decode()) == (422, True)
    assert "data-undo" not in move(jonas, ane, status["Open"], status["Qualified"]).content.decode()  # there is no way back


def test_it_is_narrowed_by_our_contact_category_and_words_in_the_address(jonas, salesperson, colleague, category):
    person("Ane", CompanyFactory(our_contact=salesperson))
    person("Bo", CompanyFactory(our_contact=colleague, category=category["Opportunity"], name="Ærø Skibsbyg"))
    person("Curt")
    for asked, wanted in (
        ({"owner": "me"}, {"Ane"}), ({"owner": colleague.pk}, {"Bo"}), ({"owner": "none"}, {"Curt"}), ({"category": category["Opportunity"].pk}, {"Bo"}),
        ({"q": "ÆRØ"}, {"Bo"}), ({"q": "curt"}, {"Curt"}), ({"category": category["Partner"].pk}, set()),
        ({"owner": "x", "category": "²", "q": ""}, {"Ane", "Bo", "Curt"}),
    ):  # fmt: skip
        assert set(cards(jonas, BOARD, **asked)) == wanted, asked
    assert "Nobody matches" in jonas.get(BOARD, {"q": "nothing"}).content.decode()


def test_an_empty_board_says_why(jonas):
    assert "No leads yet" in jonas.get(BOARD).content.decode()
    CompanyCategory.objects.update(lead_status_enabled=False)
    assert "Lead status is not used" in jonas.get(BOARD).content.decode()


def test_the_statements_are_as_many_for_ten_cards_as_for_a_thousand(jonas, status):
    def fill(count):
        companies = [CompanyFactory(our_contact=User.objects.get()) for _ in range(5)]
        contacts = Contact.objects.bulk_create(Contact(first_name=f"Nr{at}", company=companies[at % 5]) for at in range(count))
        SaleFactory(contact=contacts[0], company=companies[0])

    assert_costs_the_same(jonas, lambda: {"board": BOARD}, fill)


# -------------------------------------------------------------------- moving
def test_l4_a_move_sets_the_lead_status_and_is_undone_from_the_toast(jonas, status):
    ane = person("Ane")
    html = move(jonas, ane, status["Qualified"], status["Open"]).content.decode()
    assert "Lead status of Ane is now Qualified" in html
    assert "data-undo" in html
    back = dict(re.findall(r'name="(status|seen_lead_status)" value="(\d+)"', html))
    assert back == {"status": str(status["Open"].pk), "seen_lead_status": str(status["Qualified"].pk)}
    jonas.post(f"/contacts/{ane.pk}/lead-status/", back, headers=HTMX)
    assert Lead.objects.get().status == status["Open"]
    assert ane.lead_status_changes.count() == 3


def test_a9_where_a_rule_has_moved_the_company_its_category_is_what_the_toast_undoes(jonas, category, status):
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"])
    html = move(jonas, person("Ane"), status["Qualified"], status["Open"]).content.decode()
    assert "is now Opportunity." in html
    assert "Undo the category" in html
    assert html.count("data-undo") == 1


@for_real
def test_q1_a_rule_that_asks_opens_its_dialog_and_the_card_waits(jonas, category, status):
    rule("lead_status_set", category["Opportunity"], lead_status=status["Qualified"], ask=True)
    ane = person("Ane")
    assert "dialog:open" in move(jonas, ane, status["Qualified"], status["Open"]).headers["HX-Trigger-After-Settle"]
    assert (where(ane.company), Lead.objects.get().status) == ("Lead", status["Qualified"])
    assert re.search(r'<a class="chip tone-blue" id="confirm-\d+"', jonas.get(BOARD).content.decode())


def test_whom_a_colleague_has_moved_meanwhile_is_refused_by_name_and_stays(jonas, colleague, status):
    ane = person("Ane")
    with acting_as(colleague):
        set_lead_status(contact=ane, status=status["Contacting"])
    for headers in (HTMX, {}):
        answer = move(jonas, ane, status["Qualified"], status["Open"], headers=headers, next=BOARD)
        assert answer.status_code == (409 if headers else 302)
        html = (answer if headers else jonas.get(BOARD)).content.decode()
        assert "Ane was not moved: the lead status is Contacting now. Signe Bach changed it." in html
    assert Lead.objects.get().status == status["Contacting"]
    assert move(jonas, ane, status["Contacting"], status["Open"]).status_code == 200  # what I wanted, too


def test_who_was_archived_meanwhile_is_left_alone(jonas, colleague, status):
    ane = person("Ane")
    with acting_as(colleague):
        Contact.objects.update(archived_at=timezone.now())
    answer = move(jonas, ane, status["Qualified"], status["Open"])
    assert (answer.status_code, "Signe Bach has archived “Ane”." in answer.content.decode()) == (409, True)
    assert Lead.objects.get().status == status["Open"]


def test_l1_whose_company_has_left_lead_status_meanwhile_is_refused_with_the_reason_and_goes(jonas, category, status):
    ane = person("Ane")
    Company.objects.update(category=category["Customer"])
    answer = move(jonas, ane, status["Qualified"], status["Open"])
    assert (answer.status_code, "page:changed" in answer.headers["HX-Trigger-After-Settle"]) == (422, True)
    assert "Lead status is not used for companies in Customer. Nothing was saved." in answer.content.decode()
    assert cards(jonas, BOARD) == []


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_at_the_end_of_the_calendar_shows_the_first_cards(jonas, status, time):
    ContactFactory(first_name="Torben", last_name="")
    column = f"status-{status['Open'].pk}"
    assert next(iter(columns(jonas, BOARD, column=column, after=f"{time}~1").values())) == ["Torben"]
