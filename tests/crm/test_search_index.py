"""Finding records: the index says where to look, and never changes what is found."""

from __future__ import annotations

import pytest
from django.db import connection, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm import search_index
from crm.apps import CrmConfig
from crm.models import Company, Contact, Sale
from crm.text import fold
from tests.conftest import on_postgresql
from tests.factories import CompanyFactory, ContactFactory, SaleFactory

pytestmark = pytest.mark.django_db
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL changes a table where it is")


@pytest.fixture(autouse=True)
def _what_has_been_seen():
    search_index._installed.clear()
    yield
    search_index._installed.clear()  # what a test has taken away is there again


def found(text, model=Company):
    """The keys that a search finds; asserts that the index was asked, and that it says so too."""
    keys = set(model.objects.search(text).values_list("pk", flat=True))
    told = search_index.find(model._meta.db_table, fold(text).split())
    assert told is None or set(told) == keys
    return keys


def indexed(text, model=Company):
    """The keys that the index alone knows."""
    return set(search_index.find(model._meta.db_table, fold(text).split()))


# ------------------------------------------------------------------------------------------ the same, with and without
letters = st.text(alphabet="abcæøÅÉß %_\\\"'*-.1\U0001f600\0", max_size=14)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(letters, max_size=8), words=st.lists(letters, min_size=1, max_size=5), few=st.sampled_from([2, search_index.FEW]))
def test_what_is_found_is_what_holds_every_word_with_an_index_and_without(monkeypatch, names, words, few):
    monkeypatch.setattr(search_index, "FEW", few)  # with 2 most searches go through the list
    with transaction.atomic():
        compare(names, words, monkeypatch)
        transaction.set_rollback(True)


def compare(names, words, monkeypatch):
    """Searching these companies for the words, for parts of their names and for ends of two of them finds the same in every way."""
    Company.objects.bulk_create([Company(name=name.replace("\0", "") or "-") for name in names])
    texts = dict(Company.objects.values_list("pk", "search_text"))
    for text in [*words, *(name[1:5] for name in names), " ".join(name[-3:] for name in names[:2])]:
        wanted = {pk for pk, held in texts.items() if all(word in held for word in fold(text).split())}
        assert found(text) == wanted
        with monkeypatch.context() as patch:
            patch.setattr(search_index, "find", lambda *_args: None)
            assert set(Company.objects.search(text).values_list("pk", flat=True)) == wanted


@pytest.mark.parametrize("text", ["fjordbo", "jordb", "FJO", "rdb e/s", "fj", "s", "æ", "bo ærø", "e/s"])
def test_parts_of_words_are_found_however_short(text):
    company = CompanyFactory(name="Fjordbo E/S", city="Ærø")
    CompanyFactory(name="Gulvgang", city="Odin")
    assert found(text) == {company.pk} or text == "s"


@pytest.mark.parametrize("word", ["\ud7ff", "a\ud7ff"])
def test_a_short_word_before_the_halves_of_letters_is_looked_for_like_any_other(word):
    company = CompanyFactory(name=f"Fjord {word}")
    assert list(Company.objects.search(word)) == [company]
    assert indexed(word) == {company.pk}
    assert not Company.objects.search(f"{word}\ud7ff")


def test_contacts_and_sales_have_an_index_too():
    contact, sale = ContactFactory(first_name="Åse", last_name="Ørsted"), SaleFactory(title="Solceller")
    assert indexed("rsted", Contact) == found("åse ørs", Contact) == {contact.pk}
    assert indexed("olcel", Sale) == found("solc", Sale) == {sale.pk}


def test_a_search_that_finds_nothing_asks_no_more(django_assert_num_queries):
    CompanyFactory(name="Fjordbo")
    found("warm")
    with django_assert_num_queries(1):
        assert list(Company.objects.search("gulvgang")) == []


# ------------------------------------------------------------------------------------------------------- it is kept
def test_the_index_follows_every_way_of_writing():
    company, other = CompanyFactory(name="Fjordbo"), CompanyFactory(name="Gulvgang")
    company.name = "Havblik"
    company.save()
    assert (indexed("fjordbo"), indexed("havblik")) == (set(), {company.pk})
    Company.objects.filter(pk=company.pk).update(name="Bakkely")
    assert (indexed("havblik"), indexed("bakkely")) == (set(), {company.pk})
    other.name = "Skovly"
    Company.objects.bulk_update([other], ["name"])
    assert (indexed("gulvgang"), indexed("skovly")) == (set(), {other.pk})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_company SET search_text = 'engly' WHERE id = %s", [other.pk])
    assert (indexed("skovly"), indexed("engly")) == (set(), {other.pk})
    more = Company.objects.bulk_create([Company(name="Engly 2"), Company(name="Engly 3")])
    assert indexed("engly") == {other.pk, *(one.pk for one in more)}
    models.QuerySet(Company).filter(pk=more[0].pk)._raw_delete("default")
    assert indexed("engly") == {other.pk, more[1].pk}


def test_a_save_that_leaves_the_words_alone_leaves_the_index_alone(category):
    company = CompanyFactory(name="Fjordbo")
    assert indexed("fjordbo") == {company.pk}
    with connection.cursor() as cursor:
        cursor.execute(*(("DELETE FROM crm_company_search",) if connection.vendor == "postgresql" else ("DROP TRIGGER crm_company_search_update",)))
    company.category = category["Partner"]
    company.save()
    assert indexed("fjordbo") == (set() if connection.vendor == "postgresql" else {company.pk})


@pytest.mark.parametrize("model", [Company, Contact, Sale])
def test_it_is_made_from_what_is_there_and_taken_away_again(model):
    record = {Company: CompanyFactory, Contact: ContactFactory, Sale: SaleFactory}[model]()
    word = record.search_text.split()[0]
    search_index.remove()
    assert not search_index.is_whole()
    assert search_index.find(model._meta.db_table, [word]) is None
    assert record in model.objects.search(word)
    assert search_index.install()
    assert search_index.is_whole()
    assert record.pk in indexed(word, model)


@on_sqlite
def test_a_table_that_was_made_anew_gets_its_index_back_at_the_end_of_migrate():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER crm_company_search_insert")
    company = CompanyFactory(name="Fjordbo")
    assert search_index.find("crm_company", ["fjordbo"]) is None  # the index alone does not know it
    assert found("fjordbo") == {company.pk}
    search_index.repair(CrmConfig.create("crm"), using="default")
    assert indexed("fjordbo") == {company.pk}


@pytest.mark.parametrize("table", search_index.TABLES)
@pytest.mark.parametrize("part", search_index.PARTS[connection.vendor])
def test_whatever_is_missing_of_it_searching_does_without_until_the_end_of_migrate(table, part):
    sale = SaleFactory(title="Solceller", contact=ContactFactory(first_name="Åse"))
    with connection.cursor() as cursor:
        cursor.execute(dropping(part, table))
    assert not search_index.is_whole()
    for model, word, record in ((Company, "fjordbo", sale.company), (Contact, "åse", sale.contact), (Sale, "solceller", sale)):
        assert search_index.find(model._meta.db_table, [fold(word)]) is None
        assert record in model.objects.search(word)
    search_index.repair(CrmConfig.create("crm"), using="default")
    assert search_index.is_whole()
    assert indexed("åse", Contact) == {sale.contact_id}
    assert indexed("solceller", Sale) == {sale.pk}
    assert sale.company_id in indexed("fjordbo")


def dropping(part, table):
    """The statement that takes this part away."""
    name = part.format(t=table)
    if part.endswith("_runs"):
        return f"DROP INDEX {name}"
    if part.endswith(("_search", "_terms")):
        return f"DROP TABLE {name}"
    return f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else "")


def test_the_first_search_of_a_process_asks_whether_it_is_whole_and_no_other_does(django_assert_num_queries):
    for statements in (2, 1):
        with django_assert_num_queries(statements):
            search_index.find("crm_company", ["fjord"])


@on_postgresql
def test_where_nobody_may_create_the_extension_searching_reads_every_row_until_somebody_has():
    company = CompanyFactory(name="Fjordbo")
    search_index.remove()
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm")
        cursor.execute("CREATE ROLE somebody")
        cursor.execute("GRANT ALL ON SCHEMA public TO somebody")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO somebody")
        cursor.execute("SET LOCAL ROLE somebody")
        assert not search_index.install()
        assert list(Company.objects.search("jordb")) == [company]
        cursor.execute("RESET ROLE")
    search_index.repair(CrmConfig.create("crm"), using="default")
    assert indexed("jordb") == {company.pk}
