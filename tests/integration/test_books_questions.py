"""How many questions the books ask of the database: no more for many members and tickers than for few."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import event

from tests import arena
from tests.market_days import Days, evening, market_days

WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30"]
NAMES = ("claude", "gpt5", "gemini", "deepseek")


class Count:
    """Statements so far."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.last = 0

    def __call__(self, *_: object) -> None:
        self.last = next(self.numbers)


@contextmanager
def counted(days: Days) -> Iterator[Count]:
    counting, engine = Count(), days.store.database.sync_engine
    event.listen(engine, "before_cursor_execute", counting)
    try:
        yield counting
    finally:
        event.remove(engine, "before_cursor_execute", counting)


async def asked(folder: Path, members: int, tickers: int) -> tuple[int, int]:
    """The statements of a quiet session, and those of a run that begins and briefs everybody."""
    folder.mkdir()
    seats = [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in NAMES[:members]]
    async with market_days(folder, members=seats) as days:
        for name in NAMES[:members]:
            days.say("BUY", name, target_weight=0.05, stop_loss=50)
        for number in range(tickers):
            days.market.flat(f"T{number}", "100", WEEK)
            await days.run(f"T{number}", evening("2025-10-27"))
        await days.keep(evening("2025-10-28"))
        days.clock.set(evening("2025-10-29"))
        with counted(days) as session:
            await days.app.keep_books()
        with counted(days) as begun:
            await days.app._runs._committee.convene(arena.request("T0"), await days.app.members())
        assert len(await days.rows("holdings")) == members * tickers
    return session.last, begun.last


async def test_many_members_and_tickers_cost_no_more_questions_than_few(tmp_path: Path) -> None:
    few = await asked(tmp_path / "few", 1, 1)
    assert await asked(tmp_path / "many", 4, 5) == few
