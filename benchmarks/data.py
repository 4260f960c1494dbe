"""The data of the measurements, the way back to it, and what the database holds afterwards. Only for databases made for this."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, models, transaction
from django.utils import timezone

from crm.models import Company, CompanyCategory, Contact, Sale, SaleStage, SaleTransition, User
from leads.models import Lead
from workflow.models import AutomationRule, Batch, CategoryDecision

SHOWN = 12  # differences
OWNERS = ("Anne Holm", "Bo Lund", "Carl Skov", "Dorte Bak", "Erik Dam", "Freja Juhl", "Gorm Friis", "Helle Toft", "Ida Krogh", "Jens Bach")

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %(size)s) "
COMPANIES = """
INSERT INTO crm_company (name, category_id, category_version, our_contact_id, registration_number, business, phone, website, address, postcode, city, country,
  external_source, external_key, search_text, created_at, updated_at)
{numbers}SELECT 'Company ' || i, %(category)s, 1, %(by)s, '', '', '', '', '', '', 'Vejle', '', '', '', 'company ' || i || ' vejle', %(now)s, %(now)s FROM n
"""
CREATED = """
INSERT INTO workflow_categorydecision (company_id, trigger, outcome, skip_reason, error, applied_version, to_category_id, decided_at, created_at)
SELECT id, 'created', 'changed', '', '', 1, category_id, created_at, created_at FROM crm_company ORDER BY id
"""
SALES = """
INSERT INTO crm_sale (title, company_id, status, amount, currency, owner_id, reason_note, description, external_source, external_key, search_text,
  created_at, updated_at)
SELECT 'Solar roof ' || id, id, 'open', 860000, 'DKK', our_contact_id, '', '', '', '', 'solar roof ' || id, created_at, created_at FROM crm_company ORDER BY id
"""


def plain(model: type[models.Model]) -> models.QuerySet:
    """A queryset that knows nothing of Havn."""
    return models.QuerySet(model)


def actor() -> User:
    """Who does everything, with the permissions that a request has looked up by then."""
    user = User.objects.filter(email="bench@havn.example").first()
    if user is None:
        user = User.objects.create_user(email="bench@havn.example", first_name="Maja", last_name="Lindholm")
        user.groups.add(Group.objects.get(name="Salesperson"))
        for name in OWNERS:
            first, last = name.split()
            User.objects.create(email=f"{first}.{last}@havn.example", first_name=first, last_name=last)
    assert user.may_edit_companies
    return user


def rules_on(**targets: str) -> None:
    """Switch exactly these silent rules on: trigger=category."""
    plain(AutomationRule).update(is_enabled=False)
    for trigger, name in targets.items():
        values = {"target_category": CompanyCategory.objects.get(name=name), "is_enabled": True, "ask_user": False}
        AutomationRule.objects.update_or_create(trigger=trigger, lead_status=None, archived_at=None, defaults=values)


def empty() -> None:
    """Remove all companies and what hangs on them. In a test's transaction row by row, since PostgreSQL then refuses to truncate."""
    tables = [model._meta.db_table for model in (CategoryDecision, Batch, SaleTransition, Sale, Lead, Contact, Company)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
            return
        with transaction.atomic():
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")


def fill(companies: int, *, sales: bool = True) -> None:
    """Start over with so many companies in the default category, each with its decision and, if wanted, one open sale."""
    empty()
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    params = {"size": companies, "category": CompanyCategory.objects.get(is_default=True).pk, "by": actor().pk, "now": now}
    with transaction.atomic(), connection.cursor() as cursor:
        sql = COMPANIES.format(numbers=NUMBERS)
        if connection.vendor == "postgresql":
            sql = sql.replace("%(now)s", "CAST(%(now)s AS timestamptz)").replace("%(by)s", "CAST(%(by)s AS bigint)")
        cursor.execute(sql, params)
        cursor.execute(CREATED)
        if sales:
            cursor.execute(SALES)
    settle()


def reopen(sales: list[int]) -> None:
    """Back to what `fill()` made, for these sales and their companies (of the same number)."""
    lead = CompanyCategory.objects.get(is_default=True)
    with transaction.atomic():
        plain(CategoryDecision).filter(sale__in=sales)._raw_delete(connection.alias)
        plain(SaleTransition).filter(sale__in=sales)._raw_delete(connection.alias)
        companies = plain(Sale).filter(pk__in=sales).values("company_id")
        plain(Company).filter(pk__in=companies).update(category=lead, category_version=1)
        plain(Sale).filter(pk__in=sales).update(status="open", closed_on=None, title="Solar roof", search_text="solar roof", updated_by=None)
    settle()


def settle() -> None:
    """Let the planner know what is there, and tidy up, so that no round pays for the one before."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            tables = "crm_company, crm_sale, crm_saletransition, workflow_categorydecision, workflow_automationrule, crm_companycategory"
            cursor.execute(f"VACUUM ANALYZE {tables}" if connection.vendor == "postgresql" else "ANALYZE")


def vary() -> None:
    """Give the guards something to do, for a rule to Opportunity: customers, companies already there, causes declined or undone, second sales."""
    lead = CompanyCategory.objects.get(is_default=True)
    target = CompanyCategory.objects.get(name="Opportunity")
    customer = CompanyCategory.objects.get(name="Customer")
    rule = AutomationRule.objects.get(trigger="sale_won", is_enabled=True)
    now = timezone.now()
    for place, sale in enumerate(plain(Sale).order_by("pk")):
        company = plain(Company).filter(pk=sale.company_id)
        values = {"company_id": sale.company_id, "sale": sale, "rule": rule, "trigger": "sale_won", "suggested_category": target, "decided_at": now}
        match place % 6:
            case 1:
                company.update(category=customer)
            case 2:
                company.update(category=target)
            case 3:
                CategoryDecision.objects.create(**values, outcome="kept", from_category=lead)
            case 4:
                done = CategoryDecision.objects.create(**values, outcome="changed", applied_version=2, from_category=lead, to_category=target)
                undone = {**values, "trigger": "undo", "outcome": "undone", "applied_version": 3, "from_category": target, "to_category": lead}
                CategoryDecision.objects.create(**undone, undoes=done)
                company.update(category_version=3)
            case 5:
                sale.pk = None
                plain(Sale).bulk_create([sale])


# -------------------------------------------------------------------------------------------------- what is there afterwards
PASSED_OVER = {"id", "created_at", "updated_at", "at", "decided_at", "search_text", "token"}
TABLES: tuple[type[models.Model], ...] = (Sale, SaleTransition, Company, CategoryDecision)


def snapshot(*tables: type[models.Model], passed_over: Collection[str] = PASSED_OVER) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these tables (default: sales, transitions, companies, decisions), but for ids, times and search text; in a fixed order."""
    found = {}
    for model in tables or TABLES:
        names = sorted(field.attname for field in model._meta.concrete_fields if field.name not in passed_over)
        found[model.__name__] = sorted(plain(model).order_by().values_list(*names), key=repr)
    return found


def counts() -> dict[str, int]:
    """How much was done: sales won, companies moved, transitions, decisions of rules that changed something and that did not."""
    decisions = plain(CategoryDecision).exclude(rule=None)
    return {
        "won": plain(Sale).filter(status="won").count(),
        "moved": plain(Company).filter(category_version__gt=1).count(),
        "transitions": plain(SaleTransition).count(),
        "changed": decisions.filter(outcome="changed").count(),
        "skipped": decisions.filter(outcome="skipped").count(),
    }


def afterwards(work: Callable[[], object], *tables: type[models.Model], passed_over: Collection[str] = PASSED_OVER) -> dict[str, list[tuple[Any, ...]]]:
    """What `work` leaves behind, constraints checked; then it is taken back."""
    with transaction.atomic():
        work()
        connection.check_constraints()
        found = snapshot(*tables, passed_over=passed_over)
        transaction.set_rollback(True)
    return found


def expect(found: Any, wanted: Any, what: str) -> None:
    """Stop the run where two competitors did unequal work."""
    if found == wanted:
        return
    if isinstance(wanted, Counter):
        found, wanted = {"": found.elements()}, {"": wanted.elements()}
    if isinstance(wanted, list):
        found, wanted = {"": found}, {"": wanted}
    lines = []
    for part, rows in wanted.items():
        if isinstance(rows, Iterable) and not isinstance(rows, str):
            have, want = Counter(found[part]), Counter(rows)
            lines += [f"{part} too many: {row}" for row in (have - want)] + [f"{part} missing: {row}" for row in (want - have)]
        elif found.get(part) != rows:
            lines.append(f"{part}: {found.get(part)} instead of {rows}")
    raise AssertionError("\n  ".join([f"Unequal work, {what}", *lines[:SHOWN]]))


# -------------------------------------------------------------------------------------------------------------- files of sales
COLUMNS = ("key", "title", "company", "status", "stage", "amount", "currency", "owner", "expected", "closed")


def write_sales(path: Path, *, sales: int, companies: int) -> None:
    """A CSV file of `sales` spread at random over the first `companies`: 45 % open, 30 % won, 20 % lost, 5 % stalled."""
    chance = random.Random(2026)
    stages = list(SaleStage.objects.values_list("name", flat=True))
    first = dt.date(2025, 1, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(1, sales + 1):
            status = chance.choices(("open", "won", "lost", "stalled"), (45, 30, 20, 5))[0]
            day = first + dt.timedelta(days=chance.randrange(365))
            closed = day + dt.timedelta(days=chance.randrange(90)) if status in ("won", "lost") else ""
            company = f"Company {chance.randrange(companies) + 1}"
            amount = f"{chance.randrange(5_000, 2_000_000)}.{chance.randrange(100):02}"
            writer.writerow((f"S{number}", f"Solar roof {number}", company, status, chance.choice(stages), amount, "DKK", chance.choice(OWNERS), day, closed))
