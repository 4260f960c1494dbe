"""The demo company's lead form, which its made-up website shows (scripts/demo_site.py)."""

from __future__ import annotations

from crm.initial import in_danish
from crm.models import CompanyCategory
from leads.models import LeadForm, LeadFormField
from workflow.demo.companies import Pair
from workflow.demo.events import at_work, say

SLUG = "solar"
TITLE: Pair = ("Talk to us about solar", "Tal med os om solceller")
TEXT: Pair = (
    "Tell us a little about your company. We answer within one working day.",
    "Fortæl lidt om jeres firma. Vi svarer inden for én arbejdsdag.",
)
CONSENT: Pair = ("You may contact me about this enquiry.", "I må kontakte mig om denne henvendelse.")
THANKS: Pair = (
    "We have received your enquiry. One of us calls or writes within one working day.",
    "Vi har modtaget din henvendelse. En af os ringer eller skriver inden for én arbejdsdag.",
)
ROOF: Pair = ("Which roof is it?", "Hvilket tag er det?")
ROOFS: Pair = ("Flat\nPitched\nI do not know", "Fladt\nSkråt\nDet ved jeg ikke")
ASKED = {"company": True, "first_name": True, "phone": False, "email": True, "own_1": False, "message": False}


def make_lead_form() -> LeadForm:
    """The form, as an administrator makes it. Its sites are told when the demo starts (`allow_sites`)."""
    form = LeadForm.objects.create(
        slug=SLUG,
        title=say(TITLE),
        text=say(TEXT),
        language="da" if in_danish() else "en",
        category=CompanyCategory.objects.get(is_default=True),
        consent_text=say(CONSENT),
        thanks=say(THANKS),
        updated_by=at_work(),
    )
    for position, (key, is_required) in enumerate(ASKED.items()):
        own = {"kind": LeadFormField.Kind.CHOICE, "label": say(ROOF), "choices": say(ROOFS)} if key == "own_1" else {}
        LeadFormField.objects.create(form=form, key=key, is_required=is_required, position=position, **own)
    return form


def allow_sites(sites: list[str]) -> None:
    """Let the demo's website show the form, on whichever port it is today. Two statements at most."""
    form = LeadForm.objects.filter(slug=SLUG).first()
    missing = [site for site in sites if form and site not in form.origins]
    if form and missing:
        form.sites = "\n".join([*form.origins, *missing])
        form.save(update_fields=["sites"])
