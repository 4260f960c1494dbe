"""Whoever an import was run for is told how it ended."""

from __future__ import annotations

import pytest
from django.core.management import CommandError
from django.utils import translation

from crm.imports.run import Run
from crm.models import Company, Notification
from crm.telling import told_of

pytestmark = pytest.mark.django_db
FILE = "name,key\nFjordbo,1\nBrørup,2\n,3\n"


def said(user, language="en"):
    """What this person is told, the latest first: text, details, where it leads."""
    found = list(Notification.objects.filter(user=user))
    with translation.override(language):
        told = told_of(user, found)
    return [(told[one.pk].text, told[one.pk].detail, told[one.pk].url) for one in found]


def test_the_user_of_an_import_is_told_the_counts_and_led_to_the_list(companies, write, salesperson):
    path = write(FILE, "accounts.csv")
    companies(path, "--user", "jonas@havn.example", "--key", "key")
    assert said(salesperson) == [("The import of accounts.csv is finished", "2 rows imported, 1 refused", "/companies/")]
    companies(path, "--user", "jonas@havn.example", "--key", "key")
    assert said(salesperson)[0][1] == "0 rows imported, 2 were there already, 1 refused"


def test_in_the_users_language(companies, write, salesperson):
    companies(write(FILE, "accounts.csv"), "--user", "jonas@havn.example")
    assert said(salesperson, "da") == [("Importen af accounts.csv er færdig", "2 rækker importeret, 1 afvist", "/companies/")]


def test_an_import_of_sales_leads_to_the_sales(sales, write, salesperson):
    sales(write("title\nSolar roof\n", "pipeline.csv"), "--user", "jonas@havn.example")
    assert said(salesperson) == [("The import of pipeline.csv is finished", "1 row imported", "/sales/")]


def test_one_that_was_stopped_says_so_with_what_is_saved(companies, write, salesperson, monkeypatch):
    def stopped(run, *_args):
        run.result.imported = 1
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "write", stopped)
    with pytest.raises(CommandError, match="Stopped"):
        companies(write(FILE, "accounts.csv"), "--user", "jonas@havn.example")
    assert said(salesperson)[0][:2] == ("The import of accounts.csv was stopped", "1 row imported")


@pytest.mark.parametrize("options", [(), ("--user", "jonas@havn.example", "--dry-run")], ids=["nobody's", "only tried"])
def test_nobody_is_told_of_one_that_is_nobodys_or_only_tried(companies, write, salesperson, options):
    companies(write(FILE), *options)
    assert not Notification.objects.exists()


def test_a_list_that_has_gone_since_is_not_led_to(salesperson):
    Notification.objects.create(user=salesperson, kind="import-finished", subject_id=0, facts={"file": "old.csv", "list": "crm:no-such-list"})
    assert said(salesperson) == [("The import of old.csv is finished", "0 rows imported", "")]
    assert not Company.objects.exists()
