"""The demo: a believable company whose history is real."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Count, DateTimeField, Max
from django.test import TestCase, override_settings
from django.utils import timezone

from crm.actor import acting_as
from crm.initial import make_lists
from crm.models import CategoryGroup, Company, CompanyCategory, Contact, Notification, Sale, SaleReason, SaleStage, SettingsChange, User
from leads.initial import make_statuses
from leads.models import Inquiry, LeadStatus, Visit
from tests.factories import CompanyFactory
from tests.workflow.ledger import assert_ledger_is_true
from workflow.demo import companies, events
from workflow.demo.replay import COPENHAGEN, OfficeHours, Year
from workflow.inbox import waiting_for
from workflow.models import APPLIED, AutomationRule, CategoryDecision, Outcome, SkipReason, Trigger, WorkflowSettings

OURS = [model for app in ("crm", "leads", "workflow") for model in apps.get_app_config(app).get_models() if model._meta.managed]


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class TheDemo(TestCase):
    """What a run makes. A TestCase, so that one run serves all these questions."""

    @classmethod
    def setUpTestData(cls) -> None:
        call_command("make_demo", verbosity=0)

    def test_there_are_about_60_companies_in_every_group_with_contacts_and_sales(self):
        assert 68 <= Company.objects.count() <= 78  # a few of them came by the lead form
        per_group = dict(CategoryGroup.objects.values_list("key").annotate(Count("categories__companies")))
        assert all(per_group.values())
        assert not CompanyCategory.objects.filter(companies=None).exists()
        assert not Company.objects.filter(contacts=None).exists()
        assert 120 <= Sale.objects.count() <= 140
        assert 2 <= Sale.objects.filter(company=None).count() <= 3
        assert set(Sale.objects.values_list("status", flat=True)) == set(Sale.Status.values)

    def test_customers_have_tiers_beside_customer(self):
        assert list(CompanyCategory.objects.filter(group="customer").values_list("name", flat=True)) == [
            "Customer", "VIP customer", "A customer", "B customer", "C customer",
        ]  # fmt: skip

    def test_each_category_follows_from_the_decisions_which_are_numbered_without_gaps(self):
        applied = defaultdict(list)
        for decision in CategoryDecision.objects.filter(outcome__in=APPLIED).order_by("applied_version"):
            applied[decision.company_id].append(decision)
        for company in Company.objects.all():
            history = applied[company.pk]
            assert [decision.applied_version for decision in history] == list(range(1, company.category_version + 1))
            assert [decision.from_category_id for decision in history] == [None, *(decision.to_category_id for decision in history[:-1])]
            assert history[-1].to_category_id == company.category_id

    def test_the_ledger_agrees_with_everything_else(self):
        assert_ledger_is_true()

    def test_decisions_are_made_in_the_order_of_time_over_a_year(self):
        moments = list(CategoryDecision.objects.order_by("pk").values_list("created_at", flat=True))
        assert moments == sorted(moments)
        assert moments[-1] - moments[0] > dt.timedelta(days=300)
        assert timezone.now() - moments[-1] < dt.timedelta(days=7)  # Christmas and a weekend

    def test_people_work_in_office_hours(self):
        for moment in CategoryDecision.objects.values_list("created_at", flat=True):
            local = moment.astimezone(COPENHAGEN)
            assert local.weekday() < 5
            assert dt.time(8) <= local.time() <= dt.time(16, 30)

    def test_nothing_has_happened_in_the_future(self):
        now = timezone.now()
        for model in OURS:
            for field in model._meta.concrete_fields:
                if isinstance(field, DateTimeField):
                    latest = model._default_manager.aggregate(latest=Max(field.name))["latest"]
                    assert latest is None or latest <= now, field
        assert not Sale.objects.filter(closed_on__gt=timezone.localdate()).exists()

    def test_every_kind_of_answer_and_several_reasons_to_skip_have_occurred(self):
        assert set(CategoryDecision.objects.values_list("outcome", flat=True)) >= set(Outcome) - {Outcome.FAILED, Outcome.UNDONE}
        reasons = {SkipReason.NOT_POTENTIAL, SkipReason.ALREADY_THERE, SkipReason.ALREADY_DECLINED, SkipReason.OTHER_CAUSE, SkipReason.RULES_NOT_RUN}
        assert set(CategoryDecision.objects.values_list("skip_reason", flat=True)) >= reasons

    def test_suggestions_wait_for_maja_jonas_and_a_colleague(self):
        waiting = CategoryDecision.objects.waiting()
        assert 4 <= waiting.count() <= 6
        maja, jonas = (User.objects.get(email=f"{name}@havn.example") for name in ("maja", "jonas"))
        assert waiting_for(maja).count() >= 2
        assert waiting_for(jonas).count() >= 2
        assert waiting.exclude(asked_of__in=[maja, jonas]).exists()

    def test_jonas_was_reminded_yesterday_and_what_he_was_told_long_ago_is_read(self):
        told = Notification.objects.filter(user__email="jonas@havn.example")
        assert told.filter(kind="reminder").get().read_at is None
        assert not Notification.objects.filter(read_at=None, at__lt=timezone.now() - dt.timedelta(days=4)).exists()
        assert not Notification.objects.exclude(mailed_at=None).exists()

    def test_fjordbo_waits_for_an_answer_about_its_solar_roof(self):
        fjordbo = Company.objects.get(name="Fjordbo Entreprise A/S")
        decision = fjordbo.decisions.waiting().get()
        assert (decision.sale.title, decision.suggested_category.name) == ("Solar roof, hall 3", "Customer")
        assert fjordbo.contacts.count() == 3

    def test_a_newcomer_finds_open_sales_to_win_without_a_question_in_the_way(self):
        free = Sale.objects.filter(status=Sale.Status.OPEN, company__category=AutomationRule.objects.get(trigger=Trigger.SALE_REGISTERED).target_category)
        free = free.exclude(company__decisions__outcome=Outcome.WAITING)
        for name in ("maja", "jonas"):
            assert free.filter(owner__email=f"{name}@havn.example").values("company").distinct().count() >= 2
        assert Sale.objects.filter(status=Sale.Status.OPEN, expected_close__lt=timezone.localdate()).exists()

    def test_inquiries_came_in_all_year_from_known_and_new_people_with_one_spam_and_one_split(self):
        """I2, I3, I4: by the road of all; what is older than a few days has been handled."""
        received = Inquiry.objects.received()
        assert 24 <= received.count() <= 30
        assert Inquiry.objects.filter(state="spam").count() == received.filter(company_match="split").count() == 1
        assert {"email", "new"} == set(received.values_list("contact_match", flat=True))
        assert {"contact", "name", "domain", "new", "split"} == set(received.values_list("company_match", flat=True))
        assert not received.filter(owner=None).exists()
        assert 3 <= received.filter(handled_at=None).count() <= 8
        assert len(set(Visit.objects.filter(touch="first").values_list("utm_source", flat=True))) >= 5

    def test_the_rules_end_with_lost_switched_off_and_its_category_kept(self):
        rules = {rule.trigger: (rule.is_enabled, rule.ask_user, rule.target_category.name) for rule in AutomationRule.objects.all()}
        assert rules == {
            Trigger.SALE_WON: (True, True, "Customer"),
            Trigger.SALE_LOST: (False, False, "Lost opportunity"),
            Trigger.SALE_REGISTERED: (True, False, "Opportunity"),
            Trigger.LEAD_STATUS_SET: (True, False, "Marketing qualified lead"),
        }
        saved = WorkflowSettings.objects.get()
        assert (saved.version, saved.lead_status_rules_on, saved.saved_by.email) == (5, True, "maja@havn.example")
        assert saved.saved_at == SettingsChange.objects.filter(area="lead-categorization").latest("at").at

    def test_the_five_log_in_with_demo_and_maja_opens_the_admin(self):
        users = {user.get_full_name(): user for user in User.objects.all()}
        assert set(users) == set(companies.COLLEAGUES.values())
        assert all(user.check_password("demo") for user in users.values())
        assert users["Maja Lindholm"].is_administrator
        assert users["Maja Lindholm"].is_staff
        assert not any(user.is_administrator or user.is_staff for name, user in users.items() if name != "Maja Lindholm")
        assert all(user.may_edit_companies for user in users.values())

    def test_started_again_it_keeps_the_data(self):
        before = [list(model.objects.order_by("pk").values()) for model in OURS]
        out = StringIO()
        call_command("make_demo", stdout=out)
        assert "kept" in out.getvalue()
        assert before == [list(model.objects.order_by("pk").values()) for model in OURS]

    def test_people_and_their_mail_belong_to_nobody(self):
        assert not Contact.objects.exclude(email__endswith=".example").exists()
        assert Contact.objects.values("email").distinct().count() == Contact.objects.count()
        assert all(
            len(number) == 8 and number.isdigit()
            for number in Company.objects.exclude(inquiries__company_match__in=["new", "split"]).values_list("registration_number", flat=True)
        )


@pytest.mark.django_db
def test_a_database_in_use_is_left_alone():
    CompanyFactory()
    with pytest.raises(CommandError, match="in use"):
        call_command("make_demo", verbosity=0)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_plan_is_the_same_each_time_but_for_the_date(administrator):
    users = dict.fromkeys(companies.COLLEAGUES, administrator)
    now = dt.datetime(2026, 6, 3, 14, tzinfo=dt.UTC)
    first, second = ([event.minute for event in Year(users=users, now=now).plan()] for _ in range(2))
    assert first == second


def test_every_story_takes_its_steps_one_after_the_other():
    year = Year.__new__(Year)  # without the lists, which only playing needs
    for now in (dt.datetime(2026, 6, 3, 14, tzinfo=dt.UTC), dt.datetime(2027, 1, 4, 6, tzinfo=dt.UTC)):
        year.hours = OfficeHours(now)
        for firm in companies.FIRMS:
            steps = [step for step in firm.story.split() if "import=" not in step and step[0] != "="]
            minutes = year._spread(events.Played(firm, User(), random.Random(1), []), steps)
            assert minutes == sorted(minutes), firm.name
            assert minutes[-1] <= year.hours.last


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-06-03 14:00", "2026-06-03 13:59"),  # a Wednesday
        ("2026-06-03 21:00", "2026-06-03 16:29"),
        ("2026-06-03 07:15", "2026-06-02 16:29"),  # before opening
        ("2026-06-07 12:00", "2026-06-04 16:29"),  # Sunday after Constitution Day, a Friday
        ("2026-03-29 12:00", "2026-03-27 16:29"),  # the clocks went forward in the night
    ],
)
def test_the_last_working_minute_is_never_in_the_future(now, last):
    hours = OfficeHours(dt.datetime.fromisoformat(now).replace(tzinfo=COPENHAGEN))
    assert hours.at(hours.last).astimezone(COPENHAGEN).strftime("%Y-%m-%d %H:%M") == last
    assert hours.at(hours.ago(400)) == hours.at(0)


def test_a_danish_installation_reads_danish(settings):
    settings.LANGUAGE_CODE = "da"
    assert events.say(companies.JOBS["finance"]) == "Økonomichef"
    settings.LANGUAGE_CODE = "en"
    assert events.say(companies.JOBS["finance"]) == "Head of finance"


@pytest.mark.django_db
def test_in_danish_the_rules_tiers_and_companies_are_danish(settings, administrator):
    settings.LANGUAGE_CODE = "da"
    for model in (CompanyCategory, LeadStatus, SaleStage, SaleReason):
        model.objects.all().delete()
    make_lists(apps.get_model)
    make_statuses(apps.get_model)
    lists = events.Lists()
    played = events.Played(companies.FIRMS[0], administrator, random.Random(1), [("Åse Ågård", "buyer")])
    with acting_as(administrator):
        what = events.Settings(lists)
        what.first_rules()
        what.tiers()
        events.create(played, lists.categories["lead"])
        for step in ("q0", "s", "w0"):
            events.take_step(played, step, lists)
    assert AutomationRule.objects.get(trigger=Trigger.LEAD_STATUS_SET).lead_status.name == "Kvalificeret"
    assert [category.name for category in CompanyCategory.objects.all()][4:7] == ["Kunde", "VIP-kunde", "A-kunde"]
    company = Company.objects.get()
    assert (company.category.name, company.category_version, company.contacts.get().title) == ("Kunde", 4, "Indkøbschef")


def test_names_become_addresses():
    assert events.domain("Brønnum & Søn ApS") == "broennumsoen.example"
    assert events.ascii_name("Åse Ærø") == "aaseaeroe"


def test_company_numbers_belong_to_nobody():
    weights = (2, 7, 6, 5, 4, 3, 2, 1)
    for seed in range(50):
        number = events.cvr_like(random.Random(seed))
        assert sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True)) % 11
