"""What a new database starts with (C6), in the installation's language. Migrations and tests use the same function."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from crm.text import fold

GROUPS = ("potential_customer", "customer", "partner", "lost", "other")

# (English, Danish, group, lead status enabled, tone, English help, Danish help)
CATEGORIES = (
    ("Lead", "Lead", "potential_customer", True, "sky", "A company that may become a customer", "Et firma, der kan blive kunde"),
    ("Marketing qualified lead", "Marketingkvalificeret lead", "potential_customer", True, "blue", "Has shown interest", "Har vist interesse"),
    ("Opportunity", "Mulighed", "potential_customer", True, "violet", "A sale is under way", "Et salg er i gang"),
    ("Lost opportunity", "Tabt mulighed", "potential_customer", False, "red", "A sale was lost; worth trying again", "Et salg blev tabt; værd at prøve igen"),
    ("Customer", "Kunde", "customer", False, "teal", "Has bought", "Har købt"),
    ("Partner", "Partner", "partner", False, "orange", "Works with us", "Samarbejder med os"),
    ("Former customer", "Tidligere kunde", "lost", False, "grey", "Has stopped buying", "Er holdt op med at købe"),
    ("Other", "Andet", "other", False, "grey", "Suppliers, authorities and others", "Leverandører, myndigheder og andre"),
)
STAGES = (("Qualification", "Kvalificering", 10), ("Needs analysis", "Behovsanalyse", 30), ("Proposal", "Tilbud", 60), ("Negotiation", "Forhandling", 80))
REASONS = (
    ("Price", "Pris", "lost"),
    ("Chose a competitor", "Valgte en konkurrent", "lost"),
    ("No budget", "Intet budget", "lost"),
    ("No decision", "Ingen beslutning", "lost"),
    ("Best solution", "Bedste løsning", "won"),
    ("Known supplier", "Kendt leverandør", "won"),
)


def in_danish() -> bool:
    """Whether a new database's list items are made in Danish."""
    return settings.LANGUAGE_CODE.startswith("da")


def make_items(model: Any, rows: list[dict[str, Any]]) -> None:
    """Create list items in this order, unless the list has any: a database in use gets none, on any upgrade."""
    if not model.objects.exists():
        model.objects.bulk_create(model(name_key=fold(row["name"]), position=position, **row) for position, row in enumerate(rows, start=1))


def category_rows() -> list[dict[str, Any]]:
    """The standard categories, as columns."""
    da = in_danish()
    return [
        {"name": row[da], "group_id": row[2], "lead_status_enabled": row[3], "colour": row[4], "description": row[5 + da], "is_default": index == 0}
        for index, row in enumerate(CATEGORIES)
    ]


def make_lists(get_model: Any) -> None:
    """Create groups, categories, stages and reasons. `get_model(app, name)` gives the model, in a migration or now."""
    da = in_danish()
    groups = get_model("crm", "CategoryGroup")
    for position, key in enumerate(GROUPS, start=1):
        groups.objects.get_or_create(key=key, defaults={"position": position})
    make_items(get_model("crm", "CompanyCategory"), category_rows())
    make_items(get_model("crm", "SaleStage"), [{"name": row[da], "probability": row[2]} for row in STAGES])
    make_items(get_model("crm", "SaleReason"), [{"name": row[da], "applies_to": row[2]} for row in REASONS])
