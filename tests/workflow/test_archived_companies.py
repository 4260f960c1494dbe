"""S5: nobody changes the category of an archived company, on any road; what waits there is out of sight until it is restored."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.actor import acting_as, working
from crm.archiving import RecordArchived
from crm.models import Company, CompanyCategory, Sale
from leads.models import LeadStatus
from tests.browsers import HTMX, both_ways
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow.changes import said
from tests.workflow.questions import ask, outcome, whom
from workflow import handing, inbox
from workflow.again import ask_again
from workflow.models import Batch, CategoryDecision, HandOver
from workflow.undo import undo, undo_batch, undoing_of

pytestmark = pytest.mark.django_db
WHY = "Signe Bach has archived “{name}”. Restore it to change it."


def archive(company, by=None, *, back=False):
    with acting_as(by):
        company.refresh_from_db()
        company.archived_at = None if back else timezone.now()
        company.save()


def told(client, response):
    return said(client, response).replace("&#x27;", "'")


@pytest.fixture
def asked(asking, salesperson, colleague):
    """Jonas is asked about A and B; Signe has archived A."""
    found = ask(salesperson, *"AB")
    archive(found[0].company, colleague)
    return found


def unchanged(decision):
    company = Company.objects.get(pk=decision.company_id)
    return outcome(decision) == "waiting" and company.category.name == "Lead" and company.category_version == 1


@pytest.mark.parametrize("answer", ["accept", "keep", "other"])
@pytest.mark.parametrize("road", ["", "quick/"])
def test_s5_an_answer_is_refused_in_the_dialog_with_who_archived_it(jonas, asked, category, answer, road):
    values = {"answer": answer, "category": category["Partner"].pk, "seen_version": 1}
    response = jonas.post(f"/confirmations/{asked[0].pk}/{road}", values, headers=HTMX)
    assert response.status_code == 409
    assert WHY.format(name="A") in response.content.decode()
    assert "answer-accept" not in response.content.decode()
    assert unchanged(asked[0])


def test_s5_the_dialog_of_an_archived_company_asks_nothing_and_asks_again_after_restore(jonas, asked):
    address = f"/confirmations/{asked[0].pk}/"
    assert WHY.format(name="A") in jonas.get(address).content.decode()
    assert "answer-accept" not in jonas.get(address).content.decode()
    archive(asked[0].company, back=True)
    assert "answer-accept" in jonas.get(address).content.decode()


@both_ways
def test_s5_of_several_those_at_archived_companies_are_said_and_the_others_are_answered(jonas, asked, headers):
    values = {"all": "accept", "ids": f"{asked[0].pk},{asked[1].pk}", **{f"seen-{one.pk}": 1 for one in asked}}
    html = told(jonas, jonas.post("/confirmations/answers/", values, headers=headers))
    assert WHY.format(name="A") in html
    assert "B is now Customer" in html
    assert unchanged(asked[0])


def test_s5_a_question_at_an_archived_company_is_neither_handed_over_nor_taken_back(jonas, salesperson, colleague, asked):
    with pytest.raises(RecordArchived):
        handing.hand_over(asked[0].pk, to=colleague, by=salesperson)
    handed = handing.hand_over(asked[1].pk, to=colleague, by=salesperson)
    archive(asked[1].company, colleague)
    assert WHY.format(name="B") in told(jonas, jonas.post("/confirmations/take-back/", {"ids": handed.pk}, headers=HTMX))
    assert [*map(whom, asked)] == [salesperson, colleague]
    assert HandOver.objects.count() == 1


def test_s5_what_waits_there_is_out_of_sight_until_it_is_restored(jonas, salesperson, administrator, asked):
    (sale,) = asked[0].company.sales.all()
    places = {
        "/confirmations/": f"ask-{asked[0].pk}",
        sale.get_absolute_url(): 'id="pending"',
        asked[0].company.get_absolute_url(): 'id="pending"',
        "/pipeline/?closed=1": f"confirm-{asked[0].pk}",
    }
    for user in (salesperson, administrator):
        assert list(inbox.answerable_by(user)) == [asked[1]]
    for place, sign in places.items():
        assert sign not in jonas.get(place).content.decode(), place
    archive(asked[0].company, back=True)
    assert set(inbox.answerable_by(salesperson)) == set(asked)
    for place in list(places)[:3]:
        assert places[place] in jonas.get(place).content.decode(), place


@both_ways
def test_s5_a_change_of_an_archived_company_is_not_undone(jonas, salesperson, colleague, moved, headers):
    decision = moved.decisions.get(applied_version=2)
    archive(moved, colleague)
    response = jonas.post(f"/category-changes/{decision.pk}/undo/", headers=headers)
    assert not headers or response.status_code == 409
    assert WHY.format(name="Fjordbo") in told(jonas, response)
    assert WHY.format(name="Fjordbo") in told(jonas, jonas.post("/confirmations/undo/", {"ids": decision.pk}, headers=headers))
    assert Company.objects.get().category.name == "Customer"
    assert f"/category-changes/{decision.pk}/undo/" not in jonas.get(moved.get_absolute_url()).content.decode()
    archive(moved, back=True)
    undo(decision.pk, by=salesperson)
    assert Company.objects.get().category.name == "Lead"


def test_s5_what_was_kept_at_an_archived_company_is_not_asked_again(salesperson, colleague, kept):
    archive(kept.company, colleague)
    with pytest.raises(RecordArchived):
        ask_again(kept.pk, by=salesperson)
    assert not CategoryDecision.objects.waiting().exists()


def test_s5_undoing_a_batch_leaves_archived_companies_and_says_so(client, category, administrator):
    rule("sale_won", category["Customer"])
    companies = [CompanyFactory(name=name) for name in "AB"]
    with working(user=administrator, kind="import"):
        Sale.objects.bulk_create(Sale(title="x", company=company, status="won") for company in companies)
    batch = Batch.objects.get()
    archive(companies[0])
    assert (undoing_of(batch).possible, undoing_of(batch).archived) == (1, 1)
    client.force_login(administrator)
    assert "1 company stays as it is: it is archived." in client.get(batch.get_absolute_url()).content.decode()
    assert undo_batch(batch, by=administrator) == 1
    assert [Company.objects.get(name=name).category.name for name in "AB"] == ["Customer", "Lead"]
    archive(companies[0], back=True)
    assert undo_batch(batch, by=administrator) == 1


@both_ways
def test_s5_the_lead_status_of_somebody_at_an_archived_company_is_not_changed(jonas, colleague, headers):
    contact = ContactFactory(company=CompanyFactory(name="Fjordbo"))
    archive(contact.company, colleague)
    status = LeadStatus.objects.get(name="Qualified")
    response = jonas.post(f"{contact.get_absolute_url()}lead-status/", {"status": status.pk}, headers=headers)
    assert not headers or response.status_code == 409
    assert WHY.format(name="Fjordbo") in told(jonas, response)
    contact.refresh_from_db()
    assert contact.lead.status != status
    for page in (contact.get_absolute_url(), contact.company.get_absolute_url()):
        assert "status-menu-" not in jonas.get(page).content.decode(), page
    archive(contact.company, back=True)
    assert "status-menu-" in jonas.get(contact.company.get_absolute_url()).content.decode()


def test_s5_a_silent_rule_keeps_the_truth_at_an_archived_company_and_a_question_waits_for_its_return(
    jonas, category, colleague, django_capture_on_commit_callbacks
):
    quiet, asking = CompanyFactory(name="Quiet"), CompanyFactory(name="Asking")
    win = rule("sale_won", category["Customer"])
    first, second = SaleFactory(company=quiet), SaleFactory(company=asking)
    archive(quiet, colleague)
    archive(asking, colleague)
    jonas.post(f"{first.get_absolute_url()}won/", headers=HTMX)
    assert Company.objects.get(name="Quiet").category.name == "Customer"
    win.ask_user = True
    win.save()
    with django_capture_on_commit_callbacks(execute=True):
        response = jonas.post(f"{second.get_absolute_url()}won/", headers=HTMX)
    assert "dialog:open" not in response["HX-Trigger-After-Settle"]
    assert CategoryDecision.objects.waiting().get().company == asking
    assert CompanyCategory.objects.get(companies=asking).name == "Lead"
