"""What the leaderboard remembers between questions is never older than a fresh look."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.app.scoreboard import Scoreboard
from core.clock import ManualClock
from core.config import Settings
from core.domain.scores import Metric
from core.domain.season import Season
from core.store.store import Store
from tests.curves import EAGER
from tests.season_scene import RUN, SeasonScene, seated
from tests.store_values import START

pytest_plugins = ("tests.storage",)

STRICT = Settings().model_copy(update={"scores": EAGER})


def board_of(store: Store) -> Scoreboard:
    return Scoreboard(store, STRICT, ManualClock(START))


_AMOUNT = st.none() | st.integers(1, 30_000).map(str)
_SESSION = st.fixed_dictionaries(
    {
        "values": st.tuples(_AMOUNT, _AMOUNT, _AMOUNT),
        "benchmark": st.none() | st.integers(50, 150).map(str),
        "profits": st.lists(st.tuples(st.sampled_from(["alpha", "beta"]), st.integers(-9, 9)), max_size=3),
        "joins": st.booleans(),
        "asks": st.tuples(st.sampled_from(["all", "1d", "3d", "30d"]), st.sampled_from(Metric)) | st.none(),
    }
)


@pytest.mark.timeout(240)  # hundreds of leaderboards from a server, which a busy machine makes slowly
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sessions=st.lists(_SESSION, min_size=1, max_size=6))
async def test_what_is_remembered_is_what_a_fresh_look_finds_whatever_sessions_follow(
    store: Store, sessions: list[dict[str, object]]
) -> None:
    await _seat_once(store)
    scene = SeasonScene(store, Season(f"s-{uuid4().hex[:12]}"))
    await scene.open("alpha", "beta")
    old, joined = board_of(store), False
    for number, session in enumerate(sessions):
        if session["joins"] and not joined:
            await scene.open("gamma")
            joined = True
        for member, profit in session["profits"]:
            await scene.trades(number, member, str(profit))
        names = ("alpha", "beta", "gamma") if joined else ("alpha", "beta")
        values = dict(zip(names, session["values"], strict=False))
        tokens = {"alpha": str(number)}
        await scene.passes(number, values, benchmark=session["benchmark"], tokens=tokens)
        if session["asks"] is not None:
            period, by = session["asks"]
            remembered = await old.leaderboard(scene.season, period, by)
            assert remembered == await board_of(store).leaderboard(scene.season, period, by)
    # Each metric in one of two periods, and in the other one where a session more has followed.
    for number, by in enumerate(Metric, start=len(sessions)):
        period = ("all", "2d")[number % 2]
        remembered = await old.leaderboard(scene.season, period, by)
        fresh = await board_of(store).leaderboard(scene.season, period, by)
        assert remembered == fresh


async def _seat_once(store: Store) -> None:
    if await store.runs.record(RUN) is None:
        await seated(store)
