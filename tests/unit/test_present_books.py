"""The ranking and one member's books as cards."""

import io
import json
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bot import slack_render, telegram_render, terminal_render
from bot.present.leaderboard import leaderboard_card
from bot.present.portfolio import portfolio_card
from bot.present.trades import order_line
from core.domain.bars import Mark
from core.domain.books import (
    Clamp,
    Happening,
    Holding,
    Leaderboard,
    OrderState,
    Position,
    Statement,
)
from core.domain.season import Season
from tests import arena_facts
from tests.standings_facts import LEADERBOARD, STATEMENT

ZONE = ZoneInfo("America/New_York")


def board(**changes: object) -> Leaderboard:
    return LEADERBOARD.model_copy(update=changes)


def statement(**changes: object) -> Statement:
    return STATEMENT.model_copy(update=changes)


def test_a_standing_has_rank_medal_value_gain_return_trades_wins_and_cash() -> None:
    first = leaderboard_card(LEADERBOARD).standings[0]
    assert first.model_dump() == {
        "medal": "🥇",
        "rank": "1",
        "member": "gpt-5",
        "value": "$10,231.40",
        "pnl": "+$231.40",
        "return_": "+2.31 %",
        "trades": "4",
        "win_rate": "67 %",
        "cash": "$7,499.75",
        "warning": None,
        "score": "",
        "moved": "",
    }


def test_the_members_stand_in_the_order_of_the_ranking() -> None:
    card = leaderboard_card(LEADERBOARD)
    assert [line.rank for line in card.standings] == ["1", "2", "3", "4", "5"]
    assert [line.medal for line in card.standings] == ["🥇", "🥈", "🥉", "", ""]
    assert card.subtitle == "Everyone started with $10,000.00"


def test_a_loss_has_a_minus_sign_and_no_trade_means_no_win_rate() -> None:
    card = leaderboard_card(LEADERBOARD)
    assert (card.standings[3].pnl, card.standings[3].return_) == ("−$128.67", "−1.29 %")
    assert (card.standings[2].trades, card.standings[2].win_rate) == ("0", "—")


def test_a_member_with_a_holding_that_cannot_be_priced_has_a_warning_and_no_value() -> None:
    last = leaderboard_card(LEADERBOARD).standings[4]
    assert (last.value, last.pnl, last.return_) == ("—", "—", "—")
    assert last.warning == "no usable price for XYZ"
    assert last.cash == "$7,499.75"


def test_the_footer_tells_from_which_days_the_prices_are() -> None:
    assert leaderboard_card(LEADERBOARD).footer == (
        "Marks from 2025-10-28 to 2025-10-29 · Paper trading, not advice."
    )
    day = date(2025, 10, 29)
    assert leaderboard_card(board(marks_from=day)).footer.startswith("Marks of 2025-10-29 · ")
    nobody = board(marks_from=None, marks_to=None)
    assert leaderboard_card(nobody).footer.startswith("Nobody holds anything yet · ")


def test_sample_books_are_never_taken_for_live_ones() -> None:
    assert leaderboard_card(LEADERBOARD).title == "Leaderboard"
    card = leaderboard_card(board(season=Season.SAMPLE, caveat="Sample prices."))
    assert (card.title, card.caveat) == ("Leaderboard on sample prices", "Sample prices.")
    mine = portfolio_card(statement(season=Season.SAMPLE, caveat="Sample prices."), ZONE)
    assert mine.footer.startswith("Sample books, marked ")
    assert mine.caveat == "Sample prices."


def test_a_portfolio_whose_holding_cannot_be_priced_makes_no_total_up() -> None:
    assert portfolio_card(STATEMENT, ZONE).facts == (
        ("Value", "—"),
        ("P&L", "—"),
        ("Cash", "$7,499.86"),
        ("Started with", "$10,000.00"),
    )


def test_a_priced_portfolio_has_value_and_gain() -> None:
    priced = statement(
        value_usd=Decimal("9999.25"), pnl_usd=Decimal("-0.75"), return_ratio=Decimal("-0.000075")
    )
    assert portfolio_card(priced, ZONE).facts[:2] == (("Value", "$9,999.25"), ("P&L", "−$0.75 · −0.01 %"))


def test_a_holding_has_shares_cost_mark_and_value_or_says_why_not() -> None:
    card = portfolio_card(STATEMENT, ZONE)
    assert card.holdings == (
        ("NVDA", "12.072", "$207.08", "$207.04", "$2,499.39"),
        ("XYZ", "3", "$11.50", "—", "no usable price since 2025-09-30"),
    )
    assert card.title == "Portfolio of claude-sonnet-4.5"


def test_a_holding_without_cost_or_reason_is_still_told() -> None:
    odd = Holding(position=Position(ticker="ABC", shares=Decimal(1), average_cost=Decimal(0)))
    assert portfolio_card(statement(holdings=(odd,)), ZONE).holdings == (
        ("ABC", "1", "—", "—", "no usable price"),
    )


def test_waiting_orders_and_last_fills_are_one_line_each() -> None:
    card = portfolio_card(STATEMENT, ZONE)
    assert card.pending == ("will buy 2 NVDA at the next open, about $207.04",)
    assert card.fills == ("2025-10-29 bought 12.072 NVDA at $207.08 for $2,499.89, fee $0.25",)


def test_every_door_heads_the_lists_of_a_portfolio_alike() -> None:
    card = portfolio_card(STATEMENT, ZONE).model_copy(update={"levels": ("NVDA: stop $190.00",)})
    file = io.StringIO()
    Console(file=file, width=100).print(terminal_render.render(card))
    doors = (
        file.getvalue(),
        telegram_render.render(card).text_html,
        json.dumps(slack_render.render(card).blocks),
    )
    for text in doors:
        assert all(head in text for head in ("Levels", "Waiting orders", "Last fills"))


def test_a_clamp_stands_with_the_order_that_it_changed() -> None:
    kept = Clamp(rule="max_position", note="kept to 25 % of equity")
    waiting = arena_facts.order("gpt-5", "2", OrderState.PENDING, clamps=(kept,))
    card = portfolio_card(statement(pending=(waiting,)), ZONE)
    assert card.pending == ("will buy 2 NVDA at the next open, about $207.04 (kept to 25 % of equity)",)


def test_the_footer_tells_the_oldest_mark() -> None:
    assert portfolio_card(STATEMENT, ZONE).footer == (
        "Live books, marked 2025-10-29 16:00 EDT · Paper trading, not advice."
    )
    newer = Mark(ticker="ABC", price=Decimal(1), at=arena_facts.FINISHED, source="csv")
    held = Holding(
        position=Position(ticker="ABC", shares=Decimal(1), average_cost=Decimal(1)),
        mark=newer,
        value_usd=Decimal(1),
    )
    both = statement(holdings=(held, *STATEMENT.holdings))
    assert "marked 2025-10-29 16:00 EDT" in portfolio_card(both, ZONE).footer
    assert portfolio_card(statement(holdings=()), ZONE).footer.startswith("Live books · ")


def test_a_short_holding_is_called_so_and_its_value_is_what_is_owed() -> None:
    owed = Holding(
        position=Position(ticker="TSLA", shares=Decimal(-4), average_cost=Decimal("440.1")),
        mark=Mark(ticker="TSLA", price=Decimal(446), at=arena_facts.AS_OF, source="csv"),
        value_usd=Decimal(-1784),
    )
    assert portfolio_card(statement(holdings=(owed,)), ZONE).holdings == (
        ("TSLA", "4 short", "$440.10", "$446.00", "−$1,784.00"),
    )


def test_levels_are_told_for_the_holdings_that_have_some() -> None:
    guarded = Position(
        ticker="ABC",
        shares=Decimal(1),
        average_cost=Decimal(1),
        stop_loss=Decimal("0.5"),
        take_profit=Decimal(120),
    )
    holdings = (*STATEMENT.holdings, Holding(position=guarded))
    assert portfolio_card(statement(holdings=holdings), ZONE).levels == (
        "NVDA: stop $190.00",
        "ABC: stop $0.50, take-profit $120.00",
    )


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            {"kind": "split", "ratio": "4", "shares_before": "20", "shares": "80"},
            "2025-10-29 NVDA split 4 for 1: 20 became 80",
        ),
        (
            {"kind": "split", "ratio": "0.333333333333", "shares_before": "-20", "shares": "-6"},
            "2025-10-29 NVDA split 1 for 3: −20 became −6",
        ),
        ({"kind": "dividend", "amount_usd": "25"}, "2025-10-29 dividend of NVDA: +$25.00"),
        ({"kind": "dividend", "amount_usd": "-3"}, "2025-10-29 dividend owed for short NVDA: −$3.00"),
        (
            {"kind": "cash_in_lieu", "amount_usd": "66.67"},
            "2025-10-29 the part of a NVDA share that a split left over: +$66.67",
        ),
        (
            {"kind": "interest", "ticker": None, "amount_usd": "3.2"},
            "2025-10-29 interest on cash so far: +$3.20",
        ),
        ({"kind": "borrow", "amount_usd": "-8"}, "2025-10-29 fees for borrowed NVDA so far: −$8.00"),
        ({"kind": "stop", "side": "sell", "shares": "20"}, "2025-10-29 stop of NVDA reached: sold 20"),
        (
            {"kind": "take_profit", "side": "buy", "shares": "20"},
            "2025-10-29 take-profit of NVDA reached: bought 20",
        ),
        (
            {"kind": "margin_call", "side": "buy", "shares": "20", "reason": "the cash pays for nothing."},
            "2025-10-29 margin call for NVDA: could not buy 20, the cash pays for nothing",
        ),
    ],
)
def test_what_no_ballot_asked_for_is_one_line_each(facts: dict[str, object], line: str) -> None:
    happening = Happening.model_validate(
        {"ticker": "NVDA", "session": date(2025, 10, 29), "at": arena_facts.AS_OF} | facts
    )
    assert portfolio_card(statement(history=(happening,)), ZONE).history == (line,)


def test_an_order_that_no_ballot_made_says_what_did() -> None:
    called = arena_facts.order("gpt-5", "2", OrderState.PENDING, cause="margin_call")
    assert portfolio_card(statement(pending=(called,)), ZONE).pending == (
        "will buy 2 NVDA at the next open, about $207.04, by a margin call",
    )


def test_a_clamp_that_left_nothing_of_an_order_is_told_once() -> None:
    braked = Clamp(rule="drawdown brake", note="equity fell 6.0% since the last close")
    stopped = arena_facts.order(
        "gpt-5", "0", OrderState.CANCELLED, clamps=(braked,), reason="equity fell 6.0% since the last close"
    )
    assert order_line(stopped) == "did not buy NVDA: equity fell 6.0% since the last close"
