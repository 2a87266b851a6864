"""Words behind /leaderboard: a period, a metric and net, in any order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arguments import LeaderboardArguments
from bot.board_arguments import METRICS, leaderboard, metric_named, period_named
from bot.commands import parse
from core.domain.errors import Refused
from core.domain.period import days_of
from core.domain.scores import Metric


def read(text: str) -> LeaderboardArguments:
    return leaderboard(text.split())


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "period", "by", "net"),
    [
        ("", "all", Metric.VALUE, False),
        ("7d", "7d", Metric.VALUE, False),
        ("sharpe 30d", "30d", Metric.SHARPE, False),
        ("30D SHARPE", "30d", Metric.SHARPE, False),
        ("net return month", "30d", Metric.RETURN, True),
        ("week", "7d", Metric.VALUE, False),
        ("90 days drawdown", "90d", Metric.MAX_DRAWDOWN, False),
        ("max drawdown 14d", "14d", Metric.MAX_DRAWDOWN, False),
        ("max-drawdown", "all", Metric.MAX_DRAWDOWN, False),
        ("MAX_DRAWDOWN", "all", Metric.MAX_DRAWDOWN, False),
        ("win rate", "all", Metric.WIN_RATE, False),
        ("winrate", "all", Metric.WIN_RATE, False),
        ("day win rate", "all", Metric.DAY_WIN_RATE, False),
        ("hit rate 20", "all", Metric.HIT_RATE_20, False),
        ("hit rate", "all", Metric.HIT_RATE_5, False),
        ("sortino", "all", Metric.SORTINO, False),
        ("P&L net", "all", Metric.PNL, True),
        ("return after tokens", "all", Metric.RETURN_AFTER_TOKENS, False),
        ("usd per right", "all", Metric.USD_PER_RIGHT, False),
        ("7d,sharpe", "7d", Metric.SHARPE, False),
        ("--period 7d --by sharpe", "7d", Metric.SHARPE, False),
        ("—by=calmar --period=30d", "30d", Metric.CALMAR, False),
        ("--net --by value", "all", Metric.VALUE, True),
        ("sharpe sharpe 7d 7d", "7d", Metric.SHARPE, False),
    ],
)
def test_period_metric_and_net_stand_in_any_order(text: str, period: str, by: Metric, net: bool) -> None:
    assert read(text) == LeaderboardArguments(period, by, net)


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_is_called_by_its_own_name(metric: Metric) -> None:
    assert metric_named(metric) is metric
    assert read(metric).by is metric
    assert read(metric.replace("_", " ")).by is metric


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sharp", "“sharp” is not a metric. Did you mean sharpe?"),
        ("drawdwn", "“drawdwn” is not a metric. Did you mean max_drawdown?"),
        ("volatilty 7d", "“volatilty” is not a metric. Did you mean volatility?"),
        ("sharpe sortino", "Choose one metric, sharpe or sortino, not several."),
        ("7d 30d", "Choose one period, 7d or 30d, not several."),
        ("--by", "--by needs a value: write for instance --by sharpe."),
        ("--period --net", "--period needs a value: write for instance --period 7d."),
        ("--season live", "/leaderboard takes --period 7d, --by sharpe, --net, not “--season”."),
        ("0d", "“0d” is not a period: write all, or days such as 7d, up to 3650d."),
        ("4000d", "“4000d” is not a period: write all, or days such as 7d, up to 3650d."),
    ],
)
def test_what_is_wrong_is_said_with_what_was_meant(text: str, said: str) -> None:
    assert refusal(text) == said


def test_a_word_that_is_near_to_nothing_is_answered_with_some_metrics() -> None:
    assert re.fullmatch(r"“qqqq” is not a metric\. Such are value, .*\.", refusal("qqqq"))


def test_a_period_has_a_name_in_the_terminal_too() -> None:
    assert (period_named("month"), period_named("12d"), period_named("all")) == ("30d", "12d", "all")
    for text in ("sharpe", "", "d", "12"):
        with pytest.raises(Refused, match="is not a period"):
            period_named(text)


@given(st.lists(st.sampled_from(["7d", "all", "net", "sharpe", "win", "rate", "--by", "-", "٣d", "x,y", ""])))
def test_any_words_are_read_or_refused_in_one_line(words: list[str]) -> None:
    try:
        found = leaderboard(words)
    except Refused as refused:
        assert "\n" not in str(refused)
        return
    assert found.by in METRICS.values()
    days_of(found.period)


def test_the_command_reads_them() -> None:
    command, wanted = parse("/leaderboard 7d drawdown")
    assert (command.handler, wanted) == ("leaderboard", LeaderboardArguments("7d", Metric.MAX_DRAWDOWN))
