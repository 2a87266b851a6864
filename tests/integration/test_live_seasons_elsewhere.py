"""What else knows of live seasons: databases of before, imports, and runs in chats."""

from pathlib import Path

import pytest
from sqlalchemy import text

from core.app.auditing import audit
from core.clock import ManualClock
from core.domain.errors import Refused
from core.domain.season import Season
from core.store import schema
from core.store.database import upgrade
from core.store.engine import make_engine, parse
from core.store.store import Store
from tests.import_scene import Open, imported, write_log
from tests.store_values import START

pytest_plugins = ["tests.storage", "tests.arena_fixtures", "tests.import_fixtures"]

BORN = int(START.timestamp()) * 1_000_000
WINTER = Season("winter")
KINDS = (
    ("live", "live", "open"),
    ("sample", "sample", "open"),
    ("replay-1", "replay", "ended"),
    ("league", "import", "open"),
)
OLD: list[tuple[str, dict[str, object]]] = [
    ("INSERT INTO members VALUES ('alpha', 1, 'llm', '1', '[]', TRUE, 1)", {}),
    *(
        (
            "INSERT INTO seasons (name, kind, state, benchmark, created_at) "
            "VALUES (:name, :kind, :state, 'SPY', :born)",
            {"name": name, "kind": kind, "state": state, "born": BORN},
        )
        for name, kind, state in KINDS
    ),
    ("INSERT INTO accounts VALUES ('live', 'alpha', :born)", {"born": BORN}),
    (
        "INSERT INTO cash_movements (season, member, kind, amount_usd, at) "
        "VALUES ('live', 'alpha', 'deposit', 1000000000000, :born)",
        {"born": BORN},
    ),
    (
        "INSERT INTO balances "
        "(season, member, deposits_usd, cash_usd, fills, closed, wins, gains_usd, losses_usd) "
        "VALUES ('live', 'alpha', 1000000000000, 1000000000000, 0, 0, 0, 0, 0)",
        {},
    ),
]
"""A database of the second schema, in which somebody has a live season with books."""


async def test_a_live_season_of_before_goes_on_and_can_be_ended(
    empty_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "HEAD", "0002")
    await upgrade(empty_url)
    monkeypatch.undo()
    engine = make_engine(parse(empty_url), pooled=False)
    async with engine.begin() as connection:
        for statement, values in OLD:
            await connection.execute(text(statement), values)
    await engine.dispose()
    store = await Store.open(empty_url, clock)
    try:
        live = await store.live.current()
        assert live is not None
        assert (live.season, live.begins_at, live.ended) == (Season.LIVE, START, False)
        assert (live.first_day, live.last_day) == (None, None)
        assert await store.live.finals() == ()
        assert [(line.season, line.kind, line.ended) for line in await store.live.lines()] == [
            ("league", "import", False),
            ("live", "live", False),
            ("replay-1", "replay", True),
            ("sample", "sample", False),
        ]
        async with store.books.locked(WINTER) as books:
            with pytest.raises(Refused, match="another one is open"):
                await books.live.start(START.date(), None, "SPY", START)
        assert await audit(store, shorts=False) == ()
    finally:
        await store.close()


async def test_a_log_without_a_season_goes_into_the_live_one_that_is_open(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "2 buy NVDA 10", "17 none - 0"), "first", None)
    assert (await app.season_status()).live is not None
    await app.start_season(WINTER)
    with pytest.raises(Refused, match="Season winter begins on 2025-06-24"):
        await imported(app, write_log(tmp_path, "2 buy NVDA 10"), "second", None)


async def test_a_log_does_not_go_into_a_season_that_has_ended(open_arena: Open, tmp_path: Path) -> None:
    app = await open_arena()
    await imported(app, write_log(tmp_path, "2 buy NVDA 10", "17 none - 0"), "first", "live")
    table = await app.end_season()
    assert table is not None
    for season in ("live", None):
        with pytest.raises(Refused, match="The season live has ended, and its books are closed; import"):
            await imported(app, write_log(tmp_path, "3 buy NVDA 10"), "second", season)
    done = await imported(app, write_log(tmp_path, "3 buy NVDA 10"), "second", "league")
    assert done.season == "league"
    assert await app.season_finals() == (table,)


async def test_a_name_that_was_never_begun_is_not_made_live_by_a_log(
    open_arena: Open, tmp_path: Path
) -> None:
    app = await open_arena()
    await app.start_season(WINTER)
    with pytest.raises(Refused, match="the live season is winter"):
        await imported(app, write_log(tmp_path, "2 buy NVDA 10"), "first", "live")
