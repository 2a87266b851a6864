"""A script that knows nothing of Conclave makes the same figures of an export as the leaderboard shows."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.app.app import App
from core.domain.export import ExportFormat
from core.domain.scores import Metric
from core.domain.season import Season
from tests import recompute
from tests.loopback.model_replies import Behaviour, ModelRequest, Reply, filled
from tests.loopback.model_server import ModelServer
from tests.program import ROOT, conclave

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]
pytestmark = pytest.mark.timeout(120)  # one fixture makes a whole replay

Opening = Callable[..., Awaitable[App]]
PERIODS = ("all", "30d", "7d")
MONEY = {Metric.VALUE, Metric.PNL, Metric.BEST_TRADE, Metric.WORST_TRADE}
CONFIG = """
[market]
prices = ["sample"]
[arena]
benchmark = "IBM"
[trading]
cash_interest = 0.03
[scores]
min_trades = 2
risk_free = 0.02
"""


def far_apart(metric: Metric, mine: recompute.Found, value: Any, sample: int) -> bool:
    """Say whether a figure differs: money by a cent, all else by more than 1e-9, and n/a by anything."""
    if (mine.value is None) != (value is None) or mine.sample != sample:
        return True
    if mine.value is None:
        return False
    apart = abs(Decimal(mine.value) - Decimal(value))
    return round(Decimal(mine.value), 2) != round(Decimal(value), 2) if metric in MONEY else apart > 1e-9


def days_of(period: str) -> int | None:
    return None if period == "all" else int(period.removesuffix("d"))


def told(folder: Path, *words: str) -> str:
    ended = conclave(folder, *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the replay of a quarter of real prices, and its export beside it."""
    folder = tmp_path_factory.mktemp("replayed")
    (folder / "config.toml").write_text(CONFIG)
    asked = ("--from", "2012-07-09", "--to", "2012-09-28", "--tickers", "AAPL,MSFT", "--season", "summer")
    told(folder, "replay", "--sample", "--no-report", "--json", *asked)
    told(folder, "export", "--season", "summer", "--out", "out")
    return folder


@pytest.fixture
def exported(replayed: Path, tmp_path: Path) -> Path:
    """A copy of that export."""
    return Path(shutil.copytree(replayed / "out", tmp_path / "out"))


def board_of(folder: Path, *words: str) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(told(folder, "leaderboard", "--season", "summer", "--json", *words))
    return board


def wrong_on(board: Mapping[str, Any], season: recompute.Season) -> Iterator[str]:
    """Name each figure and rank of a leaderboard in JSON that the script has otherwise."""
    found = recompute.figures(season, days_of(board["period"]))
    places = recompute.ranks(found, board["by"])
    for line in board["standings"]:
        member = line["member"]
        assert set(line["figures"]) == set(found[member]) == set(Metric)
        for metric in Metric:
            told = line["figures"][metric]
            if far_apart(metric, found[member][metric], told["value"], told["sample"]):
                yield f"{member}: {metric}"
        if (line["rank"] or 0, Decimal(line["value_usd"])) != (places[member], found[member]["value"].value):
            yield f"{member}: rank or value"


def test_the_leaderboard_of_the_command_line_is_recomputed_by_a_script_from_the_export(
    replayed: Path,
) -> None:
    season = recompute.Season(replayed / "out")
    assert list(recompute.differences(season)) == []
    kinds = {row["kind"] for row in season.tables["cash_movements"]}
    assert kinds == {"deposit", "trade", "fee", "dividend", "interest"}
    assert len(season.sessions) == 59
    for asked in (("--by", "sharpe"), ("--by", "max_drawdown", "--period", "30d")):
        board = board_of(replayed, *asked)
        assert len(board["standings"]) == 6
        assert list(wrong_on(board, season)) == []


def test_the_script_runs_by_itself_with_the_standard_library_only(exported: Path) -> None:
    for form in ("csv", "json"):
        for file in exported.glob(f"*.{form}"):
            if form == "csv" or file.name != "export.json":
                (exported.parent / form).mkdir(exist_ok=True)
                shutil.move(file, exported.parent / form / file.name)
        shutil.copy(exported / "export.json", exported.parent / form / "export.json")
    # Without the environment and site packages, nothing of Conclave and of no library can be imported.
    command = [sys.executable, "-E", "-S", str(ROOT / "tests" / "recompute.py")]
    told = [
        subprocess.run(  # noqa: S603 - our own script
            [*command, str(exported.parent / form)], capture_output=True, text=True, timeout=60, check=True
        ).stdout
        for form in ("csv", "json")
    ]
    assert told[0] == told[1]
    assert "mean_reversion" in told[0]
    assert told[0].endswith("agree with the movements.\n")


def changed(folder: Path, table: str, column: str, **where: str) -> None:
    """Add one to a number in the first row of a table of which `where` holds; turn the sign of a return."""
    path = folder / f"{table}.json"
    rows = json.loads(path.read_text())
    row = next(row for row in rows if all(row[name] == value for name, value in where.items()))
    number = Decimal(row[column])
    row[column] = str(-number if column.startswith("return") else number + 1)
    path.write_text(json.dumps(rows))


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("fills", "shares", {"member": "coin_flip", "side": "buy"}),
        ("fills", "price", {"member": "coin_flip", "side": "buy"}),
        ("cash_movements", "amount_usd", {"member": "trend", "kind": "dividend"}),
        ("marks", "price", {"ticker": "AAPL", "at": "2012-09-28T20:00:00+00:00"}),
        ("sessions", "benchmark", {"session": "2012-08-15"}),
        ("ballots", "return_ratio_5", {"member": "momentum", "action": "SELL"}),
        ("token_costs", "cost_usd", {"member": "coin_flip"}),
    ],
)
def test_one_changed_number_in_the_export_changes_figures_and_is_seen(
    replayed: Path, exported: Path, table: str, column: str, where: dict[str, str], board: dict[str, Any]
) -> None:
    assert list(wrong_on(board, recompute.Season(exported))) == []
    changed(exported, table, column, **where)
    season = recompute.Season(exported)
    assert list(wrong_on(board, season)) != []
    if table in {"fills", "cash_movements", "marks"}:
        assert list(recompute.differences(season)) != []


@pytest.fixture(scope="module")
def board(replayed: Path) -> dict[str, Any]:
    return board_of(replayed)


def opines(model: str) -> Behaviour:
    """A model with another opinion every few sessions, of which each answer costs something else."""

    def behave(request: ModelRequest) -> Reply:
        # A run says as of when it is; who looks back is told first when it decided.
        told = re.search(r"(?:as of|decided at): (\d{4}-\d\d-\d\d)", request.messages[-1]["content"])
        assert told
        day = date.fromisoformat(told[1])
        turn = (day.toordinal() // 4 + len(model)) % 3
        action, rating, weight = (("BUY", "Buy", 0.2), ("SELL", "Sell", -0.1), ("HOLD", "Hold", 0.0))[turn]
        fields = {"action": action, "rating": rating, "target_weight": weight, "confidence": 0.7}
        reply = filled(fields | {"stop_loss": None, "take_profit": None})(request)
        reply.body["usage"]["cost"] = 0.0123 + day.day / 7000
        return reply

    return behave


async def replay_of_models(models: ModelServer, folder: Path, opening: Opening) -> tuple[App, Season]:
    """The replay of two models that cost something, a baseline and the committee, with short positions."""
    names = ("claude", "gpt5")
    for name in names:
        models.always(f"{name}/{name}-1", opines(name))
    seats: list[dict[str, Any]] = [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in names]
    app = await opening(
        models.base_url,
        folder,
        members=[*seats, {"name": "buy_and_hold", "kind": "baseline"}],
        arena={"crowd": False, "benchmark": "IBM"},
        trading={"allow_short": True},
        scores={"min_trades": 2, "risk_free": "0.01"},
    )
    season, first, last = Season("models"), date(2012, 7, 26), date(2012, 9, 14)
    async with aclosing(app.replay(first, last, ("AAPL", "MSFT"), season=season)) as steps:
        assert [step async for step in steps]
    return app, season


async def dates_and_luck_agree(app: App, season: recompute.Season) -> None:
    """Compare the dates of the deepest falls, and the intervals of differences to the benchmark."""
    name = Season(season.about["season"]["name"])
    board = await app.leaderboard(name)
    fallen = {card.member: card.drawdown for card in (await app.season_report(name)).scorecards}
    for one in board.standings:
        own, fall = recompute.fall(season.part(one.member, None, None)), fallen[one.member]
        assert own and fall and own[1:] == (fall.peak, fall.trough, fall.recovered)
        chance = recompute.chance(season, one.member)
        assert chance and one.luck
        difference, low, high = chance
        assert difference == pytest.approx(one.luck.difference, abs=1e-9)
        # Both are two thousand draws, and not the same ones.
        assert (low, high) == pytest.approx((one.luck.low, one.luck.high), abs=0.08 * (high - low))


async def test_every_metric_and_period_of_models_that_cost_money_is_recomputed(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app, name = await replay_of_models(models, tmp_path, opening)
    await app.export(name, tmp_path / "out", [ExportFormat.JSON], force=False)
    season = recompute.Season(tmp_path / "out")
    assert list(recompute.differences(season)) == []
    assert any(day.short for day in season.books["gpt5"].days)
    known = set()
    for period in PERIODS:
        days = days_of(period)
        found = recompute.figures(season, days)
        earlier = recompute.figures(season, days, season.sessions[-2])
        for metric in Metric:
            board = await app.leaderboard(name, period=period, by=metric)
            places, before = recompute.ranks(found, metric), recompute.ranks(earlier, metric)
            for one in board.standings:
                mine, told = found[one.member], one.figures[metric]
                where = (period, metric, one.member, mine[metric], told)
                assert not far_apart(metric, mine[metric], told.value, told.sample), where
                assert (one.rank, one.rank_before or 0) == (places[one.member], before[one.member]), where
                known |= {metric} if told.value is not None else set()
        for one in board.standings:
            mine = found[one.member]
            assert (one.value_usd, one.pnl_usd) == (mine["value"].value, mine["pnl"].value)
            part = season.part(one.member, days, None)
            spent = part.books.spent - part.base_tokens
            assert (one.trades, one.token_cost_usd) == (mine["trades"].sample, spent)
            assert (one.token_cost_usd > mine["token_cost"].value > 0) == (one.kind == "llm")
        returns = [mine["return"].value for who, mine in found.items() if season.kinds[who] == "llm"]
        ahead = sum(other < found["committee"]["return"].value for other in returns)
        assert (board.models, board.committee_beats) == (2, ahead)
        assert board.median_return == round(Decimal(sum(returns)) / 2, 4)
        assert board.benchmark_return == pytest.approx(season.benchmark_return(days), abs=1e-9)
    assert known == set(Metric)
    await dates_and_luck_agree(app, season)
