"""S5 and section 10: one administrator stays, who is deactivated is out at once, and every way of writing leaves the same record."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from crm import users
from crm.actor import acting_as
from crm.models import SettingsChange, User
from crm.models.rights import EDIT_COMPANY, MANAGE_SETTINGS, LastAdministrator
from crm.signals import users_lost_rights
from tests.budgets import sent_by
from tests.crm.writes import CHANGES, CREATIONS, change, create, roll_back, settings_log
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost():
    """Who is announced as no longer editing companies."""
    heard: list[list[int]] = []

    def listen(user_ids, **kwargs):
        heard.append(user_ids)

    users_lost_rights.connect(listen)
    yield heard
    users_lost_rights.disconnect(listen)


def _second() -> User:
    return UserFactory(first_name="Anders", groups=[Group.objects.get(name="Administrator")])


# ---------------------------------------------------------- the last administrator
@pytest.mark.parametrize("how", CHANGES)
def test_the_last_administrator_cannot_be_deactivated(administrator, how):
    with pytest.raises(LastAdministrator):
        change(how, administrator, is_active=False)
    assert User.objects.get().is_active
    assert settings_log() == []


@pytest.mark.parametrize("how", CHANGES)
def test_one_of_two_administrators_can_be_deactivated(administrator, how):
    change(how, _second(), is_active=False)
    assert list(User.objects.who_may(MANAGE_SETTINGS)) == [administrator]


def test_the_last_administrator_cannot_be_made_salesperson(administrator):
    with pytest.raises(LastAdministrator):
        users.change(administrator, role="salesperson")
    assert User.objects.get().role == "administrator"


@pytest.mark.parametrize("how", CHANGES)
def test_a_superuser_counts_as_administrator(administrator, how):
    root = User.objects.create_superuser("root@havn.example", "demo")
    change(how, administrator, is_active=False)
    with pytest.raises(LastAdministrator):
        change(how, root, is_superuser=False)
    with pytest.raises(LastAdministrator):
        change(how, root, is_active=False)


@pytest.mark.parametrize("how", ["update", "bulk_update"])
def test_all_administrators_at_once_cannot_be_deactivated(administrator, how):
    with pytest.raises(LastAdministrator):
        change(how, administrator, _second(), is_active=False)
    assert User.objects.filter(is_active=True).count() == 2


def test_where_there_never_was_an_administrator_a_salesperson_can_be_deactivated(salesperson):
    change("save", salesperson, is_active=False)
    assert not User.objects.get().is_active


def test_a_superuser_who_becomes_salesperson_is_neither_superuser_nor_in_djangos_admin(administrator):
    root = User.objects.create_superuser("root@havn.example", "demo", first_name="Root")
    users.change(root, role="salesperson")
    root = User.objects.get(pk=root.pk)
    assert (root.role, root.is_superuser, root.is_staff, root.is_administrator) == ("salesperson", False, False, False)


def test_another_group_stays_when_the_role_changes(administrator, salesperson):
    other = Group.objects.create(name="Export")
    salesperson.groups.add(other)
    users.change(salesperson, role="administrator")
    assert set(salesperson.groups.values_list("name", flat=True)) == {"Administrator", "Export"}


# ------------------------------------------------------------------------ sessions
@pytest.mark.parametrize("how", CHANGES)
def test_s5_who_is_deactivated_is_logged_out_and_stays_so_when_they_come_back(client, administrator, salesperson, how):
    client.force_login(salesperson)
    assert client.get("/").status_code == 200
    change(how, salesperson, is_active=False)
    assert client.get("/").status_code == 302
    assert not Client().login(email=salesperson.email, password="demo")
    change(how, salesperson, is_active=True)
    assert client.get("/").status_code == 302
    assert Client().login(email=salesperson.email, password="demo")


def test_an_older_instance_does_not_let_old_sessions_in_again(client, administrator, salesperson):
    client.force_login(salesperson)
    older = User.objects.get(pk=salesperson.pk)
    change("update", salesperson, is_active=False)
    older.save()
    assert client.get("/").status_code == 302


def test_an_ordinary_change_ends_no_session(client, administrator, salesperson):
    client.force_login(salesperson)
    change("save", salesperson, first_name="Jon")
    assert client.get("/").status_code == 200


# ---------------------------------------------------------------- what is announced
@pytest.mark.parametrize("how", CHANGES)
def test_q3_who_is_deactivated_is_announced_once_whichever_way(administrator, salesperson, lost, how):
    change(how, salesperson, is_active=False)
    change(how, salesperson, is_active=False)
    change(how, salesperson, is_active=True)
    assert lost == [[salesperson.pk]]


def test_q3_one_write_of_several_is_one_announcement(administrator, salesperson, colleague, lost):
    change("update", salesperson, colleague, is_active=False)
    assert lost == [[salesperson.pk, colleague.pk]]


def test_q3_a_role_without_companies_is_announced_and_one_with_them_is_not(administrator, salesperson, lost):
    users.change(salesperson, role="administrator")
    Group.objects.get(name="Salesperson").permissions.clear()
    assert users.would_stop_editing(salesperson, "salesperson")
    assert User.objects.get(pk=salesperson.pk).role == "administrator"  # only tried out
    assert lost == []
    users.change(User.objects.get(pk=salesperson.pk), role="salesperson")
    assert lost == [[salesperson.pk]]


def test_a_role_that_edits_companies_needs_no_question(administrator, salesperson):
    assert not users.would_stop_editing(salesperson, "administrator")
    assert not users.would_stop_editing(salesperson, "salesperson")
    assert not users.would_stop_editing(UserFactory(groups=[]), "salesperson")


# ------------------------------------------------------------------ the settings log
@pytest.mark.parametrize("how", CHANGES)
def test_every_way_of_deactivating_is_kept(administrator, salesperson, how):
    with acting_as(administrator):
        change(how, salesperson, is_active=False)
    assert settings_log() == [("users", salesperson.pk, {"is_active": True}, {"is_active": False})]
    assert (SettingsChange.objects.get().by, SettingsChange.objects.get().item) == (administrator, "Jonas Krogh")


@pytest.mark.parametrize("how", CHANGES)
def test_what_was_rolled_back_is_neither_kept_nor_announced(client, administrator, salesperson, how):
    client.force_login(salesperson)
    roll_back(lambda: change(how, salesperson, is_active=False))
    assert settings_log() == []
    assert client.get("/").status_code == 200


def test_a_change_of_role_and_name_is_one_record(administrator, salesperson):
    salesperson.first_name = "Jon"
    users.change(salesperson, role="administrator")
    assert settings_log() == [("users", salesperson.pk, {"first_name": "Jonas", "role": "salesperson"}, {"first_name": "Jon", "role": "administrator"})]


@pytest.mark.parametrize("how", CHANGES)
def test_making_an_administrator_a_superuser_is_kept_and_so_is_the_way_into_djangos_admin(administrator, how):
    change(how, administrator, is_superuser=True)
    change(how, administrator, is_staff=True)
    assert settings_log() == [
        ("users", administrator.pk, {"is_superuser": False}, {"is_superuser": True}),
        ("users", administrator.pk, {"is_staff": False}, {"is_staff": True}),
    ]


def test_logging_in_and_ones_own_appearance_are_no_settings(client, administrator):
    client.post("/login/", {"username": administrator.email, "password": "demo"})
    client.post("/theme/", {"theme": "dark"})
    client.post("/language/", {"language": "da"})
    assert settings_log() == []


# ----------------------------------------------------------------------- e-mail, cost
@pytest.mark.parametrize("how", CREATIONS)
def test_an_email_address_is_stored_in_lower_case(db, how):
    assert User.objects.get(pk=create(how, User, email=" Ida@Havn.Example ").pk).email == "ida@havn.example"


@pytest.mark.parametrize("how", CHANGES)
def test_an_email_address_stays_in_lower_case(administrator, salesperson, how):
    change(how, salesperson, email="J.KROGH@Havn.example")
    assert User.objects.get(pk=salesperson.pk).email == "j.krogh@havn.example"


def test_who_may_counts_groups_superusers_and_single_permissions_but_nobody_who_has_left(administrator, salesperson):
    User.objects.create_superuser("root@havn.example", "demo")
    UserFactory(is_active=False)
    UserFactory(groups=[])
    assert set(User.objects.who_may(EDIT_COMPANY).values_list("email", flat=True)) == {administrator.email, salesperson.email, "root@havn.example"}


def test_deactivating_many_costs_one_statement_more_for_each(administrator):
    def statements(count):
        people = UserFactory.create_batch(count)
        return len(sent_by(lambda: User.objects.filter(pk__in=[user.pk for user in people]).update(is_active=False)))

    assert statements(10) - statements(1) == 9
