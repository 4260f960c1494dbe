"""C4: what people do with an item while an administrator deletes it. Real threads, each with its own connection (docs/decisions/0007)."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction

from crm import lists
from crm.forms.lists import ListItemForm
from crm.lists import CannotDelete, delete_item, make_default, move_item
from crm.models import Company, CompanyCategory, Sale, SaleStage
from leads.defaults import LeadStatusDeleted, set_lead_status
from leads.models import Lead, LeadStatus
from tests.browsers import browser
from tests.conftest import on_postgresql
from tests.crm.writes import change, plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, rule
from tests.workflow import rules_form
from tests.workflow.ledger import latest, numbers, where
from tests.workflow.threads import PATIENCE, at_once, meanwhile, somebody_waits
from workflow import decisions
from workflow.models import AutomationRule, CategoryDecision
from workflow.setup import lock_lists

pytestmark = [pytest.mark.django_db(transaction=True), on_postgresql, pytest.mark.usefixtures("true_ledger")]
CATEGORIES = "/settings/lists/company-categories/"
AREAS = {CompanyCategory: "company-categories", LeadStatus: "lead-statuses", SaleStage: "sale-stages"}


def delete(item, other=None, **how):
    return delete_item(model=type(item), pk=item.pk, area=AREAS[type(item)], replacement=other.pk if other else None, **how)


def refusal(work):
    """The name of what this was refused with."""
    try:
        work()
    except CannotDelete as refused:
        return type(refused).__name__
    return ""


# -------------------------------------------- somebody is there a moment earlier
def test_c4_a_company_that_is_being_moved_into_the_category_moves_on_with_the_others(category):
    company, there = CompanyFactory(), CompanyFactory(category=category["Partner"])
    with meanwhile(lambda: delete(category["Partner"], category["Other"])):
        change("save", company, category=category["Partner"])
    assert (where(company), numbers(company), where(there)) == ("Other", [1, 2, 3], "Other")


def test_c4_nothing_used_it_but_a_company_came_in_the_same_moment(category):
    company, said = CompanyFactory(), []
    with meanwhile(lambda: said.append(refusal(lambda: delete(category["Partner"])))):
        change("update", company, category=category["Partner"])
    assert (said, where(company), category["Partner"].archived_at) == (["InUse"], "Partner", None)


def test_c4_a_company_that_a_rule_is_moving_there_moves_on_and_so_does_the_rule(category):
    rule("sale_won", category["Partner"])
    sale = SaleFactory()
    with meanwhile(lambda: delete(category["Partner"], category["Other"])):
        Sale.objects.get(pk=sale.pk).win()
    assert (where(sale.company), numbers(sale.company)) == ("Other", [1, 2, 3])
    assert AutomationRule.objects.get().target_category.name == "Other"


def test_c4_a_rule_that_is_being_saved_with_the_category_is_seen(category, administrator):
    said, maja = [], browser(administrator)
    with meanwhile(lambda: said.append(refusal(lambda: delete(category["Partner"], keep=True)))):
        assert rules_form.save(maja, r1_enabled="on", r1_category=category["Partner"].pk).status_code == 200
    assert (said, rules_form.saved()[1]) == (["InUse"], "Partner")


def test_c4_a_question_that_is_being_asked_is_asked_about_the_other_category(category, salesperson):
    rule("sale_won", category["Partner"], ask=True)
    sale = SaleFactory(company=CompanyFactory(our_contact=salesperson))
    with meanwhile(lambda: delete(category["Partner"], category["Other"])):
        Sale.objects.get(pk=sale.pk).win()
    assert CategoryDecision.objects.waiting().get().suggested_category.name == "Other"


def test_c4_a_lead_status_that_is_being_set_moves_on_with_the_others(status):
    contact = ContactFactory()
    with meanwhile(lambda: delete(status["Contacting"], status["Qualified"])):
        set_lead_status(contact=contact, status=status["Contacting"])
    assert Lead.objects.get(contact=contact).status.name == "Qualified"


def test_s1_a_stage_that_is_being_chosen_moves_on_with_the_others():
    first, second = SaleStage.objects.order_by("position")[:2]
    sale = SaleFactory()
    with meanwhile(lambda: delete(first, second)):
        change("save", sale, stage=first)
    assert Sale.objects.get(pk=sale.pk).stage == second


# ---------------------------------------------- somebody comes a moment too late
def test_c4_whoever_moves_a_company_there_too_late_is_told_and_chooses_again(category, salesperson):
    company, jonas, said = CompanyFactory(), browser(salesperson), []

    def move():
        sent = {"category": category["Partner"].pk, "version": 1}
        said.append(jonas.post(f"/companies/{company.pk}/category/", sent, headers={"HX-Request": "true"}))

    CompanyFactory(category=category["Partner"])
    with meanwhile(move):
        delete(category["Partner"], category["Other"])
    assert said[0].status_code == 422
    assert "This category has been deleted. Choose another one." in said[0].content.decode()
    assert where(company) == "Lead"


def test_c4_code_that_does_not_ask_leaves_it_there_where_it_can_be_replaced_later(category):
    company, partner, other = CompanyFactory(), category["Partner"], category["Other"]
    with meanwhile(lambda: change("update", company, category=partner)):
        delete(partner, other)
    assert where(company) == "Partner"
    delete(partner, other)
    assert (where(company), numbers(company)) == ("Other", [1, 2, 3])


def test_c4_whoever_saves_a_rule_with_it_too_late_is_told(category, administrator):
    maja, said, partner = browser(administrator), [], category["Partner"].pk
    with meanwhile(lambda: said.append(rules_form.save(maja, seen=1, r1_enabled="on", r1_category=partner))):
        delete(category["Partner"])
    assert said[0].status_code == 422
    assert "This category has been deleted. Select another one." in said[0].content.decode()
    assert not AutomationRule.objects.exists()


def test_c4_a_rule_that_waited_for_the_company_sets_the_other_category(category):
    rule("sale_won", category["Partner"])
    sale = SaleFactory()
    with meanwhile(lambda: Sale.objects.get(pk=sale.pk).win()):
        delete(category["Partner"], category["Other"])
    assert where(sale.company) == "Other"


@pytest.mark.parametrize("answer", ["accept", "choose"])
def test_q4_an_answer_that_comes_too_late_changes_nothing(category, salesperson, answer):
    rule("sale_won", category["Partner"], ask=True)
    sale = SaleFactory(company=CompanyFactory(our_contact=salesperson))
    sale.win()
    question, chosen, said = latest(), category["Former customer"], []

    def decide():
        try:
            if answer == "accept":
                decisions.accept(question.pk, by=salesperson, seen_version=1)
            else:
                decisions.choose(question.pk, chosen, by=salesperson, seen_version=1)
        except (decisions.NothingToDecide, decisions.TargetDeleted) as refused:
            said.append(type(refused).__name__)

    with meanwhile(decide):
        delete(category["Partner"], category["Other"]) if answer == "accept" else delete(chosen)
    assert (said, where(sale.company)) == (["NothingToDecide" if answer == "accept" else "TargetDeleted"], "Lead")
    assert CategoryDecision.objects.waiting().count() == 1


def test_c4_a_lead_status_that_was_offered_is_not_set_once_it_is_deleted(status):
    contact, said, chosen = ContactFactory(), [], status["Contacting"]

    def set_it():
        try:
            set_lead_status(contact=contact, status=chosen)
        except LeadStatusDeleted:
            said.append("deleted")

    with meanwhile(set_it):
        delete(status["Contacting"])
    assert (said, Lead.objects.get(contact=contact).status.name) == (["deleted"], "Open")


# ------------------------------------------------------- two administrators
def test_c4_two_who_replace_two_items_by_each_other_leave_one_of_them(category):
    CompanyFactory(category=category["Partner"])
    CompanyFactory(category=category["Other"])
    said = at_once(
        lambda: refusal(lambda: delete(category["Partner"], category["Other"])), lambda: refusal(lambda: delete(category["Other"], category["Partner"]))
    )
    assert sorted(said) == ["", "NoReplacement"]
    assert set(Company.objects.values_list("category__archived_at", flat=True)) == {None}


def test_c8_two_who_choose_a_default_at_once_leave_one(category):
    area = "company-categories"
    chosen = [category["Opportunity"].pk, category["Partner"].pk]
    at_once(*[lambda pk=pk: make_default(model=CompanyCategory, pk=pk, area=area) for pk in chosen])
    assert CompanyCategory.objects.get(is_default=True).pk in chosen


def test_c8_an_item_that_becomes_the_default_is_not_deleted(category):
    said = []
    with meanwhile(lambda: said.append(refusal(lambda: delete(category["Partner"])))):
        make_default(model=CompanyCategory, pk=category["Partner"].pk, area="company-categories")
    assert (said, category["Partner"].is_default, category["Partner"].archived_at) == (["IsDefault"], True, None)


@pytest.mark.parametrize("item", ["category", "status"])
def test_c6_setting_up_while_an_item_is_deleted_waits_and_nobody_is_thrown_out(category, status, monkeypatch, item):
    gone, other = (category["Partner"], category["Other"]) if item == "category" else (status["Contacting"], status["Qualified"])
    has_locked, locked = threading.Event(), lists.locked

    def then_let_the_other_come(*arguments):
        items = locked(*arguments)
        has_locked.set()
        assert somebody_waits(lambda: False)
        return items

    def set_up():
        has_locked.wait(PATIENCE)
        with transaction.atomic():
            lock_lists()
            if item == "status":
                LeadStatus.objects.filter(pk=gone.pk).update(colour="lime")

    monkeypatch.setattr(lists, "locked", then_let_the_other_come)
    at_once(lambda: delete(gone, other), set_up)
    gone.refresh_from_db()
    assert gone.archived_at


def test_c8_an_item_is_edited_and_made_the_default_while_a_colleague_moves_one(category, administrator, monkeypatch):
    maja, last = browser(administrator), CompanyCategory.objects.latest("pk")
    sent = {
        "name": "Zoo",
        "group": "other",
        "colour": "grey",
        "make_default": "on",
        "seen": maja.get(f"{CATEGORIES}{last.pk}/").context["form"]["seen"].value(),
    }
    tries, is_valid = [], ListItemForm.is_valid

    def then_let_the_other_come(form):
        tries.append(form)
        if len(tries) == 1:
            has_locked.set()
            assert somebody_waits(lambda: False)
        return is_valid(form)

    def move():
        has_locked.wait(PATIENCE)
        first = CompanyCategory.objects.earliest("pk")
        move_item(model=CompanyCategory, pk=first.pk, up=False, area="company-categories")

    has_locked = threading.Event()
    monkeypatch.setattr(ListItemForm, "is_valid", then_let_the_other_come)
    response, _none = at_once(lambda: maja.post(f"{CATEGORIES}{last.pk}/", sent), move)
    assert (response.status_code, len(tries)) == (302, 1), "done again after a deadlock"
    assert CompanyCategory.objects.get(is_default=True).name == "Zoo"


def test_c8_a_new_default_that_a_colleague_is_just_adding_is_not_overlooked(category, administrator):
    maja, chosen = browser(administrator), category["Partner"].pk
    with meanwhile(lambda: make_default(model=CompanyCategory, pk=chosen, area="company-categories")):
        maja.post(f"{CATEGORIES}new/", {"name": "Zoo", "group": "other", "colour": "grey", "make_default": "on"})
        assert CompanyCategory.objects.get(is_default=True).name == "Zoo"
    assert CompanyCategory.objects.get(is_default=True).pk == chosen


def test_two_who_move_items_at_once_leave_every_item_a_place_of_its_own():
    items = list(plain(SaleStage).order_by("position"))
    moves = [(items[0], False), (items[3], True), (items[1], False)]
    at_once(*[lambda item=item, up=up: move_item(model=SaleStage, pk=item.pk, up=up, area="sale-stages") for item, up in moves])
    assert list(SaleStage.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4]
