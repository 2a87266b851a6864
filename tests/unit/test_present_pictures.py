"""Pictures as cards: what their captions say, when they were made, and how a terminal tells them."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot.picture_buttons import Form, ShowRanking
from bot.present.leaderboard import leaderboard_card
from bot.present.pictures import chart_picture, curves_picture, ranking_picture, stamp
from bot.terminal_render import buttons_of, render
from tests.picture_facts import history, picture_card, position
from tests.report_facts import fill, report
from tests.report_figures import bars
from tests.standings_facts import LEADERBOARD

WISH = ShowRanking(Form.TABLE)


def drawn(card: object, width: int = 80) -> str:
    console = Console(width=width, file=StringIO(), highlight=False)
    console.print(render(card, width=width, numbered_from=1))  # type: ignore[arg-type]
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("America/New_York", "Updated 14:03:22 (New York)"),
        ("UTC", "Updated 18:03:22 (UTC)"),
        ("America/Argentina/Buenos_Aires", "Updated 15:03:22 (Buenos Aires)"),
    ],
)
def test_the_stamp_has_seconds_and_a_place(zone: str, told: str) -> None:
    assert stamp(datetime(2025, 10, 29, 18, 3, 22, tzinfo=UTC), ZoneInfo(zone)) == told


def test_the_caption_of_a_ranking_has_every_member_and_every_fact() -> None:
    board = leaderboard_card(LEADERBOARD)
    card = ranking_picture(board, b"", WISH, "Updated")
    assert card.caption[0] == board.subtitle
    for line in board.standings:
        assert any(line.member in told and line.value in told for told in card.caption)
    assert set(board.facts) <= set(card.caption)
    assert (card.footer, card.caveat) == (board.footer, board.caveat)


@pytest.mark.parametrize(("count", "told"), [("0", "0 trades"), ("1", "1 trade"), ("1,204", "1,204 trades")])
def test_one_trade_is_no_trades(count: str, told: str) -> None:
    board = leaderboard_card(LEADERBOARD)
    first = board.standings[0].model_copy(update={"trades": count, "warning": ""})
    card = ranking_picture(board.model_copy(update={"standings": (first,)}), b"")
    assert any(line.endswith(f" · {told}") for line in card.caption)


def test_a_final_table_stays_as_it_is_and_has_no_buttons() -> None:
    assert ranking_picture(leaderboard_card(LEADERBOARD), b"").buttons == ()


def test_the_caption_of_curves_has_every_member_and_the_benchmark() -> None:
    season = report(runs=0)
    card = curves_picture(season, b"", ShowRanking(Form.CURVES), "Updated")
    for one in season.scorecards:
        assert any(one.member in line for line in card.caption)
    grown = season.benchmark_curve[-1][1] / season.initial_cash_usd - 1
    assert f"{grown * 100:+.2f} %" in card.caption[-1]
    assert card.caveat == season.caveat


def test_the_caption_of_a_chart_has_the_levels_and_the_newest_entries_first() -> None:
    fills = [fill(place, "gpt-5") for place in range(4)]
    held = history(bars("AAPL"), fills, position=position("60.5", stop="50.25", profit="90"), earlier=3)
    card = chart_picture(held, b"", 2, "Updated")
    assert "Holds 3 shares: average cost $60.50, stop loss $50.25, take profit $90.00." in card.caption
    days = [line[:10] for line in card.caption if "bought" in line or "sold" in line]
    assert len(days) == 4
    assert days[0] == fills[-1].session.isoformat()
    assert card.caption[-1] == "and 3 trades before that"


def test_a_short_holding_is_told_as_one() -> None:
    short = position("60.5").model_copy(update={"shares": Decimal(-4)})
    card = chart_picture(history(bars("AAPL"), position=short), b"", 1, "Updated")
    assert "Is short 4 shares: average cost $60.50." in card.caption


def test_a_description_for_the_ear_is_no_longer_than_one_listens() -> None:
    lines = LEADERBOARD.standings * 30
    card = ranking_picture(leaderboard_card(LEADERBOARD.model_copy(update={"standings": lines})), b"", WISH)
    assert len(card.alt) <= 480
    assert card.alt.endswith("…")


def test_a_terminal_tells_the_facts_says_that_it_shows_no_picture_and_numbers_the_buttons() -> None:
    card = picture_card(b"")
    shown = drawn(card)
    for fact in (*card.caption, card.stamp, "A terminal shows no pictures"):
        assert fact in shown
    assert [button.label for button in buttons_of(card)] == ["Curves", "Refresh", "Text"]
    assert " 1 " in shown
    assert "Curves" in shown


@settings(max_examples=60)
@given(st.lists(st.text(max_size=80), max_size=8), st.text(max_size=60), st.integers(20, 120))
def test_a_terminal_draws_any_facts_at_any_width(lines: list[str], title: str, width: int) -> None:
    shown = drawn(picture_card(b"", caption=tuple(lines), title=title, caveat=title or None), width)
    assert "\x1b" not in shown
    assert all(len(line.rstrip()) <= 2 * width for line in shown.splitlines())
