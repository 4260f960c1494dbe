"""Changing many companies or sales at once from a list (S3, A4, A5, A9, Q6): one save, one summary, nothing overwritten."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.bulk_edit import Selection, close_sales
from crm.models import Company, Sale, SaleReason
from crm.record_lists import Listing
from tests.browsers import for_real
from tests.crm.writes import plain
from tests.factories import CompanyFactory, SaleFactory, StageFactory, UserFactory, rule
from tests.sizes import know_sizes
from workflow.models import Batch, CategoryDecision

pytestmark = pytest.mark.django_db

HERE = {"HX-Request": "true", "HX-Current-URL": "http://testserver/list/"}
ARCHIVED = "2026-01-01T00:00Z"


def pick(*records):
    """What the list's boxes send of these."""
    return [
        f"{one.pk}:{one.category_version}:{one.our_contact_id or ''}"
        if isinstance(one, Company)
        else f"{one.pk}:{one.status}:{one.stage_id or ''}:{one.owner_id or ''}"
        for one in records
    ]


def send(browser, verb, records=(), *, headers=HERE, **fields):
    """Send the step of this verb for these records."""
    return browser.post(f"/{verb}/", {"pick": pick(*records), "request_id": str(uuid.uuid4()), **fields}, headers=headers)


def win(browser, *sales, **fields):
    return send(browser, "sales/bulk/won", sales, closed_on="2026-03-01", **fields)


def text(response):
    """The answer without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def fresh(record):
    """The record as it is now."""
    return type(record).objects.get(pk=record.pk)


# -------------------------------------------------------------------- the step
def test_the_step_says_how_many_and_carries_them_on(jonas):
    sales = SaleFactory.create_batch(3)
    response = jonas.get("/sales/bulk/won/", {"pick": pick(*sales), "next": "/sales/?q=x"}, headers=HERE)
    assert "3 sales" in text(response)
    assert all(f'name="pick" value="{value}"' in response.content.decode() for value in pick(*sales))
    assert 'name="next" value="/sales/?q=x"' in response.content.decode()


def test_the_step_of_nothing_says_so_and_of_nonsense_too(jonas):
    for asked in ({}, {"pick": ["x", "²", "0", "-1:2:3", "9" * 30]}, {"pick": ["987654:1:"]}, {"all": "1", "query": "q=nothing"}):
        assert "Nothing is selected" in text(jonas.get("/companies/bulk/category/", asked))
        assert send(jonas, "companies/bulk/category", **asked).status_code == 422


def test_what_the_step_refuses_is_said_at_the_field_and_nothing_is_done(jonas):
    sale = SaleFactory()
    for date, said in (("2999-01-01", "A closing date cannot be in the future"), ("x", "Enter a valid date"), ("", "This field is required")):
        response = send(jonas, "sales/bulk/lost", [sale], closed_on=date)
        assert response.status_code == 422
        assert said in text(response)
    assert fresh(sale).status == "open"


def test_who_may_only_look_has_no_boxes_and_is_refused(onlooker):
    sale = SaleFactory()
    assert 'name="pick"' not in onlooker.get("/sales/").content.decode()
    assert onlooker.get("/sales/bulk/won/").status_code == 403
    assert win(onlooker, sale).status_code == 403


# ------------------------------------------------------------------- companies
def test_c7_companies_are_moved_by_hand_in_one_batch_that_is_undone_as_a_whole(jonas, salesperson, category):
    companies = CompanyFactory.create_batch(3)
    response = send(jonas, "companies/bulk/category", companies, category=category["Partner"].pk)
    assert response.status_code == 200
    assert "3 companies are now Partner." in text(response)
    batch = Batch.objects.get()
    assert (batch.kind, batch.user) == ("bulk", salesperson)
    assert set(CategoryDecision.objects.filter(batch=batch).values_list("trigger", "to_category__name", "caused_by")) == {("manual", "Partner", salesperson.pk)}
    assert f'action="/category-changes/batches/{batch.pk}/undo/"' in response.content.decode()
    assert f'href="{batch.get_absolute_url()}"' in response.content.decode()
    jonas.post(f"/category-changes/batches/{batch.pk}/undo/", headers=HERE)
    assert {fresh(company).category.name for company in companies} == {"Lead"}


def test_what_changed_since_the_list_was_shown_is_skipped_and_said_and_never_overwritten(jonas, category):
    theirs, gone, same, mine = (CompanyFactory(name=name) for name in ("Theirs", "Gone", "Same", "Mine"))
    Company.objects.filter(pk=theirs.pk).update(category=category["Other"])
    Company.objects.filter(pk=same.pk).update(category=category["Partner"])
    Company.objects.filter(pk=gone.pk).update(archived_at=ARCHIVED)
    response = send(jonas, "companies/bulk/category", [theirs, gone, same, mine], category=category["Partner"].pk)
    said = text(response)
    assert "1 company is now Partner." in said
    assert "Already so: 1 company." in said
    assert "Left as they were: 2 companies." in said
    assert "Theirs : It has changed meanwhile: it is now Other." in said
    assert "Gone : It has been archived." in said
    assert f'href="/companies/{theirs.pk}/"' in response.content.decode()
    assert [fresh(company).category.name for company in (theirs, gone, same, mine)] == ["Other", "Lead", "Partner", "Partner"]


def test_our_contact_is_changed_or_taken_out_and_a_colleagues_choice_stays(jonas, salesperson, colleague):
    first, second, third = CompanyFactory.create_batch(3)
    Company.objects.filter(pk=third.pk).update(our_contact=colleague)
    response = send(jonas, "companies/bulk/our-contact", [first, second, third], our_contact=salesperson.pk)
    assert "Our contact for 2 companies: Jonas Krogh" in text(response)
    assert "A colleague has changed its contact with us meanwhile." in text(response)
    assert [fresh(company).our_contact for company in (first, second, third)] == [salesperson, salesperson, colleague]
    assert fresh(first).updated_by == salesperson
    assert not Batch.objects.exists()
    assert send(jonas, "companies/bulk/our-contact", [fresh(first)], our_contact="").status_code == 422  # only pressing Save takes nobody away
    assert fresh(first).our_contact == salesperson
    send(jonas, "companies/bulk/our-contact", [fresh(first)], our_contact="nobody")
    assert fresh(first).our_contact is None


def test_somebody_who_has_left_cannot_be_chosen(jonas):
    gone = UserFactory(is_active=False)
    assert send(jonas, "companies/bulk/our-contact", [CompanyFactory()], our_contact=gone.pk).status_code == 422


# ----------------------------------------------------------------------- sales
def test_s3_a4_sales_are_won_in_one_save_and_each_company_moves_once(jonas, category):
    rule("sale_won", category["Customer"])
    company, other = CompanyFactory(), CompanyFactory(category=category["Partner"])
    sales = [*SaleFactory.create_batch(2, company=company), SaleFactory(company=other), SaleFactory(company=None)]
    response = win(jonas, *sales)
    assert "4 sales won" in text(response)
    assert "New category: 1 company." in text(response)
    assert "/bulk/" in response.content.decode()  # Undo
    assert {(fresh(sale).status, str(fresh(sale).closed_on)) for sale in sales} == {("won", "2026-03-01")}
    assert fresh(company).category == category["Customer"]
    outcomes = CategoryDecision.objects.filter(trigger="sale_won").order_by("pk").values_list("outcome", "skip_reason")
    assert sorted(outcomes) == [("changed", ""), ("skipped", "not_potential"), ("skipped", "other_cause")]
    assert Batch.objects.count() == 1


def test_what_is_closed_already_is_said_and_stays_as_it_was_closed(jonas):
    won, lost, stalled = (SaleFactory(title=status, status=status) for status in ("won", "lost", "stalled"))
    plain(Sale).filter(pk=stalled.pk).update(reopen_on="2026-09-01")
    before = fresh(lost).closed_on
    said = text(win(jonas, won, lost, stalled))
    assert "1 sale won" in said
    assert "Already so: 1 sale." in said
    assert "lost : It is closed already: Lost." in said
    assert (fresh(lost).status, fresh(lost).closed_on, fresh(won).closed_on) == ("lost", before, before)
    assert (fresh(stalled).status, fresh(stalled).reopen_on) == ("won", None)


def test_sales_are_lost_with_date_reason_and_note(jonas):
    sales = SaleFactory.create_batch(2)
    price = SaleReason.objects.get(name="Price")
    response = send(jonas, "sales/bulk/lost", sales, closed_on="2026-02-03", reason=price.pk, reason_note="Too dear")
    assert "2 sales lost" in text(response)
    assert {(s.status, str(s.closed_on), s.reason, s.reason_note) for s in map(fresh, sales)} == {("lost", "2026-02-03", price, "Too dear")}
    assert "Nothing was changed." in text(send(jonas, "sales/bulk/lost", sales, closed_on="2026-02-04"))


def test_a_reason_for_losing_is_none_for_winning(jonas):
    assert win(jonas, SaleFactory(), reason=SaleReason.objects.get(name="Price").pk).status_code == 422


def test_stage_and_owner_are_changed_where_nobody_else_has(jonas, salesperson, colleague):
    before, after = StageFactory(), StageFactory()
    first, second, closed = (SaleFactory(title=title, stage=before) for title in ("First", "Second", "Closed"))
    shown = pick(first, second, closed)
    Sale.objects.filter(pk=second.pk).update(stage=StageFactory())
    Sale.objects.filter(pk=closed.pk).update(status="won")
    said = text(jonas.post("/sales/bulk/stage/", {"pick": shown, "stage": after.pk, "request_id": str(uuid.uuid4())}, headers=HERE))
    assert f"1 sale is now in {after}." in said
    assert "Second : A colleague has changed its stage meanwhile." in said
    assert "Closed : The sale is closed. Reopen it to change its stage." in said
    Sale.objects.filter(pk=second.pk).update(owner=colleague)
    said = text(jonas.post("/sales/bulk/owner/", {"pick": shown, "owner": salesperson.pk, "request_id": str(uuid.uuid4())}, headers=HERE))
    assert "Owner of 2 sales: Jonas Krogh" in said
    assert "Second : A colleague has changed its owner meanwhile." in said
    assert [fresh(sale).owner for sale in (first, second, closed)] == [salesperson, colleague, salesperson]


# ------------------------------------------------------------------- questions
@for_real
def test_q6_several_questions_open_one_dialog(jonas, category):
    rule("sale_won", category["Customer"], ask=True)
    response = win(jonas, *SaleFactory.create_batch(2))
    ids = ",".join(map(str, CategoryDecision.objects.waiting().order_by("pk").values_list("pk", flat=True)))
    assert f"/confirmations/?dialog=1&ids={ids}" in response["HX-Trigger-After-Settle"]
    assert "2 questions wait for an answer" in text(response)
    assert f'href="/confirmations/?batch={Batch.objects.get().pk}"' in response.content.decode()


@for_real
def test_q6_more_questions_than_an_address_can_name_are_a_link_to_the_inbox_with_just_those(jonas, category, monkeypatch):
    monkeypatch.setattr("workflow.middleware.MOST", 2)
    monkeypatch.setattr("workflow.views.several.MOST_IN_A_DIALOG", 2)
    rule("sale_won", category["Customer"], ask=True)
    SaleFactory(status="won")
    response = win(jonas, *SaleFactory.create_batch(3))
    url = re.search(r'href="(/confirmations/\?batch=\d+)"', response.content.decode())[1]
    assert len(jonas.get(url).context["found"].rows) == 3
    dialog = f"/confirmations/?dialog=1&batch={Batch.objects.get().pk}"
    assert dialog in response["HX-Trigger-After-Settle"]
    asked = jonas.get(dialog, headers=HERE)
    assert "3 category changes wait for your answer" in text(asked)
    assert f'<a href="{url}" autofocus>' in asked.content.decode()


# -------------------------------------------------------------- all that match
def test_all_that_match_the_address_are_changed_and_no_other(jonas, salesperson):
    for number in range(30):
        SaleFactory(title=f"Tag {number}", owner=salesperson)
    other, done = SaleFactory(title="Andet"), SaleFactory(title="Tag vundet", status="won")
    asked = {"all": "1", "query": "q=tag&owner=me&sort=title&page=x", "as_of": timezone.now().isoformat()}
    assert "30 sales" in text(jonas.get("/sales/bulk/won/", asked, headers=HERE))
    assert "30 sales won" in text(win(jonas, **asked))
    assert (fresh(other).status, fresh(done).owner) == ("open", None)
    assert Sale.objects.filter(status="won").count() == 31


def test_what_changed_after_the_list_was_shown_is_left_out_of_all_that_match(jonas):
    old, new = SaleFactory(title="Old"), SaleFactory(title="New")
    as_of = timezone.now()
    Sale.objects.filter(pk=new.pk).update(amount=5)
    said = text(win(jonas, all="1", query="", as_of=as_of.isoformat()))
    assert "New : It has changed since the list was shown." in said
    assert [fresh(sale).status for sale in (old, new)] == ["won", "open"]


def test_more_than_the_most_are_cut_off_and_that_is_said(jonas, monkeypatch):
    monkeypatch.setattr("crm.views.bulk.MOST", 2)
    SaleFactory.create_batch(3)
    assert "More than 2 match: this changes the first 2." in text(jonas.get("/sales/bulk/won/", {"all": "1"}, headers=HERE))
    assert "2 sales won" in text(win(jonas, all="1", as_of=timezone.now().isoformat()))
    assert Sale.objects.filter(status="open").count() == 1


@pytest.mark.parametrize("as_of", ["", "x", "2026-13-01T00:00", "2026-01-01", "2026-01-01T00:00:00"])
def test_all_that_match_are_left_alone_where_the_form_does_not_say_when_they_were_shown(jonas, as_of):
    sale = SaleFactory()
    for headers in (HERE, {}):
        refused = win(jonas, all="1", as_of=as_of, headers=headers)
        assert refused.status_code == 422
        assert "When this list was shown is not known, so nothing was changed. Go back to the list and choose again." in text(refused)
    assert fresh(sale).status == "open"


def test_a_step_that_was_opened_without_the_list_says_itself_when_it_showed_how_many(jonas):
    sale = SaleFactory()
    html = jonas.get("/sales/bulk/won/", {"all": "1", "as_of": "x"}, headers=HERE).content.decode()
    (as_of,) = re.findall(r'name="as_of" value="([^"]*)"', html)
    Sale.objects.filter(pk=sale.pk).update(amount=5)
    assert "It has changed since the list was shown." in text(win(jonas, all="1", as_of=as_of))
    assert fresh(sale).status == "open"


def test_what_changes_while_the_list_is_made_counts_as_changed_since(jonas, monkeypatch):
    sale = SaleFactory()

    def page(listing, read=Listing.page):
        found = read(listing)
        Sale.objects.filter(pk=sale.pk).update(amount=5)
        return found

    monkeypatch.setattr(Listing, "page", page)
    as_of = jonas.get("/sales/").context["as_of"]
    assert "It has changed since the list was shown." in text(win(jonas, all="1", as_of=as_of.isoformat()))
    assert fresh(sale).status == "open"


# ---------------------------------------------------- twice; without scripts
def test_a_double_click_changes_once_and_tells_once(jonas, category):
    company = CompanyFactory()
    fields = {"pick": pick(company), "category": category["Partner"].pk, "request_id": str(uuid.uuid4())}
    first, second = (jonas.post("/companies/bulk/category/", fields, headers=HERE) for _ in range(2))
    assert "is now Partner" in text(first)
    assert text(second) == ""
    assert second.status_code == 200
    assert Batch.objects.count() == 1


def test_without_javascript_the_step_is_a_page_and_the_list_shows_the_summary_once(jonas, category):
    company = CompanyFactory(name="Gone")
    shown = pick(company)
    assert "<html" in jonas.get("/companies/bulk/category/", {"pick": shown}).content.decode()
    Company.objects.filter(pk=company.pk).update(archived_at=ARCHIVED)
    fields = {"pick": shown, "category": category["Partner"].pk, "request_id": str(uuid.uuid4()), "next": "/companies/?q=x"}
    response = jonas.post("/companies/bulk/category/", fields)
    assert response["Location"] == "/companies/?q=x"
    assert "Gone : It has been archived." in text(jonas.get("/companies/?q=x"))
    assert "It has been archived." not in text(jonas.get("/companies/?q=x"))


def test_a_summary_names_twenty_and_counts_the_rest(jonas):
    sales = SaleFactory.create_batch(23, archived_at=ARCHIVED)
    said = text(win(jonas, *sales))
    assert "Left as they were: 23 sales." in said
    assert said.count("It has been archived.") == 20
    assert "and 3 more" in said


# ----------------------------------------------------------------------- costs
def test_a5_a_thousand_sales_cost_as_many_statements_as_ten(salesperson, category):
    rule("sale_won", category["Customer"])

    def cost(size):
        companies = Company.objects.bulk_create(Company(name=f"{size} {n}") for n in range(size))
        sales = Sale.objects.bulk_create(Sale(title="Tag", company=company) for company in companies)
        know_sizes()
        with CaptureQueriesContext(connection) as captured:
            selection = Selection([sale.pk for sale in sales])
            edited = close_sales(selection, status="won", closed_on=timezone.localdate(), reason=None, note="", by=salesperson)
        assert len(edited.done) == size
        return len(captured)

    cost(5)
    assert cost(10) == cost(1_000)
