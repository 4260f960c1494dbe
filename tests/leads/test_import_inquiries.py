"""`manage.py import_inquiries` takes inquiries of another system by the road of all (I3)."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm.models import Company, Contact
from leads.distribution import default_distribution
from leads.models import Inquiry, LeadForm, Visit
from tests.factories import ContactFactory, LeadFormFactory, UserFactory

pytestmark = pytest.mark.django_db

MARKETING = [
    "--map=external_key=mql_id", "--map=first_name=mql_id", "--map=received_at=first_contact_date", "--map=landing_page=landing_page_id",
    "--map=utm_source=origin", "--value=utm_source.=NaN", "--value=utm_source.=unknown", "--order-by=received_at", "--source=olist",
]  # fmt: skip


@pytest.fixture
def form(db: None) -> LeadForm:
    return LeadFormFactory(slug="old")


def run(path: Path, *options: str, capsys: Any) -> str:
    call_command("import_inquiries", str(path), "--form=old", *options)
    return capsys.readouterr().out


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def marketing_file(path: Path, rows: int) -> Path:
    """The shape of a real list of marketing leads: hexadecimal keys, dates with and without a time, half-known origins, no people."""
    chance = random.Random(8)
    origins = ["organic_search", "paid_search", "social", "unknown", "direct_traffic", "email", "referral", "", "NaN", "other_publicities"]
    lines = ["mql_id,first_contact_date,landing_page_id,origin"]
    for _ in range(rows):
        day = dt.date(2017, 6, 14) + dt.timedelta(days=chance.randrange(350))
        lines.append(f"{chance.getrandbits(128):032x},{day}{chance.choice(['', ' 00:00:00'])},{chance.getrandbits(128):032x},{chance.choice(origins)}")
    return write(path, *lines)


def test_rows_are_received_like_forms_that_were_sent(form: LeadForm, tmp_path: Path, capsys: Any) -> None:
    """I3: matched, given to somebody, with where they came from; and a second run finds them there."""
    known, owner = ContactFactory(email="lise@bakkely.dk"), UserFactory()
    default_distribution().seats.create(user=owner)
    head = "id,company_name,first_name,email,received_at,utm_source,first_utm_source,landing_page,message"
    path = write(
        tmp_path / "old.csv", head,
        "1,,Lise,LISE+x@bakkely.dk ,2025-03-01 10:30,google,facebook,https://firma.dk/sol?email=x,Ring til mig",
        "2,Ny Kunde ApS,Bo,bo@nykunde.dk,2025-03-02,,,,",
    )  # fmt: skip
    assert "2 inquiries imported, 0 already imported, 0 refused" in run(path, "--key=id", capsys=capsys)
    first, second = Inquiry.objects.order_by("received_at")
    assert (first.contact, first.message, first.external_key, first.consent_text) == (known, "Ring til mig", "1", "")
    assert (second.company.name, second.owner, second.company.our_contact) == ("Ny Kunde ApS", owner, owner)
    visits = {visit.touch: visit for visit in first.visits.all()}
    assert (visits["first"].utm_source, visits["sent"].utm_source, visits["sent"].landing_page) == ("facebook", "google", "https://firma.dk/sol")
    assert "0 inquiries imported, 2 already imported" in run(path, "--key=id", capsys=capsys)
    assert Inquiry.objects.count() == 2


def test_what_the_form_would_refuse_is_refused_with_its_line(form: LeadForm, tmp_path: Path, capsys: Any) -> None:
    """I3, I5: whole or not at all."""
    path = write(
        tmp_path / "old.csv", "first_name,email,received_at,consent", "Bo,not an address,,", ",,,", "x" * 90 + ",,,", "Bo,,2999-01-01,", "Bo,,,perhaps",
        "Bo,bo@firma.dk,2025-01-01,ja", ",,2025-01-01,",
    )  # fmt: skip
    said = run(path, capsys=capsys)
    assert "1 inquiries imported, 0 already imported, 5 refused" in said
    for words in ("line 2: email", "line 4: first_name", "has not come yet", "neither yes nor no", "nothing says who it was"):
        assert words in said
    assert Inquiry.objects.get().consent_text == form.consent_text


def test_a_dry_run_writes_nothing_and_a_form_that_does_not_exist_is_said(form: LeadForm, tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path / "old.csv", "first_name", "Bo")
    assert "1 inquiries would be imported" in run(path, "--dry-run", capsys=capsys)
    assert Inquiry.objects.count() == 0
    with pytest.raises(CommandError, match="Known: old"):
        call_command("import_inquiries", str(path), "--form=new")


def test_imported_ones_may_be_handled_already(form: LeadForm, tmp_path: Path, capsys: Any) -> None:
    run(write(tmp_path / "old.csv", "first_name", "Bo"), "--handled", capsys=capsys)
    assert Inquiry.objects.get().handled_at


def test_a_list_of_marketing_leads_without_people_comes_in(form: LeadForm, tmp_path: Path, capsys: Any) -> None:
    """I2, I3: 150 of the 8,000 rows of such a file: what they are is the same throughout."""
    default_distribution().seats.create(user=UserFactory())
    said = run(marketing_file(tmp_path / "mql.csv", 150), *MARKETING, capsys=capsys)
    assert "150 inquiries imported, 0 already imported, 0 refused" in said
    assert Contact.objects.count() == Company.objects.count() == 150
    sources = set(Visit.objects.filter(touch="first").values_list("utm_source", flat=True))
    assert "" in sources
    assert not sources & {"NaN", "unknown"}
    received = list(Inquiry.objects.order_by("pk").values_list("received_at", flat=True))
    assert received == sorted(received)
