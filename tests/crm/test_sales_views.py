"""Sales over HTTP: create, edit, won, lost, stalled, reopened, moved to another stage (S1, S2)."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from crm.forms.records import CloseForm, SaleForm
from crm.models import Sale, SaleReason, SaleStage
from tests.browsers import HTMX, NOT_AN_ID
from tests.crm.writes import plain
from tests.factories import CompanyFactory, ContactFactory, SaleFactory, StageFactory, rule
from tests.workflow.ledger import by_rules, where

pytestmark = pytest.mark.django_db


@pytest.fixture
def reasons(db):
    """One reason for each end, and no others."""
    SaleReason.objects.all().delete()
    return {kind: SaleReason.objects.create(name=name, applies_to=kind) for kind, name in (("won", "Came early"), ("lost", "Came late"))}


def _fields(**values):
    return {"title": "Solar roof, hall 3", "amount": "860000", "currency": "DKK", "request_id": str(uuid.uuid4()), **values}


def do(client, sale, verb, headers=None, **values):
    """One of a sale's actions."""
    return client.post(f"/sales/{sale.pk}/{verb}/", values, headers=headers or {})


# -------------------------------------------------------------------- create
def test_s1_a_sale_is_created_with_everything_the_form_asks_and_rule_3_runs(jonas, salesperson, category):
    rule("sale_registered", category["Opportunity"])
    contact, stage = ContactFactory(), StageFactory()
    fields = _fields(company=contact.company_id, contact=contact.pk, stage=stage.pk, owner=salesperson.pk, expected_close="2026-12-24", description="Two halls")
    response = jonas.post("/sales/new/", fields, follow=True)
    sale = Sale.objects.get()
    assert response.redirect_chain == [(sale.get_absolute_url(), 302)]
    assert (sale.title, sale.company, sale.contact, sale.stage, sale.amount) == ("Solar roof, hall 3", contact.company, contact, stage, 860_000)
    assert (sale.owner, sale.expected_close, sale.status, sale.closed_on) == (salesperson, dt.date(2026, 12, 24), "open", None)
    assert where(contact.company) == "Opportunity"
    assert contact.company.decisions.first().caused_by == salesperson


def test_s1_company_and_amount_may_be_filled_in_later_and_the_sale_is_registered_then(jonas, category):
    rule("sale_registered", category["Opportunity"])
    jonas.post("/sales/new/", _fields(amount=""))
    sale, company = Sale.objects.get(), CompanyFactory()
    assert (sale.company, sale.amount, by_rules()) == (None, 0, [])
    jonas.post(f"/sales/{sale.pk}/edit/", _fields(company=company.pk, seen=SaleForm(instance=sale)["seen"].value()))
    assert by_rules(company) == [("sale_registered", "changed", "")]


def test_a_new_sale_is_offered_at_the_company_in_the_address_in_the_first_stage_and_mine(jonas, salesperson):
    company, stage = CompanyFactory(), SaleStage.objects.active().first() or StageFactory()
    form = jonas.get("/sales/new/", {"company": company.pk}).context["form"]
    assert (form["company"].value(), form["owner"].value(), form["stage"].value()) == (company.pk, salesperson.pk, stage.pk)


def test_s1_a_contact_of_another_company_is_a_422_that_keeps_what_was_typed(jonas):
    company, stranger = CompanyFactory(), ContactFactory()
    response = jonas.post("/sales/new/", _fields(company=company.pk, contact=stranger.pk, description="Two halls"))
    html = response.content.decode()
    assert response.status_code == 422
    assert "This person does not work at this company" in html
    assert 'value="Solar roof, hall 3"' in html
    assert 'value="860000"' in html
    assert "Two halls" in html
    assert response.context["form"]["company"].value() == str(company.pk)
    assert not Sale.objects.exists()


def test_s1_editing_cannot_bring_in_a_stranger_either(jonas):
    sale, stranger = SaleFactory(), ContactFactory()
    response = jonas.post(f"/sales/{sale.pk}/edit/", _fields(company=sale.company_id, contact=stranger.pk, seen=SaleForm(instance=sale)["seen"].value()))
    assert response.status_code == 422
    assert "This person does not work at this company" in response.content.decode()


def test_l5_a_contact_who_has_moved_stays_on_the_sale_they_were_on(jonas):
    contact = ContactFactory()
    sale = SaleFactory(company=contact.company, contact=contact)
    contact.company = CompanyFactory()
    contact.save()
    assert (
        jonas.post(
            f"/sales/{sale.pk}/edit/", _fields(title="Renamed", company=sale.company_id, contact=contact.pk, seen=SaleForm(instance=sale)["seen"].value())
        ).status_code
        == 302
    )
    sale.refresh_from_db()
    assert (sale.title, sale.contact) == ("Renamed", contact)


HUGE = "99999999999999999999999"
WRONG = {
    "title": ["", "x" * 201, "a\x00"], "company": ["x", "²", "0", HUGE], "contact": ["x", "²"], "stage": ["x", HUGE], "owner": ["x"],
    "amount": ["much", "-1", "1e99", "NaN", "1.234"], "currency": ["kr", "kr.", ""], "expected_close": ["tomorrow", "2026-13-45"], "request_id": ["x"],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_wrong_value_is_a_422_that_keeps_the_rest(jonas, field, value):
    response = jonas.post("/sales/new/", _fields(description="Two halls", **{field: value}))
    assert response.status_code == 422
    assert "Two halls" in response.content.decode()
    assert not Sale.objects.exists()


@pytest.mark.parametrize("value", NOT_AN_ID)
@pytest.mark.parametrize("address", ["/sales/new/", "/contacts/new/"])
def test_a_wrong_company_in_the_address_is_an_empty_choice(jonas, address, value):
    assert jonas.get(address, {"company": value}).status_code == 200


@pytest.mark.parametrize("value", NOT_AN_ID)
@pytest.mark.parametrize("name", ["company", "contact"])
def test_choosing_a_company_that_is_none_offers_no_contacts(jonas, name, value):
    sale = SaleFactory()
    for address in ("/sales/new/", f"/sales/{sale.pk}/edit/"):
        assert jonas.get(address, {name: value}, headers=HTMX).status_code == 200


def test_choosing_a_company_offers_its_contacts_and_no_others(jonas):
    ours, other = ContactFactory(first_name="Torben"), ContactFactory(first_name="Mette")
    gone = ContactFactory(company=ours.company, first_name="Viggo", archived_at="2026-01-01T00:00Z")
    html = jonas.get("/sales/new/", {"company": ours.company_id}, headers=HTMX).content.decode()
    assert (ours.name in html, other.name in html, gone.name in html) == (True, False, False)
    assert "<html" not in html


def test_the_same_sale_sent_twice_is_one_sale_and_runs_the_rule_once(jonas, category):
    rule("sale_registered", category["Opportunity"], ask=True)
    fields = _fields(company=CompanyFactory().pk)
    assert jonas.post("/sales/new/", fields)["Location"] == jonas.post("/sales/new/", fields)["Location"]
    assert Sale.objects.count() == 1
    assert len(by_rules()) == 1


def test_a_colleague_who_was_faster_is_a_409_that_keeps_what_was_typed_and_the_second_save_goes_through(jonas, colleague):
    sale = SaleFactory(title="Solar roof")
    fields = _fields(title="Solar roof and wall", company=sale.company_id, seen=SaleForm(instance=sale)["seen"].value())
    plain(Sale).filter(pk=sale.pk).update(title="Roof", amount=1, updated_by=colleague, updated_at="2027-01-01T12:00Z")
    response = jonas.post(f"/sales/{sale.pk}/edit/", fields)
    assert response.status_code == 409
    assert "Signe Bach saved this while you were editing" in response.content.decode()
    assert 'value="Solar roof and wall"' in response.content.decode()
    shown = {name: response.context["form"][name].value() for name in ("seen", "title", "amount")}  # the amount is the colleague's now
    assert jonas.post(f"/sales/{sale.pk}/edit/", {**fields, **shown}).status_code == 302
    assert Sale.objects.values_list("title", "amount").get() == ("Solar roof and wall", 1)


# ----------------------------------------------------------- won, lost, reopen
def test_s2_won_is_one_action_closed_today_and_runs_the_rule(jonas, category):
    rule("sale_won", category["Customer"])
    sale = SaleFactory()
    response = do(jonas, sale, "won", headers=HTMX)
    sale.refresh_from_db()
    assert (response.status_code, response["HX-Reswap"]) == (200, "none")
    assert f"{sale} of {sale.company} is won." in response.content.decode()
    assert (sale.status, sale.closed_on, where(sale.company)) == ("won", timezone.localdate(), "Customer")


def test_a3_won_twice_changes_and_asks_once(jonas, category):
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory()
    assert [do(jonas, sale, "won", headers=HTMX).status_code for _time in range(2)] == [200, 200]
    assert by_rules() == [("sale_won", "waiting", "")]
    assert sale.transitions.count() == 2


def test_s1_won_keeps_the_date_and_reason_of_a_sale_that_is_won_already(jonas, reasons):
    sale = SaleFactory(status="won", closed_on="2026-01-01", reason=reasons["won"])
    do(jonas, sale, "won")
    assert Sale.objects.values_list("closed_on", "reason").get() == (dt.date(2026, 1, 1), reasons["won"].pk)


def test_a_lost_sale_that_is_won_after_all_loses_the_date_and_reason_of_its_loss(jonas, reasons):
    sale = SaleFactory(status="lost", closed_on="2026-01-01", reason=reasons["lost"], reason_note="Too late")
    do(jonas, sale, "won")
    assert Sale.objects.values_list("status", "closed_on", "reason", "reason_note").get() == ("won", timezone.localdate(), None, "")


def test_s1_lost_asks_for_date_and_reason_and_offers_only_reasons_for_losing(jonas, reasons):
    form = jonas.get(f"/sales/{SaleFactory().pk}/lost/", headers=HTMX).context["form"]
    assert list(form.fields["reason"].queryset) == [reasons["lost"]]
    assert form["closed_on"].value() == timezone.localdate()


def test_s1_lost_takes_a_date_and_an_optional_reason_and_runs_the_rule(jonas, category, reasons):
    rule("sale_lost", category["Lost opportunity"])
    sale, plain_one = SaleFactory(), SaleFactory()
    assert do(jonas, sale, "lost", headers=HTMX, closed_on="2026-02-03", reason=reasons["lost"].pk, reason_note="Cheaper").status_code == 200
    sale.refresh_from_db()
    assert (sale.status, sale.closed_on, sale.reason, sale.reason_note) == ("lost", dt.date(2026, 2, 3), reasons["lost"], "Cheaper")
    assert where(sale.company) == "Lost opportunity"
    assert do(jonas, plain_one, "lost", closed_on="2026-02-03")["Location"] == plain_one.get_absolute_url()


@pytest.mark.parametrize("wrong", [{"reason": "won"}, {"reason": "x"}, {"closed_on": ""}, {"closed_on": "soon"}, {"reason_note": "x" * 501}])
def test_s1_a_wrong_reason_or_date_is_a_422_and_the_sale_stays_open(jonas, reasons, wrong):
    values = {"closed_on": "2026-02-03", "reason_note": "Cheaper", **wrong}
    if values.get("reason") == "won":
        values["reason"] = reasons["won"].pk
    sale = SaleFactory()
    for headers in ({}, HTMX):
        response = do(jonas, sale, "lost", headers=headers, **values)
        assert response.status_code == 422
        assert values["reason_note"] in response.content.decode()
        assert 'class="field__error"' in response.content.decode()
    sale.refresh_from_db()
    assert sale.status == "open"


def test_s2_a_reopened_sale_loses_date_and_reason_and_no_rule_runs(jonas, category, reasons):
    for trigger in ("sale_won", "sale_lost", "sale_registered"):
        rule(trigger, category["Opportunity"])
    sale = SaleFactory(status="lost", reason=reasons["lost"], reason_note="Cheaper")
    before = by_rules()
    assert f"{sale} of {sale.company} is open again." in do(jonas, sale, "reopen", headers=HTMX).content.decode()
    sale.refresh_from_db()
    assert (sale.status, sale.closed_on, sale.reason, sale.reason_note) == ("open", None, None, "")
    assert by_rules() == before


def test_s1_stalled_takes_a_reopen_date_and_no_other_answer_will_do(jonas):
    sale = SaleFactory()
    assert do(jonas, sale, "stall", headers=HTMX, reopen_on="").status_code == 422
    assert do(jonas, sale, "stall", headers=HTMX, reopen_on="2027-01-31").status_code == 200
    assert Sale.objects.values_list("status", "reopen_on", "closed_on").get() == ("stalled", dt.date(2027, 1, 31), None)


def test_s1_date_and_reason_of_a_closed_sale_can_be_changed_without_another_transition(jonas, category, reasons):
    rule("sale_won", category["Opportunity"])
    sale = SaleFactory(status="won")
    before = by_rules()
    assert do(jonas, sale, "close", closed_on="2026-03-04", reason=reasons["won"].pk, seen=CloseForm(instance=sale)["seen"].value()).status_code == 302
    assert do(jonas, sale, "close", headers=HTMX, closed_on="2026-03-04", reason=reasons["lost"].pk).status_code == 422
    assert Sale.objects.values_list("status", "closed_on", "reason").get() == ("won", dt.date(2026, 3, 4), reasons["won"].pk)
    assert (by_rules(), sale.transitions.count()) == (before, 1)


@pytest.mark.parametrize("status", ["open", "stalled"])
def test_there_is_no_date_to_change_on_a_sale_that_is_not_closed(jonas, status):
    sale = SaleFactory(status=status)
    for response in (jonas.get(f"/sales/{sale.pk}/close/"), do(jonas, sale, "close", closed_on="2026-03-04")):
        assert response["Location"] == sale.get_absolute_url()
    assert Sale.objects.values_list("status", "closed_on").get() == (status, None)


# ----------------------------------------------------------------------- stage
def test_a_sale_is_moved_to_another_stage_and_no_rule_runs(jonas, category):
    rule("sale_registered", category["Opportunity"])
    sale, stage = SaleFactory(), StageFactory(name="Handshake")
    before = by_rules()
    assert "moved to Handshake" in do(jonas, sale, "stage", headers=HTMX, stage=stage.pk).content.decode()
    assert (Sale.objects.get().stage, by_rules()) == (stage, before)


@pytest.mark.parametrize("chosen", NOT_AN_ID)
def test_a_stage_that_is_none_is_a_404_and_moves_nothing(jonas, chosen):
    sale = SaleFactory(stage=StageFactory())
    assert do(jonas, sale, "stage", headers=HTMX, stage=chosen).status_code == 404
    assert Sale.objects.get().stage == sale.stage


def test_c4_a_deleted_stage_cannot_be_chosen_but_stays_on_the_sale_that_has_it(jonas):
    sale = SaleFactory(stage=StageFactory(name="Old stage"))
    SaleStage.objects.update(archived_at="2026-01-01T00:00Z")
    assert do(jonas, SaleFactory(), "stage", headers=HTMX, stage=sale.stage_id).status_code == 422
    assert "Old stage" in jonas.get(sale.get_absolute_url()).content.decode()


# ------------------------------------------------------------------------ next
@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example", "\x00"])
def test_next_never_leads_to_another_site(jonas, wanted):
    sale = SaleFactory()
    assert do(jonas, sale, "won", next=wanted)["Location"] == sale.get_absolute_url()
    assert do(jonas, sale, "lost", closed_on="2026-02-03", next=wanted)["Location"] == sale.get_absolute_url()
    assert jonas.get(f"/sales/{sale.pk}/lost/", {"next": wanted}).context["next"] == sale.get_absolute_url()


def test_next_leads_back_to_where_the_button_was(jonas):
    sale = SaleFactory()
    assert do(jonas, sale, "won", next=f"/companies/{sale.company_id}/")["Location"] == f"/companies/{sale.company_id}/"
