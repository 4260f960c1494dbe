"""The pipeline board: what it shows, what it is narrowed to, and what a card's move answers (S2, S4)."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from django.db import connection
from django.utils import timezone

from crm.actor import acting_as
from crm.models import Sale, SaleStage, User
from tests.boards import by_show_more, cards, columns
from tests.browsers import HTMX, NOT_AN_ID, for_real
from tests.budgets import assert_costs_the_same, statements_of
from tests.factories import CompanyFactory, SaleFactory, StageFactory, UserFactory, rule
from tests.sizes import know_sizes
from tests.workflow.ledger import where

pytestmark = pytest.mark.django_db
BOARD = "/sales/board/"


@pytest.fixture
def stages(db):
    """Two stages, and no others."""
    SaleStage.objects.all().delete()
    return [StageFactory(name="Offer", position=1), StageFactory(name="Handshake", position=2)]


def move(client, sale, to, headers=HTMX, **values):
    """A card's menu, or what dragging presses of it."""
    return client.post(f"/sales/{sale.pk}/stage/", {"stage": getattr(to, "pk", to), **values}, headers=headers)


# --------------------------------------------------------------- what it shows
def test_each_stage_has_a_column_with_the_count_and_the_sums_of_all_its_open_sales(jonas, stages):
    SaleFactory.create_batch(26, stage=stages[0], amount=100)
    SaleFactory(stage=stages[1], amount=5, currency="EUR", title="In euros")
    SaleFactory(stage=stages[1], amount=1000, title="In crowns")
    for gone in ({"status": "won", "closed_on": "2020-01-01"}, {"status": "stalled"}, {"archived_at": timezone.now()}):
        SaleFactory(stage=stages[1], amount=7, **gone)
    found = columns(jonas, BOARD)
    offer, handshake = list(found)[:2]
    assert (offer, len(found[offer])) == ("Offer 26 DKK 2,600", 25)
    assert handshake == "Handshake 2 DKK 1,000 + EUR 5"
    html = jonas.get(BOARD).content.decode()
    assert "in 28 open sales" in html
    assert "1 stalled" in html


def test_the_next_to_close_comes_first_and_a_sale_without_a_date_last(jonas, stages):
    for title, close in (("Undated", None), ("Later", "2031-02-01"), ("Soon", "2031-01-01"), ("Soon, too", "2031-01-01")):
        SaleFactory(stage=stages[0], title=title, expected_close=close)
    assert cards(jonas, BOARD) == ["Soon", "Soon, too", "Later", "Undated"]


def test_show_more_goes_on_where_the_cards_end_past_equal_dates_and_none(jonas, stages):
    wanted = []
    for at, close in enumerate(["2031-01-01"] * 30 + [None] * 30):
        wanted.append(SaleFactory(stage=stages[0], title=f"Sale {at:02}", expected_close=close).title)
    assert by_show_more(jonas, BOARD, f"stage-{stages[0].pk}") == wanted


def test_what_show_more_has_shown_survives_a_refresh(jonas, stages):
    SaleFactory.create_batch(60, stage=stages[0])
    assert len(cards(jonas, BOARD, show=f"stage-{stages[0].pk}:50")) == 50
    assert len(cards(jonas, BOARD, show=f"stage-{stages[0].pk}:99999999")) == 60


def test_what_was_won_and_lost_this_month_is_at_the_end_and_the_newest_comes_first(jonas, stages):
    today = timezone.localdate()
    first = today.replace(day=1)
    for title, status, day in (("Now", "won", today), ("First", "won", first), ("Before", "won", first - dt.timedelta(days=1)), ("Gone", "lost", today)):
        SaleFactory(title=title, status=status, closed_on=day, stage=stages[0], amount=10)
    won, lost = list(columns(jonas, BOARD).items())[-2:]
    assert won[0] == f"Won in {today:%B} 2 DKK 20"
    assert sorted(won[1]) == ["First", "Now"]
    assert lost == (f"Lost in {today:%B} 1 DKK 10", ["Gone"])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads a table of a few rows whole, and goes by its visibility map")
def test_numbers_and_sums_are_read_from_indexes_alone(jonas, stages):
    SaleFactory.create_batch(30, stage=stages[0])
    SaleFactory.create_batch(30, status="won")
    SaleFactory.create_batch(30, status="stalled")
    know_sizes()
    counted = [sql for sql in statements_of(jonas, BOARD) if "COUNT(*)" in sql and 'FROM "crm_sale"' in sql]
    assert len(counted) == 3
    with connection.cursor() as cursor:
        for sql in counted:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            assert "USING COVERING INDEX" in cursor.fetchone()[-1], sql


def test_sales_without_a_stage_a_company_or_an_owner_are_on_it_too(jonas, stages):
    SaleFactory(title="Bare", company=None, owner=None, stage=None)
    assert next(iter(columns(jonas, BOARD).items())) == ("No stage 1 DKK 860,000", ["Bare"])


def test_c4_a_deleted_stage_stays_while_an_open_sale_has_it_and_nothing_moves_there(jonas, stages):
    old, new = SaleFactory(stage=stages[0]), SaleFactory(stage=stages[1])
    SaleStage.objects.filter(pk=stages[0].pk).update(archived_at=timezone.now())
    assert "Offer Deleted 1 DKK 860,000" in columns(jonas, BOARD)
    assert f'id="to-{new.pk}-stage-{stages[0].pk}"' not in jonas.get(BOARD).content.decode()
    refused = move(jonas, new, stages[0], seen_stage=stages[1].pk)
    assert (refused.status_code, Sale.objects.get(pk=new.pk).stage) == (422, stages[1])
    assert "This stage has been deleted. Choose another one." in refused.content.decode()
    answer = move(jonas, old, stages[1], seen_stage=stages[0].pk)
    assert answer.status_code == 200
    assert "data-undo" not in answer.content.decode()  # there is no way back
    assert "Offer" not in " ".join(columns(jonas, BOARD))


def test_who_may_only_look_gets_cards_without_menus(client, stages):
    from django.contrib.auth.models import Permission

    viewer = UserFactory(groups=[])
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_sale"]))
    client.force_login(viewer)
    sale = SaleFactory(stage=stages[0])
    html = client.get(BOARD).content.decode()
    assert sale.title in html
    assert not re.search(r'draggable="true"|data-to=|popovertarget="menu-|board-help', html)


def test_an_empty_board_says_what_to_do(jonas, stages):
    assert "No sales in this stage" in jonas.get(BOARD).content.decode()
    assert "No sales match these filters" in jonas.get(BOARD, {"q": "nothing"}).content.decode()
    SaleStage.objects.all().delete()
    assert "No sales yet" in jonas.get(BOARD).content.decode()


def test_the_statements_are_as_many_for_ten_cards_as_for_a_thousand(jonas, stages):
    def fill(count):
        companies = [CompanyFactory() for _ in range(5)]
        Sale.objects.bulk_create(
            Sale(title=f"Sale {at}", stage=stages[at % 2], company=companies[at % 5], owner=User.objects.get(), expected_close="2020-01-01")
            for at in range(count)
        )

    assert_costs_the_same(jonas, lambda: {"board": BOARD}, fill)


# ------------------------------------------------------------------- filters
def test_it_is_narrowed_by_owner_category_date_and_words_in_the_address(jonas, salesperson, colleague, stages, category):
    today = timezone.localdate()
    partner = CompanyFactory(name="Ærø Skibsbyg", category=category["Partner"])
    SaleFactory(title="Mine", owner=salesperson, stage=stages[0], expected_close=today - dt.timedelta(days=1))
    SaleFactory(title="Hers", owner=colleague, stage=stages[0], company=partner, expected_close=today)
    SaleFactory(title="Nobody's", owner=None, stage=stages[1])
    for asked, wanted in (
        ({"owner": "me"}, {"Mine"}), ({"owner": colleague.pk}, {"Hers"}), ({"owner": "none"}, {"Nobody's"}), ({"category": category["Partner"].pk}, {"Hers"}),
        ({"closes": "overdue"}, {"Mine"}), ({"closes": "week"}, {"Hers"}), ({"closes": "none"}, {"Nobody's"}), ({"closes": "next-month"}, set()),
        ({"q": "ÆRØ"}, {"Hers"}), ({"q": "nobody"}, {"Nobody's"}), ({"owner": "me", "q": "hers"}, set()),
    ):  # fmt: skip
        assert set(cards(jonas, BOARD, **asked)) == wanted, asked
    assert f'<option value="{colleague.pk}" selected>' in jonas.get(BOARD, {"owner": colleague.pk}).content.decode()


def test_see_all_of_what_was_won_this_month_leads_to_exactly_what_the_column_counts(jonas, salesperson, colleague, stages, category):
    today = timezone.localdate()
    first, partner = today.replace(day=1), category["Partner"]
    at = CompanyFactory(name="Ærø & Søn", category=partner)
    SaleFactory.create_batch(4, status="won", closed_on=today, company=at, owner=salesperson)
    SaleFactory(status="won", closed_on=first, title="Tag til ærø & søn", owner=salesperson)
    SaleFactory(status="won", closed_on=today, company=at, owner=colleague)
    SaleFactory(status="won", closed_on=first - dt.timedelta(days=1), company=at, owner=salesperson)
    SaleFactory(status="lost", closed_on=today, company=at, owner=salesperson)
    for asked, count in (({}, 6), ({"owner": "me"}, 5), ({"q": "ærø &", "owner": "me"}, 5), ({"category": partner.pk}, 5), ({"owner": colleague.pk}, 1)):
        html = jonas.get(BOARD, asked).content.decode()
        assert f"Won in {today:%B} {count} " in " ".join(columns(jonas, BOARD, **asked)), asked
        link = re.search(r'href="(/sales/[^"]*status=won[^"]*)"', html)
        assert bool(link) == (count > 3), asked
        assert not link or jonas.get(unescape(link[1])).context["found"].total == count, asked


@pytest.mark.parametrize("value", NOT_AN_ID)
def test_a_filter_that_names_nothing_is_ignored(jonas, stages, value):
    sale = SaleFactory(stage=stages[0])
    for name in ("owner", "category", "closes", "column", "after", "shown", "show", "page"):
        assert cards(jonas, BOARD, **{name: value}) == [sale.title] or as_category_of_nobody(name, value), name
    assert cards(jonas, BOARD, column=f"stage-{stages[0].pk}", after=f"{value}~{value}", show=f"stage-{stages[0].pk}:{value}") == [sale.title]


def as_category_of_nobody(name, value):
    """A number that is no owner or category yet shows nobody's cards, and is no crash."""
    return name in ("owner", "category") and value.isascii() and value.isdigit()


# -------------------------------------------------------------------- moving
def test_a_move_is_said_and_undone_from_the_toast(jonas, stages):
    sale = SaleFactory(title="Solar roof", stage=stages[0])
    html = move(jonas, sale, stages[1], seen_stage=stages[0].pk).content.decode()
    assert "Solar roof moved to Handshake" in html
    assert "data-undo" in html
    assert dict(re.findall(r'name="(stage|seen_stage)" value="(\w+)"', html)) == {"stage": str(stages[0].pk), "seen_stage": str(stages[1].pk)}
    move(jonas, sale, stages[0], seen_stage=stages[1].pk)
    assert Sale.objects.get().stage == stages[0]


def test_a_sale_goes_back_to_having_no_stage(jonas, stages):
    sale = SaleFactory(stage=None)
    assert 'name="stage" value="none"' in move(jonas, sale, stages[0], seen_stage="none").content.decode()
    assert "moved to No stage" in move(jonas, sale, "none", seen_stage=stages[0].pk).content.decode()
    assert Sale.objects.get().stage is None


def test_what_a_colleague_has_moved_meanwhile_is_refused_by_name_and_stays(jonas, colleague, stages):
    third, sale = StageFactory(name="Signed"), SaleFactory(title="Solar roof", stage=stages[0])
    with acting_as(colleague):
        Sale.objects.filter(pk=sale.pk).update(stage=third)
    for headers in (HTMX, {}):
        answer = move(jonas, sale, stages[1], headers=headers, seen_stage=stages[0].pk, next=BOARD)
        assert answer.status_code == (409 if headers else 302)
        html = (answer if headers else jonas.get(BOARD)).content.decode()
        assert "Solar roof was not moved: it is in Signed now. Signe Bach changed it." in html
    assert Sale.objects.get().stage == third


@pytest.mark.parametrize(("meanwhile", "said"), [
    ({"status": "lost"}, "Lost"), ({"status": "stalled"}, "Stalled"),
    ({"archived_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "Signe Bach has archived “Solar roof"),
])  # fmt: skip
@pytest.mark.parametrize("verb", ["stage", "won", "lost"])
def test_what_was_closed_stalled_or_archived_meanwhile_is_left_alone(jonas, colleague, stages, meanwhile, said, verb):
    sale = SaleFactory(stage=stages[0])
    with acting_as(colleague):
        Sale.objects.filter(pk=sale.pk).update(**meanwhile)
    before = Sale.objects.values().get()
    answer = jonas.post(
        f"/sales/{sale.pk}/{verb}/", {"stage": stages[1].pk, "seen_stage": stages[0].pk, "seen_status": "open", "closed_on": "2026-01-01"}, headers=HTMX
    )
    if verb == meanwhile.get("status"):
        return  # what they wanted, too
    assert (answer.status_code, said in answer.content.decode()) == (409, True)
    assert Sale.objects.values().get() == before


def test_a_move_overwrites_nothing_else_that_a_colleague_has_changed(jonas, colleague, stages):
    sale = SaleFactory(stage=stages[0])
    with acting_as(colleague):
        Sale.objects.filter(pk=sale.pk).update(amount=1)
    assert move(jonas, sale, stages[1], seen_stage=stages[0].pk).status_code == 200
    assert Sale.objects.values_list("stage", "amount").get() == (stages[1].pk, 1)
    assert jonas.post(f"/sales/{sale.pk}/won/", {"seen_status": "open"}, headers=HTMX).status_code == 200  # where it was does not matter for winning


def test_a_move_whose_answer_was_lost_may_be_sent_again(jonas, stages):
    sale = SaleFactory(stage=stages[0])
    assert [move(jonas, sale, stages[1], seen_stage=stages[0].pk).status_code for _time in range(2)] == [200, 200]


def test_lost_from_the_board_keeps_in_the_dialog_what_the_board_showed(jonas, stages):
    sale = SaleFactory(stage=stages[0])
    html = jonas.get(f"/sales/{sale.pk}/lost/", {"seen_status": "open"}, headers=HTMX).content.decode()
    assert 'name="seen_status" value="open"' in html


@for_real
def test_q2_a_card_that_a_question_waits_for_opens_it_for_whoever_may_answer(jonas, colleague, category, stages):
    rule("sale_won", category["Customer"], ask=True)
    sale = SaleFactory(stage=stages[0])
    answer = jonas.post(f"/sales/{sale.pk}/won/", {"seen_status": "open"}, headers=HTMX)
    assert "dialog:open" in answer.headers["HX-Trigger-After-Settle"]
    assert where(sale.company) == "Lead"
    assert re.search(r'<a class="chip tone-blue" id="confirm-\d+"', jonas.get(BOARD).content.decode())
    jonas.force_login(colleague)
    assert '<span class="chip tone-blue"' in jonas.get(BOARD).content.decode()
