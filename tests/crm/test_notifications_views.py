"""The bell, the list of notifications and the choices, as a browser meets them (I4)."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone

from crm.models import Notification, NotificationChoice, User
from crm.slots import NotificationKind, Told, notification_kinds
from tests.browsers import HTMX
from tests.budgets import assert_costs_the_same, sent_by, statements
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST, CHOICES = "/notifications/", "/notifications/choices/"


def _tell(notifications):
    return {one.pk: Told(f"Parcel {one.subject_id}", "/sales/" if one.subject_id else "", "<b>Vejle</b>") for one in notifications}


@pytest.fixture(autouse=True)
def parcel(monkeypatch):
    """A kind of its own: a parcel has come. The one with the key 0 leads nowhere."""
    monkeypatch.setitem(notification_kinds, "parcel", NotificationKind("parcel", "A parcel has come", _tell, 1))


@pytest.fixture
def told(salesperson):
    """Tell Jonas of parcels; of those that are read, when."""
    return lambda *subjects, read=None: [Notification.objects.create(user=salesperson, kind="parcel", subject_id=n, read_at=read) for n in subjects]


def texts(response):
    return re.findall(r'class="tell__link"[^>]*>(.*?)<', response.content.decode())


# ---------------------------------------------------------------------------- the bell
def test_the_bell_of_every_page_says_how_many_are_unread_to_eyes_and_ears(jonas, told):
    told(1, 2)
    told(3, read=timezone.now())
    html = jonas.get("/companies/").content.decode()
    assert re.search(r'<span class="bell__count" aria-hidden="true">2</span><span class="vh">Notifications, 2 unread</span>', html)
    Notification.objects.mark_read()
    assert re.search(r'<span class="bell__count" aria-hidden="true" hidden>0</span>', jonas.get("/companies/").content.decode())


def test_it_costs_each_page_one_statement_however_many_there_are(jonas, told):
    before = statements(jonas, "/account/password/")
    told(*range(1, 121))
    assert statements(jonas, "/account/password/") == before
    assert len([sql for sql in sent_by(lambda: jonas.get("/account/password/")) if "crm_notification" in sql]) == 1


def test_a_page_that_stays_open_asks_for_the_number_alone_and_that_writes_nothing(jonas, told):
    told(1)
    jonas.get("/notifications/count/")
    sent = sent_by(lambda: jonas.get("/notifications/count/", headers=HTMX))
    assert [sql for sql in sent if not sql.startswith("SELECT")] == []
    assert len(sent) == 3  # the session, the user, the number
    answer = jonas.get("/notifications/count/", headers=HTMX)
    assert answer.json() == {"count": "1", "label": "Notifications, 1 unread"}
    assert "no-store" in answer["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_who_is_logged_out_meanwhile_is_told_by_a_401_and_asks_no_more(client):
    assert client.get("/notifications/count/", headers=HTMX).status_code == 401


def test_the_menu_shows_the_latest_eight_unread_ones_in_words(jonas, told):
    told(*range(1, 10))
    told(10, read=timezone.now())
    answer = jonas.get("/notifications/latest/", headers=HTMX)
    assert texts(answer) == [f"Parcel {n}" for n in range(10, 2, -1)]
    html = answer.content.decode()
    assert html.count('<span class="tell__mark">Unread</span>') == 7
    assert "&lt;b&gt;Vejle&lt;/b&gt;" in html
    assert "Mark all as read" in html
    assert jonas.get("/notifications/latest/")["Location"] == LIST


def test_an_empty_menu_says_so_and_offers_nothing_to_mark(jonas):
    html = jonas.get("/notifications/latest/", headers=HTMX).content.decode()
    assert "No notifications yet" in html
    assert "Mark all as read" not in html


# --------------------------------------------------------------------------- following
def test_following_a_link_leads_straight_to_the_thing_and_marks_it_as_read_once(jonas, told):
    (one,) = told(1)
    assert jonas.get(f"/notifications/{one.pk}/")["Location"] == "/sales/"
    read_at = Notification.objects.get().read_at
    assert read_at
    jonas.get(f"/notifications/{one.pk}/")
    assert Notification.objects.get().read_at == read_at


def test_asking_only_for_the_headers_of_a_link_marks_nothing(jonas, told):
    (one,) = told(1)
    jonas.head(f"/notifications/{one.pk}/")
    assert Notification.objects.get().read_at is None


def test_what_leads_nowhere_any_more_says_so_in_the_list(jonas, told):
    (one,) = told(0)
    answer = jonas.get(f"/notifications/{one.pk}/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "Parcel 0" in str([str(message) for message in answer.context["messages"]]) or "Parcel 0" in answer.content.decode()
    assert Notification.objects.get().read_at


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "read/"), ("post", "unread/")])
def test_somebody_elses_is_a_403_and_stays_unread(signe, told, method, path):
    (one,) = told(1)
    answer = getattr(signe, method)(f"/notifications/{one.pk}/{path}")
    assert answer.status_code == 403
    assert "This notification is somebody else’s." in answer.content.decode()
    assert Notification.objects.get().read_at is None


def test_after_logging_in_the_link_of_a_mail_leads_to_the_thing(client, salesperson, told):
    (one,) = told(1)
    login = client.get(f"/notifications/{one.pk}/", follow=True)
    answer = client.post("/login/", {"username": salesperson.email, "password": "demo", "next": login.context["next"]}, follow=True)
    assert answer.redirect_chain == [(f"/notifications/{one.pk}/", 302), ("/sales/", 302)]


# ---------------------------------------------------------------------------- the list
def test_the_list_shows_mine_only_the_newest_first_page_by_page(jonas, told, colleague):
    Notification.objects.create(user=colleague, kind="parcel", subject_id=99)
    told(*range(1, 31))
    first = jonas.get(LIST)
    assert texts(first) == [f"Parcel {n}" for n in range(30, 5, -1)]
    second = jonas.get(LIST, {"page": first.context["found"].next})
    assert texts(second) == [f"Parcel {n}" for n in range(5, 0, -1)]
    assert texts(jonas.get(LIST, {"page": second.context["found"].previous})) == texts(first)
    assert texts(jonas.get(LIST, {"page": "nonsense"})) == texts(first)


def test_unread_ones_alone(jonas, told):
    told(1, 2)
    told(3, read=timezone.now())
    assert texts(jonas.get(LIST, {"show": "unread"})) == ["Parcel 2", "Parcel 1"]
    assert texts(jonas.get(LIST, {"show": "nonsense"})) == ["Parcel 3", "Parcel 2", "Parcel 1"]


@pytest.mark.parametrize(("query", "words"), [({}, "No notifications yet"), ({"show": "unread"}, "Nothing is unread")])
def test_an_empty_list_says_what_will_be_here(jonas, query, words):
    html = jonas.get(LIST, query).content.decode()
    assert words in html
    assert "Mark all as read" not in html


def test_one_is_marked_as_read_and_as_unread_again(jonas, told):
    (one,) = told(1)
    for verb, is_read in (("read", True), ("read", True), ("unread", False), ("unread", False)):
        answer = jonas.post(f"/notifications/{one.pk}/{verb}/", headers=HTMX)
        assert "page:changed" in answer["HX-Trigger-After-Settle"]
        assert bool(Notification.objects.get().read_at) == is_read
    assert jonas.post(f"/notifications/{one.pk}/read/", {"next": f"{LIST}?show=unread"})["Location"] == f"{LIST}?show=unread"


def test_all_are_marked_as_read_but_not_what_came_after_the_page_was_shown(jonas, told, colleague):
    theirs = Notification.objects.create(user=colleague, kind="parcel", subject_id=99)
    told(1, 2)
    newest = jonas.get(LIST).context["newest"]
    told(3)
    answer = jonas.post("/notifications/read/", {"newest": newest}, headers=HTMX)
    assert "2 notifications marked as read" in answer.content.decode()
    assert set(Notification.objects.unread().values_list("subject_id", flat=True)) == {3, theirs.subject_id}
    assert "Nothing was unread any more." in jonas.post("/notifications/read/", {"newest": "x"}, headers=HTMX).content.decode()


def test_the_list_costs_the_same_with_10_and_1000(jonas, salesperson, told):
    def grow(count):
        told(*range(1, count + 1 - Notification.objects.count()))

    costs = assert_costs_the_same(jonas, lambda: {"all": LIST, "unread": f"{LIST}?show=unread"}, grow)
    assert costs == {"all": 12, "unread": 12}


# ------------------------------------------------------------------------- the choices
def test_the_choices_show_the_address_and_what_each_kind_is_by_itself(jonas):
    html = jonas.get(CHOICES).content.decode()
    assert "also sent to jonas@havn.example" in html
    assert {name: "checked" in tag for tag, name in re.findall(r'(<input type="checkbox" name="([a-z-]+)"[^>]*>)', html)} == dict.fromkeys(
        ["parcel", "new-lead", "suggestion", "reminder", "import-finished"], True
    )


def test_a_choice_is_kept_for_this_person(jonas, salesperson, colleague):
    for sent in ({"suggestion": "on", "save": "1"}, {"parcel": "on", "save": "1"}):
        assert jonas.post(CHOICES, sent)["Location"] == CHOICES
        kept = dict(NotificationChoice.objects.filter(user=salesperson).values_list("kind", "by_email"))
        assert {kind for kind, by_email in kept.items() if by_email} == sent.keys() - {"save"}
        assert len(kept) == 5
    assert not NotificationChoice.objects.filter(user=colleague).exists()


def test_every_box_may_be_empty(jonas, salesperson):
    assert jonas.post(CHOICES, {"save": "1"}).status_code == 302
    assert set(NotificationChoice.objects.values_list("by_email", flat=True)) == {False}


def test_nobody_is_asked_about_what_they_are_never_told(client):
    client.force_login(UserFactory(groups=[]))
    html = client.get(CHOICES).content.decode()
    assert re.findall(r'type="checkbox" name="([a-z-]+)"', html) == ["parcel", "import-finished"]


@pytest.mark.parametrize("is_sent", [True, False])
def test_where_no_mail_is_sent_the_choices_say_so(jonas, settings, is_sent):
    settings.MAIL_IS_SENT = is_sent
    assert ("Havn sends no mail here at the moment." in jonas.get(CHOICES).content.decode()) == (not is_sent)


def test_in_danish(jonas, salesperson, told):
    User.objects.filter(pk=salesperson.pk).update(language="da")
    told(1)
    assert "Meddelelser, 1 ulæst" in jonas.get("/").content.decode()
    assert "Markér alle som læst" in jonas.get(LIST).content.decode()
    assert "1 meddelelse markeret som læst" in jonas.post("/notifications/read/", {"newest": 9**9}, headers=HTMX).content.decode()


def test_the_time_of_each_is_said(jonas, told):
    told(1)
    Notification.objects.update(at=timezone.now() - dt.timedelta(days=1))
    assert "Yesterday, " in jonas.get(LIST).content.decode()
