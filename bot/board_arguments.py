"""What may stand behind `/leaderboard`: a period, a metric and `net`, in any order."""

import difflib
import re
from collections.abc import Sequence

from bot.arguments import LeaderboardArguments, shown
from core.domain.errors import Refused
from core.domain.period import ALL, days_of
from core.domain.scores import Metric

_PERIODS = {"all": ALL, "week": "7d", "month": "30d", "quarter": "90d", "year": "365d", "season": ALL}
_DAYS = re.compile(r"\d+d(?:ays?)?", re.ASCII)
_NET = {"net", "netoftokens", "aftertokens"}
_OPTIONS = {"period": "--period 7d", "by": "--by sharpe", "net": "--net"}
# The keyboards of phones turn two hyphens into a dash.
_OPTION = re.compile(r"(?:-{1,2}|[—–―]-?)([a-z]+)(?:=(.+))?", re.ASCII)
_LONGEST = 3
"""Words in the longest name of a metric."""
_ALIASES = {
    "worth": Metric.VALUE,
    "pl": Metric.PNL,
    "profit": Metric.PNL,
    "gain": Metric.PNL,
    "returns": Metric.RETURN,
    "annual": Metric.ANNUAL_RETURN,
    "annualised": Metric.ANNUAL_RETURN,
    "annualized": Metric.ANNUAL_RETURN,
    "cagr": Metric.ANNUAL_RETURN,
    "vol": Metric.VOLATILITY,
    "sharperatio": Metric.SHARPE,
    "sortinoratio": Metric.SORTINO,
    "drawdown": Metric.MAX_DRAWDOWN,
    "maximumdrawdown": Metric.MAX_DRAWDOWN,
    "maxdd": Metric.MAX_DRAWDOWN,
    "mdd": Metric.MAX_DRAWDOWN,
    "dd": Metric.MAX_DRAWDOWN,
    "calmarratio": Metric.CALMAR,
    "fills": Metric.TRADES,
    "wins": Metric.WIN_RATE,
    "won": Metric.WIN_RATE,
    "dayswon": Metric.DAY_WIN_RATE,
    "daywins": Metric.DAY_WIN_RATE,
    "pf": Metric.PROFIT_FACTOR,
    "best": Metric.BEST_TRADE,
    "worst": Metric.WORST_TRADE,
    "ir": Metric.INFORMATION_RATIO,
    "information": Metric.INFORMATION_RATIO,
    "hit": Metric.HIT_RATE_5,
    "hits": Metric.HIT_RATE_5,
    "hitrate": Metric.HIT_RATE_5,
    "accuracy": Metric.HIT_RATE_5,
    "hit1": Metric.HIT_RATE_1,
    "hit5": Metric.HIT_RATE_5,
    "hit20": Metric.HIT_RATE_20,
    "tokens": Metric.TOKEN_COST,
    "cost": Metric.TOKEN_COST,
    "costs": Metric.TOKEN_COST,
    "returnaftertokencost": Metric.RETURN_AFTER_TOKENS,
    "perright": Metric.USD_PER_RIGHT,
    "costperright": Metric.USD_PER_RIGHT,
}


def _plain(word: str) -> str:
    return "".join(sign for sign in word.lower() if sign.isalnum())


METRICS = {_plain(metric): metric for metric in Metric} | _ALIASES
"""Each name by which a person may call a metric, without spaces and signs."""


def metric_named(text: str) -> Metric:
    """Return the metric that a person calls `text`, whatever its case, dashes and spaces.

    Raises:
        Refused: there is none; the sentence names the nearest one, or some of them.
    """
    if metric := METRICS.get(_plain(text)):
        return metric
    near = difflib.get_close_matches(_plain(text), list(METRICS), n=1, cutoff=0.6)
    hint = (
        f"Did you mean {METRICS[near[0]]}?"
        if near
        else "Such are value, return, sharpe, max_drawdown, win_rate and hit_rate_5; "
        "/help leaderboard has them all."
    )
    raise Refused(f"“{shown(text)}” is not a metric. {hint}")


def period_named(text: str) -> str:
    """Return the period that a person calls `text`: `30d` for `month`.

    Raises:
        Refused: it is none.
    """
    if period := _period(text):
        return period
    days_of(text)
    return text


def leaderboard(words: Sequence[str]) -> LeaderboardArguments:
    """Read a period (7d, 30d, all, or a word for it), a metric and `net`, each at most once, in any order.

    Raises:
        Refused: a word is none of these, or one of them is there twice.
    """
    periods: list[str] = []
    metrics: list[Metric] = []
    net = False
    rest = [word for piece in words for word in piece.split(",") if word]
    while rest:
        if match := _OPTION.fullmatch(rest[0].lower()):
            rest.pop(0)
            _unfold(match[1], match[2], rest)
            continue
        if rest[0].isdigit() and rest[1:2] and rest[1].lower() in {"d", "day", "days"}:
            rest[:2] = [f"{rest[0]}d"]
        if period := _period(rest[0]):
            periods.append(period)
            rest.pop(0)
        elif _plain(rest[0]) in _NET:
            net = True
            rest.pop(0)
        else:
            metrics.append(_metric(rest))
    if len(set(periods)) > 1:
        raise Refused(f"Choose one period, {' or '.join(dict.fromkeys(periods))}, not several.")
    if len(set(metrics)) > 1:
        raise Refused(f"Choose one metric, {' or '.join(dict.fromkeys(metrics))}, not several.")
    return LeaderboardArguments(next(iter(periods), ALL), next(iter(metrics), Metric.VALUE), net)


def _unfold(option: str, value: str | None, rest: list[str]) -> None:
    """Put what an option of the terminal's command says in front of the other words."""
    if option not in _OPTIONS:
        raise Refused(f"/leaderboard takes {', '.join(_OPTIONS.values())}, not “--{shown(option)}”.")
    if option == "net":
        rest.insert(0, "net")
    elif value:
        rest.insert(0, value)
    elif not rest or _OPTION.fullmatch(rest[0].lower()):
        raise Refused(f"--{option} needs a value: write for instance {_OPTIONS[option]}.")


def _period(word: str) -> str | None:
    """Return the period that a word names, or None where it names none."""
    text = word.lower()
    if period := _PERIODS.get(text):
        return period
    if not _DAYS.fullmatch(text):
        return None
    period = text.partition("d")[0] + "d"
    days_of(period)
    return period


def _metric(rest: list[str]) -> Metric:
    """Take the metric that the next words name: as many of them as make a name together."""
    for count in range(min(_LONGEST, len(rest)), 0, -1):
        if metric := METRICS.get(_plain("".join(rest[:count]))):
            del rest[:count]
            return metric
    return metric_named(rest[0])
