"""What came in through the demo's lead form in its year: from known people, from known companies, and from new ones. Pure data, and how it is sent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from django.utils import timezone

from crm.actor import acting_as
from crm.initial import in_danish
from crm.models import Contact, User
from leads.corrections import set_handled, split
from leads.distribution import default_distribution
from leads.inquiries import receive
from leads.intake import Sent, Touch
from leads.models import Inquiry, LeadForm
from leads.seats import add_seat
from workflow.demo.companies import Pair
from workflow.demo.events import ascii_name, at_work, domain, say
from workflow.demo.lead_form import ROOF, ROOFS, SLUG

SITE = "https://nordsol.example/solar"
SEATS = ("jonas", "signe", "emil")
NAMESPACE = uuid.UUID("0d6f6f0e-6d06-4a7c-9b0c-5b1f7f6a2c11")

# How somebody came: source, medium, campaign, referring domain.
WAYS: dict[str, tuple[str, str, str, str]] = {
    "ads": ("google", "cpc", "solar-roofs", "google.com"),
    "brand": ("google", "cpc", "nordsol", "google.com"),
    "found": ("", "", "", "google.com"),
    "mail": ("newsletter", "email", "spring-offer", ""),
    "posts": ("linkedin", "social", "roof-stories", "linkedin.com"),
    "fair": ("trade-fair", "qr", "build-2026", ""),
    "partner": ("nordvang", "referral", "", "nordvangvinduer.example"),
    "direct": ("", "", "", ""),
}
TEXTS: list[Pair] = [
    (
        "We are about to have our roof renewed and would like to know what solar would cost.",
        "Vi skal have nyt tag og vil gerne vide, hvad solceller vil koste.",
    ),
    ("Our electricity bill has doubled. Can you look at our roof?", "Vores elregning er fordoblet. Kan I se på vores tag?"),
    ("Please call me about charging points for eight vans.", "Ring gerne til mig om ladestandere til otte varevogne."),
    ("How long does it take from an order to electricity?", "Hvor lang tid går der fra bestilling til strøm?"),
    ("We compare three offers and decide next month.", "Vi sammenligner tre tilbud og beslutter næste måned."),
    ("Is the roof of a hall from 1974 strong enough?", "Kan taget på en hal fra 1974 bære det?"),
    ("Please send your brochure.", "Send gerne jeres brochure."),
]


class Visitor(NamedTuple):
    """Who sends the form so many days ago. A firm of the demo with `person` empty: its first contact. `then`: the way of the sending visit."""

    ago: float
    person: str
    firm: str
    first: str
    then: str = ""
    types_company: bool = True


VISITORS = [
    Visitor(231, "", "Nordfyns Trælast", "ads"),
    Visitor(214, "Tove Lindegaard", "Lindegaard Planteskole", "posts", "direct"),
    Visitor(199, "", "Gudenå Kajakcenter", "mail"),
    Visitor(187, "Bodil Hauge", "Kattegat Offshore", "found"),
    Visitor(171, "", "Fjordbo Entreprise A/S", "mail"),
    Visitor(158, "Ebbe Thorup", "Thorups Tagservice", "ads", "brand"),
    Visitor(140, "", "Højby Friskole", "posts"),
    Visitor(126, "", "Hedeland Grus", "brand"),
    Visitor(113, "Mogens Krabbe", "Brønnum & Søn ApS", "ads", types_company=False),
    Visitor(97, "Sanna Vibe", "Vibe Dyrehospital", "found"),
    Visitor(84, "", "Lyngby Tandklinik", "mail"),
    Visitor(44, "", "Ørbæk Bageri", "ads"),
    Visitor(58, "Jeppe Stage", "Stage Lys og Lyd", "posts", "mail"),
    Visitor(47, "", "Nordvang Vinduer", "partner"),
    Visitor(39, "", "Rønne Fiskeauktion", "fair"),
    Visitor(31, "Dagny Friis", "Friis Papir", "ads"),
    Visitor(24, "", "Vestkystens Røgeri", "fair", "direct"),
    Visitor(18, "", "Kragh Maskinudlejning", "brand"),
    Visitor(13, "Asta Hjorth", "Birkerød Dyreklinik", "found", types_company=False),
    Visitor(9, "", "Silkeborg Stål A/S", "ads"),
    Visitor(6, "Frode Kampmann", "Kampmann Kølerum", "posts", "ads"),
    Visitor(4, "", "Hotel Limfjorden", "mail"),
    Visitor(2.6, "Gerda Lauge", "Lillebælt Marina", "found", types_company=False),  # is split off: the café in the marina
    Visitor(1.4, "", "Bakkely Gartneri", "ads", "direct"),
    Visitor(0.6, "Laust Rømer", "Rømer Logistik", "ads"),
]
HANDLED_BEFORE = 5  # days
SPLIT: tuple[str, Pair, float] = ("Gerda Lauge", ("The Marina Café", "Caféen i marinaen"), 1.9)
SPAM_AGO = 3.2
SPAM: Pair = ("We bring your website to the top of every search engine!!! Click here.", "Vi får jeres hjemmeside øverst i alle søgemaskiner!!! Klik her.")


def planned(users: dict[str, User]) -> Iterator[tuple[float, User, Callable[[], object]]]:
    """What happens: how many days ago, who is at work, and what they do."""
    yield 239, users["maja"], partial(_take_seats, users)
    for number, visitor in enumerate(VISITORS):
        yield visitor.ago, users["maja"], partial(_send, number)
        if visitor.ago > HANDLED_BEFORE:
            yield visitor.ago - 0.9, users["maja"], partial(_handle, number)
    yield SPAM_AGO, users["maja"], _send_spam
    yield SPLIT[2], users["jonas"], _split


def _take_seats(users: dict[str, User]) -> None:
    for name in SEATS:
        add_seat(default_distribution().pk, user=users[name])


def _send(number: int) -> None:
    visitor = VISITORS[number]
    person = visitor.person
    known = Contact.objects.filter(company__name=visitor.firm).order_by("pk").first() if not person else None
    name, email = (known.name, known.email) if known else (person, f"{ascii_name(person.split()[0])}@{domain(visitor.firm)}")
    first, then = _touch(visitor.first, hours=30), _touch(visitor.then or visitor.first)
    sent = Sent(
        key=_key(number), company=visitor.firm if visitor.types_company else "", first_name=name.rpartition(" ")[0], last_name=name.rpartition(" ")[2],
        email=email, message=say(TEXTS[number % len(TEXTS)]), own=[(say(ROOF), say(ROOFS).splitlines()[number % 3])], consent=True,
        language="da" if in_danish() else "en", first=first, sent=then,
    )  # fmt: skip
    receive(LeadForm.objects.get(slug=SLUG), sent)


def _touch(way: str, *, hours: int = 0) -> Touch:
    source, medium, campaign, referrer = WAYS[way]
    return Touch(source, medium, campaign, referring_domain=referrer, landing_page=SITE, at=timezone.now() - dt.timedelta(hours=hours))


def _key(number: int) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, str(number))


def _handle(number: int) -> None:
    inquiry = Inquiry.objects.select_related("owner").get(key=_key(number))
    owner = inquiry.owner or at_work()
    with acting_as(owner):
        set_handled(inquiry, handled=True, by=owner)


def _send_spam() -> None:
    sent = Sent(key=_key(-1), company="Rank Rocket", first_name="SEO", last_name="Team", email="offer@rankrocket.example", message=say(SPAM))
    receive(LeadForm.objects.get(slug=SLUG), sent, spam=Inquiry.SpamReason.TRAP)


def _split() -> None:
    person, name, _ago = SPLIT
    inquiry = Inquiry.objects.get(first_name=person.split()[0])
    split(inquiry, company_name=say(name), by=at_work())
