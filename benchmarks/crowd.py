"""A whole organisation for the pages (W6 to W9): up to a million companies, each with a contact, a sale, a decision and an index entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, cycle, islice

from django.db import connection, models
from django.utils import timezone

from benchmarks import data
from crm import search_index
from crm.models import Company, CompanyCategory, Contact, Sale, SaleStage, User
from crm.text import fold
from leads.models import Lead, LeadStatus
from workflow.models import AutomationRule, CategoryDecision

FILLED: tuple[type[models.Model], ...] = (Company, Contact, Sale, Lead, CategoryDecision)
WAITING_OF_ME, WAITING = 200, 2_000


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("Fjord Nord Bakke Skov Strand Ærø Øster Vester Åby Søndre Havn Kyst Mølle Eng Klit Bjerg Dal Hede Lund Vang")
SECOND = _words("bo byg data energi foder fragt gruppen handel huset invest kraft lager marine papir plast service solar stål tekstil tømrer vand værft")
FORMS = ("A/S", "ApS", "I/S", "& Sønner A/S", "Holding ApS")
TOWNS = _words("Aarhus Aalborg Esbjerg Fåborg Herning Køge Middelfart Næstved Odense Randers Skagen Vejle Ærøskøbing")
PEOPLE = _words("Anna Bent Clara Dan Else Finn Grete Hans Inga Jørn Kåre Lise Mads Niels Oda Per Rune Søs Tove Ulla")
FAMILIES = _words("Andersen Berg Christensen Dahl Eriksen Frandsen Gregersen Holm Iversen Jensen Kjær Larsen Møller Nygård Olsen Poulsen Ravn Skov")
CATEGORIES = {"Lead": 8, "Opportunity": 2, "Customer": 7, "Partner": 1, "Former customer": 2}  # of twenty
STATUSES = {"open": 6, "won": 8, "lost": 4, "stalled": 2}  # of twenty

COMPANY = """
INSERT INTO crm_company (id, name, category_id, category_version, our_contact_id, registration_number, business, phone, website, address, postcode, city,
  country, external_source, external_key, search_text, created_at, updated_at, archived_at)
WITH RECURSIVE n(i) AS ({numbers}), a(k, w, f) AS ({first}), b(k, w) AS ({second}), c(k, w, f) AS ({forms}), t(k, w, f) AS ({towns}),
  g(k, w) AS ({categories}), u(k, w) AS ({users})
SELECT i, a.w || b.w || ' ' || c.w, g.w, 1, u.w, CAST(10000000 + i AS {text}), '', '', '', '', '', t.w, '', '', '',
  a.f || b.w || ' ' || c.f || ' ' || t.f || ' ' || CAST(10000000 + i AS {text}), {when}, {when}, CASE WHEN i % 97 = 5 THEN {when} END
FROM n JOIN a ON a.k = i * 7 % {nfirst} JOIN b ON b.k = i * 11 / 3 % {nsecond} JOIN c ON c.k = i * 7919 / 11 % {nforms} JOIN t ON t.k = i / 7 % {ntowns}
  JOIN g ON g.k = i * 13 / 7 % 20 JOIN u ON u.k = i * 17 / 5 % 50
"""
CONTACT = """
INSERT INTO crm_contact (id, company_id, first_name, last_name, title, email, phone, external_source, external_key, search_text, created_at, updated_at)
WITH RECURSIVE n(i) AS ({numbers}), a(k, w, f) AS ({people}), b(k, w, f) AS ({families})
SELECT i, i, a.w, b.w, '', '', '', '', '', a.f || ' ' || b.f, {when}, {when}
FROM n JOIN a ON a.k = i * 7 / 3 % {npeople} JOIN b ON b.k = i * 11 / 5 % {nfamilies}
"""
LEAD = """
INSERT INTO leads_lead (contact_id, status_id, is_automatic, created_at, updated_at)
SELECT c.id, %(status)s, {true}, c.created_at, c.created_at FROM crm_company c JOIN crm_companycategory g ON g.id = c.category_id WHERE g.lead_status_enabled
"""
SALE = """
INSERT INTO crm_sale (id, title, company_id, status, stage_id, amount, currency, owner_id, expected_close, closed_on, reason_note, description,
  external_source, external_key, search_text, created_at, updated_at)
WITH RECURSIVE n(i) AS ({numbers}), s(k, w) AS ({statuses}), p(k, w) AS ({stages}), b(k, w) AS ({second})
SELECT i, 'Solar ' || b.w || ' ' || i, i, s.w, p.w, i % 977 * 1000, 'DKK', c.our_contact_id, {today}, CASE WHEN s.w IN ('won', 'lost') THEN {today} END,
  '', '', '', '', 'solar ' || b.w || ' ' || i, {when}, {when}
FROM n JOIN s ON s.k = i * 3 / 5 % 20 JOIN p ON p.k = i % {nstages} JOIN b ON b.k = i % {nsecond} JOIN crm_company c ON c.id = i
"""
ASKED = """
INSERT INTO workflow_categorydecision (company_id, sale_id, trigger, rule_id, outcome, skip_reason, error, from_category_id, suggested_category_id,
  caused_by_id, asked_of_id, created_at)
SELECT c.id, c.id, 'sale_won', %(rule)s, 'waiting', '', '', c.category_id, r.target_category_id, %(asked)s, %(asked)s, c.updated_at
FROM crm_company c JOIN crm_companycategory k ON k.id = c.category_id JOIN workflow_automationrule r ON r.id = %(rule)s
WHERE k.group_id = 'potential_customer' AND c.category_id <> r.target_category_id AND c.archived_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM workflow_categorydecision d WHERE d.company_id = c.id AND d.outcome = 'waiting') ORDER BY c.id DESC LIMIT %(most)s
"""


def fill(companies: int) -> None:
    """Start over with so many companies. A million take about a minute."""
    data.actor()
    data.empty()
    data.rules_on(sale_won="Opportunity")
    with _unhindered(), connection.cursor() as cursor:
        for statement in (COMPANY, CONTACT, LEAD, SALE, data.CREATED):
            cursor.execute(_filled_in(statement, companies), {"size": companies, "status": LeadStatus.objects.get(is_default=True).pk})
    with connection.cursor() as cursor:
        rule, me = AutomationRule.objects.get(trigger="sale_won", is_enabled=True).pk, data.actor().pk
        colleague = User.objects.exclude(pk=me).order_by("pk")[0].pk
        for asked, most in ((me, WAITING_OF_ME), (colleague, WAITING - WAITING_OF_ME)):
            cursor.execute(ASKED, {"rule": rule, "asked": asked, "most": min(most, companies // 5)})
    settle()


def settle() -> None:
    """As `data.settle()`, for everything that pages read."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _filled_in(statement: str, companies: int) -> str:
    postgresql = connection.vendor == "postgresql"
    now = timezone.now().strftime("%Y-%m-%d %H:%M:%S")
    first, forms, towns, people, families = ([(word, fold(word)) for word in words] for words in (FIRST, FORMS, TOWNS, PEOPLE, FAMILIES))
    second, stages = [(word,) for word in SECOND], [(stage.pk,) for stage in SaleStage.objects.order_by("position")]
    users = [data.actor().pk, *User.objects.exclude(pk=data.actor().pk).order_by("pk").values_list("pk", flat=True)[:10]]
    categories = {category.name: category.pk for category in CompanyCategory.objects.all()}
    if not postgresql:  # its planner would count to a million for each word
        statement = statement.replace(" JOIN ", " CROSS JOIN ")
    elif "FROM n " in statement:  # its rows would lie together by what they were joined with, as no organisation's do
        statement += " ORDER BY i"
    return statement.format(
        numbers="SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < %(size)s",
        first=_values(first), second=_values(second), forms=_values(forms), towns=_values(towns), people=_values(people), families=_values(families),
        categories=_values(_weighted({categories[name]: weight for name, weight in CATEGORIES.items()})), statuses=_values(_weighted(STATUSES)),
        users=_values([(users[0],), *((user,) for user in islice(cycle(users[1:]), 49))]), stages=_values(stages),
        nfirst=len(first), nsecond=len(second), nforms=len(forms), ntowns=len(towns), npeople=len(people), nfamilies=len(families), nstages=len(stages),
        text="text", true="TRUE" if postgresql else "1",
        when=f"(timestamptz '{now}+00' - i * interval '1 minute')" if postgresql else f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', '{now}', '-' || i || ' minutes')",
        today=f"(date '{now[:10]}' + CAST(i %% 60 AS int))" if postgresql else f"date('{now}', '+' || (i %% 60) || ' days')",
    ).replace(" % ", " %% ")  # fmt: skip


def _weighted(weights: dict) -> list[tuple]:
    return [(value,) for value in chain.from_iterable([value] * weight for value, weight in weights.items())]


def _values(rows: list[tuple]) -> str:
    def literal(value: object) -> str:
        return str(value) if isinstance(value, int) else f"'{value}'"

    return "VALUES " + ", ".join(f"({place}, {', '.join(map(literal, row))})" for place, row in enumerate(rows))


@contextmanager
def _unhindered() -> Iterator[None]:
    """Without indexes, triggers and checks of foreign keys until all rows are there; in a test's transaction it must do with them."""
    if connection.in_atomic_block:
        yield
        return
    postgresql = connection.vendor == "postgresql"
    search_index.remove()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica" if postgresql else "PRAGMA foreign_keys = OFF")
        tables = [model._meta.db_table for model in FILLED]
        if postgresql:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)", [tables]
            )
        else:
            cursor.execute(
                f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({', '.join(['%s'] * len(tables))})", tables
            )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        try:
            yield
        finally:
            for _name, definition in indexes:
                cursor.execute(definition)
            cursor.execute("SET session_replication_role = origin" if postgresql else "PRAGMA foreign_keys = ON")
            search_index.install()
