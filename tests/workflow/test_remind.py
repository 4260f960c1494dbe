"""The daily reminder of what has waited for long (Q2): who, how often, in which words."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm.models import Notification, User
from crm.telling import told_of
from tests.budgets import sent_by
from tests.crm.writes import plain
from tests.workflow.questions import ask
from tests.workflow.threads import at_once
from workflow import decisions
from workflow.models import CategoryDecision

pytestmark = pytest.mark.django_db


@pytest.fixture
def remind(capsys, settings, django_capture_on_commit_callbacks):
    """Run the command and return its lines."""
    settings.MAIL_IS_SENT = True

    def run(*arguments):
        with django_capture_on_commit_callbacks(execute=True):
            call_command("remind", *arguments)
        return capsys.readouterr().out.splitlines()

    return run


def waits(user, *names, days=4, **company):
    """Questions that have waited for this user for so many days, the first the longest."""
    found = {str(one.company): one for one in ask(user, *names, **company)}
    for number, name in enumerate(names):
        plain(CategoryDecision).filter(pk=found[name].pk).update(created_at=timezone.now() - dt.timedelta(days=days, hours=len(names) - number))
    return [found[name] for name in names]


def reminded():
    return sorted(Notification.objects.filter(kind="reminder").values_list("user__first_name", flat=True))


def test_q2_each_person_for_whom_something_has_waited_for_more_than_three_days_is_reminded_once(asking, remind, salesperson, colleague, mailoutbox):
    waits(salesperson, "Fjordbo", "Brørup")
    waits(colleague, "Ærø", days=3)
    assert remind() == ["Jonas Krogh <jonas@havn.example>: reminded, 2 suggestions, the oldest about Fjordbo."]
    assert reminded() == ["Jonas"]
    assert [mail.to for mail in mailoutbox] == [["jonas@havn.example"]]


def test_the_mail_leads_to_each_of_them_the_oldest_first_and_to_all(asking, remind, salesperson, mailoutbox, settings):
    settings.SITE_URL = "https://havn.firma.example/"
    first, second = waits(salesperson, "Fjordbo", "Brørup")
    remind()
    pk = Notification.objects.get().pk
    assert mailoutbox[0].subject == "2 suggestions have waited for you for more than 3 days"
    assert mailoutbox[0].body.split("\n\n")[1:-1] == [
        "2 suggestions have waited for you for more than 3 days\nThe oldest: Fjordbo",
        f"https://havn.firma.example/notifications/{pk}/",
        f"Fjordbo: change to Customer?\nhttps://havn.firma.example/confirmations/{first.pk}/",
        f"Brørup: change to Customer?\nhttps://havn.firma.example/confirmations/{second.pk}/",
    ]


def test_the_reminder_is_in_the_language_of_whoever_gets_it(asking, remind, salesperson, mailoutbox):
    waits(salesperson, "Fjordbo")
    User.objects.filter(pk=salesperson.pk).update(language="da")
    remind("--days", "1")
    assert mailoutbox[0].subject == "1 forslag har ventet på dig i mere end 1 dag"
    assert mailoutbox[0].body.startswith("Hej Jonas\n")


def test_q3_what_nobody_else_can_answer_is_brought_to_the_administrators(asking, remind, administrator, other_administrator, salesperson):
    waits(None, "Fjordbo")
    assert [line.partition(" <")[0] for line in remind()] == ["Karen Holst", "Maja Lindholm"]
    assert reminded() == ["Karen", "Maja"]


def test_however_often_it_runs_there_is_one_reminder_a_day_and_the_next_day_another(asking, remind, salesperson, mailoutbox):
    waits(salesperson, "Fjordbo")
    with time_machine.travel("2027-03-01 08:00+01:00"):
        remind()
        assert remind() == ["Jonas Krogh <jonas@havn.example>: was reminded today already, 1 suggestion, the oldest about Fjordbo."]
        assert len(mailoutbox) == 1
    with time_machine.travel("2027-03-02 00:05+01:00"):
        remind()
    assert (len(mailoutbox), Notification.objects.count()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_remind_nobody_twice(asking, salesperson, colleague, mailoutbox, settings):
    settings.MAIL_IS_SENT = True
    waits(salesperson, "Fjordbo")
    waits(colleague, "Brørup")
    at_once(*[lambda: call_command("remind", verbosity=0)] * 4)
    assert reminded() == ["Jonas", "Signe"]
    assert sorted(mail.to[0] for mail in mailoutbox) == ["jonas@havn.example", "signe@havn.example"]


def test_a_dry_run_says_who_would_be_reminded_and_writes_nothing(asking, remind, salesperson, mailoutbox):
    waits(salesperson, "Fjordbo")
    Notification.objects.create(user=salesperson, kind="reminder", subject_id=0, read_at="2026-01-01T00:00Z")
    assert remind("--dry-run") == ["Jonas Krogh <jonas@havn.example>: would be reminded, 1 suggestion, the oldest about Fjordbo."]
    assert (Notification.objects.count(), mailoutbox) == (1, [])


def test_days_says_how_long_is_long(asking, remind, salesperson):
    waits(salesperson, "Fjordbo", days=8)
    assert remind("--days", "8") == ["Nothing has waited that long."]
    assert len(remind("--days", "7")) == 1


@pytest.mark.parametrize("days", ["-1", "x", "99999", "½"])
def test_days_that_are_none_are_refused_with_a_sentence(days, db):
    with pytest.raises(CommandError, match="is not a number of days from 0 to 3650"):
        call_command("remind", f"--days={days}")


def test_where_nothing_has_waited_that_is_found_out_with_one_statement(asking, remind, salesperson):
    ask(salesperson, "Fjordbo")
    assert remind() == ["Nothing has waited that long."]
    assert len([sql for sql in sent_by(remind) if sql.startswith("SELECT")]) == 1


def test_s5_nobody_is_reminded_of_an_archived_company_nor_after_having_left(asking, remind, salesperson, colleague):
    (archived,) = waits(salesperson, "Fjordbo")
    plain(type(archived.company)).filter(pk=archived.company_id).update(archived_at=timezone.now())
    waits(colleague, "Brørup")
    plain(User).filter(pk=colleague.pk).update(is_active=False)
    assert remind() == ["Nothing has waited that long."]


def test_who_wants_no_mail_is_reminded_under_the_bell(asking, remind, salesperson, mailoutbox):
    salesperson.notification_choices.create(kind="reminder", by_email=False)
    waits(salesperson, "Fjordbo")
    remind()
    assert (reminded(), mailoutbox) == (["Jonas"], [])


def test_a_reminder_of_what_is_answered_meanwhile_says_that_it_is_over(asking, remind, salesperson):
    first, second = waits(salesperson, "Fjordbo", "Brørup")
    remind()
    one = Notification.objects.get()
    for decision, said in ((first, "The oldest: Brørup"), (second, "Those that had waited longest are answered.")):
        decisions.keep(decision.pk, by=salesperson, seen_version=1)
        assert told_of(salesperson, [one])[one.pk].detail == said
    assert told_of(salesperson, [one])[one.pk].is_over


def test_it_also_forgets_what_was_read_90_days_ago(asking, remind, salesperson):
    for days in (89, 91):
        Notification.objects.create(user=salesperson, kind="reminder", subject_id=0, read_at=timezone.now() - dt.timedelta(days=days))
    assert remind()[-1] == "1 old notification deleted: read more than 90 days ago."
    assert Notification.objects.count() == 1


def test_each_person_costs_a_handful_of_statements(asking, remind, salesperson, colleague):
    def cost(*names, to):
        waits(to, *names)
        return len([sql for sql in sent_by(lambda: remind("--dry-run")) if sql.startswith("SELECT")])

    few = cost("Fjordbo", to=salesperson)
    assert cost(*[f"Firma {n}" for n in range(30)], to=salesperson) == few
