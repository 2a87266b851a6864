"""The ranking as a card."""

from decimal import Decimal

from bot.cards import LeaderboardCard, StandingLine
from bot.present import numbers, words
from bot.present.scores import figure_text, luck_sentence, metric_short, metric_within, needed_for
from core.config.settings import Scores
from core.domain.books import Leaderboard, Standing
from core.domain.period import ALL
from core.domain.scores import Metric, Scorecard
from core.domain.season import Season
from core.domain.season_report import Minimums

UNKNOWN = "—"
NOBODY = "Nobody has any books in this season yet."
_NOT_YET = "n/a"
_TITLES = {Season.LIVE: "Leaderboard", Season.SAMPLE: "Leaderboard on sample prices"}
_SHOWN_ANYWAY = {Metric.VALUE, Metric.PNL, Metric.RETURN, Metric.TRADES}
"""Metrics that every table shows, whatever it is ranked by."""
_UNITS = dict.fromkeys((Metric.WIN_RATE, Metric.PROFIT_FACTOR), "closed trade") | dict.fromkeys(
    (Metric.HIT_RATE_1, Metric.HIT_RATE_5, Metric.HIT_RATE_20, Metric.USD_PER_RIGHT), "settled ballot"
)
_FIRST = 3


def leaderboard_card(board: Leaderboard, rules: Scores | None = None) -> LeaderboardCard:
    """Return the card of a leaderboard; `rules` tell how large a sample must be, where one is too small."""
    minimums = Minimums(rules.min_days, rules.min_trades, rules.min_settled) if rules else None
    column = board.by not in _SHOWN_ANYWAY or board.net_of_tokens
    metric = f"Net {metric_short(board.by).lower()}" if board.net_of_tokens else metric_short(board.by)
    return LeaderboardCard(
        title=_TITLES.get(board.season, f"Leaderboard of {board.season}"),
        subtitle=_subtitle(board),
        standings=tuple(_line(board, standing, minimums, column=column) for standing in board.standings),
        metric=metric.replace("Net p&l", "Net P&L") if column else "",
        facts=tuple(
            filter(None, (_nobody(board), _benchmark(board), _followers(board), _too_few(board, minimums)))
        ),
        luck=_luck(board),
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


def _subtitle(board: Leaderboard) -> str:
    parts = [f"Everyone started with {numbers.usd(board.initial_cash_usd)}"]
    if board.period != ALL:
        parts.append(f"last {numbers.counted(int(board.period[:-1]), 'day')}")
    if board.by is not Metric.VALUE:
        parts.append(f"by {metric_within(board.by)}")
    if board.net_of_tokens:
        parts.append("after token cost")
    return " · ".join(parts)


def _line(board: Leaderboard, standing: Standing, minimums: Minimums | None, *, column: bool) -> StandingLine:
    value, pnl, change = standing.value_usd, standing.pnl_usd, standing.return_ratio
    return StandingLine(
        medal=standing.medal,
        rank=str(standing.rank) if standing.rank else UNKNOWN,
        member=standing.member,
        value=UNKNOWN if value is None else numbers.usd(value),
        pnl=UNKNOWN if pnl is None else numbers.usd_change(pnl),
        return_=UNKNOWN if change is None else numbers.percent_change(change),
        trades=numbers.whole(standing.trades),
        win_rate=_wins(standing, minimums),
        cash="" if column else numbers.usd(standing.cash_usd),
        warning=_warning(standing),
        score=_score(board.by, standing, minimums) if column else "",
        moved=_moved(standing),
    )


def _warning(standing: Standing) -> str | None:
    """Say what must be known to read a row: that the member left, or has no value."""
    told = [f"left on {numbers.day(standing.left_on)}"] if standing.left_on else []
    if standing.reset_on and standing.reset_was_usd is not None:
        told.append(words.reset(standing.reset_on, standing.reset_was_usd))
    told += [f"no usable price for {', '.join(standing.unpriced)}"] if standing.unpriced else []
    return " · ".join(told) or None


def _wins(standing: Standing, minimums: Minimums | None) -> str:
    """Write the win rate, or how many closed trades there are where they are too few."""
    if standing.win_rate is not None:
        return numbers.percent(standing.win_rate)
    if not standing.closed_trades:
        return UNKNOWN
    return f"{_NOT_YET}, {numbers.whole(standing.closed_trades)}" + (
        f" of {numbers.whole(minimums.trades)}" if minimums else ""
    )


def _score(metric: Metric, standing: Standing, minimums: Minimums | None) -> str:
    """Write what a member is ranked by, or `n/a, 3 of 20` where its sample is too small."""
    figure = standing.score
    if figure is not None and figure.value is not None:
        return figure_text(metric, figure, minimums)
    needed = _needed(metric, minimums)
    if figure is None or needed is None or figure.sample >= needed:
        return _NOT_YET
    return f"{_NOT_YET}, {numbers.whole(figure.sample)} of {numbers.whole(needed)}"


def _moved(standing: Standing) -> str:
    if not standing.rank or standing.rank_before is None:
        return ""
    up = standing.rank_before - standing.rank
    return f"▲{up}" if up > 0 else f"▼{-up}" if up < 0 else "•"


def _needed(metric: Metric, minimums: Minimums | None) -> int | None:
    """Return the sample that an estimate needs; the best and the worst trade are facts, and need none."""
    if minimums is None or metric in {Metric.BEST_TRADE, Metric.WORST_TRADE}:
        return None
    return needed_for(metric, minimums)


def _too_few(board: Leaderboard, minimums: Minimums | None) -> str | None:
    """Say from how much on there is a figure, where a member has not got as far."""
    needed = _needed(board.by, minimums)
    samples = [one.score.sample for one in board.standings if one.score and one.score.value is None]
    if needed is None or min(samples, default=needed) >= needed:
        return None
    return f"n/a: there is a figure from {numbers.counted(needed, _UNITS.get(board.by, 'day'))} on."


def _nobody(board: Leaderboard) -> str | None:
    return None if board.standings else NOBODY


def _benchmark(board: Leaderboard) -> str | None:
    if board.benchmark_return is None or board.first is None:
        return None
    change = numbers.percent_change(Decimal(repr(board.benchmark_return)))
    return f"{board.benchmark} since {numbers.day(board.first)}: {change}."


def _followers(board: Leaderboard) -> str | None:
    """Say how many models the committee and the crowd have left behind."""
    followers = (("committee", board.committee_beats), ("crowd", board.crowd_beats))
    known = [(name, beats) for name, beats in followers if beats is not None]
    if not known or board.median_return is None:
        return None
    (name, beats), *others = known
    models = numbers.counted(board.models, "model")
    told = f"By return, the {name} is ahead of {beats} of {models}"
    told += "".join(f", the {other} of {count}" for other, count in others)
    return f"{told}; their median is {numbers.percent_change(board.median_return)}."


def _luck(board: Leaderboard) -> tuple[tuple[str, str], ...]:
    """Say of the first members that have traded whether they can be told from the benchmark."""
    if board.benchmark_return is None:
        return ()
    first = [one for one in board.standings if one.rank and one.trades][:_FIRST]
    # That the season is too short need not be said of each.
    told = [one for one in first if one.luck] or first[:1]
    return tuple((one.member, luck_sentence(_card(board, one), board.benchmark)) for one in told)


def _card(board: Leaderboard, one: Standing) -> Scorecard:
    return Scorecard(
        season=board.season,
        member=one.member,
        kind=one.kind,
        first=board.first,
        last=board.last,
        figures=one.figures,
        luck=one.luck,
    )
