"""What can happen at the demo company, each through the write path everybody uses. When it happens is `replay.py`'s business."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from crm.actor import current_actor, working
from crm.forms.lists import CategoryForm
from crm.initial import in_danish
from crm.models import Company, CompanyCategory, Contact, Sale, SaleReason, SaleStage, SettingsChange, User
from leads.defaults import set_lead_status
from leads.models import LeadStatus
from workflow import decisions
from workflow.demo import companies as data
from workflow.forms import RulesForm, lock_settings
from workflow.models import CategoryDecision, Trigger

STATUS = {"w": Sale.Status.WON, "l": Sale.Status.LOST, "z": Sale.Status.STALLED, "o": Sale.Status.OPEN}
CVR_WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)


def say(pair: data.Pair) -> str:
    """The text in the installation's language, as its list items are."""
    return pair[in_danish()]


def ascii_name(text: str) -> str:
    """A name as it stands in an address: "Møllegaard & Søn" becomes "moellegaardsoen"."""
    for letter, plain in (("æ", "ae"), ("ø", "oe"), ("å", "aa"), ("é", "e")):
        text = text.lower().replace(letter, plain)
    return "".join(letter for letter in text if letter.isalnum())


def domain(name: str) -> str:
    """The internet domain of a company: of its name without the kind of company, under a top level that exists nowhere."""
    words = [word for word in name.split() if word not in ("A/S", "ApS", "I/S")]
    return f"{ascii_name(' '.join(words))}.example"


def cvr_like(rng: random.Random) -> str:
    """Eight digits that look like a company's number and, by their check digit, belong to nobody."""
    while True:
        digits = str(rng.randint(12_000_000, 44_999_999))
        if sum(int(digit) * weight for digit, weight in zip(digits, CVR_WEIGHTS, strict=True)) % 11:
            return digits


def at_work() -> User:
    """Whoever the event is attributed to."""
    actor = current_actor()
    assert actor is not None
    return actor


class Lists:
    """List items by what they mean, since their names are in the installation's language.

    Raises DoesNotExist, MultipleObjectsReturned or ValueError where the lists are not those of a new database.
    """

    def __init__(self) -> None:
        in_group = CompanyCategory.objects.active().filter
        self.categories = dict(zip(("lead", "mql", "opp"), in_group(group="potential_customer", lead_status_enabled=True), strict=True))
        self.categories["lostopp"] = in_group(group="potential_customer", lead_status_enabled=False).get()
        for key, group in (("customer", "customer"), ("partner", "partner"), ("former", "lost"), ("other", "other")):
            self.categories[key] = in_group(group=group).get()
        self.statuses = {
            letter: LeadStatus.objects.get(meaning=meaning, is_default=False) for letter, meaning in zip("cqdr", LeadStatus.Meaning.values, strict=True)
        }
        self.stages = list(SaleStage.objects.active())
        self.reasons = {kind: list(SaleReason.objects.active().filter(applies_to=kind)) for kind in SaleReason.AppliesTo.values}


class Settings:
    """What Maja does in Settings and maintenance, through the forms of its screens."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists

    def first_rules(self) -> None:
        """All four are switched on, and none asks."""
        targets = dict(zip(Trigger.values, ("customer", "lostopp", "opp", "mql"), strict=True))
        changes: dict[str, dict[str, Any]] = {trigger: {"enabled": True, "category": self.lists.categories[target].pk} for trigger, target in targets.items()}
        changes[Trigger.LEAD_STATUS_SET]["status"] = self.lists.statuses["q"].pk
        self.save_rules(changes)

    def save_rules(self, changes: dict[str, dict[str, Any]]) -> None:
        """One save of the tab, with `changes` of its fields by trigger."""
        lock_settings()
        shown = RulesForm()
        sent = {"version": str(shown.settings.version)}
        for rule in shown.rules:
            sent |= rule.sent(changes.get(rule.rule.trigger, {}))
        form = RulesForm(sent)
        if not form.is_valid():
            raise ValueError(form.errors)
        form.save(by=at_work())

    def tiers(self) -> None:
        """Customers get tiers, which follow Customer in the list."""
        categories = self.lists.categories
        for key, (name, colour, help_text) in data.TIERS.items():
            form = CategoryForm({"name": say(name), "group": "customer", "colour": colour, "description": say(help_text)}, instance=CompanyCategory())
            categories[key] = form.save()
            SettingsChange.record(area="company-categories", item=say(name), item_id=categories[key].pk, before=form.before, after=form.after())
        order = ["lead", "mql", "opp", "lostopp", "customer", *data.TIERS, "partner", "former", "other"]
        for position, key in enumerate(order, start=1):
            categories[key].position = position
            categories[key].save(update_fields=["position"])


@dataclass(eq=False)
class Played:
    """A company while its story is played. Rows are read again for each step, as each request would."""

    firm: data.Firm
    owner: User
    rng: random.Random  # of its own, so that its draws do not depend on what others do in between
    people: list[tuple[str, str]]  # name, job
    company_id: int = 0
    contact_ids: list[int] = field(default_factory=list)
    sale_ids: list[int] = field(default_factory=list)
    titles: set[str] = field(default_factory=set)

    def company(self, category: CompanyCategory, **extra: Any) -> Company:
        """The company, not saved yet."""
        postcode, city = self.firm.place.split(" ", 1)
        return Company(
            name=self.firm.name,
            category=category,
            our_contact=self.owner,
            registration_number=cvr_like(self.rng),
            business=say(data.BUSINESSES[self.firm.business][0]),
            phone=self._phone(data.AREA_CODES[postcode[0]]),
            website=f"https://{domain(self.firm.name)}",
            address=self.firm.address,
            postcode=postcode,
            city=city,
            country=say(("Denmark", "Danmark")),
            **extra,
        )

    def contacts(self) -> list[Contact]:
        """The people of the saved company, not saved yet."""
        found = []
        for name, job in self.people:
            first, last = name.rsplit(" ", 1)
            email = f"{ascii_name(first)}.{ascii_name(last)}@{domain(self.firm.name)}"
            phone = self._phone(self.rng.choice(("20", "26", "30", "40", "51", "61")))
            found.append(Contact(company_id=self.company_id, first_name=first, last_name=last, title=say(data.JOBS[job]), email=email, phone=phone))
        return found

    def sale(self, lists: Lists, **extra: Any) -> Sale:
        """The next sale of the company, not saved yet."""
        rng = self.rng
        title, amount = self._next_title()
        return Sale(
            title=title,
            amount=amount,
            company_id=self.company_id,
            contact_id=rng.choice(self.contact_ids),
            owner=self.owner,
            stage=rng.choices(lists.stages, weights=(6, 3, 2, 1))[0],
            expected_close=timezone.localdate() + dt.timedelta(days=rng.randint(25, 110)),
            description=say(rng.choice(data.DESCRIPTIONS)) if rng.random() < 0.4 else "",
            **extra,
        )

    def _next_title(self) -> tuple[str, int]:
        named = data.NAMED_SALES.get(self.firm.name, [])
        year = timezone.localdate().year + 1
        if len(self.sale_ids) < len(named):
            title, amount = named[len(self.sale_ids)]
            return say(title).format(year=year), amount
        offers = data.SALES[data.BUSINESSES[self.firm.business][1]] + data.SALES["any"]
        while True:
            title, low, high = self.rng.choice(offers)
            text = say(title).format(n=self.rng.randint(1, 6), year=year)
            if text not in self.titles:
                self.titles.add(text)
                step = 5 if low >= 50 else 1
                return text, self.rng.randrange(low, high + 1, step) * 1000

    def _phone(self, prefix: str) -> str:
        return f"+45 {prefix} 00 {self.rng.randint(10, 99)} {self.rng.randint(10, 99)}"


def import_old(all_played: list[Played], lists: Lists) -> None:
    """What was known before Havn came, without running rules: one write for each kind of record."""
    source = {"external_source": say(("Spreadsheet", "Regneark"))}
    with working(user=current_actor(), kind="import", run_rules=False):
        kinds = [played.firm.story.split()[0].removeprefix("import=") for played in all_played]
        rows = [p.company(lists.categories[kind], **source, external_key=str(1001 + n)) for n, (p, kind) in enumerate(zip(all_played, kinds, strict=True))]
        for played, company in zip(all_played, Company.objects.bulk_create(rows), strict=True):
            played.company_id = company.pk
        people = [(played, contact) for played in all_played for contact in played.contacts()]
        Contact.objects.bulk_create(contact for _, contact in people)
        for played, contact in people:
            played.contact_ids.append(contact.pk)
        old = [(played, played.sale(lists, status=Sale.Status.WON)) for played, kind in zip(all_played, kinds, strict=True) if kind == "customer"]
        for played, sale in old:
            sale.closed_on = timezone.localdate() - dt.timedelta(days=played.rng.randint(30, 400))
            sale.expected_close = sale.closed_on
        Sale.objects.bulk_create(sale for _, sale in old)
        for played, sale in old:
            played.sale_ids.append(sale.pk)


def create(played: Played, category: CompanyCategory) -> None:
    """A company, and its people one by one."""
    company = played.company(category)
    company.save()
    played.company_id = company.pk
    for contact in played.contacts():
        contact.save()
        played.contact_ids.append(contact.pk)


def unplaced_sale(title: data.Pair, amount: int, lists: Lists) -> None:
    """A sale whose company is not known yet."""
    expected = timezone.localdate() + dt.timedelta(days=45)
    Sale.objects.create(title=say(title), amount=amount, owner=current_actor(), stage=lists.stages[0], expected_close=expected)


def take_step(played: Played, step: str, lists: Lists) -> None:
    """One step of a story (the letters are explained at `companies.Firm`), by the user at work."""
    letter, rest = step[0], step[1:]
    match letter:
        case "c" | "q" | "d" | "r":
            set_lead_status(contact=Contact.objects.get(pk=played.contact_ids[int(rest)]), status=lists.statuses[letter])
        case "s" | "f":
            _register_sale(played, lists, is_won=rest == "!", has_company=letter == "s")
        case "b":
            sale = Sale.objects.get(pk=played.sale_ids[int(rest)])
            sale.company_id, sale.contact_id = played.company_id, played.contact_ids[0]
            sale.save()
        case "p":
            sale = Sale.objects.get(pk=played.sale_ids[int(rest)])
            place = next(place for place, stage in enumerate(lists.stages) if stage.pk == sale.stage_id)
            sale.stage = lists.stages[min(place + 1, len(lists.stages) - 1)]
            sale.expected_close = timezone.localdate() + dt.timedelta(days=played.rng.randint(15, 60))
            sale.save()
        case "w" | "l" | "z" | "o":
            _set_sale_status(played, Sale.objects.get(pk=played.sale_ids[int(rest)]), STATUS[letter], lists)
        case "m":
            company = Company.objects.get(pk=played.company_id)
            company.category = lists.categories[rest.removeprefix("=")]
            company.save()
        case _:
            _answer(played, letter, lists.categories.get(rest.removeprefix("=")))


def _register_sale(played: Played, lists: Lists, *, is_won: bool, has_company: bool) -> None:
    sale = played.sale(lists, **({"status": Sale.Status.WON, "reason": played.rng.choice(lists.reasons["won"])} if is_won else {}))
    if not has_company:
        sale.company_id = sale.contact_id = None
    sale.save()
    played.sale_ids.append(sale.pk)


def _set_sale_status(played: Played, sale: Sale, status: str, lists: Lists) -> None:
    sale.status = status
    if status in Sale.CLOSED:
        sale.reason = played.rng.choice(lists.reasons[status])
        sale.stage = lists.stages[-1] if status == Sale.Status.WON else sale.stage
        sale.reason_note = say(played.rng.choice(data.LOSS_NOTES)) if status == Sale.Status.LOST and played.rng.random() < 0.5 else ""
    elif status == Sale.Status.STALLED:
        sale.reopen_on = timezone.localdate() + dt.timedelta(days=played.rng.randint(30, 120))
    sale.save()


def _answer(played: Played, letter: str, other: CompanyCategory | None) -> None:
    decision = CategoryDecision.objects.waiting().select_related("company").get(company=played.company_id)
    who: dict[str, Any] = {"by": at_work(), "seen_version": decision.company.category_version}
    if other:
        decisions.choose(decision.pk, other, **who)
    elif letter == "k":
        decisions.keep(decision.pk, **who)
    else:
        decisions.accept(decision.pk, **who)
