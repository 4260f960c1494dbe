"""Settings, Users: the list, inviting, editing, deactivating (S5, section 10)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from crm.log import lines
from crm.models import Company, SettingsChange, User
from tests.budgets import statements
from tests.factories import CompanyFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = {"first_name": "Ida", "last_name": "Østergaard", "email": "ida@havn.example", "role": "salesperson", "language": "da"}


def _fields(client, user, **changes):
    form = client.get(f"/settings/users/{user.pk}/").context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**values, **changes}.items() if value not in (None, False)}


def _names(response):
    return [str(user) for user in response.context["found"].rows]


# ------------------------------------------------------------------------- the list
def test_the_list_shows_who_can_log_in_and_others_on_demand(maja, salesperson):
    left = UserFactory(first_name="Bo", last_name="Lund", is_active=False)
    assert _names(maja.get("/settings/users/")) == ["Jonas Krogh", "Maja Lindholm"]
    response = maja.get("/settings/users/?all=1")
    assert _names(response) == ["Bo Lund", "Jonas Krogh", "Maja Lindholm"]
    assert "Show deactivated (1)" in response.content.decode()
    assert left.email in response.content.decode()
    assert 'data-label="Last login"' in response.content.decode()  # on a phone there is no heading above it


@pytest.mark.parametrize(
    ("query", "names"),
    [("q=østerg", ["Ida Østergaard"]), ("q=KROGH+jonas", ["Jonas Krogh"]), ("q=maja%40", ["Maja Lindholm"]), ("role=administrator", ["Maja Lindholm"]),
     ("role=salesperson", ["Ida Østergaard", "Jonas Krogh"]), ("q=nobody", []), ("role=x", ["Ida Østergaard", "Jonas Krogh", "Maja Lindholm"])],
)  # fmt: skip
def test_the_list_is_searched_and_filtered(maja, salesperson, query, names):
    UserFactory(first_name="Ida", last_name="Østergaard")
    assert _names(maja.get(f"/settings/users/?{query}")) == names


@pytest.mark.parametrize("query", ["q=%00", "page=x", "all=x&role=%00&page=%00"])
def test_a_mangled_address_is_no_error(maja, query):
    assert maja.get(f"/settings/users/?{query}").status_code == 200


def test_the_list_costs_the_same_for_2_and_20_users(maja):
    UserFactory()
    few = statements(maja, "/settings/users/")
    UserFactory.create_batch(18)
    assert statements(maja, "/settings/users/") == few


# ------------------------------------------------------------------------ inviting
def test_inviting_makes_a_user_without_a_password_and_shows_a_link(maja):
    response = maja.post("/settings/users/new/", {**NEW, "email": "IDA@Havn.example "}, follow=True)
    ida = User.objects.get(email="ida@havn.example")
    assert (str(ida), ida.role, ida.language, ida.is_active, ida.has_usable_password()) == ("Ida Østergaard", "salesperson", "da", True, False)
    assert response.status_code == 200
    assert response.context["link"] in response.content.decode()
    assert response.context["link"].startswith("http://testserver/welcome/")


def test_an_invitation_is_in_the_settings_log(maja, administrator):
    maja.post("/settings/users/new/", NEW)
    added, link = SettingsChange.objects.order_by("pk")
    assert (added.area, added.item, added.by, added.before, added.after["role"]) == ("users", "Ida Østergaard", administrator, {}, "salesperson")
    assert not {"Superuser", "Can open Django’s admin", "Rights of their own"} & {step.label for step in lines([added])[0].steps}
    assert (link.item_id, link.before, link.after) == (added.item_id, {"password_link": False}, {"password_link": True})


def test_an_email_that_is_taken_is_a_422_with_a_link_to_who_has_it(maja, salesperson):
    response = maja.post("/settings/users/new/", {**NEW, "email": "JONAS@havn.example"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Another user already has this email address" in page
    assert f'href="/settings/users/{salesperson.pk}/"' in page
    assert 'value="Østergaard"' in page
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "no"},
        {"first_name": ""},
        {"role": ""},
        {"role": "superuser"},
        {"language": "xx"},
        {"email": "a\x00@b.example"},
        {"first_name": "x" * 151},
    ],
)
def test_an_invitation_that_is_not_complete_is_a_422_and_nobody_is_made(maja, wrong):
    response = maja.post("/settings/users/new/", {**NEW, **wrong})
    assert (response.status_code, User.objects.count()) == (422, 1)


def test_what_is_missing_is_said_in_a_sentence(maja):
    page = maja.post("/settings/users/new/", {"email": ""}).content.decode()
    for words in ("Enter a first name", "Enter an email address", "Choose a role", "Choose a language"):
        assert page.count(words) == 2  # above the form, and at the field
    assert "This field is required" not in page


# ------------------------------------------------------------------------- editing
def test_a_user_is_edited(maja, salesperson):
    fields = _fields(maja, salesperson, first_name="Jon", email="JON@havn.example", role="administrator", language="da", is_available="")
    assert maja.post(f"/settings/users/{salesperson.pk}/", fields)["Location"] == "/settings/users/"
    jon = User.objects.get(pk=salesperson.pk)
    assert (jon.first_name, jon.email, jon.role, jon.language, jon.is_available) == ("Jon", "jon@havn.example", "administrator", "da", False)


def _saves(browser, user, **changes):
    assert browser.post(f"/settings/users/{user.pk}/", _fields(browser, user, **changes)).status_code == 302


def test_w3_what_two_administrators_both_changed_is_shown_with_who_saved_it_and_saving_again_keeps_mine(maja, karen, salesperson):
    fields = _fields(maja, salesperson, first_name="Mine")
    _saves(karen, salesperson, first_name="Theirs", role="administrator")
    response = maja.post(f"/settings/users/{salesperson.pk}/", fields)
    html = response.content.decode()
    assert response.status_code == 409
    assert "Karen Holst saved this while you were editing" in html
    assert "<li>First name: Theirs</li>" in html
    assert "<li>Role" not in html  # not touched here: it stays as Karen saved it
    assert 'value="Mine"' in html
    form = response.context["form"]
    again = {name: form[name].value() for name in form.fields}
    assert again["role"] == "administrator"
    assert maja.post(f"/settings/users/{salesperson.pk}/", again).status_code == 302
    jonas = User.objects.get(pk=salesperson.pk)
    assert (str(jonas), jonas.role) == ("Mine Krogh", "administrator")


def test_w3_changes_of_two_administrators_that_do_not_overlap_are_both_kept_without_a_question(maja, karen, salesperson):
    fields = _fields(maja, salesperson, first_name="Mine")
    _saves(karen, salesperson, last_name="Theirs", role="administrator", is_available="")
    assert maja.post(f"/settings/users/{salesperson.pk}/", fields).status_code == 302
    jonas = User.objects.get(pk=salesperson.pk)
    assert (str(jonas), jonas.role, jonas.is_available) == ("Mine Theirs", "administrator", False)


def test_w3_a_role_that_both_changed_is_asked_about_in_words(maja, salesperson):
    salesperson.groups.clear()
    fields = _fields(maja, salesperson, role="administrator")
    salesperson.groups.set([Group.objects.get(name="Salesperson")])
    response = maja.post(f"/settings/users/{salesperson.pk}/", fields)
    assert response.status_code == 409
    assert "<li>Role: Salesperson</li>" in response.content.decode()


def test_the_last_administrator_cannot_give_up_the_role_and_is_told_what_to_do(maja, administrator):
    response = maja.post(f"/settings/users/{administrator.pk}/", _fields(maja, administrator, role="salesperson"))
    assert response.status_code == 422
    assert "This is the last administrator. Make somebody else administrator first." in response.content.decode()
    assert User.objects.get().is_administrator


def test_one_of_two_administrators_can_give_up_the_role_and_goes_on_elsewhere(maja, administrator):
    UserFactory(groups=[Group.objects.get(name="Administrator")])
    assert maja.post(f"/settings/users/{administrator.pk}/", _fields(maja, administrator, role="salesperson"))["Location"] == "/"


def test_a_user_whose_rights_were_put_together_in_djangos_admin_keeps_them(maja):
    special = UserFactory(groups=[Group.objects.create(name="Export")])
    assert maja.post(f"/settings/users/{special.pk}/", _fields(maja, special, first_name="Eva")).status_code == 302
    assert User.objects.get(first_name="Eva").groups.get().name == "Export"


def test_q3_a_role_that_edits_no_companies_asks_first_and_passes_them_on(maja, salesperson, colleague):
    special = UserFactory(first_name="Eva", groups=[Group.objects.get(name="Administrator")])
    company = CompanyFactory(our_contact=special)
    Group.objects.get(name="Salesperson").permissions.clear()
    fields = _fields(maja, special, role="salesperson")
    asked = maja.post(f"/settings/users/{special.pk}/", fields)
    assert asked.status_code == 422
    assert "With this role Eva Holst can no longer edit companies." in asked.content.decode()
    assert User.objects.get(pk=special.pk).role == "administrator"
    maja_user = User.objects.get(first_name="Maja")
    assert maja.post(f"/settings/users/{special.pk}/", {**fields, "companies_to": maja_user.pk}).status_code == 302
    assert (User.objects.get(pk=special.pk).role, Company.objects.get(pk=company.pk).our_contact) == ("salesperson", maja_user)


# -------------------------------------------------------------- deactivating and back
def test_s5_deactivating_says_beforehand_for_how_many_companies_somebody_is_our_contact(maja, salesperson):
    CompanyFactory.create_batch(2, our_contact=salesperson)
    CompanyFactory(our_contact=salesperson, archived_at=timezone.now())
    page = maja.get(f"/settings/users/{salesperson.pk}/deactivate/").content.decode()
    assert "Jonas Krogh is our contact for 2 companies" in page
    assert "No suggestion waits for an answer" in page


def test_s5_a_new_contact_for_the_companies_is_chosen_or_they_stay(maja, salesperson, colleague):
    company = CompanyFactory(our_contact=salesperson)
    archived = CompanyFactory(our_contact=salesperson, archived_at=timezone.now())
    maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": ""})
    assert Company.objects.get(pk=company.pk).our_contact == salesperson
    maja.post(f"/settings/users/{salesperson.pk}/reactivate/")
    maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": colleague.pk})
    assert set(Company.objects.filter(pk__in=[company.pk, archived.pk]).values_list("our_contact", flat=True)) == {colleague.pk}
    assert SettingsChange.objects.latest("pk").after == {"is_active": False, "companies_to": colleague.pk}


@pytest.mark.parametrize("who", ["themselves", "left", "no rights", "x", "99999"])
def test_s5_companies_go_only_to_somebody_who_can_take_them(maja, salesperson, who):
    CompanyFactory(our_contact=salesperson)
    people = {"themselves": salesperson.pk, "left": UserFactory(is_active=False).pk, "no rights": UserFactory(groups=[]).pk}
    response = maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": people.get(who, who)})
    assert response.status_code == 422
    assert User.objects.get(pk=salesperson.pk).is_active


def test_the_last_administrator_cannot_deactivate_themselves(maja, administrator):
    response = maja.post(f"/settings/users/{administrator.pk}/deactivate/", {"companies_to": ""})
    assert response.status_code == 422
    assert "This is the last administrator." in response.content.decode()
    assert User.objects.get().is_active


def test_the_last_administrator_is_told_beforehand_and_offered_neither_leaving_nor_another_role(maja, administrator, salesperson):
    why = "This is the last administrator. Make somebody else administrator first."
    edit, leave = f"/settings/users/{administrator.pk}/", f"/settings/users/{administrator.pk}/deactivate/"
    page, leaving = maja.get(edit).content.decode(), maja.get(leave).content.decode()
    assert page.count(why) == 2  # under the role, and where others have a button
    assert ('id="go-deactivate"' in page, '<option value="salesperson"' in page) == (False, False)
    assert (why in leaving, 'id="deactivate"' in leaving, "logged out at once" in leaving) == (True, False, False)
    assert 'id="go-deactivate"' in maja.get(f"/settings/users/{salesperson.pk}/").content.decode()
    UserFactory(groups=[Group.objects.get(name="Administrator")])
    page, leaving = maja.get(edit).content.decode(), maja.get(leave).content.decode()
    assert why not in page + leaving
    assert ('id="go-deactivate"' in page, '<option value="salesperson"' in page, 'id="deactivate"' in leaving) == (True, True, True)


def test_one_of_two_administrators_can_leave_and_is_logged_out(maja, administrator):
    UserFactory(groups=[Group.objects.get(name="Administrator")])
    response = maja.post(f"/settings/users/{administrator.pk}/deactivate/", {"companies_to": ""}, follow=True)
    assert response.redirect_chain[-1][0] == "/login/?next=/"


def test_deactivating_twice_is_said(maja, salesperson):
    maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": ""})
    response = maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": ""}, follow=True)
    assert "Jonas Krogh is deactivated already." in response.content.decode()
    assert SettingsChange.objects.count() == 1


def test_s5_somebody_who_comes_back_can_log_in_with_the_old_password(maja, client, salesperson):
    maja.post(f"/settings/users/{salesperson.pk}/deactivate/", {"companies_to": ""})
    assert "Reactivate" in maja.get(f"/settings/users/{salesperson.pk}/").content.decode()
    maja.post(f"/settings/users/{salesperson.pk}/reactivate/")
    client.logout()
    assert client.login(email=salesperson.email, password="demo")


# ---------------------------------------------------------------------- Django's admin
@pytest.fixture
def root(client):
    """A superuser in Django's admin."""
    user = User.objects.create_superuser("root@havn.example", "demo")
    client.force_login(user)
    return user


def _admin_fields(user, **changes):
    values = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name, "language": "en", "theme": "system", "is_active": "on"}
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def test_djangos_admin_deactivates_with_the_same_record(client, root, salesperson):
    groups = list(salesperson.groups.values_list("pk", flat=True))
    client.post(f"/admin/crm/user/{salesperson.pk}/change/", _admin_fields(salesperson, is_active=None, groups=groups, is_available="on"))
    assert not User.objects.get(pk=salesperson.pk).is_active
    kept = SettingsChange.objects.get()
    assert (kept.by, kept.item_id, kept.before, kept.after) == (root, salesperson.pk, {"is_active": True}, {"is_active": False})


def test_djangos_admin_keeps_a_change_of_group_and_refuses_to_take_the_last_administrator(client, root, administrator):
    client.post(f"/admin/crm/user/{administrator.pk}/change/", _admin_fields(administrator, groups=[], is_available="on"))
    assert SettingsChange.objects.get().after == {"role": ""}
    url = f"/admin/crm/user/{root.pk}/change/"
    for wrong in ({"is_active": None, "is_superuser": "on", "is_staff": "on"}, {"is_staff": "on"}):
        response = client.post(url, _admin_fields(root, **wrong), follow=True)
        assert "This is the last administrator." in response.content.decode()
    assert User.objects.get(pk=root.pk).is_superuser


def test_rights_given_in_djangos_admin_are_in_the_settings_log_in_words(client, root, administrator):
    groups = list(administrator.groups.values_list("pk", flat=True))
    given = Permission.objects.get(codename="view_sale").pk
    more = {"groups": groups, "is_available": "on", "is_superuser": "on", "is_staff": "on", "user_permissions": [given]}
    client.post(f"/admin/crm/user/{administrator.pk}/change/", _admin_fields(administrator, **more))
    kept = SettingsChange.objects.get()
    assert kept.before == {"is_superuser": False, "is_staff": False, "permissions": []}
    assert kept.after == {"is_superuser": True, "is_staff": True, "permissions": ["view_sale"]}
    steps = {step.label: (step.before, step.after) for step in lines([kept])[0].steps}
    assert steps == {"Superuser": ("Off", "On"), "Can open Django’s admin": ("Off", "On"), "Rights of their own": ("empty", "view_sale")}


def test_a_user_made_in_djangos_admin_is_in_the_settings_log(client, root):
    fields = {"email": "ida@havn.example", "first_name": "Ida", "last_name": "Bech", "usable_password": "false"}
    client.post("/admin/crm/user/add/", fields)
    kept = SettingsChange.objects.get()
    assert (kept.item, kept.before, kept.after["email"]) == ("Ida Bech", {}, "ida@havn.example")


# ------------------------------------------------------------------------ who sees it
def test_w0_a_salesperson_is_not_offered_settings_in_any_menu(client, salesperson):
    client.force_login(salesperson)
    assert "/settings/" not in client.get("/").content.decode()


def test_on_a_phone_an_administrator_finds_every_settings_screen_under_more(maja):
    page = maja.get("/settings/users/").content.decode()
    menu = page[page.index('id="more-menu"') :]
    for address in ("/settings/users/", "/settings/log/", "/settings/lists/company-categories/", "/settings/workflow/lead-categorization/"):
        assert f'href="{address}"' in menu
    assert 'popovertarget="more-menu" aria-current="true"' in page


def test_a_403_page_has_a_way_back(client, salesperson):
    client.force_login(salesperson)
    page = client.get("/settings/users/").content.decode()
    assert "No access" in page
    assert 'href="/"' in page
