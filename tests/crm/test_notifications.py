"""Telling people things: who is told, how often, and what is mailed (I4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from crm.actor import acting_as
from crm.models import Notification, NotificationChoice, User
from crm.notifications import forget_old, notify, read_about, unread_of, without_mail
from crm.site import asked_at, root
from crm.slots import NotificationKind, Told, notification_kinds
from crm.tasks import mail_notifications
from crm.telling import told_of
from tests.budgets import sent_by

pytestmark = pytest.mark.django_db


def _tell(notifications):
    return {one.pk: Told(f"Parcel {one.subject_id}", f"/sales/?parcel={one.subject_id}", one.facts.get("from", "")) for one in notifications}


@pytest.fixture(autouse=True)
def parcel(monkeypatch):
    """A kind of its own: a parcel has come."""
    kind = NotificationKind("parcel", "A parcel has come", _tell, 1)
    monkeypatch.setitem(notification_kinds, kind.key, kind)
    return kind


def whom():
    return set(Notification.objects.values_list("user__email", flat=True))


def test_i4_each_of_these_people_is_told_once_in_two_statements(salesperson, colleague):
    sent = sent_by(lambda: notify("parcel", [salesperson.pk, colleague.pk, salesperson.pk, None], subject_id=7, facts={"from": "Vejle"}))
    assert len([sql for sql in sent if "SAVEPOINT" not in sql]) == 2
    assert sorted(Notification.objects.values_list("user_id", "subject_id", "facts")) == [(one.pk, 7, {"from": "Vejle"}) for one in (salesperson, colleague)]


def test_nobody_is_told_what_they_did_themselves(salesperson, colleague):
    with acting_as(salesperson):
        notify("parcel", [salesperson.pk, colleague.pk], subject_id=7)
        assert sent_by(lambda: notify("parcel", [salesperson.pk], subject_id=8)) == []
    assert whom() == {colleague.email}


def test_s5_who_is_deactivated_is_told_nothing(salesperson, colleague):
    colleague.is_active = False
    colleague.save()
    notify("parcel", [salesperson.pk, colleague.pk], subject_id=7)
    assert whom() == {salesperson.email}


def test_who_lacks_the_kinds_permission_is_not_told(parcel, monkeypatch, salesperson, administrator):
    monkeypatch.setitem(notification_kinds, "parcel", replace(parcel, permission="crm.manage_settings"))
    notify("parcel", [salesperson.pk, administrator.pk], subject_id=7)
    assert whom() == {administrator.email}


def test_an_unknown_kind_is_a_mistake_of_the_program(salesperson):
    with pytest.raises(KeyError):
        notify("nonsense", [salesperson.pk], subject_id=7)


def test_what_is_rolled_back_was_never_told(salesperson):
    with transaction.atomic():
        notify("parcel", [salesperson.pk], subject_id=7)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_what_is_told_once_is_not_told_again_to_the_same_person(salesperson, colleague):
    assert notify("parcel", [salesperson.pk], subject_id=7, once="parcel:7") == [salesperson.pk]
    assert notify("parcel", [salesperson.pk, colleague.pk], subject_id=7, once="parcel:7") == [colleague.pk]
    assert notify("parcel", [salesperson.pk], subject_id=7) == [salesperson.pk]  # without a name it is
    assert Notification.objects.count() == 3


def test_the_database_itself_refuses_to_tell_the_same_thing_twice(salesperson):
    Notification.objects.create(user=salesperson, kind="parcel", subject_id=7, once="parcel:7")
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(user=salesperson, kind="parcel", subject_id=8, once="parcel:7")


# ------------------------------------------------------------------------------- read
def test_the_number_of_unread_ones_is_counted_to_99_by_one_statement(salesperson, colleague):
    notify("parcel", [colleague.pk], subject_id=1)
    assert (unread_of(salesperson), unread_of(salesperson).label) == (0, "Notifications, none unread")
    Notification.objects.bulk_create(Notification(user=salesperson, kind="parcel", subject_id=n) for n in range(150))
    assert len(sent_by(lambda: unread_of(salesperson))) == 1
    assert (str(unread_of(salesperson)), unread_of(salesperson).label) == ("99+", "Notifications, 99+ unread")


def test_what_is_over_for_everybody_is_read_for_everybody(salesperson, colleague):
    for subject in (7, 8):
        notify("parcel", [salesperson.pk, colleague.pk], subject_id=subject)
    read_about("parcel", [7])
    assert [unread_of(user) for user in (salesperson, colleague)] == [1, 1]


def test_what_was_read_90_days_ago_is_forgotten_and_what_was_not_is_kept(salesperson):
    now = timezone.now()
    for days in (None, 89, 91):
        Notification.objects.create(
            user=salesperson, kind="parcel", subject_id=days or 0, at=now - dt.timedelta(days=200), read_at=days and now - dt.timedelta(days=days)
        )
    assert forget_old() == 1
    assert sorted(Notification.objects.values_list("subject_id", flat=True)) == [0, 89]


# --------------------------------------------------------------------------- in words
def test_each_kind_puts_all_of_its_own_into_words_at_once(salesperson, monkeypatch, parcel):
    asked = []
    monkeypatch.setitem(notification_kinds, "parcel", replace(parcel, tell=lambda found: asked.append(len(found)) or _tell(found)))
    for subject in (1, 2, 3):
        notify("parcel", [salesperson.pk], subject_id=subject)
    found = list(Notification.objects.all())
    assert {told.text for told in told_of(salesperson, found).values()} == {"Parcel 1", "Parcel 2", "Parcel 3"}
    assert asked == [3]


@pytest.mark.parametrize("language", ["en", "da"])
def test_what_is_gone_forbidden_or_of_a_kind_that_is_no_more_says_so(salesperson, monkeypatch, parcel, language):
    one = Notification.objects.create(user=salesperson, kind="parcel", subject_id=7)
    with translation.override(language):
        gone, denied = translation.gettext("What this was about is no longer there."), translation.gettext("You no longer have access to what this was about.")
        for kind, text in ((replace(parcel, tell=lambda _found: {}), gone), (replace(parcel, permission="crm.manage_settings"), denied), (None, gone)):
            monkeypatch.setitem(notification_kinds, "parcel", kind)
            told = told_of(salesperson, [one])[one.pk]
            assert (told.text, told.url, told.is_over) == (text, "", True)


# ------------------------------------------------------------------------------ mails
@pytest.fixture
def mails(settings, mailoutbox, django_capture_on_commit_callbacks):
    """Do something, commit, and see what is in the post."""
    settings.MAIL_IS_SENT = True

    def send(work):
        with django_capture_on_commit_callbacks(execute=True):
            work()
        return mailoutbox

    return send


def test_i4_the_mail_goes_to_whom_it_concerns_with_a_link_that_marks_it_as_read(mails, salesperson, settings):
    settings.SITE_URL = "https://havn.firma.example/"
    (mail,) = mails(lambda: notify("parcel", [salesperson.pk], subject_id=7, facts={"from": "Vejle"}))
    one = Notification.objects.get()
    assert (mail.to, mail.subject) == (["jonas@havn.example"], "Parcel 7")
    assert mail.body.split("\n\n") == [
        "Hello Jonas,",
        "Parcel 7\nVejle",
        f"https://havn.firma.example/notifications/{one.pk}/",
        "-- \nYou choose here what Havn also sends by email:\nhttps://havn.firma.example/notifications/choices/\n",
    ]
    assert mail.extra_headers["List-Unsubscribe"] == "<https://havn.firma.example/notifications/choices/>"
    assert one.mailed_at is not None


def test_the_mail_is_in_the_language_of_whoever_gets_it_not_of_whoever_caused_it(mails, salesperson, colleague):
    User.objects.filter(pk=colleague.pk).update(language="da")
    with translation.override("en"):
        mails(lambda: notify("parcel", [salesperson.pk, colleague.pk], subject_id=7))
    words = {mail.to[0]: mail.body.split(" ")[0] for mail in mails(lambda: None)}
    assert words == {"jonas@havn.example": "Hello", "signe@havn.example": "Hej"}


def test_all_mails_of_one_notification_are_one_task(mails, salesperson, colleague, monkeypatch):
    tasks = []
    monkeypatch.setattr(type(mail_notifications), "enqueue", lambda _task, **kwargs: tasks.append(kwargs))
    mails(lambda: notify("parcel", [salesperson.pk, colleague.pk], subject_id=7))
    assert [len(task["notification_ids"]) for task in tasks] == [2]


def test_who_has_chosen_otherwise_gets_no_mail_or_does(mails, salesperson, colleague, monkeypatch, parcel):
    NotificationChoice.objects.create(user=salesperson, kind="parcel", by_email=False)
    assert [mail.to for mail in mails(lambda: notify("parcel", [salesperson.pk, colleague.pk], subject_id=7))] == [["signe@havn.example"]]
    monkeypatch.setitem(notification_kinds, "parcel", replace(parcel, by_email=False))
    NotificationChoice.objects.update(by_email=True)
    assert [mail.to for mail in mails(lambda: notify("parcel", [salesperson.pk, colleague.pk], subject_id=8))[1:]] == [["jonas@havn.example"]]


def test_what_happened_long_ago_is_told_under_the_bell_alone(mails, salesperson):
    with without_mail():
        assert mails(lambda: notify("parcel", [salesperson.pk], subject_id=7)) == []
    assert unread_of(salesperson) == 1


def test_nothing_is_mailed_where_the_transaction_is_rolled_back_or_no_mail_is_set_up(mails, salesperson, settings):
    def fails():
        with transaction.atomic():
            notify("parcel", [salesperson.pk], subject_id=7)
            transaction.set_rollback(True)

    assert mails(fails) == []
    settings.MAIL_IS_SENT = False
    assert mails(lambda: notify("parcel", [salesperson.pk], subject_id=7)) == []
    assert Notification.objects.get().mailed_at is None


def test_the_same_task_done_again_mails_nobody_twice(mails, salesperson):
    mails(lambda: notify("parcel", [salesperson.pk], subject_id=7))
    ids = list(Notification.objects.values_list("pk", flat=True))
    assert len(mails(lambda: mail_notifications.enqueue(notification_ids=ids, root="https://havn.example/"))) == 1


def test_a_server_that_cannot_be_reached_breaks_nothing_and_the_mail_is_sent_when_the_task_is_done_again(mails, salesperson, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.open", lambda _self: 1 / 0)
        assert mails(lambda: notify("parcel", [salesperson.pk], subject_id=7)) == []
    assert "ZeroDivisionError" in caplog.text
    one = Notification.objects.get()
    assert one.mailed_at is None
    assert len(mails(lambda: mail_notifications.enqueue(notification_ids=[one.pk], root="https://havn.example/"))) == 1


def test_one_mail_that_fails_is_logged_and_costs_the_others_nothing(mails, salesperson, colleague, monkeypatch, caplog):
    send = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", lambda self, found: 1 / 0 if found[0].to == [salesperson.email] else send(self, found))
    found = mails(lambda: notify("parcel", [salesperson.pk, colleague.pk], subject_id=7))
    assert [mail.to for mail in found] == [["signe@havn.example"]]
    assert "could not be mailed to jonas@havn.example" in caplog.text


def test_a_queue_that_cannot_be_reached_breaks_nothing(mails, salesperson, monkeypatch):
    monkeypatch.setattr(type(mail_notifications), "enqueue", lambda _task, **_kwargs: 1 / 0)
    assert mails(lambda: notify("parcel", [salesperson.pk], subject_id=7)) == []
    assert Notification.objects.count() == 1


def test_s5_a_worker_that_comes_late_mails_nothing_to_who_has_left_and_nothing_that_is_over(mails, salesperson, colleague, monkeypatch, parcel):
    notify("parcel", [salesperson.pk, colleague.pk], subject_id=7)
    ids = list(Notification.objects.values_list("pk", flat=True))
    salesperson.is_active = False
    salesperson.save()
    monkeypatch.setitem(notification_kinds, "parcel", replace(parcel, tell=lambda found: {one.pk: Told("x", is_over=True) for one in found}))
    assert mails(lambda: mail_notifications.enqueue(notification_ids=ids, root="https://havn.example/")) == []
    assert not Notification.objects.exclude(mailed_at=None).exists()


def test_a_name_with_a_line_break_makes_no_second_header(mails, salesperson, monkeypatch, parcel):
    text = "A\r\nBcc: x@y.example\n" + "b" * 300
    monkeypatch.setitem(notification_kinds, "parcel", replace(parcel, tell=lambda found: {one.pk: Told(text) for one in found}))
    (mail,) = mails(lambda: notify("parcel", [salesperson.pk], subject_id=7))
    assert mail.subject.startswith("A Bcc: x@y.example bbb")
    assert len(mail.subject) == 200
    assert mail.bcc == []


# ----------------------------------------------------------------------- where Havn is
def test_a_link_made_in_a_request_leads_where_whoever_is_at_work_is(rf, salesperson, settings):
    settings.SITE_URL = "https://havn.firma.example/"
    settings.ALLOWED_HOSTS = ["crm.firma.example"]
    request = rf.get("/", headers={"host": "crm.firma.example"})
    for user, where in ((salesperson, "http://crm.firma.example/"), (AnonymousUser(), settings.SITE_URL)):
        request.user = user
        with asked_at(request):
            assert root() == where
    assert root() == settings.SITE_URL


def test_the_mail_of_a_change_made_in_the_browser_leads_to_that_address(mails, jonas, colleague, monkeypatch):
    monkeypatch.setattr("crm.views.account.User.save", lambda *_args, **_kwargs: notify("parcel", [colleague.pk], subject_id=7))
    (mail,) = mails(lambda: jonas.post("/theme/", {"theme": "dark"}))
    assert "http://testserver/notifications/" in mail.body
