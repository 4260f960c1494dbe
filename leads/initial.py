"""The lead statuses a new database starts with (L2)."""

from typing import Any

from crm.initial import in_danish, make_items

# (English, Danish, meaning, tone, English help, Danish help)
STATUSES = (
    ("Open", "Åben", "open", "grey", "New lead, not contacted yet", "Nyt lead, endnu ikke kontaktet"),
    ("Contacting", "Kontakter", "open", "amber", "We are trying to reach the lead", "Vi forsøger at få kontakt"),
    ("Qualified", "Kvalificeret", "qualified", "green", "The lead has the right fit and interest", "Leadet har det rette match og interesse"),
    ("Disqualified", "Diskvalificeret", "disqualified", "red", "The lead is not relevant", "Leadet er ikke relevant"),
    ("Re-nurture", "Genoptag kontakt", "paused", "violet", "Follow up later", "Følg op senere"),
)


def status_rows() -> list[dict[str, Any]]:
    """The standard lead statuses, as columns."""
    da = in_danish()
    return [{"name": row[da], "meaning": row[2], "colour": row[3], "description": row[4 + da], "is_default": index == 0} for index, row in enumerate(STATUSES)]


def make_statuses(get_model: Any) -> None:
    """Create the lead statuses, unless there are any."""
    make_items(get_model("leads", "LeadStatus"), status_rows())
