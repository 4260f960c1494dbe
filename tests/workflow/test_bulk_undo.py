"""A bulk edit is taken back as a whole (S3, A9): old values where nobody has changed them since, and what the rules did with it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.actor import acting_as
from crm.bulk_edit import Selection, set_owner
from crm.bulk_undo import undo
from crm.models import BulkEdit, Company, Sale, User
from tests.factories import CompanyFactory, SaleFactory, StageFactory, UserFactory, rule
from tests.sizes import know_sizes
from tests.workflow.test_bulk_edit import ARCHIVED, HERE, fresh, send, text, win
from workflow.models import Batch, CategoryDecision
from workflow.undo import undo_batch

pytestmark = pytest.mark.django_db


def take_back(browser, *, headers=HERE, **fields):
    """Press Undo of the latest bulk edit."""
    return browser.post(f"/bulk/{BulkEdit.objects.latest('pk').pk}/undo/", fields, headers=headers)


def notice(browser):
    """What the notice says now, when it is asked again."""
    return text(browser.get(f"/bulk/{BulkEdit.objects.latest('pk').pk}/told/", headers=HERE))


def test_s3_our_contact_goes_back_to_what_each_company_had(jonas, colleague, salesperson):
    mine, nobodys = CompanyFactory(our_contact=salesperson), CompanyFactory()
    response = send(jonas, "companies/bulk/our-contact", [mine, nobodys], our_contact=colleague.pk)
    assert f"/bulk/{BulkEdit.objects.get().pk}/undo/" in response.content.decode()
    assert "Undone for 2 companies." in text(take_back(jonas))
    assert (fresh(mine).our_contact, fresh(nobodys).our_contact) == (salesperson, None)


def test_s3_what_somebody_changed_since_is_left_and_said(jonas, colleague, salesperson):
    changed, gone, same = CompanyFactory(name="Ærø"), CompanyFactory(name="Bo"), CompanyFactory(name="Ci")
    send(jonas, "companies/bulk/our-contact", [changed, gone, same], our_contact=colleague.pk)
    Company.objects.filter(pk=changed.pk).update(our_contact=salesperson)
    Company.objects.filter(pk=gone.pk).update(archived_at=ARCHIVED)
    said = text(take_back(jonas))
    assert "Undone for 1 company. 2 companies stay as they are" in said
    assert "Not undone: 2 companies." in said
    assert "Ærø : It has been changed since." in said
    assert "Bo : It has been archived." in said
    assert (fresh(changed).our_contact, fresh(gone).our_contact, fresh(same).our_contact) == (salesperson, colleague, None)
    assert "Not undone: 2 companies." in notice(jonas)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Undone for 2 companies. 1 company stays as it is: see above the list."),
        ("da", "Fortrudt for 2 firmaer. 1 firma forbliver uændret: se over listen."),
    ],
)
def test_s3_one_that_stays_is_said_as_one(jonas, colleague, salesperson, language, said):
    salesperson.language = language
    salesperson.save()
    changed, *others = [CompanyFactory() for _one in range(3)]
    send(jonas, "companies/bulk/our-contact", [changed, *others], our_contact=colleague.pk)
    Company.objects.filter(pk=changed.pk).update(our_contact=salesperson)
    assert said in text(take_back(jonas))


def test_s3_undoing_twice_undoes_once(jonas, colleague):
    company = CompanyFactory()
    send(jonas, "companies/bulk/our-contact", [company], our_contact=colleague.pk)
    take_back(jonas)
    Company.objects.filter(pk=company.pk).update(our_contact=colleague)
    response = take_back(jonas)
    assert response.status_code == 409
    assert "This has been undone already." in text(response)
    assert fresh(company).our_contact == colleague


def test_s3_owner_and_stage_go_back_but_not_to_a_deleted_stage_or_somebody_who_left(jonas, colleague, salesperson):
    old, deleted, new = StageFactory(), StageFactory(), StageFactory()
    left = UserFactory(first_name="Left")
    one, two = SaleFactory(stage=old, owner=salesperson), SaleFactory(stage=deleted, owner=left)
    send(jonas, "sales/bulk/owner", [one, two], owner=colleague.pk)
    User.objects.filter(pk=left.pk).update(is_active=False)
    assert "Left Holst, who had it before, has left." in text(take_back(jonas))
    assert (fresh(one).owner, fresh(two).owner) == (salesperson, colleague)
    send(jonas, "sales/bulk/stage", [fresh(one), fresh(two)], stage=new.pk)
    type(deleted).objects.filter(pk=deleted.pk).update(archived_at=ARCHIVED)
    assert "has been deleted." in text(take_back(jonas))
    assert (fresh(one).stage, fresh(two).stage) == (old, new)


def test_s2_a9_sales_are_open_or_stalled_again_and_their_companies_go_back(jonas, category):
    rule("sale_won", category["Customer"])
    sale, stalled = SaleFactory(), SaleFactory(status="stalled", reopen_on="2027-01-05")
    win(jonas, sale, stalled)
    said = text(take_back(jonas))
    assert "Undone for 2 sales. 2 companies have their category from before." in said
    assert (fresh(sale).status, fresh(sale).closed_on) == ("open", None)
    assert (fresh(stalled).status, str(fresh(stalled).reopen_on)) == ("stalled", "2027-01-05")
    assert {fresh(sale.company).category, fresh(stalled.company).category} == {category["Lead"]}
    assert CategoryDecision.objects.filter(outcome="undone").count() == 2


def test_a9_where_a_sale_is_left_as_won_its_company_keeps_its_category(jonas, category):
    rule("sale_won", category["Customer"])
    sale, other = SaleFactory(), SaleFactory()
    win(jonas, sale, other)
    Sale.objects.filter(pk=other.pk).update(closed_on="2026-02-02")
    said = text(take_back(jonas))
    assert "1 company has its category from before. 1 company keeps its new category." in said
    assert (fresh(sale.company).category, fresh(other.company).category) == (category["Lead"], category["Customer"])


def test_a9_a_company_that_moved_on_stays_though_its_sale_is_reopened(jonas, category):
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    win(jonas, sale)
    Company.objects.filter(pk=sale.company_id).update(category=category["Partner"])
    assert "1 company keeps its new category." in text(take_back(jonas))
    assert (fresh(sale).status, fresh(sale.company).category) == ("open", category["Partner"])


def test_q4_questions_that_the_edit_raised_end_with_it(jonas, category):
    rule("sale_won", category["Customer"], ask=True)
    win(jonas, SaleFactory(), SaleFactory())
    assert "2 questions wait for an answer" in notice(jonas)
    take_back(jonas)
    assert not CategoryDecision.objects.waiting().exists()
    assert notice(jonas) == ""


def test_a9_the_notice_of_moved_categories_goes_away_when_they_are_taken_back(jonas, category):
    send(jonas, "companies/bulk/category", [CompanyFactory(), CompanyFactory()], category=category["Partner"].pk)
    assert "2 companies are now Partner." in notice(jonas)
    undo_batch(Batch.objects.get(kind="bulk"), by=BulkEdit.objects.get().user)
    assert notice(jonas) == ""


def test_a9_a_company_moved_on_since_is_said_and_the_notice_offers_no_undo_that_does_nothing(jonas, category):
    moved_on, *others = CompanyFactory.create_batch(3)
    send(jonas, "companies/bulk/category", [moved_on, *others], category=category["Partner"].pk)
    Company.objects.filter(pk=moved_on.pk).update(category=category["Other"])
    batch = Batch.objects.earliest("pk")
    assert "New category: 2 companies." in notice(jonas)
    undo_it = f"/category-changes/batches/{batch.pk}/undo/"
    stays = "1 company stays as it is: somebody has changed its category since."
    assert f"Undone for 2 companies. {stays}" in text(jonas.post(undo_it, headers=HERE))
    assert notice(jonas) == ""
    assert f"There is nothing more to undo. {stays}" in text(jonas.post(undo_it, headers=HERE))
    assert [fresh(one).category.name for one in (moved_on, *others)] == ["Other", "Lead", "Lead"]


def test_only_whoever_did_it_and_administrators_take_it_back(jonas, maja, colleague, salesperson):
    company = CompanyFactory()
    with acting_as(colleague):
        send(jonas, "companies/bulk/our-contact", [company], our_contact=colleague.pk)
    edit = BulkEdit.objects.get()
    BulkEdit.objects.update(user=colleague)
    assert take_back(jonas).status_code == 403
    assert jonas.get(f"/bulk/{edit.pk}/told/", headers=HERE).status_code == 403
    assert take_back(maja).status_code == 200
    assert fresh(company).our_contact is None


def test_without_javascript_the_next_page_tells_what_was_left(jonas, colleague):
    company = CompanyFactory(name="Ærø")
    send(jonas, "companies/bulk/our-contact", [company], our_contact=colleague.pk)
    Company.objects.filter(pk=company.pk).update(archived_at=ARCHIVED)
    response = take_back(jonas, headers={}, next="/companies/?q=x")
    assert response["Location"] == "/companies/?q=x"
    page = text(jonas.get("/companies/?q=x"))
    assert "Nothing could be undone." in page
    assert "Ærø : It has been archived." in page


def test_undoing_a_thousand_costs_as_many_statements_as_ten(salesperson, colleague):
    def cost(size):
        sales = Sale.objects.bulk_create(Sale(title="Tag", owner=salesperson) for _n in range(size))
        edited = set_owner(Selection([sale.pk for sale in sales]), owner=colleague, by=salesperson)
        know_sizes()
        with CaptureQueriesContext(connection) as captured:
            assert len(undo(edited.kept.pk, by=salesperson).done) == size
        return len(captured)

    cost(5)
    assert cost(10) == cost(1_000)
