"""The overview: what needs me today, in order, live, and the same number of statements with 10 and with 1,000 rows."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Company, Contact, FollowUp, Sale
from leads.models import Lead
from tests.browsers import HTMX, browser
from tests.budgets import statements
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, UserFactory, rule
from tests.sizes import know_sizes

pytestmark = pytest.mark.django_db


def day(client):
    """The sections in their order, and the quiet lines."""
    html = client.get("/").content.decode()
    quiet = re.search(r'class="day__quiet".*?</ul>', html, re.DOTALL)
    return re.findall(r'<h2 id="([a-z-]+)-h"', html), re.findall(r"<span>(.*?)</span></li>", quiet[0]) if quiet else []


def section(client, name):
    """The text of one section."""
    html = client.get("/").content.decode()
    return html.partition(f'aria-labelledby="{name}-h"')[2].partition("</section>")[0]


@pytest.fixture
def busy(salesperson, category):
    """A day with everything in it."""
    rule("sale_won", category["Customer"], ask=True)
    company = CompanyFactory(name="Fjordbo", our_contact=salesperson)
    ContactFactory(company=company)
    with acting_as(salesperson):
        SaleFactory(company=company, status="won")
        moved = CompanyFactory(name="Moved", our_contact=salesperson)
        Company.objects.filter(pk=moved.pk).update(category=category["Partner"])
    SaleFactory(company=company, owner=salesperson, stage=StageFactory())
    SaleFactory(title="Wind", company=company, owner=salesperson, status="stalled", reopen_on=timezone.localdate())
    FollowUp.objects.create(company=company, text="Call", due_on=timezone.localdate(), owner=salesperson)


def test_the_sections_come_in_the_order_in_which_they_need_me(jonas, busy):
    assert day(jonas) == (["waiting", "due", "new-leads", "stalled", "pipeline", "moved"], [])


def test_a_day_with_nothing_in_it_is_a_calm_all_clear_with_a_line_for_each(jonas, maja):
    for client in (jonas, maja):
        sections, quiet = day(client)
        assert sections == []
        assert quiet == [
            "No confirmations wait for you.",
            "Nothing to follow up today.",
            "No new leads at your companies.",
            "No stalled sale is due to be reopened.",
            "You have no open sales.",
            "None of your companies has changed category yet.",
        ]
        assert "Nothing needs you today" in client.get("/").content.decode()


def test_somebody_who_may_only_look_has_no_buttons_and_somebody_without_rights_is_told(onlooker, busy):
    sale = SaleFactory(status="stalled", reopen_on=timezone.localdate())
    Sale.objects.filter(pk=sale.pk).update(owner=UserFactory._meta.model.objects.get(email="karen@havn.example"))
    assert day(onlooker)[0] == ["stalled"]
    assert "Reopen" not in re.sub(r"Re-open date|to reopen", "", section(onlooker, "stalled"))
    assert "You have no access to companies, contacts or sales." in browser(UserFactory(groups=[])).get("/").content.decode()


def test_it_refreshes_itself_without_the_shell(jonas, busy):
    html = jonas.get("/", headers=HTMX).content.decode()
    assert "<html" not in html
    assert 'data-live hx-get="/"' in html
    assert 'id="nav-count-confirmations"' in html


# ----------------------------------------------------------------------- confirmations
def test_q2_confirmations_come_the_oldest_first_and_only_mine(jonas, salesperson, colleague, category):
    rule("sale_won", category["Customer"], ask=True)
    for user, name in ((salesperson, "First"), (salesperson, "Second"), (colleague, "Theirs")):
        with acting_as(user):
            SaleFactory(company=CompanyFactory(name=name), status="won")
    html = section(jonas, "waiting")
    assert html.index("First") < html.index("Second")
    assert "Theirs" not in html


# --------------------------------------------------------------------------- new leads
def leads(client):
    return re.findall(r'href="/contacts/\d+/">([^<]+)<', section(client, "new-leads"))


def lead(name, **company):
    return ContactFactory(first_name=name, last_name="", company=CompanyFactory(**company)).lead


def test_l3_new_leads_are_those_of_my_companies_that_nobody_has_touched_the_newest_first(jonas, salesperson, colleague, status):
    for number, name in enumerate(["Older", "Newer"]):
        plain(Lead).filter(pk=lead(name, our_contact=salesperson).pk).update(created_at=timezone.now() - dt.timedelta(days=40 - number))
    lead("Theirs", our_contact=colleague)
    touched = lead("Touched", our_contact=salesperson)
    touched.status = status["Contacting"]
    touched.save()
    assert leads(jonas) == ["Newer", "Older"]


def test_l1_a_lead_status_that_is_hidden_archived_or_no_longer_open_is_no_new_lead(jonas, salesperson, category, status):
    hidden, archived, gone = (lead(name, our_contact=salesperson) for name in ("Hidden", "Archived", "Gone"))
    Company.objects.filter(pk=hidden.contact.company_id).update(category=category["Customer"])
    Contact.objects.filter(pk=archived.contact_id).update(archived_at=timezone.now())
    Company.objects.filter(pk=gone.contact.company_id).update(archived_at=timezone.now())
    plain(Lead).filter(pk=lead("Qualified", our_contact=salesperson).pk).update(status=status["Qualified"])
    assert leads(jonas) == []


def test_what_a_person_gave_its_first_status_is_new_for_fourteen_days(jonas, salesperson):
    for name, days in (("Recent", 13), ("Old", 15)):
        found = plain(Lead).filter(pk=lead(name, our_contact=salesperson).pk)
        found.update(is_automatic=False, created_at=timezone.now() - dt.timedelta(days=days))
    assert leads(jonas) == ["Recent"]


# ------------------------------------------------------------------------------- sales
def test_stalled_sales_of_mine_come_back_on_their_day_and_are_reopened_with_one_click(jonas, salesperson, colleague):
    today = timezone.localdate()
    for title, owner, days in (("Due", salesperson, 0), ("Long due", salesperson, -9), ("Not yet", salesperson, 1), ("Theirs", colleague, 0)):
        SaleFactory(title=title, owner=owner, status="stalled", reopen_on=today + dt.timedelta(days=days))
    html = section(jonas, "stalled")
    assert re.findall(r'href="/sales/\d+/">([^<]+)<', html) == ["Long due", "Due"]
    pk = re.search(r'id="reopen-(\d+)"', html)[1]
    assert jonas.post(f"/sales/{pk}/reopen/", {"next": "/"})["Location"] == "/"
    assert Sale.objects.get(pk=pk).status == "open"


def test_my_pipeline_counts_by_stage_and_never_adds_two_currencies(jonas, salesperson, colleague):
    stages = [StageFactory(name=name, position=place) for place, name in ((98, "Zeta"), (97, "Analysis"))]
    for stage, amount, currency in ((stages[0], 100, "DKK"), (stages[0], 20, "EUR"), (stages[1], 50, "DKK"), (None, 7, "DKK")):
        SaleFactory(owner=salesperson, stage=stage, amount=amount, currency=currency)
    SaleFactory(owner=colleague, stage=stages[0], amount=9_000)
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="end num[^"]*">(\d+)</td><td[^>]*>(.*?)</td>', section(jonas, "pipeline"))
    told = [(name, int(n), re.sub(r"<[^>]+>|\s", "", sums).replace("\xa0", "")) for name, n, sums in rows]
    assert told == [("Analysis", 1, "DKK50"), ("Zeta", 2, "DKK100+EUR20"), ("No stage", 1, "DKK7"), ("In all", 4, "DKK157+EUR20")]


def test_what_is_overdue_says_so_and_what_closes_this_week_is_listed(jonas, salesperson):
    today = timezone.localdate()
    sunday = today + dt.timedelta(days=6 - today.weekday())
    for title, closes in (("Late", today - dt.timedelta(days=1)), ("This week", sunday), ("Next week", sunday + dt.timedelta(days=1)), ("Some day", None)):
        SaleFactory(title=title, owner=salesperson, expected_close=closes)
    html = section(jonas, "pipeline").partition('class="day__sub"')[2]
    assert re.findall(r'href="/sales/\d+/">([^<]+)<', html) == ["Late", "This week"]
    assert html.count("Overdue: ") == 1


# --------------------------------------------------------------------------- its price
def _fill(user, number, category):
    companies = Company.objects.bulk_create(Company(name=f"Firma {n}", our_contact=user) for n in range(number))
    Contact.objects.bulk_create(Contact(first_name="Anne", company=company) for company in companies)
    today = timezone.localdate()
    with acting_as(user):
        Sale.objects.bulk_create(Sale(title="Won", company=company, status="won") for company in companies)
        Sale.objects.bulk_create(Sale(title="Open", company=company, owner=user, expected_close=today) for company in companies)
        Sale.objects.bulk_create(Sale(title="Due", company=company, owner=user, status="stalled", reopen_on=today) for company in companies)
    moved = Company.objects.bulk_create(Company(name=f"Moved {n}", our_contact=user) for n in range(number))
    Company.objects.filter(pk__in=[company.pk for company in moved]).update(category=category["Partner"])


def test_the_overview_costs_as_many_statements_with_1000_rows_as_with_10(jonas, salesperson, category):
    """House rule 4."""
    rule("sale_won", category["Customer"], ask=True)
    costs = []
    for number in (10, 990):
        _fill(salesperson, number, category)
        know_sizes()
        costs.append(statements(jonas, "/"))
    assert costs[0] == costs[1] == 24
