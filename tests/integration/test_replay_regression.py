"""The rules alone, replayed over a quarter: whatever changes in the engine shows up here, to the cent."""

from datetime import date
from pathlib import Path

from core.domain.season import Season
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.replay_scene import replayed

pytest_plugins = ["tests.arena_fixtures"]

NAMES = ("buy_and_hold", "momentum", "mean_reversion", "trend", "coin_flip", "sma_cross")
ENDED = {
    "buy_and_hold": ("12002.76", 3),
    "coin_flip": ("11064.87", 100),
    "committee": ("11170.43", 1),
    "mean_reversion": ("10128.41", 2),
    "momentum": ("11706.70", 25),
    "sma_cross": ("11796.65", 5),
    "trend": ("10024.45", 0),
}
"""Each member's value on 30 March 2012 in USD, and its fills."""


async def test_the_rules_end_a_quarter_with_the_values_that_they_always_had(
    models: ModelServer, tmp_path: Path
) -> None:
    app = await arena.opened(
        models.base_url,
        tmp_path,
        members=[{"name": name, "kind": "baseline"} for name in NAMES],
        arena={"crowd": False, "benchmark": "IBM"},
        trading={"cash_interest": "0.01"},
    )
    try:
        asked = {"first": date(2012, 1, 3), "last": date(2012, 3, 30), "tickers": ("AAPL", "MSFT", "IBM")}
        await replayed(app, season=Season("quarter"), **asked)
        board = await app.leaderboard(Season("quarter"))
        assert await app.audit() == ()
    finally:
        await app.close()
    ended = {each.member: (f"{each.value_usd:.2f}", each.trades) for each in board.standings}
    assert ended == ENDED
    assert models.requests == []
