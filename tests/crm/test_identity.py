"""By what two records are the same: addresses, domains and names, on every road they are written (I3)."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from crm.identity import email_domain, email_key, name_key, website_domain
from crm.models import Company, Contact
from leads.free_mail import FREE_MAIL, is_business
from tests.budgets import sent_by
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("lise@firma.dk", "lise@firma.dk"), ("Lise+x@Firma.DK ", "lise@firma.dk"), (" LISE@FIRMA.DK.", "lise@firma.dk"), ("+x@firma.dk", "+x@firma.dk"),
        ("søren@blåbær.dk", "søren@blåbær.dk"), ("so\u0308ren@firma.dk", "sören@firma.dk"), ("lise@xn--blbr-roah.dk", "lise@blåbær.dk"),
        ("a@b@firma.dk", "a@b@firma.dk"), ("firma.dk", ""), ("@firma.dk", ""), ("lise@", ""), ("", ""), ("lise@xn--\u2028.dk", "lise@xn--.dk"),
    ],
)  # fmt: skip
def test_an_address_is_compared_without_case_spaces_and_what_follows_a_plus(typed: str, key: str) -> None:
    """I3."""
    assert email_key(typed) == key


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("https://www.Firma.dk/om?x=1", "firma.dk"), ("firma.dk", "firma.dk"), ("http://shop.firma.dk:8080", "shop.firma.dk"), ("www.firma.dk.", "firma.dk"),
        ("http://[::1", ""), ("localhost", ""), ("ikke nogen", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_website_is_compared_by_its_domain(typed: str, domain: str) -> None:
    """I3."""
    assert website_domain(typed) == domain


@given(st.text(max_size=400))
def test_whatever_is_typed_fits_its_column_and_compares_with_itself(text: str) -> None:
    """I3: also halves of letters, control characters and ten thousand combining marks."""
    for make, longest in ((email_key, 254), (email_domain, 254), (website_domain, 254), (name_key, 200)):
        key = make(text)
        assert len(key) <= longest
        assert "\0" not in key
        assert make(f"  {text} ") == key


def test_the_list_of_free_domains_is_as_addresses_are_compared() -> None:
    """I3: a line that is written otherwise would never match."""
    assert {domain for domain in FREE_MAIL if email_domain(f"x@{domain}") != domain} == set()
    assert is_business("firma.dk")
    assert not is_business("stofanet.dk")
    assert not is_business("")
    assert not is_business("localhost")


BIG = (
    "gmail.com outlook.es outlook.it outlook.no yahoo.com.br yahoo.nl yahoo.co.jp hotmail.ch hotmail.co.uk gmx.fr googlemail.de live.dk msn.com icloud.com "
    "aol.de proton.me protonmail.ch eu.yahoo.com ukr.net mail.tdcadsl.dk tdcadsl.dk"
)


@pytest.mark.parametrize("domain", BIG.split())
def test_an_address_with_a_large_provider_is_nobody_s_whatever_its_ending(domain: str) -> None:
    """I3: below one of them, too."""
    assert not is_business(domain)


@pytest.mark.parametrize("domain", ["outlook.firma.dk", "live.firma.co.uk", "myoutlook.dk", "gmail-hjaelp.dk", "net.dk", "com.dk", "tdcnet.dk"])
def test_a_company_s_own_domain_is_its_own_even_where_it_names_a_provider(domain: str) -> None:
    """I3."""
    assert is_business(domain)


@pytest.mark.django_db
def test_the_keys_follow_what_is_written_on_every_road() -> None:
    """A5, I3: save, update, bulk_create, bulk_update, also with columns deferred."""

    def keys(contact: Contact) -> tuple[str, str]:
        return Contact.objects.values_list("email_key", "email_domain").get(pk=contact.pk)

    company = CompanyFactory(name="  Ærø  A/S", website="https://www.aeroe.dk")
    assert (company.name_key, company.website_domain) == ("ærø a/s", "aeroe.dk")
    contact = ContactFactory(company=company, email="A+1@Firma.dk")
    assert keys(contact) == ("a@firma.dk", "firma.dk")
    Contact.objects.update(email="B@firma.dk")
    assert keys(contact) == ("b@firma.dk", "firma.dk")
    some = Contact.objects.only("first_name").get(pk=contact.pk)
    some.email = "c@ny.dk"
    some.save()
    assert keys(contact) == ("c@ny.dk", "ny.dk")
    contact = Contact.objects.get(pk=contact.pk)
    contact.email = ""
    Contact.objects.bulk_update([contact], ["email"])
    assert keys(contact) == ("", "")
    (made,) = Contact.objects.bulk_create([Contact(company=company, first_name="D", email="D@firma.dk")])
    assert keys(made) == ("d@firma.dk", "firma.dk")
    Company.objects.filter(pk=company.pk).update(name="Samsø", website="")
    assert Company.objects.values_list("name_key", "website_domain").get(pk=company.pk) == ("samsø", "")


@pytest.mark.django_db
def test_an_upgrade_fills_the_keys_of_what_is_there_in_batches_and_touches_nothing_else(monkeypatch: Any) -> None:
    """I3."""
    migration = import_module("crm.migrations.0014_keys_to_compare")
    monkeypatch.setattr(migration, "BATCH", 2)
    contacts = [ContactFactory(email=f"P{number}+x@firma.dk") for number in range(5)]
    before = list(Contact.objects.order_by("pk").values("pk", "updated_at", "email", "search_text"))
    plain(Contact).update(email_key="", email_domain="")
    plain(Company).update(name_key="", website_domain="")
    sent = sent_by(lambda: migration.fill(apps, SimpleNamespace(connection=connection)))
    assert list(Contact.objects.order_by("pk").values_list("email_key", flat=True)) == [f"p{number}@firma.dk" for number in range(5)]
    assert Company.objects.get(pk=contacts[0].company_id).name_key == name_key(contacts[0].company.name)
    assert list(Contact.objects.order_by("pk").values("pk", "updated_at", "email", "search_text")) == before
    assert len([sql for sql in sent if sql.startswith("UPDATE")]) == 6
