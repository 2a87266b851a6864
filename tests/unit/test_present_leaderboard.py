"""The ranking by a metric and a period in words, and drawn on every platform."""

import io
import json
import re
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from bot import slack_render, telegram_render, terminal_render
from bot.cards import LeaderboardCard
from bot.documents import leaderboard_document
from bot.present.leaderboard import leaderboard_card
from bot.telegram_text import TABLE_WIDTH, width
from core.config.settings import Scores
from core.domain.books import Leaderboard
from core.domain.scores import Figure, Luck, Metric
from tests.standings_facts import LEADERBOARD

SESSION = date(2025, 10, 29)
LUCK = Luck(difference=0.12, low=-0.2, high=0.4, level=0.95, sessions=40, trades=14)


def ranked(
    metric: Metric, *found: Figure, before: tuple[int | None, ...] = (), **more: object
) -> Leaderboard:
    """The ranking of the fixture by another metric; whoever has no figure has no rank."""
    standings = []
    for place, standing in enumerate(LEADERBOARD.standings):
        score = found[place] if place < len(found) else Figure(value=None, sample=3)
        changes = {
            "score": score,
            "figures": {metric: score},
            "rank": 0 if score.value is None else place + 1,
            "rank_before": before[place] if place < len(before) else None,
            "luck": LUCK if place == 1 else None,
        }
        standings.append(standing.model_copy(update=changes))
    return LEADERBOARD.model_copy(update={"by": metric, "standings": tuple(standings), **more})


def figure(value: object, sample: int = 40) -> Figure:
    return Figure(value=value, sample=sample)


SHARPE = ranked(Metric.SHARPE, figure(1.4213), figure(-0.07), before=(3, 1))
WITH_FACTS = SHARPE.model_copy(
    update={
        "period": "30d",
        "first": date(2025, 9, 30),
        "last": SESSION,
        "benchmark": "SPY",
        "benchmark_return": 0.0312,
        "models": 5,
        "median_return": Decimal("0.012"),
        "committee_beats": 3,
        "crowd_beats": 1,
    }
)


def card(board: Leaderboard = WITH_FACTS) -> LeaderboardCard:
    return leaderboard_card(board, Scores())


def test_the_metric_has_a_column_and_what_has_too_small_a_sample_says_of_how_many() -> None:
    made = card()
    assert made.metric == "Sharpe"
    assert [line.score for line in made.standings] == ["1.42", "−0.07", *["n/a, 3 of 20"] * 3]
    assert [line.rank for line in made.standings] == ["1", "2", "—", "—", "—"]
    assert "n/a: there is a figure from 20 days on." in made.facts
    assert made.subtitle == "Everyone started with $10,000.00 · last 30 days · by Sharpe ratio"


@pytest.mark.parametrize("metric", [Metric.VALUE, Metric.PNL, Metric.RETURN, Metric.TRADES])
def test_what_the_table_shows_anyway_gets_no_second_column(metric: Metric) -> None:
    made = card(ranked(metric, figure(Decimal(1) if metric is not Metric.RETURN else 0.1)))
    assert made.metric == ""
    assert {line.score for line in made.standings} == {""}


def test_a_figure_after_token_cost_stands_beside_the_one_before() -> None:
    made = card(ranked(Metric.PNL, figure(Decimal("231.06")), net_of_tokens=True))
    assert (made.metric, made.standings[0].score) == ("Net P&L", "+$231.06")
    assert made.standings[0].pnl == "+$231.40"
    assert made.subtitle.endswith("by profit or loss · after token cost")


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (Metric.WIN_RATE, "n/a: there is a figure from 5 closed trades on."),
        (Metric.HIT_RATE_20, "n/a: there is a figure from 10 settled ballots on."),
        (Metric.USD_PER_RIGHT, "n/a: there is a figure from 10 settled ballots on."),
        (Metric.CALMAR, "n/a: there is a figure from 20 days on."),
    ],
)
def test_what_a_figure_is_made_of_is_named(metric: Metric, said: str) -> None:
    assert said in card(ranked(metric)).facts


@pytest.mark.parametrize("metric", [Metric.BEST_TRADE, Metric.MAX_DRAWDOWN, Metric.EXPOSURE])
def test_a_fact_that_needs_no_sample_is_plainly_not_there(metric: Metric) -> None:
    made = card(ranked(metric))
    assert {line.score for line in made.standings} == {"n/a"}
    assert made.facts == ()


def test_arrows_say_how_far_a_member_has_moved_and_nothing_where_that_is_not_known() -> None:
    before = (3, 1, None, 4)
    values = (figure(Decimal(1)),) * 4
    made = card(ranked(Metric.VALUE, *values, before=before))
    assert [line.moved for line in made.standings] == ["▲2", "▼1", "", "•", ""]


def test_the_benchmark_the_committee_and_the_crowd_are_facts_of_one_line_each() -> None:
    assert card().facts[:2] == (
        "SPY since 2025-09-30: +3.12 %.",
        "By return, the committee is ahead of 3 of 5 models, the crowd of 1; their median is +1.20 %.",
    )
    alone = WITH_FACTS.model_copy(update={"committee_beats": None, "models": 1})
    assert card(alone).facts[1] == ("By return, the crowd is ahead of 1 of 1 model; their median is +1.20 %.")
    nobody = WITH_FACTS.model_copy(update={"committee_beats": None, "crowd_beats": None})
    assert not any("crowd" in fact for fact in card(nobody).facts)


def test_luck_is_told_of_the_first_members_for_which_it_is_known() -> None:
    assert card().luck == (("claude-sonnet-4.5", "14 trades: cannot be told from SPY yet."),)
    nobody = tuple(one.model_copy(update={"luck": None}) for one in WITH_FACTS.standings)
    short = card(WITH_FACTS.model_copy(update={"standings": nobody})).luck
    assert [member for member, _ in short] == ["gpt-5"]
    assert card(SHARPE).luck == ()


def drawn(columns: int) -> str:
    file = io.StringIO()
    Console(file=file, width=columns, force_terminal=False).print(
        terminal_render.render(card(), width=columns)
    )
    return file.getvalue()


@pytest.mark.parametrize("columns", [40, 60, 80, 104])
def test_the_terminal_shows_score_arrows_facts_and_luck_at_any_width(columns: int) -> None:
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", drawn(columns)).split())
    for part in ("1.42", "−0.07", "n/a, 3 of 20", "▲2", "▼1", "SPY since 2025-09-30: +3.12 %."):
        assert part in text
    assert "cannot be told from SPY" in text
    assert all(len(line) <= columns for line in drawn(columns).splitlines())


def test_telegram_keeps_to_the_width_of_a_narrow_phone() -> None:
    html = telegram_render.render(card()).text_html
    (table,) = re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)
    lines = table.replace("&amp;", "&").splitlines()
    assert all(width(line) <= TABLE_WIDTH for line in lines)
    assert lines[:4] == [
        "1 ▲2 gpt-5                    1.42",
        "  $10,231.40 · +2.31 %",
        "  P&L +$231.40 · 4 trades",
        "  won 67 %",
    ]
    assert "the committee is ahead of 3 of 5 models" in html
    assert html.count("cannot be told from SPY") == 1


def test_slack_has_score_and_arrows_in_the_table_and_facts_below() -> None:
    text = json.dumps(slack_render.render(card()).blocks, ensure_ascii=False)
    assert re.search(r"1 +▲2 +gpt-5 +1\.42\\n", text)
    assert re.search(r"1 +\$10,231\.40 +\+\$231\.40 +\+2\.31 % +4 +67 %", text)
    assert "n/a, 3 of 20" in text
    assert text.count("cannot be told from SPY") == 1
    assert text.index("the committee is ahead") < text.index("Marks from")


def test_a_notification_of_slack_tells_by_what_they_are_ranked() -> None:
    assert slack_render.render(card()).text.startswith("Leaderboard, Sharpe. 1 gpt-5 1.42; ")
    assert slack_render.render(card(LEADERBOARD)).text.startswith("Leaderboard. 1 gpt-5 $10,231.40; ")


def test_a_season_without_books_says_so_and_shows_no_empty_table() -> None:
    empty = card(LEADERBOARD.model_copy(update={"standings": ()}))
    file = io.StringIO()
    Console(file=file, width=80).print(terminal_render.render(empty, width=80))
    shown = (
        file.getvalue(),
        telegram_render.render(empty).text_html,
        json.dumps(slack_render.render(empty).blocks),
    )
    for text in shown:
        assert "Nobody has any books in this season yet." in text
        assert "Member" not in text
        assert "<pre>" not in text


def test_the_document_has_all_that_it_had_and_every_figure_with_its_sample() -> None:
    document = leaderboard_document(WITH_FACTS)
    before = leaderboard_document(LEADERBOARD)
    assert set(before) == set(document)
    assert json.loads(json.dumps(document)) == document
    assert (document["by"], document["period"], document["net_of_tokens"]) == ("sharpe", "30d", False)
    assert (document["benchmark"], document["benchmark_return"]) == ("SPY", 0.0312)
    assert (document["models"], document["committee_beats"], document["crowd_beats"]) == (5, 3, 1)
    first, second, third, *_ = document["standings"]
    assert (first["rank"], first["rank_before"]) == (1, 3)
    assert first["figures"]["sharpe"] == {"value": 1.4213, "sample": 40}
    assert third["score"] == {"value": None, "sample": 3}
    assert second["luck"]["told_apart"] is False
    money = leaderboard_document(ranked(Metric.PNL, figure(Decimal("231.4"))))["standings"][0]
    assert money["score"] == {"value": "231.40", "sample": 40}
    assert first["value_usd"] == "10231.40"


def test_too_few_closed_trades_have_no_win_rate_but_their_number() -> None:
    few = LEADERBOARD.standings[0].model_copy(update={"win_rate": None, "closed_trades": 2})
    none = few.model_copy(update={"closed_trades": 0})
    made = card(LEADERBOARD.model_copy(update={"standings": (few, none)}))
    assert [line.win_rate for line in made.standings] == ["n/a, 2 of 5", "—"]
