"""What the clock fires: at once, again and again, whatever fails, and silently until it is stopped."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator

import pytest
from rich.console import Console

from bot import timer as module
from bot.pacer import Pacers
from bot.postman import Postman
from bot.terminal import Chat
from bot.timer import Timer
from core.domain.errors import StoreError
from tests.arena_double import ArenaDouble
from tests.postman_scene import Opening, until

pytest_plugins = ("tests.postman_fixtures",)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_S", 0.02)
    monkeypatch.setattr(module, "BOOKS_S", 0.02)
    monkeypatch.setattr(module, "INTERRUPTED_S", 0.02)


class Counted(ArenaDouble):
    """Counts what is fired; what is named in `failing` fails."""

    def __init__(self) -> None:
        super().__init__()
        self.fired: list[str] = []
        self.failing: dict[str, BaseException] = {}

    def _fire(self, name: str) -> None:
        self.fired.append(name)
        if error := self.failing.get(name):
            raise error

    async def keep_books(self) -> None:
        self._fire("books")

    async def look_out(self) -> tuple[()]:
        self._fire("look out")
        return ()

    async def resume_interrupted(self) -> tuple[str, ...]:
        self._fire("interrupted")
        return ()


def timer_of(app: Counted, *, resume: bool = True) -> Timer:
    return Timer(app, Postman(app, Pacers(app.clock)), resume=resume)


async def test_everything_is_fired_at_once_and_again() -> None:
    app = Counted()
    timer = timer_of(app)
    await timer.start()
    await until(lambda: min(app.fired.count(name) for name in ("books", "look out", "interrupted")) >= 3)
    timer.stop()


async def test_only_who_is_to_resume_runs_looks_for_interrupted_ones() -> None:
    app = Counted()
    timer = timer_of(app, resume=False)
    await timer.start()
    await until(lambda: app.fired.count("books") >= 3)
    timer.stop()
    assert "interrupted" not in app.fired


@pytest.mark.parametrize("error", [StoreError("The database is busy."), ZeroDivisionError("a bug")], ids=str)
async def test_what_fails_is_tried_again_and_keeps_nothing_else_from_being_done(error: Exception) -> None:
    app = Counted()
    app.failing = {"books": error, "interrupted": error}
    timer = timer_of(app)
    await timer.start()
    await until(lambda: min(app.fired.count(name) for name in ("books", "look out", "interrupted")) >= 3)
    timer.stop()


async def test_it_fires_though_planning_failed_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Counted()

    async def broken() -> None:
        raise StoreError("The database is busy.")

    monkeypatch.setattr(app.agenda, "prepare", broken)
    timer = timer_of(app)
    await timer.start()
    await until(lambda: "books" in app.fired)
    timer.stop()


async def test_once_stopped_it_fires_no_more_and_logs_no_error(caplog: pytest.LogCaptureFixture) -> None:
    app, gate = Counted(), asyncio.Event()

    async def endless() -> None:
        app.fired.append("books")
        await gate.wait()

    app.keep_books = endless  # type: ignore[method-assign]
    timer = timer_of(app)
    await timer.start()
    await until(lambda: "books" in app.fired)
    timer.stop()
    await asyncio.sleep(0.01)
    fired = list(app.fired)
    gate.set()
    await asyncio.sleep(0.1)
    assert app.fired == fired, "what was on its way is cancelled, and nothing begins"
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_one_that_is_stopped_in_the_same_moment_logs_no_error(caplog: pytest.LogCaptureFixture) -> None:
    app = Counted()
    timer = timer_of(app)
    await timer.start()
    await asyncio.sleep(0)
    timer.stop()
    timer.stop()
    await asyncio.sleep(0.05)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_one_that_is_stopped_before_it_has_started_never_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    app, gate = Counted(), asyncio.Event()

    async def slow() -> None:
        await gate.wait()

    monkeypatch.setattr(app.agenda, "prepare", slow)
    timer = timer_of(app)
    starting = asyncio.create_task(timer.start())
    await asyncio.sleep(0)
    timer.stop()
    gate.set()
    await starting
    await asyncio.sleep(0.05)
    assert app.fired == []


async def test_the_terminal_receives_what_it_has_subscribed_to_while_it_is_open(starting: Opening) -> None:
    process, file = await starting(), io.StringIO()
    subscribed = await process.subscribes("weekly review daily 16:00", "terminal", platform="terminal")
    await process.subscribes("weekly review daily 16:00")

    async def lines() -> AsyncIterator[str]:
        yield "whoami\n"
        await until(lambda: "Weekly review" in file.getvalue())
        yield "exit\n"

    await Chat(process.app, Console(file=file, width=100, highlight=False)).talk(lines())
    assert file.getvalue().count("Weekly review") == 1
    (due,) = await process.app._store.slots.ended(5)
    assert due.subscription.number == subscribed.number
