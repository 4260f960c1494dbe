"""Which fields `save()` writes and announces: deferred, refreshed, named, expressions, none (crm/models/watch.py)."""

from __future__ import annotations

import pytest
from django.db.models import Case, F, Value, When

from crm.actor import acting_as
from crm.models import Company, Sale
from crm.signals import categories_changed
from tests.crm.watching import loaded, said, stored
from tests.crm.writes import CHANGES, CREATIONS, change, create, listening
from tests.factories import CompanyFactory, SaleFactory

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------- deferred fields
@pytest.mark.parametrize(
    "query",
    [Sale.objects.only("status"), Sale.objects.defer("status"), Sale.objects.only("pk"), Sale.objects.defer("title"), Sale.objects.defer("closed_on")],
    ids=["only status", "defer status", "only pk", "defer title", "defer closed_on"],
)
def test_a5_a_sale_loaded_with_deferred_fields_can_be_won(query, heard):
    sale = query.get(pk=SaleFactory().pk)
    heard.clear()
    sale.status = Sale.Status.WON
    sale.save()
    assert stored(sale) == "won"
    assert said(heard) == [[("open", "won")]]


def test_a_change_is_not_forgotten_when_a_deferred_field_is_read_before_saving(heard):
    sale = Sale.objects.defer("description").get(pk=SaleFactory(description="Wants batteries too").pk)
    heard.clear()
    sale.status = Sale.Status.WON
    assert sale.description == "Wants batteries too"
    sale.save()
    assert stored(sale) == "won"
    assert said(heard) == [[("open", "won")]]


@pytest.mark.parametrize("names", [("category",), ("pk",), ("name",)])
def test_a_company_loaded_with_deferred_fields_can_be_moved(category, names):
    company = Company.objects.only(*names).get(pk=CompanyFactory().pk)
    with listening(categories_changed) as heard:
        company.category = category["Customer"]
        company.save()
    assert Company.objects.get(pk=company.pk).category == category["Customer"]
    assert [(change.old_category_id, change.new_category_id, change.version) for change in heard[0]] == [(category["Lead"].pk, category["Customer"].pk, 2)]


@pytest.mark.parametrize("names", [("name",), ("name", "city"), ("name", "registration_number", "city")])
def test_a_company_renamed_with_deferred_fields_is_found_by_its_new_name_and_all_else(names):
    company = Company.objects.only(*names).get(pk=CompanyFactory(name="Fjordbo", city="Vejle").pk)
    company.name = "ÆRØ Vind"
    company.save()
    assert list(Company.objects.search("ærø vejle")) == [company]
    assert not Company.objects.search("fjordbo").exists()


def test_saving_an_instance_with_deferred_fields_leaves_them_as_they_are_in_the_database():
    sale = Sale.objects.only("title", "status").get(pk=SaleFactory(description="Wants batteries too").pk)
    sale.title = "Solar roof, both halls"
    sale.save()
    assert (loaded(sale).title, loaded(sale).description) == ("Solar roof, both halls", "Wants batteries too")


# --------------------------------------------------------- refresh_from_db
def test_after_refreshing_nothing_is_announced_or_written(heard, django_assert_num_queries):
    sale = loaded(SaleFactory())
    Sale.objects.filter(pk=sale.pk).update(status=Sale.Status.WON)
    heard.clear()
    sale.refresh_from_db()
    with django_assert_num_queries(0):
        sale.save()
    assert (sale.status, said(heard)) == ("won", [])


def test_refreshing_one_field_does_not_forget_a_change_of_another(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    sale.status = Sale.Status.WON
    sale.refresh_from_db(fields=["title"])
    sale.save()
    assert stored(sale) == "won"
    assert said(heard) == [[("open", "won")]]


# --------------------------------------------------------------- own keys
def test_a_sale_saved_over_an_existing_key_is_compared_with_the_row_that_is_there(heard):
    there = SaleFactory(status=Sale.Status.LOST)
    heard.clear()
    Sale(pk=there.pk, title="Imported", company_id=there.company_id, status=Sale.Status.WON, created_at=there.created_at).save()
    assert said(heard) == [[("lost", "won")]]
    assert loaded(there).title == "Imported"


def test_a_won_sale_saved_over_itself_by_key_announces_nothing(heard):
    there = SaleFactory(status=Sale.Status.WON)
    heard.clear()
    Sale(pk=there.pk, title="Imported", company_id=there.company_id, status="won", created_at=there.created_at, closed_on=there.closed_on).save()
    assert said(heard) == []
    assert loaded(there).title == "Imported"


def test_a_sale_saved_with_an_unused_key_of_its_own_is_created(heard):
    Sale(pk=77_777, title="Imported", company=CompanyFactory(), status=Sale.Status.WON).save()
    assert said(heard) == [[("", "won")]]


def test_a_copy_of_a_won_sale_is_a_new_won_sale(heard):
    sale = loaded(SaleFactory(status=Sale.Status.WON))
    heard.clear()
    sale.pk = None
    sale.save()
    assert said(heard) == [[("", "won")]]
    assert Sale.objects.count() == 2


@pytest.mark.parametrize("text", [str, int])
def test_a_key_given_as_text_is_no_transition(text, heard):
    sale = loaded(SaleFactory())
    heard.clear()
    sale.company_id = text(sale.company_id)
    sale.title = "Solar roof, both halls"
    sale.save()
    assert said(heard) == []
    assert loaded(sale).title == "Solar roof, both halls"


# ------------------------------------------------------------ update_fields
def test_a_status_that_update_fields_leaves_out_is_neither_written_nor_announced_until_it_is_saved(heard):
    sale = loaded(SaleFactory())
    heard.clear()
    sale.status, sale.title = Sale.Status.WON, "Solar roof, both halls"
    sale.save(update_fields=["title"])
    assert (stored(sale), said(heard)) == ("open", [])
    sale.save()
    assert (stored(sale), said(heard)) == ("won", [[("open", "won")]])


def test_a_status_that_update_fields_leaves_out_is_not_announced_with_a_company_that_it_names(heard):
    sale, company = loaded(SaleFactory()), CompanyFactory()
    heard.clear()
    sale.status, sale.company = Sale.Status.WON, company
    sale.save(update_fields=["company"])
    assert [(change.new_status, change.new_company_id) for change in heard[0]] == [("open", company.pk)]
    assert stored(sale) == "open"


def test_update_fields_with_the_status_also_writes_what_follows_from_it():
    sale = loaded(SaleFactory())
    sale.status, sale.title = Sale.Status.WON, "Not to be written"
    sale.save(update_fields=["status"])
    stored = loaded(sale)
    assert stored.closed_on is not None
    assert stored.title != "Not to be written"


def test_a_foreign_key_may_be_named_by_its_column_in_update_fields(heard):
    sale, company = loaded(SaleFactory()), CompanyFactory()
    heard.clear()
    sale.company = company
    sale.save(update_fields=["company_id"])
    assert [change.new_company_id for change in heard[0]] == [company.pk]


def test_saving_no_fields_writes_nothing(django_assert_num_queries):
    sale = loaded(SaleFactory())
    sale.status = Sale.Status.WON
    with django_assert_num_queries(0):
        sale.save(update_fields=[])
    assert stored(sale) == "open"


# ---------------------------------------------------- nothing, or little, to write
@pytest.mark.parametrize("factory", [SaleFactory, CompanyFactory])
def test_nothing_is_written_when_nothing_differs(factory, django_assert_num_queries):
    record = factory()
    record = type(record).objects.get(pk=record.pk)
    with django_assert_num_queries(0):
        record.save()
    assert type(record).objects.get(pk=record.pk).updated_at == record.updated_at


def test_saving_a_field_that_is_not_watched_is_one_statement(django_assert_num_queries):
    sale = loaded(SaleFactory())
    sale.description = "Wants batteries too"
    with django_assert_num_queries(1):
        sale.save()
    assert loaded(sale).description == "Wants batteries too"


# --------------------------------------------------------------- expressions
def test_an_expression_for_a_field_that_is_not_watched_is_written(heard):
    sale = loaded(SaleFactory(amount=100))
    sale.amount = F("amount") + 1
    heard.clear()
    sale.save()
    assert (loaded(sale).amount, said(heard)) == (101, [])


def test_an_expression_for_the_company_of_a_sale_is_announced_with_its_value(heard):
    sale, company = loaded(SaleFactory()), CompanyFactory()
    heard.clear()
    sale.company_id = Case(When(title="", then=None), default=Value(company.pk))
    sale.save()
    assert [(change.sale_id, change.new_company_id) for change in heard[0]] == [(sale.pk, company.pk)]


# ------------------------------------------------------------ who wrote last
@pytest.mark.parametrize("how", CHANGES)
def test_every_change_says_who_made_it_last(how, salesperson):
    company = CompanyFactory()
    with acting_as(salesperson):
        change(how, company, name="Fjordbo A/S")
    assert Company.objects.get(pk=company.pk).updated_by == salesperson


@pytest.mark.parametrize("how", CREATIONS)
def test_every_creation_says_who_made_it(how, salesperson):
    with acting_as(salesperson):
        company = create(how, Company, name="Fjordbo A/S")
    assert Company.objects.get(pk=company.pk).updated_by == salesperson
