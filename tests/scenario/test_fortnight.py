"""A fortnight of subscriptions over real sockets: a holiday, a half day, and two kills at random moments.

The whole service runs in a process of its own, under a clock that the test turns from one thing that is due
to the next. Real prices of November 2012, five scripted models, a strict Telegram and a strict Slack.
"""

import asyncio
import json
import os
import random
import sqlite3
import sys
import time as machine
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import pytest

from core.app.assemble import open_app
from core.config.loading import settings_from
from tests import arena
from tests.fortnight_service import SPEED
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_server import SlackServer
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User
from tests.program import ROOT

NEW_YORK = ZoneInfo("America/New_York")
ALICE = User(1001, "Alice")
TOPIC, CHANNEL = 7, "C0TRADING"
THANKSGIVING, HALF_DAY = date(2012, 11, 22), date(2012, 11, 23)
FIRST, DAYS = date(2012, 11, 19), 13
FLIPS_ON = date(2012, 11, 27)
AFTER_LEASE = timedelta(seconds=100)
pytestmark = pytest.mark.timeout(180)

_OPEN = "SELECT key, state FROM slots WHERE (state = 'due' AND due_at <= ?) OR lease_until IS NOT NULL"

Post = tuple[str, str]
"""The place and what was posted there."""
KINDS = (
    ("may be missing", "Conclave was interrupted"),
    ("picture", "A line for each member"),
    ("review", "Weekly review"),
    ("digest", "Digest"),
    ("leaderboard", "Leaderboard"),
    ("alert", "The committee's verdict on"),
    ("verdicts", "Verdicts"),
)


def at(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK).astimezone(UTC)


def kind_of(text: str) -> str:
    return next((kind for kind, words in KINDS if words in text), text)


def plan() -> list[tuple[datetime, list[Post]]]:
    """Every moment to go to, and what must then be posted: worked out by hand from the calendar of 2012."""
    moments: list[tuple[datetime, list[Post]]] = []
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        if day.isoweekday() == 6:
            moments.append((at(day, 10, 1), [("group", "review")]))
        if day.isoweekday() > 5 or day == THANKSGIVING:
            moments.append((at(day, 16, 40), []))
            continue
        # Half an hour before the open is 14:00 in London, where the chat is quiet until 14:45.
        moments.append((at(day, 9, 1), []))
        moments.append((at(day, 9, 46), [("private", "digest")]))
        close = at(day, 13, 16) if day == HALF_DAY else at(day, 16, 16)
        moments.append((close, [("group", "digest")]))
        verdicts = [("topic", "verdicts"), ("slack", "verdicts")]
        flips = [("slack", "alert")] * 2 if day == FLIPS_ON else []
        moments.append((at(day, 16, 31), verdicts + flips))
        if day.isoweekday() == 5:
            moments.append((at(day, 17, 1), [("slack", "leaderboard"), ("slack", "picture")]))
    return moments


class Service:
    """The service's process; killed without warning, and started again."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder = folder
        self._environ = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
        self._process: asyncio.subprocess.Process | None = None
        self._turned, self._turned_at = at(FIRST, 0, 0), machine.monotonic()

    async def start(self, now: datetime) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.fortnight_service",
                str(self._folder / "settings.json"),
                cwd=ROOT,
                env=self._environ,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        await self.turn(now)
        while "ready" not in await self._line():
            pass

    async def turn(self, now: datetime) -> None:
        assert self._process
        assert self._process.stdin
        self._turned, self._turned_at = now, machine.monotonic()
        self._process.stdin.write(f"{now.isoformat()}\n".encode())
        await self._process.stdin.drain()

    async def _line(self) -> str:
        assert self._process
        assert self._process.stdout
        line = (await self._process.stdout.readline()).decode()
        assert line, (self._folder / "log").read_text()[-3000:]
        return line

    async def come_to_rest(self) -> None:
        """Wait until the books have been gone through, and nothing is due or worked on."""
        now = self._turned + SPEED * timedelta(seconds=machine.monotonic() - self._turned_at)
        while not (line := await self._line()).startswith("books") or self._moment(line) < now:
            pass
        for _ in range(2000):
            if not self.rows(_OPEN, _micros(now + timedelta(minutes=10))):
                return
            await asyncio.sleep(0.03)
        pytest.fail(f"not at rest after {now}: {self.rows(_OPEN, _micros(now))}")

    @staticmethod
    def _moment(line: str) -> datetime:
        return datetime.fromisoformat(line.split()[1])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._process and self._process.returncode is None:
            await self.kill()

    async def kill(self) -> None:
        assert self._process
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Stop as an operator would, and expect a clean end in ten seconds."""
        assert self._process
        self._process.terminate()
        assert await asyncio.wait_for(self._process.wait(), 30) == 0

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._folder / "conclave.db", timeout=10)) as database:
            return database.execute(query, values).fetchall()


class World:
    """All that chats have seen, as place and kind of post, in the order in which it came."""

    def __init__(self, models: ModelServer, telegram: TelegramServer, slack: SlackServer) -> None:
        self.models, self.telegram, self.slack = models, telegram, slack
        self.forum = telegram.group(-100123, topics={TOPIC})
        self.group = telegram.group(-100456)
        self.private = telegram.private(ALICE)

    def posts(self) -> list[Post]:
        seen: list[Post] = []
        for place, chat in (("topic", self.forum), ("group", self.group), ("private", self.private)):
            messages = self.telegram.messages(chat)
            assert all(message.thread == (TOPIC if place == "topic" else None) for message in messages)
            seen += [(place, kind_of(message.text)) for message in messages]
        return seen + [("slack", kind_of(message.text)) for message in self.slack.messages(CHANNEL)]

    async def subscribe(self) -> None:
        """Let people subscribe, and wait until every answer is there."""
        say = self.telegram.say
        say(self.forum, ALICE, "/subscribe verdicts AAPL,IBM weekdays 16:30 quick", TOPIC)
        say(self.group, ALICE, "/subscribe digest daily after close")
        say(self.group, ALICE, "/subscribe weekly review saturdays 10:00")
        say(self.private, ALICE, "/settings timezone Europe/London")
        await self._answers(4, self.private)
        say(self.private, ALICE, "/settings quiet 12:00-14:45")
        await self._answers(5, self.private)
        say(self.private, ALICE, "/subscribe digest before open")
        for number, line in enumerate(
            ("leaderboard fridays 17:00", "alerts on", "verdicts AAPL weekdays 16:30 America/New_York quick")
        ):
            await self.slack.slash("/conclave", f"subscribe {line}", "U0ALICE", CHANNEL)
            await self.slack.until(lambda: len(self.slack.messages(CHANNEL)) > number)  # noqa: B023 - awaited here
        await self._answers(6, self.private)

    async def _answers(self, count: int, chat: object) -> None:
        del chat
        chats = (self.forum, self.group, self.private)
        await self.telegram.until(
            lambda: sum(len(self.telegram.messages(one)) for one in chats) >= count, f"{count} answers", 20
        )

    def turn_to_sell(self) -> None:
        """Three models change their mind."""
        for name in ("claude", "gpt5", "gemini"):
            self.models.opine(
                f"{name}/{name}-1",
                arena.opinion(name, action="SELL", rating="Sell", recommendation="Sell", target_weight=None),
            )


def arrived(expected: list[Post], new: Counter[Post], *, killed: bool) -> bool:
    """Say whether what was posted is what had to be.

    Of a message that was on its way when the process was killed nobody can know whether it arrived: it is not
    sent again, and a note in the same place says that it may be missing.
    """
    wanted, notes = (
        Counter(expected),
        Counter({post: n for post, n in new.items() if post[1] == "may be missing"}),
    )
    if not killed:
        return new == wanted
    missing = wanted - new
    few = all(notes[place, "may be missing"] >= n for (place, _), n in missing.items())
    return not (new - notes) - wanted and few and notes.total() <= len(expected)


async def lived(service: Service, world: World, chance: random.Random) -> list[tuple[datetime, list[Post]]]:
    """Go through the fortnight, with two kills by `chance`, and look at what is posted at every moment."""
    await service.start(at(FIRST, 8, 0))
    await world.subscribe()
    moments = plan()
    kills = set(chance.sample([n for n, (_, expected) in enumerate(moments) if expected], 2))
    before = Counter(world.posts())
    for number, (moment, expected) in enumerate(moments):
        if moment == at(FLIPS_ON, 16, 31):
            world.turn_to_sell()
        await service.turn(moment)
        if number in kills:
            await asyncio.sleep(chance.uniform(0, 0.8))
            await service.kill()
            await service.start(moment + AFTER_LEASE)
        await service.come_to_rest()
        if ("topic", "verdicts") in expected:
            await service.come_to_rest()  # what a verdict means for holders is noticed afterwards
        now = Counter(world.posts())
        assert arrived(expected, now - before, killed=number in kills), (moment, expected, now - before)
        before = now
    return moments


@pytest.mark.parametrize("seed", [2012])
async def test_a_fortnight_posts_exactly_what_was_subscribed_to_and_the_books_balance(
    seed: int, tmp_path: Path
) -> None:
    chance, began = random.Random(seed), machine.monotonic()
    async with ModelServer() as models, TelegramServer() as telegram, SlackServer() as slack:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        tree = {
            "arena": {"benchmark": "IBM"},
            "store": {"url": f"sqlite+aiosqlite:///{tmp_path}/conclave.db"},
            "archive": {"dir": str(tmp_path / "modelchats")},
            "market": {"prices": ["csv"], "csv": {"dir": str(ROOT / "core" / "market" / "sample")}},
            "providers": [{"name": "loopback", "base_url": models.base_url, "local": True}],
            "members": [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in arena.FIVE],
            "telegram": {"base_url": telegram.base_url},
            "slack": {"base_url": slack.base_url},
            "access": {"admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"]},
        }
        (tmp_path / "settings.json").write_text(json.dumps(tree))
        tokens = {
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        }
        world = World(models, telegram, slack)
        async with Service(tmp_path, tokens) as service:
            moments = await lived(service, world, chance)
            await service.stop()
        assert telegram.violations == []
        assert slack.violations == []

    sessions = DAYS - 4
    assert service.rows("SELECT COUNT(*), COUNT(DISTINCT once) FROM runs WHERE state = 'finished'") == [
        (2 * sessions, 2 * sessions)
    ]
    # Nothing is paid for twice but what was under way when the process was killed. Looks back are apart.
    looked_back = [one for one in models.requests if "answer_to_objection" not in str(one.body)]
    assert 0 <= len(models.requests) - len(looked_back) - 2 * sessions * 5 <= 2 * 10
    assert len(looked_back) <= 2 * sessions * 5
    past = "SELECT state, COUNT(*) FROM slots WHERE at < ? GROUP BY state"
    states = service.rows(past, _micros(moments[-1][0]))
    assert dict(states).keys() <= {"delivered"}, states
    app = await open_app(settings_from(tree, {}, name="fortnight"))
    try:
        assert await app.audit() == ()
        assert {one.member for one in (await app.leaderboard()).standings if one.trades} == {
            *("claude", "gpt5", "gemini", "committee")
        }
    finally:
        await app.close()
    print(f"a fortnight in {machine.monotonic() - began:.0f} s")  # noqa: T201 - for whoever runs it with -s


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
