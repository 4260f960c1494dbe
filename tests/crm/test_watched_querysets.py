"""What `update()`, `bulk_create()`, `bulk_update()` and related managers promise: once per call, and only what is true (A5)."""

from __future__ import annotations

import pytest
from django.db.models import Case, Count, F, OuterRef, Subquery, Value, When

from crm.models import Company, Contact, Sale
from crm.signals import contacts_changed
from leads.models import Lead
from tests.crm.writes import CHANGES, change, listening, roll_back
from tests.factories import CompanyFactory, ContactFactory, SaleFactory

pytestmark = pytest.mark.django_db


def _said(heard):
    return [[(change.sale_id, change.old_status, change.new_status) for change in changes] for changes in heard]


def _stored(*sales):
    return list(Sale.objects.filter(pk__in=[sale.pk for sale in sales]).order_by("pk").values_list("status", flat=True))


@pytest.fixture
def sales(heard):
    """Three open sales of three companies, each with two contacts."""
    made = [SaleFactory(title=title, company=ContactFactory().company) for title in ("a", "b", "c")]
    for sale in made:
        ContactFactory(company=sale.company, first_name="Anne")
    heard.clear()
    return made


# ------------------------------------------------------------------ update
def test_an_update_of_many_rows_is_announced_once_with_each_of_them(sales, heard):
    assert Sale.objects.filter(pk__in=[sale.pk for sale in sales]).update(status="won") == 3
    assert _said(heard) == [[(sale.pk, "open", "won") for sale in sales]]


def test_a3_rows_that_were_there_already_are_not_announced(sales, heard):
    Sale.objects.filter(pk=sales[1].pk).update(status="won")
    heard.clear()
    assert Sale.objects.update(status="won") == 3
    assert _said(heard) == [[(sales[0].pk, "open", "won"), (sales[2].pk, "open", "won")]]


def test_an_update_that_changes_nothing_announces_nothing(sales, heard):
    Sale.objects.update(status="open")
    Sale.objects.filter(pk=0).update(status="won")
    assert heard == []


JOINED = {
    "a join": lambda: Sale.objects.filter(company__city="Vejle"),
    "a join with several rows for each": lambda: Sale.objects.filter(company__contacts__company__city="Vejle"),
    "distinct": lambda: Sale.objects.filter(company__contacts__isnull=False).distinct(),
    "exclude": lambda: Sale.objects.exclude(company__contacts__first_name="Nobody"),
    "an order": lambda: Sale.objects.order_by("company__name", "-title"),
    "the column that changes": lambda: Sale.objects.filter(status="open"),
    "a count": lambda: Sale.objects.annotate(people=Count("company__contacts")).filter(people=2),
    "select_related": lambda: Sale.objects.select_related("company__category"),
    "only": lambda: Sale.objects.only("title"),
    "values": lambda: Sale.objects.values("title"),
    "or": lambda: Sale.objects.filter(title="a") | Sale.objects.filter(company__contacts__first_name="Anne"),
    "a subquery": lambda: Sale.objects.filter(company__in=Company.objects.filter(contacts__first_name="Anne")),
    "reverse": lambda: Sale.objects.order_by("pk").reverse(),
    "all of a related manager": lambda: Sale.objects.filter(company__category__companies__sales__title__in="abc").distinct(),
}


@pytest.mark.parametrize("query", JOINED.values(), ids=JOINED.keys())
def test_a5_an_update_of_any_query_changes_and_announces_each_row_once(query, sales, heard):
    assert query().update(status="won") == 3
    assert _stored(*sales) == ["won"] * 3
    assert [sorted(changes) for changes in _said(heard)] == [[(sale.pk, "open", "won") for sale in sales]]


def test_a_slice_cannot_be_updated(sales, heard):
    with pytest.raises(TypeError, match="slice"):
        Sale.objects.order_by("pk")[:2].update(status="won")
    assert _stored(*sales) == ["open"] * 3


def test_an_update_by_case_is_announced_with_what_each_row_became(sales, heard):
    Sale.objects.update(status=Case(When(title="a", then=Value("stalled")), default=F("status")))
    assert _said(heard) == [[(sales[0].pk, "open", "stalled")]]


def test_an_update_by_case_through_a_join_with_several_rows_for_each_is_announced_once(sales, heard):
    value = Case(When(title="a", then=Value("stalled")), default=Value("won"))
    assert Sale.objects.filter(company__contacts__company__city="Vejle").update(status=value) == 3
    assert _said(heard) == [[(sale.pk, "open", "stalled" if sale.title == "a" else "won") for sale in sales]]
    assert _stored(*sales) == ["stalled", "won", "won"]


@pytest.mark.parametrize("value", [Value("won"), Case(When(title="nobody", then=Value("lost")), default=Value("won"))], ids=["value", "case"])
def test_s1_a_sale_closed_by_an_expression_has_a_closing_date(sales, heard, value):
    Sale.objects.update(status=value)
    assert _said(heard) == [[(sale.pk, "open", "won") for sale in sales]]
    assert not Sale.objects.filter(closed_on=None).exists()


def test_an_update_by_subquery_is_announced_with_what_each_row_became(sales, heard):
    other = CompanyFactory(name="Anker A/S")
    Sale.objects.filter(title="b").update(company=Subquery(Company.objects.filter(name="Anker A/S").exclude(pk=OuterRef("company_id")).values("pk")[:1]))
    assert [(change.sale_id, change.new_company_id) for change in heard[0]] == [(sales[1].pk, other.pk)]


def test_an_update_by_the_value_of_the_same_column_announces_nothing(sales, heard):
    Sale.objects.update(status=F("status"), amount=F("amount") + 1)
    assert heard == []
    assert set(Sale.objects.values_list("amount", flat=True)) == {860_001}


def test_an_update_of_a_field_that_is_not_watched_is_one_statement(sales, django_assert_num_queries):
    with django_assert_num_queries(1):
        Sale.objects.update(description="Wants batteries too")
    assert Sale.objects.filter(description="Wants batteries too").count() == 3


def test_an_update_that_was_rolled_back_is_announced_again_when_repeated(sales, heard):
    roll_back(lambda: Sale.objects.update(status="won"))
    Sale.objects.update(status="won")
    assert len(heard) == 2
    assert _said(heard)[0] == _said(heard)[1]


@pytest.mark.parametrize("how", CHANGES)
def test_what_is_searched_follows_every_way_of_renaming(how):
    company = CompanyFactory(name="Fjordbo")
    change(how, company, name="ÆRØ Vind")
    assert list(Company.objects.search("ærø")) == [company]
    assert not Company.objects.search("fjordbo").exists()


# --------------------------------------------------------- related managers
def test_a5_an_update_through_a_company_is_announced(sales, heard):
    assert sales[0].company.sales.update(status="won") == 1
    assert _said(heard) == [[(sales[0].pk, "open", "won")]]


@pytest.mark.parametrize("bulk", [True, False])
def test_a5_adding_sales_to_a_company_registers_them(sales, heard, bulk):
    company = CompanyFactory()
    company.sales.add(*[Sale.objects.get(pk=sale.pk) for sale in sales], bulk=bulk)
    said = [(change.sale_id, change.old_company_id, change.new_company_id) for changes in heard for change in changes]
    assert said == [(sale.pk, sale.company_id, company.pk) for sale in sales]


@pytest.mark.parametrize(
    "empty", [lambda sale: sale.company.sales.remove(sale), lambda sale: sale.company.sales.clear(), lambda sale: sale.company.sales.set([])]
)
def test_a5_taking_a_sale_from_its_company_is_announced(sales, heard, empty):
    empty(sales[0])
    assert [(change.sale_id, change.old_company_id, change.new_company_id) for change in heard[0]] == [(sales[0].pk, sales[0].company_id, None)]


@pytest.mark.parametrize("make", [lambda company: company.sales.create(title="d"), lambda company: company.sales.get_or_create(title="d")[0]])
def test_a5_a_sale_created_through_a_company_is_announced(heard, make):
    company = CompanyFactory()
    sale = make(company)
    assert [(change.sale_id, change.is_new, change.new_company_id) for change in heard[0]] == [(sale.pk, True, company.pk)]


def test_a5_update_or_create_is_announced_both_ways(heard):
    company = CompanyFactory()
    sale, _ = Sale.objects.update_or_create(title="d", defaults={"company": company})
    Sale.objects.update_or_create(title="d", defaults={"status": "won"})
    assert _said(heard) == [[(sale.pk, "", "open")], [(sale.pk, "open", "won")]]


def test_a5_moving_people_through_a_company_is_announced():
    contact, company = ContactFactory(), CompanyFactory()
    with listening(contacts_changed) as heard:
        company.contacts.add(Contact.objects.get(pk=contact.pk))
    assert [(change.contact_id, change.old_company_id, change.new_company_id) for change in heard[0]] == [(contact.pk, contact.company_id, company.pk)]


# -------------------------------------------------------------- bulk_create
@pytest.mark.parametrize("model", [Company, Contact, Sale, Lead])
@pytest.mark.parametrize(
    "option", [{"ignore_conflicts": True}, {"update_conflicts": True, "update_fields": ["updated_at"], "unique_fields": ["pk"]}], ids=["ignore", "update"]
)
def test_a5_bulk_create_refuses_to_hide_conflicts(model, option):
    with pytest.raises(ValueError, match="conflicts"):
        model.objects.bulk_create([], **option)
    assert not model.objects.exists()


def test_bulk_create_is_announced_once_with_each_row(heard):
    company = CompanyFactory()
    made = Sale.objects.bulk_create(Sale(title=status, company=company, status=status) for status in ("open", "won", "lost"))
    assert _said(heard) == [[(sale.pk, "", sale.status) for sale in made]]


def test_bulk_create_with_keys_of_its_own_is_announced(heard):
    Sale.objects.bulk_create([Sale(pk=77_777, title="Imported", status="won")])
    assert _said(heard) == [[(77_777, "", "won")]]


def test_bulk_create_in_pieces_is_announced_as_one_save(heard):
    Sale.objects.bulk_create([Sale(title=str(number)) for number in range(5)], batch_size=2)
    assert [len(changes) for changes in heard] == [5]


@pytest.mark.parametrize("marks", [pytest.param("committed", marks=pytest.mark.django_db(transaction=True)), "in one transaction"])
def test_saving_what_bulk_create_made_announces_nothing_until_it_changes(heard, marks):
    [sale] = Sale.objects.bulk_create([Sale(title="a", company=CompanyFactory(), status="won")])
    sale.save()
    assert len(heard) == 1
    sale.status = "lost"
    sale.save()
    assert _said(heard)[1:] == [[(sale.pk, "won", "lost")]]


# -------------------------------------------------------------- bulk_update
def _load(sales):
    return list(Sale.objects.filter(pk__in=[sale.pk for sale in sales]).order_by("pk"))


def test_bulk_update_is_announced_once_and_only_with_the_rows_that_changed(sales, heard):
    rows = _load(sales)
    rows[0].status, rows[2].status = "won", "lost"
    Sale.objects.bulk_update(rows, ["status"], batch_size=1)
    assert _said(heard) == [[(rows[0].pk, "open", "won"), (rows[2].pk, "open", "lost")]]


def test_a3_bulk_update_compares_with_the_database_and_not_with_what_was_loaded(sales, heard):
    rows = _load(sales)
    Sale.objects.update(status="won")
    heard.clear()
    for row in rows:
        row.status = "won"
    Sale.objects.bulk_update(rows, ["status"])
    assert heard == []


def test_bulk_update_writes_and_announces_only_the_fields_it_was_given(sales, heard):
    rows = _load(sales)
    for row in rows:
        row.status, row.title = "won", "renamed"
    Sale.objects.bulk_update(rows, ["title"])
    assert (_stored(*sales), heard) == (["open"] * 3, [])
    assert Sale.objects.filter(title="renamed").count() == 3


@pytest.mark.parametrize("stale", [True, False], ids=["won by a colleague meanwhile", "changed but not given"])
def test_a3_bulk_update_of_the_company_says_nothing_about_a_status_it_did_not_write(sales, heard, stale):
    rows, company = _load(sales), CompanyFactory()
    if stale:
        Sale.objects.update(status="won")
    for row in rows:
        row.company = company
        row.status = "open" if stale else "lost"
    heard.clear()
    Sale.objects.bulk_update(rows, ["company"])
    expected = "won" if stale else "open"
    assert [(change.old_status, change.new_status, change.new_company_id) for change in heard[0]] == [(expected, expected, company.pk)] * 3
    assert _stored(*sales) == [expected] * 3


def test_bulk_update_by_an_expression_is_announced_with_what_each_row_became(sales, heard):
    rows, company = _load(sales), CompanyFactory()
    rows[1].company_id = Case(When(title="b", then=Value(company.pk)), default=None)
    Sale.objects.bulk_update(rows, ["company"])
    assert [(change.sale_id, change.new_company_id) for change in heard[0]] == [(sales[1].pk, company.pk)]


@pytest.mark.parametrize("marks", [pytest.param("committed", marks=pytest.mark.django_db(transaction=True)), "in one transaction"])
def test_a_sale_won_by_bulk_update_can_be_reopened_with_the_same_instance(heard, marks):
    sale = Sale.objects.get(pk=SaleFactory().pk)
    sale.status = "won"
    Sale.objects.bulk_update([sale], ["status"])
    sale.status = "open"
    sale.save()
    assert _stored(sale) == ["open"]
    assert _said(heard)[1:] == [[(sale.pk, "open", "won")], [(sale.pk, "won", "open")]]


def test_bulk_update_of_nothing_announces_nothing(heard):
    assert Sale.objects.bulk_update([], ["status"]) == 0
    assert heard == []
