"""The ranking as a card."""

from bot.cards import LeaderboardCard, StandingLine
from bot.present import numbers, words
from core.domain.books import Leaderboard, Standing
from core.domain.season import Season

UNKNOWN = "—"
_TITLES = {Season.LIVE: "Leaderboard", Season.SAMPLE: "Leaderboard on sample prices"}


def leaderboard_card(board: Leaderboard) -> LeaderboardCard:
    """Return the card of a leaderboard."""
    return LeaderboardCard(
        title=_TITLES.get(board.season, f"Leaderboard of {board.season}"),
        subtitle=f"Everyone started with {numbers.usd(board.initial_cash_usd)}",
        standings=tuple(_line(standing) for standing in board.standings),
        footer=f"{marked(board)} · {words.PAPER}",
        caveat=board.caveat,
    )


def marked(board: Leaderboard) -> str:
    """Say from which days the prices are at which holdings are valued."""
    if not board.marks_to:
        return "Nobody holds anything yet"
    if board.marks_from and board.marks_from != board.marks_to:
        return f"Marks from {numbers.day(board.marks_from)} to {numbers.day(board.marks_to)}"
    return f"Marks of {numbers.day(board.marks_to)}"


def _line(standing: Standing) -> StandingLine:
    value, pnl, change = standing.value_usd, standing.pnl_usd, standing.return_ratio
    return StandingLine(
        medal=standing.medal,
        rank=str(standing.rank),
        member=standing.member,
        value=UNKNOWN if value is None else numbers.usd(value),
        pnl=UNKNOWN if pnl is None else numbers.usd_change(pnl),
        return_=UNKNOWN if change is None else numbers.percent_change(change),
        trades=f"{standing.trades:,}",
        win_rate=UNKNOWN if standing.win_rate is None else numbers.percent(standing.win_rate),
        cash=numbers.usd(standing.cash_usd),
        warning=f"no usable price for {', '.join(standing.unpriced)}" if standing.unpriced else None,
    )
